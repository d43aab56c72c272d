//! Looking after a store: proving that its bytes are what was written, and reading around those that are not.

use std::path::Path;

use mltrack_log::{Depth, RepairReport, VerifyOptions, VerifyReport};

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
