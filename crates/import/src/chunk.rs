//! A piece of a run on its way from a source into the store: plain values, and the mark that says how far it goes.
//!
//! Invariant: a chunk and its mark are kept together or not at all.

use std::path::PathBuf;

pub use mltrack::PieceSums as PastSums;
use mltrack::{EndState, Line, ParamValue, Split, WallTime};

use crate::points::Points;

/// What a source read of one run; see [`Source::read`](crate::Source::read).
#[derive(Debug, Default)]
pub struct Chunk {
    /// What is known of the run itself: in the first chunk of a run that was never imported before.
    pub facts: Option<RunFacts>,
    /// Parameters. One that the run has already with another value is not taken.
    pub params: Vec<(String, ParamValue)>,
    /// Tags, replacing values they had.
    pub tags: Vec<(String, String)>,
    /// Notes, with when they were written.
    pub notes: Vec<(WallTime, String)>,
    /// Points of metrics.
    pub points: Points,
    /// Distributions.
    pub histograms: Vec<PastHistogram>,
    /// JSON values: texts, tables.
    pub values: Vec<PastValue>,
    /// Lines that the run printed.
    pub lines: Vec<Line>,
    /// Files of the run.
    pub artifacts: Vec<PastArtifact>,
    /// Datasets that the run took in.
    pub inputs: Vec<PastInput>,
    /// Since when the run runs, when it was waiting before.
    pub begun: Option<WallTime>,
    /// How the run ended, as far as that is known at the end of the chunk.
    pub ending: Option<PastEnding>,
    /// What [`Source::open`](crate::Source::open) needs to go on behind this chunk. A chunk of nothing but an ending may
    /// leave it empty: then the mark stays.
    pub mark: String,
    /// Bytes that were read for it.
    pub len_read: u64,
}

/// What is known of a run from its beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFacts {
    /// When it was started; the time of its first point, or now, when that is not known.
    pub started: Option<WallTime>,
    /// The identity of the run it was a part of, which was imported before.
    pub parent: Option<String>,
    /// A tag that gets the id which the parent has here, for programs that look for it there.
    pub parent_tag: Option<String>,
    /// Who began it.
    pub user: Option<String>,
    /// Whether it only waits to begin.
    pub is_queued: bool,
}

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastEnding {
    /// Its state.
    pub state: EndState,
    /// When it ended.
    pub time: WallTime,
    /// Whether the peer's store says so. Else it only ends where the store does, and is left running while the store is
    /// followed.
    pub is_said: bool,
    /// Whether it was deleted. It is brought in all the same, and deleted here, too: `mltrack restore` brings it back.
    pub is_deleted: bool,
}

/// A distribution at a step.
#[derive(Clone, Debug, PartialEq)]
pub struct PastHistogram {
    /// What is distributed.
    pub name: String,
    /// Its step.
    pub step: i64,
    /// When it was logged.
    pub time: WallTime,
    /// One edge more than there are counts.
    pub edges: Vec<f64>,
    /// How many values each bucket holds.
    pub counts: Vec<u64>,
    /// What is known of the values beside the buckets.
    pub sums: Option<PastSums>,
}

/// A JSON value at a step.
#[derive(Clone, Debug, PartialEq)]
pub struct PastValue {
    /// Its name.
    pub name: String,
    /// Its step.
    pub step: i64,
    /// When it was logged.
    pub time: WallTime,
    /// The value, as JSON text. `serde_json::to_string(&mltrack::Shape::Text { .. })` is a text.
    pub json: String,
}

/// A file of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastArtifact {
    /// Its path in the run.
    pub path: String,
    /// The step it belongs to.
    pub step: Option<i64>,
    /// When it was logged.
    pub time: WallTime,
    /// What else is said of it, as JSON text; empty for nothing.
    pub metadata: String,
    /// Where its bytes are.
    pub content: Content,
}

/// Where the bytes of an artifact are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Here.
    Bytes(Vec<u8>),
    /// In a file, which is copied.
    File(PathBuf),
    /// Where they stay: only the place is recorded.
    Link {
        /// A path or a URI.
        place: String,
        /// How many there are.
        len: u64,
    },
}

/// A dataset that a run took in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastInput {
    /// Its name.
    pub name: String,
    /// The digest that tells its content from any other, its kind before it: `sha256:..`.
    pub digest: String,
    /// Where the content lies.
    pub source: String,
    /// What the run did with it.
    pub split: Split,
    /// The kind of the document that keeps what else is said of it.
    pub kind: &'static str,
    /// What it is found again by among the run's.
    pub key: String,
    /// That document, as JSON text.
    pub body: String,
}

impl Chunk {
    /// Whether there is nothing in it that would be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.params.is_empty()
            && self.tags.is_empty()
            && self.notes.is_empty()
            && self.points.is_empty()
            && self.histograms.is_empty()
            && self.values.is_empty()
            && self.lines.is_empty()
            && self.artifacts.is_empty()
            && self.inputs.is_empty()
            && self.begun.is_none()
    }

    /// Makes it as new.
    pub(crate) fn clear(&mut self) {
        let mut points = std::mem::take(&mut self.points);
        points.clear();
        *self = Chunk {
            points,
            ..Chunk::default()
        };
    }
}
