//! `/api/v1/runs/{run}/console`: the lines of a run, and which of them have some words. And its notes.
//!
//! Invariants: a page is a bounded number of lines, in the order in which they were logged; it ends with a record, so that
//! the next one begins behind it and none is left out.

use axum::Json;
use axum::extract::{Path, State};
use mltrack::{Level, LinesQuery, LoggedLine, Lsn, Note, RunId, Tracker};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Fault, Faults};
use super::moment::{Moment, at, time_text};
use super::named;
use super::page::{LIMIT_MAX, limit_of, record_of};
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
    /// From this record on: the `lsn` of the last line of the page before, plus one, is the next page.
    #[param(minimum = 1)]
    pub from: Option<u64>,
    /// The newest lines instead of the oldest.
    pub newest: bool,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
    /// At most so many matches, and the rest of the record that the last line came with.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
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
    /// Whether the page is full, so that there may be more.
    pub is_full: bool,
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
    blocking(move || page(shared.tracker(), &name, &ask).map(Json)).await
}

fn page(tracker: &Tracker, run: &str, ask: &LinesAsk) -> Answer<Lines> {
    let limit = limit_of(ask.limit)?;
    let run = named::run_id(tracker, run)?;
    let from = ask.from.map(record_of).transpose()?;
    let asked = query(tracker, run, ask, from)?;
    let is_full;
    let lines = if ask.newest {
        let mut lines = asked.last(limit).fetch()?;
        is_full = lines.len() >= limit;
        // With those around each there may be many more, of which the oldest are left out.
        let surplus = lines.len().saturating_sub(LIMIT_MAX as usize);
        lines.split_off(surplus)
    } else {
        let mut lines = asked.first(limit).fetch()?;
        is_full = lines.len() >= limit;
        lines.truncate(LIMIT_MAX as usize);
        if let Some((lsn, index)) = lines.last().map(|last| (last.lsn, last.index))
            && is_full
        {
            // The next page begins behind this record.
            lines.extend(rest_of(tracker, run, ask, lsn)?.filter(|line| line.index > index));
        }
        lines
    };
    Ok(Lines {
        is_full,
        items: lines.into_iter().map(LineForm::from).collect(),
    })
}

/// The question without how many lines are wanted.
fn query(tracker: &Tracker, run: RunId, ask: &LinesAsk, from: Option<Lsn>) -> Answer<LinesQuery> {
    let mut query = tracker.lines(run);
    if let Some(pattern) = &ask.grep {
        query = query.grep(pattern);
    }
    if let Some(source) = &ask.source {
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
    if let Some(lsn) = from {
        query = query.from(lsn);
    }
    Ok(at!(query, Moment::of(ask.at.as_deref())?))
}

/// All lines of a record that are asked for.
fn rest_of(
    tracker: &Tracker,
    run: RunId,
    ask: &LinesAsk,
    lsn: Lsn,
) -> Answer<impl Iterator<Item = LoggedLine>> {
    let mut count = LIMIT_MAX as usize;
    loop {
        let lines = query(tracker, run, ask, Some(lsn))?.first(count).fetch()?;
        // As long as nothing behind the record is among them there may be more of it.
        if lines.len() < count || lines.last().is_none_or(|last| last.lsn != lsn) {
            return Ok(lines.into_iter().filter(move |line| line.lsn == lsn));
        }
        count *= 2;
    }
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
