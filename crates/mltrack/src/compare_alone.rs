//! What one run can be compared with, for whoever named only one.
//!
//! Invariant: only runs of its own experiment that are not deleted are offered, each once.

use mltrack_event::RunId;
use mltrack_projector_runs::{Brief, Run, State};

use crate::compare::COMPARED_RUNS_MAX;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::tracker::Tracker;

/// Refuses too few and too many runs, with what to select.
pub(crate) fn check_count(tracker: &Tracker, ids: &[RunId], moment: Moment) -> Result<()> {
    let wrong = |what: String| Error::validation(what);
    match ids {
        [] => Err(wrong("no runs are named".to_owned()).with_hint(format!(
            "mltrack runs lists them; name 2 to {COMPARED_RUNS_MAX}: mltrack compare RUN RUN"
        ))),
        [run] => {
            let error = wrong(format!("1 of 2 to {COMPARED_RUNS_MAX} runs is named"));
            Err(error.with_hint(offered(tracker, *run, moment)?))
        }
        _ if ids.len() > COMPARED_RUNS_MAX => {
            let what = format!("{} of 2 to {COMPARED_RUNS_MAX} runs are named", ids.len());
            Err(wrong(what).with_hint("select fewer: mltrack runs --filter .. --top 100"))
        }
        _ => Ok(()),
    }
}

/// The commands that compare a run with its parent, the one before it, and the best.
fn offered(tracker: &Tracker, id: RunId, moment: Moment) -> Result<String> {
    let Some(store) = tracker.store() else {
        return Err(Error::no_run(id));
    };
    let partners = store.at(moment, |sight, _| {
        let run = sight.state.run_by_id(id);
        let run = run.ok_or_else(|| Error::no_run(id))?;
        Ok(partners(sight.state, run))
    })?;
    if partners.is_empty() {
        return Ok("select another run: mltrack runs".to_owned());
    }
    let line = |(what, other): &(&str, RunId)| {
        let (other, run) = (other.short(), id.short());
        format!("with {what}: mltrack compare {other} {run}")
    };
    let lines: Vec<String> = partners.iter().map(line).collect();
    Ok(format!("compare it\n  {}", lines.join("\n  ")))
}

fn partners(state: &State, run: &Run) -> Vec<(&'static str, RunId)> {
    let is_other = |brief: &Brief| brief.id != run.id && !state.is_brief_deleted(brief);
    let briefs = || state.briefs_of(run.experiment).map(|(_, brief)| brief);
    let parent = run.parent.and_then(|key| state.brief(key));
    let parent = parent.filter(|parent| parent.experiment == run.experiment && is_other(parent));
    let before = briefs().filter(|brief| brief.number < run.number && is_other(brief));
    let before = before.max_by_key(|brief| brief.number);
    let found = [
        ("its parent", parent.map(|parent| parent.id)),
        ("the run before it", before.map(|before| before.id)),
        ("the best of its experiment", best(state, run)),
    ];
    let mut partners: Vec<(&'static str, RunId)> = Vec::new();
    for (what, other) in found {
        let other = other.filter(|id| *id != run.id);
        if let Some(id) = other.filter(|id| partners.iter().all(|(_, known)| known != id)) {
            partners.push((what, id));
        }
    }
    partners
}

/// The run that came nearest to the goal of the experiment; `None` without a goal.
fn best(state: &State, run: &Run) -> Option<RunId> {
    let goal = state.experiment(run.experiment)?.goal.as_ref()?;
    let runs = state.runs_of(run.experiment);
    let alive = runs.filter(|run| !state.is_deleted(run));
    state.best_of(alive, goal).map(|best| best.id)
}
