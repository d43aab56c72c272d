//! A version of a model: what is known of it, who took it in, its stage, and what may still be said of it.
//!
//! Invariant: its content never changes; only its tags, its stage, its description, its semantic version and
//! whether it is removed do.

use std::ops::Deref;
use std::sync::Arc;

use mltrack_event::{Event, ModelId, ModelStageMoved, ModelVersionEdited, StreamId};
use mltrack_log::Lsn;
use mltrack_projector_lineage::{Model as FoldedModel, ModelUse, ModelVersion as Folded};

use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::model_kind::Models;
use crate::registry::{self, VersionEdit, check_keys};
use crate::selector::check_word;
use crate::semantic::SemanticVersion;
use crate::store::Store;

/// A version of a model; its fields, such as `number` and `stage`, are those of [`ModelVersionSummary`].
///
/// [`ModelVersionSummary`]: crate::ModelVersionSummary
#[derive(Clone)]
pub struct ModelVersion {
    pub(crate) store: Option<Arc<Store>>,
    pub(crate) model: ModelId,
    name: String,
    row: Folded,
}

impl Deref for ModelVersion {
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
        run: None,
        artifacts: Vec::new(),
        content: None,
        flavour: String::new(),
        source: String::new(),
        signature: String::new(),
        metadata: String::new(),
        description: String::new(),
        tags: std::collections::BTreeMap::new(),
        stage: Stage::None.name().to_owned(),
        stage_history: Vec::new(),
        actor: String::new(),
        lsn: Lsn::FIRST,
        time_ns: 0,
        updated_ns: 0,
        removed: None,
    }
}

impl ModelVersion {
    pub(crate) fn of(store: &Arc<Store>, model: &FoldedModel, row: Option<Folded>) -> ModelVersion {
        ModelVersion {
            store: Some(Arc::clone(store)),
            model: model.id,
            name: model.name.clone(),
            row: row.unwrap_or_else(nothing),
        }
    }

    pub(crate) fn disabled() -> ModelVersion {
        ModelVersion {
            store: None,
            model: ModelId::from_bytes([0; 16]),
            name: String::new(),
            row: nothing(),
        }
    }

    /// The model it belongs to.
    #[must_use]
    pub fn model_id(&self) -> ModelId {
        self.model
    }

    /// The name of its model when this was asked.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `resnet@v7`: what names exactly this version.
    #[must_use]
    pub fn selector(&self) -> String {
        format!("{}@v{}", self.name, self.row.number)
    }

    /// Which runs took it in, in the order of their creation.
    pub fn users(&self) -> Result<Vec<ModelUse>> {
        let Some(store) = &self.store else {
            return Ok(Vec::new());
        };
        store.with_things(|things, _| {
            let uses = things
                .runs()
                .flat_map(|run| things.uses_of_run(run.key()).models);
            let is_it =
                |used: &&ModelUse| used.model == self.model && used.number == self.row.number;
            Ok(uses.filter(is_it).cloned().collect())
        })
    }

    /// Sets tags, then removes some. The key of a tag picks the version: `resnet@gold`.
    ///
    /// Errors: `VALIDATION_ERROR` for a key that a selector reads as something else, `INVALID_STATE` for a version that is
    /// removed or of a model that is deleted.
    pub fn tag(&self, set: &[(String, String)], remove: &[String]) -> Result<Option<Lsn>> {
        check_keys(set)?;
        set.iter().try_for_each(|(key, _)| check_word(key))?;
        self.note(set, remove)
    }

    /// The same with any key: one that a selector reads as something else, such as `latest` or `a:b`, picks nothing.
    pub fn note(&self, set: &[(String, String)], remove: &[String]) -> Result<Option<Lsn>> {
        check_keys(set)?;
        if set.is_empty() && remove.is_empty() {
            return Err(Error::validation("the edit changes nothing"));
        }
        self.edit((None, None), set, remove)
    }

    /// Gives it a semantic version, or takes it away. Errors: `CONFLICT` when another version has it.
    pub fn set_version(&self, version: Option<&SemanticVersion>) -> Result<Option<Lsn>> {
        let version = version.map(ToString::to_string).unwrap_or_default();
        self.edit((None, Some(&version)), &[], &[])
    }

    /// Says what it is; an empty text takes that away.
    pub fn describe(&self, text: &str) -> Result<Option<Lsn>> {
        self.edit((Some(text), None), &[], &[])
    }

    /// Makes several changes in one record. Errors: those of the single ones.
    pub fn change(&self, edit: &VersionEdit) -> Result<Option<Lsn>> {
        edit.check()?;
        let (description, version) = (edit.description.as_deref(), edit.version.as_deref());
        self.edit((description, version), &edit.set, &edit.remove)
    }

    /// Moves it to a stage: `None`, `Staging`, `Production` or `Archived`, in any case of letters. Nothing happens when it
    /// is there already. Errors: `VALIDATION_ERROR` for another word, `INVALID_STATE` for a version that is removed.
    pub fn move_to(&self, stage: &str) -> Result<Option<Lsn>> {
        self.move_with(stage, false)
    }

    /// The same, and every other version that is in this stage is archived, in one step.
    pub fn move_alone_to(&self, stage: &str) -> Result<Option<Lsn>> {
        self.move_with(stage, true)
    }

    fn move_with(&self, stage: &str, is_alone: bool) -> Result<Option<Lsn>> {
        let stage: Stage = stage.parse()?;
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let ((), lsn) = store.decide_things(|things, _| {
            let model = registry::live::<Models>(things, self.model)?;
            registry::live_version::<Models>(model, self.row.number)?;
            let others = model.versions.iter().filter(|row| {
                let is_in_the_way = row.removed.is_none() && row.stage == stage.name();
                is_alone && is_in_the_way && row.number != self.row.number
            });
            let archived = others.map(|row| (row, Stage::Archived));
            let own = model.version(self.row.number).map(|row| (row, stage));
            let moves = archived.chain(own);
            let moves = moves.filter(|(row, to)| row.stage != to.name());
            let events: Vec<Event> = moves.map(|(row, to)| self.moved(store, row, to)).collect();
            if events.is_empty() {
                return Ok(Decision::Already(()));
            }
            let plan = Plan::on(StreamId::model(self.model), events);
            Ok(Decision::Append(plan, ()))
        })?;
        Ok(lsn)
    }

    fn moved(&self, store: &Store, row: &Folded, to: Stage) -> Event {
        let (actor, command) = store.by();
        ModelStageMoved {
            model: self.model,
            number: row.number,
            from: row.stage.clone(),
            to: to.name().to_owned(),
            actor,
            command,
        }
        .into()
    }

    fn edit(
        &self,
        (description, version): (Option<&str>, Option<&str>),
        set: &[(String, String)],
        remove: &[String],
    ) -> Result<Option<Lsn>> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let ((), lsn) = store.decide_things(|things, _| {
            let model = registry::live::<Models>(things, self.model)?;
            let number = self.row.number;
            registry::live_version::<Models>(model, number)?;
            if let Some(version) = version {
                check_free(model, version, number)?;
            }
            let (actor, command) = store.by();
            let event = ModelVersionEdited {
                model: self.model,
                number,
                description: description.map(str::to_owned),
                version: version.map(str::to_owned),
                set: set.to_vec(),
                remove: remove.to_vec(),
                actor,
                command,
            };
            let plan = Plan::on(StreamId::model(self.model), vec![event.into()]);
            Ok(Decision::Append(plan, ()))
        })?;
        Ok(lsn)
    }

    /// Removes it: selectors pass it by, and [`restore`](ModelVersion::restore) or an undo brings it back.
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
                registry::set_removed::<Models>(store, self.model, self.row.number, is_removed)
            }
            None => Ok(None),
        }
    }
}

/// The stages that a version can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    None,
    Staging,
    Production,
    Archived,
}

impl Stage {
    pub const ALL: [Stage; 4] = [
        Stage::None,
        Stage::Staging,
        Stage::Production,
        Stage::Archived,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Stage::None => "None",
            Stage::Staging => "Staging",
            Stage::Production => "Production",
            Stage::Archived => "Archived",
        }
    }
}

impl std::str::FromStr for Stage {
    type Err = Error;

    fn from_str(text: &str) -> Result<Stage> {
        let mut all = Stage::ALL.into_iter();
        all.find(|stage| stage.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                Error::validation(format!("{text:?} is no stage"))
                    .with_hint("None, Staging, Production or Archived")
            })
    }
}

/// Of the versions that are not removed, one at most has a semantic version.
pub(crate) fn check_free(model: &FoldedModel, version: &str, number: u64) -> Result<()> {
    let mut others = model.versions.iter();
    let holder = others.find(|row| {
        row.number != number && row.removed.is_none() && row.version.as_deref() == Some(version)
    });
    match holder {
        Some(holder) if !version.is_empty() => {
            let what = format!(
                "model {} v{} is {version} already",
                model.name, holder.number
            );
            Err(Error::new(Code::Conflict, what).with_hint("pass another version, or bump it"))
        }
        _ => Ok(()),
    }
}

impl std::fmt::Debug for ModelVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ModelVersion({}, {})", self.selector(), self.row.stage)
    }
}
