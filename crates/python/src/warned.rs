//! Warnings of the engine, which come on threads that must not wait, on their way to Python's `warnings`.
//!
//! Invariants: the thread that warns waits for nothing, least of all for the interpreter; a warning is told once, at the
//! next call that asks, in the order in which they came, and at most so many are kept. A forked child whose parent was
//! in here at that moment never gets in; it does not wait for that.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, TryLockError};

use pyo3::prelude::*;

const KEPT_MAX: usize = 100;

static WAITING: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Whoever is in here leaves at once, so that few tries are enough.
const TRIES: usize = 100;

/// Keeps a warning until Python asks for it.
pub fn warn(words: &str) {
    if let Some(mut waiting) = waiting()
        && waiting.len() < KEPT_MAX
    {
        waiting.push_back(words.to_owned());
    }
}

/// The warnings that nobody was told yet.
#[pyfunction]
pub fn take_warnings() -> Vec<String> {
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
