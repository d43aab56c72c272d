//! The points of runs, stretch by stretch.
//!
//! Invariants: the points of a metric come in the order of their steps, those of one step in the order of the log, as
//! every answer has them; each comes once, also where a source turns out to be damaged half way and the question is asked
//! again; memory is that of stretches whose steps overlap, which are neighbours unless a run logged its steps wildly.

use std::cell::{Cell, RefCell};

use mltrack::{
    HistoriesQuery, Lsn, MetricStretches, Points, RunSummary, Stretch, StretchError, Stretched,
    Tracker,
};

use crate::error::Result;

/// What stands beside the points of a metric in every row.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    /// The run's id.
    pub run: &'a str,
    /// The name of its experiment.
    pub experiment: &'a str,
    /// The metric's name.
    pub name: &'a str,
    /// Its context as JSON: an object.
    pub context: &'a str,
}

/// Points as columns, all of one length.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Steps.
    pub steps: &'a [i64],
    /// Times, in ns since 1970.
    pub times_ns: &'a [i64],
    /// Values.
    pub values: &'a [f64],
}

impl<'a> Rows<'a> {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// At most so many, and those behind them.
    #[must_use]
    pub fn split(self, rows_max: usize) -> (Rows<'a>, Rows<'a>) {
        let at = rows_max.min(self.len());
        let (steps, steps_behind) = self.steps.split_at(at);
        let (times_ns, times_behind) = self.times_ns.split_at(at);
        let (values, values_behind) = self.values.split_at(at);
        let part = Rows {
            steps,
            times_ns,
            values,
        };
        let behind = Rows {
            steps: steps_behind,
            times_ns: times_behind,
            values: values_behind,
        };
        (part, behind)
    }
}

/// Whose points, and as of when.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The store.
    pub tracker: &'a Tracker,
    /// The runs, in the order in which they are written.
    pub runs: &'a [RunSummary],
    /// Only metrics whose names match one of these; all when there is none.
    pub globs: &'a [String],
    /// The last record that counts.
    pub lsn: Option<Lsn>,
}

impl Source<'_> {
    /// Hands every point of a run to `each`.
    pub fn each(
        &self,
        run: &RunSummary,
        mut each: impl FnMut(&MetricStretches, &Labels<'_>, Rows<'_>) -> Result,
    ) -> Result<u64> {
        let id = run.id.to_string();
        let (mut known, mut context) = (None, String::new());
        each_stretch(self.query(run), |metric, rows| {
            if known.replace(metric.metric) != Some(metric.metric) {
                context = context_text(&metric.context);
            }
            let labels = Labels {
                run: &id,
                experiment: &run.experiment_name,
                name: &metric.name,
                context: &context,
            };
            each(metric, &labels, rows)
        })
    }

    fn query(&self, run: &RunSummary) -> HistoriesQuery {
        let mut query = self.tracker.histories(run.id);
        for glob in self.globs {
            query = query.metric(glob);
        }
        match self.lsn {
            Some(lsn) => query.at(lsn),
            None => query,
        }
    }
}

/// Hands every point that a query asks for to `each`, and says how many there were.
fn each_stretch(
    query: HistoriesQuery,
    mut each: impl FnMut(&MetricStretches, Rows<'_>) -> Result,
) -> Result<u64> {
    let handed = Cell::new(0_u64);
    let (failure, each) = (RefCell::new(None), RefCell::new(&mut each));
    query.fold(|found| {
        let mut known = handed.get();
        walk(found, &mut |metric, rows| {
            // What came before a question had to be asked again.
            let skipped = known.min(rows.len() as u64);
            known -= skipped;
            let (_, rows) = rows.split(skipped as usize);
            handed.set(handed.get() + rows.len() as u64);
            if rows.is_empty() {
                return true;
            }
            let done = (each.borrow_mut())(metric, rows);
            done.map_err(|error| failure.replace(Some(error))).is_ok()
        })
    })?;
    match failure.into_inner() {
        Some(error) => Err(error),
        None => Ok(handed.get()),
    }
}

/// Goes on as long as `each` wants more.
fn walk(
    found: &Stretched,
    each: &mut dyn FnMut(&MetricStretches, Rows<'_>) -> bool,
) -> std::result::Result<(), StretchError> {
    for metric in &found.metrics {
        let mut first = 0;
        for end in ends(&metric.stretches) {
            let points = read(&metric.stretches[first..end])?;
            first = end;
            let rows = Rows {
                steps: &points.steps,
                times_ns: &points.times_ns,
                values: &points.values,
            };
            if !each(metric, rows) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Where no step before is above a step behind.
fn ends(stretches: &[Stretch]) -> Vec<usize> {
    let bounds: Vec<(i64, i64)> = stretches.iter().map(Stretch::steps).collect();
    ends_of(&bounds)
}

fn ends_of(bounds: &[(i64, i64)]) -> Vec<usize> {
    let mut lowest_behind = vec![i64::MAX; bounds.len() + 1];
    for (at, (low, _)) in bounds.iter().enumerate().rev() {
        lowest_behind[at] = lowest_behind[at + 1].min(*low);
    }
    let (mut highest, mut ends) = (i64::MIN, Vec::new());
    for (at, (_, high)) in bounds.iter().enumerate() {
        highest = highest.max(*high);
        if highest <= lowest_behind[at + 1] {
            ends.push(at + 1);
        }
    }
    ends
}

fn read(stretches: &[Stretch]) -> std::result::Result<Points, StretchError> {
    if let [only] = stretches {
        return only.read(true);
    }
    let mut all = Points::default();
    for stretch in stretches {
        let mut points = stretch.read(true)?;
        all.steps.append(&mut points.steps);
        all.times_ns.append(&mut points.times_ns);
        all.values.append(&mut points.values);
    }
    all.sort_by_step();
    Ok(all)
}

/// A metric's context as a column holds it.
#[must_use]
pub fn context_text(context: &[(String, String)]) -> String {
    let pairs = context.iter().cloned();
    let pairs = pairs.map(|(key, value)| (key, serde_json::Value::from(value)));
    serde_json::Value::Object(pairs.collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_read_together_only_where_their_steps_overlap() {
        assert_eq!(ends_of(&[]), [0; 0]);
        assert_eq!(ends_of(&[(0, 9), (9, 9), (9, 20)]), [1, 2, 3]);
        // A run that was resumed at an earlier step.
        assert_eq!(
            ends_of(&[(0, 9), (10, 19), (20, 29), (15, 24), (25, 40)]),
            [1, 5]
        );
        assert_eq!(ends_of(&[(5, 9), (0, 4)]), [2]);
        assert_eq!(ends_of(&[(i64::MIN, i64::MAX)]), [1]);
    }

    #[test]
    fn a_context_is_an_object() {
        assert_eq!(context_text(&[]), "{}");
        let pairs = [("a\"b".to_owned(), "x\ny".to_owned())];
        assert_eq!(context_text(&pairs), r#"{"a\"b":"x\ny"}"#);
    }
}
