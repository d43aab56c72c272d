//! Links of traces to runs, also of traces that are not here yet: clients send spans in the background, and a link may
//! be there first.
//!
//! Invariant: whichever of a link and its trace comes last, the trace has the link in the end.

use mltrack::Change;
use serde_json::{Value, json};

use super::trace::{KIND, edit};
use super::{Answer, act};
use crate::shared::Shared;

/// Documents of links that wait for their trace. Their ids are those of traces.
const WAITING: &str = "mlflow.trace_link";
const COMMAND: &str = "POST traces/link-to-run";

/// Links traces to a run.
pub fn link(shared: &Shared, ids: &[&str], run: &str) -> Answer<()> {
    for id in ids {
        if is_linked(shared, id, run)? {
            continue;
        }
        act::documents(shared, WAITING, COMMAND).update(id, |known| {
            let mut runs = known.map(|known| runs_of(&known.body)).unwrap_or_default();
            add(&mut runs, run);
            Ok(Change::Put(json!({ "runs": runs }).to_string()))
        })?;
        // It may have come while this was written.
        settle(shared, id)?;
    }
    Ok(())
}

/// Gives a trace that has come the links that waited for it.
pub fn settle(shared: &Shared, id: &str) -> Answer<()> {
    let waiting = act::documents(shared, WAITING, COMMAND);
    let Some(document) = waiting.get(id)? else {
        return Ok(());
    };
    for run in runs_of(&document.body) {
        if !is_linked(shared, id, &run)? {
            return Ok(());
        }
    }
    waiting.remove_many(&[id])?;
    Ok(())
}

/// Links a trace to a run, if the trace is there; says whether it is.
fn is_linked(shared: &Shared, id: &str, run: &str) -> Answer<bool> {
    if shared.tracker().documents(KIND).get(id)?.is_none() {
        return Ok(false);
    }
    edit(shared, id, COMMAND, |trace| {
        add(&mut trace.runs, run);
        Ok(())
    })?;
    Ok(true)
}

fn add(runs: &mut Vec<String>, run: &str) {
    if !runs.iter().any(|known| known == run) {
        runs.push(run.to_owned());
    }
}

fn runs_of(body: &str) -> Vec<String> {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let runs = body["runs"].as_array().into_iter().flatten();
    runs.filter_map(Value::as_str).map(str::to_owned).collect()
}
