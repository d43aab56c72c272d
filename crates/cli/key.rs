//! `mltrack key ..`: the tokens that a server with `--auth token` asks for.
//!
//! Invariant: a token is shown once, when it is made; what is listed is never enough to get in.

use mltrack_server::{Role, keys};
use serde_json::Value;

use crate::context::{Context, now_ns};
use crate::failure::{Exit, Failure, Outcome};
use crate::moment::Length;
use crate::output::items::Envelope;
use crate::output::quantity::{ago, rfc3339, time_value};
use crate::output::style::Tone;
use crate::output::table::{Cell, Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    New(NewArguments),
    Ls(ListArguments),
    Rm(RemoveArguments),
}

/// Make a key, and show its token this once
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack key new ci --expires 30d
  MLFLOW_TRACKING_TOKEN=$(mltrack key new anna --role writer -q)")]
pub struct NewArguments {
    /// Whose it is: the actor of everything that is done with it
    #[arg(value_name = "NAME")]
    name: String,
    /// What it allows: looking, changing runs too, or everything
    #[arg(long, value_name = "viewer|writer|admin", default_value = "writer",
          value_parser = parse_role)]
    role: Role,
    /// How long it is good for; without, until it is revoked
    #[arg(long, value_name = "LENGTH")]
    expires: Option<Length>,
    /// An experiment that it is for; several may be given, and without one it is for all
    #[arg(long, value_name = "EXP")]
    scope: Vec<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

/// List the keys, revoked ones too
#[derive(Debug, clap::Args)]
pub struct ListArguments {
    #[command(flatten)]
    output: OutputArguments,
}

/// Revoke keys for good
#[derive(Debug, clap::Args)]
pub struct RemoveArguments {
    /// Their names
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

const NEW_FIELDS: &[&str] = &["token", "name", "role", "scope", "expires"];
const FIELDS: &[&str] = &[
    "name", "role", "state", "scope", "created", "expires", "actor",
];

fn parse_role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| format!("{text:?} is no role: give viewer, writer or admin"))
}

pub fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::New(arguments) => make(arguments, context),
        Command::Ls(arguments) => list(arguments, context),
        Command::Rm(arguments) => remove(arguments, context),
    }
}

fn make(arguments: &NewArguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, NEW_FIELDS)? {
        return Ok(Exit::Done);
    }
    let name = &arguments.name;
    if arguments.dry_run {
        let role = arguments.role.name();
        context.note(&format!("would make a key {name:?} of the role {role}"));
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_begin(context)?;
    for experiment in &arguments.scope {
        tracker.find_experiment(experiment)?;
    }
    let expires_ns = arguments
        .expires
        .map(|Length(length)| end_of(length))
        .transpose()?;
    let new = keys::NewKey {
        name: name.clone(),
        role: arguments.role,
        scope: arguments.scope.clone(),
        expires_ns,
    };
    let token = keys::make(&tracker, &new)?;
    tracker.close()?;
    let item = vec![
        token.as_str().into(),
        name.as_str().into(),
        arguments.role.name().into(),
        arguments.scope.clone().into(),
        time_value(expires_ns),
    ];
    let people = format!("{token}\n");
    context.note(&format!(
        "keep the token, it is not shown again; take it back with: mltrack key rm {name}"
    ));
    let sheet = Sheet::of_one(NEW_FIELDS, item, 0, people);
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

fn end_of(length: std::time::Duration) -> Outcome<i64> {
    let end_ns = i64::try_from(length.as_nanos())
        .ok()
        .and_then(|length_ns| now_ns().checked_add(length_ns));
    Ok(end_ns.ok_or_else(|| Failure::usage("that is too long for --expires"))?)
}

fn list(arguments: &ListArguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let keys = keys::list(&tracker)?;
    let now_ns = context.started_ns;
    let sheet = Sheet {
        fields: FIELDS,
        items: keys.iter().map(|key| item(key, now_ns)).collect(),
        envelope: Envelope {
            total: keys.len() as u64,
            lsn: 0,
            next: Value::Null,
        },
        people: People::Table(table(&keys, now_ns)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

fn state(key: &keys::Key, now_ns: i64) -> &'static str {
    match key {
        _ if key.is_revoked => "revoked",
        _ if key.is_active(now_ns) => "active",
        _ => "expired",
    }
}

fn item(key: &keys::Key, now_ns: i64) -> Vec<Value> {
    vec![
        (*key.name).into(),
        key.role.name().into(),
        state(key, now_ns).into(),
        key.scope.to_vec().into(),
        time_value(Some(key.created_ns)),
        time_value(key.expires_ns),
        (*key.actor).into(),
    ]
}

fn table(keys: &[keys::Key], now_ns: i64) -> Table {
    let columns = ["name", "role", "state", "scope", "created", "expires"];
    let cells = |key: &keys::Key| {
        let state = state(key, now_ns);
        let tone = if state == "active" {
            Tone::Good
        } else {
            Tone::Dim
        };
        let expires = key.expires_ns.map_or_else(|| "never".to_owned(), rfc3339);
        vec![
            (*key.name).into(),
            key.role.name().into(),
            Cell::toned(state, tone),
            key.scope.join(", ").as_str().into(),
            ago(key.created_ns, now_ns).as_str().into(),
            expires.as_str().into(),
        ]
    };
    Table {
        columns: columns.map(Column::text).to_vec(),
        rows: keys.iter().map(cells).collect(),
        notes: Vec::new(),
    }
}

fn remove(arguments: &RemoveArguments, context: &Context) -> Outcome {
    let tracker = store::open_to_write(context)?;
    // All of them, or none: a name that is wrong may mean that another one was meant.
    for name in &arguments.names {
        keys::find(&tracker, name)?;
    }
    for name in &arguments.names {
        if arguments.dry_run {
            context.note(&format!("would revoke the key {name}"));
        } else if keys::revoke(&tracker, name)? {
            context.note(&format!(
                "revoked the key {name}, for good: no undo brings it back; another one: mltrack key new {name}-2"
            ));
        } else {
            context.note(&format!("the key {name} was revoked before"));
        }
    }
    tracker.close()?;
    Ok(Exit::Done)
}
