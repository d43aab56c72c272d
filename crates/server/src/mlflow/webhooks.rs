//! Webhooks over the wire: made, listed, changed, removed and tried out.
//!
//! Invariants: a secret goes in and never comes out; an address that may not be reached is refused when it is given, not
//! only when something is sent there.

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use mltrack::door;
use serde_json::{Value, json};
use uuid::Builder;

use super::{Answer, Message, MlflowError, act, endpoint, paging};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;
use crate::webhook::{
    Attempt, Book, Kind, Occurrence, Refused, Sender, Signed, Status, Webhook, WebhookTold,
    delivery_body,
};

const NAME_LEN_MAX: usize = 63;
const PAGE_DEFAULT: i64 = 100;
const PAGE_MAX: i64 = 1000;

/// The endpoints.
pub fn routes() -> Router<Shared> {
    let of_one = get(show).patch(update).delete(remove);
    let router = endpoint(
        Router::new(),
        "/2.0/mlflow/webhooks",
        post(create).get(list),
    );
    let router = endpoint(router, "/2.0/mlflow/webhooks/{webhook_id}", of_one);
    endpoint(
        router,
        "/2.0/mlflow/webhooks/{webhook_id}/test",
        post(try_out),
    )
}

fn missing(id: &str) -> MlflowError {
    MlflowError::missing(format!("Webhook with ID {id} not found."))
}

fn refused(refused: &Refused) -> MlflowError {
    MlflowError::invalid(refused.to_string())
}

/// A webhook on the wire.
fn webhook_json(webhook: &Webhook) -> Value {
    let event = |kind: Kind| {
        let (entity, action) = (kind.entity.to_uppercase(), kind.action.to_uppercase());
        json!({"entity": entity, "action": action})
    };
    let mut form = json!({
        "webhook_id": &*webhook.id,
        "name": webhook.told.name,
        "url": webhook.told.url,
        "events": webhook.kinds().map(event).collect::<Vec<_>>(),
        "status": webhook.told.status,
        "creation_timestamp": webhook.created_ns.div_euclid(1_000_000),
        "last_updated_timestamp": webhook.updated_ns.div_euclid(1_000_000),
    });
    let description = webhook.told.description.as_deref().unwrap_or_default();
    if !description.is_empty() {
        form["description"] = description.into();
    }
    form
}

fn check_name(name: &str) -> Answer<()> {
    let is_end = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    let is_inner =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    let is_name = name.len() <= NAME_LEN_MAX
        && is_end(name.chars().next())
        && is_end(name.chars().next_back())
        && name.chars().all(is_inner);
    if is_name {
        return Ok(());
    }
    Err(MlflowError::invalid(format!(
        "Webhook name '{name}' is invalid. It must start and end with a letter or digit, be less than 63 characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-)."
    )))
}

fn kind(event: &Value) -> Answer<Kind> {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let (entity, action) = (text("entity"), text("action"));
    if let Some(kind) = Kind::named(entity, action) {
        return Ok(kind);
    }
    let entity = entity.to_lowercase();
    let actions = Kind::actions_of(&entity);
    if actions.is_empty() {
        return Err(MlflowError::invalid(format!(
            "Invalid value {event} for parameter 'events' supplied: nothing is told about the entity '{entity}'"
        )));
    }
    let quoted: Vec<String> = actions.iter().map(|action| format!("'{action}'")).collect();
    Err(MlflowError::invalid(format!(
        "Invalid action '{}' for entity '{entity}'. Valid actions are: [{}]",
        action.to_lowercase(),
        quoted.join(", ")
    )))
}

/// The kinds that a request names, each once.
fn kinds(fields: &Fields) -> Answer<Vec<String>> {
    let mut kinds: Vec<String> = Vec::new();
    for event in fields.list("events")? {
        let kind = kind(event)?.to_string();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

fn status(fields: &Fields) -> Answer<Option<Status>> {
    match fields.optional_text("status")? {
        None => Ok(None),
        Some("ACTIVE") => Ok(Some(Status::Active)),
        Some("DISABLED") => Ok(Some(Status::Disabled)),
        Some(other) => Err(MlflowError::invalid(format!(
            "Invalid value \"{other}\" for parameter 'status' supplied: it is ACTIVE or DISABLED"
        ))),
    }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

/// A text that counts as left out when it is empty.
fn filled<'a>(fields: &'a Fields, name: &str) -> Answer<Option<&'a str>> {
    Ok(fields.optional_text(name)?.filter(|text| !text.is_empty()))
}

/// The webhooks, to be changed in the name of whoever asks.
fn book_of(shared: &Shared, command: &str) -> Book {
    let (actor, command) = act::actor(command);
    Book::of(shared.tracker()).by(&actor, &command)
}

async fn create(State(shared): State<Shared>, Message(fields): Message) -> Answer<Json<Value>> {
    let (name, url) = (fields.text("name")?, fields.text("url")?);
    let events = kinds(&fields)?;
    if events.is_empty() && fields.get("events").is_none() {
        return Err(MlflowError::required("events"));
    }
    check_name(name)?;
    let secret = owned(filled(&fields, "secret")?);
    let told = WebhookTold {
        name: name.to_owned(),
        url: url.to_owned(),
        events,
        description: owned(filled(&fields, "description")?),
        status: status(&fields)?.unwrap_or(Status::Active),
        has_secret: secret.is_some(),
    };
    let gate = shared.webhooks().gate();
    gate.check_now(url).await.map_err(|error| refused(&error))?;
    if told.events.is_empty() {
        let text = "Webhook events must be a non-empty list of WebhookEvent objects: [].";
        return Err(MlflowError::invalid(text));
    }
    let id = Builder::from_random_bytes(door::random_bytes());
    let id = id.into_uuid().to_string();
    let made = {
        let (shared, id) = (shared.clone(), id.clone());
        blocking(move || {
            let desk = shared.webhooks();
            // The secret first: no delivery must go out unsigned.
            keep_secret(&shared, &id, secret.as_deref())?;
            desk.begin(shared.tracker())?;
            let book = book_of(&shared, "POST webhooks");
            book.add(&id, &told)?;
            Ok::<_, MlflowError>(book.get(&id)?)
        })
        .await?
    };
    shared.webhooks().resume(shared.tracker());
    let webhook = made.ok_or_else(|| missing(&id))?;
    Ok(Json(json!({"webhook": webhook_json(&webhook)})))
}

fn keep_secret(shared: &Shared, id: &str, secret: Option<&str>) -> Answer<()> {
    shared
        .webhooks()
        .secrets()
        .set(id, secret)
        .map_err(|error| {
            let what = "the secrets of the webhooks cannot be kept";
            mltrack::Error::new(mltrack::Code::StorageError, what)
                .with_source(error)
                .into()
        })
}

async fn list(State(shared): State<Shared>, Message(fields): Message) -> Answer<Json<Value>> {
    let count = fields
        .optional_integer("max_results")?
        .filter(|count| *count != 0);
    let count = count.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&count) {
        let text = "max_results must be between 1 and 1000.";
        return Err(MlflowError::invalid(text));
    }
    let (offset, count) = (paging::offset(&fields)?, count as usize);
    let all = blocking(move || Book::of(shared.tracker()).all()).await?;
    let end = offset.saturating_add(count);
    let page = all.iter().skip(offset).take(count);
    let page: Vec<Value> = page.map(webhook_json).collect();
    let mut answer = json!({});
    if !page.is_empty() {
        answer["webhooks"] = page.into();
    }
    if all.len() > end {
        answer["next_page_token"] = paging::token(end).into();
    }
    Ok(Json(answer))
}

async fn find(shared: &Shared, id: &str) -> Answer<Webhook> {
    let (tracker, asked) = (shared.tracker().clone(), id.to_owned());
    let found = blocking(move || Book::of(&tracker).get(&asked)).await?;
    found.ok_or_else(|| missing(id))
}

async fn show(State(shared): State<Shared>, Path(id): Path<String>) -> Answer<Json<Value>> {
    let webhook = find(&shared, &id).await?;
    Ok(Json(json!({"webhook": webhook_json(&webhook)})))
}

async fn update(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Message(fields): Message,
) -> Answer<Json<Value>> {
    find(&shared, &id).await?;
    let name = owned(filled(&fields, "name")?);
    let url = owned(filled(&fields, "url")?);
    let (events, status) = (kinds(&fields)?, status(&fields)?);
    let description = owned(fields.optional_text("description")?);
    let secret = owned(fields.optional_text("secret")?);
    name.as_deref().map_or(Ok(()), check_name)?;
    if let Some(url) = &url {
        let gate = shared.webhooks().gate();
        gate.check_now(url).await.map_err(|error| refused(&error))?;
    }
    let (changed, asked) = (shared.clone(), id.clone());
    blocking(move || {
        if let Some(secret) = &secret {
            let secret = Some(secret.as_str()).filter(|secret| !secret.is_empty());
            keep_secret(&changed, &asked, secret)?;
        }
        book_of(&changed, "PATCH webhooks").change(&asked, |told| {
            told.name = name.clone().unwrap_or_else(|| told.name.clone());
            told.url = url.clone().unwrap_or_else(|| told.url.clone());
            told.description = description.clone().or_else(|| told.description.clone());
            told.status = status.unwrap_or(told.status);
            if !events.is_empty() {
                told.events.clone_from(&events);
            }
            if let Some(secret) = &secret {
                told.has_secret = !secret.is_empty();
            }
        })?;
        Ok::<_, MlflowError>(())
    })
    .await?;
    let webhook = find(&shared, &id).await?;
    Ok(Json(json!({"webhook": webhook_json(&webhook)})))
}

async fn remove(State(shared): State<Shared>, Path(id): Path<String>) -> Answer<Json<Value>> {
    blocking(move || {
        // The secret stays: an undo brings the webhook back as it was.
        if book_of(&shared, "DELETE webhooks").remove(&id)? {
            Ok(Json(json!({})))
        } else {
            Err(missing(&id))
        }
    })
    .await
}

async fn try_out(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Message(fields): Message,
) -> Answer<Json<Value>> {
    let webhook = find(&shared, &id).await?;
    let asked = fields.get("event").map(kind).transpose()?;
    let kind = asked.or_else(|| webhook.kinds().next());
    let kind = kind.ok_or_else(|| MlflowError::required("event"))?;
    let secret = shared.webhooks().secrets().get(&webhook.id);
    let secret = secret.map_err(|error| MlflowError::invalid(error.to_string()))?;
    if webhook.told.has_secret && secret.is_none() {
        let text = "the webhook's secret is gone: set it again";
        return Ok(Json(result(Err(text.to_owned()))));
    }
    let occurrence = Occurrence {
        kind,
        data: kind.example(),
    };
    let signed = Signed {
        delivery_id: Builder::from_random_bytes(door::random_bytes())
            .into_uuid()
            .to_string(),
        body: delivery_body(&occurrence, door::wall_time_ns()),
        secret,
    };
    let sender = Sender::new(shared.webhooks().gate());
    let sender = sender.map_err(|error| MlflowError::invalid(error.to_string()))?;
    let attempt = sender.send(&webhook.told.url, &signed).await;
    Ok(Json(result(match attempt {
        Attempt::Answered { status, body, .. } => Ok((status, body)),
        Attempt::Refused(refused) => Err(refused.to_string()),
        Attempt::Failed(what) => Err(what),
    })))
}

/// What a test answers: what the receiver did, or why there was no answer.
fn result(answered: Result<(u16, String), String>) -> Value {
    let result = match answered {
        Ok((status, body)) => {
            let mut result = json!({"success": status < 400, "response_status": status});
            if !body.is_empty() {
                result["response_body"] = body.into();
            }
            result
        }
        Err(what) => {
            json!({"success": false, "error_message": format!("Failed to test webhook: {what}")})
        }
    };
    json!({"result": result})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_webhooks_begin_and_end_with_a_letter_or_a_digit() {
        for name in ["a", "a.b_c-d9", &"a".repeat(63)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "-a", "a-", "a b", "ä", &"a".repeat(64)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn an_action_that_its_entity_does_not_know_is_told_from_an_unknown_entity() {
        let told = |event: Value| match kind(&event) {
            Ok(kind) => kind.to_string(),
            Err(error) => format!("{error:?}"),
        };
        let event = json!({"entity": "MODEL_VERSION_TAG", "action": "SET"});
        assert_eq!(told(event), "model_version_tag.set");
        let event = json!({"entity": "REGISTERED_MODEL", "action": "DELETED"});
        assert!(told(event).contains("Valid actions are: ['created']"));
        assert!(told(json!({"entity": "MOON"})).contains("nothing is told about"));
    }
}
