//! An experiment tracker whose only truth is a log that loses nothing.
//!
//! A [`Tracker`] is an open store: a folder. An [`Experiment`] is what runs belong to. A [`Run`] takes parameters,
//! metrics, lines, notes, from any number of threads and processes at once. What a call logged is visible to every
//! process when the call returns, and survives `kill -9`; there is no queue, no daemon and no account.
//!
//! ```
//! # fn main() -> Result<(), mltrack::Error> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join(".mltrack");
//! use mltrack::{Cursor, RunState, Tracker};
//!
//! let tracker = Tracker::open(&path)?; // made when missing
//! tracker.run("resnet", |run| {
//!     // Ok = completed, Err = failed with the error, panic = failed with its message
//!     run.log_param("lr", 3e-4)?;
//!     for step in 0..1000 {
//!         run.log_metrics(step, [("loss", 1.0 / (step + 1) as f64), ("accuracy", 0.9)])?;
//!     }
//!     Ok(())
//! })?;
//!
//! // Any process may look, now or later.
//! let page = tracker.runs().experiment("resnet").filter("metrics.loss < 0.1").order_by("loss").fetch()?;
//! assert_eq!(page.items[0].state, RunState::Completed);
//! let loss = tracker.history(page.items[0].id, "loss").fetch()?;
//! assert_eq!(loss.steps.len(), 1000);
//! let first = tracker.tail().from(Cursor::Start).types(["metrics_logged"]).follow().next().unwrap()?;
//! assert_eq!(first.type_name(), "metrics_logged");
//! # Ok(())
//! # }
//! ```
//!
//! # What may be relied on
//!
//! - [`Logged::Visible`] means visible to every process; it survives the death of this one. How soon it survives a power
//!   cut is the [`Durability`]: within a second, or on return.
//! - No logging call waits for ever, panics or prints. While the log does not move, records are
//!   [`Logged::Deferred`] and [`Builder::on_warning`] is told once.
//! - Every [`Error`] has a [`Code`], the same in the library, on the command line and in HTTP.
//! - [`Tracker::disabled`] and the feature `disabled` turn every call into nothing.
//! - After a fork, a child's handles are writers of their own from their first use on.
//!
//! # Features
//!
//! `tracing`: a layer for the `tracing` crate, `mltrack::MltrackLayer`. `disabled`: see above.
#![deny(missing_docs)]

mod acting;
mod activity;
mod activity_groups;
mod activity_series;
mod activity_settings;
mod artifact;
mod artifact_depot;
mod artifact_edit;
mod artifact_find;
mod artifact_folder;
mod artifact_gc;
mod artifact_glob;
mod artifact_keep;
mod artifact_kind;
mod artifact_media;
mod artifact_new;
mod artifact_path;
mod artifact_put;
mod artifact_read;
mod artifact_reference;
mod artifact_schedule;
mod artifact_stored;
mod artifact_verify;
mod aspect;
mod aspect_thing;
mod auto_compact;
mod backup;
mod buffer_writer;
mod buffered;
mod builder;
mod capture;
mod capture_desk;
mod checkout;
mod checkout_fetch;
mod closure;
mod code;
mod compact;
mod compare;
mod compare_alone;
mod compare_columns;
mod compare_group;
mod compare_metric;
mod compare_notes;
mod compare_seek;
mod compare_seen;
mod console;
mod console_capture;
mod console_level;
mod console_tee;
mod dataset;
mod dataset_add;
mod dataset_content;
mod dataset_kind;
mod dataset_use;
mod dataset_version;
mod decide;
mod document;
mod document_bodies;
mod documents;
mod documents_fold;
mod end;
mod enter;
mod environment;
mod error;
mod experiment;
mod experiment_default;
mod experiment_edit;
mod experiment_facts;
mod experiment_new;
mod experiment_query;
mod extension;
mod flatten;
mod fold;
mod follow;
mod gate;
mod gc;
mod gc_find;
mod gc_progress;
mod gc_versions;
mod histogram;
mod history;
mod history_part;
mod identity;
mod import;
mod indexer;
mod inverse;
mod inverse_artifact;
mod inverse_document;
mod inverse_experiment;
mod inverse_link;
mod inverse_registered;
mod inverse_thing;
mod keep;
mod keeper;
#[cfg(feature = "tracing")]
mod layer;
mod lens;
mod line_diff;
mod lineage;
mod lineage_form;
mod lineage_link;
mod lineage_node;
mod lines;
mod lines_follow;
mod lines_kept;
mod lock;
mod log_page;
mod model;
mod model_add;
mod model_content;
mod model_kind;
mod model_log;
mod model_shelf;
mod model_use;
mod model_version;
mod moment;
mod names;
mod newest;
mod nickname;
mod notes;
mod operation;
mod operation_scan;
mod operation_words;
mod operation_words_thing;
mod panic;
mod params;
mod past;
mod patch_diff;
mod pending;
mod per_writer;
mod points;
mod profile;
mod profile_column;
mod profile_csv;
mod profile_npy;
mod provided;
mod purge_filter;
mod random;
mod recorder;
mod records;
mod registry;
mod registry_look;
mod remote;
mod remote_kept;
mod remote_move;
mod remote_new;
mod remote_piece;
mod remote_write;
mod replay;
pub mod reproduce;
mod reproduce_data;
mod reproduce_stream;
mod retention;
mod roots;
mod roots_url;
mod run;
mod run_beside;
mod run_edit;
mod run_groups;
mod run_query;
mod run_replicates;
mod run_table;
mod runs_change;
mod sampling;
mod scrub;
mod scrub_files;
mod scrub_find;
mod scrub_mask;
mod selector;
mod semantic;
mod series;
mod series_check;
mod shape;
mod side_by_side;
mod snapshot;
mod splits;
mod start;
mod store;
mod successor;
mod summary;
mod system_metrics;
mod tail;
mod things;
mod things_keep;
mod tracker;
mod undo;
mod undo_find;
mod undo_job;
mod undo_past;
mod upload;
mod upload_queue;
mod value_history;
mod version_files;
mod version_verify;
mod warning;
mod watch;
mod word_search;
mod words;

pub use acting::acting;
pub use activity::{Activity, ActivityBy, ActivityQuery};
pub use activity_series::ActivitySeries;
pub use artifact::{Artifact, ArtifactQuery, ArtifactRemoval};
pub use artifact_gc::{ArtifactGc, RootGc};
pub use artifact_new::NewArtifact;
pub use artifact_read::{ArtifactLink, ArtifactReader};
pub use artifact_schedule::CheckpointSchedule;
pub use artifact_stored::{StoredBytes, artifact_path};
pub use artifact_verify::{ArtifactCheck, ArtifactDamage, ArtifactVerify};
pub use auto_compact::AutoCompact;
pub use backup::{BackupPlace, OnBackup, TakeBackup, TakeRestore};
pub use buffered::Buffered;
pub use builder::{Builder, STORE_FOLDER, is_store, store_folder};
pub use capture::Capture;
pub use checkout::{Checkout, CheckoutFile, Found};
pub use code::Code;
pub use compact::Compact;
pub use compare::{COMPARED_RUNS_MAX, CompareQuery, Comparison};
pub use compare_group::{CompareGroup, CompareParam, tells_replicates_apart};
pub use compare_metric::{CompareMetric, CompareOutcome, CompareResult, CompareTest, Tested};
pub use console::{Console, ConsoleWriter};
pub use console_capture::ConsoleCapture;
pub use dataset::{Dataset, NewDataset};
pub use dataset_add::NewDatasetVersion;
pub use dataset_use::{TakeDataset, UsedDataset};
pub use dataset_version::DatasetVersion;
pub use document::{Change, Document, Expected};
pub use documents::Documents;
pub use environment::{Environment, environment_now};
pub use error::{BoxError, Error, Result};
pub use experiment::Experiment;
pub use experiment_edit::ExperimentEdit;
pub use experiment_facts::ExperimentFacts;
pub use experiment_new::NewExperiment;
pub use experiment_query::ExperimentQuery;
pub use follow::{EventStream, Follow};
pub use gc::{Garbage, Gc, GcReport, Stays};
pub use gc_progress::GcProgress;
pub use gc_versions::PurgedVersion;
pub use history::{BucketsQuery, HistoriesQuery, HistoryQuery, MetricName};
pub use history_part::{HistoryMark, HistoryPart};
pub use import::{Columns, Importer, PastEnd, PastRun};
pub use indexer::Indexer;
pub use keep::{Verify, repair};
#[cfg(feature = "tracing")]
pub use layer::MltrackLayer;
pub use lens::TailEvent;
pub use lineage::{
    LineageEdge, LineageGraph, LineageImpact, LineageLink, LineageNode, LineageQuery,
};
pub use lines::{LinesQuery, LoggedLine};
pub use lines_follow::LinesFollow;
pub use log_page::{LogPage, LogToken};
pub use model::{Model, NewModel};
pub use model_add::NewModelVersion;
pub use model_shelf::ModelShelf;
pub use model_use::UsedModel;
pub use model_version::ModelVersion;
pub use nickname::nickname;
pub use notes::Note;
pub use operation::{Operation, OperationQuery};
pub use panic::record_panics;
pub use patch_diff::{PatchDifference, patch_diff};
pub use points::{MetricCall, MetricsCall};
pub use records::{RecordPage, RecordPlace, RecordQuery};
pub use registry::{Edit as ThingEdit, VersionEdit as ThingVersionEdit};
pub use registry_look::{Registered, RegistryQuery};
pub use remote::{RemotePoint, RemoteRun};
pub use remote_move::{RemoteState, RemoteUpdate};
pub use remote_new::NewRemoteRun;
pub use remote_piece::{
    PIECE_MARKS, Piece, PieceArtifact, PieceColumn, PieceHistogram, PieceMark, PieceSums,
    PieceValue,
};
pub use remote_write::{ParamDiffers, ParamsDiffer, RemoteWrite};
pub use replay::Rebuilt;
pub use retention::RETENTION_TAG;
pub use roots::{RootPlace, RootSource, artifact_roots};
pub use run::Run;
pub use run_beside::TakenDataset;
pub use run_edit::RunEdit;
pub use run_groups::{RunGroup, RunGroups, RunName, RunNames, RunNumbers};
pub use run_query::{Page, PageToken, RunQuery};
pub use run_replicates::{ReplicateGroup, ReplicateNumbers, RunReplicates};
pub use runs_change::{RUNS_AT_ONCE_MAX, RunsChange, RunsChanged};
pub use sampling::{Method, Sampling, Take};
pub use scrub::{Scrub, ScrubReport, ScrubbedRecord};
pub use semantic::{Bump, SemanticVersion, VersionRange};
pub use series_check::SeriesCheck;
pub use shape::{ConfusionMatrix, Shape, Table};
pub use snapshot::SnapshotReport;
pub use splits::{Parts, Splits};
pub use start::RunBuilder;
pub use store::Logged;
pub use summary::{ExperimentSummary, RunSummary};
pub use tail::{Cursor, TailBuilder};
pub use tracker::{ExperimentTracker, Tracker};
pub use undo::{UNDO_WINDOW, Undo, Undone};
pub use upload::Upload;
pub use value_history::ValuesQuery;
pub use version_files::StoredFile;
pub use warning::Warning;
pub use word_search::{WordHit, WordHitKind, WordsQuery};

pub use mltrack_backup::{
    BackupId, Checked as BackupCheck, Kept as KeptBackup, Manifest as BackupManifest,
    Progress as BackupProgress, Pruned as PrunedBackups, Report as BackupReport, Restored,
};
pub use mltrack_capture::{Difference as EnvironmentDifference, diff as environment_diff};
pub use mltrack_event::{
    ArtifactId, ArtifactKind, BlobId, ColumnsId, DatasetId, Direction, EdgeKind, EndState, Event,
    ExperimentId, ExperimentState, Goal, HistogramLogged, IdError, JsonLogged, Level, Line,
    MetricId, MetricKey, ModelId, NameKind, NodeRef, ParamValue, Reproducible, Root, RunError,
    RunId, RunKey, RunState, Split, WallTime, payload_json,
};
pub use mltrack_log::{
    CompactProgress, CompactReport, Cursor as Position, Damage, Depth, Durability, Lost, Lsn,
    Prefix, RepairReport, SegmentInfo, SkipReason, Verdict, VerifyOptions, VerifyReport, WriterId,
};
pub use mltrack_projector_lineage::{
    Dataset as DatasetSummary, DatasetUse, DatasetVersion as DatasetVersionSummary,
    Model as ModelSummary, ModelUse, ModelVersion as ModelVersionSummary, StageMove,
};
pub use mltrack_projector_lineage::{Link, NodeKind, NodeState, Way};
pub use mltrack_projector_metrics::{
    AnswerError as StretchError, Bucket, Extended as SeriesExtended, Extreme, History,
    HistoryStats, MetricStretches, Points, Series, Stats, Stretch, Stretched, ValueKind,
    ValuePoint,
};
pub use mltrack_projector_runs::index::{Check as IndexCheck, SetAside, Written as IndexStored};
pub use mltrack_projector_runs::search::{FilterError, Span};
pub use mltrack_projector_runs::snapshot::{Checked as SnapshotCheck, Kept as SnapshotFile};
pub use mltrack_projector_runs::{ExperimentMove, MetricSummary, Point};

pub use mltrack_statistics::{
    Degrees, Description, Effect, EffectKind, Estimate, Interval, Method as TestMethod,
    Note as TestNote, Outcome as TestOutcome,
};

#[doc(hidden)]
pub use mltrack_log::door;
#[doc(hidden)]
pub use side_by_side::side_by_side;
