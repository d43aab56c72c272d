//! Experiments and runs, folded from the log: the projector behind lists, tables and lookups.
//!
//! [`Runs`] is the projector and [`State`] what it knows: every [`Experiment`] and [`Run`], the params, tags and metric
//! summaries of each, and the dictionary of metrics. [`State::find_run`] finds a run the way people name it.
//! [`run_state`] says how a run stands, given who is alive. [`snapshot`] keeps states in files that others go on from; [`index`] keeps
//! one in a folder between programs.
//!
//! Invariants: the state is a function of the events alone: who is alive and what time it is are arguments of the
//! functions that need them; an event that does not fit (an end of an ended run, a point of an unknown run) changes
//! nothing but a count in [`Oddities`]; no sled type leaves this crate.
#![warn(missing_docs)]

mod apply;
mod apply_run;
mod brief;
mod changes;
mod codec;
mod experiment;
mod find;
mod idle;
pub mod index;
mod metrics;
mod nearest;
mod packed;
mod purge;
mod run;
pub mod search;
mod sight;
pub mod snapshot;
mod state;
mod table;

pub use apply::Runs;
pub use brief::Brief;
pub use experiment::{Experiment, ExperimentMove};
pub use find::{Deleted, FindError};
pub use metrics::{MetricSummary, Metrics, Point};
pub use mltrack_projector::Stamp;
pub use nearest::nearest;
pub use purge::Purges;
pub use run::{Note, Owner, Run};
pub use sight::{run_state, run_state_at, silent_ns};
pub use state::{Oddities, State};
