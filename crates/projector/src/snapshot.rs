//! Snapshots: immutable files with a state at a checkpoint. What is the same for all projectors: the folder, the parts of
//! a file, and what can be wrong with one.
//!
//! Invariants: a file under its final name is whole and durable; a part is used only after its hash was checked; a file
//! that fails is set aside by a rename and reported, never an error that stops the caller, never deleted.

mod folder;
mod parts;
mod source;

use std::io;
use std::path::{Path, PathBuf};

pub use folder::{Checked, Folder, Found, Kept, ShelfError};
pub use parts::{Part, PartWriter, read_part, read_stored, root_of};
pub use source::Source;

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
    /// What the system says about a snapshot.
    #[must_use]
    pub fn io(path: &Path, error: &io::Error) -> SnapshotFault {
        let absent = [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied];
        SnapshotFault::Unreadable {
            path: path.to_owned(),
            why: error.to_string(),
            is_absent: absent.contains(&error.kind()),
        }
    }

    /// Bytes that are not what they should be.
    #[must_use]
    pub fn damaged(source: &Source, offset: u64, what: &str) -> SnapshotFault {
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
