//! `mltrack model show`: the versions of a model, or one of them with its history and the runs that took it in.

use mltrack::{ModelSummary, ModelUse, ModelVersionSummary};
use serde_json::{Value, json};

use crate::context::Context;
use crate::dataset::{document, tag_words};
use crate::failure::{Exit, Outcome};
use crate::look::{self, At};
use crate::output::items::Envelope;
use crate::output::quantity::{ago, counted, rfc3339, time_value};
use crate::output::table::{Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// Show the versions of a model, or one version, its stages and which runs took it in
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack model show resnet
  mltrack model show resnet@prod")]
pub struct Arguments {
    /// A model, or one version: NAME@latest, @v7, @1.2.0, @^1.2, an alias, a stage or a tag
    #[arg(value_name = "NAME[@VERSION]")]
    selector: String,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "selector",
    "model",
    "number",
    "version",
    "run",
    "artifacts",
    "content",
    "source",
    "flavour",
    "signature",
    "metadata",
    "description",
    "stage",
    "stages",
    "aliases",
    "tags",
    "actor",
    "added",
    "lsn",
    "removed",
    "runs",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let query = arguments.at.of_registry(tracker.registry(), context);
    let found = query.model(&arguments.selector)?;
    let (model, is_one) = (&found.item, found.picked.is_some());
    let rows = model.versions.iter();
    let rows = rows.filter(|row| found.picked.is_none_or(|number| row.number == number));
    let (mut items, mut told) = (Vec::new(), String::new());
    for row in rows {
        let users = users(&found.uses, row);
        if is_one {
            told = text(model, row, &users, context.started_ns);
        }
        items.push(item(model, row, &users));
    }
    let sheet = Sheet {
        fields: FIELDS,
        envelope: Envelope {
            total: items.len() as u64,
            lsn: look::lsn_number(found.lsn),
            next: Value::Null,
        },
        items,
        people: if is_one {
            People::Text(told)
        } else {
            People::Table(table(model, context.started_ns))
        },
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

fn users(all: &[ModelUse], row: &ModelVersionSummary) -> Vec<ModelUse> {
    let uses = all.iter().filter(|used| used.number == row.number);
    uses.cloned().collect()
}

fn aliases(model: &ModelSummary, number: u64) -> Vec<String> {
    let named = model.aliases.iter().filter(|(_, named)| **named == number);
    named.map(|(alias, _)| alias.clone()).collect()
}

/// In the order of [`FIELDS`].
fn item(model: &ModelSummary, row: &ModelVersionSummary, users: &[ModelUse]) -> Vec<Value> {
    let artifacts: Vec<String> = row.artifacts.iter().map(ToString::to_string).collect();
    let moves = row.stage_history.iter().map(|moved| {
        json!({
            "from": moved.from, "to": moved.to, "actor": moved.actor,
            "time": rfc3339(moved.time_ns), "lsn": moved.lsn.get(),
        })
    });
    let runs = users
        .iter()
        .map(|used| json!({ "run": used.run.to_string(), "selector": used.selector }));
    vec![
        format!("{}@v{}", model.name, row.number).into(),
        model.name.clone().into(),
        row.number.into(),
        row.version.clone().into(),
        row.run.map(|run| run.to_string()).into(),
        artifacts.into(),
        row.content.map(|blob| blob.to_string()).into(),
        row.source.clone().into(),
        row.flavour.clone().into(),
        document(&row.signature),
        document(&row.metadata),
        row.description.clone().into(),
        row.stage.clone().into(),
        moves.collect::<Vec<_>>().into(),
        aliases(model, row.number).into(),
        json!(row.tags),
        row.actor.clone().into(),
        rfc3339(row.time_ns).into(),
        row.lsn.get().into(),
        time_value(row.removed.map(|stamp| stamp.time_ns)),
        runs.collect::<Vec<_>>().into(),
    ]
}

fn table(model: &ModelSummary, now_ns: i64) -> Table {
    let cells = |row: &ModelVersionSummary| {
        let stage = match row.removed {
            Some(_) => "removed",
            None => row.stage.as_str(),
        };
        vec![
            format!("v{}", row.number).into(),
            row.version.clone().unwrap_or_default().into(),
            stage.into(),
            aliases(model, row.number).join(", ").into(),
            row.run
                .map(mltrack::RunKey::short)
                .unwrap_or_default()
                .into(),
            row.flavour.clone().into(),
            tag_words(&row.tags).into(),
            ago(row.time_ns, now_ns).into(),
        ]
    };
    let mut notes = vec![counted(model.versions.len() as u64, "version")];
    if !model.description.is_empty() {
        notes.push(model.description.clone());
    }
    Table {
        columns: vec![
            Column::text("number"),
            Column::text("version"),
            Column::text("stage"),
            Column::text("aliases"),
            Column::text("run"),
            Column::text("flavour"),
            Column::text("tags"),
            Column::text("added"),
        ],
        rows: model.versions.iter().map(cells).collect(),
        notes,
    }
}

fn text(
    model: &ModelSummary,
    row: &ModelVersionSummary,
    users: &[ModelUse],
    now_ns: i64,
) -> String {
    let number = match &row.version {
        Some(version) => format!("{}@v{} ({version})", model.name, row.number),
        None => format!("{}@v{}", model.name, row.number),
    };
    let moves: Vec<String> = row
        .stage_history
        .iter()
        .map(|moved| {
            format!(
                "{} {} by {}",
                moved.to,
                ago(moved.time_ns, now_ns),
                moved.actor
            )
        })
        .collect();
    let artifacts: Vec<String> = row.artifacts.iter().map(ToString::to_string).collect();
    let runs: Vec<String> = users.iter().map(|used| used.run.short()).collect();
    let lines = [
        ("model", number),
        ("about", row.description.clone()),
        ("stage", row.stage.clone()),
        ("moves", moves.join(", ")),
        ("aliases", aliases(model, row.number).join(", ")),
        (
            "made by",
            row.run.map(mltrack::RunKey::short).unwrap_or_default(),
        ),
        ("artifacts", artifacts.join(", ")),
        (
            "content",
            row.content.map(|blob| blob.to_string()).unwrap_or_default(),
        ),
        ("source", row.source.clone()),
        ("flavour", row.flavour.clone()),
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
