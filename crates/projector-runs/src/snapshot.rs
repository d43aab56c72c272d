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
mod source;
mod writing;

use std::io;
use std::path::{Path, PathBuf};

pub use check::{Checked, check};
pub use reading::Snapshot;
pub use shelf::{Found, Kept, Shelf, ShelfError, Written};

use source::Source;

/// The layout of the file. Another one is left alone and not read.
const LAYOUT_VERSION: u32 = 2;

/// Why a snapshot cannot be used. Nothing is lost: what it held is folded from the log again.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SnapshotFault {
    /// Look whether the disk is in order, or who took the right to read away.
    #[error("{path}: cannot be read: {why}", path = path.display())]
    Unreadable {
        /// The snapshot.
        path: PathBuf,
        /// What the system said.
        why: String,
        /// Whether the file is not there, or not for this user: then it is in nobody's way.
        is_absent: bool,
    },
    /// Set it aside.
    #[error("{path}: damaged at byte {offset}: {what}", path = path.display())]
    Damaged {
        /// The snapshot.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// Leave it to the program that wrote it.
    #[error("{path}: written by another version of the program", path = path.display())]
    OtherVersion {
        /// The snapshot.
        path: PathBuf,
    },
}

impl SnapshotFault {
    fn io(path: &Path, error: &io::Error) -> SnapshotFault {
        let absent = [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied];
        SnapshotFault::Unreadable {
            path: path.to_owned(),
            why: error.to_string(),
            is_absent: absent.contains(&error.kind()),
        }
    }

    fn damaged(source: &Source, offset: u64, what: &str) -> SnapshotFault {
        SnapshotFault::Damaged {
            path: source.path().to_owned(),
            offset,
            what: what.to_owned(),
        }
    }

    /// What is wrong, without the path.
    #[must_use]
    pub fn why(&self) -> String {
        let (text, path) = (self.to_string(), self.path().display().to_string());
        let why = text.strip_prefix(&path).unwrap_or(&text);
        why.trim_start_matches([':', ' ']).to_owned()
    }

    /// The file that has the fault.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            SnapshotFault::Unreadable { path, .. }
            | SnapshotFault::Damaged { path, .. }
            | SnapshotFault::OtherVersion { path } => path,
        }
    }
}
