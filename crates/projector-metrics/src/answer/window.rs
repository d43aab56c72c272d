//! What is asked of a stretch: lsns, steps, times.

use std::ops::Range;

use crate::query::Query;
use crate::source::Chunk;

/// The rows that are asked for.
#[derive(Clone, Debug)]
pub struct Window<'a> {
    pub query: &'a Query,
    pub lsns: Range<u64>,
}

impl Window<'_> {
    /// Whether a chunk can have a row that is asked for.
    pub fn touches(&self, chunk: &Chunk) -> bool {
        let overlaps =
            |asked: (i64, i64), found: (i64, i64)| asked.0 <= found.1 && found.0 <= asked.1;
        chunk.rows > 0
            && *chunk.lsns.start() < self.lsns.end
            && *chunk.lsns.end() >= self.lsns.start
            && overlaps(self.query.step_bounds(), bounds(&chunk.steps))
            && overlaps(self.query.time_bounds_ns(), bounds(&chunk.times_ns))
    }

    /// Whether the record of every row is asked for.
    pub fn holds_lsns(&self, chunk: &Chunk) -> bool {
        self.lsns.start <= *chunk.lsns.start() && *chunk.lsns.end() < self.lsns.end
    }

    /// Whether the step of every row is asked for.
    pub fn holds_steps(&self, chunk: &Chunk) -> bool {
        holds(self.query.step_bounds(), bounds(&chunk.steps))
    }

    /// Whether the time of every row is asked for.
    pub fn holds_times(&self, chunk: &Chunk) -> bool {
        holds(self.query.time_bounds_ns(), bounds(&chunk.times_ns))
    }

    /// Whether every row is asked for.
    pub fn holds(&self, chunk: &Chunk) -> bool {
        self.holds_lsns(chunk) && self.holds_steps(chunk) && self.holds_times(chunk)
    }
}

fn bounds(range: &std::ops::RangeInclusive<i64>) -> (i64, i64) {
    (*range.start(), *range.end())
}

fn holds(asked: (i64, i64), found: (i64, i64)) -> bool {
    asked.0 <= found.0 && found.1 <= asked.1
}
