//! Ctrl-C and its relatives as a flag that loops look at, or as a call for those who wait.
//!
//! Invariant: only commands that have something to say or to end when they are interrupted install
//! the flag. All others die at once, which leaves the store whole as well.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use mltrack::Code;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::failure::{Failure, Outcome};

const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Calls `tell` from a thread of its own when the process is asked to end. A second signal ends it without further
/// words.
pub fn tell_of_interrupt(tell: impl FnMut() + Send + 'static) -> Outcome<()> {
    tell_of(&SIGNALS, true, tell)
}

/// The same for programs to which a hangup is a wish of its own.
pub fn tell_of_end(tell: impl FnMut() + Send + 'static) -> Outcome<()> {
    tell_of(&[SIGINT, SIGTERM], true, tell)
}

/// Calls `tell` whenever a hangup is sent, which ends nothing then.
pub fn tell_of_hangup(tell: impl FnMut() + Send + 'static) -> Outcome<()> {
    tell_of(&[SIGHUP], false, tell)
}

fn tell_of(
    signals: &[i32],
    ends_by_second: bool,
    mut tell: impl FnMut() + Send + 'static,
) -> Outcome<()> {
    let flag = Arc::new(AtomicBool::new(false));
    let listen = || -> io::Result<()> {
        let (mut told, teller) = UnixStream::pair()?;
        for signal in signals {
            if ends_by_second {
                signal_hook::flag::register_conditional_default(*signal, Arc::clone(&flag))?;
                signal_hook::flag::register(*signal, Arc::clone(&flag))?;
            }
            signal_hook::low_level::pipe::register(*signal, teller.try_clone()?)?;
        }
        let wait = move || {
            let mut byte = [0];
            while told.read_exact(&mut byte).is_ok() {
                tell();
            }
        };
        thread::Builder::new().name("signals".into()).spawn(wait)?;
        Ok(())
    };
    Ok(listen().map_err(|error| no_signals(&error))?)
}

fn no_signals(error: &io::Error) -> Failure {
    Failure::new(Code::InternalError, "cannot listen for signals").cause(error)
}

/// Becomes true when the process is asked to end. A second signal ends it without further words.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    pub fn listen() -> Outcome<Interrupt> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in SIGNALS {
            // Registered first, so that it sees the flag as it was before this signal.
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&flag))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&flag)))
                .map_err(|error| no_signals(&error))?;
        }
        Ok(Interrupt(flag))
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
