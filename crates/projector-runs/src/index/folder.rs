//! The folder itself: the one file that names the database.
//!
//! Invariants: every call opens and closes the database, so no lock outlives it; a panic inside the database becomes a
//! [`Fault`]; a folder is set aside by a rename, never deleted.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mltrack_projector::Projector;

use super::rows::{META, Rows, version_of};
use super::{IndexError, SetAside, Stored};
use crate::apply::Runs;

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("another process uses it")]
    Locked,
    #[error(
        "it was written by a newer program (index version {version}, this one has {})",
        Runs::VERSION
    )]
    Newer { version: u32 },
    #[error("the database panicked: {0}")]
    Panicked(String),
    #[error("{0}")]
    Damaged(String),
}

/// A database that was closed a moment ago gives its lock back a moment later.
const LOCK_ATTEMPTS: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(5);
/// Rows are read once, in order.
const CACHE_LEN: u64 = 16 << 20;

/// Every row of a folder.
pub fn read(path: &Path) -> Result<Rows, Fault> {
    guarded(path, |database| {
        let rows = database
            .iter()
            .map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())));
        rows.collect()
    })
}

/// Makes the folder hold exactly these rows, in one atomic batch, durable on return.
pub fn replace(path: &Path, rows: &Rows) -> Result<Stored, Fault> {
    guarded(path, |database| {
        let mut batch = sled::Batch::default();
        let mut same = 0;
        let mut removed = 0;
        for row in database.iter() {
            let (key, value) = row?;
            match rows.get(key.as_ref()) {
                Some(new) if value == *new => same += 1,
                Some(_) => {}
                None => {
                    batch.remove(key);
                    removed += 1;
                }
            }
        }
        let mut written = 0;
        for (key, value) in rows {
            if database.get(key)?.is_none_or(|old| old != *value) {
                batch.insert(key.as_slice(), value.as_slice());
                written += 1;
            }
        }
        assert_eq!(
            same + written,
            rows.len() as u64,
            "each row is the same or written"
        );
        database.apply_batch(batch)?;
        database.flush()?;
        let rows = rows.len() as u64;
        Ok(Stored {
            rows,
            rows_written: written,
            rows_removed: removed,
            set_aside: None,
        })
    })
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

/// Opens the database, works on it and closes it again, whatever the database does.
fn guarded<T>(
    path: &Path,
    work: impl FnOnce(&sled::Db) -> Result<T, sled::Error>,
) -> Result<T, Fault> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let database = open(path)?;
        refuse_newer(&database)?;
        work(&database).map_err(Fault::from)
    }));
    result.unwrap_or_else(|panic| Err(Fault::Panicked(panic_text(&*panic))))
}

fn open(path: &Path) -> Result<sled::Db, Fault> {
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

fn refuse_newer(database: &sled::Db) -> Result<(), Fault> {
    let Some(meta) = database.get(META)? else {
        return Ok(());
    };
    match version_of(&meta).map_err(Fault::Damaged)? {
        version if version > Runs::VERSION => Err(Fault::Newer { version }),
        _ => Ok(()),
    }
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
