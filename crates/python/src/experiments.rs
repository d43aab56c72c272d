//! Experiments of a store: which there are, and what is said of them.
//!
//! Invariant: what a change does not name stays as it is.

use mltrack::{Direction, ExperimentSummary, Page};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::dict::{answered, dict, list, parsed};
use crate::failure::invalid;
use crate::moment::{At, at};
use crate::open::Store;

fn told<'py>(py: Python<'py>, known: &ExperimentSummary) -> PyResult<Bound<'py, PyAny>> {
    let goal = known.goal.as_ref();
    let goal = goal.map(|goal| (goal.metric.as_str(), word_of(goal.direction)));
    let dict = dict!(py, {
        "id": known.id.0,
        "name": known.name.as_str(),
        "state": known.state.to_string(),
        "description": known.description.as_str(),
        "hypothesis": known.hypothesis.as_str(),
        "owner": known.owner.as_str(),
        "collaborators": &known.collaborators,
        "tags": &known.tags,
        "goal": goal,
        "metadata": parsed(py, known.metadata.as_deref().unwrap_or_default())?,
        "runs": known.run_count(),
        "runs_by_state": &known.runs,
        "created_ns": known.created.0,
        "updated_ns": known.updated.0,
        "archived_ns": known.archived.map(|time| time.0),
        "is_deleted": known.is_deleted,
        "actor": known.actor.as_str(),
        "lsn": known.lsn.get(),
    });
    Ok(dict.into_any())
}

fn word_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Min => "min",
        Direction::Max => "max",
    }
}

fn direction_of(word: &str) -> PyResult<Direction> {
    match word {
        "min" => Ok(Direction::Min),
        "max" => Ok(Direction::Max),
        other => {
            let what = format!("{other:?} is no direction of a goal");
            Err(invalid(&what, "one of \"min\", \"max\""))
        }
    }
}

#[pymethods]
impl Store {
    /// The experiments that a filter admits, in the order asked for.
    #[pyo3(signature = (filter=None, order_by=Vec::new(), limit=None, offset=0, at=None, with_archived=false, with_deleted=false))]
    fn experiments<'py>(
        &self,
        py: Python<'py>,
        filter: Option<String>,
        order_by: Vec<String>,
        limit: Option<usize>,
        offset: usize,
        at: Option<At>,
        with_archived: bool,
        with_deleted: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let page: mltrack::Result<Page<ExperimentSummary>> = py.detach(|| {
            let mut query = at!(self.tracker().experiments().offset(offset), at);
            query = query.limit(limit.unwrap_or(usize::MAX));
            if let Some(filter) = filter {
                query = query.filter(filter);
            }
            for column in order_by {
                query = query.order_by(column);
            }
            if with_archived {
                query = query.with_archived();
            }
            if with_deleted {
                query = query.with_deleted();
            }
            query.fetch()
        });
        list(py, &answered(page)?.items, told)
    }

    /// Makes an experiment when there is none of this name, and says its id.
    fn experiment_id(&self, py: Python<'_>, name: &str) -> PyResult<u64> {
        answered(py.detach(|| Ok(self.tracker().experiment(name)?.id().0)))
    }

    /// Changes what is said of an experiment: only what is named.
    #[pyo3(signature = (name, new_name=None, description=None, hypothesis=None, owner=None, goal=None, set_tags=Vec::new(), remove_tags=Vec::new()))]
    fn edit_experiment(
        &self,
        py: Python<'_>,
        name: &str,
        new_name: Option<String>,
        description: Option<String>,
        hypothesis: Option<String>,
        owner: Option<String>,
        goal: Option<(String, String)>,
        set_tags: Vec<(String, String)>,
        remove_tags: Vec<String>,
    ) -> PyResult<()> {
        let goal = goal.map(|(metric, word)| direction_of(&word).map(|word| (metric, word)));
        let goal = goal.transpose()?;
        let has_facts = new_name.is_some()
            || description.is_some()
            || hypothesis.is_some()
            || owner.is_some()
            || goal.is_some();
        answered(py.detach(|| {
            let experiment = self.tracker().find_experiment(name)?;
            for (key, value) in &set_tags {
                experiment.set_tag(key, value)?;
            }
            for key in &remove_tags {
                experiment.remove_tag(key)?;
            }
            if !has_facts {
                return Ok(());
            }
            let mut edit = experiment.edit();
            if let Some(text) = new_name {
                edit = edit.name(text);
            }
            if let Some(text) = description {
                edit = edit.description(text);
            }
            if let Some(text) = hypothesis {
                edit = edit.hypothesis(text);
            }
            if let Some(text) = owner {
                edit = edit.owner(text);
            }
            if let Some((metric, direction)) = goal {
                edit = edit.goal(metric, direction);
            }
            edit.save()
        }))
    }

    /// Deletes an experiment with its runs: hidden until `restore_experiment`, or until `mltrack gc`.
    fn delete_experiment(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        answered(py.detach(|| self.tracker().find_experiment(name)?.delete()))
    }

    /// Brings an experiment back that is archived or deleted.
    fn restore_experiment(&self, py: Python<'_>, id: u64) -> PyResult<()> {
        let id = mltrack::ExperimentId(id);
        answered(py.detach(|| self.tracker().experiment_by_id(id)?.restore()))
    }

    /// Archives an experiment: it takes no more runs and is listed only when it is asked for.
    fn archive_experiment(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        answered(py.detach(|| self.tracker().find_experiment(name)?.archive()))
    }
}
