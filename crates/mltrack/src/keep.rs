//! Looking after a store: proving that its bytes are what was written, and reading around those that are not.

use std::ops::RangeInclusive;
use std::path::Path;

use mltrack_log::{Depth, RepairReport, SegmentInfo, VerifyOptions, VerifyReport};

use crate::builder::store_folder;
use crate::compact::packers;
use crate::error::Result;
use crate::tracker::Tracker;

/// How much of a store to verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// Heads, links, and what is not sealed yet.
    #[default]
    Quick,
    /// Every byte, and the chain of hashes.
    Deep,
}

impl Tracker {
    /// The segments of the log, oldest first. Between the last record of one and the first of the next there can be a gap
    /// in the lsns, where an unclean stop was followed by a new epoch. Empty when the tracker is disabled.
    pub fn segments(&self) -> Result<Vec<SegmentInfo>> {
        match self.store() {
            Some(store) => Ok(store.log_reader()?.segments()),
            None => Ok(Vec::new()),
        }
    }

    /// How many records of these lsns there are: without gaps, and without what was purged. Of a purged stretch that goes
    /// on outside the range, as many as fit count as gone inside.
    pub fn count_records(&self, lsns: RangeInclusive<u64>) -> Result<u64> {
        let Some(store) = self.store() else {
            return Ok(0);
        };
        let reader = store.log_reader()?;
        let overlap = |first: u64, next: u64| {
            let end = next.min(lsns.end().saturating_add(1));
            end.saturating_sub(first.max(*lsns.start()))
        };
        let segments = reader.segments();
        let there = segments
            .iter()
            .map(|segment| overlap(segment.base.get(), segment.next.get()));
        let purged = reader.purged()?;
        let gone = purged
            .iter()
            .map(|purged| overlap(purged.first.get(), purged.next.get()).min(purged.count));
        Ok(there.sum::<u64>().saturating_sub(gone.sum()))
    }

    /// Verifies the store, which others may go on writing. The report says what is damaged; finding damage is no error.
    /// A disabled tracker has nothing to verify, and an empty report.
    pub fn verify(&self, depth: Verify) -> Result<VerifyReport> {
        let depth = match depth {
            Verify::Quick => Depth::Quick,
            Verify::Deep => Depth::Deep,
        };
        self.verify_with(&VerifyOptions {
            depth,
            ..VerifyOptions::default()
        })
    }

    /// Verifies the store with all options: a part of it, against a hash that was kept elsewhere, with progress.
    pub fn verify_with(&self, options: &VerifyOptions<'_>) -> Result<VerifyReport> {
        match self.path() {
            Some(path) => {
                let mut known = packers();
                known.extend(options.packers.iter().cloned());
                let options = VerifyOptions {
                    packers: &known,
                    ..*options
                };
                Ok(mltrack_log::verify(path, &options)?)
            }
            None => Ok(VerifyReport::default()),
        }
    }
}

/// Repairs the store at `path`, or in it: what cannot be read is set aside and named, the rest becomes readable again.
///
/// Errors: `NOT_FOUND`, `BUSY`, `IO_ERROR`.
pub fn repair(path: impl AsRef<Path>) -> Result<RepairReport> {
    Ok(mltrack_log::repair(&store_folder(path.as_ref()))?)
}
