//! How far deliveries have come in the log, in a file of the store.
//!
//! Invariant: what stands before the place that is kept was delivered or given up; what stands behind it may have been,
//! too, so that a delivery may be made twice but none is left out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mltrack::Lsn;
use serde::{Deserialize, Serialize};

use super::secrets::write_private;

/// The file that says how far deliveries have come.
#[derive(Clone, Debug)]
pub struct Place {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// The first record that may not have been told.
    next_lsn: u64,
}

impl Place {
    /// The file in this folder.
    pub fn of(folder: &Path) -> Place {
        Place {
            path: folder.join("webhooks.json"),
        }
    }

    /// Whether any webhook was ever made in this store.
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// The first record that may not have been told. A file that nobody can read counts as none.
    pub fn read(&self) -> io::Result<Option<Lsn>> {
        let bytes = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let kept: Option<Kept> = serde_json::from_slice(&bytes).ok();
        Ok(kept.and_then(|kept| Lsn::new(kept.next_lsn)))
    }

    /// Keeps it.
    pub fn write(&self, next: Lsn) -> io::Result<()> {
        let next_lsn = next.get();
        let bytes = serde_json::to_vec(&Kept { next_lsn })?;
        write_private(&self.path, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_kept_and_damage_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(folder.path());
        assert!(!place.exists());
        assert_eq!(place.read().unwrap(), None);
        let lsn = Lsn::new(7).unwrap();
        place.write(lsn).unwrap();
        assert_eq!(place.read().unwrap(), Some(lsn));
        fs::write(folder.path().join("webhooks.json"), "x").unwrap();
        assert_eq!(place.read().unwrap(), None);
    }
}
