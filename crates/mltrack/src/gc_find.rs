//! What was deleted, and whether it may go.
//!
//! Invariant: whether something is old is decided by when its deletion was appended, never by the time that the deletion
//! says of itself.

use std::time::Duration;

use mltrack_event::{ExperimentId, RunKey, RunState, WallTime};
use mltrack_log::{Lsn, Reader, door};
use mltrack_projector_runs::{Run, State, run_state_at};

use crate::error::Result;
use crate::gc::{Garbage, Stays};
use crate::store::Store;

/// A deletion that stands.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub garbage: Garbage,
    /// The record that deleted it.
    pub deleted: Lsn,
    /// Every run that goes with it.
    pub runs: Vec<RunKey>,
}

impl Found {
    /// Whether the same deletion still stands.
    pub fn stands(&self, state: &State) -> bool {
        let deleted = match self.garbage.run {
            Some(run) => state.run_by_id(run).and_then(|run| run.deleted),
            None => state
                .experiment(self.garbage.experiment)
                .and_then(|known| known.deleted),
        };
        deleted.map(|at| at.lsn) == Some(self.deleted)
    }
}

/// When records were appended. Asked in log order it reads on; finding a place in a segment that is not sealed yet costs
/// as much as reading all of it.
struct CommitTimes {
    reader: Reader,
    /// The batch read last: its first record, the one behind its last, and its time.
    read: Option<(Lsn, Lsn, i64)>,
}

/// From so many records on, finding a place is faster than reading on.
const SKIP_RECORDS_MIN: u64 = 1 << 20;

impl CommitTimes {
    pub fn new(mut reader: Reader) -> Result<CommitTimes> {
        reader.refresh()?;
        Ok(CommitTimes { reader, read: None })
    }

    pub fn newest(&mut self) -> Result<Option<i64>> {
        match Lsn::new(self.reader.end().get() - 1) {
            Some(last) => self.of(last),
            None => Ok(None),
        }
    }

    /// `None` for a record that is not there.
    pub fn of(&mut self, lsn: Lsn) -> Result<Option<i64>> {
        let next = self.reader.next_lsn();
        let is_read = self.read.is_some_and(|(_, end, _)| lsn < end);
        if !is_read && (lsn < next || lsn.get() - next.get() > SKIP_RECORDS_MIN) {
            self.reader.seek(lsn);
            self.read = None;
        }
        if self.read.is_some_and(|(first, _, _)| lsn < first) {
            self.reader.seek(lsn);
            self.read = None;
        }
        while self.read.is_none_or(|(_, end, _)| end <= lsn) {
            let Some(mut batch) = self.reader.next_batch()? else {
                return Ok(None);
            };
            let Some(record) = batch.next() else { continue };
            let (first, time_ns) = (record.lsn, record.commit_time_ns);
            let end = batch.last().map_or(first, |last| last.lsn).plus(1);
            self.read = Some((first, end, time_ns));
        }
        Ok(self.read.map(|(_, _, time_ns)| time_ns))
    }
}

/// Every deletion, oldest first, with why it stays if it does.
pub(crate) fn find(store: &Store, window: Duration, now_ns: i64) -> Result<Vec<Found>> {
    let mut found = store.with_state(|state, alive| {
        let mut found = experiments(store, state, alive);
        found.extend(runs(store, state, alive));
        Ok(found)
    })?;
    found.sort_by_key(|found| found.deleted);
    let mut ages = Ages::new(store, window, now_ns)?;
    for found in &mut found {
        let (deleted, stays) = ages.of(found.deleted)?;
        found.garbage.deleted = deleted;
        found.garbage.stays = stays.or(found.garbage.stays);
    }
    Ok(found)
}

/// Which records are too old to be taken back, by the wall clock and by the log's own times.
pub(crate) struct Ages {
    times: CommitTimes,
    newest_ns: Option<i64>,
    window_ns: i64,
    now_ns: i64,
}

impl Ages {
    pub fn new(store: &Store, window: Duration, now_ns: i64) -> Result<Ages> {
        let mut times = CommitTimes::new(store.reader()?)?;
        Ok(Ages {
            newest_ns: times.newest()?,
            times,
            window_ns: i64::try_from(window.as_nanos()).unwrap_or(i64::MAX),
            now_ns,
        })
    }

    /// The time of the log's newest record.
    pub fn newest_ns(&self) -> Option<i64> {
        self.newest_ns
    }

    /// When a record was appended, and why what it deleted stays, if it does. Asked in log order it is fast.
    pub fn of(&mut self, lsn: Lsn) -> Result<(WallTime, Option<Stays>)> {
        let time_ns = self.times.of(lsn)?.unwrap_or(i64::MAX);
        let age_ns = self.now_ns.saturating_sub(time_ns);
        let left_ns = self.window_ns.saturating_sub(age_ns);
        let is_young = |newest_ns: i64| newest_ns.saturating_sub(time_ns) < self.window_ns;
        let stays = if left_ns > 0 {
            Some(Stays::Undoable(Duration::from_nanos(
                left_ns.unsigned_abs(),
            )))
        } else if self.newest_ns.is_none_or(is_young) {
            Some(Stays::LogIsYoung)
        } else {
            None
        };
        Ok((WallTime(time_ns), stays))
    }
}

fn experiments(store: &Store, state: &State, alive: &Reader) -> Vec<Found> {
    let deleted = state
        .experiments()
        .filter_map(|known| Some((known, known.deleted?)));
    deleted
        .map(|(known, at)| {
            let runs: Vec<&Run> = state.runs_of(known.id).collect();
            let points = runs.iter().map(|run| run.points).sum();
            let is_running = runs.iter().any(|run| is_running(store, alive, run));
            let garbage = Garbage {
                run: None,
                experiment: known.id,
                name: known.name.clone(),
                deleted: WallTime(at.time_ns),
                runs: runs.len() as u64,
                points,
                stays: is_running.then_some(Stays::Running),
            };
            Found {
                garbage,
                deleted: at.lsn,
                runs: runs.iter().map(|run| run.key()).collect(),
            }
        })
        .collect()
}

/// Runs that were deleted by themselves; those of a deleted experiment go with it, or not before it may.
fn runs(store: &Store, state: &State, alive: &Reader) -> Vec<Found> {
    let is_of_deleted = |id: ExperimentId| {
        let known = state.experiment(id);
        known.is_some_and(|known| known.deleted.is_some())
    };
    let deleted = state.runs().filter_map(|run| Some((run, run.deleted?)));
    deleted
        .filter(|(run, _)| !is_of_deleted(run.experiment))
        .map(|(run, at)| {
            let garbage = Garbage {
                run: Some(run.id),
                experiment: run.experiment,
                name: run.name.clone(),
                deleted: WallTime(at.time_ns),
                runs: 1,
                points: run.points,
                stays: is_running(store, alive, run).then_some(Stays::Running),
            };
            Found {
                garbage,
                deleted: at.lsn,
                runs: vec![run.key()],
            }
        })
        .collect()
}

fn is_running(store: &Store, alive: &Reader, run: &Run) -> bool {
    let is_alive = |writer| store.is_alive(alive, writer);
    run_state_at(run, door::wall_time_ns(), is_alive) == RunState::Running
}
