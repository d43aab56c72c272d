//! A version of a dataset: what is known of it, who took it in, and what may still be said of it.
//!
//! Invariant: its content never changes; only its tags, its semantic version and whether it is removed do.

use std::ops::Deref;
use std::sync::Arc;

use mltrack_event::{DatasetId, DatasetVersionEdited, StreamId};
use mltrack_log::Lsn;
use mltrack_projector_lineage::{Dataset as FoldedDataset, DatasetUse, DatasetVersion as Folded};

use crate::code::Code;
use crate::dataset_kind::Datasets;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::registry::{self, VersionEdit, check_keys};
use crate::selector::check_word;
use crate::semantic::SemanticVersion;
use crate::store::Store;

/// A version of a dataset; its fields, such as `number` and `digest`, are those of [`DatasetVersionSummary`].
///
/// [`DatasetVersionSummary`]: crate::DatasetVersionSummary
#[derive(Clone)]
pub struct DatasetVersion {
    pub(crate) store: Option<Arc<Store>>,
    pub(crate) dataset: DatasetId,
    name: String,
    row: Folded,
    is_new: bool,
}

impl Deref for DatasetVersion {
    type Target = Folded;

    fn deref(&self) -> &Folded {
        &self.row
    }
}

/// A version that no store holds.
fn nothing() -> Folded {
    Folded {
        number: 0,
        version: None,
        digest: String::new(),
        source: String::new(),
        content: None,
        len: None,
        rows: None,
        schema: String::new(),
        profile: String::new(),
        parents: Vec::new(),
        transformation: None,
        run: None,
        sampling: String::new(),
        tags: std::collections::BTreeMap::new(),
        actor: String::new(),
        lsn: Lsn::FIRST,
        time_ns: 0,
        removed: None,
    }
}

impl DatasetVersion {
    pub(crate) fn of(
        store: &Arc<Store>,
        dataset: &FoldedDataset,
        row: Option<Folded>,
    ) -> DatasetVersion {
        DatasetVersion {
            store: Some(Arc::clone(store)),
            dataset: dataset.id,
            name: dataset.name.clone(),
            row: row.unwrap_or_else(nothing),
            is_new: false,
        }
    }

    pub(crate) fn disabled() -> DatasetVersion {
        DatasetVersion {
            store: None,
            dataset: DatasetId::from_bytes([0; 16]),
            name: String::new(),
            row: nothing(),
            is_new: false,
        }
    }

    pub(crate) fn marked_new(mut self, is_new: bool) -> DatasetVersion {
        self.is_new = is_new;
        self
    }

    /// The dataset it belongs to.
    #[must_use]
    pub fn dataset_id(&self) -> DatasetId {
        self.dataset
    }

    /// The name of its dataset when this was asked.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether [`add`](crate::NewDatasetVersion::add) made it: false when there was one of this content already.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// `imagenet@v3`: what names exactly this version.
    #[must_use]
    pub fn selector(&self) -> String {
        format!("{}@v{}", self.name, self.row.number)
    }

    /// Which runs took it in, in the order of their creation.
    pub fn users(&self) -> Result<Vec<DatasetUse>> {
        let Some(store) = &self.store else {
            return Ok(Vec::new());
        };
        store.with_things(|things, _| {
            let users = things.users_of_dataset(self.dataset, self.row.number);
            Ok(users.cloned().collect())
        })
    }

    /// Sets tags, then removes some. The key of a tag picks the version: `imagenet@gold`.
    ///
    /// Errors: `VALIDATION_ERROR` for a key that a selector reads as something else, `INVALID_STATE` for a version that is
    /// removed or of a dataset that is deleted.
    pub fn tag(&self, set: &[(String, String)], remove: &[String]) -> Result<Option<Lsn>> {
        check_keys(set)?;
        set.iter().try_for_each(|(key, _)| check_word(key))?;
        if set.is_empty() && remove.is_empty() {
            return Err(Error::validation("the edit changes nothing"));
        }
        self.edit(None, set, remove)
    }

    /// Gives it a semantic version, or takes it away. Errors: `CONFLICT` when another version has it.
    pub fn set_version(&self, version: Option<&SemanticVersion>) -> Result<Option<Lsn>> {
        let version = version.map(ToString::to_string).unwrap_or_default();
        self.edit(Some(&version), &[], &[])
    }

    /// Makes several changes in one record. Errors: those of the single ones, `VALIDATION_ERROR` for a description.
    pub fn change(&self, edit: &VersionEdit) -> Result<Option<Lsn>> {
        edit.check()?;
        if edit.description.is_some() {
            return Err(Error::validation(
                "a version of a dataset has no description",
            ));
        }
        self.edit(edit.version.as_deref(), &edit.set, &edit.remove)
    }

    fn edit(
        &self,
        version: Option<&str>,
        set: &[(String, String)],
        remove: &[String],
    ) -> Result<Option<Lsn>> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let ((), lsn) = store.decide_things(|things, _| {
            let dataset = registry::live::<Datasets>(things, self.dataset)?;
            let number = self.row.number;
            registry::live_version::<Datasets>(dataset, number)?;
            if let Some(version) = version {
                check_free(dataset, version, number)?;
            }
            let (actor, command) = store.by();
            let event = DatasetVersionEdited {
                dataset: self.dataset,
                number,
                version: version.map(str::to_owned),
                set: set.to_vec(),
                remove: remove.to_vec(),
                actor,
                command,
            };
            let plan = Plan::on(StreamId::dataset(self.dataset), vec![event.into()]);
            Ok(Decision::Append(plan, ()))
        })?;
        Ok(lsn)
    }

    /// Removes it: selectors pass it by, and [`restore`](DatasetVersion::restore) or an undo brings it back.
    pub fn remove(&self) -> Result<Option<Lsn>> {
        self.set_removed(true)
    }

    /// Brings it back.
    pub fn restore(&self) -> Result<Option<Lsn>> {
        self.set_removed(false)
    }

    fn set_removed(&self, is_removed: bool) -> Result<Option<Lsn>> {
        match &self.store {
            Some(store) => {
                registry::set_removed::<Datasets>(store, self.dataset, self.row.number, is_removed)
            }
            None => Ok(None),
        }
    }
}

/// Of the versions that are not removed, one at most has a semantic version.
pub(crate) fn check_free(dataset: &FoldedDataset, version: &str, number: u64) -> Result<()> {
    let mut others = dataset.versions.iter();
    let holder = others.find(|row| {
        row.number != number && row.removed.is_none() && row.version.as_deref() == Some(version)
    });
    match holder {
        Some(holder) if !version.is_empty() => {
            let what = format!(
                "dataset {} v{} is {version} already",
                dataset.name, holder.number
            );
            Err(Error::new(Code::Conflict, what).with_hint("pass another version, or bump it"))
        }
        _ => Ok(()),
    }
}

impl std::fmt::Debug for DatasetVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "DatasetVersion({}, {})",
            self.selector(),
            self.row.digest
        )
    }
}
