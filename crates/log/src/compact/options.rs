//! What a compaction is asked for, and what it says it did.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crate::ids::Lsn;
use crate::pack::{PackRecord, Packer};

/// A segment stays beside its packed form for this long.
pub const KEEP_REPLACED: Duration = Duration::from_hours(1);
/// What to compact, and how.
#[derive(Clone)]
pub struct CompactOptions<'a> {
    /// Who packs the records.
    pub packer: Arc<dyn Packer>,
    /// Records to leave out, for ever. Asked more than once for the same record, and must answer alike.
    pub drop: Option<&'a (dyn Fn(&PackRecord<'_>) -> bool + Sync)>,
    /// Records to be written over, with the payload that takes the place of theirs, and records to be left out: `None`.
    /// Segments that hold none of them stay as they are unless there is something to drop.
    pub overwrite: Option<&'a BTreeMap<Lsn, Option<Vec<u8>>>>,
    /// The newest record because of which others are dropped: [`Reader::floor`](crate::Reader::floor) tells it later.
    pub floor: Option<Lsn>,
    /// At most so many bytes of segments per second.
    pub bytes_per_second: Option<u64>,
    /// Lets other threads of the machine go first.
    pub is_background: bool,
    /// Segments with a record that was appended at this time or later, ns since 1970, stay as they are.
    pub keep_raw_after_ns: Option<i64>,
    /// Packs in memory, reports what would come of it, and changes nothing.
    pub is_dry_run: bool,
    /// How long a segment stays beside its packed form. Zero gives the space back at once, and a program that is
    /// copying the folder meanwhile may miss it.
    pub keep_replaced: Duration,
    /// Called after each segment, from any thread; says whether to go on.
    pub on_progress: Option<&'a (dyn Fn(CompactProgress) -> ControlFlow<()> + Sync)>,
}

impl CompactOptions<'_> {
    /// Packs everything that can be packed, as fast as possible, and drops nothing.
    pub fn new(packer: Arc<dyn Packer>) -> CompactOptions<'static> {
        CompactOptions {
            packer,
            drop: None,
            overwrite: None,
            floor: None,
            bytes_per_second: None,
            is_background: false,
            keep_raw_after_ns: None,
            is_dry_run: false,
            keep_replaced: KEEP_REPLACED,
            on_progress: None,
        }
    }
}

/// How far a compaction is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CompactProgress {
    /// Segments looked at.
    pub done: u64,
    /// Segments to look at.
    pub all: u64,
    /// Bytes of the files packed so far, before.
    pub bytes_before: u64,
    /// The same, after.
    pub bytes_after: u64,
}

/// Why a segment stays as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SkipReason {
    /// It holds nothing to drop, and nothing to write over where that was asked for; or it is packed already.
    AlreadyPacked,
    /// It is the newest one, or not sealed or durable yet.
    TooNew,
    /// It holds records that the options keep as they are.
    KeptRaw,
    /// It would not become much smaller.
    DoesNotPay,
    /// It is damaged; `verify` says where.
    Damaged(String),
    /// It was packed by a packer that is not known here.
    UnknownPacker(u32),
}

/// What a compaction did, or would do.
#[derive(Clone, Default, Debug)]
pub struct CompactReport {
    /// Segments of the log.
    pub segments_seen: u64,
    /// Segments that were packed, or packed again.
    pub packed: u64,
    /// Bytes of their files before.
    pub bytes_before: u64,
    /// Bytes of their files after.
    pub bytes_after: u64,
    /// Records that were left out.
    pub dropped_records: u64,
    /// Records whose payload was written over.
    pub overwritten_records: u64,
    /// Segments that stay as they are, by base lsn, in log order.
    pub skipped: Vec<(Lsn, SkipReason)>,
    /// Bytes of replaced files that were removed.
    pub bytes_freed: u64,
    /// Whether [`CompactOptions::on_progress`] ended it early.
    pub is_stopped: bool,
}
