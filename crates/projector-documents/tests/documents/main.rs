//! The fold of documents: what it keeps, what it forgets, what it costs.

mod fold;
mod memory;
mod snapshot;
mod support;
