//! Puts and garbage collection keep out of each other's way by two lock files of this machine.
//!
//! A put holds `put.lock` shared from its first look until its caller has made the blob known. Garbage collection holds
//! `gate.lock`, at which new puts wait, then `put.lock` exclusively. The system gives locks back when a process ends.
//! Invariant: whoever holds [`Putting`] knows that nothing it found or stored is freed meanwhile.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};

const GATE: &str = "gate.lock";
const PUT: &str = "put.lock";
const POLL: Duration = Duration::from_millis(10);

/// Keeps garbage collection away for as long as it or a clone of it lives.
#[derive(Debug, Clone)]
pub struct Putting {
    _put: Option<Arc<File>>,
}

/// Keeps puts away.
#[derive(Debug)]
pub(crate) struct Sweeping {
    _put: Option<File>,
    _gate: Option<File>,
}

/// Waits until no garbage collection is under way.
pub(crate) fn put(folder: Option<&Path>) -> Result<Putting> {
    let Some(folder) = folder else {
        return Ok(Putting { _put: None });
    };
    let (gate, gate_path) = open(folder, GATE)?;
    gate.lock_shared().map_err(Error::io("lock", &gate_path))?;
    let (put, put_path) = open(folder, PUT)?;
    put.lock_shared().map_err(Error::io("lock", &put_path))?;
    Ok(Putting {
        _put: Some(Arc::new(put)),
    })
}

/// Lets no new put begin and waits for those that are under way, for so long at most.
pub(crate) fn sweep(folder: Option<&Path>, wait: Duration) -> Result<Sweeping> {
    let Some(folder) = folder else {
        return Ok(Sweeping {
            _put: None,
            _gate: None,
        });
    };
    let gate = exclusive(folder, GATE, wait)?;
    let put = exclusive(folder, PUT, wait)?;
    Ok(Sweeping {
        _put: Some(put),
        _gate: Some(gate),
    })
}

fn exclusive(folder: &Path, name: &str, wait: Duration) -> Result<File> {
    let (file, path) = open(folder, name)?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
            Err(TryLockError::WouldBlock) if waited >= wait => {
                return Err(Error::Busy {
                    path,
                    waited_ms: waited.as_millis() as u64,
                });
            }
            Err(TryLockError::WouldBlock) => {}
        }
        std::thread::sleep(POLL);
        waited += POLL;
    }
}

fn open(folder: &Path, name: &str) -> Result<(File, PathBuf)> {
    crate::root::folder::make_folder(folder, crate::options::Sync::None)?;
    let path = folder.join(name);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(Error::io("open", &path))?;
    Ok((file, path))
}
