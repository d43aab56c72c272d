//! Compaction: sealed segments become packed ones, one by one, while others append, read and follow.
//!
//! Invariants: a packed file is durable and read back before it has its name, and its name is durable before the
//! segment goes; FORMAT says that there are packed segments before the first one has its name. At every step some file
//! of each segment is whole. A segment that was packed stays beside its packed form for a while, because a program
//! that copies the folder may have listed it before.

mod options;
mod pace;
mod swap;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use crate::catalog::{Catalog, Entry};
use crate::codec::footer::Footer;
use crate::codec::identity::Format;
use crate::codec::manifest::Quarantine;
use crate::codec::pack::PackHeader;
use crate::door;
use crate::error::{LogError, Result};
use crate::failpoint;
use crate::ids::Lsn;
use crate::layout::LOCK_COMPACTOR;
use crate::medium::{Medium, Mode, Trust};
use crate::options::OpenOptions;
use crate::repair::read_manifest;
use crate::rewrite::{self, Plan, Refusal, Rewritten};
use crate::shared::{Shared, guard};
use crate::source::Source;
use crate::stored::{self, Names, PackFile, Stored};
use crate::survey::{read_checkpoint, read_footer};
use crate::unpack::Packers;
use crate::{seal, start, sync};

pub use options::{CompactOptions, CompactProgress, CompactReport, KEEP_REPLACED, SkipReason};
pub(crate) use swap::sweep;

use pace::Pace;

/// Segments packed at the same time.
const WORKERS: usize = 2;
/// A packed form that takes this part of the segment or more does not pay.
const PAYS_BELOW_PERCENT: u64 = 90;

/// Compacts the store in `path`. Others may go on appending and reading.
pub fn compact(
    path: &Path,
    open: OpenOptions,
    options: &CompactOptions<'_>,
) -> Result<CompactReport> {
    let medium = start::medium_at(path, !options.is_dry_run, &open)?;
    compact_on(&medium, open, options)
}

/// The same on any medium.
pub fn compact_on(
    medium: &Arc<dyn Medium>,
    open: OpenOptions,
    options: &CompactOptions<'_>,
) -> Result<CompactReport> {
    let open = OpenOptions {
        create: false,
        ..open
    };
    if options.is_dry_run {
        return dry_run(medium, open.packers, options);
    }
    if medium.trust() == Trust::SpoolOnly {
        let (path, kind) = (medium.path(), "of the store".to_owned());
        return Err(LogError::NoLocks { path, kind });
    }
    let (shared, _) = start::open(medium, open)?;
    let compacted = compact_open(&shared, options);
    let closed = start::close(&shared);
    let report = compacted?;
    closed?;
    Ok(report)
}

/// Says what [`compact_on`] would do, from what can be read.
fn dry_run(
    medium: &Arc<dyn Medium>,
    packers: Packers,
    options: &CompactOptions<'_>,
) -> Result<CompactReport> {
    let format = start::require_format(&**medium)?;
    let end = Source::open(Arc::clone(medium), format, Vec::new()).end()?;
    let mut catalog = Catalog::default();
    if end.base != 0 {
        catalog.refresh(&**medium, format.store, &end)?;
    }
    let job = Job::new(&**medium, &format, packers, options)?;
    job.run(catalog.entries(), u64::MAX)
}

/// Compacts the store of a handle.
pub(crate) fn compact_open(shared: &Shared, options: &CompactOptions<'_>) -> Result<CompactReport> {
    // Locks belong to a handle, and the handle's own background takes some of the same.
    let medium = shared.medium.reopen();
    let medium = medium.map_err(|error| LogError::io(shared.medium.path(), "open again", error))?;
    let wrap = |error| LogError::io(medium.path(), "lock", error);
    if !medium.try_lock(LOCK_COMPACTOR).map_err(wrap)? {
        return Err(LogError::Busy {
            process: 0,
            waited: Duration::ZERO,
        });
    }
    let compacted = compact_locked(shared, &*medium, options);
    medium.unlock(LOCK_COMPACTOR).map_err(wrap)?;
    compacted
}

fn compact_locked(
    shared: &Shared,
    medium: &dyn Medium,
    options: &CompactOptions<'_>,
) -> Result<CompactReport> {
    let wrap = |error| LogError::io(medium.path(), "compact", error);
    swap::remove_unfinished(medium).map_err(wrap)?;
    let mut freed = sweep(medium, options.keep_replaced, usize::MAX).map_err(wrap)?;
    let end = shared.tail()?.state;
    swap::patiently(|| sync::sync_before(shared, end.next_lsn))?;
    while seal::seal_rolled(shared, usize::MAX)? > 0 {}
    let checkpoint = read_checkpoint(medium, &shared.format).map_err(wrap)?;
    // Recovery reads on from the checkpoint, frame by frame, so nothing behind its segment's start is packed.
    let durable = checkpoint.map_or(0, |checkpoint| checkpoint.state.base);
    let mut catalog = Catalog::default();
    catalog.refresh(medium, shared.format.store, &end)?;
    let packers = shared.options.packers.clone();
    let job = Job::new(medium, &shared.format, packers, options)?;
    let mut report = job.run(catalog.entries(), durable)?;
    freed += sweep(medium, options.keep_replaced, usize::MAX).map_err(wrap)?;
    report.bytes_freed += freed;
    Ok(report)
}

/// One compaction under way.
struct Job<'a> {
    medium: &'a dyn Medium,
    format: &'a Format,
    options: &'a CompactOptions<'a>,
    packers: Packers,
    quarantined: Vec<Quarantine>,
    /// The folder when the compaction began: nobody else packs meanwhile.
    names: Names,
    /// Segments that are known not to become much smaller.
    hopeless: HashSet<u64>,
    packed_ns: i64,
    pace: Pace,
    /// One segment is put in place at a time.
    swapping: Mutex<()>,
    report: Mutex<CompactReport>,
}

/// What became of one segment.
enum Outcome {
    Skipped(SkipReason),
    Packed {
        before: u64,
        after: u64,
        dropped: u64,
        overwritten: u64,
    },
}

impl<'a> Job<'a> {
    fn new(
        medium: &'a dyn Medium,
        format: &'a Format,
        mut packers: Packers,
        options: &'a CompactOptions<'a>,
    ) -> Result<Job<'a>> {
        packers.push(Arc::clone(&options.packer));
        let wrap = |error| LogError::io(medium.path(), "list the segments", error);
        let manifest = read_manifest(medium, format)?;
        Ok(Job {
            medium,
            format,
            options,
            packers,
            quarantined: manifest.map_or_else(Vec::new, |manifest| manifest.quarantined),
            names: Names::list(medium).map_err(wrap)?,
            hopeless: swap::marked(medium, options.packer.id()).map_err(wrap)?,
            packed_ns: door::wall_time_ns(),
            pace: Pace::new(options.bytes_per_second),
            swapping: Mutex::default(),
            report: Mutex::default(),
        })
    }

    /// Looks at all segments; those that end behind `durable` stay as they are.
    fn run(self, entries: &[Entry], durable: u64) -> Result<CompactReport> {
        guard(&self.report).segments_seen = entries.len() as u64;
        // The newest one is being written, and the one before it may be what recovery starts from.
        let (old, new) = entries.split_at(entries.len().saturating_sub(2));
        let next = AtomicUsize::new(0);
        let failed = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..WORKERS.min(old.len()) {
                scope.spawn(|| {
                    if self.options.is_background {
                        door::let_others_go_first();
                    }
                    if let Err(error) = self.work(old, durable, &next) {
                        next.store(usize::MAX / 2, Relaxed);
                        guard(&failed).get_or_insert(error);
                    }
                });
            }
        });
        if let Some(error) = guard(&failed).take() {
            return Err(error);
        }
        let mut report = std::mem::take(&mut *guard(&self.report));
        let too_new = |entry: &Entry| (lsn(entry), SkipReason::TooNew);
        report.skipped.extend(new.iter().map(too_new));
        report.skipped.sort_by_key(|(base, _)| *base);
        Ok(report)
    }

    fn work(&self, old: &[Entry], durable: u64, next: &AtomicUsize) -> Result<()> {
        while let Some(entry) = old.get(next.fetch_add(1, Relaxed)) {
            let outcome = if entry.next_lsn > durable {
                Outcome::Skipped(SkipReason::TooNew)
            } else {
                self.segment(entry)?
            };
            if self.note(entry, outcome, old.len()).is_break() {
                next.store(usize::MAX / 2, Relaxed);
            }
        }
        Ok(())
    }

    fn note(&self, entry: &Entry, outcome: Outcome, all: usize) -> ControlFlow<()> {
        let mut report = guard(&self.report);
        match outcome {
            Outcome::Skipped(reason) => report.skipped.push((lsn(entry), reason)),
            Outcome::Packed {
                before,
                after,
                dropped,
                overwritten,
            } => {
                report.packed += 1;
                report.bytes_before += before;
                report.bytes_after += after;
                report.dropped_records += dropped;
                report.overwritten_records += overwritten;
            }
        }
        let progress = CompactProgress {
            done: report.packed + report.skipped.len() as u64,
            all: all as u64,
            bytes_before: report.bytes_before,
            bytes_after: report.bytes_after,
        };
        let told = self.options.on_progress;
        let flow = told.map_or(ControlFlow::Continue(()), |told| told(progress));
        report.is_stopped |= flow.is_break() && progress.done < progress.all;
        flow
    }

    fn segment(&self, entry: &Entry) -> Result<Outcome> {
        match self.try_segment(entry) {
            Ok(outcome) => Ok(outcome),
            Err(Refusal::Damaged(cause)) => Ok(Outcome::Skipped(SkipReason::Damaged(cause))),
            Err(Refusal::Failed(error)) => Err(error),
        }
    }

    fn try_segment(&self, entry: &Entry) -> std::result::Result<Outcome, Refusal> {
        let base = entry.header.base;
        let overwrites = self.overwrites(entry);
        if let Some(reason) = self.known_reason(base, overwrites) {
            return Ok(Outcome::Skipped(reason));
        }
        let wrap = |error| LogError::io(stored::path(self.medium, base), "pack", error);
        let footer = read_footer(self.medium, &entry.header, entry.end_offset).map_err(wrap)?;
        let is_sealed = footer.is_some();
        if !is_sealed && !self.options.is_dry_run {
            return Ok(Outcome::Skipped(SkipReason::TooNew));
        }
        let sealed = footer.unwrap_or_else(|| footer_to_come(entry));
        if self.quarantined.iter().any(|known| known.base == base) {
            return Err(Refusal::Damaged("it has a quarantined range".to_owned()));
        }
        let is_young = |after| sealed.commit_time_last >= after;
        if self.options.keep_raw_after_ns.is_some_and(is_young) {
            return Ok(Outcome::Skipped(SkipReason::KeptRaw));
        }
        let (packed, before) = match stored::open(self.medium, base).map_err(wrap)? {
            Stored::Raw(file) => (None, file.len().map_err(wrap)?),
            Stored::Packed(pack) => (Some(pack.clone()), pack.len),
            Stored::Broken { .. } => {
                let cause = "the header or footer of its packed form";
                return Err(Refusal::Damaged(cause.to_owned()));
            }
        };
        let leave = packed
            .as_ref()
            .map(|pack| self.reason_to_leave(pack, overwrites));
        if let Some(reason) = leave.transpose().map_err(wrap)?.flatten() {
            return Ok(Outcome::Skipped(reason));
        }
        let old = packed.as_ref().map(|pack| &*pack.footer);
        let plan = Plan {
            medium: self.medium,
            entry: *entry,
            sealed: &sealed,
            is_sealed,
            packed: packed.as_ref(),
            packers: &self.packers,
            packer: &*self.options.packer,
            header: PackHeader {
                generation: swap::next_generation(self.medium, base).map_err(wrap)?,
                packer: self.options.packer.id(),
                packed_ns: self.packed_ns,
            },
            drop: self.options.drop,
            overwrite: self.options.overwrite,
            floor: self.options.floor.map_or(0, Lsn::get),
            original_len: old.map_or(before, |footer| footer.original_len),
            pace: &|len| self.pace.wait(len),
        };
        self.rewrite(&plan, before)
    }

    /// Whether a record of the segment is to be written over.
    fn overwrites(&self, entry: &Entry) -> bool {
        let lsns = lsn(entry)..Lsn::new(entry.next_lsn).unwrap_or(Lsn::FIRST);
        let overwrite = self.options.overwrite.filter(|_| !lsns.is_empty());
        overwrite.is_some_and(|payloads| payloads.range(lsns).next().is_some())
    }

    /// Why a segment stays as it is, as far as that can be told without reading it.
    fn known_reason(&self, base: u64, overwrites: bool) -> Option<SkipReason> {
        if self.options.drop.is_some() || overwrites {
            return None;
        }
        if self.options.overwrite.is_some() {
            return Some(SkipReason::AlreadyPacked);
        }
        let is_packed = !self.names.forms(base).generations.is_empty();
        let is_hopeless = self.hopeless.contains(&base);
        match (is_packed, is_hopeless) {
            (true, _) => Some(SkipReason::AlreadyPacked),
            (_, true) => Some(SkipReason::DoesNotPay),
            _ => None,
        }
    }

    /// Why a packed segment stays as it is.
    fn reason_to_leave(
        &self,
        pack: &PackFile,
        overwrites: bool,
    ) -> std::io::Result<Option<SkipReason>> {
        if self.options.drop.is_none() && !overwrites {
            return Ok(Some(SkipReason::AlreadyPacked));
        }
        let id = pack.footer.header.packer;
        if crate::unpack::packer_of(&self.packers, id).is_none() {
            return Ok(Some(SkipReason::UnknownPacker(id)));
        }
        let Some(is_dropped) = self.options.drop.filter(|_| !overwrites) else {
            return Ok(None);
        };
        Ok(match rewrite::holds_any(pack, &self.packers, is_dropped)? {
            Ok(true) => None,
            Ok(false) => Some(SkipReason::AlreadyPacked),
            Err(fault) => Some(SkipReason::Damaged(fault.to_string())),
        })
    }

    fn rewrite(&self, plan: &Plan<'_>, before: u64) -> std::result::Result<Outcome, Refusal> {
        if self.options.is_dry_run {
            let rewritten = rewrite::rewrite(plan, None)?;
            return Ok(outcome(&rewritten, before));
        }
        let (base, generation) = (plan.entry.header.base, plan.header.generation);
        let making = swap::unfinished_name(base, generation);
        let wrap = |error| LogError::io(self.medium.path().join(&making), "write", error);
        let file = self.medium.open(&making, Mode::Create(0)).map_err(wrap)?;
        let made = rewrite::rewrite(plan, Some(Arc::clone(&file))).and_then(|rewritten| {
            if matches!(outcome(&rewritten, before), Outcome::Packed { .. }) {
                failpoint::hit("compact.written");
                if !failpoint::is_canary("pack-unsynced") {
                    file.sync().map_err(wrap)?;
                }
                failpoint::hit("compact.synced");
                rewrite::compare(plan, file, &rewritten.footer)?;
                failpoint::hit("compact.compared");
            }
            Ok(rewritten)
        });
        let outcome = made.map(|rewritten| outcome(&rewritten, before));
        if matches!(outcome, Ok(Outcome::Packed { .. })) {
            let _one_at_a_time = guard(&self.swapping);
            let keep = self.options.keep_replaced;
            let freed = swap::put_in_place(self.medium, self.format, plan, keep)?;
            let quarantined = || Refusal::Damaged("it was quarantined meanwhile".to_owned());
            guard(&self.report).bytes_freed += freed.ok_or_else(quarantined)?;
        } else {
            self.medium.remove(&making).map_err(wrap)?;
        }
        if matches!(outcome, Ok(Outcome::Skipped(SkipReason::DoesNotPay))) {
            swap::mark(self.medium, base, plan.header.packer).map_err(wrap)?;
        }
        outcome
    }
}

/// What a dry run takes for the footer that a real one would write first.
fn footer_to_come(entry: &Entry) -> Footer {
    Footer {
        offset: entry.end_offset,
        base: entry.header.base,
        next_lsn: entry.next_lsn,
        commit_time_first: entry.header.created_ns,
        commit_time_last: entry.header.created_ns,
        ..Footer::default()
    }
}

fn outcome(rewritten: &Rewritten, before: u64) -> Outcome {
    let after = rewritten.len;
    let is_altered = rewritten.dropped + rewritten.overwritten > 0;
    if !is_altered && after * 100 >= before * PAYS_BELOW_PERCENT {
        return Outcome::Skipped(SkipReason::DoesNotPay);
    }
    Outcome::Packed {
        before,
        after,
        dropped: rewritten.dropped,
        overwritten: rewritten.overwritten,
    }
}

fn lsn(entry: &Entry) -> Lsn {
    Lsn::new(entry.header.base).expect("a segment's base lsn is at least 1")
}
