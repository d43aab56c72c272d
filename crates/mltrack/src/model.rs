//! A handle to a model, and how one is found, made, listed and deleted.
//!
//! Invariant: a handle holds an id, so it stays the same model when that is renamed.

use std::sync::Arc;

use mltrack_event::{ModelAliasSet, ModelId, NameKind, RunKey, StreamId};
use mltrack_log::Lsn;
use mltrack_projector_lineage::{Model as Folded, ModelUse};

use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::model_add::NewModelVersion;
use crate::model_kind::Models;
use crate::model_version::ModelVersion;
use crate::moment::Moment;
use crate::registry::{self, Edit, New};
use crate::selector::{Pick, Selector, check_word};
use crate::store::Store;
use crate::tracker::Tracker;

/// A model of the registry: a name under which trained versions are kept, with aliases such as `prod`.
///
/// ```
/// # fn main() -> Result<(), mltrack::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let tracker = mltrack::Tracker::open(folder.path())?;
/// let run = tracker.experiment("resnet")?.start_run()?;
/// let model = tracker.model("resnet")?;
/// let version = model.version().source("s3://models/resnet.pt").run(&run).flavour("pytorch").add()?;
/// model.set_alias("prod", version.number)?;
/// version.move_to("Production")?;
/// run.finish()?;
/// let found = tracker.model_version("resnet@prod")?;
/// assert_eq!((found.number, found.run), (1, Some(run.id().key())));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Model {
    pub(crate) store: Option<Arc<Store>>,
    pub(crate) id: ModelId,
}

/// A model to be made; see [`Tracker::new_model`].
#[must_use = "nothing is made before `create` or `get_or_create`"]
pub struct NewModel {
    store: Option<Arc<Store>>,
    new: New,
}

impl Tracker {
    /// The model of this name, made when there is none. Of any number of processes that do this at once, one makes it
    /// and all get it. Errors: `VALIDATION_ERROR` for a name that is no name.
    pub fn model(&self, name: &str) -> Result<Model> {
        self.new_model(name).get_or_create()
    }

    /// A model with a description or tags. Nothing happens before [`create`](NewModel::create) or
    /// [`get_or_create`](NewModel::get_or_create).
    pub fn new_model(&self, name: &str) -> NewModel {
        NewModel {
            store: self.store().cloned(),
            new: New {
                name: name.to_owned(),
                ..New::default()
            },
        }
    }

    /// The model of this name or id, which must exist. Errors: `NOT_FOUND`.
    pub fn find_model(&self, name: &str) -> Result<Model> {
        let Some(store) = self.store() else {
            return Ok(Model::disabled());
        };
        let id = store.with_things(|things, _| Ok(registry::find::<Models>(things, name)?.id))?;
        Ok(Model::of(store, id))
    }

    /// Every model, in the order of their creation, deleted ones included; with `at` as they were after that record.
    pub fn models(&self, at: Option<Lsn>) -> Result<Vec<Folded>> {
        let Some(store) = self.store() else {
            return Ok(Vec::new());
        };
        let moment = at.map_or(Moment::Now, Moment::Lsn);
        store.things_at(moment, |things, _| Ok(things.models().cloned().collect()))
    }

    /// The version that `resnet`, `resnet@v7`, `@1.2.0`, `@^1.2`, `@latest`, an alias, a stage or a tag means now.
    ///
    /// Errors: `NOT_FOUND`, `VALIDATION_ERROR` for a selector that is none.
    pub fn model_version(&self, selector: &str) -> Result<ModelVersion> {
        let Some(store) = self.store() else {
            return Ok(ModelVersion::disabled());
        };
        let selector: Selector = selector.parse()?;
        store.with_things(|things, _| {
            let (model, number) = registry::resolve::<Models>(things, &selector)?;
            let row = model.version(number).cloned();
            Ok(ModelVersion::of(store, model, row))
        })
    }

    /// Which runs took in a version, in the order of their creation. Errors: those of [`Tracker::model_version`].
    pub fn model_users(&self, selector: &str) -> Result<Vec<ModelUse>> {
        self.model_version(selector)?.users()
    }

    /// Brings the model back that had this name last and is deleted. Errors: `NOT_FOUND`, `CONFLICT` when the name is
    /// taken.
    pub fn restore_model(&self, name: &str) -> Result<Option<Lsn>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        let find = |things: &_| Ok(registry::find_deleted::<Models>(things, name)?.id);
        let id = store.with_things(|things, _| find(things))?;
        registry::restore::<Models>(store, id)
    }

    /// What a run took in of models, in the order of the log.
    pub fn models_of_run(&self, run: RunKey) -> Result<Vec<ModelUse>> {
        let Some(store) = self.store() else {
            return Ok(Vec::new());
        };
        store.with_things(|things, _| Ok(things.uses_of_run(run).models.to_vec()))
    }
}

impl NewModel {
    /// What it is.
    pub fn description(mut self, text: impl Into<String>) -> NewModel {
        self.new.description = text.into();
        self
    }

    /// A tag; a plain one has an empty value.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> NewModel {
        self.new.tags.push((key.into(), value.into()));
        self
    }

    /// Makes it. Errors: `CONFLICT` when there is one of this name, `VALIDATION_ERROR`.
    pub fn create(self) -> Result<Model> {
        self.make(false)
    }

    /// Makes it, or takes the one there is, as it is.
    pub fn get_or_create(self) -> Result<Model> {
        self.make(true)
    }

    fn make(self, may_exist: bool) -> Result<Model> {
        let Some(store) = &self.store else {
            return Ok(Model::disabled());
        };
        let (id, _) = registry::create::<Models>(store, &self.new, may_exist)?;
        Ok(Model::of(store, id))
    }
}

impl Model {
    pub(crate) fn of(store: &Arc<Store>, id: ModelId) -> Model {
        let store = Some(Arc::clone(store));
        Model { store, id }
    }

    fn disabled() -> Model {
        let id = ModelId::from_bytes([0; 16]);
        Model { store: None, id }
    }

    /// Its id; all zeros when the tracker is disabled.
    #[must_use]
    pub fn id(&self) -> ModelId {
        self.id
    }

    /// Everything that is known of it now; `None` when the tracker is disabled.
    pub fn summary(&self) -> Result<Option<Folded>> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        store.with_things(|things, _| Ok(Some(registry::known::<Models>(things, self.id)?.clone())))
    }

    /// A version to be added. Nothing happens before [`add`](NewModelVersion::add).
    pub fn version(&self) -> NewModelVersion {
        NewModelVersion::new(self.store.clone(), self.id)
    }

    /// The newest version that is not removed. Errors: `NOT_FOUND` when there is none.
    pub fn latest(&self) -> Result<ModelVersion> {
        self.pick(Pick::Latest)
    }

    /// The version that a selector means, without the name: `latest`, `v7`, `1.2.0`, `^1.2`, an alias, a stage, a tag.
    pub fn select(&self, selector: &str) -> Result<ModelVersion> {
        self.pick(selector.parse()?)
    }

    fn pick(&self, pick: Pick) -> Result<ModelVersion> {
        let Some(store) = &self.store else {
            return Ok(ModelVersion::disabled());
        };
        let name = self.id.to_string();
        let selector = Selector { name, pick };
        store.with_things(|things, _| {
            let (model, number) = registry::resolve::<Models>(things, &selector)?;
            Ok(ModelVersion::of(
                store,
                model,
                model.version(number).cloned(),
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
            Some(store) => registry::edit::<Models>(store, self.id, edit),
            None => Ok(None),
        }
    }

    /// Lets an alias name a version, whatever it named before. An alias goes before a stage or a tag of the same word.
    ///
    /// Errors: `VALIDATION_ERROR` for a word that a selector reads as something else, `NOT_FOUND` for the version,
    /// `INVALID_STATE` for one that is removed.
    pub fn set_alias(&self, alias: &str, number: u64) -> Result<Option<Lsn>> {
        NameKind::Alias.check(alias)?;
        check_word(alias)?;
        self.alias(alias, Some(number))
    }

    /// Takes an alias away. Errors: `NOT_FOUND`.
    pub fn remove_alias(&self, alias: &str) -> Result<Option<Lsn>> {
        self.alias(alias, None)
    }

    fn alias(&self, alias: &str, number: Option<u64>) -> Result<Option<Lsn>> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let ((), lsn) = store.decide_things(|things, _| {
            let model = registry::live::<Models>(things, self.id)?;
            match (number, model.aliases.get(alias)) {
                (Some(new), Some(old)) if new == *old => return Ok(Decision::Already(())),
                (Some(number), _) => registry::live_version::<Models>(model, number)?,
                (None, Some(_)) => {}
                (None, None) => {
                    let what = format!("model {} has no alias {alias:?}", model.name);
                    return Err(Error::new(Code::NotFound, what)
                        .with_hint(format!("mltrack model show {}", model.name)));
                }
            }
            let (actor, command) = store.by();
            let event = ModelAliasSet {
                model: self.id,
                alias: alias.to_owned(),
                number,
                actor,
                command,
            };
            let plan = Plan::on(StreamId::model(self.id), vec![event.into()]);
            Ok(Decision::Append(plan, ()))
        })?;
        Ok(lsn)
    }

    /// Brings a removed version back. Errors: `NOT_FOUND`, `INVALID_STATE` when it is not removed.
    pub fn restore_version(&self, number: u64) -> Result<Option<Lsn>> {
        match &self.store {
            Some(store) => registry::set_removed::<Models>(store, self.id, number, false),
            None => Ok(None),
        }
    }

    /// Deletes it: it is hidden, its name is free, and [`Tracker::restore_model`] or an undo brings it back. The lsn is
    /// that of the record.
    pub fn delete(&self) -> Result<Option<Lsn>> {
        match &self.store {
            Some(store) => registry::delete::<Models>(store, self.id),
            None => Ok(None),
        }
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Model").field(&self.id).finish()
    }
}

impl std::fmt::Debug for NewModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NewModel").field(&self.new).finish()
    }
}
