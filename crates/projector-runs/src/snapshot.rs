//! Snapshots: immutable files with the state at a checkpoint, from which a reader goes on instead of from zero.
//!
//! ```text
//! header    64      "mltsnap1", layout u32, projector version u32, epoch [u8; 16], next lsn u64, slots u32, zeros
//! parts             rows in blocks; columns; names, briefs, keys, ..: each packed by zstd when that makes it smaller
//! core              where each part is and its blake3, in bincode
//! trailer   64      offset and length of the core u64, root [u8; 32], zeros, "1panstlm"
//! ```
//! Numbers are little-endian. The root is the blake3 of header and core; a part's hash stands with whatever leads to it.
//!
//! Invariants: a file under its final name is whole and durable; a part is used only after its hash was checked; a file
//! that fails is set aside by a rename and reported, never an error that stops the caller, never deleted; whether the log
//! still has what a snapshot saw is asked of the log.

mod check;
mod columns;
mod gather;
mod parts;
mod reading;
mod shelf;
mod writing;

pub use check::{Checked, check};
pub use mltrack_projector::snapshot::{Kept, ShelfError, SnapshotFault};
pub use reading::Snapshot;
pub use shelf::{Found, Shelf, Written};

/// The layout of the file. Another one is left alone and not read.
const LAYOUT_VERSION: u32 = 2;
