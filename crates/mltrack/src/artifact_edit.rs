//! Removing artifacts, bringing them back, and saying that a run took one in.
//!
//! Invariants: a removal is an event, so no byte goes before `gc`; what several runs are told at once is one operation,
//! that one undo takes back; what a version of a model is made of is not removed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use mltrack_event::{
    ArtifactId, ArtifactUsed, ArtifactsRemoved, ArtifactsRestored, Event, RunKey, StreamId,
};
use mltrack_projector_lineage::{Artifact as Folded, Things};

use crate::artifact::Artifact;
use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::run::Run;
use crate::store::{Logged, Store};
use crate::tracker::Tracker;

/// Why artifacts were removed that a person removed.
pub(crate) const BY_HAND: &str = "removed by hand";
/// A batch holds at most 65,535 records, and an event a few thousand ids.
pub(crate) const IDS_AT_ONCE_MAX: usize = 10_000;

impl Run {
    /// Says that this run took in an artifact, mostly one of another run, so that lineage shows it.
    ///
    /// Errors: `INVALID_STATE` for a run that has ended.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let first = tracker.experiment("pretrain")?.start_run()?;
    /// first.log_artifact_bytes("model.pt", "weights")?;
    /// first.finish()?;
    /// let second = tracker.experiment("finetune")?.start_run()?;
    /// let model = tracker.artifact(first.id(), "model.pt")?;
    /// second.use_artifact(&model)?;
    /// assert_eq!(tracker.artifact_bytes(&model)?, b"weights");
    /// # second.finish()
    /// # }
    /// ```
    pub fn use_artifact(&self, artifact: &Artifact) -> Result<Logged> {
        let Some(inner) = self.inner() else {
            return Ok(Logged::Disabled);
        };
        let (actor, command) = inner.store.by();
        let used = Event::from(ArtifactUsed {
            run: inner.key,
            artifact: artifact.id,
            actor,
            command,
        });
        inner.record(|recorder, place| recorder.log_event(place, None, &used))
    }
}

impl Tracker {
    /// Removes artifacts, all or none: they are in no list any more, and [`restore_artifacts`](Tracker::restore_artifacts)
    /// or [`undo`](Tracker::undo) brings them back until [`gc`](Tracker::gc).
    ///
    /// Errors: `NOT_FOUND` for one that was purged, `INVALID_STATE` for one that is removed already or that a version of a
    /// model is made of.
    pub fn remove_artifacts(&self, artifacts: &[Artifact]) -> Result<Logged> {
        let Some(store) = self.store() else {
            return Ok(Logged::Disabled);
        };
        store.change_artifacts(artifacts, |things, rows| {
            let needed = needed_by_models(things);
            for row in rows {
                if let Some(removed) = &row.removed {
                    let what = format!("{:?} is removed already: {}", row.path, removed.why);
                    return Err(Error::new(Code::InvalidState, what)
                        .with_hint("mltrack artifact ls RUN --removed"));
                }
                if let Some(model) = needed.get(&row.id) {
                    let what = format!("{:?} is what {model} is made of", row.path);
                    return Err(
                        Error::new(Code::InvalidState, what).with_hint("remove that version first")
                    );
                }
            }
            Ok(removals(rows, BY_HAND, &store.by()))
        })
    }

    /// Brings removed artifacts back, all or none.
    ///
    /// Errors: `NOT_FOUND` for one that was purged, `INVALID_STATE` for one that is not removed.
    pub fn restore_artifacts(&self, artifacts: &[Artifact]) -> Result<Logged> {
        let Some(store) = self.store() else {
            return Ok(Logged::Disabled);
        };
        store.change_artifacts(artifacts, |_, rows| {
            if let Some(row) = rows.iter().find(|row| row.removed.is_none()) {
                let what = format!("{:?} is not removed", row.path);
                return Err(
                    Error::new(Code::InvalidState, what).with_hint("mltrack artifact ls RUN")
                );
            }
            Ok(restorals(rows, &store.by()))
        })
    }
}

impl Store {
    /// Appends what `events` makes of the present rows, unless somebody changes them first.
    fn change_artifacts(
        self: &Arc<Store>,
        artifacts: &[Artifact],
        events: impl Fn(&Things, &[&Folded]) -> Result<Vec<Event>>,
    ) -> Result<Logged> {
        if artifacts.is_empty() {
            return Err(Error::validation("no artifact is named"));
        }
        let ids: BTreeSet<ArtifactId> = artifacts.iter().map(|artifact| artifact.id).collect();
        let ((), lsn) = self.decide_things(|things, _| {
            let row = |id: &ArtifactId| {
                let found = things.artifact(*id).filter(|row| row.purged.is_none());
                found.ok_or_else(|| {
                    Error::new(Code::NotFound, format!("the store has no {id} any more"))
                        .with_hint("mltrack artifact ls RUN")
                })
            };
            let rows: Vec<&Folded> = ids.iter().map(row).collect::<Result<_>>()?;
            Ok(Decision::Append(plan(&rows, events(things, &rows)?), ()))
        })?;
        Ok(lsn.map_or(Logged::Disabled, Logged::Visible))
    }
}

/// A plan that stands while nobody else removes, restores or purges artifacts, or purges their runs.
pub(crate) fn plan(rows: &[&Folded], events: Vec<Event>) -> Plan {
    let stream = StreamId::artifacts();
    let runs: BTreeSet<RunKey> = rows.iter().map(|row| row.run).collect();
    let mut unchanged = vec![stream];
    unchanged.extend(runs.into_iter().map(StreamId::run));
    Plan {
        stream,
        unchanged,
        events,
    }
}

/// The events that remove artifacts, of each run together.
pub(crate) fn removals(
    rows: &[&Folded],
    why: &str,
    (actor, command): &(String, String),
) -> Vec<Event> {
    each_run(rows, |run, artifacts| {
        ArtifactsRemoved {
            run,
            artifacts,
            why: why.to_owned(),
            actor: actor.clone(),
            command: command.clone(),
        }
        .into()
    })
}

/// The events that bring them back.
pub(crate) fn restorals(rows: &[&Folded], (actor, command): &(String, String)) -> Vec<Event> {
    each_run(rows, |run, artifacts| {
        ArtifactsRestored {
            run,
            artifacts,
            actor: actor.clone(),
            command: command.clone(),
        }
        .into()
    })
}

fn each_run(rows: &[&Folded], event: impl Fn(RunKey, Vec<ArtifactId>) -> Event) -> Vec<Event> {
    let mut runs: BTreeMap<RunKey, Vec<ArtifactId>> = BTreeMap::new();
    for row in rows {
        runs.entry(row.run).or_default().push(row.id);
    }
    let parts = runs.into_iter().flat_map(|(run, ids)| {
        let parts: Vec<Vec<ArtifactId>> = ids.chunks(IDS_AT_ONCE_MAX).map(<[_]>::to_vec).collect();
        parts.into_iter().map(move |ids| (run, ids))
    });
    parts.map(|(run, ids)| event(run, ids)).collect()
}

/// Which artifacts versions of models are made of, and which version of which.
pub(crate) fn needed_by_models(things: &Things) -> HashMap<ArtifactId, String> {
    let mut needed = HashMap::new();
    for model in things.models().filter(|model| model.deleted.is_none()) {
        for version in model
            .versions
            .iter()
            .filter(|version| version.removed.is_none())
        {
            let name = format!("model {} v{}", model.name, version.number);
            needed.extend(version.artifacts.iter().map(|id| (*id, name.clone())));
        }
    }
    needed
}
