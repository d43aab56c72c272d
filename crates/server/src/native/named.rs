//! What a path names: an experiment by its id or name, a run by its id, the beginning of it, or its name.
//!
//! Invariant: deleted things are found by their id, and only by it.

use mltrack::{Experiment, ExperimentId, ExperimentSummary, RunId, RunSummary, Tracker};

use super::error::{Answer, Fault};
use super::moment::{Moment, at};
use super::page::{at_most, lsn_number};

/// The run that a text names.
pub fn run_id(tracker: &Tracker, text: &str) -> Answer<RunId> {
    match text.parse() {
        Ok(id) => Ok(id),
        Err(_) => Ok(tracker.find_run(text)?),
    }
}

/// So many runs of one question may be named by something else than their whole ids, each of which is looked for among
/// all there are.
const LOOKED_FOR_MAX: usize = 256;

/// The runs that texts name, in their order: at most so many.
pub fn run_ids(tracker: &Tracker, texts: &[String], max: usize) -> Answer<Vec<RunId>> {
    at_most("runs", texts.len(), max)?;
    let is_looked_for = |text: &&String| text.parse::<RunId>().is_err();
    let looked_for = texts.iter().filter(is_looked_for).count();
    if looked_for > LOOKED_FOR_MAX {
        return Err(Fault::invalid(format!(
            "{looked_for} runs are named by something else than their whole ids, and {LOOKED_FOR_MAX} are the most of one question"
        ))
        .hint("name runs by their whole ids, as GET /api/v1/runs tells them"));
    }
    texts.iter().map(|text| run_id(tracker, text)).collect()
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

/// A part of the runs of an experiment, the newest first.
pub fn runs_at(
    tracker: &Tracker,
    experiment: ExperimentId,
    moment: Moment,
    (offset, limit): (usize, usize),
) -> Answer<mltrack::Page<RunSummary>> {
    let query = tracker.runs().experiment_ids([experiment]);
    Ok(at!(query.offset(offset).limit(limit), moment).fetch()?)
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
