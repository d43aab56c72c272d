//! Logging one parameter: it keeps its first value.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use mltrack::{Code, ParamValue, ParamsDiffer, RemoteWrite, RunId};

use super::check::{self, about_run};
use super::error::{Answer, MlflowError};
use super::message::Message;
use super::{endpoint, wire};
use crate::shared::Shared;

/// The route of one parameter.
pub fn routes() -> Router<Shared> {
    endpoint(Router::new(), "/2.0/mlflow/runs/log-parameter", post(log))
}

async fn log(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    let id = check::run_id(&fields)?;
    let key = fields.text("key")?;
    let value = fields.optional_text("value")?.unwrap_or_default();
    write_one(&shared, id, key, value)?;
    Ok(wire::nothing())
}

/// Checks a parameter and writes it.
pub fn write_one(shared: &Shared, id: RunId, key: &str, value: &str) -> Answer<()> {
    let param = param_of(key, value, || "key".into())?;
    let write = RemoteWrite {
        params: vec![param],
        ..RemoteWrite::default()
    };
    write_to(shared, id, &write, |differ| {
        let Some(differs) = differ.0.first() else {
            return String::new();
        };
        let (old, new) = (&differs.old, &differs.new);
        format!(
            "Changing param values is not allowed. Param with key='{key}' was already logged with value='{old}' for run ID='{id}'. Attempted logging new value '{new}'."
        )
    })
}

/// The parameter, when it is one; `path` is how errors name its key. A value that is too long is cut.
pub fn param_of(key: &str, value: &str, path: impl Fn() -> String) -> Answer<(String, ParamValue)> {
    check::name(key, path)?;
    check::length("Param key", key, check::KEY_LEN_MAX)?;
    let value = check::cut(value, check::PARAM_LEN_MAX);
    Ok((key.to_owned(), ParamValue::Text(value.to_owned())))
}

/// Writes to a run; `conflict` words the error about parameters that have other values.
pub fn write_to(
    shared: &Shared,
    id: RunId,
    write: &RemoteWrite<'_>,
    conflict: impl Fn(&ParamsDiffer) -> String,
) -> Answer<()> {
    let run = shared.tracker().remote_run(id);
    let Err(error) = run.and_then(|run| run.write(write)) else {
        return Ok(());
    };
    let source = std::error::Error::source(&error);
    let differ = source.and_then(|source| source.downcast_ref::<ParamsDiffer>());
    match differ.filter(|_| error.code() == Code::Conflict) {
        Some(differ) => Err(MlflowError::invalid(conflict(differ))),
        None => Err(about_run(id, error)),
    }
}
