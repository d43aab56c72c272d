//! Snapshots: immutable files with the state at a checkpoint, from which a reader goes on instead of from zero.
//!
//! ```text
//! header    64      "mltthng1", layout u32, projector version u32, epoch [u8; 16], next lsn u64, zeros
//! parts             small things; runs; artifacts in columns; environments: each packed by zstd when that is smaller
//! core              where each part is and its blake3, in bincode
//! trailer   64      offset and length of the core u64, root [u8; 32], zeros, "1gnhttlm"
//! ```
//! Numbers are little-endian. The root is the blake3 of header and core; the core has the hashes of the parts.
//!
//! Invariants: every byte is checked against its hash before any of it is believed; a file that fails is set aside by a
//! rename and reported, never an error that stops the caller; whether the log still has what a snapshot saw is asked of
//! the log.

mod columns;
mod file;
mod rows;

use std::io::{self, Write as _};
use std::path::PathBuf;

use mltrack_projector::snapshot::{Checked, Folder, Found, Kept, ShelfError};
use mltrack_projector::{Cursor, Follower, LogError, Lsn, Reader};

use crate::apply::Lineage;
use crate::things::Things;

pub use file::{Packed, open};

/// What the names of the files begin with.
const PREFIX: &str = "things";

/// A folder of snapshots. It need not exist.
#[derive(Debug)]
pub struct Shelf(Folder);

impl Shelf {
    /// The snapshots in this folder. Who may not write there leaves no trace.
    #[must_use]
    pub fn new(folder: PathBuf, is_writable: bool) -> Shelf {
        Shelf(Folder::new(folder, PREFIX, is_writable))
    }

    /// Every snapshot, the newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Kept> {
        self.0.list()
    }

    /// The state of the newest snapshot that knows nothing behind `last` and that the log bears out.
    ///
    /// Errors: those of reading the log.
    pub fn find(&self, reader: &mut Reader, last: Option<Lsn>) -> Result<Found<Things>, LogError> {
        self.0.find(reader, last, open, Packed::into_things)
    }

    /// Writes what [`pack`] made. Durable on return.
    pub fn write(&self, packed: &[u8], cursor: Cursor) -> Result<Kept, ShelfError> {
        let put = |mut file: io::BufWriter<std::fs::File>| file.write_all(packed).map(|()| file);
        self.0.write(cursor, put, || None)
    }

    /// Removes snapshots that others make needless, and drafts that nobody writes any more. Returns what was removed.
    pub fn prune(&self) -> Vec<PathBuf> {
        self.0.prune()
    }
}

/// The bytes of the snapshot of a state that was folded up to `cursor`.
#[must_use]
pub fn pack(things: &Things, cursor: Cursor) -> Vec<u8> {
    file::pack(things, cursor)
}

/// Compares every snapshot of a folder with a fold of the log from zero. Reads every byte, changes nothing. A
/// snapshot that the log does not bear out, or that cannot be read, differs.
pub fn check(shelf: &Shelf, mut reader: Reader) -> Result<Vec<Checked>, LogError> {
    let mut kept = shelf.list();
    kept.reverse();
    let mut opened = Vec::new();
    for kept in kept {
        let loaded = open(&kept.path).and_then(|(packed, cursor)| {
            let things = packed.into_things()?;
            Ok((things, cursor))
        });
        let found = match loaded {
            Ok((things, cursor)) => match reader.resume(cursor) {
                Ok(()) => Ok((things, cursor)),
                Err(LogError::Rewound { to }) => Err(format!("the log was rewound to {}", to.next)),
                Err(error) => return Err(error),
            },
            Err(fault) => Err(fault.why()),
        };
        opened.push((kept, found));
    }
    let mut follower: Follower<Lineage> = Follower::new(reader);
    let mut checked = Vec::new();
    for (kept, found) in opened {
        let differences = match found {
            Ok((things, cursor)) => {
                if let Some(last) = Lsn::new(cursor.next.get() - 1) {
                    follower.to(last)?;
                }
                things.differences(follower.state())
            }
            Err(why) => vec![why],
        };
        checked.push(Checked { kept, differences });
    }
    Ok(checked)
}

impl Things {
    /// What differs between two states, by name. Empty for equal ones.
    #[must_use]
    pub fn differences(&self, other: &Things) -> Vec<String> {
        let mut differences = Vec::new();
        let mut differs = |is_same: bool, what: &str| {
            if !is_same {
                differences.push(what.to_owned());
            }
        };
        differs(self.experiments == other.experiments, "experiments");
        differs(self.datasets == other.datasets, "datasets");
        differs(self.models == other.models, "models");
        differs(self.links == other.links, "links");
        differs(self.oddities == other.oddities, "oddities");
        let purged = self.purged_runs == other.purged_runs;
        differs(
            purged && self.purged_experiments == other.purged_experiments,
            "purges",
        );
        if self.runs != other.runs {
            let mut pairs = self.runs.iter().zip(other.runs.iter());
            let different = pairs.find(|(one, two)| one != two);
            let what = match different {
                Some((one, _)) => format!("run {}", one.node.id),
                None => format!("{} runs instead of {}", self.runs.len(), other.runs.len()),
            };
            differs(false, &what);
        }
        differences
    }

    /// Whether nothing is known but runs and experiments, which others keep too.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        let has_more = |facts: &crate::run_facts::RunFacts| {
            let uses = facts.uses();
            !facts.artifacts.rows().is_empty()
                || !facts.environments.is_empty()
                || !facts.scrubs.is_empty()
                || uses != crate::uses::Uses::default()
        };
        self.datasets().next().is_none()
            && self.models().next().is_none()
            && self.links().next().is_none()
            && !self.runs.iter().any(has_more)
    }
}
