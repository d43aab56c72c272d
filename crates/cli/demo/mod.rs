//! The trainer behind `mltrack demo`: real digits, two real models, a sweep over them.
//!
//! Nothing here knows of the tracker, the terminal, the clock or other processes: a [`Trainer`] is
//! a pure function of its [`Hyper`] and the [`Dataset`], so a run can be repeated to the last bit
//! by whoever has its seed.

pub mod dataset;
pub mod network;
pub mod random;
pub mod sweep;
pub mod trainer;

pub use dataset::Dataset;
pub use sweep::sweep;
pub use trainer::{StepReport, Trainer, Validation};
