//! Blobs by their content: bytes that runs read and write, kept once however often they are named.
//!
//! Invariants: the id of a blob is the blake3 of its whole uncompressed content; a blob that can be found is whole;
//! every byte that is read was checked against its hash.
//!
//! A [`BlobStore`] keeps blobs in a folder, in S3 or what speaks like it, or in memory; all behave alike.
//! Content up to 4 MiB is one object. Longer content is cut into chunks where its bytes say so, each kept once: a
//! checkpoint that shares most bytes with the last one adds what differs. Chunks are also the parts of an upload, so one that
//! was killed and is repeated sends what is missing. The manifest, which names the chunks, is stored last.
//!
//! ```
//! use mltrack_artifact::{BlobStore, Options, StoreUrl};
//! use std::io::{Read as _, Seek as _, SeekFrom};
//!
//! let options = Options::new(|| *b"sixteen bytes...", || 0);
//! let store = BlobStore::open(&StoreUrl::parse("memory:")?, options)?;
//! let stored = store.put_bytes(b"weights of a model")?;
//! assert_eq!(store.get_bytes(&stored.id)?, "weights of a model");
//!
//! let mut reader = store.open_blob(&stored.id)?;
//! reader.seek(SeekFrom::Start(11))?;
//! let mut rest = String::new();
//! reader.read_to_string(&mut rest)?;
//! assert_eq!(rest, "a model");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Who stores, and then writes down the id elsewhere, keeps [`Stored::guard`] until that is written: [`BlobStore::sweep`],
//! which frees what nobody wrote down, waits for it.
//!
//! The bytes are drawn in `docs/format.md`, section "Blobs"; `docs/blobs.md` tells how to set up a root.
#![deny(missing_docs)]

mod ahead;
mod copy;
mod cut;
mod error;
mod fetch;
mod hash;
mod keys;
mod later;
mod link;
mod lock;
mod manifest;
mod mismatch;
mod names;
mod note;
mod object;
mod options;
mod pack;
mod pieces;
mod pipeline;
mod put;
mod read;
mod root;
mod store;
mod sweep;
mod tree;
mod url;
mod verify;

pub use copy::Repaired;
pub use error::{Error, ErrorKind, Result};
pub use hash::BlobHash;
pub use link::Link;
pub use lock::Putting;
pub use manifest::{Chunk, Manifest};
pub use mismatch::{Flaw, Mismatch, Part};
pub use names::check_name;
pub use note::Note;
pub use object::open as open_object;
pub use options::{Credentials, Options, Sync};
pub use put::{Put, Stored};
pub use read::BlobReader;
pub use store::{BlobStore, Metadata};
pub use sweep::{Garbage, Listed, OnSweeping, Sweeping, Swept};
pub use tree::{Tree, TreeFile};
pub use url::StoreUrl;
