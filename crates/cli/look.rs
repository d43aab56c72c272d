//! Questions to the library, and its answers as the command line shows them.
//!
//! Invariant: every looking command sees the store at one lsn, which it also reports: the point that was
//! asked for with `--at`, else the end.

mod curve;
mod event;
mod experiment;

use mltrack::{Code, Lsn, Tracker, WallTime};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::moment::{Moment, before};
use crate::runs::Found;
use crate::runs::row::RunRow;
pub use curve::{Curve, CurvePoint, CurveWish, curves};
pub use event::{EventWish, Events, events, events_from};
pub use experiment::{ExperimentRow, FIELDS as EXPERIMENT_FIELDS, experiment, experiments};

// No doc comment: clap would take it for the description of the command it is flattened into.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct At {
    /// Answer as of this point of the past
    #[arg(long = "at", value_name = "LSN|TIME|-2h", allow_hyphen_values = true)]
    moment: Option<Moment>,
}

/// A point that the library understands.
#[derive(Clone, Copy, Debug)]
enum Point {
    Now,
    Lsn(Lsn),
    Time(WallTime),
}

impl At {
    fn point(self, context: &Context) -> Point {
        match self.moment {
            None | Some(Moment::End) => Point::Now,
            Some(Moment::Start) => Point::Time(WallTime(i64::MIN)),
            Some(Moment::Lsn(lsn)) => {
                Lsn::new(lsn).map_or(Point::Time(WallTime(i64::MIN)), Point::Lsn)
            }
            Some(Moment::Ago(length)) => Point::Time(WallTime(before(context.started_ns, length))),
            Some(Moment::At(time_ns)) => Point::Time(WallTime(time_ns)),
        }
    }
}

/// Newest first.
pub fn runs(
    tracker: &Tracker,
    experiment: Option<&str>,
    filter: Option<&str>,
    at: At,
    context: &Context,
) -> Outcome<Found> {
    let mut query = tracker.runs();
    if let Some(name) = experiment {
        query = query.experiment(name);
    }
    if let Some(filter) = filter {
        query = query.filter(filter);
    }
    query = match at.point(context) {
        Point::Now => query,
        Point::Lsn(lsn) => query.at(lsn),
        Point::Time(time) => query.at_time(time),
    };
    let page = query.fetch()?;
    Ok(Found {
        rows: page.items.into_iter().map(RunRow::from).collect(),
        lsn: lsn_number(page.lsn),
    })
}

/// One run, and the lsn up to which the answer goes. Names mean what they mean now, also for the past.
pub fn run(tracker: &Tracker, name: &str, at: At, context: &Context) -> Outcome<(RunRow, u64)> {
    let id = tracker.find_run(name)?;
    let Found { mut rows, lsn } = runs(tracker, None, None, at, context)?;
    rows.retain(|row| row.run_id == id);
    match rows.pop() {
        Some(row) => Ok((row, lsn)),
        None => Err(
            Failure::new(Code::NotFound, format!("there was no run {id} then"))
                .hint("mltrack runs")
                .into(),
        ),
    }
}

/// The last lsn of the store; 0 when it is empty.
pub fn end(tracker: &Tracker) -> Outcome<u64> {
    Ok(lsn_number(tracker.experiments().fetch()?.lsn))
}

fn lsn_number(lsn: Option<Lsn>) -> u64 {
    lsn.map_or(0, Lsn::get)
}
