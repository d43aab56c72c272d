//! `Idempotency-Key`: a request that may be sent again is done once, and the second time answered like the first.
//!
//! Invariants: a request with a key is worked on at most once, whoever disconnects, whatever ends the server, and however
//! many send it at once; what was refused is forgotten, for nothing was done; where nobody can know what became of it, the
//! answer says so.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use mltrack::Code;
use serde::{Deserialize, Serialize};

use super::ask::read_whole;
use super::error::{Answer, Fault};
use super::remembered::{Claim, Known, Turn, hash_of};
use crate::access::{self, Need};
use crate::blocking::blocking;
use crate::caller::{Acting, Caller, InName};
use crate::shared::Shared;

/// The header that names a request.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const KEY_LEN_MAX: usize = 255;
/// The headers of an answer that are told again.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// How a request ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Outcome {
    /// The hash of the request's body.
    asked: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// The key that a request came with.
pub fn key_of(headers: &HeaderMap) -> Answer<Option<String>> {
    let Some(value) = headers.get(KEY) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    if text.is_empty()
        || text.len() > KEY_LEN_MAX
        || !text.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(Fault::invalid(format!(
            "an Idempotency-Key has 1 to {KEY_LEN_MAX} visible characters of ASCII"
        ))
        .hint("make one up for each request, such as a UUID"));
    }
    Ok(Some(text.to_owned()))
}

/// Around every request of our interface.
pub async fn once(
    State(shared): State<Shared>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    // The stream of lines goes on where it stopped, which only its handler can do.
    let path = request.uri().path();
    let is_change = access::need(request.method(), &format!("/api/v1{path}")) > Need::Look;
    if !is_change || path == "/ingest" || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    match keyed(&shared, &caller, request, next).await {
        Ok(response) => response,
        Err(fault) => fault.into_response(),
    }
}

async fn keyed(shared: &Shared, caller: &Caller, request: Request, next: Next) -> Answer {
    let key = key_of(request.headers())?.unwrap_or_default();
    let target = request
        .uri()
        .path_and_query()
        .map_or("", |target| target.as_str());
    let name = hash_of(&[request.method().as_str(), target]);
    let turn = shared
        .remembered()
        .turn(caller.name.as_deref().unwrap_or_default(), &key)
        .await;
    let (request, hash) = hashed(request, shared.options().body_len_max).await?;
    let wanted = name.clone();
    let (turn, claim) = blocking(move || {
        let claim = turn.claim::<Outcome>(&wanted);
        (turn, claim)
    })
    .await;
    match claim.map_err(|error| unkept(&error))? {
        Claim::Taken(known) => replay(known, &name, request, &hash).await,
        Claim::Mine => work(turn, name, request, hash, next).await,
    }
}

/// Does what the request asks, to the end even when nobody waits for the answer any more.
async fn work(turn: Turn, name: String, request: Request, hash: Hash, next: Next) -> Answer {
    let work = async move {
        let (parts, body) = next.run(request).await.into_parts();
        let bytes = body.collect().await;
        let bytes = bytes.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
        let status = parts.status;
        let outcome = Outcome {
            asked: hash.text(),
            status: status.as_u16(),
            headers: kept_of(&parts.headers),
            body: String::from_utf8_lossy(&bytes).into_owned(),
        };
        let kept = blocking(move || {
            if status.is_success() {
                turn.keep(&name, outcome)
            } else if is_refusal(status) {
                turn.release()
            } else {
                Ok(())
            }
        });
        if let Err(error) = kept.await {
            tracing::error!(%error, "what became of a request with a key cannot be kept");
        }
        Response::from_parts(parts, Body::from(bytes))
    };
    let task = match Acting::current() {
        Some(acting) => tokio::spawn(InName::new(acting, work)),
        None => tokio::spawn(work),
    };
    match task.await {
        Ok(response) => Ok(response),
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Err(_) => std::future::pending().await,
    }
}

/// Whether an answer says that nothing was done.
fn is_refusal(status: StatusCode) -> bool {
    let is_later = matches!(
        status,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::INSUFFICIENT_STORAGE
    );
    status.is_client_error() || is_later
}

fn kept_of(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = KEPT.iter().filter_map(|name| {
        let value = headers.get(name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    });
    kept.collect()
}

/// The answer to the first request, for one that is the same.
async fn replay(
    known: Option<Known<Outcome>>,
    name: &str,
    request: Request,
    hash: &Hash,
) -> Answer {
    let known = known.ok_or_else(unknown)?;
    if known.request != name {
        return Err(reused());
    }
    let outcome = known.outcome.ok_or_else(unknown)?;
    // What is hashed on its way has to go by.
    drop(request.into_body().collect().await);
    if outcome.asked != hash.text() {
        return Err(reused());
    }
    let mut response = Response::new(Body::from(outcome.body));
    *response.status_mut() = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::OK);
    for (name, value) in outcome.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// The hash of a body, known when all of it was read.
struct Hash(Arc<Mutex<blake3::Hasher>>);

impl Hash {
    fn text(&self) -> String {
        let hasher = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hasher.finalize().to_hex().to_string()
    }
}

/// The request with a body that is hashed: at once when it is short, on its way when it is an artifact.
async fn hashed(request: Request, len_max: usize) -> Answer<(Request, Hash)> {
    let hasher = Arc::new(Mutex::new(blake3::Hasher::new()));
    let (parts, body) = request.into_parts();
    let update = |hasher: &Mutex<blake3::Hasher>, bytes: &[u8]| {
        let mut hasher = hasher.lock().unwrap_or_else(PoisonError::into_inner);
        hasher.update(bytes);
    };
    let body = if parts.method == axum::http::Method::PUT {
        let hasher = Arc::clone(&hasher);
        Body::new(body.map_frame(move |frame| {
            if let Some(bytes) = frame.data_ref() {
                update(&hasher, bytes);
            }
            frame
        }))
    } else {
        let bytes = read_whole(body, len_max).await?;
        update(&hasher, &bytes);
        Body::from(bytes)
    };
    Ok((Request::from_parts(parts, body), Hash(hasher)))
}

/// The key stands for something else.
pub fn reused() -> Fault {
    Fault::new(
        Code::Conflict,
        "this Idempotency-Key came with another request before",
    )
    .status(StatusCode::UNPROCESSABLE_ENTITY)
    .hint("make up a key for each request, and send it again only with the very same one")
}

/// Nobody knows what became of the first request.
pub fn unknown() -> Fault {
    Fault::new(
        Code::Conflict,
        "a request with this Idempotency-Key was begun, and whether it was done is not known: it is being worked on, or the server ended meanwhile",
    )
    .hint("look whether it was done; if not, send it with a new key")
}

/// The folder of the keys cannot be used.
pub fn unkept(error: &std::io::Error) -> Fault {
    Fault::new(
        Code::IoError,
        format!("what becomes of this request cannot be remembered: {error}"),
    )
    .hint(
        "nothing was done; send it without an Idempotency-Key, or make the store's folder writable",
    )
}
