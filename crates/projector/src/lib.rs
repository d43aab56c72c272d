//! From the log to answers: what a projector is, and the follower that drives one.
//!
//! A [`Projector`] folds [`Entry`]s into a state; a [`Follower`] reads the log and applies it. What a record means is
//! decided once, in [`Entry::decode`], without allocating for metric points. [`index`] keeps a projector's state in a
//! folder. Everything here can be thrown away and folded again.
//!
//! Invariants: `apply` is a pure function of state and entry, so that two folds of the same records are equal; a state
//! is never ahead of the log: a follower whose log was rewound starts again from the first record.
#![warn(missing_docs)]

mod dictionary;
mod entry;
mod follower;
pub mod index;
mod int_map;
mod range;
pub mod snapshot;
mod stamp;

pub use dictionary::{Collision, Definition, Dictionary};
pub use entry::{Body, Entry};
pub use follower::{Counts, Follower, Progress, Projector};
pub use int_map::{IntHasher, IntMap};
pub use range::read_range;
pub use stamp::Stamp;

pub use mltrack_log::door::prefer_large_pages;
pub use mltrack_log::{
    Cursor, EpochId, LogError, Lost, Lsn, PackFault, PackRecord, PackedBlock, Packer, Reader,
    Record, WriterId,
};
