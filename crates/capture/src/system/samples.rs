//! The names and values of one sample, in a buffer that is used again.

use std::borrow::Cow;

/// A name and its value.
pub type Sample = (Cow<'static, str>, f64);

#[derive(Debug, Default)]
pub(super) struct Samples(Vec<Sample>);

impl Samples {
    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, value: f64) {
        self.0.push((name.into(), value));
    }

    pub fn as_slice(&self) -> &[Sample] {
        &self.0
    }
}
