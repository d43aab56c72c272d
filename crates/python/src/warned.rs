//! Warnings of the engine, which come on threads that must not wait, on their way to Python's `warnings`.
//!
//! Invariants: the thread that warns waits for nothing, least of all for the interpreter; a warning is told once, at the
//! next call that asks, in the order in which they came, and at most so many are kept.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

const KEPT_MAX: usize = 100;

static WAITING: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Keeps a warning until Python asks for it.
pub fn warn(words: &str) {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    if waiting.len() < KEPT_MAX {
        waiting.push_back(words.to_owned());
    }
}

/// The warnings that nobody was told yet.
#[pyfunction]
pub fn take_warnings() -> Vec<String> {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.drain(..).collect()
}
