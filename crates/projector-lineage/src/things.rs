//! Everything the projector knows, and the questions that need no walk.
//!
//! Invariant: an answer is a function of the events alone; what is computed for it at the first question is no part of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mltrack_event::{
    ArtifactId, BlobId, DatasetId, EdgeKind, ExperimentId, ModelId, NodeRef, Root, RunKey,
};

use crate::artifact::Artifact;
use crate::dataset::{Dataset, DatasetVersion};
use crate::environments::Captured;
use crate::graph::Graph;
use crate::lazy::Lazy;
use crate::links::{Link, Links};
use crate::model::{Model, ModelVersion};
use crate::nodes::{ExperimentNode, RunNode};
use crate::registry::Registry;
use crate::run_facts::RunFacts;
use crate::runs::Runs;
use crate::uses::{DatasetUse, Environment, Scrub, Uses};

/// The fold of artifacts, datasets, models, environments and links.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Things {
    pub(crate) experiments: BTreeMap<ExperimentId, ExperimentNode>,
    pub(crate) runs: Runs,
    pub(crate) datasets: Registry<Dataset>,
    pub(crate) models: Registry<Model>,
    pub(crate) links: Links,
    pub(crate) purged_runs: BTreeSet<RunKey>,
    pub(crate) purged_experiments: BTreeSet<ExperimentId>,
    pub(crate) oddities: Oddities,
    pub(crate) media_types: MediaTypes,
    pub(crate) graph: Lazy<Graph>,
    pub(crate) by_blob: Lazy<Vec<(BlobId, ArtifactId)>>,
}

/// Events that were skipped, by why. All zero in a store that only this program wrote.
#[derive(Clone, PartialEq, Eq, Default, Debug, bincode::Encode, bincode::Decode)]
pub struct Oddities {
    /// The payload could not be decoded.
    pub unreadable: u64,
    /// The type or version is not known to this program.
    pub unknown: u64,
    /// About something that the log does not create.
    pub orphaned: u64,
    /// Not admitted by what it is about, such as a second version of one number.
    pub refused: u64,
}

/// Media types are few: each text is kept once.
#[derive(Clone, Default, Debug)]
pub(crate) struct MediaTypes(BTreeSet<Arc<str>>);

impl MediaTypes {
    pub fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }
}

/// Only a store of texts.
impl PartialEq for MediaTypes {
    fn eq(&self, _: &MediaTypes) -> bool {
        true
    }
}

impl Things {
    /// The artifacts of a run that are neither removed nor purged, by path, the newest version last.
    pub fn artifacts_of(&self, run: RunKey) -> impl Iterator<Item = &Artifact> {
        self.artifacts_ever_of(run).filter(|row| row.is_live())
    }

    /// The same with those that are removed or purged.
    pub fn artifacts_ever_of(&self, run: RunKey) -> impl Iterator<Item = &Artifact> {
        let facts = self.runs.get(run).into_iter();
        facts.flat_map(|facts| {
            let (order, rows) = (facts.artifacts.order(), facts.artifacts.rows());
            order.iter().map(|place| &rows[*place as usize])
        })
    }

    /// One artifact, also a removed or a purged one.
    #[must_use]
    pub fn artifact(&self, id: ArtifactId) -> Option<&Artifact> {
        self.runs.artifact(id)
    }

    /// What was ever logged under a path of a run, the newest first, removed and purged ones included.
    pub fn versions_of(&self, run: RunKey, path: &str) -> impl Iterator<Item = &Artifact> {
        let facts = self.runs.get(run).into_iter();
        facts.flat_map(move |facts| facts.artifacts.versions(path))
    }

    /// The newest artifact under a path of a run that is neither removed nor purged.
    #[must_use]
    pub fn newest_artifact(&self, run: RunKey, path: &str) -> Option<&Artifact> {
        self.versions_of(run, path).find(|row| row.is_live())
    }

    /// Every artifact, removed and purged ones included: by run in the order of their creation, then in the order of the
    /// log.
    pub fn all_artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.runs.iter().flat_map(|facts| facts.artifacts.rows())
    }

    /// The artifacts with this content that are not purged, removed ones included.
    pub fn artifacts_of_blob(&self, blob: BlobId) -> impl Iterator<Item = &Artifact> {
        let rows = self.by_blob.get_or_make(|| {
            let mut rows: Vec<_> = self.all_artifacts().map(|row| (row.blob, row.id)).collect();
            rows.sort_unstable();
            rows
        });
        let first = rows.partition_point(|(known, _)| *known < blob);
        let rows = rows[first..]
            .iter()
            .take_while(move |(known, _)| *known == blob);
        rows.filter_map(|(_, id)| self.artifact(*id))
            .filter(|row| row.purged.is_none())
    }

    /// Every blob that something still needs, and the root that holds it: of artifacts that are not purged, removed ones
    /// included, and of versions. A blob may come several times. Manifests of trees, see [`Things::live_trees`], need
    /// the files that they list too.
    pub fn live_blobs(&self) -> impl Iterator<Item = (BlobId, Root)> {
        let scrubbed = self.scrubbed_blobs();
        let rows = self.all_artifacts().filter(move |row| {
            let scrubbed = scrubbed.get(&row.blob);
            row.purged.is_none() && scrubbed.is_none_or(|lsn| *lsn < row.lsn.get())
        });
        rows.map(|row| (row.blob, row.root))
            .chain(self.live_trees().map(|tree| (tree.blob, tree.root)))
    }

    /// The last record that deleted each blob by a scrub.
    fn scrubbed_blobs(&self) -> BTreeMap<BlobId, u64> {
        let mut blobs = BTreeMap::new();
        for scrub in self.scrubbed() {
            for blob in &scrub.blobs {
                let last = blobs.entry(*blob).or_insert(0);
                *last = scrub.lsn.get().max(*last);
            }
        }
        blobs
    }

    /// Every dataset, in the order of their creation, deleted ones included.
    pub fn datasets(&self) -> impl DoubleEndedIterator<Item = &Dataset> {
        self.datasets.items().iter()
    }

    /// One dataset, also a deleted one.
    #[must_use]
    pub fn dataset(&self, id: DatasetId) -> Option<&Dataset> {
        self.datasets.get(id)
    }

    /// The dataset that has this name and is not deleted.
    #[must_use]
    pub fn dataset_named(&self, name: &str) -> Option<&Dataset> {
        self.datasets.named(name)
    }

    /// A version of a dataset, also a removed one.
    #[must_use]
    pub fn dataset_version(&self, id: DatasetId, number: u64) -> Option<&DatasetVersion> {
        self.datasets.version(id, number)
    }

    /// Every model, in the order of their creation, deleted ones included.
    pub fn models(&self) -> impl DoubleEndedIterator<Item = &Model> {
        self.models.items().iter()
    }

    /// One model, also a deleted one.
    #[must_use]
    pub fn model(&self, id: ModelId) -> Option<&Model> {
        self.models.get(id)
    }

    /// The model that has this name and is not deleted.
    #[must_use]
    pub fn model_named(&self, name: &str) -> Option<&Model> {
        self.models.named(name)
    }

    /// A version of a model, also a removed one.
    #[must_use]
    pub fn model_version(&self, id: ModelId, number: u64) -> Option<&ModelVersion> {
        self.models.version(id, number)
    }

    /// What a run ran on, as it was captured last.
    #[must_use]
    pub fn environment(&self, run: RunKey) -> Option<&Environment> {
        let captured = self.runs.get(run)?.environments.last()?;
        captured.get()
    }

    /// What a run ran on, once for each time that it was captured, oldest first.
    pub fn environments(&self, run: RunKey) -> impl Iterator<Item = &Environment> {
        let facts = self.runs.get(run).into_iter();
        facts.flat_map(|facts| facts.environments.iter().filter_map(Captured::get))
    }

    /// What a run took in.
    #[must_use]
    pub fn uses_of_run(&self, run: RunKey) -> Uses<'_> {
        self.runs
            .get(run)
            .map_or_else(Uses::default, RunFacts::uses)
    }

    /// Who took in a version of a dataset, in the order of the runs' creation.
    pub fn users_of_dataset(
        &self,
        id: DatasetId,
        number: u64,
    ) -> impl Iterator<Item = &DatasetUse> {
        let uses = self.runs.iter().flat_map(|facts| &facts.datasets);
        uses.filter(move |used| used.dataset == id && used.number == number)
    }

    /// What was taken out of the records of runs.
    pub fn scrubbed(&self) -> impl Iterator<Item = &Scrub> {
        self.runs.iter().flat_map(|facts| &facts.scrubs)
    }

    /// A run, also a deleted one.
    #[must_use]
    pub fn thing_run(&self, run: RunKey) -> Option<&RunNode> {
        self.runs.get(run).map(|facts| &facts.node)
    }

    /// Every run, in the order of their creation, deleted ones included.
    pub fn runs(&self) -> impl DoubleEndedIterator<Item = &RunNode> {
        self.runs.iter().map(|facts| &facts.node)
    }

    /// How many runs there are.
    #[must_use]
    pub fn run_count(&self) -> usize {
        self.runs.len()
    }

    /// Whether a run is deleted, by itself or with its experiment. A run that is not known is not.
    #[must_use]
    pub fn is_run_deleted(&self, run: RunKey) -> bool {
        self.thing_run(run).is_some_and(|node| {
            let experiment = self.experiment(node.experiment);
            node.deleted.is_some() || experiment.is_some_and(|known| known.deleted.is_some())
        })
    }

    /// An experiment, also a deleted one.
    #[must_use]
    pub fn experiment(&self, id: ExperimentId) -> Option<&ExperimentNode> {
        self.experiments.get(&id)
    }

    /// Every experiment by id, deleted ones included.
    pub fn experiments(&self) -> impl DoubleEndedIterator<Item = &ExperimentNode> {
        self.experiments.values()
    }

    /// Every link that stands, by its ends.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.iter()
    }

    /// The link between two ends, if it stands.
    #[must_use]
    pub fn link(&self, from: &NodeRef, to: &NodeRef, kind: EdgeKind) -> Option<&Link> {
        self.links.get(from, to, kind)
    }

    /// Whether a run was purged.
    #[must_use]
    pub fn is_run_purged(&self, run: RunKey) -> bool {
        self.purged_runs.contains(&run)
    }

    /// What was skipped.
    #[must_use]
    pub fn oddities(&self) -> &Oddities {
        &self.oddities
    }
}
