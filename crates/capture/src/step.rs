//! Work that is waited for only so long: each step on a thread of its own, given up on when the time is over.
//!
//! Invariants: waiting ends at the deadline, even when a step hangs in the kernel; a step that was given up on, or that
//! could not be started, is named as missing.

use std::sync::{Arc, mpsc};
use std::thread;

use crate::deadline::Deadline;
use crate::document::{Missing, Part};
use crate::request::Request;

/// One part of a capture.
pub(crate) struct Step {
    pub name: &'static str,
    pub work: fn(&Request, &Deadline) -> Part,
}

/// Runs all steps at once and gathers what they answer until `deadline`; each is told `inner`, which comes a little
/// earlier, so that its own answer about what is missing still arrives.
pub(crate) fn run(
    steps: &[Step],
    request: &Arc<Request>,
    inner: Deadline,
    deadline: &Deadline,
) -> Part {
    let (sender, receiver) = mpsc::channel();
    let mut whole = Part::default();
    let mut waiting: Vec<&'static str> = Vec::new();
    for step in steps {
        let (sender, request) = (sender.clone(), Arc::clone(request));
        let (name, work) = (step.name, step.work);
        let started = thread::Builder::new()
            .name(format!("mltrack-{name}"))
            .spawn(move || {
                // Nobody listens any more once the time is over.
                let _ = sender.send((name, work(&request, &inner)));
            });
        match started {
            Ok(_) => waiting.push(name),
            Err(error) => whole
                .missing
                .push(Missing::new(name, format!("no thread: {error}"))),
        }
    }
    drop(sender);
    while !waiting.is_empty() {
        let Ok((name, part)) = receiver.recv_timeout(deadline.left()) else {
            break;
        };
        waiting.retain(|&other| other != name);
        whole.add(part);
    }
    let why = "was not known when the time was over";
    whole
        .missing
        .extend(waiting.into_iter().map(|name| Missing::new(name, why)));
    whole
}
