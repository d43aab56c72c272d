//! What can go wrong with a log, each variant named after what the caller does next.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::codec::identity::FormatError;
use crate::ids::{Cursor, Lsn};

/// A result of this crate.
pub type Result<T> = std::result::Result<T, LogError>;

/// Why a log operation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Create a store there, or name the right folder.
    #[error("{path}: there is no store", path = .path.display())]
    NotAStore {
        /// The folder looked at.
        path: PathBuf,
    },
    /// Put FORMAT back from where the folder was copied from, or move the folder away.
    #[error("{path}: FORMAT is missing, and there is a log ({found})", path = .path.display())]
    FormatMissing {
        /// The folder.
        path: PathBuf,
        /// A file of the log that is there.
        found: String,
    },
    /// Let the restoration end, or begin it again; it goes on where it was.
    #[error("{path}: a backup is being restored into it, or its restoration was cut short", path = .path.display())]
    Unfinished {
        /// The folder.
        path: PathBuf,
    },
    /// Use a newer program where it [is of one](LogError::is_of_newer_program), else put FORMAT back.
    #[error("{path}", path = .path.display())]
    Format {
        /// The FORMAT file.
        path: PathBuf,
        /// What is wrong with it.
        source: FormatError,
    },
    /// Free space, then repeat. Runs can still be ended: the last part of a segment is kept for that.
    #[error("{path}: the disk is full; {needed} more bytes are needed", path = .path.display())]
    DiskFull {
        /// The file that could not grow.
        path: PathBuf,
        /// How much was asked for.
        needed: u64,
    },
    /// Open it for reading, or get the right to write.
    #[error("{path}: the folder cannot be written", path = .path.display())]
    ReadOnly {
        /// The store.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Put the store on another filesystem, or let a machine with locks merge the spool.
    #[error("{path}: filesystem {kind} has no locks that two processes can trust", path = .path.display())]
    NoLocks {
        /// The store.
        path: PathBuf,
        /// The filesystem's name or magic number.
        kind: String,
    },
    /// Stop the processes that use the store, then open it again.
    #[error("{path}: ctl is missing or damaged while processes are using the store", path = .path.display())]
    ControlDamaged {
        /// The store.
        path: PathBuf,
    },
    /// Open the store again where it is now; nothing that was visible is lost there.
    #[error("{path}: the store was moved, replaced or deleted while it was open", path = .path.display())]
    Gone {
        /// Where it was opened.
        path: PathBuf,
    },
    /// Split the record.
    #[error("a batch of {len} bytes is too large; this store takes {max}")]
    TooLarge {
        /// What was handed over.
        len: usize,
        /// What fits.
        max: usize,
    },
    /// Catch up from `seen`, decide again, repeat.
    #[error("somebody else changed the same thing at lsn {newer}")]
    Conflict {
        /// The control record that came in between.
        newer: Lsn,
    },
    /// Repeat later; the process named holds the lock and does not move.
    #[error("process {process} has held the log for {}", wait_text(*.waited))]
    Busy {
        /// The holder's process id as it wrote it.
        process: u32,
        /// How long this call waited.
        waited: Duration,
    },
    /// Run `repair`: a sync failed, so what the disk holds is unknown.
    #[error("{path}: the disk failed to keep synced data; writing goes on in the spool", path = .path.display())]
    Poisoned {
        /// The store.
        path: PathBuf,
    },
    /// Run `verify` to see all damage and `repair` to read around it.
    #[error("{path}: damaged at byte {offset}, where lsn {lsn} should be: {cause}", path = .path.display())]
    Corrupt {
        /// The segment.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// The first record that cannot be read.
        lsn: Lsn,
        /// What is wrong there.
        cause: String,
    },
    /// Read it with the program that packed it: this one does not know how.
    #[error("{path}: packed by packer {packer}, which this program does not know", path = .path.display())]
    NoPacker {
        /// The packed segment.
        path: PathBuf,
        /// The packer's number.
        packer: u32,
        /// The first record that cannot be read.
        lsn: Lsn,
    },
    /// Start again from `to`: the records after it were never durable and are gone.
    #[error("the log was rewound to {to} by an unclean stop")]
    Rewound {
        /// Where reading can go on.
        to: Cursor,
    },
    /// The handle was closed.
    #[error("the log handle is closed")]
    Closed,
    /// Something else failed; the source says what.
    #[error("{path}: cannot {action}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

fn wait_text(waited: Duration) -> String {
    format!("{:.1} ms", waited.as_secs_f64() * 1e3)
}

impl LogError {
    /// Whether the same call can succeed later without anybody changing it.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            LogError::Busy { .. } | LogError::DiskFull { .. } | LogError::Conflict { .. }
        )
    }

    /// Whether a newer program wrote the store, which this one does not understand.
    #[must_use]
    pub fn is_of_newer_program(&self) -> bool {
        let LogError::Format { source, .. } = self else {
            return false;
        };
        matches!(
            source,
            FormatError::NewerVersion(_) | FormatError::UnknownFeature(_)
        )
    }

    /// Sorts a system error into the days it can mean.
    pub(crate) fn io(path: PathBuf, action: &'static str, source: io::Error) -> LogError {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                LogError::DiskFull { path, needed: 0 }
            }
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                LogError::ReadOnly { path, source }
            }
            _ => LogError::Io {
                path,
                action,
                source,
            },
        }
    }
}
