//! How a graph that somebody has asked for follows the fold.
//!
//! Invariant: after every event the graph is the one that would be made of the facts, edge by edge and in the same order.

use mltrack_event::Event;
use mltrack_projector::Lsn;

use crate::graph::edges::Fact as _;
use crate::things::Things;

impl Things {
    /// Adds the edges that follow from an event that has been applied, or drops the graph when some have gone.
    pub(crate) fn grow(&mut self, event: &Event, lsn: Lsn) {
        let Some(graph) = self.graph.made_mut() else {
            return;
        };
        let is_new = |known: Lsn| known == lsn;
        match event {
            Event::RunCreated(created) => {
                let facts = self.runs.get(created.run.key());
                let node = facts.map(|facts| &facts.node);
                if let Some(node) = node.filter(|node| is_new(node.created.lsn)) {
                    node.edges(graph);
                }
            }
            Event::ArtifactLogged(logged) => {
                let row = self.runs.artifact(logged.artifact);
                if let Some(row) = row.filter(|row| is_new(row.lsn)) {
                    row.edges(graph);
                }
            }
            Event::ArtifactUsed(_) | Event::DatasetUsed(_) | Event::ModelUsed(_) => {
                let Some(facts) = event.run().and_then(|run| self.runs.get(run)) else {
                    return;
                };
                let uses = facts.uses();
                // An event adds to one of the lists only.
                let artifact = uses.artifacts.last().filter(|used| is_new(used.lsn));
                let dataset = uses.datasets.last().filter(|used| is_new(used.lsn));
                let model = uses.models.last().filter(|used| is_new(used.lsn));
                if let Some(used) = artifact {
                    used.edges(graph);
                } else if let Some(used) = dataset {
                    used.edges(graph);
                } else if let Some(used) = model {
                    used.edges(graph);
                }
            }
            Event::DatasetVersionAdded(added) => {
                let version = self.datasets.version(added.dataset, added.number);
                if let Some(version) = version.filter(|version| is_new(version.lsn)) {
                    (added.dataset, version).edges(graph);
                }
            }
            Event::ModelVersionAdded(added) => {
                let version = self.models.version(added.model, added.number);
                if let Some(version) = version.filter(|version| is_new(version.lsn)) {
                    (added.model, version).edges(graph);
                }
            }
            Event::LineageLinked(linked) => {
                let link = self.links.get(&linked.from, &linked.to, linked.kind);
                if let Some(link) = link.filter(|link| is_new(link.at.lsn)) {
                    link.edges(graph);
                }
            }
            Event::LineageUnlinked(_)
            | Event::RunPurged(_)
            | Event::ExperimentPurged(_)
            | Event::RecordsScrubbed(_) => return self.graph.drop_it(),
            _ => return,
        }
        if graph.has_grown() {
            self.graph.drop_it();
        }
    }
}
