//! The projector of experiments and runs: their lives, their metrics, how they are found, and the index folder.

mod columns;
mod experiments;
mod find;
mod index;
mod lives;
mod memory;
mod metrics;
mod purges;
mod snapshot;
mod support;
