//! A handle to a dataset, and how one is found, made, listed and deleted.
//!
//! Invariant: a handle holds an id, so it stays the same dataset when that is renamed.

use std::sync::Arc;

use mltrack_event::{DatasetId, RunKey};
use mltrack_log::Lsn;
use mltrack_projector_lineage::{Dataset as Folded, DatasetUse};

use crate::dataset_add::NewDatasetVersion;
use crate::dataset_kind::Datasets;
use crate::dataset_version::DatasetVersion;
use crate::error::Result;
use crate::moment::Moment;
use crate::registry::{self, Edit, New};
use crate::selector::{Pick, Selector};
use crate::store::Store;
use crate::tracker::Tracker;

/// A dataset: a name under which versions of data are kept.
///
/// ```
/// # fn main() -> Result<(), mltrack::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let tracker = mltrack::Tracker::open(folder.path())?;
/// use mltrack::{Bump, Split};
///
/// let dataset = tracker.dataset("imagenet")?;
/// let digest = "sha256:9f86d081884c7d65";
/// let version = dataset.version().reference("s3://data/imagenet.tar", digest).bump(Bump::Minor).add()?;
/// assert_eq!((version.number, version.version.as_deref()), (1, Some("0.1.0")));
///
/// let run = tracker.experiment("resnet")?.start_run()?;
/// let used = run.use_dataset("imagenet@^0.1", Split::Train)?;
/// assert_eq!(used.version().digest, digest);
/// run.finish()?;
/// assert_eq!(tracker.dataset_users("imagenet@v1")?[0].run, run.id().key());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Dataset {
    pub(crate) store: Option<Arc<Store>>,
    pub(crate) id: DatasetId,
}

/// A dataset to be made; see [`Tracker::new_dataset`].
#[must_use = "nothing is made before `create` or `get_or_create`"]
pub struct NewDataset {
    store: Option<Arc<Store>>,
    new: New,
}

impl Tracker {
    /// The dataset of this name, made when there is none. Of any number of processes that do this at once, one makes it
    /// and all get it. Errors: `VALIDATION_ERROR` for a name that is no name.
    pub fn dataset(&self, name: &str) -> Result<Dataset> {
        self.new_dataset(name).get_or_create()
    }

    /// A dataset with a description or tags. Nothing happens before [`create`](NewDataset::create) or
    /// [`get_or_create`](NewDataset::get_or_create).
    pub fn new_dataset(&self, name: &str) -> NewDataset {
        NewDataset {
            store: self.store().cloned(),
            new: New {
                name: name.to_owned(),
                ..New::default()
            },
        }
    }

    /// The dataset of this name or id, which must exist. Errors: `NOT_FOUND`.
    pub fn find_dataset(&self, name: &str) -> Result<Dataset> {
        let Some(store) = self.store() else {
            return Ok(Dataset::disabled());
        };
        let id = store.with_things(|things, _| Ok(registry::find::<Datasets>(things, name)?.id))?;
        Ok(Dataset::of(store, id))
    }

    /// Every dataset, in the order of their creation, deleted ones included; with `at` as they were after that record.
    pub fn datasets(&self, at: Option<Lsn>) -> Result<Vec<Folded>> {
        let Some(store) = self.store() else {
            return Ok(Vec::new());
        };
        let moment = at.map_or(Moment::Now, Moment::Lsn);
        store.things_at(moment, |things, _| Ok(things.datasets().cloned().collect()))
    }

    /// The version that `imagenet`, `imagenet@v3`, `@1.2.0`, `@^1.2`, `@latest`, a tag or a digest means now.
    ///
    /// Errors: `NOT_FOUND`, `VALIDATION_ERROR` for a selector that is none or a digest that two versions begin with.
    pub fn dataset_version(&self, selector: &str) -> Result<DatasetVersion> {
        let Some(store) = self.store() else {
            return Ok(DatasetVersion::disabled());
        };
        let selector: Selector = selector.parse()?;
        store.with_things(|things, _| {
            let (dataset, number) = registry::resolve::<Datasets>(things, &selector)?;
            let row = dataset.version(number).cloned();
            Ok(DatasetVersion::of(store, dataset, row))
        })
    }

    /// Which runs took in a version, in the order of their creation. Errors: those of [`Tracker::dataset_version`].
    pub fn dataset_users(&self, selector: &str) -> Result<Vec<DatasetUse>> {
        self.dataset_version(selector)?.users()
    }

    /// Brings the dataset back that had this name last and is deleted. Errors: `NOT_FOUND`, `CONFLICT` when the name is
    /// taken.
    pub fn restore_dataset(&self, name: &str) -> Result<Option<Lsn>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        let find = |things: &_| Ok(registry::find_deleted::<Datasets>(things, name)?.id);
        let id = store.with_things(|things, _| find(things))?;
        registry::restore::<Datasets>(store, id)
    }

    /// What a run took in of datasets, in the order of the log.
    pub fn datasets_of_run(&self, run: RunKey) -> Result<Vec<DatasetUse>> {
        let Some(store) = self.store() else {
            return Ok(Vec::new());
        };
        store.with_things(|things, _| Ok(things.uses_of_run(run).datasets.to_vec()))
    }
}

impl NewDataset {
    /// What it is.
    pub fn description(mut self, text: impl Into<String>) -> NewDataset {
        self.new.description = text.into();
        self
    }

    /// A tag; a plain one has an empty value.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> NewDataset {
        self.new.tags.push((key.into(), value.into()));
        self
    }

    /// Makes it. Errors: `CONFLICT` when there is one of this name, `VALIDATION_ERROR`.
    pub fn create(self) -> Result<Dataset> {
        self.make(false)
    }

    /// Makes it, or takes the one there is, as it is.
    pub fn get_or_create(self) -> Result<Dataset> {
        self.make(true)
    }

    fn make(self, may_exist: bool) -> Result<Dataset> {
        let Some(store) = &self.store else {
            return Ok(Dataset::disabled());
        };
        let (id, _) = registry::create::<Datasets>(store, &self.new, may_exist)?;
        Ok(Dataset::of(store, id))
    }
}

impl Dataset {
    pub(crate) fn of(store: &Arc<Store>, id: DatasetId) -> Dataset {
        let store = Some(Arc::clone(store));
        Dataset { store, id }
    }

    fn disabled() -> Dataset {
        let id = DatasetId::from_bytes([0; 16]);
        Dataset { store: None, id }
    }

    /// Its id; all zeros when the tracker is disabled.
    #[must_use]
    pub fn id(&self) -> DatasetId {
        self.id
    }

    /// Everything that is known of it now; `None` when the tracker is disabled.
    pub fn summary(&self) -> Result<Option<Folded>> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        store.with_things(|things, _| {
            Ok(Some(registry::known::<Datasets>(things, self.id)?.clone()))
        })
    }

    /// A version to be added. Nothing happens before [`add`](NewDatasetVersion::add).
    pub fn version(&self) -> NewDatasetVersion {
        NewDatasetVersion::new(self.store.clone(), self.id)
    }

    /// The newest version that is not removed. Errors: `NOT_FOUND` when there is none.
    pub fn latest(&self) -> Result<DatasetVersion> {
        self.pick(Pick::Latest)
    }

    /// The version that a selector means, without the name: `latest`, `v3`, `1.2.0`, `^1.2`, a tag, a digest.
    pub fn select(&self, selector: &str) -> Result<DatasetVersion> {
        self.pick(selector.parse()?)
    }

    fn pick(&self, pick: Pick) -> Result<DatasetVersion> {
        let Some(store) = &self.store else {
            return Ok(DatasetVersion::disabled());
        };
        let name = self.id.to_string();
        let selector = Selector { name, pick };
        store.with_things(|things, _| {
            let (dataset, number) = registry::resolve::<Datasets>(things, &selector)?;
            Ok(DatasetVersion::of(
                store,
                dataset,
                dataset.version(number).cloned(),
            ))
        })
    }

    /// Renames it. Errors: `CONFLICT` when another has the name.
    pub fn rename(&self, name: &str) -> Result<Option<Lsn>> {
        let name = Some(name.to_owned());
        self.change(&Edit {
            name,
            ..Edit::default()
        })
    }

    /// Says what it is; an empty text takes that away.
    pub fn describe(&self, text: &str) -> Result<Option<Lsn>> {
        let description = Some(text.to_owned());
        self.change(&Edit {
            description,
            ..Edit::default()
        })
    }

    /// Sets tags, then removes some. A plain tag has an empty value.
    pub fn tag(&self, set: &[(String, String)], remove: &[String]) -> Result<Option<Lsn>> {
        self.change(&Edit {
            set: set.to_vec(),
            remove: remove.to_vec(),
            ..Edit::default()
        })
    }

    /// Makes several changes in one record. Errors: those of the single ones, `VALIDATION_ERROR` for none.
    pub fn change(&self, edit: &Edit) -> Result<Option<Lsn>> {
        match &self.store {
            Some(store) => registry::edit::<Datasets>(store, self.id, edit),
            None => Ok(None),
        }
    }

    /// Brings a removed version back. Errors: `NOT_FOUND`, `INVALID_STATE` when it is not removed.
    pub fn restore_version(&self, number: u64) -> Result<Option<Lsn>> {
        match &self.store {
            Some(store) => registry::set_removed::<Datasets>(store, self.id, number, false),
            None => Ok(None),
        }
    }

    /// Deletes it: it is hidden, its name is free, and [`Tracker::restore_dataset`] or an undo brings it back. The lsn is
    /// that of the record.
    pub fn delete(&self) -> Result<Option<Lsn>> {
        match &self.store {
            Some(store) => registry::delete::<Datasets>(store, self.id),
            None => Ok(None),
        }
    }
}

impl std::fmt::Debug for Dataset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Dataset").field(&self.id).finish()
    }
}

impl std::fmt::Debug for NewDataset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NewDataset").field(&self.new).finish()
    }
}
