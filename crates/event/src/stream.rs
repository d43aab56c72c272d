//! Streams: which control events exclude each other when they are appended at the same time.
//!
//! Invariant: an event that needs a unique name or a certain state lists the stream on which every
//! event that could spoil this is listed too, so that a conditional append notices it.

use crate::event::Event;
use crate::experiment::RestoredFrom;
use crate::ids::{ExperimentId, RunKey};
use crate::metric_key::first_u64;

/// A stream of control events: a hash, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamId(pub u64);

impl StreamId {
    /// The names of experiments: `blake3("experiment-names")`.
    #[must_use]
    pub fn experiment_names() -> StreamId {
        StreamId::of(b"experiment-names", &[])
    }

    /// An experiment's state: `blake3("experiment" | u64 id)`.
    #[must_use]
    pub fn experiment(experiment: ExperimentId) -> StreamId {
        StreamId::of(b"experiment", &experiment.0.to_le_bytes())
    }

    /// A run's state: `blake3("run" | run key)`.
    #[must_use]
    pub fn run(run: RunKey) -> StreamId {
        StreamId::of(b"run", &run.to_bytes())
    }

    /// The first eight bytes of the hash as a little-endian u64, or 1 where that is 0: a log may use
    /// 0 for frames without a stream.
    fn of(kind: &[u8], id: &[u8]) -> StreamId {
        let mut hasher = blake3::Hasher::new();
        hasher.update(kind).update(id);
        StreamId(first_u64(&hasher).max(1))
    }
}

impl Event {
    /// The stream of a control event; `None` for events that nothing excludes.
    #[must_use]
    pub fn stream(&self) -> Option<StreamId> {
        match self {
            Event::ExperimentCreated(_) => Some(StreamId::experiment_names()),
            Event::ExperimentEdited(edited) => {
                edited.name.as_ref().map(|_| StreamId::experiment_names())
            }
            // Its name may have been taken since, by a creation or a rename on the same stream.
            Event::ExperimentRestored(restored) if restored.from == RestoredFrom::Deletion => {
                Some(StreamId::experiment_names())
            }
            Event::ExperimentRestored(restored) => Some(StreamId::experiment(restored.experiment)),
            Event::ExperimentStateMoved(moved) => Some(StreamId::experiment(moved.experiment)),
            Event::ExperimentArchived(archived) => Some(StreamId::experiment(archived.experiment)),
            Event::ExperimentDeleted(deleted) => Some(StreamId::experiment(deleted.experiment)),
            Event::RunCreated(created) => Some(StreamId::experiment(created.experiment)),
            Event::RunQueued(queued) => Some(StreamId::run(queued.run)),
            Event::RunStarted(started) => Some(StreamId::run(started.run)),
            Event::RunResumed(resumed) => Some(StreamId::run(resumed.run)),
            Event::RunAttached(attached) => Some(StreamId::run(attached.run)),
            Event::RunEnded(ended) => Some(StreamId::run(ended.run)),
            Event::RunLost(lost) => Some(StreamId::run(lost.run)),
            Event::RunDeleted(deleted) => Some(StreamId::run(deleted.run)),
            Event::RunRestored(restored) => Some(StreamId::run(restored.run)),
            // Params are logged on the run's stream, so that two values exclude each other.
            Event::ParamsRemoved(removed) => Some(StreamId::run(removed.run)),
            Event::RunPurged(purged) => Some(StreamId::run(purged.run.key())),
            Event::ExperimentPurged(purged) => Some(StreamId::experiment(purged.experiment)),
            Event::MetricsLogged(_)
            | Event::MetricBatchLogged(_)
            | Event::LogLine(_)
            | Event::MetricDefined(_)
            | Event::MetricSetDefined(_)
            | Event::HistogramLogged(_)
            | Event::JsonLogged(_)
            | Event::ExperimentTagged(_)
            | Event::ParamsLogged(_)
            | Event::TagsSet(_)
            | Event::TagRemoved(_)
            | Event::NoteAdded(_)
            | Event::NoteRemoved(_)
            | Event::OperationUndone(_)
            | Event::Unknown { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_the_hashes_that_the_format_document_defines() {
        let hash = blake3::hash(b"experiment-names");
        assert_eq!(
            StreamId::experiment_names().0.to_le_bytes(),
            hash.as_bytes()[..8]
        );
        let hash = blake3::hash(b"experiment\x07\0\0\0\0\0\0\0");
        assert_eq!(
            StreamId::experiment(ExperimentId(7)).0.to_le_bytes(),
            hash.as_bytes()[..8]
        );
        let hash = blake3::hash(b"run\x01\x02\x03\x04\x05\x06\x07\x08");
        let run = RunKey::from_bytes([1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(StreamId::run(run).0.to_le_bytes(), hash.as_bytes()[..8]);
    }
}
