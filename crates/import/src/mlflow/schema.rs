//! Which databases are `MLflow`'s, and of which version.
//!
//! Invariant: a database whose tables have not what is read of them is refused before anything is taken, with what to do.

use std::collections::BTreeSet;
use std::path::Path;

use mltrack::{Code, Error, Result};
use rusqlite::Connection;

use super::sqlite::failure;

/// What a database has of what differs from version to version.
#[derive(Clone, Debug, Default)]
pub(super) struct Schema {
    pub tables: BTreeSet<String>,
    pub has_workspaces: bool,
    pub has_run_index: bool,
}

/// What must be there: a table, and its columns.
const NEEDED: [(&str, &[&str]); 6] = [
    ("experiments", &["experiment_id", "name", "lifecycle_stage"]),
    ("experiment_tags", &["experiment_id", "key", "value"]),
    (
        "runs",
        &[
            "run_uuid",
            "name",
            "user_id",
            "status",
            "start_time",
            "end_time",
            "lifecycle_stage",
            "deleted_time",
            "artifact_uri",
            "experiment_id",
            "source_type",
            "source_name",
            "entry_point_name",
            "source_version",
        ],
    ),
    (
        "metrics",
        &["key", "value", "timestamp", "run_uuid", "step", "is_nan"],
    ),
    ("params", &["key", "value", "run_uuid"]),
    ("tags", &["key", "value", "run_uuid"]),
];
/// What must be there when its table is.
const NEEDED_IF_THERE: [(&str, &[&str]); 3] = [
    (
        "inputs",
        &[
            "input_uuid",
            "source_type",
            "source_id",
            "destination_type",
            "destination_id",
        ],
    ),
    ("input_tags", &["input_uuid", "name", "value"]),
    (
        "datasets",
        &[
            "dataset_uuid",
            "name",
            "digest",
            "dataset_source_type",
            "dataset_source",
            "dataset_schema",
            "dataset_profile",
        ],
    ),
];
/// Tables of which nothing is taken, as people call what is in them.
pub(super) const UNSUPPORTED: [(&str, &str); 7] = [
    ("registered_models", "registered models"),
    ("logged_models", "logged models"),
    ("trace_info", "traces"),
    ("assessments", "assessments"),
    ("evaluation_datasets", "evaluation datasets"),
    ("scorers", "scorers"),
    ("webhooks", "webhooks"),
];

const UPGRADE: &str = "copy it and bring the copy up to date with its own tool: mlflow db upgrade sqlite:///COPY; then import the copy";

/// Looks at a database.
///
/// Errors: `VALIDATION_ERROR` for one that is not `MLflow`'s or not of a known form, `CORRUPT`.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<Schema> {
    let look = |query: &str| names(connection, query).map_err(|error| failure(path, error));
    let tables = look("SELECT name FROM sqlite_master WHERE type = 'table'")?;
    if !tables.contains("experiments") || !tables.contains("alembic_version") {
        let what = format!("{} is no database of MLflow", path.display());
        let hint = "name the file of mlflow server --backend-store-uri sqlite:///FILE";
        return Err(Error::new(Code::ValidationError, what).with_hint(hint));
    }
    let version = look("SELECT version_num FROM alembic_version")?;
    let version = version.into_iter().next().unwrap_or_default();
    let columns = |table: &str| look(&format!("SELECT name FROM pragma_table_info('{table}')"));
    let optional = NEEDED_IF_THERE
        .iter()
        .filter(|(table, _)| tables.contains(*table));
    for (table, needed) in NEEDED.iter().chain(optional) {
        let there = columns(table)?;
        if let Some(missing) = needed.iter().find(|name| !there.contains(**name)) {
            let what = format!(
                "{} has another form (version {version:?}) than MLflow 2.0 to 3.17: {table} has no {missing}",
                path.display()
            );
            return Err(Error::new(Code::ValidationError, what).with_hint(UPGRADE));
        }
    }
    let index =
        look("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'metrics'")?;
    Ok(Schema {
        has_workspaces: columns("experiments")?.contains("workspace"),
        has_run_index: index.contains("index_metrics_run_uuid"),
        tables,
    })
}

fn names(connection: &Connection, query: &str) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}
