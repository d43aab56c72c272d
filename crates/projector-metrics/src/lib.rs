//! The history of a run's metrics, read from the log: exact, or in at most N buckets that hide no spike.
//!
//! A [`Query`] says which run, which metrics, steps and times. [`read`] answers it in one pass over the log; a
//! [`Collector`] is the same fold for whoever drives the pass, or follows a run while it is being written.
//!
//! Invariants: every point that the log has and the query asks for is in the answer, repeated and out-of-order steps,
//! NaN and infinities included; the memory used is that of the answer: buckets stay below their number while points
//! stream by, whatever the steps turn out to be.
#![warn(missing_docs)]

mod answer;
pub mod block;
mod buckets;
mod collect;
mod glob;
mod history;
mod query;
mod series;
mod source;
mod stats;
mod stretches;
mod values;

pub use answer::{Answer, AnswerError, Asked, answer, answer_stretches, answer_values};
pub use buckets::{Bucket, Extreme};
pub use collect::{Collector, Start, read};
pub use glob::glob_matches;
pub use history::{History, Points, Series};
pub use query::{Query, Resolution};
pub use series::{Asking, Extended, SeriesError, SeriesFolder, SetAsideFile, Sources};
pub use source::{Axes, Chunk, ChunkSource, Nodes, RowsInto, SourceFault, Want};
pub use stats::{HistoryStats, Stats};
pub use stretches::{MetricStretches, Stretch, Stretched};
pub use values::{ValueCollector, ValueKind, ValuePoint, read_values};
