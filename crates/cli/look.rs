//! Questions to the library, and its answers as the command line shows them.
//!
//! Invariant: every looking command sees the store at one lsn, which it also reports: the point that was
//! asked for with `--at`, else the end.

mod curve;
mod event;
mod experiment;

use mltrack::{
    ArtifactQuery, Code, CompareQuery, ExperimentQuery, LineageQuery, Lsn, RegistryQuery, RunId,
    RunQuery, RunSummary, Tracker, ValueKind, ValuesQuery, WallTime, WordsQuery,
};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::moment::{Moment, before};
use crate::runs::row::RunRow;
pub use curve::{Curve, CurvePoint, CurveWish, curves, label};
pub use event::{About, EventWish, Events, about, events, events_from};
pub use experiment::{ExperimentRow, FIELDS as EXPERIMENT_FIELDS, experiment};

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
    /// Whether the present is asked about.
    pub fn is_now(self) -> bool {
        matches!(self.moment, None | Some(Moment::End))
    }

    /// The point itself, when one was given.
    pub fn moment(self) -> Option<Moment> {
        self.moment
    }

    /// The question asked of this point.
    pub fn of_runs(self, query: RunQuery, context: &Context) -> RunQuery {
        match self.point(context) {
            Point::Now => query,
            Point::Lsn(lsn) => query.at(lsn),
            Point::Time(time) => query.at_time(time),
        }
    }

    /// The same for experiments.
    pub fn of_experiments(self, query: ExperimentQuery, context: &Context) -> ExperimentQuery {
        match self.point(context) {
            Point::Now => query,
            Point::Lsn(lsn) => query.at(lsn),
            Point::Time(time) => query.at_time(time),
        }
    }

    /// The same for words.
    pub fn of_words(self, query: WordsQuery, context: &Context) -> WordsQuery {
        match self.point(context) {
            Point::Now => query,
            Point::Lsn(lsn) => query.at(lsn),
            Point::Time(time) => query.at_time(time),
        }
    }

    /// The same for artifacts.
    pub fn of_artifacts(self, query: ArtifactQuery, context: &Context) -> ArtifactQuery {
        match self.point(context) {
            Point::Now => query,
            Point::Lsn(lsn) => query.at(lsn),
            Point::Time(time) => query.at_time(time),
        }
    }

    /// The same for values of any kind.
    pub fn of_values<T: ValueKind>(
        self,
        query: ValuesQuery<T>,
        context: &Context,
    ) -> ValuesQuery<T> {
        match self.point(context) {
            Point::Now => query,
            Point::Lsn(lsn) => query.at(lsn),
            Point::Time(time) => query.at_time(time),
        }
    }

    /// The same for runs side by side.
    pub fn of_comparison<'a>(self, query: CompareQuery<'a>, context: &Context) -> CompareQuery<'a> {
        match self.point(context) {
            Point::Now => query,
            Point::Lsn(lsn) => query.at(lsn),
            Point::Time(time) => query.at_time(time),
        }
    }

    /// The same for lineage.
    pub fn of_lineage(self, query: LineageQuery, context: &Context) -> LineageQuery {
        match self.point(context) {
            Point::Now => query,
            Point::Lsn(lsn) => query.at(lsn),
            Point::Time(time) => query.at_time(time),
        }
    }

    /// The same for datasets and models.
    pub fn of_registry(self, query: RegistryQuery, context: &Context) -> RegistryQuery {
        match self.point(context) {
            Point::Now => query,
            Point::Lsn(lsn) => query.at(lsn),
            Point::Time(time) => query.at_time(time),
        }
    }

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

/// One run, and the lsn up to which the answer goes. Names mean what they mean now, also for the past.
pub fn run(tracker: &Tracker, name: &str, at: At, context: &Context) -> Outcome<(RunRow, u64)> {
    let id = named_run(tracker, name, at)?;
    let query = tracker.runs().filter(format!("attributes.id = '{id}'"));
    let mut page = at.of_runs(query, context).fetch()?;
    match page.items.pop() {
        Some(summary) => Ok((summary.into(), lsn_number(page.lsn))),
        None => Err(
            Failure::new(Code::NotFound, format!("there was no run {id} then"))
                .hint("mltrack runs")
                .into(),
        ),
    }
}

/// The run that a name means now, or meant before it was deleted when the past is asked about.
pub fn named_run(tracker: &Tracker, name: &str, at: At) -> Outcome<RunId> {
    let mut runs = named_runs(tracker, &[name], at)?;
    Ok(runs.pop().expect("one name has one run"))
}

/// The same of many names, which are looked for together.
pub fn named_runs(tracker: &Tracker, names: &[impl AsRef<str>], at: At) -> Outcome<Vec<RunId>> {
    let texts: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let found = tracker.find_runs(&texts)?.into_iter();
    let runs = found.zip(texts).map(|(found, name)| -> Outcome<RunId> {
        match found {
            Ok(id) => Ok(id),
            Err(error) => Ok(deleted(tracker, name, at)?.ok_or(error)?),
        }
    });
    runs.collect()
}

/// A run that is deleted now, and can be looked at as it was: by its id or the beginning of it, or by its name.
fn deleted(tracker: &Tracker, name: &str, at: At) -> Outcome<Option<RunId>> {
    if at.is_now() {
        return Ok(None);
    }
    let runs = tracker.runs().only_deleted().fetch()?.items;
    let mut named = runs.iter().filter(|run| names_run(run, name));
    match (named.next(), named.next()) {
        (Some(run), None) => Ok(Some(run.id)),
        _ => Ok(None),
    }
}

/// Whether a text is a run's name, its number in its experiment, or four or more digits that an id of it begins with.
pub fn names_run(run: &RunSummary, name: &str) -> bool {
    let (id, short) = (run.id.to_string(), run.id.short());
    let is_prefix = name.len() >= 4 && (id.starts_with(name) || short.starts_with(name));
    let numbered = format!("{}/{}", run.experiment_name, run.number);
    is_prefix || run.name == name || numbered == name
}

/// The last lsn of the store; 0 when it is empty.
pub fn end(tracker: &Tracker) -> Outcome<u64> {
    Ok(lsn_number(tracker.experiments().fetch()?.lsn))
}

pub fn lsn_number(lsn: Option<Lsn>) -> u64 {
    lsn.map_or(0, Lsn::get)
}
