//! A model of the fold that knows no index: it asks all events again for each answer.

use std::collections::{BTreeMap, BTreeSet};

use mltrack_event::{ArtifactId, EdgeKind, Event, NodeRef, RunKey};

/// Every event with its lsn.
#[derive(Default)]
pub struct Naive(pub Vec<(u64, Event)>);

/// An artifact as the model knows it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Row {
    pub path: String,
    pub version: usize,
    pub id: ArtifactId,
    pub is_live: bool,
}

impl Naive {
    fn purge_of(&self, run: RunKey) -> Option<u64> {
        let purge = self.0.iter().find(
            |(_, event)| matches!(event, Event::RunPurged(purged) if purged.run.key() == run),
        );
        purge.map(|(lsn, _)| *lsn)
    }

    /// Where a run that is there was created.
    pub fn created(&self, run: RunKey) -> Option<u64> {
        let created = self.0.iter().find(
            |(_, event)| matches!(event, Event::RunCreated(created) if created.run.key() == run),
        );
        created
            .map(|(lsn, _)| *lsn)
            .filter(|_| self.purge_of(run).is_none())
    }

    /// What was said of a run while it was there, without what was scrubbed later.
    fn said(&self, run: RunKey) -> Vec<(u64, &Event)> {
        let Some(created) = self.created(run) else {
            return Vec::new();
        };
        let is_scrubbed = |lsn: u64| {
            self.0.iter().any(|(at, event)| {
                matches!(event, Event::RecordsScrubbed(scrubbed)
                    if scrubbed.run == run && *at > lsn && *at > created && scrubbed.lsns.contains(&lsn))
            })
        };
        let events = self.0.iter().filter(|(lsn, event)| {
            event.run() == Some(run) && *lsn > created && !is_scrubbed(*lsn)
        });
        events.map(|(lsn, event)| (*lsn, event)).collect()
    }

    /// All artifacts of a run, by path and version.
    pub fn artifacts(&self, run: RunKey) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for (lsn, event) in self.said(run) {
            if let Event::ArtifactLogged(logged) = event
                && self.owner(logged.artifact) == Some(lsn)
            {
                let path = logged.path.clone();
                let version = 1 + rows.iter().filter(|row| row.path == path).count();
                rows.push(Row {
                    path,
                    version,
                    id: logged.artifact,
                    is_live: self.is_live(run, logged.artifact, lsn),
                });
            }
        }
        rows.sort();
        rows
    }

    /// The record that an artifact of this id is from: the first that found its run there and the id free.
    fn owner(&self, id: ArtifactId) -> Option<u64> {
        let mut holder: Option<(u64, RunKey)> = None;
        for (lsn, event) in &self.0 {
            match event {
                Event::ArtifactLogged(logged)
                    if logged.artifact == id
                        && holder.is_none()
                        && self.was_there(logged.run, *lsn) =>
                {
                    holder = Some((*lsn, logged.run));
                }
                Event::RunPurged(purged)
                    if holder.is_some_and(|(_, run)| run == purged.run.key()) =>
                {
                    holder = None;
                }
                Event::RecordsScrubbed(scrubbed) => {
                    holder = holder
                        .filter(|(lsn, run)| scrubbed.run != *run || !scrubbed.lsns.contains(lsn));
                }
                _ => {}
            }
        }
        holder.map(|(lsn, _)| lsn)
    }

    fn was_there(&self, run: RunKey, lsn: u64) -> bool {
        let before = |at: u64| at < lsn;
        let created = self.0.iter().any(|(at, event)| {
            before(*at) && matches!(event, Event::RunCreated(created) if created.run.key() == run)
        });
        created && !self.purge_of(run).is_some_and(before)
    }

    fn is_live(&self, run: RunKey, id: ArtifactId, since: u64) -> bool {
        let (mut is_removed, mut is_purged) = (false, false);
        for (_, event) in self.0.iter().filter(|(lsn, _)| *lsn > since) {
            match event {
                Event::ArtifactsRemoved(removed) if removed.run == run && !is_purged => {
                    is_removed |= removed.artifacts.contains(&id);
                }
                Event::ArtifactsRestored(restored) if restored.run == run && !is_purged => {
                    is_removed &= !restored.artifacts.contains(&id);
                }
                Event::ArtifactsPurged(purged) => is_purged |= purged.artifacts.contains(&id),
                _ => {}
            }
        }
        !is_removed && !is_purged
    }

    /// Every edge, once.
    pub fn edges(&self, runs: &[RunKey]) -> BTreeSet<(NodeRef, NodeRef, EdgeKind)> {
        let mut edges = BTreeSet::new();
        for run in runs {
            self.edges_of_run(*run, &mut edges);
        }
        let (mut versions, mut known) = (BTreeMap::new(), BTreeSet::new());
        let mut links = BTreeSet::new();
        let mut purged = BTreeSet::new();
        for (_, event) in &self.0 {
            match event {
                Event::DatasetCreated(created) => {
                    known.insert(created.dataset);
                }
                Event::DatasetVersionAdded(added) if known.contains(&added.dataset) => {
                    versions
                        .entry((added.dataset, added.number))
                        .or_insert(added);
                }
                Event::LineageLinked(linked) => {
                    let ends = [linked.from.clone(), linked.to.clone()];
                    if !ends.iter().any(|end| purged.contains(end)) {
                        let [from, to] = ends;
                        links.insert((from, to, linked.kind));
                    }
                }
                Event::LineageUnlinked(unlinked) => {
                    let key = (unlinked.from.clone(), unlinked.to.clone(), unlinked.kind);
                    links.remove(&key);
                }
                Event::RunPurged(gone) => {
                    let node = NodeRef::Run(gone.run.key());
                    links.retain(|(from, to, _)| *from != node && *to != node);
                    purged.insert(node);
                }
                _ => {}
            }
        }
        for ((id, number), version) in versions {
            let to = NodeRef::DatasetVersion(id, number);
            edges.insert((NodeRef::Dataset(id), to.clone(), EdgeKind::Contains));
            for (parent, number) in &version.parents {
                let parent = NodeRef::DatasetVersion(*parent, *number);
                edges.insert((parent, to.clone(), EdgeKind::DerivedFrom));
            }
            if let Some(run) = version.run {
                edges.insert((NodeRef::Run(run), to, EdgeKind::Produces));
            }
        }
        edges.extend(links);
        edges
    }

    fn edges_of_run(&self, run: RunKey, edges: &mut BTreeSet<(NodeRef, NodeRef, EdgeKind)>) {
        let Some(created) = self.created(run) else {
            return;
        };
        let node = NodeRef::Run(run);
        if let Some((_, Event::RunCreated(created))) = self.0.iter().find(|(at, _)| *at == created)
        {
            let experiment = NodeRef::Experiment(created.experiment);
            edges.insert((experiment, node.clone(), EdgeKind::Contains));
        }
        for row in self.artifacts(run) {
            edges.insert((node.clone(), NodeRef::Artifact(row.id), EdgeKind::Produces));
        }
        for (_, event) in self.said(run) {
            match event {
                Event::ArtifactUsed(used) => {
                    let from = NodeRef::Artifact(used.artifact);
                    edges.insert((from, node.clone(), EdgeKind::UsesArtifact));
                }
                Event::DatasetUsed(used) => {
                    let from = NodeRef::DatasetVersion(used.dataset, used.number);
                    edges.insert((from, node.clone(), EdgeKind::UsesDataset));
                }
                _ => {}
            }
        }
    }
}
