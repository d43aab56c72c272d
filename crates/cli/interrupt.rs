//! Ctrl-C and its relatives as a flag that loops look at.
//!
//! Invariant: only commands that have something to say or to end when they are interrupted install
//! the flag. All others die at once, which leaves the store whole as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mltrack::Code;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::failure::{Failure, Outcome};

/// Becomes true when the process is asked to end. A second signal ends it without further words.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    pub fn listen() -> Outcome<Interrupt> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // Registered first, so that it sees the flag as it was before this signal.
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&flag))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&flag)))
                .map_err(|error| {
                    Failure::new(Code::InternalError, "cannot listen for signals").cause(error)
                })?;
        }
        Ok(Interrupt(flag))
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
