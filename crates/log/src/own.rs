//! Who owns the index of a store: byte 3 of LOCK, which one handle in one process holds at a time.
//!
//! Invariants: asking never waits; the kernel gives the byte back when its holder dies, and a forked child does not
//! hold what its parent holds.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::error::{LogError, Result};
use crate::layout::name;
use crate::medium::{Medium, Trust};
use crate::options::OpenOptions;
use crate::start;

/// Byte 3 of LOCK: keeping the index.
const LOCK_INDEX: u64 = 3;

/// Held by whoever keeps the index of a store. Dropping it lets another process do so.
pub struct IndexOwner {
    medium: Arc<dyn Medium>,
}

impl IndexOwner {
    /// Becomes the owner of the index of the store in `path`, if nobody is. `None` as well where there are no locks:
    /// then nobody can be.
    pub fn try_new(path: &Path) -> Result<Option<IndexOwner>> {
        let options = OpenOptions {
            create: false,
            ..OpenOptions::default()
        };
        start::require_format(&*start::medium_at(path, false, &options)?)?;
        let medium = start::medium_at(path, true, &options)?;
        if medium.trust() == Trust::SpoolOnly {
            return Ok(None);
        }
        let locked = medium.try_lock(LOCK_INDEX);
        let locked = locked.map_err(|error| LogError::io(path.join(name::LOCK), "lock", error))?;
        Ok(locked.then(|| IndexOwner { medium }))
    }
}

impl Drop for IndexOwner {
    fn drop(&mut self) {
        // Closing the file gives the byte back too.
        self.medium.unlock(LOCK_INDEX).ok();
    }
}

impl fmt::Debug for IndexOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexOwner")
            .field("store", &self.medium.path())
            .finish()
    }
}
