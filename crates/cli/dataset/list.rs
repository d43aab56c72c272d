//! `mltrack dataset ls`: the datasets of a store.

use mltrack::DatasetSummary;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At};
use crate::output::items::Envelope;
use crate::output::quantity::{ago, bytes, counted, grouped, rfc3339, time_value};
use crate::output::table::{Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// List datasets
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
    "rows",
    "bytes",
    "digest",
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
    let page = query.datasets()?;
    let mut datasets = page.items;
    datasets.retain(|dataset| dataset.deleted.is_some() == arguments.deleted);
    let sheet = Sheet {
        fields: FIELDS,
        items: datasets.iter().map(item).collect(),
        envelope: Envelope {
            total: datasets.len() as u64,
            lsn: look::lsn_number(page.lsn),
            next: Value::Null,
        },
        people: People::Table(table(&datasets, context.started_ns)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

fn live(dataset: &DatasetSummary) -> u64 {
    let versions = dataset.versions.iter();
    versions.filter(|row| row.removed.is_none()).count() as u64
}

/// In the order of [`FIELDS`].
fn item(dataset: &DatasetSummary) -> Vec<Value> {
    let latest = dataset.latest();
    vec![
        dataset.name.clone().into(),
        live(dataset).into(),
        latest.map(|row| row.number).into(),
        latest.and_then(|row| row.version.clone()).into(),
        latest.and_then(|row| row.rows).into(),
        latest.and_then(|row| row.len).into(),
        latest.map(|row| row.digest.clone()).into(),
        json!(dataset.tags),
        dataset.description.clone().into(),
        rfc3339(dataset.created.time_ns).into(),
        time_value(dataset.deleted.map(|stamp| stamp.time_ns)),
        dataset.id.to_string().into(),
    ]
}

fn table(datasets: &[DatasetSummary], now_ns: i64) -> Table {
    let cells = |dataset: &DatasetSummary| {
        let latest = dataset.latest();
        let number = latest.map(|row| match &row.version {
            Some(version) => format!("v{} ({version})", row.number),
            None => format!("v{}", row.number),
        });
        let rows = latest.and_then(|row| row.rows).map(grouped);
        let len = latest.and_then(|row| row.len).map(bytes);
        let added = latest.map_or(dataset.created.time_ns, |row| row.time_ns);
        vec![
            dataset.name.clone().into(),
            live(dataset).to_string().into(),
            number.unwrap_or_default().into(),
            rows.unwrap_or_default().into(),
            len.unwrap_or_default().into(),
            super::tag_words(&dataset.tags).into(),
            ago(added, now_ns).into(),
        ]
    };
    Table {
        columns: vec![
            Column::text("dataset"),
            Column::number("versions"),
            Column::text("latest"),
            Column::number("rows"),
            Column::number("size"),
            Column::text("tags"),
            Column::text("changed"),
        ],
        rows: datasets.iter().map(cells).collect(),
        notes: vec![counted(datasets.len() as u64, "dataset")],
    }
}
