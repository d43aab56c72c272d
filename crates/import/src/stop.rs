//! The wish to end an import that follows a growing store, told from another thread.
//!
//! Invariant: who waits is woken by the wish at once.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Says when to stop. Clones are the same wish.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Wishes the end.
    pub fn set(&self) {
        *self.guard() = true;
        self.shared.changed.notify_all();
    }

    /// Whether the end is wished.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.guard()
    }

    /// Waits so long, or until the end is wished. Says whether it is.
    pub fn wait(&self, longest: Duration) -> bool {
        let wait = self
            .shared
            .changed
            .wait_timeout_while(self.guard(), longest, |set| !*set);
        *wait.unwrap_or_else(PoisonError::into_inner).0
    }

    fn guard(&self) -> std::sync::MutexGuard<'_, bool> {
        self.shared
            .is_set
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
