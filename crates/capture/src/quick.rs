//! What is known of a run's environment without waiting for anything.
//!
//! Invariants: no program is started, no thread is made, no file beyond a few of the kernel's is read.

use serde_json::Value;

use crate::document::{self, Capture};
use crate::process;
use crate::request::Request;

/// Command line, working folder, process number and allowlisted variables: takes less than a millisecond, so a run can
/// say that much before its first line of output.
///
/// The keys are those of [`environment`](crate::environment)'s document.
pub fn quick(request: &Request) -> Value {
    let part = process::describe(request);
    document::assemble(part).document
}

/// [`quick`], operating system, processor, memory and host: for those who want no program started and no code kept.
pub fn minimal(request: &Request) -> Capture {
    let mut part = process::describe(request);
    part.add(document::machine(request));
    document::assemble(part)
}
