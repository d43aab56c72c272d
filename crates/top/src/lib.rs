//! `mltrack top`: the live runs of a store on a whole terminal.
//!
//! [`run`] takes over the terminal until somebody quits; a [`Still`] is one screen without a terminal, for scripts,
//! tests and pictures.
//!
//! Parts: [`Still`] and `session` put together a `model` (all that the screen depends on), `update` (how it changes, a
//! pure function), `view` (what it looks like, another one), `feed` (who reads the store, in a thread of its own) and
//! `terminal` (who has it in hand, and gives it back).
//!
//! Invariants: the store is only read; a terminal is left as it was found, however the view ends; nothing polls.
//!
//! ```
//! # fn main() -> Result<(), mltrack_top::TopError> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let tracker = mltrack::Tracker::open(folder.path())?;
//! tracker.run("resnet", |run| Ok(run.log_metric("loss", 0.5)?))?;
//! let mut still = mltrack_top::Still::new(tracker, &mltrack_top::Options::default(), (80, 24))?;
//! still.type_keys("/loss < 1\n")?;
//! assert!(still.text().contains("1 done"));
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod clock;
mod columns;
mod error;
mod feed;
mod filter_line;
mod keys;
mod look;
mod model;
mod options;
mod paint;
mod question;
mod session;
mod spots;
mod still;
mod terminal;
mod update;
mod view;
mod words;

pub use error::TopError;
pub use look::{Glyphs, Look, Theme};
pub use options::Options;
pub use session::{Ended, run};
pub use still::Still;
