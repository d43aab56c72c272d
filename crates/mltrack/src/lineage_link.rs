//! Links that people make by hand, beside those that follow from what was logged.
//!
//! Invariants: both ends of a new link were there when it was appended; making a link that stands, or taking back one
//! that does not, appends nothing.

use mltrack_event::{EdgeKind, LineageLinked, LineageUnlinked, NodeRef, StreamId};
use mltrack_log::Lsn;
use mltrack_projector_lineage::{Link, Things};

use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::tracker::Tracker;

impl Tracker {
    /// Says that data flows from one thing to another: what nothing logged can know, such as a paper's dataset behind a
    /// model. False when the link stands already, or the tracker is disabled. It can be undone.
    ///
    /// Errors: `NOT_FOUND` for an end that is not there, `VALIDATION_ERROR` for a link of a thing to itself.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use mltrack::{EdgeKind, NodeRef};
    ///
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// let corpus = NodeRef::External("https://example.org/corpus".into());
    /// assert!(tracker.link(&corpus, &NodeRef::Run(run.id().key()), EdgeKind::UsesDataset)?);
    /// assert_eq!(tracker.links(None)?[0].from, corpus);
    /// assert!(tracker.unlink(&corpus, &NodeRef::Run(run.id().key()), EdgeKind::UsesDataset)?);
    /// # run.finish()
    /// # }
    /// ```
    pub fn link(&self, from: &NodeRef, to: &NodeRef, kind: EdgeKind) -> Result<bool> {
        let Some(store) = self.store() else {
            return Ok(false);
        };
        if from == to {
            return Err(Error::validation(format!("{from} cannot depend on itself")));
        }
        let (is_new, _) = store.decide_things(|things, _| {
            must_exist(things, from)?;
            must_exist(things, to)?;
            if things.link(from, to, kind).is_some() {
                return Ok(Decision::Already(false));
            }
            let (actor, command) = store.by();
            let linked = LineageLinked {
                from: from.clone(),
                to: to.clone(),
                kind,
                actor,
                command,
            };
            Ok(Decision::Append(plan(from, to, linked.into()), true))
        })?;
        Ok(is_new)
    }

    /// Takes back what [`Tracker::link`] said. False when there is no such link, or the tracker is disabled. It can be
    /// undone.
    pub fn unlink(&self, from: &NodeRef, to: &NodeRef, kind: EdgeKind) -> Result<bool> {
        let Some(store) = self.store() else {
            return Ok(false);
        };
        let (was_there, _) = store.decide_things(|things, _| {
            if things.link(from, to, kind).is_none() {
                return Ok(Decision::Already(false));
            }
            let (actor, command) = store.by();
            let unlinked = LineageUnlinked {
                from: from.clone(),
                to: to.clone(),
                kind,
                actor,
                command,
            };
            Ok(Decision::Append(plan(from, to, unlinked.into()), true))
        })?;
        Ok(was_there)
    }
}

impl Tracker {
    /// The links that people made and that stand, by their ends; with `at` as it was after that record.
    ///
    /// Errors: `HISTORY_FLOOR` when records that this moment had were purged since.
    pub fn links(&self, at: Option<Lsn>) -> Result<Vec<Link>> {
        let Some(store) = self.store() else {
            return Ok(Vec::new());
        };
        let moment = at.map_or(Moment::Now, Moment::Lsn);
        store.things_at(moment, |things, _| Ok(things.links().cloned().collect()))
    }
}

/// Nothing may have happened meanwhile to the ends.
fn plan(from: &NodeRef, to: &NodeRef, event: mltrack_event::Event) -> Plan {
    Plan {
        stream: stream(to),
        unchanged: vec![stream(from), stream(to)],
        events: vec![event],
    }
}

/// On which whatever could spoil a link to it stands.
pub(crate) fn stream(node: &NodeRef) -> StreamId {
    match node {
        NodeRef::Experiment(id) => StreamId::experiment(*id),
        NodeRef::Run(run) | NodeRef::Metric(run, _) => StreamId::run(*run),
        NodeRef::Dataset(id) | NodeRef::DatasetVersion(id, _) => StreamId::dataset(*id),
        NodeRef::Model(id) | NodeRef::ModelVersion(id, _) => StreamId::model(*id),
        NodeRef::Artifact(_) | NodeRef::Transformation(_) | NodeRef::External(_) => {
            StreamId::artifacts()
        }
    }
}

fn must_exist(things: &Things, node: &NodeRef) -> Result<()> {
    let exists = match node {
        NodeRef::Experiment(id) => things.experiment(*id).is_some(),
        NodeRef::Run(run) | NodeRef::Metric(run, _) => things.thing_run(*run).is_some(),
        NodeRef::Dataset(id) => things.dataset(*id).is_some(),
        NodeRef::DatasetVersion(id, number) => things.dataset_version(*id, *number).is_some(),
        NodeRef::Model(id) => things.model(*id).is_some(),
        NodeRef::ModelVersion(id, number) => things.model_version(*id, *number).is_some(),
        NodeRef::Artifact(id) => things.artifact(*id).is_some(),
        NodeRef::Transformation(name) => !name.is_empty(),
        NodeRef::External(uri) => !uri.is_empty(),
    };
    if exists {
        return Ok(());
    }
    Err(Error::new(
        Code::NotFound,
        format!("the store has no {node}"),
    ))
}
