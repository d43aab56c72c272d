//! A look at many models at once, without a copy of any.
//!
//! Invariant: everything one look answers is of one moment.

use mltrack_event::{ExperimentId, ModelId, RunId, RunKey};
use mltrack_projector_lineage::{Model as Folded, ModelVersion, Things};

use crate::error::Result;
use crate::model::Model;
use crate::tracker::Tracker;

/// All models as they are at one moment; see [`Tracker::with_models`].
#[derive(Clone, Copy)]
pub struct ModelShelf<'a> {
    things: &'a Things,
}

impl Tracker {
    /// Answers from all models as they are now. Nobody else looks at or changes a model through this tracker meanwhile,
    /// so the closure only reads what it needs.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// tracker.model("resnet")?.version().source("s3://models/resnet.pt").add()?;
    /// let count = tracker.with_models(|shelf| shelf.models().map(|model| model.versions.len()).sum::<usize>())?;
    /// assert_eq!(count, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_models<T>(&self, look: impl FnOnce(ModelShelf<'_>) -> T) -> Result<T> {
        let Some(store) = self.store() else {
            let things = Things::default();
            return Ok(look(ModelShelf { things: &things }));
        };
        store.with_things(|things, _| Ok(look(ModelShelf { things })))
    }

    /// A handle to the model of this id, which may be unknown: every call of it looks again.
    pub fn model_by_id(&self, id: ModelId) -> Model {
        let store = self.store().cloned();
        Model { store, id }
    }
}

impl<'a> ModelShelf<'a> {
    /// Every model that is not deleted, in the order of their creation.
    pub fn models(self) -> impl DoubleEndedIterator<Item = &'a Folded> {
        let models = self.things.models();
        models.filter(|model| model.deleted.is_none())
    }

    /// The model that has this name.
    #[must_use]
    pub fn named(self, name: &str) -> Option<&'a Folded> {
        self.things.model_named(name)
    }

    /// A model by its id, also a deleted one.
    #[must_use]
    pub fn model(self, id: ModelId) -> Option<&'a Folded> {
        self.things.model(id)
    }

    /// The whole id of a run and the experiment it belongs to, also of a deleted one; `None` when it is purged.
    #[must_use]
    pub fn run(self, run: RunKey) -> Option<(RunId, ExperimentId)> {
        let run = self.things.thing_run(run)?;
        Some((run.id, run.experiment))
    }

    /// The runs and the paths of the artifacts that a version is made of, as far as they are known.
    pub fn artifacts(self, version: &'a ModelVersion) -> impl Iterator<Item = (RunKey, &'a str)> {
        let known = version.artifacts.iter();
        let known = known.filter_map(move |id| self.things.artifact(*id));
        known.map(|artifact| (artifact.run, &*artifact.path))
    }
}

impl std::fmt::Debug for ModelShelf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelShelf").finish_non_exhaustive()
    }
}
