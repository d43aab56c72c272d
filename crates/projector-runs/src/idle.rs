//! Which runs lie in memory as they are, and which of them have been idle the longest.
//!
//! Invariants: each run that lies there as it is is queued once or not at all; with a bound, whatever is queued and idle is
//! packed until the bound holds, and a run that is written to is not packed, however many there are of those.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::packed::weight;
use crate::run::Run;

/// A run is idle when so many records were about others. It keeps runs that are written to in turns from being packed
/// and unpacked for ever.
const IDLE_RECORDS: u64 = 1 << 16;

/// The queue is looked after once in so many records.
const TIDY_INTERVAL: u32 = 64;
/// It is then looked at so many of its runs.
pub const TIDY_RUNS: usize = 128;

/// The queue of runs that lie in memory as they are.
#[derive(Clone, Default, Debug)]
pub struct Queue {
    /// How many bytes may lie there as they are; `None`: any number, and nothing is queued. With 0 every run is idle as
    /// soon as a record was folded.
    bytes_max: Option<usize>,
    runs: VecDeque<(u32, usize)>,
    bytes: usize,
    records: u32,
}

/// What becomes of the run that has been queued the longest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// It is queued again.
    Stays,
    /// It is packed.
    Packs,
}

impl Queue {
    pub fn bytes_max(&self) -> Option<usize> {
        self.bytes_max
    }

    /// Sets the bound. The runs that lie there already are for the caller to add.
    pub fn bound(&mut self, bytes_max: usize) {
        self.bytes_max = Some(bytes_max);
    }

    pub fn add(&mut self, slot: u32, run: &Run) {
        if self.bytes_max.is_some() {
            let weight = weight(run);
            self.bytes += weight;
            self.runs.push_back((slot, weight));
        }
    }

    /// Whether it is time to look after the queue.
    #[inline]
    pub fn is_due(&mut self) -> bool {
        self.records = self.records.wrapping_add(1);
        let is_time = self.records.is_multiple_of(TIDY_INTERVAL) || self.bytes_max == Some(0);
        is_time && self.is_full()
    }

    pub fn is_full(&self) -> bool {
        self.bytes_max.is_some_and(|max| self.bytes > max)
    }

    /// Takes out what has been queued the longest.
    pub fn pop(&mut self) -> Option<u32> {
        let (slot, weight) = self.runs.pop_front()?;
        self.bytes -= weight;
        Some(slot)
    }

    /// What becomes of a run that was taken out, at a record.
    pub fn next_of(&self, run: &Run, record: u64) -> Next {
        let silence = record.saturating_sub(run.heard.lsn.get());
        if silence >= IDLE_RECORDS || self.bytes_max == Some(0) {
            Next::Packs
        } else {
            Next::Stays
        }
    }
}

/// Runs that were only read, and are kept for the next who asks.
#[derive(Default, Debug)]
pub struct Reads(Mutex<(Vec<u32>, usize)>);

impl Reads {
    pub fn note(&self, slot: u32, run: &Run) {
        let mut reads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reads.0.push(slot);
        reads.1 += weight(run);
    }

    /// Hands out the slots when they take more than `bytes_max`.
    pub fn take(&mut self, bytes_max: usize) -> Option<Vec<u32>> {
        let reads = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        (reads.1 > bytes_max).then(|| std::mem::take(reads).0)
    }
}

/// A copy of a table has read nothing yet.
impl Clone for Reads {
    fn clone(&self) -> Reads {
        Reads::default()
    }
}
