//! `/api/v1/events`: what happens, as it happens, as server-sent events.
//!
//! Invariant: a client that reconnects with the last id it saw gets every event behind it, once.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use mltrack::{Cursor, Position, Tracker};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Fault, Faults};
use super::live::{Live, end_of};
use super::live_feed::{Feed, rewound};
use super::live_wish::Wish;
use super::moment::length_of;
use super::{named, page};
use crate::blocking::blocking;
use crate::shared::Shared;

/// Points are never merged to more ticks a second than this allows.
const MERGE_MIN: Duration = Duration::from_millis(250);
const MERGE_MAX: Duration = Duration::from_mins(1);

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Which events, from where on.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsAsk {
    /// Only events behind this record: an lsn, a position such as the event `hello` names, `start`, or `end` (the
    /// default). The header `Last-Event-ID` goes before it.
    pub after: Option<String>,
    /// Only events of these types, such as `metrics_logged`, with commas between them.
    pub types: Vec<String>,
    /// Only events of this run.
    pub run: Option<String>,
    /// Only events of this experiment and its runs.
    pub experiment: Option<String>,
    /// Only events of runs that this filter admits, such as `tags.team = 'vision'`.
    pub filter: Option<String>,
    /// What happens within such a time becomes one event `tick`, with the points of each metric as columns: `250ms`
    /// to `60s`.
    pub merge: Option<String>,
}

/// What happens, as it happens
///
/// Server-sent events. First an event `hello` with where the stream begins; then every record as an unnamed event with
/// its lsn as `id`, or, with `merge`, events `tick`. `rewound`: records that were told are gone since an unclean stop;
/// go on behind `after`. `cut`: the stream ends, and why.
#[utoipa::path(
    get, path = "/events", tag = "live", params(
        ("Last-Event-ID" = Option<String>, Header, description = "only events behind this one"), EventsAsk),
    responses(
        (status = 200, description = "events without end", content((String = "text/event-stream"))),
        Faults,
    )
)]
async fn events(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Ask(ask): Ask<EventsAsk>,
) -> Answer {
    let merge = ask.merge.as_deref().map(merge_of).transpose()?;
    let after = match headers.get("last-event-id") {
        Some(id) => Some(id.to_str().unwrap_or("?").to_owned()),
        None => ask.after.clone(),
    };
    let live = shared.live().clone();
    let feed = blocking(move || begin(&live, after.as_deref(), &ask)).await?;
    Ok(answer(feed.merged(merge)))
}

fn answer(feed: Feed) -> Response {
    let frames = stream::unfold(feed, |mut feed| async {
        let frame = feed.next().await?;
        Some((Ok::<Bytes, std::convert::Infallible>(frame), feed))
    });
    let mut response = Body::from_stream(frames).into_response();
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "text/event-stream");
    set(header::CACHE_CONTROL, "no-cache, no-transform");
    // A proxy that collects answers would hold events back.
    set(header::HeaderName::from_static("x-accel-buffering"), "no");
    response
}

fn merge_of(text: &str) -> Result<Duration, Fault> {
    let length = length_of(text).filter(|length| (MERGE_MIN..=MERGE_MAX).contains(length));
    length.ok_or_else(|| {
        Fault::invalid(format!(
            "merge is {text:?}, and is a length from 250ms to 60s"
        ))
        .hint("merge=250ms")
    })
}

fn begin(live: &Live, after: Option<&str>, ask: &EventsAsk) -> Answer<Feed> {
    let tracker = live.tracker();
    let wish = wish_of(tracker, ask)?;
    wish.check(tracker)?;
    let joined = live.join()?;
    let (next, is_rewound) = place_of(tracker, after, joined.begins)?;
    let mut begin = Vec::new();
    if is_rewound {
        begin.extend(rewound(next, position(tracker).as_deref()));
    }
    let hello = json!({"after": next - 1, "end": joined.begins - 1, "position": position(tracker)});
    begin.extend(format!("retry: 1000\nevent: hello\ndata: {hello}\n\n").bytes());
    Ok(Feed::new(live.clone(), wish, next, joined, begin.into()))
}

fn wish_of(tracker: &Tracker, ask: &EventsAsk) -> Answer<Wish> {
    let experiment = ask.experiment.as_deref();
    let experiment = experiment
        .map(|name| named::experiment(tracker, name))
        .transpose()?;
    let run = ask
        .run
        .as_deref()
        .map(|name| named::run_id(tracker, name))
        .transpose()?;
    Ok(Wish {
        types: page::words(&ask.types)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        run,
        experiment: experiment.map(|known| (known.id(), known.name().to_owned())),
        filter: ask.filter.clone(),
    })
}

/// The first record that is wanted, and whether what the client saw last is gone.
fn place_of(tracker: &Tracker, after: Option<&str>, begins: u64) -> Answer<(u64, bool)> {
    let text = match after.map(str::trim) {
        None | Some("" | "end") => return Ok((begins, false)),
        Some("start") => return Ok((1, false)),
        Some(text) => text,
    };
    if let Ok(last) = text.parse::<u64>() {
        let end = end_of(tracker)?.max(begins);
        let is_rewound = last >= end;
        return Ok(if is_rewound {
            (end, true)
        } else {
            (last + 1, false)
        });
    }
    let position: Position = text.parse().map_err(|_| {
        Fault::invalid(format!("{text:?} is no place in the log"))
            .hint("give the lsn of the last event that was seen, start, or end")
    })?;
    let looked = tracker
        .tail()
        .from(Cursor::Resume(position))
        .follow()
        .next_within(Duration::ZERO);
    match looked {
        Ok(_) => Ok((position.next.get(), false)),
        Err(error) => match error.rewound_to() {
            Some(to) => Ok((to.next.get(), true)),
            None => Err(error.into()),
        },
    }
}

/// The end of the log as a place that tells when the log was cut off.
fn position(tracker: &Tracker) -> Option<String> {
    let follow = tracker.tail().from(Cursor::End).follow();
    follow.position().map(|position| position.to_string())
}
