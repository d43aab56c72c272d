//! What a comparison is made of: the runs that are named, their replicates, and what their experiments are after.
//!
//! Invariants: all of it is of one moment. Of runs that are not named only those are read as a whole whose params make
//! them replicates, or nearly do.

use std::collections::{BTreeMap, BTreeSet};

use mltrack_event::{Direction, RunId, RunState};
use mltrack_log::Lsn;
use mltrack_projector_runs::State;

use crate::code::Code;
use crate::compare_group::{GroupKey, is_left_out};
use crate::compare_seek::like;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::run_query::RunQuery;
use crate::run_table::AskedTable;
use crate::side_by_side::each_side_by_side;
use crate::summary::{Present, RunSummary};
use crate::tracker::Tracker;

/// So many runs are read one after another: those that were made one after another lie beside one another.
const PART_LEN: usize = 8;

/// What is known of runs that are to be compared.
pub(crate) struct Seen {
    /// The runs that were named, in this order.
    pub named: Vec<RunSummary>,
    /// Other completed runs with the params of one of them, but for those that are left out.
    pub replicates: Vec<RunSummary>,
    /// Which end of a metric is better, by the goals of their experiments.
    pub directions: BTreeMap<String, Direction>,
    pub lsn: Option<Lsn>,
}

/// Looks at runs by themselves.
pub(crate) fn singles(tracker: &Tracker, ids: &[RunId], moment: Moment) -> Result<Seen> {
    let Some(store) = tracker.store() else {
        return Err(Error::no_run(ids[0]));
    };
    store.at(moment, |sight, reader| {
        let present = Present::new(store, reader, sight);
        seen((sight.state, &present, sight.lsn), ids, moment)
    })
}

/// Looks at runs, and at all that are equal to one of them but for the params `by`.
pub(crate) fn with_replicates(
    tracker: &Tracker,
    ids: &[RunId],
    by: &[String],
    moment: Moment,
) -> Result<Seen> {
    let completed = at(tracker.runs().state(RunState::Completed), moment);
    let answer = completed.at_table(|asked| {
        let mut seen = seen((asked.state, asked.present, asked.lsn), ids, moment)?;
        seen.replicates = replicates(asked, &seen.named, by)?;
        Ok(seen)
    })?;
    answer.ok_or_else(|| Error::no_run(ids[0]))
}

fn at(query: RunQuery, moment: Moment) -> RunQuery {
    match moment {
        Moment::Now => query,
        Moment::Lsn(lsn) => query.at(lsn),
        Moment::Time(time) => query.at_time(time),
    }
}

fn seen(
    (state, present, lsn): (&State, &Present<'_>, Option<Lsn>),
    ids: &[RunId],
    moment: Moment,
) -> Result<Seen> {
    let named = each_side_by_side(ids, PART_LEN, |id| {
        let run = state.slot_of(id.key()).and_then(|slot| state.look_at(slot));
        let run = run.filter(|run| run.id == *id);
        let run = run.ok_or_else(|| absent(*id, moment))?;
        Ok(present.run_of(state, run))
    });
    let named: Vec<RunSummary> = named.into_iter().collect::<Result<_>>()?;
    let mut directions = BTreeMap::new();
    for run in &named {
        let goal = state.experiment(run.experiment);
        if let Some(goal) = goal.and_then(|known| known.goal.as_ref()) {
            let metric = goal.metric.clone();
            directions.entry(metric).or_insert(goal.direction);
        }
    }
    Ok(Seen {
        named,
        replicates: Vec::new(),
        directions,
        lsn,
    })
}

fn absent(id: RunId, moment: Moment) -> Error {
    if moment == Moment::Now {
        return Error::no_run(id);
    }
    let what = format!("there was no run {id} then");
    Error::new(Code::NotFound, what).with_hint("mltrack runs --at lists those of a moment")
}

/// The runs that the question admits and whose params are those of a named one.
fn replicates(
    asked: &AskedTable<'_>,
    named: &[RunSummary],
    by: &[String],
) -> Result<Vec<RunSummary>> {
    let state = asked.state;
    let slots = named.iter().filter_map(|run| state.slot_of(run.id.key()));
    let slots: Vec<u32> = slots.collect();
    let mut others = asked.base.clone();
    for slot in &slots {
        others.set(*slot as usize, false);
    }
    let rows = like(&asked.table, &others, &slots, kept_params(named, by));
    let rows = rows.map_err(|error| {
        Error::new(Code::IoError, "the table of runs cannot be read").with_source(error)
    })?;
    let key_of = |run: &RunSummary| GroupKey::of(run.experiment, &run.params, by);
    let wanted: BTreeSet<GroupKey> = named.iter().map(key_of).collect();
    let present = asked.present;
    let alike = each_side_by_side(&rows, PART_LEN, |row| {
        let run = state.look_at(*row)?;
        let is_wanted = wanted.contains(&GroupKey::of(run.experiment, &run.params, by));
        is_wanted.then(|| present.run_of(state, run))
    });
    Ok(alike.into_iter().flatten().collect())
}

/// The params that tell groups apart, those in which the named runs differ first: they leave the fewest rows.
fn kept_params(named: &[RunSummary], by: &[String]) -> Vec<String> {
    let params: BTreeSet<&String> = named.iter().flat_map(|run| run.params.keys()).collect();
    let kept = params.into_iter().filter(|name| !is_left_out(name, by));
    let mut kept: Vec<String> = kept.cloned().collect();
    let is_equal = |name: &String| {
        let first = named[0].params.get(name);
        named.iter().all(|run| run.params.get(name) == first)
    };
    kept.sort_by_cached_key(is_equal);
    kept
}
