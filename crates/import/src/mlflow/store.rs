//! What the two kinds of `MLflow`'s stores have in common.

use std::fmt;
use std::path::{Path, PathBuf};

use mltrack::Result;

use super::head::{Head, Row};
use super::mark::Mark;
use crate::chunk::Chunk;
use crate::report::Untaken;
use crate::source::PastExperiment;

/// A chunk has so many points at most.
pub(super) const POINTS_MAX: usize = 64 << 10;
const MS_NS: i64 = 1_000_000;

/// A store of `MLflow`'s. What concerns one run or one value is pushed to `said`, an error ends the import.
pub(super) trait Store: Send + fmt::Debug {
    /// How many bytes it has, if that is known.
    fn len(&self) -> Option<u64>;

    /// The folder that places in it are relative to.
    fn folder(&self) -> &Path;

    /// All experiments, with what the store has of which nothing is taken said once.
    fn experiments(&mut self, said: &mut Vec<Untaken>) -> Result<Vec<PastExperiment>>;

    /// All runs, in any order.
    fn runs(&mut self, said: &mut Vec<Untaken>) -> Result<Vec<Head>>;

    /// What is known of a run.
    fn row(&mut self, head: &Head, said: &mut Vec<Untaken>) -> Result<Row>;

    /// Points of a run from the mark on, until the chunk is full. False when there is no more.
    fn points(
        &mut self,
        head: &Head,
        mark: &mut Mark,
        chunk: &mut Chunk,
        said: &mut Vec<Untaken>,
    ) -> Result<bool>;

    /// Where a run's artifacts lie unless it says otherwise.
    fn artifacts(&self, head: &Head) -> Option<PathBuf>;
}

/// Milliseconds as nanoseconds. Whoever logged a time that no clock has gets the nearest that there is.
pub(super) fn nanoseconds(ms: i64) -> i64 {
    ms.saturating_mul(MS_NS)
}
