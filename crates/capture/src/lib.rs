//! On what machine and code a run ran: the environment at its start, the patch of its sources, and samples of the
//! machine while it runs.
//!
//! [`quick`] tells within a millisecond what the process knows of itself; [`environment`] asks the machine and git, on a
//! thread of its own, and answers with one document of stable keys (`docs/environment.md`), the full patch of the working
//! tree and the names of what is missing; [`worktree::restore`] puts the code back.
//!
//! Invariants: no function here fails a run or prints; what cannot be read is absent; nothing that looks like a secret
//! ([`secrets`]) is in an answer; the clock is an argument.
#![deny(missing_docs)]

mod command;
mod compare;
pub mod console;
mod container;
mod deadline;
mod dependencies;
mod digest;
mod document;
mod files;
mod git;
mod git_facts;
mod git_files;
mod git_index;
mod git_status;
mod gpu;
mod locks;
mod machine;
mod made;
pub mod nvml;
mod packages;
mod patch;
mod patch_section;
mod process;
mod python;
mod quick;
mod quote;
mod request;
pub mod secrets;
mod secrets_argument;
mod secrets_assignment;
mod secrets_key;
mod secrets_name;
mod secrets_shape;
mod step;
mod summary;
pub mod system;
mod temporary;
mod untracked;
mod variables;
pub mod worktree;

pub use command::CommandError;
pub use compare::{Difference, diff};
pub use digest::digest;
pub use document::{Capture, LeftOut, Missing, Reproducible, environment};
pub use quick::{minimal, quick};
pub use request::{DEADLINE, Limits, Places, Request};
pub use variables::ALLOWLIST;
