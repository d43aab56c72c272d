//! `mltrack demo`: real digits, two real models, a sweep over them in processes of its own.
//!
//! [`command`] starts one process a run, [`worker`] is such a process, [`progress`] shows how they get
//! on. The other files know nothing of the tracker, the terminal, the clock or other processes: a
//! [`Trainer`](trainer::Trainer) is a pure function of its [`Hyper`](trainer::Hyper) and the [`Dataset`], so a run can be
//! repeated to the last bit by whoever has its seed.

mod closing;
pub mod command;
mod dataset;
mod network;
mod progress;
mod random;
mod sweep;
mod trainer;
pub mod worker;

use dataset::Dataset;
use sweep::sweep;
