//! The tables and their columns. They may only grow: a column is never renamed and never means something else.

use crate::table::Kind::{Bool, Int, Real, Text, Time, Whole};
use crate::table::Schema;

/// The version of the tables, which every file names.
pub const SCHEMA_VERSION: u32 = 1;

/// Points as one table, with what they belong to in every row: what a Parquet file of points holds.
pub const CURVES: Schema = Schema {
    name: "points",
    columns: &[
        ("run", Text),
        ("experiment", Text),
        ("metric", Text),
        ("context", Text),
        ("step", Int),
        ("time", Time),
        ("value", Real),
    ],
    key: "",
};

/// Experiments.
pub const EXPERIMENTS: Schema = Schema {
    name: "experiments",
    columns: &[
        ("id", Int),
        ("name", Text),
        ("state", Text),
        ("description", Text),
        ("hypothesis", Text),
        ("owner", Text),
        ("collaborators", Text),
        ("tags", Text),
        ("goal_metric", Text),
        ("goal_direction", Text),
        ("metadata", Text),
        ("created", Time),
        ("updated", Time),
        ("archived", Time),
        ("actor", Text),
        ("lsn", Int),
        ("deleted", Time),
    ],
    key: "id",
};

/// Runs.
pub const RUNS: Schema = Schema {
    name: "runs",
    columns: &[
        ("id", Text),
        ("key", Text),
        ("experiment_id", Int),
        ("experiment", Text),
        ("number", Int),
        ("name", Text),
        ("state", Text),
        ("parent", Text),
        ("seed", Whole),
        ("created", Time),
        ("started", Time),
        ("ended", Time),
        ("heard", Time),
        ("detached", Bool),
        ("timeout_s", Whole),
        ("host", Text),
        ("pid", Int),
        ("actor", Text),
        ("command", Text),
        ("error_kind", Text),
        ("error", Text),
        ("error_cause", Text),
        ("error_trace", Text),
        ("points", Int),
        ("points_late", Int),
        ("lines", Int),
        ("notes", Int),
        ("last_note", Text),
        ("lsn", Int),
        ("deleted", Time),
    ],
    key: "id",
};

/// Parameters of runs.
pub const PARAMS: Schema = Schema {
    name: "params",
    columns: &[
        ("run_id", Text),
        ("name", Text),
        ("type", Text),
        ("value", Text),
        ("number", Real),
    ],
    key: "run_id, name",
};

/// Tags of runs.
pub const TAGS: Schema = Schema {
    name: "tags",
    columns: &[("run_id", Text), ("name", Text), ("value", Text)],
    key: "run_id, name",
};

/// Metrics of runs in short: first, last, lowest and highest point.
pub const METRICS: Schema = Schema {
    name: "metrics",
    columns: &[
        ("id", Int),
        ("run_id", Text),
        ("label", Text),
        ("name", Text),
        ("context", Text),
        ("count", Int),
        ("nan_count", Int),
        ("first_step", Int),
        ("first_time", Time),
        ("first_value", Real),
        ("last_step", Int),
        ("last_time", Time),
        ("last_value", Real),
        ("min_step", Int),
        ("min_time", Time),
        ("min_value", Real),
        ("max_step", Int),
        ("max_time", Time),
        ("max_value", Real),
        ("mean", Real),
    ],
    key: "id",
};

/// Events of the log.
pub const EVENTS: Schema = Schema {
    name: "events",
    columns: &[
        ("lsn", Int),
        ("time", Time),
        ("type", Text),
        ("version", Int),
        ("writer", Int),
        ("run", Text),
        ("experiment", Text),
        ("payload", Text),
    ],
    key: "lsn",
};

/// Every version of every artifact, without its bytes.
pub const ARTIFACTS: Schema = Schema {
    name: "artifacts",
    columns: &[
        ("id", Text),
        ("run_id", Text),
        ("path", Text),
        ("version", Int),
        ("kind", Text),
        ("media_type", Text),
        ("bytes", Int),
        ("blob", Text),
        ("root", Text),
        ("step", Int),
        ("metadata", Text),
        ("logged", Time),
        ("lsn", Int),
        ("removed", Time),
        ("removed_why", Text),
    ],
    key: "id",
};

/// Datasets.
pub const DATASETS: Schema = Schema {
    name: "datasets",
    columns: REGISTERED,
    key: "id",
};

/// Models.
pub const MODELS: Schema = Schema {
    name: "models",
    columns: &[
        ("id", Text),
        ("name", Text),
        ("description", Text),
        ("tags", Text),
        ("created", Time),
        ("actor", Text),
        ("deleted", Time),
        ("aliases", Text),
    ],
    key: "id",
};

const REGISTERED: &[(&str, crate::table::Kind)] = &[
    ("id", Text),
    ("name", Text),
    ("description", Text),
    ("tags", Text),
    ("created", Time),
    ("actor", Text),
    ("deleted", Time),
];

/// Versions of datasets.
pub const DATASET_VERSIONS: Schema = Schema {
    name: "dataset_versions",
    columns: &[
        ("dataset_id", Text),
        ("number", Int),
        ("version", Text),
        ("digest", Text),
        ("source", Text),
        ("content", Text),
        ("bytes", Int),
        ("rows", Int),
        ("schema", Text),
        ("profile", Text),
        ("parents", Text),
        ("transformation", Text),
        ("run_key", Text),
        ("sampling", Text),
        ("tags", Text),
        ("actor", Text),
        ("added", Time),
        ("lsn", Int),
        ("removed", Time),
    ],
    key: "dataset_id, number",
};

/// Versions of models.
pub const MODEL_VERSIONS: Schema = Schema {
    name: "model_versions",
    columns: &[
        ("model_id", Text),
        ("number", Int),
        ("version", Text),
        ("stage", Text),
        ("run_key", Text),
        ("artifacts", Text),
        ("content", Text),
        ("flavour", Text),
        ("source", Text),
        ("signature", Text),
        ("metadata", Text),
        ("description", Text),
        ("tags", Text),
        ("actor", Text),
        ("added", Time),
        ("lsn", Int),
        ("removed", Time),
    ],
    key: "model_id, number",
};

/// What depends on what, in the direction in which data flows.
pub const LINEAGE: Schema = Schema {
    name: "lineage",
    columns: &[
        ("from_node", Text),
        ("to_node", Text),
        ("kind", Text),
        ("note", Text),
    ],
    key: "",
};
