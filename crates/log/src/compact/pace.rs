//! How fast a compaction may read.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::door;
use crate::shared::guard;

/// Keeps all workers together below a rate.
pub(super) struct Pace {
    bytes_per_second: Option<u64>,
    start: Instant,
    read: Mutex<u64>,
}

impl Pace {
    /// No rate is no limit.
    pub fn new(bytes_per_second: Option<u64>) -> Pace {
        Pace {
            bytes_per_second,
            start: door::monotonic(),
            read: Mutex::default(),
        }
    }

    /// Says that `len` more bytes were read, and waits until so many may have been.
    pub fn wait(&self, len: u64) {
        let Some(rate) = self.bytes_per_second else {
            return;
        };
        let read = {
            let mut read = guard(&self.read);
            *read += len;
            *read
        };
        let due = Duration::from_secs_f64(read as f64 / rate.max(1) as f64);
        let early = due.saturating_sub(door::monotonic() - self.start);
        if !early.is_zero() {
            std::thread::sleep(early);
        }
    }
}
