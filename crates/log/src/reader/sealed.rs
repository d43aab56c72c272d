//! Which segments are sealed.
//!
//! Invariant: a packed segment is sealed; another one is when it has a footer.

use super::{Reader, lsn};
use crate::catalog::segment_path;
use crate::error::{LogError, Result};
use crate::ids::Lsn;
use crate::survey::read_footer;

impl Reader {
    /// The first records of the segments that are sealed.
    pub fn sealed(&self) -> Result<Vec<Lsn>> {
        let medium = &*self.frames.source.medium;
        let packs = self.packs()?;
        let mut sealed = Vec::new();
        for entry in self.frames.catalog.entries() {
            let base = entry.header.base;
            let is_packed = packs
                .binary_search_by_key(&base, |pack| pack.header.base)
                .is_ok();
            let wrap = |error| LogError::io(segment_path(medium, base), "read", error);
            let is_sealed = is_packed
                || read_footer(medium, &entry.header, entry.end_offset)
                    .map_err(wrap)?
                    .is_some();
            if is_sealed {
                sealed.push(lsn(base));
            }
        }
        Ok(sealed)
    }
}
