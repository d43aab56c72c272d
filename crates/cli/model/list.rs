//! `mltrack model ls`: the models of a store.

use std::collections::BTreeMap;

use mltrack::ModelSummary;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At};
use crate::output::items::Envelope;
use crate::output::quantity::{ago, counted, rfc3339, time_value};
use crate::output::table::{Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// List models
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Deleted ones, and no others
    #[arg(long)]
    deleted: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "name",
    "versions",
    "latest",
    "version",
    "aliases",
    "stages",
    "tags",
    "description",
    "created",
    "deleted",
    "id",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let query = arguments.at.of_registry(tracker.registry(), context);
    let page = query.models()?;
    let mut models = page.items;
    models.retain(|model| model.deleted.is_some() == arguments.deleted);
    let sheet = Sheet {
        fields: FIELDS,
        items: models.iter().map(item).collect(),
        envelope: Envelope {
            total: models.len() as u64,
            lsn: look::lsn_number(page.lsn),
            next: Value::Null,
        },
        people: People::Table(table(&models, context.started_ns)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

fn live(model: &ModelSummary) -> u64 {
    let versions = model.versions.iter();
    versions.filter(|row| row.removed.is_none()).count() as u64
}

/// The newest version in each stage but `None`.
fn stages(model: &ModelSummary) -> BTreeMap<String, u64> {
    let versions = model.versions.iter().filter(|row| row.removed.is_none());
    versions
        .filter(|row| row.stage != "None")
        .map(|row| (row.stage.clone(), row.number))
        .collect()
}

/// `prod=v7, next=v8`.
fn numbers(names: &BTreeMap<String, u64>) -> String {
    let words = names
        .iter()
        .map(|(name, number)| format!("{name}=v{number}"));
    words.collect::<Vec<_>>().join(", ")
}

/// In the order of [`FIELDS`].
fn item(model: &ModelSummary) -> Vec<Value> {
    let latest = model.latest();
    vec![
        model.name.clone().into(),
        live(model).into(),
        latest.map(|row| row.number).into(),
        latest.and_then(|row| row.version.clone()).into(),
        json!(model.aliases),
        json!(stages(model)),
        json!(model.tags),
        model.description.clone().into(),
        rfc3339(model.created.time_ns).into(),
        time_value(model.deleted.map(|stamp| stamp.time_ns)),
        model.id.to_string().into(),
    ]
}

fn table(models: &[ModelSummary], now_ns: i64) -> Table {
    let cells = |model: &ModelSummary| {
        let latest = model.latest();
        let number = latest.map(|row| match &row.version {
            Some(version) => format!("v{} ({version})", row.number),
            None => format!("v{}", row.number),
        });
        let added = latest.map_or(model.created.time_ns, |row| row.time_ns);
        vec![
            model.name.clone().into(),
            live(model).to_string().into(),
            number.unwrap_or_default().into(),
            numbers(&model.aliases).into(),
            numbers(&stages(model)).into(),
            crate::dataset::tag_words(&model.tags).into(),
            ago(added, now_ns).into(),
        ]
    };
    Table {
        columns: vec![
            Column::text("model"),
            Column::number("versions"),
            Column::text("latest"),
            Column::text("aliases"),
            Column::text("stages"),
            Column::text("tags"),
            Column::text("changed"),
        ],
        rows: models.iter().map(cells).collect(),
        notes: vec![counted(models.len() as u64, "model")],
    }
}
