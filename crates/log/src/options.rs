//! How a store is opened, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use crate::ids::{EpochId, Lsn};
use crate::medium::Trust;
use crate::pack::Packer;
use crate::survey::Verdict;

/// When an append is durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Durability {
    /// Visible on return, durable within the sync interval. Survives `kill -9`; a power cut can take the last second.
    #[default]
    Process,
    /// Durable on return; callers that wait at the same time share one sync.
    Group,
    /// Durable on return, with a sync of its own.
    Each,
}

/// How to open a store.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Make the store when the folder holds none.
    pub create: bool,
    /// Segment size of a store that is made: a power of two from 4 KiB to 64 MiB; 0 lets segments grow.
    pub segment_len: u32,
    /// When appends are durable.
    pub durability: Durability,
    /// How long an append waits for the lock before it goes to the spool.
    pub lock_wait: Duration,
    /// How often the background syncs under [`Durability::Process`].
    pub sync_interval: Duration,
    /// What the filesystem can be trusted with, when that is known better than by its magic number.
    pub trust: Option<Trust>,
    /// Types of records that explain names; footers repeat them.
    pub dictionary_types: &'static [u16],
    /// Who can unpack segments, beside the packer that everybody has.
    pub packers: Vec<Arc<dyn Packer>>,
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions {
            create: true,
            segment_len: 0,
            durability: Durability::Process,
            lock_wait: Duration::from_millis(20),
            sync_interval: Duration::from_secs(1),
            trust: None,
            dictionary_types: &[],
            packers: Vec::new(),
        }
    }
}

/// What opening found and did.
#[derive(Clone, Debug)]
pub struct OpenReport {
    /// How the log's end was found; `None` when other processes were using the store.
    pub verdict: Option<Verdict>,
    /// The epoch that appends go to.
    pub epoch: EpochId,
    /// The lsn the next record gets.
    pub next: Lsn,
    /// Where the log was cut, when bytes behind its end were no records. They are in trash/.
    pub cut_at: Option<Lsn>,
    /// Batches taken in from the spools of processes that are gone.
    pub merged_batches: u64,
    /// Why a spool could not be taken in now; the next opener tries again.
    pub unmerged: Option<String>,
}

/// What became of an append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Appended {
    /// Every process can read it; it survives the death of this one.
    Visible {
        /// The first record's lsn.
        first: Lsn,
        /// The lsn after the last record.
        next: Lsn,
    },
    /// It waits in the spool and will be appended, in order and once.
    Deferred,
}
