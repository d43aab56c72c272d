//! `mltrack dataset show`: the versions of a dataset, or one of them with the runs that took it in.

use mltrack::{DatasetSummary, DatasetUse, DatasetVersionSummary};
use serde_json::{Value, json};

use super::{VERSION_FIELDS, tag_words, version_item};
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At};
use crate::output::items::Envelope;
use crate::output::quantity::{ago, bytes, counted, grouped};
use crate::output::table::{Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// Show the versions of a dataset, or one version and which runs took it in
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack dataset show imagenet
  mltrack dataset show imagenet@v3
  mltrack dataset show imagenet@^1.2")]
pub struct Arguments {
    /// A dataset, or one version: NAME@latest, @v3, @1.2.0, @^1.2, a tag or a digest
    #[arg(value_name = "NAME[@VERSION]")]
    selector: String,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, VERSION_FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let query = arguments.at.of_registry(tracker.registry(), context);
    let found = query.dataset(&arguments.selector)?;
    let all = query.datasets()?.items;
    let (dataset, is_one) = (&found.item, found.picked.is_some());
    let rows = dataset.versions.iter();
    let rows = rows.filter(|row| found.picked.is_none_or(|number| row.number == number));
    let mut items = Vec::new();
    let mut told = String::new();
    for row in rows {
        let users = users(&found.uses, row);
        let parents = parents(&all, row);
        if is_one {
            told = text(dataset, row, &parents, &users, context.started_ns);
        }
        let runs = users.iter().map(user).collect();
        items.push(version_item(dataset, row, parents, runs));
    }
    let sheet = Sheet {
        fields: VERSION_FIELDS,
        envelope: Envelope {
            total: items.len() as u64,
            lsn: look::lsn_number(found.lsn),
            next: Value::Null,
        },
        items,
        people: if is_one {
            People::Text(told)
        } else {
            People::Table(table(dataset, context.started_ns))
        },
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

fn users(all: &[DatasetUse], row: &DatasetVersionSummary) -> Vec<DatasetUse> {
    let uses = all.iter().filter(|used| used.number == row.number);
    uses.cloned().collect()
}

fn user(used: &DatasetUse) -> Value {
    json!({
        "run": used.run.to_string(),
        "split": used.split,
        "selector": used.selector,
        "sampling": super::document(&used.sampling),
    })
}

fn parents(all: &[DatasetSummary], row: &DatasetVersionSummary) -> Vec<String> {
    let name = |id| {
        let known = all.iter().find(|dataset| dataset.id == id);
        known.map_or_else(|| id.to_string(), |dataset| dataset.name.clone())
    };
    let parents = row.parents.iter();
    parents
        .map(|(id, number)| format!("{}@v{number}", name(*id)))
        .collect()
}

fn table(dataset: &DatasetSummary, now_ns: i64) -> Table {
    let cells = |row: &DatasetVersionSummary| {
        let state = row.removed.map_or("", |_| "removed");
        vec![
            format!("v{}", row.number).into(),
            row.version.clone().unwrap_or_default().into(),
            row.rows.map(grouped).unwrap_or_default().into(),
            row.len.map(bytes).unwrap_or_default().into(),
            tag_words(&row.tags).into(),
            state.into(),
            ago(row.time_ns, now_ns).into(),
            row.digest.clone().into(),
        ]
    };
    let mut notes = vec![counted(dataset.versions.len() as u64, "version")];
    if !dataset.description.is_empty() {
        notes.push(dataset.description.clone());
    }
    Table {
        columns: vec![
            Column::text("number"),
            Column::text("version"),
            Column::number("rows"),
            Column::number("size"),
            Column::text("tags"),
            Column::text("state"),
            Column::text("added"),
            Column::text("digest"),
        ],
        rows: dataset.versions.iter().map(cells).collect(),
        notes,
    }
}

fn text(
    dataset: &DatasetSummary,
    row: &DatasetVersionSummary,
    parents: &[String],
    users: &[DatasetUse],
    now_ns: i64,
) -> String {
    let from = match &row.transformation {
        Some(step) if !parents.is_empty() => format!("{} by {step}", parents.join(", ")),
        Some(step) => step.clone(),
        None => parents.join(", "),
    };
    let number = match &row.version {
        Some(version) => format!("{}@v{} ({version})", dataset.name, row.number),
        None => format!("{}@v{}", dataset.name, row.number),
    };
    let runs: Vec<String> = users
        .iter()
        .map(|used| format!("{} ({})", used.run.short(), used.split))
        .collect();
    let lines = [
        ("dataset", number),
        ("digest", row.digest.clone()),
        ("source", row.source.clone()),
        ("rows", row.rows.map(grouped).unwrap_or_default()),
        ("size", row.len.map(bytes).unwrap_or_default()),
        ("columns", columns(row)),
        ("made of", from),
        (
            "made by",
            row.run.map(mltrack::RunKey::short).unwrap_or_default(),
        ),
        ("tags", tag_words(&row.tags)),
        (
            "added",
            format!("{} by {}", ago(row.time_ns, now_ns), row.actor),
        ),
        ("runs", runs.join(", ")),
    ];
    let lines = lines.iter().filter(|(_, value)| !value.is_empty());
    lines
        .map(|(name, value)| format!("  {name:12}{value}\n"))
        .collect::<Vec<_>>()
        .concat()
}

/// Columns with their types, of a table; the shape of an array.
fn columns(row: &DatasetVersionSummary) -> String {
    let schema = super::document(&row.schema);
    if let Some(columns) = schema["columns"].as_array() {
        let words = columns.iter().map(|column| {
            let word = |key: &str| column[key].as_str().unwrap_or_default().to_owned();
            format!("{} {}", word("name"), word("type"))
        });
        return words.collect::<Vec<_>>().join(", ");
    }
    match (&schema["dtype"], &schema["shape"]) {
        (Value::String(kind), shape @ Value::Array(_)) => format!("{kind} {shape}"),
        _ => String::new(),
    }
}
