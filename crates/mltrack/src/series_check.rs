//! Compares the histories that are answered from series files and packed blocks with a fold of the log.
//!
//! Invariant: the fold reads records and nothing else, so what it says does not hang on what is kept.

use std::collections::HashMap;

use mltrack_event::{Event, RunId, RunKey};
use mltrack_log::{Lsn, Reader};
use mltrack_projector::{Body, Dictionary, Entry, read_range};
use mltrack_projector_metrics::{Collector, History, Points, Query};

use crate::error::Result;
use crate::moment::Moment;
use crate::store::Store;
use crate::tracker::Tracker;

/// How the answers about histories compare with the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeriesCheck {
    /// Runs compared.
    pub runs: u64,
    /// Points compared.
    pub points: u64,
    /// Histories that differ, by run and name. Empty: the answers are the fold of the log.
    pub differences: Vec<String>,
}

/// So many points are in memory at once, twice, and those of one run.
const POINTS_MAX: u64 = 2_000_000;
const RUNS_MAX: usize = 4096;

/// Runs that are compared in one pass over the log.
#[derive(Default)]
struct Group {
    /// With the record that created each, and the last one that says something about it.
    runs: Vec<(RunId, Lsn, Lsn)>,
    points: u64,
}

impl Tracker {
    /// Compares the history of every metric of every run, deleted ones included, with a fold of the log. A difference is
    /// no error. `on_progress` is told points done and points in all.
    ///
    /// Errors: `CORRUPT` for a damaged log.
    pub fn check_series(&self, on_progress: &mut dyn FnMut(u64, u64)) -> Result<SeriesCheck> {
        let Some(store) = self.store() else {
            return Ok(SeriesCheck::default());
        };
        let (groups, dictionary, end) = store.with_state(|state, reader| {
            let groups = grouped(state.runs());
            Ok((groups, state.dictionary().clone(), reader.next_lsn()))
        })?;
        let total = groups.iter().map(|group| group.points).sum();
        let mut check = SeriesCheck::default();
        let Some(last) = Lsn::new(end.get() - 1) else {
            return Ok(check);
        };
        let mut reader = store.log_reader()?;
        let mut done = 0;
        for group in groups {
            compare(store, &mut reader, &group, &dictionary, last, &mut check)?;
            done += group.points;
            on_progress(done, total);
        }
        Ok(check)
    }
}

/// Neighbours in the order of creation, so that a pass reads little of the log that is not theirs.
fn grouped<'a>(runs: impl Iterator<Item = &'a mltrack_projector_runs::Run>) -> Vec<Group> {
    let mut groups = vec![Group::default()];
    for run in runs.filter(|run| run.points > 0) {
        let is_full = groups.last().is_some_and(|group| {
            group.runs.len() >= RUNS_MAX || group.points + run.points > POINTS_MAX
        });
        if is_full {
            groups.push(Group::default());
        }
        let group = groups.last_mut().expect("there is always one");
        group.runs.push((run.id, run.created.lsn, run.heard.lsn));
        group.points += run.points;
    }
    groups.retain(|group| !group.runs.is_empty());
    groups
}

fn compare(
    store: &Store,
    reader: &mut Reader,
    group: &Group,
    dictionary: &Dictionary,
    last: Lsn,
    check: &mut SeriesCheck,
) -> Result<()> {
    let mut collectors: HashMap<RunKey, Collector<'_>> = HashMap::new();
    for (run, _, _) in &group.runs {
        let query = Query::new(run.key());
        collectors.insert(run.key(), Collector::with_dictionary(query, dictionary));
    }
    let first = group.runs.iter().map(|(_, created, _)| *created).min();
    let heard = group.runs.iter().map(|(_, _, heard)| *heard).max();
    let until = heard.map_or(last, |heard| heard.min(last));
    read_range(reader, first.unwrap_or(Lsn::FIRST), Some(until), |entry| {
        if let Some(collector) = run_of(entry).and_then(|run| collectors.get_mut(&run)) {
            collector.apply(entry);
        }
    })?;
    for (run, _, _) in &group.runs {
        let collector = collectors.remove(&run.key());
        let folded = collector.map(Collector::finish).unwrap_or_default();
        let answered = store.histories(*run, &Query::new(run.key()), Moment::Lsn(last))?;
        check.runs += 1;
        check.points += folded.iter().map(count_of).sum::<u64>();
        let differences = differences(&folded, &answered);
        let named = differences.map(|name| format!("run {}: {name}", run.short()));
        check.differences.extend(named);
    }
    Ok(())
}

/// Definitions are in the dictionary already, so only what a run logged matters.
fn run_of(entry: &Entry<'_>) -> Option<RunKey> {
    match &entry.body {
        Body::Metrics(view) => Some(view.run),
        Body::Event(Event::MetricsLogged(logged)) => Some(logged.run),
        Body::Event(Event::MetricBatchLogged(batch)) => Some(batch.run),
        _ => None,
    }
}

fn count_of(history: &History) -> u64 {
    history
        .series
        .points()
        .map_or(0, |points| points.len() as u64)
}

/// The names of the histories that are not the same on both sides. Both are sorted by name and context.
fn differences<'a>(
    folded: &'a [History],
    answered: &'a [History],
) -> impl Iterator<Item = String> + 'a {
    let missing = folded.iter().filter_map(|history| {
        let other = answered.iter().find(|other| other.metric == history.metric);
        let is_same = other.is_some_and(|other| are_same(history, other));
        (!is_same).then(|| format!("{} differs from the log", history.name))
    });
    let added = answered.iter().filter_map(|history| {
        let is_known = folded.iter().any(|other| other.metric == history.metric);
        (!is_known).then(|| format!("{} is not in the log", history.name))
    });
    missing.chain(added)
}

/// Bit by bit: a NaN is the same as itself.
fn are_same(a: &History, b: &History) -> bool {
    let bits = |points: &Points| -> Vec<u64> {
        points.values.iter().map(|value| value.to_bits()).collect()
    };
    match (a.series.points(), b.series.points()) {
        (Some(a), Some(b)) => {
            a.steps == b.steps && a.times_ns == b.times_ns && a.lsns == b.lsns && bits(a) == bits(b)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use mltrack_event::MetricId;
    use mltrack_projector_metrics::Series;

    use super::*;

    fn history(id: u64, values: &[f64]) -> History {
        let points = Points {
            steps: (0..values.len() as i64).collect(),
            times_ns: vec![7; values.len()],
            values: values.to_vec(),
            lsns: vec![Lsn::FIRST; values.len()],
        };
        History {
            metric: MetricId(id),
            name: format!("m{id}"),
            context: Vec::new(),
            series: Series::Points(points),
        }
    }

    #[test]
    fn every_way_to_differ_is_named_and_nan_is_itself() {
        let folded = [
            history(1, &[1.0, f64::NAN]),
            history(2, &[0.0]),
            history(3, &[]),
        ];
        let found =
            |answered: &[History]| -> Vec<String> { differences(&folded, answered).collect() };
        assert_eq!(found(&folded), Vec::<String>::new());
        let other = [history(1, &[1.0]), history(2, &[-0.0]), history(4, &[1.0])];
        assert_eq!(
            found(&other),
            [
                "m1 differs from the log",
                "m2 differs from the log",
                "m3 differs from the log",
                "m4 is not in the log"
            ]
        );
    }
}
