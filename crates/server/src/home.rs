//! `GET /`: what is served here and how to connect, for a person with a browser.
//!
//! Invariant: the page loads nothing and runs nothing, and every text of the store in it is escaped.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use mltrack::ExperimentSummary;

use crate::blocking::blocking;
use crate::shared::Shared;

/// The page may be what it is, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The route.
pub fn routes() -> Router<Shared> {
    Router::new().route("/", get(home))
}

async fn home(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).map(str::to_owned);
    let known = shared.clone();
    let text = match blocking(move || page(&known, host.as_deref())).await {
        Ok(text) => text,
        Err(error) => {
            let text = format!("the store cannot be read: {error}\n");
            return (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}

fn page(shared: &Shared, host: Option<&str>) -> mltrack::Result<String> {
    let tracker = shared.tracker();
    let store = tracker.path().map(|path| path.display().to_string());
    let store = escaped(&store.unwrap_or_default());
    let events = tracker.next_lsn()?.map_or(0, |next| next.get() - 1);
    let experiments = tracker.experiments().fetch()?;
    let scheme = if shared.options().tls.is_some() {
        "https"
    } else {
        "http"
    };
    let bound = shared.options().bind.to_string();
    let url = escaped(&format!("{scheme}://{}", host.unwrap_or(&bound)));
    let version = env!("CARGO_PKG_VERSION");
    let up_s = shared.figures().totals().up.as_secs();
    let access = if shared.options().is_read_only {
        "reading only"
    } else {
        "reading and writing"
    };
    let rows = rows(&experiments.items);
    let count = experiments.items.len();
    let left = count.saturating_sub(EXPERIMENTS_SHOWN);
    Ok(format!(
        "<!doctype html>
<html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>mltrack</title>
<style>{STYLE}</style>
<h1>mltrack {version}</h1>
<p>The store <code>{store}</code>, {access}: {events} events, {count} experiments. Up for {up_s} s.
<h2>Connect</h2>
<pre>export MLFLOW_TRACKING_URI={url}
mltrack -C {url} runs</pre>
<h2>Experiments</h2>
<table><tr><th>id<th>name<th class=n>runs
{rows}</table>
<p>{left} more: <code>mltrack exp ls</code>
<p>Health <code>/health</code>, figures for Prometheus <code>/metrics</code>, the native interface <code>/api/v1</code>.
"
    ))
}

/// The rows of the table of experiments.
fn rows(experiments: &[ExperimentSummary]) -> String {
    let mut rows = String::new();
    for experiment in experiments.iter().take(EXPERIMENTS_SHOWN) {
        let (id, name, runs) = (
            experiment.id,
            escaped(&experiment.name),
            experiment.run_count(),
        );
        writeln!(rows, "<tr><td>{id}<td>{name}<td class=n>{runs}")
            .expect("writing to a string cannot fail");
    }
    rows
}

/// The rest is told by the command line.
const EXPERIMENTS_SHOWN: usize = 50;

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}td,th{text-align:left;padding:.2rem 1rem .2rem 0}.n{text-align:right}pre{overflow:auto}";

/// Text that is text in HTML, too.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(character),
        }
    }
    safe
}
