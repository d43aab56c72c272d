//! What other experiment trackers recorded, brought into a store.
//!
//! A [`Source`] reads a peer's store as a stream of plain values, [`import`] writes them, and a [`Report`] says what was
//! taken and what was not. A source per peer is a module of its own.
//!
//! Invariants: nothing is taken twice, however often an import is repeated, stopped or killed; memory does not grow with
//! what is imported; what could not be taken is reported with where and why; a peer's store is only read.
//!
//! ```
//! # fn main() -> Result<(), mltrack::Error> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let tracker = mltrack::Tracker::open(folder.path())?;
//! use mltrack_import::{Chunk, Options, RunFacts, RunHead, Source, import};
//!
//! /// One run with one metric.
//! struct Lone(Option<RunHead>);
//!
//! impl Source for Lone {
//!     fn kind(&self) -> &'static str {
//!         "lone"
//!     }
//!     fn next_run(&mut self) -> mltrack::Result<Option<RunHead>> {
//!         Ok(self.0.take())
//!     }
//!     fn open(&mut self, mark: Option<&str>) -> mltrack::Result<()> {
//!         assert!(mark.is_none(), "it was never imported before");
//!         Ok(())
//!     }
//!     fn read(&mut self, chunk: &mut Chunk) -> mltrack::Result<bool> {
//!         chunk.facts = Some(RunFacts::default());
//!         let loss = chunk.points.slot("loss");
//!         chunk.points.push(loss, 1, 1_700_000_000_000_000_000, 0.5);
//!         chunk.mark = "all".into();
//!         Ok(false)
//!     }
//! }
//!
//! let head = RunHead { identity: "lone".into(), name: "kind-elk".into(), experiment: "resnet".into() };
//! let report = import(&tracker, &mut Lone(Some(head)), &Options::default(), &mut |_| ())?;
//! assert_eq!((report.runs_new, report.points), (1, 1));
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod chunk;
mod csv;
mod doomed;
mod fit;
mod followed;
mod inputs;
mod known;
mod links;
mod marks;
mod mlflow;
mod pass;
mod points;
mod report;
mod sift;
mod sink;
mod source;
mod stop;
mod stored;
mod tensorboard;
mod wandb;
mod wire;

pub use chunk::{
    Chunk, Content, PastArtifact, PastEnding, PastHistogram, PastInput, PastSums, PastValue,
    RunFacts,
};
pub use csv::{Csv, CsvOptions};
pub use mlflow::Mlflow;
pub use pass::{Options, import};
pub use points::Points;
pub use report::{Progress, Report, Untaken, UntakenKind};
pub use source::{PastExperiment, RunHead, Source};
pub use stop::Stop;
pub use tensorboard::TensorBoard;
#[doc(hidden)]
pub use tensorboard::read_event_file;
pub use wandb::Wandb;
#[doc(hidden)]
pub use wandb::read_wandb_file;
