//! Logged models: made, finished, looked at, tagged, deleted.
//!
//! Invariant: a change is made of what the document says at that moment, so of two at once none is lost.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{delete, get, patch, post};
use mltrack::{Change, Document, door};
use serde_json::{Value, json};

use super::logged_model::{KIND, LoggedModel, Status, not_found, points};
use super::wire::{answer, nothing};
use super::{Answer, Message, MlflowError, act, endpoint, logged_model_search};
use crate::blocking::blocking;
use crate::shared::Shared;

/// Letters that a name must not have.
const NOT_IN_NAMES: [char; 6] = ['/', ':', '.', '%', '"', '\''];

/// The tag with the versions of registered models that were made of a logged model.
const VERSIONS: &str = "mlflow.modelVersions";

/// Their endpoints; listing their files is with the other files.
pub fn routes() -> Router<Shared> {
    let router = Router::new();
    let router = endpoint(router, "/2.0/mlflow/logged-models", post(create));
    let router = endpoint(
        router,
        "/2.0/mlflow/logged-models/search",
        post(logged_model_search::search),
    );
    let one = get(look).patch(finalize).delete(remove);
    let router = endpoint(router, "/2.0/mlflow/logged-models/{model_id}", one);
    let tags = "/2.0/mlflow/logged-models/{model_id}/tags";
    let router = endpoint(router, tags, patch(set_tags));
    let router = endpoint(router, &format!("{tags}/{{tag_key}}"), delete(delete_tag));
    let params = "/2.0/mlflow/logged-models/{model_id}/params";
    endpoint(router, params, post(log_params))
}

/// The present moment in milliseconds.
pub fn now_ms() -> i64 {
    door::wall_time_ns() / 1_000_000
}

async fn create(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let experiment = fields.text("experiment_id")?;
        let name = fields.optional_text("name")?.unwrap_or_default();
        if name.contains(NOT_IN_NAMES) {
            return Err(MlflowError::invalid(format!(
                "Invalid model name ('{name}') provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")"
            )));
        }
        let (experiment, location) = act::active_experiment(&shared, experiment)?;
        let id = format!("m-{}", random_hex());
        let now = now_ms();
        let model = LoggedModel {
            experiment_id: experiment.0,
            name: if name.is_empty() { super::runs::made_up_name() } else { name.to_owned() },
            artifact_uri: format!("{}/models/{id}/artifacts", location.trim_end_matches('/')),
            created_ms: now,
            updated_ms: now,
            status: Status::Pending,
            model_type: fields.optional_text("model_type")?.unwrap_or_default().to_owned(),
            source_run_id: fields.optional_text("source_run_id")?.unwrap_or_default().to_owned(),
            tags: act::pairs(&fields.list("tags")?)?.into_iter().collect(),
            params: act::pairs(&fields.list("params")?)?.into_iter().collect(),
            is_deleted: false,
        };
        let documents = act::documents(&shared, KIND, "POST logged-models");
        documents.put_if(&id, &model.body(), mltrack::Expected::Absent)?;
        Ok(answer(&json!({ "model": model.wire(&id, &[]) })))
    })
    .await
}

/// 32 hex digits that nobody else has.
pub fn random_hex() -> String {
    let bytes: [u8; 16] = door::random_bytes();
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .simple()
        .to_string()
}

async fn look(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Message(fields): Message,
) -> Answer {
    blocking(move || {
        let with_deleted = fields.optional_text("allow_deleted")?.unwrap_or_default();
        let with_deleted = with_deleted.eq_ignore_ascii_case("true");
        let known = shared.tracker().documents(KIND).get(&id)?;
        let model = known.as_ref().map(LoggedModel::of).transpose()?;
        let model = model.filter(|model| with_deleted || !model.is_deleted);
        whole(&shared, &id, &model.ok_or_else(|| not_found(&id))?)
    })
    .await
}

fn whole(shared: &Shared, id: &str, model: &LoggedModel) -> Answer {
    let points = points(shared, id)?;
    Ok(answer(&json!({ "model": model.wire(id, &points) })))
}

async fn finalize(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Message(fields): Message,
) -> Answer {
    blocking(move || {
        fields.text("model_id")?;
        let status = fields
            .get("status")
            .ok_or_else(|| MlflowError::required("status"))?;
        let status = Status::of(status).ok_or_else(|| {
            MlflowError::invalid(format!(
                "Invalid value {status} for parameter 'status' supplied."
            ))
        })?;
        let model = edit(&shared, &id, "PATCH logged-models", |model| {
            model.status = status;
            model.updated_ms = now_ms();
            Ok(())
        })?;
        whole(&shared, &id, &model)
    })
    .await
}

async fn remove(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    blocking(move || {
        edit(&shared, &id, "DELETE logged-models", |model| {
            model.is_deleted = true;
            model.updated_ms = now_ms();
            Ok(())
        })?;
        Ok(nothing())
    })
    .await
}

async fn set_tags(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Message(fields): Message,
) -> Answer {
    blocking(move || {
        let tags = act::pairs(&fields.list("tags")?)?;
        edit(&shared, &id, "PATCH logged-models/tags", |model| {
            model.tags.extend(tags.iter().cloned());
            Ok(())
        })?;
        Ok(nothing())
    })
    .await
}

async fn delete_tag(
    State(shared): State<Shared>,
    Path((id, key)): Path<(String, String)>,
) -> Answer {
    blocking(move || {
        edit(
            &shared,
            &id,
            "DELETE logged-models/tags",
            |model| match model.tags.remove(&key) {
                Some(_) => Ok(()),
                None => Err(MlflowError::missing(format!(
                    "No tag with key '{key}' found for model with ID '{id}'."
                ))),
            },
        )?;
        Ok(nothing())
    })
    .await
}

async fn log_params(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Message(fields): Message,
) -> Answer {
    blocking(move || {
        fields.text("model_id")?;
        let params = act::pairs(&fields.list("params")?)?;
        edit(&shared, &id, "POST logged-models/params", |model| {
            for (key, value) in &params {
                match model.params.get(key) {
                    Some(old) if old != value => {
                        return Err(MlflowError::invalid(format!(
                            "Changing param values is not allowed. Param with key='{key}' was already logged with value='{old}' for model ID='{id}'. Attempted logging new value '{value}'."
                        )));
                    }
                    _ => drop(model.params.insert(key.clone(), value.clone())),
                }
            }
            Ok(())
        })?;
        Ok(nothing())
    })
    .await
}

/// Says in a tag of a logged model that a version of a registered model was made of it. One that is not there is
/// nobody's, and needs no tag.
pub fn name_version(shared: &Shared, id: &str, name: &str, number: u64) -> Answer<()> {
    if shared.tracker().documents(KIND).get(id)?.is_none() {
        return Ok(());
    }
    edit(shared, id, "POST model-versions/create", |model| {
        let known = model.tags.get(VERSIONS).map_or("[]", String::as_str);
        let told = with_version(known, name, number);
        model.tags.insert(VERSIONS.to_owned(), told);
        Ok(())
    })?;
    Ok(())
}

/// The value of that tag with one more version in it, spaced as `MLflow`'s own server writes it, for clients compare
/// the text. What is no list is replaced.
fn with_version(known: &str, name: &str, number: u64) -> String {
    let listed: Vec<Value> = serde_json::from_str(known).unwrap_or_default();
    let is_one = |listed: &Value| listed["name"] == name && listed["version"] == number;
    if listed.iter().any(is_one) {
        return known.to_owned();
    }
    let one = format!("{{\"name\": {}, \"version\": {number}}}", json!(name));
    match known.trim_end().strip_suffix(']') {
        Some(open) if !listed.is_empty() => format!("{open}, {one}]"),
        _ => format!("[{one}]"),
    }
}

/// Changes a model that is there, and says what it is then.
fn edit(
    shared: &Shared,
    id: &str,
    command: &str,
    mut change: impl FnMut(&mut LoggedModel) -> Answer<()>,
) -> Answer<LoggedModel> {
    let mut outcome = Err(not_found(id));
    let documents = act::documents(shared, KIND, command);
    documents.update(id, |known: Option<&Document>| {
        outcome = match known {
            None => Err(not_found(id)),
            Some(known) => LoggedModel::of(known).and_then(|mut model| {
                change(&mut model)?;
                Ok(model)
            }),
        };
        Ok(match &outcome {
            Ok(model) => Change::Put(model.body()),
            Err(_) => Change::Keep,
        })
    })?;
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_listed_once_each_in_the_text_that_clients_know() {
        let one = with_version("[]", "net", 1);
        assert_eq!(one, r#"[{"name": "net", "version": 1}]"#);
        assert_eq!(with_version(&one, "net", 1), one);
        let two = with_version(&one, "a \"b\"", 2);
        assert_eq!(
            two,
            r#"[{"name": "net", "version": 1}, {"name": "a \"b\"", "version": 2}]"#
        );
        for nonsense in ["", "{}", "7", "[", "]"] {
            assert_eq!(with_version(nonsense, "net", 1), one, "{nonsense}");
        }
    }
}
