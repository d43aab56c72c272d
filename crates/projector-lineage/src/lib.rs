//! Artifacts, datasets, models, environments and what depends on what, folded from the log.
//!
//! Invariants: the state is a function of the events alone; an event that does not fit changes nothing but a count.
#![deny(missing_docs)]
