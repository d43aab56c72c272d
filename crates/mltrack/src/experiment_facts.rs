//! What an experiment is, without looking at its runs: as quick for one of a million runs as for an empty one.

use std::collections::BTreeMap;

use mltrack_event::{ExperimentId, ExperimentState, WallTime};
use mltrack_projector_runs::{Experiment as Folded, State};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::experiment::folded;
use crate::tracker::Tracker;

/// What an experiment is; see [`Tracker::experiment_facts`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExperimentFacts {
    /// Its id.
    pub id: ExperimentId,
    /// Its name.
    pub name: String,
    /// Its tags; a plain tag has an empty value.
    pub tags: BTreeMap<String, String>,
    /// Its state.
    pub state: ExperimentState,
    /// When it was created.
    pub created: WallTime,
    /// When it was changed last.
    pub updated: WallTime,
    /// Whether it is deleted.
    pub is_deleted: bool,
}

impl ExperimentFacts {
    pub(crate) fn of(known: &Folded) -> ExperimentFacts {
        ExperimentFacts {
            id: known.id,
            name: known.name.clone(),
            tags: known.tags.clone(),
            state: known.state,
            created: WallTime(known.created.time_ns),
            updated: WallTime(known.updated.time_ns),
            is_deleted: known.deleted.is_some(),
        }
    }
}

impl Tracker {
    /// What an experiment is, a deleted one too. Errors: `NOT_FOUND`, also when the tracker is disabled.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let experiment = tracker.experiment("resnet")?;
    /// assert_eq!(tracker.experiment_facts(experiment.id())?.name, "resnet");
    /// # Ok(())
    /// # }
    /// ```
    pub fn experiment_facts(&self, id: ExperimentId) -> Result<ExperimentFacts> {
        self.facts(|state| folded(state, id))
    }

    /// The same of the experiment with exactly this name: of the live one, else of the one that was deleted last.
    /// Errors: `NOT_FOUND`.
    pub fn experiment_facts_of_name(&self, name: &str) -> Result<ExperimentFacts> {
        self.facts(|state| {
            let deleted = || {
                let called = state.experiments().filter(|known| known.name == name);
                called.max_by_key(|known| known.deleted.map(|at| at.lsn))
            };
            let found = state.experiment_by_name(name).or_else(deleted);
            found.ok_or_else(|| {
                let what = format!("the store has no experiment {name:?}");
                Error::new(Code::NotFound, what).with_hint("mltrack exp ls")
            })
        })
    }

    fn facts(
        &self,
        find: impl for<'a> Fn(&'a State) -> Result<&'a Folded>,
    ) -> Result<ExperimentFacts> {
        let Some(store) = self.store() else {
            return Err(Error::new(Code::NotFound, "the tracker is disabled"));
        };
        store.with_state(|state, _| find(state).map(ExperimentFacts::of))
    }
}
