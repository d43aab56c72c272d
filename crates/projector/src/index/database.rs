//! The folder itself: the one file that names the database.
//!
//! Invariants: a panic inside the database becomes a [`Fault`]; a folder is set aside by a rename, never deleted.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mltrack_log::Cursor;

use super::rows::{Rows, assert_key, cursor_of, encode_checkpoint, version_of};
use super::{CHECKPOINT_KEY, IndexError, SetAside, Stored, Written};

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("another process uses it")]
    Locked,
    #[error("it was written by a newer program (index version {version}, this one has {own})")]
    Newer { version: u32, own: u32 },
    #[error("the database panicked: {0}")]
    Panicked(String),
    #[error("{0}")]
    Damaged(String),
}

/// A database that was closed a moment ago gives its lock back a moment later.
const LOCK_ATTEMPTS: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(5);
/// Rows are read once, in order, and then only written.
const CACHE_LEN: u64 = 16 << 20;

/// The open database of one projector.
pub struct Database(sled::Db);

impl Database {
    /// Opens the folder, making it when there is none. One of a newer version is a fault.
    pub fn open(path: &Path, version: u32) -> Result<Database, Fault> {
        guarded(|| {
            let database = Database(open_when_free(path)?);
            match database.version()? {
                Some(found) if found > version => Err(Fault::Newer {
                    version: found,
                    own: version,
                }),
                _ => Ok(database),
            }
        })
    }

    fn version(&self) -> Result<Option<u32>, Fault> {
        let checkpoint = self.0.get(CHECKPOINT_KEY)?;
        let version = checkpoint.map(|bytes| version_of(&bytes)).transpose();
        version.map_err(Fault::Damaged)
    }

    /// Up to where the rows have folded; `None` when there are none, or those of an older version.
    pub fn checkpoint(&self, version: u32) -> Result<Option<Cursor>, Fault> {
        guarded(|| {
            if self.version()? != Some(version) {
                return Ok(None);
            }
            let checkpoint = self.0.get(CHECKPOINT_KEY)?;
            let cursor = checkpoint.map(|bytes| cursor_of(&bytes)).transpose();
            cursor.map_err(Fault::Damaged)
        })
    }

    /// Every row.
    pub fn read(&self) -> Result<Rows, Fault> {
        guarded(|| {
            let rows = self.0.iter().map(|row| {
                let (key, value) = row?;
                Ok((key.to_vec(), value.to_vec()))
            });
            let mut rows: Rows = rows.collect::<Result<_, sled::Error>>()?;
            rows.remove(CHECKPOINT_KEY);
            Ok(rows)
        })
    }

    /// Makes the folder hold exactly these rows, in one atomic batch, durable on return.
    pub fn replace(&self, rows: &Rows, checkpoint: &[u8]) -> Result<Written, Fault> {
        guarded(|| {
            let mut batch = sled::Batch::default();
            let mut written = Written::default();
            let mut same = 0;
            for row in self.0.iter() {
                let (key, value) = row?;
                match rows.get(key.as_ref()) {
                    Some(new) if value == *new => same += 1,
                    None if key.as_ref() != CHECKPOINT_KEY => {
                        batch.remove(key);
                        written.rows_removed += 1;
                    }
                    _ => {}
                }
            }
            for (key, value) in rows {
                if self.0.get(key)?.is_none_or(|old| old != *value) {
                    batch.insert(key.as_slice(), value.as_slice());
                    written.rows_written += 1;
                }
            }
            let count = rows.len() as u64;
            assert_eq!(
                same + written.rows_written,
                count,
                "each row is the same or written"
            );
            batch.insert(CHECKPOINT_KEY, checkpoint);
            self.0.apply_batch(batch)?;
            self.0.flush()?;
            written.rows = count;
            Ok(written)
        })
    }

    /// Writes the rows that changed and the checkpoint, in one atomic batch; `None` when it is not known which did.
    /// Durable at the next flush: what a power cut takes back, is folded again.
    pub fn update<P: Stored>(
        &self,
        state: &mut P::State,
        cursor: Cursor,
    ) -> Result<Option<Written>, Fault> {
        guarded(|| {
            let mut batch = sled::Batch::default();
            let mut written = Written::default();
            let is_known = P::changes(state, &mut |key, value| {
                assert_key(key);
                if let Some(value) = value {
                    batch.insert(key, value);
                    written.rows_written += 1;
                } else {
                    batch.remove(key);
                    written.rows_removed += 1;
                }
            });
            if !is_known {
                return Ok(None);
            }
            written.rows = written.rows_written + written.rows_removed;
            batch.insert(CHECKPOINT_KEY, encode_checkpoint(P::VERSION, cursor));
            self.0.apply_batch(batch)?;
            Ok(Some(written))
        })
    }

    /// Makes everything that was written durable.
    pub fn flush(&self) -> Result<(), Fault> {
        guarded(|| {
            self.0.flush()?;
            Ok(())
        })
    }
}

/// Moves a folder out of the way.
pub fn set_aside(path: &Path, fault: &Fault) -> Result<SetAside, IndexError> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let free = |number: &u32| -> Option<PathBuf> {
        let to = path.with_file_name(format!("{name}.set-aside-{number}"));
        (!to.exists()).then_some(to)
    };
    let to = (1..=u32::MAX)
        .find_map(|number| free(&number))
        .expect("some number is free");
    std::fs::rename(path, &to).map_err(|source| IndexError::SetAside {
        path: path.to_owned(),
        source,
    })?;
    Ok(SetAside {
        from: path.to_owned(),
        to,
        why: fault.to_string(),
    })
}

/// Works on the database, whatever the database does.
fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    let result = catch_unwind(AssertUnwindSafe(work));
    result.unwrap_or_else(|panic| Err(Fault::Panicked(panic_text(&*panic))))
}

fn open_when_free(path: &Path) -> Result<sled::Db, Fault> {
    let config = sled::Config::new()
        .path(path)
        .flush_every_ms(None)
        .cache_capacity(CACHE_LEN);
    for _ in 1..LOCK_ATTEMPTS {
        match config.open().map_err(Fault::from) {
            Err(Fault::Locked) => std::thread::sleep(LOCK_PAUSE),
            other => return other,
        }
    }
    config.open().map_err(Fault::from)
}

impl From<sled::Error> for Fault {
    fn from(error: sled::Error) -> Fault {
        match &error {
            // The database has no variant of its own for it.
            sled::Error::Io(io) if io.to_string().contains("could not acquire lock") => {
                Fault::Locked
            }
            _ => Fault::Damaged(error.to_string()),
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}
