//! Runs: made, looked at, moved through their lives, deleted and brought back.
//!
//! Invariant: a run's name and its tag `mlflow.runName` are one thing.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use mltrack::{Code, EndState, RemoteState, RemoteUpdate, RunId, RunState, RunSummary};
use serde::Serialize;

use super::check::{self, about_run, no_run};
use super::error::{Answer, MlflowError};
use super::experiments;
use super::message::Message;
use super::wire::{self, RunIo};
use super::{endpoint, inputs};
use crate::blocking::{blocking, in_place};
use crate::caller::Acting;
use crate::fields::Fields;
use crate::shared::Shared;

/// The tag that is the run's name.
pub const RUN_NAME: &str = "mlflow.runName";
const PARENT: &str = "mlflow.parentRunId";
const USER: &str = "mlflow.user";

/// The routes of runs that are no searches.
pub fn routes() -> Router<Shared> {
    let parts = [
        ("get", get(show)),
        ("create", post(create)),
        ("update", post(update)),
        ("delete", post(delete)),
        ("restore", post(restore)),
    ];
    parts
        .into_iter()
        .fold(Router::new(), |router, (name, methods)| {
            endpoint(router, &format!("/2.0/mlflow/runs/{name}"), methods)
        })
}

/// What the log says about a run, or the error that there is none.
pub fn summary(shared: &Shared, id: RunId) -> Answer<RunSummary> {
    let found = shared.tracker().run_summary(id);
    found.map_err(|error| match error.code() {
        Code::NotFound => no_run(id),
        _ => error.into(),
    })
}

/// Where the artifacts of a run's experiment are.
pub fn location(shared: &Shared, run: &RunSummary) -> Answer<String> {
    let known = experiments::facts(shared.tracker(), run.experiment)?;
    Ok(wire::artifact_location(known.id, &known.tags))
}

#[derive(Serialize)]
struct Shown<'a> {
    run: wire::RunJson<'a>,
}

#[derive(Serialize)]
struct Updated<'a> {
    run_info: wire::RunInfo<'a>,
}

fn whole(shared: &Shared, run: &RunSummary, io: RunIo<'_>) -> Answer {
    let location = location(shared, run)?;
    let run = wire::run_json(run, &location, io);
    Ok(wire::answer(&Shown { run }))
}

/// The Python client asks for the run before each metric that it logs.
async fn show(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    let shown = || {
        let id = check::run_id(&fields)?;
        let run = summary(&shared, id)?;
        let known = inputs::of_run(&shared, id)?;
        whole(&shared, &run, known.io())
    };
    if shared.tracker().answers_at_once() {
        return shown();
    }
    in_place(shown)
}

async fn create(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    let id = experiments::parse_id(fields.text("experiment_id")?)?;
    let tags = check::pairs(&fields, "tags")?;
    let mut new = shared.tracker().new_remote_run(id);
    if let Some(time_ms) = fields.optional_integer("start_time")? {
        new = new.started(wire::moment(time_ms));
    }
    let tag = |wanted: &str| tags.iter().rev().find(|(key, _)| *key == wanted);
    let tagged = tag(RUN_NAME).map(|(_, name)| *name);
    new = if let Some(name) = chosen_name(fields.optional_text("run_name")?, tagged)? {
        new.name(name)
    } else {
        let name = numbered(new.settled_name());
        new.name(name)
    };
    // Who has a key is its holder, whatever name a client gives.
    let named = user(&fields, tag(USER).map(|(_, user)| *user))?;
    if let Some(user) = named.filter(|_| !Acting::has_key()) {
        new = new.user(user);
    }
    // Who names a parent that is not here has it elsewhere: then only the tag remembers it.
    if let Some(parent) = tag(PARENT).and_then(|(_, parent)| parent.parse::<RunId>().ok())
        && shared.tracker().run_summary(parent).is_ok()
    {
        new = new.parent(parent);
    }
    for (key, value) in &tags {
        // Unlike a tag that is set later, one of a new run may have any name.
        check::not_ours(key)?;
        check::length("key", key, check::KEY_LEN_MAX)?;
        new = new.tag(*key, check::cut(value, check::TAG_LEN_MAX));
    }
    if tagged.is_none_or(str::is_empty) {
        let name = new.settled_name().to_owned();
        new = new.tag(RUN_NAME, name);
    }
    let made = new.create().map_err(|error| refused(&shared, id, error))?;
    let run = summary(&shared, made.id())?;
    let io = RunIo {
        is_new: true,
        ..RunIo::default()
    };
    whole(&shared, &run, io)
}

/// A name for what was given none.
pub fn made_up_name() -> String {
    let id = RunId::from_parts(0, mltrack::door::random_bytes());
    numbered(&mltrack::nickname(id))
}

/// A name that was made up, with the number that clients expect behind it.
fn numbered(nickname: &str) -> String {
    let number = u16::from_le_bytes(mltrack::door::random_bytes()) % 1000;
    format!("{nickname}-{number}")
}

fn chosen_name<'a>(given: Option<&'a str>, tagged: Option<&'a str>) -> Answer<Option<&'a str>> {
    let given = given.filter(|name| !name.is_empty());
    let tagged = tagged.filter(|name| !name.is_empty());
    match (given, tagged) {
        (Some(given), Some(tagged)) if given != tagged => Err(MlflowError::invalid(format!(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='{given}', mlflow.runName='{tagged}')."
        ))),
        (given, tagged) => Ok(given.or(tagged)),
    }
}

fn user<'a>(fields: &'a Fields, tagged: Option<&'a str>) -> Answer<Option<&'a str>> {
    let given = fields.optional_text("user_id")?;
    Ok(given.filter(|user| !user.is_empty()).or(tagged))
}

/// Why a run was not made.
fn refused(shared: &Shared, id: mltrack::ExperimentId, error: mltrack::Error) -> MlflowError {
    match error.code() {
        Code::NotFound => MlflowError::missing(format!("No Experiment with id={id} exists")),
        Code::InvalidState => match experiments::facts(shared.tracker(), id) {
            Ok(known) if known.is_deleted => experiments::not_active(id),
            _ => error.into(),
        },
        _ => error.into(),
    }
}

async fn update(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let id = check::run_id(&fields)?;
        let end_time = fields.optional_integer("end_time")?;
        let mut update = RemoteUpdate {
            state: status(&fields)?.map(state).transpose()?,
            time: end_time.map(wire::moment),
            ..RemoteUpdate::default()
        };
        let name = fields.optional_text("run_name")?;
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            update.name = Some(name.to_owned());
            update.tags.push((RUN_NAME.to_owned(), name.to_owned()));
        }
        let run = shared.tracker().remote_run(id);
        let run = run.map_err(|error| about_run(id, error))?;
        if update.state.is_none() && update.time.is_some() {
            update.state = Some(ended_state(&shared, id)?);
        }
        if let Some(RemoteState::Ended(_)) = update.state
            && update.time.is_none()
        {
            // A run that has ended keeps its end, whatever it is called now.
            update.time = summary(&shared, id)?.ended;
        }
        if update.state == Some(RemoteState::Running) {
            // The time of an end says nothing about a run that goes on.
            update.time = None;
        }
        run.update(&update).map_err(|error| about_run(id, error))?;
        info(&shared, id)
    })
    .await
}

fn info(shared: &Shared, id: RunId) -> Answer {
    let run = summary(shared, id)?;
    let location = location(shared, &run)?;
    let run_info = wire::run_info(&run, &location);
    Ok(wire::answer(&Updated { run_info }))
}

/// The status that is asked for, by its name; the wire also knows them by number.
fn status(fields: &Fields) -> Answer<Option<&str>> {
    let number = fields.get("status").and_then(serde_json::Value::as_u64);
    match number {
        Some(1) => Ok(Some("RUNNING")),
        Some(2) => Ok(Some("SCHEDULED")),
        Some(3) => Ok(Some("FINISHED")),
        Some(4) => Ok(Some("FAILED")),
        Some(5) => Ok(Some("KILLED")),
        _ => fields.optional_text("status"),
    }
}

/// A status of the wire as a state to bring a run to.
fn state(status: &str) -> Answer<RemoteState> {
    match status {
        "RUNNING" => Ok(RemoteState::Running),
        "FINISHED" => Ok(RemoteState::Ended(EndState::Completed)),
        "FAILED" => Ok(RemoteState::Ended(EndState::Failed)),
        "KILLED" => Ok(RemoteState::Ended(EndState::Cancelled)),
        "SCHEDULED" => Err(MlflowError::invalid(
            "Invalid value \"SCHEDULED\" for parameter 'status' supplied: a run that was started cannot wait again.",
        )),
        other => Err(check::invalid(
            "status",
            &serde_json::Value::from(other),
            " Hint: Value was of type 'str'. See the API docs for more information about request parameters.",
        )),
    }
}

/// The state of a run that gets another time of its end.
fn ended_state(shared: &Shared, id: RunId) -> Answer<RemoteState> {
    match summary(shared, id)?.state {
        RunState::Completed => Ok(RemoteState::Ended(EndState::Completed)),
        RunState::Failed | RunState::Lost => Ok(RemoteState::Ended(EndState::Failed)),
        RunState::Cancelled => Ok(RemoteState::Ended(EndState::Cancelled)),
        RunState::TimedOut => Ok(RemoteState::Ended(EndState::TimedOut)),
        RunState::Pending | RunState::Queued | RunState::Running => Err(MlflowError::invalid(
            format!("The run {id} has not ended: pass its 'status' together with 'end_time'."),
        )),
    }
}

async fn delete(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let id = check::run_id(&fields)?;
        settle(id, shared.tracker().delete_run(id))
    })
    .await
}

async fn restore(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let id = check::run_id(&fields)?;
        settle(id, shared.tracker().restore_run(id))
    })
    .await
}

/// Who deletes what is deleted, or restores what is there, has what he wants.
fn settle(id: RunId, done: mltrack::Result<mltrack::Logged>) -> Answer<Response> {
    match done {
        Ok(_) => Ok(wire::nothing()),
        Err(error) if error.code() == Code::InvalidState => Ok(wire::nothing()),
        Err(error) if error.code() == Code::NotFound => Err(no_run(id)),
        Err(error) => Err(error.into()),
    }
}
