//! A stretch of the log whose points are kept as columns: what an answer may read instead of the log itself.
//!
//! Invariants: a source says what the records of its range say, and nothing else; rows come in the order of the log; a
//! source that turns out to be damaged says so instead of answering, and the log is read in its place.

use std::ops::RangeInclusive;
use std::sync::Arc;

use mltrack_event::{ColumnsId, RunKey};
use mltrack_projector::{Entry, Lsn};

use crate::buckets::Bucket;

/// The points of one stretch of the log as columns.
pub trait ChunkSource: Send + Sync {
    /// The first record that it stands for.
    fn first_lsn(&self) -> Lsn;

    /// The first record behind it.
    fn next_lsn(&self) -> Lsn;

    /// The chunks of a run, in any order. Together with [`ChunkSource::rest`] they hold all its points.
    fn chunks(&self, run: RunKey) -> Result<Vec<Chunk>, SourceFault>;

    /// What the columns of a chunk have in common, a row each, in the order of the log.
    fn axes(&self, chunk: &Chunk, want: Want) -> Result<Axes, SourceFault>;

    /// The values of one column, a row each.
    fn values(&self, chunk: &Chunk, column: usize) -> Result<Vec<f64>, SourceFault>;

    /// All rows of a chunk at once, into columns of as many places.
    fn rows_into(
        &self,
        chunk: &Chunk,
        column: usize,
        into: RowsInto<'_>,
    ) -> Result<(), SourceFault> {
        let want = Want {
            times: true,
            lsns: true,
        };
        let (axes, values) = (self.axes(chunk, want)?, self.values(chunk, column)?);
        into.copy(&axes, &values)
    }

    /// Neighbouring points of one column put together: level 0 is the finest of [`Chunk::levels`].
    fn nodes(&self, chunk: &Chunk, column: usize, level: usize) -> Result<Arc<Nodes>, SourceFault>;

    /// Whether there may be points that are in no chunk.
    fn has_points_in_rest(&self) -> Result<bool, SourceFault>;

    /// What is in no chunk, in the order of the log: values of other kinds, and points in unusual forms.
    fn rest(&self, each: &mut dyn FnMut(&Entry<'_>)) -> Result<(), SourceFault>;
}

/// Why a source cannot answer. The log can.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct SourceFault {
    /// What is wrong with it.
    pub what: String,
}

/// Points of one run that were logged under the same columns.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Names it among the chunks of its run in its source.
    pub id: u32,
    /// The run.
    pub run: RunKey,
    /// What its columns stand for.
    pub columns: ColumnsId,
    /// How many columns it has.
    pub width: usize,
    /// How many rows.
    pub rows: u64,
    /// The first and the last record that a row came with.
    pub lsns: RangeInclusive<u64>,
    /// The lowest and the highest step.
    pub steps: RangeInclusive<i64>,
    /// The earliest and the latest time.
    pub times_ns: RangeInclusive<i64>,
    /// In how many widths its neighbouring points are kept together; none for small chunks.
    pub levels: usize,
}

/// What is asked for beside steps.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Want {
    /// The time of each row.
    pub times: bool,
    /// The record of each row.
    pub lsns: bool,
}

/// Rows without their values, in the order of the log. What was not wanted is empty.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Axes {
    /// The step of each row.
    pub steps: Vec<i64>,
    /// The time of each, in ns since 1970.
    pub times_ns: Vec<i64>,
    /// The record that each came with.
    pub lsns: Vec<Lsn>,
}

/// Where rows go: columns of one length.
#[derive(Debug)]
pub struct RowsInto<'a> {
    /// The step of each row.
    pub steps: &'a mut [i64],
    /// The value of each, bit for bit.
    pub values: &'a mut [f64],
    /// The time of each, in ns since 1970.
    pub times_ns: &'a mut [i64],
    /// The lsn of the record that each came with.
    pub lsns: &'a mut [i64],
}

impl<'a> RowsInto<'a> {
    /// The first rows, and those behind them.
    pub(crate) fn split_at(self, len: usize) -> (RowsInto<'a>, RowsInto<'a>) {
        let (steps, steps_behind) = self.steps.split_at_mut(len);
        let (values, values_behind) = self.values.split_at_mut(len);
        let (times_ns, times_behind_ns) = self.times_ns.split_at_mut(len);
        let (lsns, lsns_behind) = self.lsns.split_at_mut(len);
        let first = RowsInto {
            steps,
            values,
            times_ns,
            lsns,
        };
        let behind = RowsInto {
            steps: steps_behind,
            values: values_behind,
            times_ns: times_behind_ns,
            lsns: lsns_behind,
        };
        (first, behind)
    }

    fn copy(self, axes: &Axes, values: &[f64]) -> Result<(), SourceFault> {
        let found = [
            axes.steps.len(),
            values.len(),
            axes.times_ns.len(),
            axes.lsns.len(),
        ];
        if found != [self.steps.len(); 4] {
            return Err(SourceFault {
                what: "a chunk has more or fewer rows than it says".into(),
            });
        }
        self.steps.copy_from_slice(&axes.steps);
        self.values.copy_from_slice(values);
        self.times_ns.copy_from_slice(&axes.times_ns);
        for (slot, lsn) in self.lsns.iter_mut().zip(&axes.lsns) {
            *slot = lsn.get() as i64;
        }
        Ok(())
    }
}

/// All points of a column, put together where their steps agree in the bits above `shift`.
#[derive(Clone, PartialEq, Debug)]
pub struct Nodes {
    /// Each node is two to the power of this wide, and begins at a multiple of that.
    pub shift: u32,
    /// In the order of their steps.
    pub buckets: Vec<Bucket>,
}
