//! Warnings of the engine, which come on threads that must not wait, on their way to Python's `warnings`.
//!
//! Invariants: the thread that warns waits for nothing, least of all for the interpreter; a warning is told once, at the
//! next call that asks, in the order in which they came, and at most so many are kept. A forked child whose parent was
//! in here at that moment never gets in; it does not wait for that.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, TryLockError};

use pyo3::prelude::*;

const KEPT_MAX: usize = 100;

/// Whether somebody should look: read by every call that logs.
static ARE_THERE: AtomicBool = AtomicBool::new(false);
static WAITING: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Whoever is in here leaves at once, so that few tries are enough.
const TRIES: usize = 100;

/// Keeps a warning until Python asks for it.
pub fn warn(words: &str) {
    if let Some(mut waiting) = waiting()
        && waiting.len() < KEPT_MAX
    {
        waiting.push_back(words.to_owned());
        ARE_THERE.store(true, Relaxed);
    }
}

/// Tells Python what nobody was told yet. A fault of that is no fault of the call that is under way.
#[inline]
pub fn tell(py: Python<'_>) {
    if ARE_THERE.load(Relaxed) {
        tell_all(py);
    }
}

#[cold]
fn tell_all(py: Python<'_>) {
    let Ok(guard) = py.import("mltrack._guard") else {
        return;
    };
    for words in take_warnings() {
        guard.call_method1("say", (words,)).ok();
    }
}

/// The warnings that nobody was told yet.
#[pyfunction]
pub fn take_warnings() -> Vec<String> {
    ARE_THERE.store(false, Relaxed);
    waiting().map_or_else(Vec::new, |mut waiting| waiting.drain(..).collect())
}

fn waiting() -> Option<MutexGuard<'static, VecDeque<String>>> {
    for _ in 0..TRIES {
        match WAITING.try_lock() {
            Ok(waiting) => return Some(waiting),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}
