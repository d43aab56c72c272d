//! The table of all events: type ids, names, newest versions, and the enum that holds any of them.
//!
//! Invariants: a type id and a name never change their meaning and are never used again; ids are
//! grouped as below, and what stands in no group of ours belongs to third parties.
//!
//! | ids | group |
//! |---|---|
//! | 0x0001-0x001F | frequent: metrics, lines, their dictionary |
//! | 0x0020-0x003F | experiments |
//! | 0x0040-0x005F | runs, and what they run on |
//! | 0x0060-0x007F | artifacts |
//! | 0x0080-0x009F | datasets |
//! | 0x00A0-0x00AF | models |
//! | 0x00B0-0x00BF | documents |
//! | 0x00C0-0x00DF | lineage |
//! | 0x00E0-0x00FF | the store and its audit |
//! | 0x0100-0xFFFF | third parties |

use std::fmt;

use serde_json::Value;

use crate::artifact::{
    ArtifactLoggedV1, ArtifactUsedV1, ArtifactsPurgedV1, ArtifactsRemovedV1, ArtifactsRestoredV1,
    EnvironmentCapturedV1,
};
use crate::audit::{ExperimentPurgedV1, OperationUndoneV1, RecordsScrubbedV1, RunPurgedV1};
use crate::codec::{PayloadReader, read_known, write_value};
use crate::dataset::{
    DatasetBytesPurgedV1, DatasetCreatedV1, DatasetDeletedV1, DatasetEditedV1, DatasetRestoredV1,
    DatasetUsedV1, DatasetVersionAddedV1, DatasetVersionEditedV1, DatasetVersionRemovedV1,
    DatasetVersionRestoredV1,
};
use crate::document::{DocumentPartV1, DocumentPutV1, DocumentRemovedV1};
use crate::error::DecodeCause;
use crate::experiment::{
    ExperimentArchivedV1, ExperimentCreatedV1, ExperimentDeletedV1, ExperimentEditedV1,
    ExperimentRestoredV1, ExperimentStateMovedV1, ExperimentTaggedV1,
};
use crate::ids::{ExperimentId, RunKey};
use crate::lineage::{LineageLinkedV1, LineageUnlinkedV1};
use crate::metric::{
    HistogramLoggedV1, MetricBatchLoggedV1, MetricDefinedV1, MetricSetDefinedV1, MetricsLoggedV1,
};
use crate::model::{
    ModelAliasSetV1, ModelBytesPurgedV1, ModelCreatedV1, ModelDeletedV1, ModelEditedV1,
    ModelRestoredV1, ModelStageMovedV1, ModelUsedV1, ModelVersionAddedV1, ModelVersionEditedV1,
    ModelVersionRemovedV1, ModelVersionRestoredV1,
};
use crate::param::{
    NoteAddedV1, NoteRemovedV1, ParamsLoggedV1, ParamsRemovedV1, TagRemovedV1, TagsSetV1,
};
use crate::run::{
    RunAttachedV1, RunCreatedV1, RunDeletedV1, RunEndedV1, RunLostV1, RunQueuedV1, RunRenamedV1,
    RunRestoredV1, RunResumedV1, RunStartedV1,
};
use crate::text::{JsonLoggedV1, LogLineV1};
use crate::upcast::{Payload, payload};

/// What a record's payload means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u16);

/// The version of a payload's layout, counted from 1 for each type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u16);

/// Makes, from the table below, the enum and everything that has one arm for each event.
macro_rules! events {
    ($($constant:ident $event:ident($payload:ident) = $type_id:literal $name:literal;)+) => {
        /// Anything that can happen. Each variant holds the newest version of its payload.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Event {
            $(
                #[doc = concat!("`", $name, "`, see [`", stringify!($payload), "`].")]
                $event($payload),
            )+
            /// An event of a type or version that this program does not know: kept and skipped.
            Unknown {
                /// Its type.
                type_id: TypeId,
                /// The version of its payload.
                version: Version,
                /// Its payload as it is stored.
                payload: Vec<u8>,
            },
        }

        $(
            #[doc = concat!("The newest version of the payload of `", $name, "`.")]
            pub type $event = $payload;

            impl From<$payload> for Event {
                fn from(payload: $payload) -> Event {
                    Event::$event(payload)
                }
            }
        )+

        impl TypeId {
            $(
                #[doc = concat!("The type id of `", $name, "`.")]
                pub const $constant: TypeId = TypeId($type_id);
            )+

            /// Every known type, by id.
            pub const ALL: &[TypeId] = &[$(TypeId::$constant),+];

            /// The name of a known type.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(TypeId::$constant => Some($name),)+
                    _ => None,
                }
            }
        }

        impl Event {
            /// The type under which the event is stored.
            #[must_use]
            pub const fn type_id(&self) -> TypeId {
                match self {
                    $(Event::$event(_) => TypeId::$constant,)+
                    Event::Unknown { type_id, .. } => *type_id,
                }
            }

            /// The version of the payload that [`encode`](crate::encode) writes.
            #[must_use]
            pub const fn version(&self) -> Version {
                match self {
                    $(Event::$event(_) => Version(<$payload as Payload>::VERSION),)+
                    Event::Unknown { version, .. } => *version,
                }
            }

            pub(crate) fn write_payload(&self, out: &mut Vec<u8>) {
                match self {
                    $(Event::$event(payload) => write_value(payload, out),)+
                    Event::Unknown { payload, .. } => out.extend_from_slice(payload),
                }
            }

            pub(crate) fn read_payload(
                type_id: TypeId,
                version: Version,
                reader: &mut PayloadReader<'_>,
            ) -> Result<Event, DecodeCause> {
                match type_id {
                    $(TypeId::$constant => {
                        read_known::<$payload>((type_id, version), reader, Event::$event)
                    })+
                    _ => Ok(reader.take_unknown(type_id, version)),
                }
            }

            /// The payload of a known event as JSON; null for one that is not.
            pub(crate) fn known_json(&self) -> Value {
                match self {
                    $(Event::$event(payload) => crate::json::to_value(payload),)+
                    Event::Unknown { .. } => Value::Null,
                }
            }
        }
    };
}

events! {
    METRICS_LOGGED MetricsLogged(MetricsLoggedV1) = 0x01 "metrics_logged";
    METRIC_BATCH_LOGGED MetricBatchLogged(MetricBatchLoggedV1) = 0x02 "metric_batch_logged";
    LOG_LINE LogLine(LogLineV1) = 0x03 "log_line";
    METRIC_DEFINED MetricDefined(MetricDefinedV1) = 0x04 "metric_defined";
    METRIC_SET_DEFINED MetricSetDefined(MetricSetDefinedV1) = 0x05 "metric_set_defined";
    HISTOGRAM_LOGGED HistogramLogged(HistogramLoggedV1) = 0x06 "histogram_logged";
    JSON_LOGGED JsonLogged(JsonLoggedV1) = 0x07 "json_logged";
    EXPERIMENT_CREATED ExperimentCreated(ExperimentCreatedV1) = 0x20 "experiment_created";
    EXPERIMENT_EDITED ExperimentEdited(ExperimentEditedV1) = 0x21 "experiment_edited";
    EXPERIMENT_STATE_MOVED ExperimentStateMoved(ExperimentStateMovedV1) = 0x22
        "experiment_state_moved";
    EXPERIMENT_ARCHIVED ExperimentArchived(ExperimentArchivedV1) = 0x23 "experiment_archived";
    EXPERIMENT_RESTORED ExperimentRestored(ExperimentRestoredV1) = 0x24 "experiment_restored";
    EXPERIMENT_DELETED ExperimentDeleted(ExperimentDeletedV1) = 0x25 "experiment_deleted";
    EXPERIMENT_TAGGED ExperimentTagged(ExperimentTaggedV1) = 0x26 "experiment_tagged";
    RUN_CREATED RunCreated(RunCreatedV1) = 0x40 "run_created";
    RUN_STARTED RunStarted(RunStartedV1) = 0x41 "run_started";
    RUN_RESUMED RunResumed(RunResumedV1) = 0x42 "run_resumed";
    RUN_ENDED RunEnded(RunEndedV1) = 0x43 "run_ended";
    RUN_LOST RunLost(RunLostV1) = 0x44 "run_lost";
    RUN_DELETED RunDeleted(RunDeletedV1) = 0x45 "run_deleted";
    RUN_RESTORED RunRestored(RunRestoredV1) = 0x46 "run_restored";
    RUN_ATTACHED RunAttached(RunAttachedV1) = 0x47 "run_attached";
    PARAMS_LOGGED ParamsLogged(ParamsLoggedV1) = 0x48 "params_logged";
    TAGS_SET TagsSet(TagsSetV1) = 0x49 "tags_set";
    TAG_REMOVED TagRemoved(TagRemovedV1) = 0x4A "tag_removed";
    NOTE_ADDED NoteAdded(NoteAddedV1) = 0x4B "note_added";
    RUN_QUEUED RunQueued(RunQueuedV1) = 0x4C "run_queued";
    PARAMS_REMOVED ParamsRemoved(ParamsRemovedV1) = 0x4D "params_removed";
    NOTE_REMOVED NoteRemoved(NoteRemovedV1) = 0x4E "note_removed";
    RUN_RENAMED RunRenamed(RunRenamedV1) = 0x4F "run_renamed";
    ENVIRONMENT_CAPTURED EnvironmentCaptured(EnvironmentCapturedV1) = 0x50 "environment_captured";
    ARTIFACT_LOGGED ArtifactLogged(ArtifactLoggedV1) = 0x60 "artifact_logged";
    ARTIFACTS_REMOVED ArtifactsRemoved(ArtifactsRemovedV1) = 0x61 "artifacts_removed";
    ARTIFACTS_RESTORED ArtifactsRestored(ArtifactsRestoredV1) = 0x62 "artifacts_restored";
    ARTIFACT_USED ArtifactUsed(ArtifactUsedV1) = 0x63 "artifact_used";
    ARTIFACTS_PURGED ArtifactsPurged(ArtifactsPurgedV1) = 0x64 "artifacts_purged";
    DATASET_CREATED DatasetCreated(DatasetCreatedV1) = 0x80 "dataset_created";
    DATASET_EDITED DatasetEdited(DatasetEditedV1) = 0x81 "dataset_edited";
    DATASET_DELETED DatasetDeleted(DatasetDeletedV1) = 0x82 "dataset_deleted";
    DATASET_RESTORED DatasetRestored(DatasetRestoredV1) = 0x83 "dataset_restored";
    DATASET_VERSION_ADDED DatasetVersionAdded(DatasetVersionAddedV1) = 0x84
        "dataset_version_added";
    DATASET_VERSION_EDITED DatasetVersionEdited(DatasetVersionEditedV1) = 0x85
        "dataset_version_edited";
    DATASET_VERSION_REMOVED DatasetVersionRemoved(DatasetVersionRemovedV1) = 0x86
        "dataset_version_removed";
    DATASET_VERSION_RESTORED DatasetVersionRestored(DatasetVersionRestoredV1) = 0x87
        "dataset_version_restored";
    DATASET_USED DatasetUsed(DatasetUsedV1) = 0x88 "dataset_used";
    DATASET_BYTES_PURGED DatasetBytesPurged(DatasetBytesPurgedV1) = 0x89 "dataset_bytes_purged";
    MODEL_CREATED ModelCreated(ModelCreatedV1) = 0xA0 "model_created";
    MODEL_EDITED ModelEdited(ModelEditedV1) = 0xA1 "model_edited";
    MODEL_DELETED ModelDeleted(ModelDeletedV1) = 0xA2 "model_deleted";
    MODEL_RESTORED ModelRestored(ModelRestoredV1) = 0xA3 "model_restored";
    MODEL_VERSION_ADDED ModelVersionAdded(ModelVersionAddedV1) = 0xA4 "model_version_added";
    MODEL_VERSION_EDITED ModelVersionEdited(ModelVersionEditedV1) = 0xA5 "model_version_edited";
    MODEL_VERSION_REMOVED ModelVersionRemoved(ModelVersionRemovedV1) = 0xA6
        "model_version_removed";
    MODEL_VERSION_RESTORED ModelVersionRestored(ModelVersionRestoredV1) = 0xA7
        "model_version_restored";
    MODEL_ALIAS_SET ModelAliasSet(ModelAliasSetV1) = 0xA8 "model_alias_set";
    MODEL_STAGE_MOVED ModelStageMoved(ModelStageMovedV1) = 0xA9 "model_stage_moved";
    MODEL_USED ModelUsed(ModelUsedV1) = 0xAA "model_used";
    MODEL_BYTES_PURGED ModelBytesPurged(ModelBytesPurgedV1) = 0xAB "model_bytes_purged";
    DOCUMENT_PUT DocumentPut(DocumentPutV1) = 0xB0 "document_put";
    DOCUMENT_REMOVED DocumentRemoved(DocumentRemovedV1) = 0xB1 "document_removed";
    DOCUMENT_PART DocumentPart(DocumentPartV1) = 0xB2 "document_part";
    LINEAGE_LINKED LineageLinked(LineageLinkedV1) = 0xC0 "lineage_linked";
    LINEAGE_UNLINKED LineageUnlinked(LineageUnlinkedV1) = 0xC1 "lineage_unlinked";
    OPERATION_UNDONE OperationUndone(OperationUndoneV1) = 0xE0 "operation_undone";
    RUN_PURGED RunPurged(RunPurgedV1) = 0xE1 "run_purged";
    EXPERIMENT_PURGED ExperimentPurged(ExperimentPurgedV1) = 0xE2 "experiment_purged";
    RECORDS_SCRUBBED RecordsScrubbed(RecordsScrubbedV1) = 0xE3 "records_scrubbed";
}

payload!(MetricsLoggedV1 = 1);
payload!(MetricBatchLoggedV1 = 1);
payload!(LogLineV1 = 1);
payload!(MetricDefinedV1 = 1);
payload!(MetricSetDefinedV1 = 1);
payload!(HistogramLoggedV1 = 1);
payload!(JsonLoggedV1 = 1);
payload!(ExperimentCreatedV1 = 1);
payload!(ExperimentEditedV1 = 1);
payload!(ExperimentStateMovedV1 = 1);
payload!(ExperimentArchivedV1 = 1);
payload!(ExperimentRestoredV1 = 1);
payload!(ExperimentDeletedV1 = 1);
payload!(ExperimentTaggedV1 = 1);
payload!(RunCreatedV1 = 1);
payload!(RunStartedV1 = 1);
payload!(RunResumedV1 = 1);
payload!(RunEndedV1 = 1);
payload!(RunLostV1 = 1);
payload!(RunDeletedV1 = 1);
payload!(RunRestoredV1 = 1);
payload!(RunAttachedV1 = 1);
payload!(ParamsLoggedV1 = 1);
payload!(TagsSetV1 = 1);
payload!(TagRemovedV1 = 1);
payload!(NoteAddedV1 = 1);
payload!(RunQueuedV1 = 1);
payload!(ParamsRemovedV1 = 1);
payload!(NoteRemovedV1 = 1);
payload!(RunRenamedV1 = 1);
payload!(EnvironmentCapturedV1 = 1);
payload!(ArtifactLoggedV1 = 1);
payload!(ArtifactsRemovedV1 = 1);
payload!(ArtifactsRestoredV1 = 1);
payload!(ArtifactUsedV1 = 1);
payload!(ArtifactsPurgedV1 = 1);
payload!(DatasetCreatedV1 = 1);
payload!(DatasetEditedV1 = 1);
payload!(DatasetDeletedV1 = 1);
payload!(DatasetRestoredV1 = 1);
payload!(DatasetVersionAddedV1 = 1);
payload!(DatasetVersionEditedV1 = 1);
payload!(DatasetVersionRemovedV1 = 1);
payload!(DatasetVersionRestoredV1 = 1);
payload!(DatasetUsedV1 = 1);
payload!(DatasetBytesPurgedV1 = 1);
payload!(ModelCreatedV1 = 1);
payload!(ModelEditedV1 = 1);
payload!(ModelDeletedV1 = 1);
payload!(ModelRestoredV1 = 1);
payload!(ModelVersionAddedV1 = 1);
payload!(ModelVersionEditedV1 = 1);
payload!(ModelVersionRemovedV1 = 1);
payload!(ModelVersionRestoredV1 = 1);
payload!(ModelAliasSetV1 = 1);
payload!(ModelStageMovedV1 = 1);
payload!(ModelUsedV1 = 1);
payload!(ModelBytesPurgedV1 = 1);
payload!(DocumentPutV1 = 1);
payload!(DocumentRemovedV1 = 1);
payload!(DocumentPartV1 = 1);
payload!(LineageLinkedV1 = 1);
payload!(LineageUnlinkedV1 = 1);
payload!(OperationUndoneV1 = 1);
payload!(RunPurgedV1 = 1);
payload!(ExperimentPurgedV1 = 1);
payload!(RecordsScrubbedV1 = 1);

/// The type with this name, such as `metrics_logged`.
#[must_use]
pub fn type_from_name(name: &str) -> Option<TypeId> {
    TypeId::ALL
        .iter()
        .copied()
        .find(|type_id| type_id.name() == Some(name))
}

impl TypeId {
    /// The name, or the number where there is none, for messages.
    pub(crate) fn describe(self) -> String {
        self.name()
            .map_or_else(|| format!("type {:#06x}", self.0), str::to_owned)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Event {
    /// The name of the event's type; `unknown` when this program does not know it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Event::Unknown { .. } => "unknown",
            known => known.type_id().name().unwrap_or("unknown"),
        }
    }

    /// The run that the event is about: not the run that made a version of a dataset or a model, which outlives it.
    #[must_use]
    pub fn run(&self) -> Option<RunKey> {
        match self {
            Event::MetricsLogged(logged) => Some(logged.run),
            Event::MetricBatchLogged(logged) => Some(logged.run),
            Event::LogLine(logged) => Some(logged.run),
            Event::HistogramLogged(logged) => Some(logged.run),
            Event::JsonLogged(logged) => Some(logged.run),
            Event::RunCreated(created) => Some(created.run.key()),
            Event::RunQueued(queued) => Some(queued.run),
            Event::RunStarted(started) => Some(started.run),
            Event::RunResumed(resumed) => Some(resumed.run),
            Event::RunEnded(ended) => Some(ended.run),
            Event::RunLost(lost) => Some(lost.run),
            Event::RunDeleted(deleted) => Some(deleted.run),
            Event::RunRestored(restored) => Some(restored.run),
            Event::RunAttached(attached) => Some(attached.run),
            Event::ParamsLogged(logged) => Some(logged.run),
            Event::TagsSet(set) => Some(set.run),
            Event::TagRemoved(removed) => Some(removed.run),
            Event::NoteAdded(added) => Some(added.run),
            Event::ParamsRemoved(removed) => Some(removed.run),
            Event::NoteRemoved(removed) => Some(removed.run),
            Event::RunRenamed(renamed) => Some(renamed.run),
            Event::RunPurged(purged) => Some(purged.run.key()),
            Event::EnvironmentCaptured(captured) => Some(captured.run),
            Event::ArtifactLogged(logged) => Some(logged.run),
            Event::ArtifactsRemoved(removed) => Some(removed.run),
            Event::ArtifactsRestored(restored) => Some(restored.run),
            Event::ArtifactUsed(used) => Some(used.run),
            Event::DatasetUsed(used) => Some(used.run),
            Event::ModelUsed(used) => Some(used.run),
            Event::RecordsScrubbed(scrubbed) => Some(scrubbed.run),
            _ => None,
        }
    }

    /// The experiment that the event itself names: events of a run after its creation name none.
    #[must_use]
    pub fn experiment(&self) -> Option<ExperimentId> {
        match self {
            Event::ExperimentCreated(created) => Some(created.experiment),
            Event::ExperimentEdited(edited) => Some(edited.experiment),
            Event::ExperimentStateMoved(moved) => Some(moved.experiment),
            Event::ExperimentArchived(archived) => Some(archived.experiment),
            Event::ExperimentRestored(restored) => Some(restored.experiment),
            Event::ExperimentDeleted(deleted) => Some(deleted.experiment),
            Event::ExperimentTagged(tagged) => Some(tagged.experiment),
            Event::RunCreated(created) => Some(created.experiment),
            Event::RunPurged(purged) => Some(purged.experiment),
            Event::ExperimentPurged(purged) => Some(purged.experiment),
            _ => None,
        }
    }
}
