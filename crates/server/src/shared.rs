//! What every handler is given: the open store and what the host decided.
//!
//! Invariant: cloning is cheap, and all clones are one.

use std::sync::Arc;

use mltrack::Tracker;

use crate::mlflow::TraceTable;
use crate::options::Options;

/// What every handler is given.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

struct Inner {
    tracker: Tracker,
    options: Options,
    traces: TraceTable,
}

impl Shared {
    /// Everything a server over this store needs.
    pub fn new(tracker: Tracker, options: Options) -> Shared {
        Shared(Arc::new(Inner {
            tracker,
            options,
            traces: TraceTable::default(),
        }))
    }

    /// The open store.
    pub fn tracker(&self) -> &Tracker {
        &self.0.tracker
    }

    /// The traces of each experiment, by time.
    pub fn traces(&self) -> &TraceTable {
        &self.0.traces
    }

    /// What the host decided.
    pub fn options(&self) -> &Options {
        &self.0.options
    }
}
