//! A folder for the files a capture needs for a moment.
//!
//! Invariants: only this user can read it; it goes with the value that made it.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How many names are tried before another program is taken to hold them all.
const NAME_COUNT_MAX: usize = 1000;

/// Removes itself when dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes a new folder below `parent`.
    pub(crate) fn new(parent: &Path) -> io::Result<Folder> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        for _ in 0..NAME_COUNT_MAX {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("mltrack-capture-{}-{number}", std::process::id()));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Folder { path }),
                // A process of the same number was killed here.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to whoever empties the system's folder of temporary files.
        let _ = fs::remove_dir_all(&self.path);
    }
}
