//! Why nothing was exported.

use std::io;
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

/// Why an export stopped. Whatever was written by then is gone, and what the target held before is still there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store cannot answer.
    #[error(transparent)]
    Store(#[from] mltrack::Error),
    /// The disk or the folder does not allow it: make room, or name another place.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or the folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder is written whole, never into another one: name a new folder, or an empty one.
    #[error("{} is there and not an empty folder", .0.display())]
    Occupied(PathBuf),
    /// A file of this format is not a stream: name a regular file.
    #[error("{} is no regular file", .0.display())]
    Special(PathBuf),
    /// The library that writes the format refused it.
    #[error("cannot write {}: {what}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it said.
        what: String,
    },
    /// A column that no run has: name one of those there are.
    #[error("no run has a column {name:?}")]
    Column {
        /// The name.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// Whoever asked for it wants it no more.
    #[error("stopped before the end")]
    Stopped,
}

/// What an export comes to.
pub type Result<T = ()> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Error {
        let path = path.to_owned();
        Error::Io {
            doing,
            path,
            source,
        }
    }

    pub(crate) fn parquet(path: &Path, error: ParquetError) -> Error {
        let path = path.to_owned();
        let what = error.to_string();
        match error {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(source) => Error::io("write", &path, *source),
                Err(_) => Error::Format { path, what },
            },
            _ => Error::Format { path, what },
        }
    }

    pub(crate) fn sqlite(path: &Path, error: &rusqlite::Error) -> Error {
        let kind = match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Some(io::ErrorKind::StorageFull),
            Some(rusqlite::ErrorCode::SystemIoFailure) => Some(io::ErrorKind::Other),
            _ => None,
        };
        let path = path.to_owned();
        match kind {
            Some(kind) => Error::io("write", &path, io::Error::new(kind, error.to_string())),
            None => Error::Format {
                what: error.to_string(),
                path,
            },
        }
    }
}
