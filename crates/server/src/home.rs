//! `GET /`: what is served here and how to connect, for a person with a browser, or with `curl`.
//!
//! Invariant: the page loads nothing and runs nothing, and every text of the store in it is escaped; as plain text it
//! moves no cursor.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use mltrack::ExperimentSummary;

use crate::blocking::blocking;
use crate::mlflow::{MlflowError, Origin};
use crate::shared::Shared;

/// The page may be what it is, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The route.
pub fn routes() -> Router<Shared> {
    Router::new().route("/", get(home))
}

async fn home(
    State(shared): State<Shared>,
    origin: Result<Origin, MlflowError>,
    request: Request,
) -> Response {
    let origin = origin.ok().map(|Origin(origin)| origin);
    let accepted = request.headers().get(header::ACCEPT);
    let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
    let is_browser = accepted.is_some_and(|accepted| accepted.contains("text/html"));
    let facts = match blocking(move || Facts::of(&shared, origin)).await {
        Ok(facts) => facts,
        Err(error) => {
            let text = format!("the store cannot be read: {error}\n");
            return (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
        }
    };
    let (kind, text) = if is_browser {
        ("text/html; charset=utf-8", facts.page())
    } else {
        ("text/plain; charset=utf-8", facts.text())
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept"),
    ];
    (headers, text).into_response()
}

/// What there is to tell.
struct Facts {
    store: String,
    about: String,
    /// Lines for a shell that connect to it.
    connect: Vec<String>,
    /// Id, name and number of runs of the first experiments.
    experiments: Vec<[String; 3]>,
    /// What shows those that are not among them.
    rest: Option<String>,
}

impl Facts {
    fn of(shared: &Shared, origin: Option<String>) -> mltrack::Result<Facts> {
        let (tracker, options) = (shared.tracker(), shared.options());
        let store = tracker.path().map(|path| path.display().to_string());
        let events = tracker.next_lsn()?.map_or(0, |next| next.get() - 1);
        let experiments = tracker.experiments().fetch()?.items;
        let url = origin.unwrap_or_else(|| format!("http://{}", options.bind));
        let mut connect = vec![format!("export MLFLOW_TRACKING_URI={url}")];
        if options.is_token_needed {
            connect.push("export MLFLOW_TRACKING_TOKEN=mlt_.. MLTRACK_KEY=mlt_..".to_owned());
        }
        connect.push(format!("mltrack -C {url} runs"));
        connect.push(format!("curl {url}/api/v1/runs"));
        let access = if options.is_read_only {
            "reading only"
        } else {
            "reading and writing"
        };
        let count = experiments.len();
        let left = count.saturating_sub(EXPERIMENTS_SHOWN);
        let up_s = shared.figures().totals().up.as_secs();
        let plural = if count == 1 { "" } else { "s" };
        Ok(Facts {
            store: store.unwrap_or_default(),
            about: format!(
                "{access}, {events} events, {count} experiment{plural}, up for {up_s} s"
            ),
            connect,
            experiments: experiments
                .iter()
                .take(EXPERIMENTS_SHOWN)
                .map(row)
                .collect(),
            rest: (left > 0).then(|| format!("{left} more: mltrack -C {url} exp ls")),
        })
    }

    fn page(&self) -> String {
        let mut rows = String::new();
        for [id, name, runs] in &self.experiments {
            let name = escaped(name);
            writeln!(rows, "<tr><td>{id}<td>{name}<td class=n>{runs}")
                .expect("writing to a string cannot fail");
        }
        let (store, about) = (escaped(&self.store), &self.about);
        let connect = escaped(&self.connect.join("\n"));
        let rest = self.rest.as_deref().map(escaped).unwrap_or_default();
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "<!doctype html>
<html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>mltrack</title>
<style>{STYLE}</style>
<h1>mltrack {version}</h1>
<p>The store <code>{store}</code>: {about}.
<h2>Connect</h2>
<pre>{connect}</pre>
<h2>Experiments</h2>
<table><tr><th>id<th>name<th class=n>runs
{rows}</table>
<p>{rest}
<p>Health <a href=/health>/health</a>, figures for Prometheus <a href=/metrics>/metrics</a>, the native interface <a href=/api/v1/openapi.json>/api/v1/openapi.json</a>.
"
        )
    }

    /// The same for who has no browser.
    fn text(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let mut lines = vec![format!("mltrack {version}")];
        lines.push(format!("{}: {}", plain(&self.store), self.about));
        lines.push("\nConnect".to_owned());
        let connect = self.connect.iter();
        lines.extend(connect.map(|line| format!("  {}", plain(line))));
        lines.push("\nExperiments (id, runs, name)".to_owned());
        let rows = self.experiments.iter();
        lines.extend(rows.map(|[id, name, runs]| format!("  {id:>6} {runs:>8}  {}", plain(name))));
        lines.extend(self.rest.as_ref().map(|rest| format!("  {}", plain(rest))));
        lines.push("\nMore: /health  /metrics  /api/v1/openapi.json\n".to_owned());
        lines.join("\n")
    }
}

fn row(experiment: &ExperimentSummary) -> [String; 3] {
    [
        experiment.id.to_string(),
        experiment.name.clone(),
        experiment.run_count().to_string(),
    ]
}

/// Text that moves no cursor.
fn plain(text: &str) -> String {
    let shown = |letter: char| {
        if letter.is_control() {
            '\u{fffd}'
        } else {
            letter
        }
    };
    text.chars().map(shown).collect()
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
