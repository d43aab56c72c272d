//! Snapshots: immutable files with the state at a checkpoint, from which a reader goes on instead of from zero.
//!
//! ```text
//! header    64      "mltdocs1", layout u32, projector version u32, epoch [u8; 16], next lsn u64, zeros
//! parts             small things; rows by kind and id, some thousands in each: each packed by zstd when that is smaller
//! core              where each part is and its blake3, in bincode
//! trailer   64      offset and length of the core u64, root [u8; 32], zeros, "1scodtlm"
//! ```
//! Numbers are little-endian. The root is the blake3 of header and core; the core has the hashes of the parts.
//!
//! Invariants: every byte is checked against its hash before any of it is believed; a file that fails is set aside by a
//! rename and reported, never an error that stops the caller; whether the log still has what a snapshot saw is asked of
//! the log.

mod file;
mod rows;

use std::io::{self, Write as _};
use std::path::PathBuf;

use mltrack_projector::snapshot::{Checked, Folder, Found, Kept, ShelfError};
use mltrack_projector::{Cursor, Follower, LogError, Lsn, Reader};

use crate::apply::DocumentsOf;
use crate::documents::Documents;

pub use file::{Packed, open, pack};

/// What the names of the files begin with.
const PREFIX: &str = "documents";

/// A folder of snapshots. It need not exist.
#[derive(Debug)]
pub struct Shelf(Folder);

impl Shelf {
    /// The snapshots in this folder. Who may not write there leaves no trace.
    #[must_use]
    pub fn new(folder: PathBuf, is_writable: bool) -> Shelf {
        Shelf(Folder::new(folder, PREFIX, is_writable))
    }

    /// Every snapshot, the newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Kept> {
        self.0.list()
    }

    /// The state of the newest snapshot that knows nothing behind `last` and that the log bears out.
    ///
    /// Errors: those of reading the log.
    pub fn find(
        &self,
        reader: &mut Reader,
        last: Option<Lsn>,
    ) -> Result<Found<Documents>, LogError> {
        self.0.find(reader, last, open, Packed::into_documents)
    }

    /// Writes what [`pack`] made. Durable on return.
    pub fn write(&self, packed: &[u8], cursor: Cursor) -> Result<Kept, ShelfError> {
        let put = |mut file: io::BufWriter<std::fs::File>| file.write_all(packed).map(|()| file);
        self.0.write(cursor, put, || None)
    }

    /// Removes snapshots that others make needless, and drafts that nobody writes any more. Returns what was removed.
    pub fn prune(&self) -> Vec<PathBuf> {
        self.0.prune()
    }
}

/// Compares every snapshot of a folder with a fold of the log from zero. Reads every byte, changes nothing. A
/// snapshot that the log does not bear out, or that cannot be read, differs.
pub fn check(shelf: &Shelf, mut reader: Reader) -> Result<Vec<Checked>, LogError> {
    let mut kept = shelf.list();
    kept.reverse();
    let mut opened = Vec::new();
    for kept in kept {
        let loaded = open(&kept.path).and_then(|(packed, cursor)| {
            let documents = packed.into_documents()?;
            Ok((documents, cursor))
        });
        let found = match loaded {
            Ok((documents, cursor)) => match reader.resume(cursor) {
                Ok(()) => Ok((documents, cursor)),
                Err(LogError::Rewound { to }) => Err(format!("the log was rewound to {}", to.next)),
                Err(error) => return Err(error),
            },
            Err(fault) => Err(fault.why()),
        };
        opened.push((kept, found));
    }
    let mut follower: Follower<DocumentsOf> = Follower::new(reader);
    let mut checked = Vec::new();
    for (kept, found) in opened {
        let differences = match found {
            Ok((documents, cursor)) => {
                if let Some(last) = Lsn::new(cursor.next.get() - 1) {
                    follower.to(last)?;
                }
                documents.differences(follower.state())
            }
            Err(why) => vec![why],
        };
        checked.push(Checked { kept, differences });
    }
    Ok(checked)
}

impl Documents {
    /// What differs between two states, by name. Empty for equal ones.
    #[must_use]
    pub fn differences(&self, other: &Documents) -> Vec<String> {
        let mut differences = Vec::new();
        let kinds = self.kinds.keys().chain(other.kinds.keys());
        let kinds: std::collections::BTreeSet<_> = kinds.collect();
        for kind in kinds {
            let rows = |of: &Documents| of.kinds.get(kind).map(|kind| kind.rows.clone());
            let (one, two) = (
                rows(self).unwrap_or_default(),
                rows(other).unwrap_or_default(),
            );
            let ids = one.keys().chain(two.keys());
            if let Some(id) = ids.into_iter().find(|id| one.get(*id) != two.get(*id)) {
                differences.push(format!("document {id} of kind {kind}"));
            }
        }
        if self.released != other.released {
            differences.push("blobs that were let go".to_owned());
        }
        if self.oddities != other.oddities {
            differences.push("oddities".to_owned());
        }
        if differences.is_empty() && self != other {
            differences.push("what is kept in memory".to_owned());
        }
        differences
    }
}
