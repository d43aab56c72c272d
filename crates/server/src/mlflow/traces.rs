//! Traces: begun, finished, looked at, tagged, linked to runs and prompts.
//!
//! Invariant: a change is made of what the document says at that moment, so a client that finishes a trace and spans
//! that arrive at the same time lose nothing of each other.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, patch, post};
use mltrack::Change;
use serde_json::{Value, json};

use super::logged_models::random_hex;
use super::trace::{FINISHED_METADATA, KIND, LOCATION_TAG, Trace, edit, find, location};
use super::wire::{answer, nothing};
use super::{
    Answer, Message, MlflowError, act, assessment, endpoint, trace_delete, trace_links, trace_read,
    trace_search,
};
use crate::blocking::blocking;
use crate::shared::Shared;

/// So many traces are linked to a run at once.
const LINKS_MAX: usize = 100;

/// Their endpoints.
pub fn routes() -> Router<Shared> {
    let router = Router::new();
    let router = endpoint(router, "/3.0/mlflow/traces", post(start_v3));
    let v2 = post(start_v2).get(trace_search::search_v2);
    let router = endpoint(router, "/2.0/mlflow/traces", v2);
    let router = endpoint(router, "/2.0/mlflow/traces/{trace_id}", patch(end_v2));
    let router = endpoint(router, "/2.0/mlflow/traces/{trace_id}/info", get(info_v2));
    let router = endpoint(router, "/3.0/mlflow/traces/{trace_id}", get(info_v3));
    let router = endpoint(
        router,
        "/3.0/mlflow/traces/search",
        post(trace_search::search_v3),
    );
    let router = endpoint(router, "/2.0/mlflow/traces/link-to-run", post(link_to_run));
    let router = endpoint(
        router,
        "/2.0/mlflow/traces/link-prompts",
        post(link_prompts),
    );
    let router = ["2.0", "3.0"].into_iter().fold(router, |router, version| {
        let tags = patch(set_tag).delete(delete_tag);
        let path = format!("/{version}/mlflow/traces/{{trace_id}}/tags");
        let router = endpoint(router, &path, tags);
        let path = format!("/{version}/mlflow/traces/delete-traces");
        endpoint(router, &path, post(trace_delete::delete))
    });
    router
        .merge(trace_read::routes())
        .merge(assessment::routes())
}

async fn start_v3(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let told = fields
            .get("trace")
            .ok_or_else(|| MlflowError::required("trace"))?;
        let info = &told["trace_info"];
        let id = info["trace_id"].as_str().unwrap_or_default();
        if id.is_empty() {
            return Err(MlflowError::required("trace.trace_info.trace_id"));
        }
        let (experiment, place) = act::active_experiment(&shared, Trace::experiment_of(info)?)?;
        let mut trace = Trace::from_info(info, experiment)?;
        trace
            .tags
            .insert(LOCATION_TAG.to_owned(), location(&place, id));
        trace
            .metadata
            .insert(FINISHED_METADATA.to_owned(), "true".to_owned());
        let mut whole = trace.clone();
        act::documents(&shared, KIND, "POST traces").update(id, |known| {
            whole = trace.clone();
            if let Some(mut known) = known.and_then(|known| Trace::of(known).ok()) {
                known.finish(trace.clone());
                whole = known;
            }
            Ok(Change::Put(whole.body()))
        })?;
        trace_links::settle(&shared, id)?;
        for assessment in info["assessments"].as_array().into_iter().flatten() {
            assessment::add(&shared, id, assessment)?;
        }
        let assessments = assessment::of_trace(&shared, id)?;
        Ok(answer(
            &json!({ "trace": { "trace_info": whole.info(id, assessments) } }),
        ))
    })
    .await
}

async fn start_v2(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let (experiment, place) = act::active_experiment(&shared, fields.text("experiment_id")?)?;
        let begin = fields.optional_integer("timestamp_ms")?;
        let id = random_hex();
        let mut trace = Trace {
            experiment_id: experiment.0,
            request_time_ms: begin.ok_or_else(|| MlflowError::required("timestamp_ms"))?,
            state: "IN_PROGRESS".to_owned(),
            metadata: act::pairs(&fields.list("request_metadata")?)?
                .into_iter()
                .collect(),
            tags: act::pairs(&fields.list("tags")?)?.into_iter().collect(),
            ..Trace::default()
        };
        trace
            .tags
            .insert(LOCATION_TAG.to_owned(), location(&place, &id));
        act::documents(&shared, KIND, "POST traces").put(&id, &trace.body())?;
        Ok(answer(&json!({ "trace_info": trace.info_v2(&id) })))
    })
    .await
}

async fn end_v2(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Message(fields): Message,
) -> Answer {
    blocking(move || {
        let end = fields.optional_integer("timestamp_ms")?;
        let end = end.ok_or_else(|| MlflowError::required("timestamp_ms"))?;
        let state = fields.text("status")?;
        let metadata = act::pairs(&fields.list("request_metadata")?)?;
        let tags = act::pairs(&fields.list("tags")?)?;
        let trace = edit(&shared, &id, "PATCH traces", |trace| {
            trace.execution_ms = Some(end.saturating_sub(trace.request_time_ms));
            state.clone_into(&mut trace.state);
            trace.metadata.extend(metadata.iter().cloned());
            trace.tags.extend(tags.iter().cloned());
            Ok(())
        })?;
        Ok(answer(&json!({ "trace_info": trace.info_v2(&id) })))
    })
    .await
}

async fn info_v2(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    blocking(move || {
        let trace = find(&shared, &id)?;
        Ok(answer(&json!({ "trace_info": trace.info_v2(&id) })))
    })
    .await
}

async fn info_v3(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    blocking(move || {
        let info = find(&shared, &id)?.info(&id, assessment::of_trace(&shared, &id)?);
        Ok(answer(&json!({ "trace": { "trace_info": info } })))
    })
    .await
}

async fn set_tag(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Message(fields): Message,
) -> Answer {
    blocking(move || {
        let key = fields.text("key")?;
        let value = fields.optional_text("value")?.unwrap_or_default();
        edit(&shared, &id, "PATCH traces/tags", |trace| {
            trace.tags.insert(key.to_owned(), value.to_owned());
            Ok(())
        })?;
        Ok(nothing())
    })
    .await
}

async fn delete_tag(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Message(fields): Message,
) -> Answer {
    blocking(move || {
        let key = fields.text("key")?;
        edit(&shared, &id, "DELETE traces/tags", |trace| {
            match trace.tags.remove(key) {
                Some(_) => Ok(()),
                None => Err(MlflowError::missing(format!(
                    "No trace tag with key '{key}' for trace with ID '{id}'"
                ))),
            }
        })?;
        Ok(nothing())
    })
    .await
}

async fn link_to_run(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let ids = fields.texts("trace_ids")?;
        if ids.is_empty() {
            return Err(MlflowError::required("trace_ids"));
        }
        let run = fields.text("run_id")?;
        if ids.len() > LINKS_MAX {
            return Err(MlflowError::invalid(format!(
                "Cannot link more than {LINKS_MAX} traces to a run in a single request. Provided {} traces.",
                ids.len()
            )));
        }
        trace_links::link(&shared, &ids, run)?;
        Ok(nothing())
    })
    .await
}

async fn link_prompts(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let id = fields.text("trace_id")?;
        let versions = fields.list("prompt_versions")?;
        let name = |value: &Value| -> Answer<String> {
            let part = |name: &str| value[name].as_str().filter(|text| !text.is_empty());
            match (part("name"), part("version")) {
                (Some(name), Some(version)) => Ok(format!("{name}/{version}")),
                _ => Err(MlflowError::required("prompt_versions")),
            }
        };
        let names = versions.into_iter().map(name).collect::<Answer<Vec<String>>>()?;
        if names.len() > LINKS_MAX {
            return Err(MlflowError::invalid(format!(
                "Cannot link more than {LINKS_MAX} prompts to a trace in a single request. Provided {} prompts.",
                names.len()
            )));
        }
        edit(&shared, id, "POST traces/link-prompts", |trace| {
            for name in &names {
                add(&mut trace.prompts, name);
            }
            Ok(())
        })?;
        Ok(nothing())
    })
    .await
}

fn add(list: &mut Vec<String>, item: &str) {
    if !list.iter().any(|known| known == item) {
        list.push(item.to_owned());
    }
}

/// The error for a trace that is there, whose spans are not all there yet.
pub(super) fn not_exported(id: &str) -> MlflowError {
    MlflowError::missing(format!(
        "Trace with ID {id} is not fully exported yet, please try again later."
    ))
}

/// The error of looking for a whole trace that is not there.
pub(super) fn not_there(id: &str) -> MlflowError {
    MlflowError::missing(format!("Trace with ID {id} is not found."))
}
