//! `/api/v1/preferences`: how a user likes to look at things, such as the theme and the columns of the web page.
//!
//! Invariants: a user is who showed a key, and all who show none are one; what is kept means nothing to the server; it
//! is an event as everything is, but no deed that `undo` would take back in place of the last one.

use axum::Json;
use axum::extract::State;
use mltrack::{Change, Code};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Body;
use super::error::{Answer, Fault, Faults};
use crate::blocking::blocking;
use crate::caller::Caller;
use crate::shared::Shared;

/// The kind of document; `undo` knows it, too.
const KIND: &str = "preferences";
const LEN_MAX: usize = 256 << 10;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(get, replace))
}

/// What somebody prefers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Preferences {
    /// The name of the key that was shown; null for all who show none.
    pub user: Option<String>,
    /// What is preferred, in a form of the client's own; null while nothing was said.
    #[schema(value_type = Option<Object>)]
    pub content: Option<Map<String, Value>>,
    /// The record that said so.
    pub lsn: Option<u64>,
}

/// What somebody is to prefer from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPreferences {
    /// What is preferred, in a form of the client's own: at most 256 KiB.
    #[schema(value_type = Object)]
    pub content: Map<String, Value>,
}

/// What is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    schema: u32,
    user: Option<String>,
    content: Map<String, Value>,
}

/// What the caller prefers
#[utoipa::path(get, path = "/preferences", tag = "views",
    responses((status = 200, description = "what the caller prefers", body = Preferences), Faults))]
async fn get(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Preferences>> {
    blocking(move || told(&shared, &caller).map(Json)).await
}

/// Say what the caller prefers
#[utoipa::path(put, path = "/preferences", tag = "views", request_body = NewPreferences,
    responses((status = 200, description = "as it is now", body = Preferences), Faults))]
async fn replace(
    State(shared): State<Shared>,
    caller: Caller,
    Body(asked): Body<NewPreferences>,
) -> Answer<Json<Preferences>> {
    blocking(move || {
        let stored = Stored {
            schema: 1,
            user: caller.name.as_deref().map(str::to_owned),
            content: asked.content,
        };
        let text = serde_json::to_string(&stored)
            .map_err(|error| mltrack::Error::new(Code::InternalError, error.to_string()))?;
        if text.len() > LEN_MAX {
            let len = text.len();
            return Err(Fault::invalid(format!(
                "preferences are at most {LEN_MAX} bytes, not {len}"
            ))
            .hint("keep a view for what belongs to an experiment"));
        }
        let documents = shared.tracker().documents(KIND);
        documents.update(&id_of(&caller), |known| {
            let is_same = known.is_some_and(|known| *known.body == *text);
            Ok(if is_same {
                Change::Keep
            } else {
                Change::Put(text.clone())
            })
        })?;
        told(&shared, &caller).map(Json)
    })
    .await
}

fn told(shared: &Shared, caller: &Caller) -> Answer<Preferences> {
    let known = shared.tracker().documents(KIND).get(&id_of(caller))?;
    let user = caller.name.as_deref().map(str::to_owned);
    let Some(known) = known else {
        return Ok(Preferences {
            user,
            content: None,
            lsn: None,
        });
    };
    let stored: Stored = serde_json::from_str(&known.body).map_err(|error| {
        let what = format!("the preferences {:?} cannot be read: {error}", known.id);
        mltrack::Error::new(Code::InvalidState, what).with_hint("PUT /api/v1/preferences anew")
    })?;
    Ok(Preferences {
        user,
        content: Some(stored.content),
        lsn: Some(known.lsn.get()),
    })
}

/// Names of keys may be longer than ids of documents.
fn id_of(caller: &Caller) -> String {
    caller.name.as_deref().map_or_else(
        || "anybody".to_owned(),
        |name| format!("key-{}", &blake3::hash(name.as_bytes()).to_hex()[..32]),
    )
}
