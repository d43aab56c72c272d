//! Pure functions between the structures of `docs/format.md` and bytes: no I/O, no clock, no panic on any input.

pub mod bytes;
pub mod checkpoint;
pub mod facts;
pub mod footer;
pub mod frame;
pub mod identity;
pub mod manifest;
pub mod pack;
pub mod record;
pub mod segment;
pub mod spool;
pub mod state;
