//! Uploads in parts over the proxy: `mpu/create`, each part to a link of its own, `mpu/complete` or `mpu/abort`.
//!
//! Invariants: nothing can be found before `complete` has answered; parts come at once and in any order; what was
//! completed or given up leaves no part behind.

use std::collections::BTreeMap;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::body_reader::reader_of;
use super::endpoint;
use super::error::{Answer, MlflowError};
use super::message::Message;
use super::proxy::{admit, by, last_part, name};
use super::proxy_path::{Place, checked};
use super::signed_link::{Origin, Right, SIGNED, Signer, refuse_read_only};
use super::upload_parts::{Joined, PARTS_MAX, PartUpload};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// Links of parts last so long, in seconds: long files take long.
const SECONDS: i64 = 24 * 3600;

/// The three calls, and the links of parts.
pub fn routes() -> Router<Shared> {
    let mut router = Router::new().route(
        &format!("{SIGNED}/part/{{upload}}/{{number}}"),
        put(take_part),
    );
    for (call, method) in [
        ("create", post(create)),
        ("complete", post(complete)),
        ("abort", post(abort)),
    ] {
        let path = format!("/2.0/mlflow-artifacts/mpu/{call}/{{*path}}");
        router = endpoint(router, &path, method);
    }
    router
}

/// The path that an upload is for: the folder in the URL and the name of the client's own file.
fn target(folder: &str, fields: &Fields) -> Answer<String> {
    let file = fields.text("path")?.replace('\\', "/");
    checked(&format!("{}/{}", checked(folder)?, last_part(&file)))
}

async fn create(
    State(shared): State<Shared>,
    Path(folder): Path<String>,
    Origin(origin): Origin,
    message: Message,
) -> Answer<Json<Value>> {
    let path = target(&folder, &message.0)?;
    let count = message.0.optional_integer("num_parts")?.unwrap_or(1);
    if !(1..=PARTS_MAX).contains(&count) {
        let what = format!("num_parts must be between 1 and {PARTS_MAX} (got {count}).");
        return Err(MlflowError::invalid(what));
    }
    let count = count as u32;
    let tracker = shared.tracker().clone();
    blocking(move || {
        admit(&tracker, &Place::of(&tracker, &path)?)?;
        let signer = Signer::of(&tracker)?;
        let id = PartUpload::begin(&tracker, &path, count)?;
        let credentials = (1..=count).map(|number| {
            let link = signer.link(&Right::Part(&id, number), SECONDS);
            json!({"url": format!("{origin}{link}"), "part_number": number})
        });
        let credentials: Vec<Value> = credentials.collect();
        Ok(Json(json!({"upload_id": id, "credentials": credentials})))
    })
    .await
}

async fn take_part(
    State(shared): State<Shared>,
    Path((id, number)): Path<(String, u32)>,
    request: Request,
) -> Answer {
    refuse_read_only(&shared)?;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let tracker = shared.tracker().clone();
    let (pump, reader) = reader_of(request.into_body());
    let kept = blocking(move || {
        Signer::of(&tracker)?.check(&Right::Part(&id, number), &query)?;
        let upload = PartUpload::find(&tracker, &id)?;
        upload.put(number, tracker.artifact_len_max()?, reader)
    });
    let ((), kept) = tokio::join!(pump.run(), kept);
    let tag = HeaderValue::from_str(&format!("\"{}\"", kept?)).expect("digits");
    let answer: Response = ([(header::ETAG, tag)], Json(json!({}))).into_response();
    Ok(answer)
}

async fn complete(
    State(shared): State<Shared>,
    Path(folder): Path<String>,
    method: Method,
    message: Message,
) -> Answer<Json<Value>> {
    let path = target(&folder, &message.0)?;
    let id = message.0.text("upload_id")?.to_owned();
    let parts = parts(&message.0)?;
    let by = by(&method, &path);
    let tracker = shared.tracker().clone();
    blocking(move || {
        let upload = found(&tracker, &id, &path)?;
        let place = Place::of(&tracker, &path)?;
        admit(&tracker, &place)?;
        let content = Joined::new(upload.files(&parts)?);
        let stored = tracker.store_bytes(content)?;
        name(&tracker, &place, &stored, &by)?;
        upload.remove()?;
        Ok(Json(json!({})))
    })
    .await
}

async fn abort(
    State(shared): State<Shared>,
    Path(folder): Path<String>,
    message: Message,
) -> Answer<Json<Value>> {
    let path = target(&folder, &message.0)?;
    let id = message.0.text("upload_id")?.to_owned();
    let tracker = shared.tracker().clone();
    blocking(move || found(&tracker, &id, &path)?.remove()).await?;
    Ok(Json(json!({})))
}

/// The upload of this id, which must be for this path.
fn found(tracker: &mltrack::Tracker, id: &str, path: &str) -> Answer<PartUpload> {
    let upload = PartUpload::find(tracker, id)?;
    if upload.path() != path {
        let what = format!("upload_id {id} is for another path than '{path}'");
        return Err(MlflowError::invalid(what));
    }
    Ok(upload)
}

/// The parts that a client says it sent, with the tags it was told; an empty tag is none.
fn parts(fields: &Fields) -> Answer<BTreeMap<u32, Option<String>>> {
    let mut parts = BTreeMap::new();
    for part in fields.list("parts")? {
        let number = part["part_number"]
            .as_u64()
            .and_then(|it| u32::try_from(it).ok());
        let number = number.ok_or_else(|| MlflowError::required("parts.part_number"))?;
        let tag = part["etag"].as_str().filter(|tag| !tag.is_empty());
        if parts.insert(number, tag.map(str::to_owned)).is_some() {
            let what = format!("part {number} is named twice");
            return Err(MlflowError::invalid(what));
        }
    }
    if parts.is_empty() {
        return Err(MlflowError::required("parts"));
    }
    Ok(parts)
}
