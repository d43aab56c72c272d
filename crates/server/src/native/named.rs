//! What a path names: an experiment by its id or name, a run by its id, the beginning of it, or its name.
//!
//! Invariant: deleted things are found by their id, and only by it.

use mltrack::{Experiment, ExperimentId, ExperimentSummary, RunId, RunSummary, Tracker};

use super::error::{Answer, Fault};
use super::moment::{Moment, at};
use super::page::lsn_number;

/// The run that a text names.
pub fn run_id(tracker: &Tracker, text: &str) -> Answer<RunId> {
    match text.parse() {
        Ok(id) => Ok(id),
        Err(_) => Ok(tracker.find_run(text)?),
    }
}

/// What was known of a run at a moment, and up to which record the answer goes.
pub fn run_at(tracker: &Tracker, text: &str, moment: Moment) -> Answer<(RunSummary, u64)> {
    let id = run_id(tracker, text)?;
    let query = tracker.runs().with_deleted().limit(1);
    let query = at!(query.filter(format!("attributes.id = '{id}'")), moment);
    let mut page = query.fetch()?;
    match page.items.pop() {
        Some(summary) => Ok((summary, lsn_number(page.lsn))),
        None => {
            Err(Fault::missing(format!("there is no run {id}")).hint("GET /api/v1/runs lists them"))
        }
    }
}

/// The experiment that a text names.
pub fn experiment(tracker: &Tracker, text: &str) -> Answer<Experiment> {
    if let Ok(id) = text.parse()
        && let Ok(found) = tracker.experiment_by_id(ExperimentId(id))
    {
        return Ok(found);
    }
    Ok(tracker.find_experiment(text)?)
}

/// What was known of an experiment at a moment.
pub fn experiment_at(
    tracker: &Tracker,
    text: &str,
    moment: Moment,
) -> Answer<(ExperimentSummary, u64)> {
    let id = experiment(tracker, text)?.id();
    let query = tracker.experiments().with_archived().with_deleted();
    let page = at!(query, moment).fetch()?;
    let found = page.items.into_iter().find(|known| known.id == id);
    match found {
        Some(summary) => Ok((summary, lsn_number(page.lsn))),
        None => Err(
            Fault::missing(format!("there was no experiment {text:?} then"))
                .hint("GET /api/v1/experiments lists them"),
        ),
    }
}
