//! Documents by kind and id, folded from the log: which there are, where their bodies lie, and the short bodies
//! themselves.
//!
//! [`DocumentsOf`] is the projector and [`Documents`] what it knows.
//!
//! Invariants: the state is a function of the events alone; an event that does not fit changes nothing but a count in
//! [`Oddities`]; memory is bounded by the number of documents, not by the length of their bodies, see [`Documents`].
#![deny(missing_docs)]

mod apply;
mod coded;
mod documents;
mod row;
pub mod snapshot;

pub use apply::DocumentsOf;
pub use documents::{Documents, Kind, Oddities};
pub use row::Found;
