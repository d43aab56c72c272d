//! When the screen changes though nothing happens: texts about now become others.
//!
//! Invariant: with no running run on the screen it is asked for again only when an age becomes another one, which is
//! once a minute at most.

use std::time::Duration;

use mltrack::{RunState, RunSummary};

use crate::model::{Model, Page};
use crate::view::layout::Layout;
use crate::words::{Changing, age, lasting};

/// A detached run that says nothing for so long is said to be silent.
pub const SILENT_NS: i64 = 60_000_000_000;

/// How long ago a run began.
pub fn begun(run: &RunSummary, now_ns: i64) -> Changing {
    let begun = run.started.unwrap_or(run.created);
    age(now_ns.saturating_sub(begun.0))
}

/// How long a run is going on, or took.
pub fn took(run: &RunSummary, now_ns: i64) -> (String, Option<Duration>) {
    let Some(started) = run.started else {
        return ("-".to_owned(), None);
    };
    match run.ended {
        Some(ended) => (crate::words::took(ended.0.saturating_sub(started.0)), None),
        None if run.state == RunState::Running => {
            let going = lasting(now_ns.saturating_sub(started.0));
            (going.text, Some(going.within))
        }
        None => ("-".to_owned(), None),
    }
}

/// For how long a run that outlives its writers has said nothing, when that is long.
pub fn silence(run: &RunSummary, now_ns: i64) -> Option<Changing> {
    let silent_ns = now_ns.saturating_sub(run.heard.0);
    let is_silent = run.is_detached && run.state == RunState::Running && silent_ns >= SILENT_NS;
    is_silent.then(|| age(silent_ns))
}

/// How long until something on the screen is not true any more.
pub fn next_change(model: &Model) -> Option<Duration> {
    let rate = model.rate.ends_within_ns(model.now_ns);
    let rate = rate.map(|within_ns| Duration::from_nanos(within_ns.unsigned_abs()));
    let runs = match model.page {
        Page::Help | Page::Compare => 0,
        Page::Table | Page::Run => usize::from(Layout::of(model).rows.height).max(1),
    };
    let shown = (model.top..model.top + runs).chain([model.cursor]);
    let shown = shown.filter_map(|at| model.answer.row(at));
    let texts = shown.filter_map(|run| changes_within(run, model.now_ns));
    texts.chain(rate).min()
}

fn changes_within(run: &RunSummary, now_ns: i64) -> Option<Duration> {
    let silence = silence(run, now_ns).map(|silence| silence.within);
    let begun = begun(run, now_ns).within;
    [Some(begun), took(run, now_ns).1, silence]
        .into_iter()
        .flatten()
        .min()
}
