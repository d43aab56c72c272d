//! Copies of a store in a folder or a bucket, taken while others write, and stores made of them again.
//!
//! 1. A backup is the log at one lsn: every record below it and none from it on, and the bytes that its artifacts need.
//! 2. A backup that can be found is whole: its manifest is written last, when every part was read back and was right.
//! 3. What is in a place already is not sent there again: parts are named by their content, and backups share them.
//! 4. Nobody who writes to the store is held up.
//!
//! Doors: [`back_up`] takes a backup, [`Place`] is where they lie, [`check`] reads them, [`restore`] makes a store of one,
//! [`prune`] takes old ones away. What is in a backup, and drills for days on which it is needed: `docs/backup.md`.
#![deny(missing_docs)]

mod artifacts;
mod check;
mod claim;
mod copy;
mod error;
mod manifest;
mod parallel;
mod place;
mod progress;
mod prune;
mod restore;
mod roots;
mod settings;

pub use check::{Checked, check};
pub use copy::{Options, Report, back_up};
pub use error::{Error, Result};
pub use manifest::{Artifacts, BackupId, File, Manifest, Segment};
pub use place::{Kept, Place};
pub use progress::{OnProgress, Progress};
pub use prune::{Pruned, prune};
pub use restore::{RestoreOptions, Restored, restore};
pub use roots::Root;
