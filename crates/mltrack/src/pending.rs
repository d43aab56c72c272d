//! Points that are encoded and not written yet.

use std::collections::VecDeque;

use mltrack_log::Batch;

use crate::error::Error;
use crate::names::Names;

/// Points of one append: enough to make its cost small, few enough to share the log.
const BATCH_POINTS_MAX: usize = 1024;
/// A record of metrics is far smaller; a batch that has no room for one more is written.
const RECORD_LEN_MAX: usize = 64 << 10;

pub(crate) struct Pending {
    pub names: Names,
    pub values: Vec<f64>,
    pub payload: Vec<u8>,
    /// The batch that points are added to.
    pub filling: Batch,
    /// Full ones before it.
    full: VecDeque<Batch>,
    /// Points in all of them, and in those being written.
    pub count: usize,
    writing: usize,
    pub is_flushing: bool,
    pub is_closing: bool,
    pub is_stopped: bool,
    /// What writing met first since the last flush.
    pub error: Option<Error>,
}

impl Pending {
    pub fn new(names: Names) -> Pending {
        Pending {
            names,
            values: Vec::new(),
            payload: Vec::new(),
            filling: Batch::new(),
            full: VecDeque::new(),
            count: 0,
            writing: 0,
            is_flushing: false,
            is_closing: false,
            is_stopped: false,
            error: None,
        }
    }

    /// Begins a new batch when the present one is large enough.
    pub fn rotate_if_full(&mut self, size: usize) {
        let points_max = BATCH_POINTS_MAX.min(size);
        if usize::from(self.filling.count()) >= points_max || !self.filling.has_room(RECORD_LEN_MAX)
        {
            self.full.push_back(std::mem::take(&mut self.filling));
        }
    }

    /// Everything there is to write, oldest first.
    pub fn begin(&mut self) -> Vec<Batch> {
        self.writing = self.count;
        let mut batches: Vec<Batch> = self.full.drain(..).collect();
        if !self.filling.is_empty() {
            batches.push(std::mem::take(&mut self.filling));
        }
        batches
    }

    /// What was begun is written, or given up.
    pub fn settle(&mut self) {
        self.count -= self.writing;
        self.writing = 0;
    }
}
