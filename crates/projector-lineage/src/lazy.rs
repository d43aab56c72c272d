//! What is computed from the facts when somebody first asks.
//!
//! Invariants: it holds nothing that the facts do not, so it is no part of comparisons and is not copied; whoever changes
//! the facts updates or drops it.

use std::sync::OnceLock;

/// A value that is made at the first question.
pub(crate) struct Lazy<T>(OnceLock<T>);

impl<T> Lazy<T> {
    pub fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(make)
    }

    /// A value that is known already.
    pub fn of(value: T) -> Lazy<T> {
        Lazy(OnceLock::from(value))
    }

    /// The value, if somebody has asked for it.
    pub fn made(&self) -> Option<&T> {
        self.0.get()
    }

    /// Takes the value out, if somebody has asked for it.
    pub fn take(&mut self) -> Option<T> {
        self.0.take()
    }

    /// The value, if somebody has asked for it.
    pub fn made_mut(&mut self) -> Option<&mut T> {
        self.0.get_mut()
    }

    pub fn drop_it(&mut self) {
        self.0 = OnceLock::new();
    }
}

impl<T> Default for Lazy<T> {
    fn default() -> Lazy<T> {
        Lazy(OnceLock::new())
    }
}

impl<T> Clone for Lazy<T> {
    fn clone(&self) -> Lazy<T> {
        Lazy::default()
    }
}

impl<T> PartialEq for Lazy<T> {
    fn eq(&self, _: &Lazy<T>) -> bool {
        true
    }
}

impl<T> std::fmt::Debug for Lazy<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}
