//! `mltrack rm`: deletes runs and experiments by an event, so that they can be brought back.
//!
//! Invariant: no byte is lost here; bytes go with `gc` only.

use mltrack::{Code, ExperimentId, Logged, RunId, Tracker};
use serde_json::Value;

use crate::ask::Consent;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look::{self, At};
use crate::output::items::Envelope;
use crate::output::quantity::counted;
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// Delete runs or experiments; they can be brought back until gc
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack rm a3f9f00d
  mltrack rm --exp old-sweep --yes
  mltrack restore a3f9f00d")]
pub struct Arguments {
    /// Runs, as every command names them, or names of experiments
    #[arg(value_name = "RUN|EXP", required = true)]
    names: Vec<String>,
    /// All names are those of experiments
    #[arg(long)]
    exp: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    output: OutputArguments,
}

pub const FIELDS: &[&str] = &["id", "kind", "name", "lsn"];

/// What a name means.
pub enum Thing {
    Run { id: RunId, title: String },
    Experiment { id: ExperimentId, name: String },
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_write(context)?;
    let things: Result<Vec<Thing>, _> = arguments
        .names
        .iter()
        .map(|name| thing(&tracker, name, arguments.exp, context))
        .collect();
    let things = things?;
    let names: Vec<String> = things.iter().map(Thing::words).collect();
    let what = format!("delete {}", names.join(", "));
    if !arguments.consent.given(&what, context)? {
        return Ok(Exit::Done);
    }
    let mut items = Vec::new();
    for thing in &things {
        let lsn = match thing {
            Thing::Run { id, .. } => lsn_of(tracker.delete_run(*id)?),
            Thing::Experiment { id, .. } => {
                tracker.experiment_by_id(*id)?.delete()?;
                None
            }
        };
        let (words, id) = (thing.words(), thing.id());
        context.note(&format!("deleted {words}; undo: mltrack restore {id}"));
        items.push(thing.item(lsn));
    }
    print_things(items, look::end(&tracker)?, &arguments.output, context)
}

pub fn print_things(
    items: Vec<Vec<Value>>,
    lsn: u64,
    output: &OutputArguments,
    context: &Context,
) -> Outcome {
    let sheet = Sheet {
        fields: FIELDS,
        envelope: Envelope {
            total: items.len() as u64,
            lsn,
            next: Value::Null,
        },
        items,
        // The notes have said it.
        people: People::Text(String::new()),
    };
    print(&sheet, output, &context.terminal)?;
    Ok(Exit::Done)
}

impl Thing {
    pub fn id(&self) -> String {
        match self {
            Thing::Run { id, .. } => id.to_string(),
            Thing::Experiment { id, .. } => id.to_string(),
        }
    }

    pub fn words(&self) -> String {
        match self {
            Thing::Run { title, .. } => format!("run {title}"),
            Thing::Experiment { name, .. } => format!("experiment {name:?}"),
        }
    }

    /// In the order of [`FIELDS`].
    pub fn item(&self, lsn: Option<u64>) -> Vec<Value> {
        let (kind, name) = match self {
            Thing::Run { title, .. } => ("run", title),
            Thing::Experiment { name, .. } => ("experiment", name),
        };
        vec![
            self.id().into(),
            kind.into(),
            name.as_str().into(),
            lsn.into(),
        ]
    }
}

/// A name that could mean a run and an experiment means neither: a guess would delete the wrong one.
fn thing(tracker: &Tracker, name: &str, is_experiment: bool, context: &Context) -> Outcome<Thing> {
    let experiment = tracker.find_experiment(name);
    if is_experiment || experiment.is_ok() {
        let (row, _) = look::experiment(tracker, name, At::default(), context)?;
        if !is_experiment && is_run(tracker, name)? {
            return Err(Failure::usage(format!(
                "{name:?} is the name of an experiment with {}, and of a run",
                counted(row.runs, "run")
            ))
            .hint(format!(
                "mltrack rm --exp {name}  deletes the experiment; name the run by its id"
            ))
            .into());
        }
        return Ok(Thing::Experiment {
            id: ExperimentId(row.id),
            name: row.name,
        });
    }
    match look::run(tracker, name, At::default(), context) {
        Ok((row, _)) => Ok(Thing::Run {
            id: row.run_id,
            title: row.title(),
        }),
        Err(crate::failure::Stop::Failed(failure)) if failure.code == Code::NotFound => {
            Err(Failure {
                what: format!("no run and no experiment {name:?}"),
                ..*failure
            }
            .into())
        }
        Err(stop) => Err(stop),
    }
}

/// By its name or its short or whole id. A shorter beginning of an id gives way to an experiment's name.
fn is_run(tracker: &Tracker, name: &str) -> Outcome<bool> {
    let Ok(id) = tracker.find_run(name) else {
        return Ok(false);
    };
    let is_id = id.short() == name || id.to_string() == name;
    Ok(is_id || tracker.run_summary(id)?.name == name)
}

/// The record that an append made.
pub fn lsn_of(logged: Logged) -> Option<u64> {
    logged.lsn().map(mltrack::Lsn::get)
}
