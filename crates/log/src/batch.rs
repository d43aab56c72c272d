//! A batch under construction: records encoded before any lock is taken, with room for the frame's header in front.
//!
//! Invariant: `bytes` is [`FRAME_HEADER_LEN_MAX`] bytes of room, then whole records.

use crate::codec::record::{RawRecord, push_record, split_record};
use crate::error::{LogError, Result};
use crate::layout::{BATCH_COUNT_MAX, BATCH_LEN_MAX, FRAME_HEADER_LEN_MAX};

/// One to 65,535 records that become visible together or not at all. Reusable: appending empties it.
#[derive(Clone, Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    count: u16,
}

impl Default for Batch {
    fn default() -> Batch {
        Batch::new()
    }
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Batch {
        let mut bytes = Vec::with_capacity(FRAME_HEADER_LEN_MAX + 64);
        bytes.resize(FRAME_HEADER_LEN_MAX, 0);
        Batch { bytes, count: 0 }
    }

    /// Adds a record. `time` is the event's own time, ns since 1970; `None` means the moment of the append.
    pub fn push(
        &mut self,
        type_id: u16,
        version: u16,
        time: Option<i64>,
        payload: &[u8],
    ) -> Result<()> {
        let len = self.body_len() + payload.len();
        if len > BATCH_LEN_MAX || usize::from(self.count) == BATCH_COUNT_MAX {
            return Err(LogError::TooLarge {
                len,
                max: BATCH_LEN_MAX,
            });
        }
        push_record(
            &mut self.bytes,
            &RawRecord {
                type_id,
                version,
                time,
                payload,
            },
        );
        self.count += 1;
        Ok(())
    }

    /// Records in the batch.
    pub fn count(&self) -> u16 {
        self.count
    }

    /// Whether there is nothing to append.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of the records, without any header.
    pub fn body_len(&self) -> usize {
        self.bytes.len() - FRAME_HEADER_LEN_MAX
    }

    /// Whether one more record of `payload_len` bytes still fits.
    pub fn has_room(&self, payload_len: usize) -> bool {
        self.body_len() + payload_len + 32 <= BATCH_LEN_MAX
            && usize::from(self.count) < BATCH_COUNT_MAX
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.truncate(FRAME_HEADER_LEN_MAX);
        self.count = 0;
    }

    /// The records with `header_len` bytes of room in front.
    pub(crate) fn frame_mut(&mut self, header_len: usize) -> &mut [u8] {
        &mut self.bytes[FRAME_HEADER_LEN_MAX - header_len..]
    }

    /// The records' bytes.
    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[FRAME_HEADER_LEN_MAX..]
    }

    /// The most bytes that a frame with these records takes once it has waited in a spool.
    pub(crate) fn deferred_len_max(&self) -> usize {
        FRAME_HEADER_LEN_MAX + self.body_len() + usize::from(self.count) * size_of::<i64>()
    }

    /// The same records, each with a time: those that had none get `time`, because they will be appended later.
    pub(crate) fn with_times(&self, time: i64) -> Batch {
        let mut timed = Batch::new();
        let mut rest = self.body();
        while let Some((record, after)) = split_record(rest) {
            let record = RawRecord {
                time: Some(record.time.unwrap_or(time)),
                ..record
            };
            push_record(&mut timed.bytes, &record);
            timed.count += 1;
            rest = after;
        }
        assert_eq!(timed.count, self.count, "push wrote whole records");
        timed
    }

    /// A batch of records that already lie in a frame's body.
    pub(crate) fn from_body(body: &[u8], count: u16) -> Batch {
        let mut batch = Batch::new();
        batch.bytes.extend_from_slice(body);
        batch.count = count;
        batch
    }
}

#[test]
fn a_batch_that_is_too_large_is_refused_and_stays_as_it_was() {
    let mut batch = Batch::new();
    batch.push(1, 1, None, b"small").unwrap();
    let before = batch.body_len();
    let result = batch.push(1, 1, None, &vec![0; BATCH_LEN_MAX]);
    assert!(matches!(result, Err(LogError::TooLarge { .. })));
    assert_eq!((batch.count(), batch.body_len()), (1, before));
}
