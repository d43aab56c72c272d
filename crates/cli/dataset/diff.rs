//! `mltrack dataset diff`: what differs between two versions: files, columns, counts.

use std::collections::{BTreeMap, BTreeSet};

use mltrack::DatasetVersion;
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look;
use crate::output::items::{Envelope, plain};
use crate::output::table::{Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// Compare two versions: files, columns, rows
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack dataset diff imagenet@v2 imagenet@v3
  mltrack dataset diff imagenet@v2 imagenet --exit-status")]
pub struct Arguments {
    /// The first version
    #[arg(value_name = "A")]
    first: String,
    /// The second version
    #[arg(value_name = "B")]
    second: String,
    /// Exit with 1 when they differ
    #[arg(long)]
    exit_status: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["kind", "name", "first", "second"];

/// What differs: its kind, its name, and what it is in each.
type Difference = (&'static str, String, Value, Value);

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let first = tracker.dataset_version(&arguments.first)?;
    let second = tracker.dataset_version(&arguments.second)?;
    let differences = differences(&first, &second)?;
    let items = differences
        .iter()
        .map(|(kind, name, a, b)| vec![(*kind).into(), name.clone().into(), a.clone(), b.clone()]);
    let sheet = Sheet {
        fields: FIELDS,
        items: items.collect(),
        envelope: Envelope {
            total: differences.len() as u64,
            lsn: look::end(&tracker)?,
            next: Value::Null,
        },
        people: People::Table(table(&differences, &first, &second)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    let says_no = arguments.exit_status && !differences.is_empty();
    Ok(if says_no { Exit::No } else { Exit::Done })
}

fn differences(first: &DatasetVersion, second: &DatasetVersion) -> Outcome<Vec<Difference>> {
    let mut found = Vec::new();
    let facts = |version: &DatasetVersion| -> [(&'static str, Value); 3] {
        [
            ("digest", version.digest.clone().into()),
            ("rows", version.rows.into()),
            ("bytes", version.len.into()),
        ]
    };
    for ((name, a), (_, b)) in facts(first).into_iter().zip(facts(second)) {
        if a != b {
            found.push(("fact", name.to_owned(), a, b));
        }
    }
    found.extend(unequal("column", &columns(first), &columns(second)));
    found.extend(unequal("file", &files(first)?, &files(second)?));
    Ok(found)
}

fn unequal(
    kind: &'static str,
    first: &BTreeMap<String, Value>,
    second: &BTreeMap<String, Value>,
) -> Vec<Difference> {
    let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let get = |of: &BTreeMap<String, Value>, name: &str| of.get(name).cloned().unwrap_or_default();
    names
        .into_iter()
        .map(|name| (kind, name.clone(), get(first, name), get(second, name)))
        .filter(|(_, _, a, b)| a != b)
        .collect()
}

/// Columns with their types.
fn columns(version: &DatasetVersion) -> BTreeMap<String, Value> {
    let schema = super::document(&version.schema);
    let columns = schema["columns"].as_array().cloned().unwrap_or_default();
    let named = columns.into_iter().filter_map(|column| {
        let name = column["name"].as_str()?.to_owned();
        Some((name, column["type"].clone()))
    });
    named.collect()
}

/// Files with their hashes; none of a version whose bytes lie elsewhere.
fn files(version: &DatasetVersion) -> Outcome<BTreeMap<String, Value>> {
    if version.content.is_none() {
        return Ok(BTreeMap::new());
    }
    let files = version.files()?.into_iter();
    Ok(files
        .map(|file| (file.path, file.blob.to_string().into()))
        .collect())
}

fn table(differences: &[Difference], first: &DatasetVersion, second: &DatasetVersion) -> Table {
    let cells = |(kind, name, a, b): &Difference| {
        let short = |value: &Value| match plain(value) {
            text if *kind == "file" => text.chars().take(12).collect(),
            text => text,
        };
        vec![
            (*kind).into(),
            name.clone().into(),
            short(a).into(),
            short(b).into(),
        ]
    };
    let notes = if differences.is_empty() {
        vec!["no difference".to_owned()]
    } else {
        Vec::new()
    };
    Table {
        columns: vec![
            Column::text("what"),
            Column::text("name"),
            Column::text(&first.selector()),
            Column::text(&second.selector()),
        ],
        rows: differences.iter().map(cells).collect(),
        notes,
    }
}
