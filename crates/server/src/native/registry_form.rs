//! Datasets and models as JSON.

use std::collections::BTreeMap;

use mltrack::{
    DatasetSummary, DatasetUse, DatasetVersionSummary, ModelSummary, ModelUse, ModelVersionSummary,
    RunKey, WallTime,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::moment::time_text;

/// A dataset with its versions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dataset)]
pub struct DatasetForm {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it was created.
    #[schema(format = DateTime)]
    pub created: String,
    /// Who created it.
    pub actor: String,
    /// Whether it is deleted.
    pub deleted: bool,
    /// Its versions, oldest first.
    pub versions: Vec<DatasetVersionForm>,
}

/// A version of a dataset that another was derived from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DatasetParent)]
pub struct ParentForm {
    /// The id of the dataset.
    pub dataset: String,
    /// The number of the version.
    pub number: u64,
}

/// A version of a dataset.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DatasetVersion)]
pub struct DatasetVersionForm {
    /// Its number, from 1.
    pub number: u64,
    /// Its semantic version.
    pub version: Option<String>,
    /// What tells its content from others.
    pub digest: String,
    /// Where it comes from.
    pub source: String,
    /// How many bytes it has.
    pub bytes: Option<u64>,
    /// How many rows.
    pub rows: Option<u64>,
    /// Its schema.
    pub schema: Option<Value>,
    /// What its columns hold.
    pub profile: Option<Value>,
    /// What it was derived from.
    pub parents: Vec<ParentForm>,
    /// How it was derived.
    pub transformation: Option<String>,
    /// The run that made it, by its short id.
    pub run: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Who added it.
    pub actor: String,
    /// The record that added it.
    pub lsn: u64,
    /// When.
    #[schema(format = DateTime)]
    pub time: String,
    /// Whether it is removed.
    pub removed: bool,
}

/// A model with its versions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Model)]
pub struct ModelForm {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it was created.
    #[schema(format = DateTime)]
    pub created: String,
    /// Who created it.
    pub actor: String,
    /// Whether it is deleted.
    pub deleted: bool,
    /// Names of versions, such as `champion`.
    pub aliases: BTreeMap<String, u64>,
    /// Its versions, oldest first.
    pub versions: Vec<ModelVersionForm>,
}

/// A version of a model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelVersion)]
pub struct ModelVersionForm {
    /// Its number, from 1.
    pub number: u64,
    /// Its semantic version.
    pub version: Option<String>,
    /// What it is.
    pub description: String,
    /// The stage it is in.
    pub stage: String,
    /// The moves from stage to stage, oldest first.
    pub moves: Vec<StageMoveForm>,
    /// What it was made with.
    pub flavour: String,
    /// Where it comes from.
    pub source: String,
    /// What goes in and out.
    pub signature: Option<Value>,
    /// Its metadata.
    pub metadata: Option<Value>,
    /// Its files, by the ids of artifacts.
    pub artifacts: Vec<String>,
    /// The run that made it, by its short id.
    pub run: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Who added it.
    pub actor: String,
    /// The record that added it.
    pub lsn: u64,
    /// When.
    #[schema(format = DateTime)]
    pub time: String,
    /// Whether it is removed.
    pub removed: bool,
}

/// A version of a model went from one stage to another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StageMove)]
pub struct StageMoveForm {
    /// The stage before.
    pub from: String,
    /// The stage behind.
    pub to: String,
    /// Who moved it.
    pub actor: String,
    /// The record that says so.
    pub lsn: u64,
    /// When.
    #[schema(format = DateTime)]
    pub time: String,
}

/// A dataset or a model, and who took it in.
#[derive(Debug, Serialize, ToSchema)]
pub struct WithUses<T> {
    /// What it is.
    pub item: T,
    /// The number of the version that was named; null when none was.
    pub picked: Option<u64>,
    /// The runs that took it in.
    pub uses: Vec<UseForm>,
    /// The last record that the answer takes into account.
    pub lsn: u64,
}

/// A run took in a version of a dataset or a model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Use)]
pub struct UseForm {
    /// The run, by its short id.
    pub run: String,
    /// The name of what it took in, at that time.
    pub name: String,
    /// The version's number.
    pub number: u64,
    /// What the run does with it: `train`, `test`, ..; null for a model.
    pub split: Option<String>,
    /// What was asked for.
    pub selector: String,
    /// The record that says so.
    pub lsn: u64,
    /// When.
    #[schema(format = DateTime)]
    pub time: String,
}

/// A JSON text as what it is; null when it is empty.
fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

fn time(time_ns: i64) -> String {
    time_text(WallTime(time_ns))
}

impl DatasetForm {
    pub fn new(known: DatasetSummary) -> DatasetForm {
        let versions = known.versions.into_iter().map(DatasetVersionForm::from);
        DatasetForm {
            versions: versions.collect(),
            id: known.id.to_string(),
            name: known.name,
            description: known.description,
            tags: known.tags,
            created: time(known.created.time_ns),
            actor: known.actor,
            deleted: known.deleted.is_some(),
        }
    }
}

impl From<DatasetVersionSummary> for DatasetVersionForm {
    fn from(version: DatasetVersionSummary) -> DatasetVersionForm {
        let parents = version.parents.iter().map(|(id, number)| ParentForm {
            dataset: id.to_string(),
            number: *number,
        });
        DatasetVersionForm {
            number: version.number,
            version: version.version,
            digest: version.digest,
            source: version.source,
            bytes: version.len,
            rows: version.rows,
            schema: parsed(&version.schema),
            profile: parsed(&version.profile),
            parents: parents.collect(),
            transformation: version.transformation,
            run: version.run.map(RunKey::short),
            tags: version.tags,
            actor: version.actor,
            lsn: version.lsn.get(),
            time: time(version.time_ns),
            removed: version.removed.is_some(),
        }
    }
}

impl ModelForm {
    pub fn new(known: ModelSummary) -> ModelForm {
        let versions = known.versions.into_iter().map(ModelVersionForm::from);
        ModelForm {
            versions: versions.collect(),
            id: known.id.to_string(),
            name: known.name,
            description: known.description,
            tags: known.tags,
            created: time(known.created.time_ns),
            actor: known.actor,
            deleted: known.deleted.is_some(),
            aliases: known.aliases,
        }
    }
}

impl From<ModelVersionSummary> for ModelVersionForm {
    fn from(version: ModelVersionSummary) -> ModelVersionForm {
        let moves = version
            .stage_history
            .into_iter()
            .map(|moved| StageMoveForm {
                from: moved.from,
                to: moved.to,
                actor: moved.actor,
                lsn: moved.lsn.get(),
                time: time(moved.time_ns),
            });
        ModelVersionForm {
            moves: moves.collect(),
            number: version.number,
            version: version.version,
            description: version.description,
            stage: version.stage,
            flavour: version.flavour,
            source: version.source,
            signature: parsed(&version.signature),
            metadata: parsed(&version.metadata),
            artifacts: version.artifacts.iter().map(ToString::to_string).collect(),
            run: version.run.map(RunKey::short),
            tags: version.tags,
            actor: version.actor,
            lsn: version.lsn.get(),
            time: time(version.time_ns),
            removed: version.removed.is_some(),
        }
    }
}

impl UseForm {
    pub fn of_dataset(known: DatasetUse) -> UseForm {
        UseForm {
            run: known.run.short(),
            name: known.name,
            number: known.number,
            split: Some(known.split.name().to_owned()),
            selector: known.selector,
            lsn: known.lsn.get(),
            time: time(known.time_ns),
        }
    }

    pub fn of_model(known: ModelUse) -> UseForm {
        UseForm {
            run: known.run.short(),
            name: known.name,
            number: known.number,
            split: None,
            selector: known.selector,
            lsn: known.lsn.get(),
            time: time(known.time_ns),
        }
    }
}
