//! `/api/v1/runs/{run}/console`: the lines of a run, and which of them have some words. And its notes.
//!
//! Invariant: a page is a bounded number of lines, in the order in which they were logged.

use axum::Json;
use axum::extract::{Path, State};
use mltrack::{Level, LoggedLine, Note};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Fault, Faults};
use super::moment::{Moment, at, time_text};
use super::named;
use super::page::{LIMIT_MAX, limit_of, lsn_number, record_of, token_of};
use crate::blocking::blocking;
use crate::shared::Shared;

/// The most lines around each match.
const AROUND_MAX: u32 = 100;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(console))
        .routes(routes!(notes))
}

/// Which lines.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinesAsk {
    /// Only lines that this regular expression matches.
    pub grep: Option<String>,
    /// Only lines of this source: `stdout`, `stderr` or a module's path.
    pub source: Option<String>,
    /// Only lines that matter at least so much.
    #[param(inline)]
    pub level: Option<LevelName>,
    /// So many lines before and after each match, too.
    #[param(maximum = 100)]
    pub around: Option<u32>,
    /// Only lines of this record and later ones.
    #[param(minimum = 1)]
    pub from: Option<u64>,
    /// The newest lines instead of the oldest; older ones come on the next page.
    pub newest: bool,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
    /// At most so many; those around them come on top, and then fewer may do.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// The next page: what the page before named as `next`.
    pub cursor: Option<String>,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LevelName {
    /// Steps of a search for a fault.
    Trace,
    /// Details.
    Debug,
    /// What is usual.
    Info,
    /// What may be wrong.
    Warn,
    /// What is wrong.
    Error,
}

/// Lines of a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lines {
    /// In the order in which they were logged.
    pub items: Vec<LineForm>,
    /// The last record that the answer takes into account; 0 before the first line.
    pub lsn: u64,
    /// The `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A line of a run's console or log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Line)]
pub struct LineForm {
    /// The record it came with.
    pub lsn: u64,
    /// Its place there.
    pub index: u32,
    /// When it was written.
    #[schema(format = DateTime)]
    pub time: String,
    /// How much it matters.
    pub level: &'static str,
    /// Where it comes from; empty when not known.
    pub source: String,
    /// The text, without the line's end.
    pub text: String,
    /// Whether it is a match itself and does not stand around one.
    pub is_match: bool,
}

/// The notes on a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notes {
    /// Oldest first.
    pub items: Vec<NoteForm>,
}

/// A note on a run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Note)]
pub struct NoteForm {
    /// The record that added it, which is its name.
    pub lsn: u64,
    /// When it was added.
    #[schema(format = DateTime)]
    pub time: String,
    /// The note, in Markdown.
    pub text: String,
    /// Who wrote it.
    pub actor: String,
}

/// The console of a run
#[utoipa::path(get, path = "/runs/{run}/console", tag = "runs",
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last"), LinesAsk),
    responses((status = 200, description = "its lines", body = Lines), Faults))]
async fn console(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Ask(ask): Ask<LinesAsk>,
) -> Answer<Json<Lines>> {
    blocking(move || {
        let tracker = shared.tracker();
        let limit = limit_of(ask.limit)?;
        let mut query = tracker.lines(named::run_id(tracker, &name)?);
        if let Some(pattern) = ask.grep {
            query = query.grep(pattern);
        }
        if let Some(source) = ask.source {
            query = query.source(source);
        }
        if let Some(level) = ask.level {
            query = query.level(level.into());
        }
        if let Some(count) = ask.around {
            if count > AROUND_MAX {
                return Err(Fault::invalid(format!(
                    "around is {count}, and {AROUND_MAX} is the most"
                )));
            }
            query = query.around(count as usize, count as usize);
        }
        if let Some(number) = ask.from {
            query = query.from(record_of(number)?);
        }
        if let Some(cursor) = &ask.cursor {
            query = query.page(token_of(cursor)?);
        }
        query = at!(query, Moment::of(ask.at.as_deref())?);
        let count = limit.min(matches_max(ask.around.unwrap_or(0)));
        query = if ask.newest {
            query.last(count)
        } else {
            query.first(count)
        };
        let page = query.fetch_page()?;
        Ok(Json(Lines {
            lsn: lsn_number(page.lsn),
            next: page.next.map(|token| token.to_string()),
            items: page.items.into_iter().map(LineForm::from).collect(),
        }))
    })
    .await
}

/// So many matches have no more lines than a page may have, with those around them.
fn matches_max(around: u32) -> usize {
    (LIMIT_MAX / (1 + 2 * around)).max(1) as usize
}

/// The notes on a run
#[utoipa::path(get, path = "/runs/{run}/notes", tag = "runs",
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last")),
    responses((status = 200, description = "oldest first", body = Notes), Faults))]
async fn notes(State(shared): State<Shared>, Path(name): Path<String>) -> Answer<Json<Notes>> {
    blocking(move || {
        let tracker = shared.tracker();
        let notes = tracker.notes(named::run_id(tracker, &name)?, None)?;
        let items = notes.into_iter().map(NoteForm::from).collect();
        Ok(Json(Notes { items }))
    })
    .await
}

impl From<LevelName> for Level {
    fn from(name: LevelName) -> Level {
        match name {
            LevelName::Trace => Level::Trace,
            LevelName::Debug => Level::Debug,
            LevelName::Info => Level::Info,
            LevelName::Warn => Level::Warn,
            LevelName::Error => Level::Error,
        }
    }
}

impl From<LoggedLine> for LineForm {
    fn from(line: LoggedLine) -> LineForm {
        LineForm {
            lsn: line.lsn.get(),
            index: line.index,
            time: time_text(line.time),
            level: line.level.name(),
            source: line.source,
            text: line.text,
            is_match: line.is_match,
        }
    }
}

impl From<Note> for NoteForm {
    fn from(note: Note) -> NoteForm {
        NoteForm {
            lsn: note.lsn.get(),
            time: time_text(note.time),
            text: note.text,
            actor: note.actor,
        }
    }
}
