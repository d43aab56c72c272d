//! Streams: which control events exclude each other when they are appended at the same time.
//!
//! Invariant: an event that needs a unique name or a certain state lists the stream on which every
//! event that could spoil this is listed too, so that a conditional append notices it.

use crate::event::Event;
use crate::experiment::RestoredFrom;
use crate::ids::{DatasetId, ExperimentId, ModelId, RunKey};
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

    /// The names of datasets: `blake3("dataset-names")`.
    #[must_use]
    pub fn dataset_names() -> StreamId {
        StreamId::of(b"dataset-names", &[])
    }

    /// A dataset and its versions: `blake3("dataset" | id)`.
    #[must_use]
    pub fn dataset(dataset: DatasetId) -> StreamId {
        StreamId::of(b"dataset", &dataset.to_bytes())
    }

    /// The names of models: `blake3("model-names")`.
    #[must_use]
    pub fn model_names() -> StreamId {
        StreamId::of(b"model-names", &[])
    }

    /// A model, its versions and its aliases: `blake3("model" | id)`.
    #[must_use]
    pub fn model(model: ModelId) -> StreamId {
        StreamId::of(b"model", &model.to_bytes())
    }

    /// All documents of a kind: `blake3("documents" | kind)`. A batch with documents of several ids is on it.
    #[must_use]
    pub fn documents(kind: &str) -> StreamId {
        StreamId::of(b"documents", kind.as_bytes())
    }

    /// A document: `blake3("document" | kind | 0 | id)`.
    #[must_use]
    pub fn document(kind: &str, id: &str) -> StreamId {
        let mut bytes = Vec::with_capacity(kind.len() + 1 + id.len());
        bytes.extend_from_slice(kind.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(id.as_bytes());
        StreamId::of(b"document", &bytes)
    }

    /// Which artifacts are removed, restored and purged: `blake3("artifacts")`.
    #[must_use]
    pub fn artifacts() -> StreamId {
        StreamId::of(b"artifacts", &[])
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
            | Event::RunRenamed(_)
            | Event::OperationUndone(_)
            | Event::Unknown { .. } => None,
            thing => thing.stream_of_thing(),
        }
    }

    /// The same for artifacts, datasets, models and lineage.
    fn stream_of_thing(&self) -> Option<StreamId> {
        match self {
            Event::ArtifactsRemoved(_)
            | Event::ArtifactsRestored(_)
            | Event::ArtifactsPurged(_) => Some(StreamId::artifacts()),
            Event::DatasetCreated(_) | Event::DatasetRestored(_) => Some(StreamId::dataset_names()),
            Event::DatasetEdited(edited) => edited.name.as_ref().map(|_| StreamId::dataset_names()),
            // Whoever adds a version looks at the dataset's stream and must notice.
            Event::DatasetDeleted(deleted) => Some(StreamId::dataset(deleted.dataset)),
            Event::DatasetVersionAdded(added) => Some(StreamId::dataset(added.dataset)),
            Event::DatasetVersionEdited(edited) => Some(StreamId::dataset(edited.dataset)),
            Event::DatasetVersionRemoved(removed) => Some(StreamId::dataset(removed.dataset)),
            Event::DatasetVersionRestored(restored) => Some(StreamId::dataset(restored.dataset)),
            Event::DatasetBytesPurged(purged) => Some(StreamId::dataset(purged.dataset)),
            Event::ModelCreated(_) | Event::ModelRestored(_) => Some(StreamId::model_names()),
            Event::ModelEdited(edited) => edited.name.as_ref().map(|_| StreamId::model_names()),
            Event::ModelDeleted(deleted) => Some(StreamId::model(deleted.model)),
            Event::ModelVersionAdded(added) => Some(StreamId::model(added.model)),
            Event::ModelVersionEdited(edited) => Some(StreamId::model(edited.model)),
            Event::ModelVersionRemoved(removed) => Some(StreamId::model(removed.model)),
            Event::ModelVersionRestored(restored) => Some(StreamId::model(restored.model)),
            Event::ModelAliasSet(set) => Some(StreamId::model(set.model)),
            Event::ModelStageMoved(moved) => Some(StreamId::model(moved.model)),
            Event::ModelBytesPurged(purged) => Some(StreamId::model(purged.model)),
            Event::DocumentPut(put) => Some(StreamId::document(&put.kind, &put.id)),
            Event::DocumentRemoved(removed) => Some(StreamId::document(&removed.kind, &removed.id)),
            _ => None,
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
        let hash = blake3::hash(
            b"dataset\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09",
        );
        let dataset = DatasetId::from_bytes([9; 16]);
        assert_eq!(
            StreamId::dataset(dataset).0.to_le_bytes(),
            hash.as_bytes()[..8]
        );
        let hash = blake3::hash(b"run\x01\x02\x03\x04\x05\x06\x07\x08");
        let run = RunKey::from_bytes([1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(StreamId::run(run).0.to_le_bytes(), hash.as_bytes()[..8]);
    }
}
