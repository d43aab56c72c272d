//! The end of a stretch of the log that is read forwards, for whoever wants its newest records.
//!
//! Invariant: no more events, and hardly more bytes of payloads, are held than there is place for.

use std::collections::VecDeque;

use crate::lens::TailEvent;

/// The last events of those that are pushed: so many, and of so many bytes.
pub(crate) struct Newest {
    pub events: VecDeque<TailEvent>,
    count_max: usize,
    len_max: usize,
    pub len: usize,
    is_cut: bool,
}

impl Newest {
    pub fn new(count_max: usize, len_max: usize) -> Newest {
        Newest {
            events: VecDeque::new(),
            count_max,
            len_max,
            len: 0,
            is_cut: false,
        }
    }

    /// The newest of all is held however long it is.
    pub fn push(&mut self, event: TailEvent) {
        self.len += event.payload_len;
        self.events.push_back(event);
        while self.events.len() > self.count_max
            || (self.len > self.len_max && self.events.len() > 1)
        {
            self.is_cut |= self.events.len() <= self.count_max;
            let former = self.events.pop_front();
            self.len -= former.map_or(0, |event| event.payload_len);
        }
    }

    /// Whether there may be no place for what came before.
    pub fn is_full(&self) -> bool {
        self.is_cut || self.events.len() == self.count_max
    }
}
