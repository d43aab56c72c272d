//! `mltrack env diff`: in what the environments of two runs differ.

use mltrack::{Code, Environment, EnvironmentDifference, Tracker, environment_diff};
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::items::Envelope;
use crate::output::quantity::counted;
use crate::output::table::{Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::{look, store};

/// Show in what the environments of two runs differ: machine, packages, code
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack env diff resnet/11 resnet/12
  mltrack env diff 3fe9 @last --exit-status")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last, @running or @best
    #[arg(value_name = "A")]
    before: String,
    /// The other one
    #[arg(value_name = "B")]
    after: String,
    /// End with 1 when they differ
    #[arg(long)]
    exit_status: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["group", "key", "before", "after"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let [before, after] =
        [&arguments.before, &arguments.after].map(|name| captured(&tracker, name));
    let (before, after) = (before?, after?);
    let mut differences =
        environment_diff(&document(&tracker, &before)?, &document(&tracker, &after)?);
    let packages = environment_diff(&packages(&tracker, &before)?, &packages(&tracker, &after)?);
    let package_count = packages.len();
    differences.extend(packages);
    let mut notes = vec![counted(differences.len() as u64, "difference")];
    if package_count > 0 {
        notes.push(format!("{package_count} of them in packages"));
    }
    let sheet = Sheet {
        fields: FIELDS,
        items: differences.iter().map(item).collect(),
        envelope: Envelope {
            total: differences.len() as u64,
            lsn: look::end(&tracker)?,
            next: Value::Null,
        },
        people: People::Table(Table {
            columns: ["what", "key", "before", "after"].map(Column::text).into(),
            rows: differences
                .iter()
                .map(|difference| item(difference).iter().map(cell).collect())
                .collect(),
            notes,
        }),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    let is_no = arguments.exit_status && !differences.is_empty();
    Ok(if is_no { Exit::No } else { Exit::Done })
}

/// The environment of a run that must have one.
pub fn captured(tracker: &Tracker, name: &str) -> Outcome<Environment> {
    let run = tracker.find_run(name)?;
    let environment = tracker.environment(run)?;
    let nothing = || {
        let what = format!("the run {} recorded no environment", run.short());
        Failure::new(Code::NotFound, what)
            .cause("it was started with MLTRACK_CAPTURE=off, or by an older version")
            .hint(format!("mltrack run show {}", run.short()))
    };
    Ok(environment.ok_or_else(nothing)?)
}

fn document(tracker: &Tracker, environment: &Environment) -> Outcome<Value> {
    Ok(tracker
        .environment_document(environment)?
        .unwrap_or_default())
}

fn packages(tracker: &Tracker, environment: &Environment) -> Outcome<Value> {
    Ok(tracker
        .environment_dependencies(environment)?
        .unwrap_or_default())
}

/// In the order of [`FIELDS`].
fn item(difference: &EnvironmentDifference) -> Vec<Value> {
    vec![
        difference.group.as_str().into(),
        difference.key.as_str().into(),
        difference.before.clone().into(),
        difference.after.clone().into(),
    ]
}

fn cell(value: &Value) -> crate::output::table::Cell {
    value.as_str().unwrap_or("-").into()
}

/// A difference in a line.
pub fn line(difference: &EnvironmentDifference) -> String {
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    format!(
        "{}.{} {} -> {}",
        difference.group,
        difference.key,
        side(&difference.before),
        side(&difference.after)
    )
}
