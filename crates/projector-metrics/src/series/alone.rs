//! What one process does to the folder while no other does the same.
//!
//! Invariant: the lock is let go of by the call that took it, also when a child was forked meanwhile that has its file
//! open, too.

use std::fs;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use mltrack_projector::{LogError, Reader};

use super::{Extended, SeriesError, SeriesFolder};

/// Locked by whoever extends the folder unasked.
const LOCK_NAME: &str = "lock";

/// How long deleting everything waits for whoever writes, and how often it looks.
const CLEAR_PATIENCE: Duration = Duration::from_secs(10);
const CLEAR_POLL: Duration = Duration::from_millis(5);

impl SeriesFolder {
    /// [Extends](SeriesFolder::extend) the folder, unless somebody does it already, in whatever process; then `None`.
    pub fn extend_alone(
        &self,
        open_reader: &dyn Fn() -> Result<Reader, LogError>,
        should_stop: &AtomicBool,
    ) -> Result<Option<Extended>, SeriesError> {
        fs::create_dir_all(&self.path)
            .map_err(|error| SeriesError::io(&self.path, "make", error))?;
        let lock = self.lock_file()?;
        // Where files cannot be locked, work may be done twice.
        if matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)) {
            return Ok(None);
        }
        let extended = self.extend(open_reader, should_stop);
        lock.unlock().ok();
        extended.map(Some)
    }

    fn lock_file(&self) -> Result<fs::File, SeriesError> {
        let path = self.path.join(LOCK_NAME);
        let mut options = fs::OpenOptions::new();
        let options = options.create(true).truncate(false).write(true);
        options
            .open(&path)
            .map_err(|error| SeriesError::io(&path, "lock", error))
    }

    /// Deletes everything in it: where bytes must be gone, or nobody wants them. The folder stays, for whoever is about to
    /// write to it.
    ///
    /// What is being written alone just now would come back with the same bytes, so that is waited for, but no longer
    /// than ten seconds.
    pub fn clear(&self) -> Result<(), SeriesError> {
        self.known().files.clear();
        if !self.path.exists() {
            return Ok(());
        }
        let lock = self.lock_file()?;
        let mut waited = Duration::ZERO;
        while matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock))
            && waited < CLEAR_PATIENCE
        {
            std::thread::sleep(CLEAR_POLL);
            waited += CLEAR_POLL;
        }
        let cleared = self.delete_files();
        lock.unlock().ok();
        cleared
    }

    fn delete_files(&self) -> Result<(), SeriesError> {
        let wrap = |error| SeriesError::io(&self.path, "delete", error);
        for entry in fs::read_dir(&self.path).map_err(wrap)? {
            let name = entry.map_err(wrap)?.file_name();
            if name != LOCK_NAME {
                self.delete(&name.to_string_lossy())?;
            }
        }
        Ok(())
    }
}
