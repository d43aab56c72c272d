//! The log over the memory medium: power cuts, damage, faults, and a model that it must agree with.
//!
//! New tests go to the module whose first line fits; what two modules need goes to `support`.
//! `MLTRACK_CRASH_ROUNDS=n` multiplies the seeds and the sampled positions of every module by n.

#[cfg(feature = "failpoints")]
mod canary;
mod chain;
mod copied_damage;
mod corruption;
mod crash;
mod faults;
mod missing_format;
mod model;
mod packing;
mod packing_damage;
mod packing_overwrite;
mod packing_purge;
mod prefix;
mod publish_wait;
mod sharing;
mod support;
