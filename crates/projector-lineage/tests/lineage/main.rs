//! The projector of things: what it keeps of artifacts, datasets, models and links, and what is gone after a purge.

mod datasets;
mod models;
mod purges;
mod runs;
mod support;
