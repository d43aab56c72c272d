//! The projector of things: what it keeps of artifacts, datasets, models and links, and what is gone after a purge.

mod any_order;
mod datasets;
mod graph;
mod models;
mod naive;
mod purges;
mod runs;
mod snapshot;
mod support;
