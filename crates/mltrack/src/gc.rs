//! Garbage collection: what was deleted long enough ago is purged, and its bytes go.
//!
//! Invariants: nothing goes before the undo window is over both by the wall clock and by the log's own commit times, so
//! that a clock that was wrong for a moment costs nothing; a purge is appended only while nobody restored what it purges;
//! bytes go only after the purge is durable.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use mltrack_event::{
    Event, ExperimentId, ExperimentPurged, RunId, RunKey, RunPurged, StreamId, WallTime,
};
use mltrack_log::{CompactReport, IndexOwner, Lsn, door};
use mltrack_projector_metrics::{SeriesError, SeriesFolder};
use mltrack_projector_runs::{Run, State};

use crate::artifact_gc::{self, ArtifactGc};
use crate::code::Code;
use crate::compact::How;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::gc_find::{Found, find};
use crate::gc_progress::{GcProgress, Told};
use crate::purge_filter::PurgeFilter;
use crate::replay::INDEX_FOLDER;
use crate::store::Store;
use crate::tracker::Tracker;

/// The folder of the series files in a store: they are made again when somebody asks for what they held.
pub(crate) const SERIES_FOLDER: &str = "series";
/// A batch holds at most 65,535 records.
const PURGES_AT_ONCE_MAX: usize = 20_000;

/// A garbage collection to be done; see [`Tracker::gc`].
#[must_use = "nothing is collected before `run`"]
pub struct Gc {
    store: Option<Arc<Store>>,
    older_than: Option<Duration>,
    now: Option<WallTime>,
    how: How,
    is_without_bytes: bool,
    on_progress: Option<Box<OnProgress>>,
}

type OnProgress = dyn Fn(GcProgress) + Sync;

/// A deleted run or experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Garbage {
    /// The run; `None` for an experiment.
    pub run: Option<RunId>,
    /// The experiment, or the run's.
    pub experiment: ExperimentId,
    /// Its name.
    pub name: String,
    /// When it was deleted.
    pub deleted: WallTime,
    /// Runs that go with it: 1 for a run.
    pub runs: u64,
    /// Points that go with it.
    pub points: u64,
    /// Why it stays for now; `None` for what goes.
    pub stays: Option<Stays>,
}

/// Why something that was deleted is not purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// It can still be undone, for so long by the wall clock.
    Undoable(Duration),
    /// The wall clock says that it is old, but the log has no record that is so much younger. It goes after one more.
    LogIsYoung,
    /// It, or one of its runs, is still running.
    Running,
}

/// What a collection did, or would do.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct GcReport {
    /// What was purged.
    pub purged: Vec<Garbage>,
    /// What was deleted and stays for now.
    pub kept: Vec<Garbage>,
    /// What became of the log's files.
    pub compacted: CompactReport,
    /// Snapshots that were removed because they held what was purged.
    pub snapshots_removed: usize,
    /// What became of artifacts and their bytes.
    pub artifacts: ArtifactGc,
}

impl Tracker {
    /// Purges what was deleted and can no longer be undone, and gives its bytes back. Others may go on logging and
    /// looking.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use std::time::Duration;
    ///
    /// let report = tracker.gc().older_than(Duration::from_hours(24 * 90)).dry_run(true).run()?.unwrap();
    /// assert!(report.purged.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn gc(&self) -> Gc {
        Gc {
            store: self.store().cloned(),
            older_than: None,
            now: None,
            how: How::default(),
            is_without_bytes: false,
            on_progress: None,
        }
    }
}

impl Gc {
    /// How long ago it must have been deleted; what [`Builder::undo_window`](crate::Builder::undo_window) says unless
    /// said otherwise.
    pub fn older_than(mut self, length: Duration) -> Gc {
        self.older_than = Some(length);
        self
    }

    /// What time it is; the wall clock unless said otherwise.
    pub fn now(mut self, now: WallTime) -> Gc {
        self.now = Some(now);
        self
    }

    /// Only says what would go.
    pub fn dry_run(mut self, is_dry_run: bool) -> Gc {
        self.how.is_dry_run = is_dry_run;
        self
    }

    /// Removes replaced files at once instead of after an hour. A program that copies the folder meanwhile may miss one.
    pub fn free_at_once(mut self, frees_at_once: bool) -> Gc {
        self.how.frees_at_once = frees_at_once;
        self
    }

    /// Only purges; the bytes go at the next compaction.
    pub fn without_bytes(mut self) -> Gc {
        self.is_without_bytes = true;
        self
    }

    /// Is told how far it is, from any thread.
    pub fn on_progress(mut self, told: impl Fn(GcProgress) + Sync + 'static) -> Gc {
        self.on_progress = Some(Box::new(told));
        self
    }

    /// Collects. `None` when the tracker is disabled.
    ///
    /// Errors: `BUSY` while another process compacts: the purges stand, and the bytes go at the next compaction;
    /// `INVALID_STATE` for a tracker that was opened for reading.
    pub fn run(self) -> Result<Option<GcReport>> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        if !self.how.is_dry_run {
            store.log()?;
        }
        let window = self.older_than.unwrap_or(store.undo_window);
        let now_ns = self.now.map_or_else(door::wall_time_ns, |now| now.0);
        let mut artifacts = artifact_gc::find(store, window, now_ns)?;
        let found = find(store, window, now_ns)?;
        let (goes, kept): (Vec<Found>, Vec<Found>) = found
            .into_iter()
            .partition(|found| found.garbage.stays.is_none());
        let mut report = GcReport {
            kept: kept.into_iter().map(|found| found.garbage).collect(),
            ..GcReport::default()
        };
        let mut filter = store.purge_filter()?;
        if self.how.is_dry_run {
            let end = store.reader()?.end();
            let runs = goes.iter().flat_map(|found| found.runs.iter().copied());
            artifacts.measure(store, &runs.collect(), self.told())?;
            for found in goes {
                found.runs.iter().for_each(|run| filter.add_run(*run, end));
                if found.garbage.run.is_none() {
                    filter.add_experiment(found.garbage.experiment, end);
                }
                report.purged.push(found.garbage);
            }
        } else {
            for found in goes {
                if purge(store, &found)? {
                    report.purged.push(found.garbage);
                }
            }
            artifacts.append(store)?;
            filter = store.purge_filter()?;
        }
        if !self.is_without_bytes && !filter.is_empty() {
            self.drop_bytes(store, &filter, &mut report)?;
        }
        if !self.is_without_bytes && !self.how.is_dry_run {
            // What purges must be there after a power cut that takes no byte back.
            store.log()?.sync()?;
            artifacts.sweep(store, self.told())?;
        }
        report.artifacts = artifacts.report;
        Ok(Some(report))
    }

    fn told(&self) -> Told<'_> {
        Told(self.on_progress.as_deref())
    }

    fn drop_bytes(&self, store: &Store, filter: &PurgeFilter, report: &mut GcReport) -> Result<()> {
        if !self.how.is_dry_run {
            store.log()?.sync()?;
        }
        let told = |at| self.told().packing(at);
        report.compacted = store.compact(filter, &self.how, Some(&told))?;
        let newest = filter.floor();
        let old = |next: Lsn| newest.is_some_and(|newest| next <= newest);
        let snapshots = store.snapshot_files()?.into_iter();
        let stale: Vec<_> = snapshots.filter(|kept| old(kept.next)).collect();
        report.snapshots_removed = stale.len();
        if self.how.is_dry_run {
            return Ok(());
        }
        if !stale.is_empty() {
            // The next opener should not have to fold from zero.
            crate::snapshot::write(store)?;
        }
        for kept in stale {
            // The new snapshot, or another process, may have made it needless.
            remove_file(&kept.path)?;
        }
        drop_index(store)?;
        let series = SeriesFolder::new(store.path.join(SERIES_FOLDER));
        series.clear().map_err(|error| series_error(&error))
    }
}

/// Removes the index, which keeps old pages of its own for a while. Its owner, if there is one, takes the rows out by
/// itself, and it is made again by the next.
pub(crate) fn drop_index(store: &Store) -> Result<()> {
    let Some(owner) = IndexOwner::try_new(&store.path)? else {
        return Ok(());
    };
    let removed = remove_index(&store.path.join(INDEX_FOLDER));
    drop(owner);
    removed
}

/// Removes the index's folder. The caller owns it.
pub(crate) fn remove_index(path: &std::path::Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(not_removed(path, error)),
        _ => Ok(()),
    }
}

/// Removes a file that may be gone already.
pub(crate) fn remove_file(path: &std::path::Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(not_removed(path, error)),
        _ => Ok(()),
    }
}

fn not_removed(path: &std::path::Path, source: std::io::Error) -> Error {
    let what = format!(
        "{}: it cannot be removed, and holds what was purged",
        path.display()
    );
    Error::new(Code::IoError, what).with_source(source)
}

pub(crate) fn series_error(error: &SeriesError) -> Error {
    Error::new(Code::IoError, error.to_string())
        .with_hint("remove the folder series by hand; it is made again")
}

/// Purges one thing; false when somebody brought it back meanwhile.
fn purge(store: &Store, found: &Found) -> Result<bool> {
    let experiment = found.garbage.experiment;
    if found.garbage.run.is_some() {
        let stream = found.runs.first().map(|run| StreamId::run(*run));
        let stream = stream.unwrap_or(StreamId::experiment(experiment));
        return purge_runs(store, found, &found.runs, stream);
    }
    let stream = StreamId::experiment(experiment);
    let mut chunks = found.runs.chunks(PURGES_AT_ONCE_MAX).peekable();
    while let Some(chunk) = chunks.next() {
        if chunks.peek().is_some() && !purge_runs(store, found, chunk, stream)? {
            return Ok(false);
        }
    }
    let (purged, _) = store.decide(|state, _| {
        let Some(known) = state.experiment(experiment) else {
            return Ok(Decision::Already(false));
        };
        if known.deleted.map(|at| at.lsn) != Some(found.deleted) {
            return Ok(Decision::Already(false));
        }
        let (actor, command) = store.by();
        let runs: Vec<RunKey> = state.runs_of(experiment).map(Run::key).collect();
        let mut events = run_purges(store, state, &runs);
        events.push(
            ExperimentPurged {
                experiment,
                name: known.name.clone(),
                run_number_max: known.run_number_max,
                actor,
                command,
            }
            .into(),
        );
        let mut unchanged = vec![StreamId::experiment_names(), stream];
        unchanged.extend(runs.into_iter().map(StreamId::run));
        let plan = Plan {
            stream,
            unchanged,
            events,
        };
        Ok(Decision::Append(plan, true))
    })?;
    Ok(purged)
}

/// Purges runs of one deletion in one batch, while it stands.
fn purge_runs(store: &Store, found: &Found, runs: &[RunKey], stream: StreamId) -> Result<bool> {
    let (purged, _) = store.decide(|state, _| {
        if !found.stands(state) {
            return Ok(Decision::Already(false));
        }
        let events = run_purges(store, state, runs);
        if events.is_empty() {
            return Ok(Decision::Already(false));
        }
        let mut unchanged = vec![stream, StreamId::experiment(found.garbage.experiment)];
        unchanged.extend(runs.iter().copied().map(StreamId::run));
        let plan = Plan {
            stream,
            unchanged,
            events,
        };
        Ok(Decision::Append(plan, true))
    })?;
    Ok(purged)
}

fn run_purges(store: &Store, state: &State, runs: &[RunKey]) -> Vec<Event> {
    let known = runs.iter().filter_map(|key| state.run(*key));
    known
        .map(|run| {
            let (actor, command) = store.by();
            RunPurged {
                run: run.id,
                experiment: run.experiment,
                number: run.number,
                actor,
                command,
            }
            .into()
        })
        .collect()
}

impl std::fmt::Debug for Gc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gc")
            .field("older_than", &self.older_than)
            .field("how", &self.how)
            .finish_non_exhaustive()
    }
}
