//! On what machine and code a run ran: the environment at its start, the patch of its sources, and samples of the
//! machine while it runs.
//!
//! Invariants: no function here fails a run or prints; what cannot be read is absent.
#![deny(missing_docs)]

pub mod nvml;
pub mod secrets;
mod secrets_argument;
mod secrets_assignment;
mod secrets_key;
mod secrets_name;
mod secrets_shape;
pub mod system;
