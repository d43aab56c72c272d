//! The vocabulary of mltrack: ids, events, their bytes, and the state machines they obey.
//!
//! An [`Event`] is what a record of the log means. [`encode`] turns it into a payload and
//! [`decode`] turns a payload back, for every version ever written; [`encode_metrics`] and
//! [`decode_metrics`] do the same for metric points without allocating. Which moves an experiment or
//! a run can make is decided by [`ExperimentState`] and [`RunState`]. [`payload_json`] shows a
//! payload to people. `docs/format.md` draws the bytes, `docs/states.md` the tables.
//!
//! Invariants: no I/O, no clock, no randomness: every function here is a pure function of its
//! arguments. Nothing here knows where records are kept.
#![deny(missing_docs)]

mod artifact;
mod audit;
mod blob_id;
mod codec;
mod dataset;
mod document;
mod error;
mod event;
mod experiment;
mod experiment_state;
mod hot;
mod hot_batch;
mod ids;
mod json;
mod lineage;
mod metric;
mod metric_key;
mod model;
mod names;
mod param;
mod run;
mod run_state;
mod state_error;
mod stream;
mod text;
mod thing;
mod time;
mod upcast;
mod value;

pub use artifact::*;
pub use audit::*;
pub use blob_id::{BlobId, BlobIdError, Root};
pub use codec::{PAYLOAD_LEN_MAX, decode, encode};
pub use dataset::*;
pub use document::*;
pub use error::{DecodeCause, DecodeError, EncodeError};
pub use event::*;
pub use experiment::*;
pub use experiment_state::{ExperimentState, RunAdmission};
pub use hot::{MetricsView, decode_metrics, encode_metrics};
pub use hot_batch::encode_metric_batch;
pub use ids::{
    ArtifactId, ColumnsId, DatasetId, ExperimentId, IdError, IdKind, MetricId, ModelId, RunId,
    RunKey,
};
pub use json::payload_json;
pub use lineage::*;
pub use metric::*;
pub use metric_key::{MetricKey, MetricKeyError, metric_id, set_id};
pub use model::*;
pub use names::{NameError, NameKind};
pub use param::*;
pub use run::*;
pub use run_state::{EndState, RunMove, RunState};
pub use state_error::{StateError, UnknownStateError};
pub use stream::StreamId;
pub use text::*;
pub use thing::{ArtifactKind, Reproducible, Split};
pub use time::{Step, TimeError, WallTime};
pub use value::{Level, LevelError, ParamValue, canonical_json};
