//! The points of a metric stretch by stretch, for whoever needs every point but not all of them at once.
//!
//! Invariants: the stretches of a metric hold every point that is asked for once, in the order of the log; one that is
//! read comes in the order of its steps; its bounds are exact. Memory is that of the stretches that are being read.

use std::ops::RangeInclusive;
use std::sync::Arc;

use mltrack_event::MetricId;

use crate::answer::pieces::WholeColumn;
use crate::answer::{AnswerError, Part};
use crate::history::Points;
use crate::source::Want;

/// The metrics that a query asks for.
#[derive(Debug, Default)]
pub struct Stretched {
    /// Sorted by name and context, only those with points.
    pub metrics: Vec<MetricStretches>,
    /// How many records were read from the log itself.
    pub log_records: u64,
}

/// The points of one metric of a run.
#[derive(Debug)]
pub struct MetricStretches {
    /// The metric.
    pub metric: MetricId,
    /// Its name; the id in words when the log does not define it.
    pub name: String,
    /// Its context, sorted by key.
    pub context: Vec<(String, String)>,
    /// In the order of the log, none of them empty.
    pub stretches: Vec<Stretch>,
}

/// Neighbouring points of a metric, which may not be in memory yet.
#[derive(Debug)]
pub struct Stretch {
    part: Part,
    /// The source that it is read from.
    origin: usize,
    rows: usize,
    steps: RangeInclusive<i64>,
    times_ns: RangeInclusive<i64>,
}

impl Stretch {
    /// `None` where there are no points. Columns whose bounds are not their own are read at once: they are short.
    pub(crate) fn of(part: Part, origin: Option<usize>) -> Result<Option<Stretch>, AnswerError> {
        let origin = origin.unwrap_or_default();
        let part = match part {
            Part::Column(column) if column.chunk.levels == 0 => {
                Part::Points(read(&column, true, origin)?)
            }
            other => other,
        };
        let bounds = match &part {
            Part::Column(column) => {
                Some((column.chunk.steps.clone(), column.chunk.times_ns.clone()))
            }
            Part::Points(points) => bounds(&points.steps).zip(bounds(&points.times_ns)),
        };
        let rows = part.len();
        Ok(bounds.map(|(steps, times_ns)| Stretch {
            part,
            origin,
            rows,
            steps,
            times_ns,
        }))
    }

    /// How many points there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The lowest and the highest step.
    #[must_use]
    pub fn steps(&self) -> (i64, i64) {
        (*self.steps.start(), *self.steps.end())
    }

    /// The earliest and the latest time, in ns since 1970.
    #[must_use]
    pub fn times_ns(&self) -> (i64, i64) {
        (*self.times_ns.start(), *self.times_ns.end())
    }

    /// The points in the order of their steps, without their records, and without times unless they are wanted.
    ///
    /// Errors: the source is damaged; whoever asked gets it, and the question is asked again without that source.
    pub fn read(&self, with_times: bool) -> Result<Points, AnswerError> {
        let mut points = match &self.part {
            Part::Column(column) => read(column, with_times, self.origin)?,
            Part::Points(points) => Points {
                steps: points.steps.clone(),
                times_ns: if with_times {
                    points.times_ns.clone()
                } else {
                    Vec::new()
                },
                values: points.values.clone(),
                lsns: Vec::new(),
            },
        };
        points.sort_by_step();
        Ok(points)
    }
}

fn read(column: &WholeColumn, times: bool, source_at: usize) -> Result<Points, AnswerError> {
    let wrap = |fault| AnswerError::Source { source_at, fault };
    let WholeColumn {
        source,
        chunk,
        column,
    } = column;
    let source = Arc::clone(source);
    let want = Want { times, lsns: false };
    let axes = source.axes(chunk, want).map_err(wrap)?;
    let values = source.values(chunk, *column).map_err(wrap)?;
    crate::answer::check_lengths(&axes, &values, want).map_err(wrap)?;
    Ok(Points {
        steps: axes.steps,
        times_ns: axes.times_ns,
        values,
        lsns: Vec::new(),
    })
}

fn bounds(column: &[i64]) -> Option<RangeInclusive<i64>> {
    let (low, high) = (column.iter().min()?, column.iter().max()?);
    Some(*low..=*high)
}
