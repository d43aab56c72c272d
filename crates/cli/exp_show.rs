//! `mltrack exp show`: one experiment.

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At, ExperimentRow};
use crate::output::quantity::{ago, rfc3339};
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::store;

/// Show one experiment
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Its name
    #[arg(value_name = "EXP")]
    experiment: String,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, look::EXPERIMENT_FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let (row, lsn) = look::experiment(&tracker, &arguments.experiment, arguments.at, context)?;
    let people = text(&row, context.started_ns);
    print(
        &Sheet::of_one(look::EXPERIMENT_FIELDS, row.item(), lsn, people),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}

fn text(row: &ExperimentRow, now_ns: i64) -> String {
    let tags: Vec<String> = row
        .tags
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let lines = [
        ("experiment", format!("{} (id {})", row.name, row.id)),
        ("state", row.state.to_string()),
        ("runs", row.runs.to_string()),
        ("goal", row.goal_text()),
        ("tags", tags.join(", ")),
        ("about", row.description.clone()),
        (
            "created",
            format!(
                "{} ({})",
                rfc3339(row.created_ns),
                ago(row.created_ns, now_ns)
            ),
        ),
    ];
    let lines = lines.iter().filter(|(_, value)| !value.is_empty());
    lines
        .map(|(name, value)| format!("  {name:12}{value}\n"))
        .collect::<Vec<_>>()
        .concat()
}
