//! What can go wrong with backups, each named after what its caller does next.

use std::io;
use std::path::{Path, PathBuf};

use mltrack_artifact::ErrorKind;
use mltrack_log::LogError;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log of the store, or of the restored one: see there.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The place of the backups, or a root of artifacts: see there.
    #[error(transparent)]
    Blobs(mltrack_artifact::Error),
    /// A part of a backup is not what was stored, or is gone.
    #[error("{part} of backup {backup}: {source}")]
    Part {
        /// The file of the store that it is.
        part: String,
        /// The backup.
        backup: String,
        /// What is wrong, with the object and the range of bytes.
        source: Box<mltrack_artifact::Error>,
    },
    /// A backup's list of parts is damaged: take another backup.
    #[error("backup {backup} in {place} is damaged: {what}")]
    Manifest {
        /// The backup.
        backup: String,
        /// Where it lies.
        place: String,
        /// In what way.
        what: String,
    },
    /// A restored store is not what the backup says that it is.
    #[error("{path}: the restored log is not the one of the backup: {what}", path = .path.display())]
    Restored {
        /// The folder.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// Use a newer program.
    #[error("backup {backup} in {place} was made by a newer mltrack: {what}")]
    Newer {
        /// The backup.
        backup: String,
        /// Where it lies.
        place: String,
        /// What is not known.
        what: String,
    },
    /// Nothing of that name; choose another.
    #[error("{what}")]
    NotFound {
        /// What was looked for, and where.
        what: String,
        /// What there is.
        hint: String,
    },
    /// Somebody else writes there; try again when they are done.
    #[error("{place}: another backup or prune is under way there{}", .who.as_ref().map(|who| format!(": {who}")).unwrap_or_default())]
    Busy {
        /// The place.
        place: String,
        /// Who, as far as they said.
        who: Option<String>,
        /// Whether only a person can tell that they are gone.
        is_claim: bool,
    },
    /// Files of the store were replaced again and again while they were read; try again.
    #[error("{store}: {what} again and again while the backup was taken", store = .store.display())]
    Restless {
        /// The store.
        store: PathBuf,
        /// What happened.
        what: &'static str,
    },
    /// Refused as things are.
    #[error("{what}")]
    State {
        /// What is in the way.
        what: String,
        /// What to do.
        hint: String,
    },
    /// What was given cannot be used.
    #[error("{what}")]
    Invalid {
        /// What is wrong.
        what: String,
        /// What to give instead.
        hint: String,
    },
    /// A file or folder of this machine.
    #[error("cannot {doing} {path}: {source}", path = .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Wraps what the system said: `map_err(Error::io("read", path))`.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Io {
            doing,
            path,
            source,
        }
    }

    /// What the place of the backups said about one part of one of them.
    pub(crate) fn part(part: &str, backup: &str) -> impl FnOnce(mltrack_artifact::Error) -> Error {
        let (part, backup) = (part.to_owned(), backup.to_owned());
        move |source| match source.kind() {
            ErrorKind::Missing | ErrorKind::Damaged => Error::Part {
                part,
                backup,
                source: Box::new(source),
            },
            _ => Error::Blobs(source),
        }
    }

    /// Whether bytes are not what they were.
    pub fn is_damage(&self) -> bool {
        match self {
            Error::Log(error) => matches!(error, LogError::Corrupt { .. }),
            Error::Blobs(error) => error.is_damaged(),
            Error::Part { .. } | Error::Manifest { .. } | Error::Restored { .. } => true,
            _ => false,
        }
    }
}

impl From<mltrack_artifact::Error> for Error {
    fn from(error: mltrack_artifact::Error) -> Error {
        Error::Blobs(error)
    }
}
