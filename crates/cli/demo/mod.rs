//! `mltrack demo`: real digits, two real models, a sweep over them in processes of its own.
//!
//! [`command`] starts one process a run, [`worker`] is such a process, [`progress`] shows how they get
//! on. The other files know nothing of the tracker, the terminal, the clock or other processes: a
//! [`Trainer`](trainer::Trainer) is a pure function of its [`Hyper`](trainer::Hyper) and the [`Dataset`], so a run can be
//! repeated to the last bit by whoever has its seed.
//!
//! [`scale`] trains nothing: it makes a large store of made-up runs, by the model in [`scale_model`] and [`scale_curve`].

mod closing;
pub mod command;
mod dataset;
mod network;
mod progress;
mod random;
mod scale;
mod scale_curve;
mod scale_model;
mod sweep;
mod trainer;
pub mod worker;

use dataset::Dataset;
use sweep::sweep;
