//! A frame: one batch in a segment or spool, whole or absent by one crc.
//!
//! Invariant of a segment: every frame carries the crc of the frame before it and is mixed with the segment's salt,
//! so a valid frame proves that all frames before it are the ones its writer saw.

use crc32fast::Hasher;

use super::bytes::{i64_at, put, u16_at, u32_at, u64_at};
use super::record::{RawRecord, split_record};
use crate::layout::{
    CLOCK_EXTENSION_LEN, CONTROL_EXTENSION_LEN, FLAG_CLOCK, FLAG_CONTROL, FLAG_SPOOLED,
    FRAME_ALIGN, FRAME_HEADER_LEN, FRAME_LEN_MAX, RECORD_LEN_MIN, SPOOL_EXTENSION_LEN,
};

const KNOWN_FLAGS: u8 = FLAG_CONTROL | FLAG_SPOOLED | FLAG_CLOCK;

/// What a control frame carries beside its records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ControlExtension {
    /// Hash of what the frame must be unique or ordered in.
    pub stream: u64,
    /// Base lsn of the segment with the previous control frame, 0 for none.
    pub previous_base: u64,
    /// Offset of that frame.
    pub previous_offset: u32,
    /// Counts the writer's control frames.
    pub sequence: u32,
}

/// Where a frame that came through a spool stood in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpoolExtension {
    /// The spool's random id.
    pub id: u64,
    /// The frame's place in it, from 0.
    pub sequence: u64,
}

/// A frame's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameHeader {
    /// First lsn minus the segment's base lsn.
    pub lsn_low: u32,
    /// Crc of the frame before this one.
    pub previous_crc: u32,
    /// When it was appended, ns since 1970, never decreasing.
    pub commit_time: i64,
    /// Who appended it.
    pub writer: u32,
    /// Random.
    pub batch_id: u16,
    /// Records in it.
    pub count: u16,
    /// Set on control frames.
    pub control: Option<ControlExtension>,
    /// Set on frames from a spool.
    pub spooled: Option<SpoolExtension>,
    /// The wall clock, when it had stepped back.
    pub clock: Option<i64>,
}

/// The salt of a segment, prepared for crcs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Salt(u32);

impl Salt {
    /// Prepares `salt`.
    pub fn new(salt: u64) -> Salt {
        Salt(crc32fast::hash(&salt.to_le_bytes()))
    }

    #[inline]
    fn crc(self, frame: &[u8]) -> u32 {
        let mut hasher = Hasher::new_with_initial(self.0);
        hasher.update(&frame[4..]);
        hasher.finalize()
    }
}

impl FrameHeader {
    /// Bytes of the header with its extensions.
    pub fn encoded_len(&self) -> usize {
        FRAME_HEADER_LEN + extensions_len(self.flags())
    }

    fn flags(&self) -> u8 {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        flag(self.control.is_some(), FLAG_CONTROL)
            | flag(self.spooled.is_some(), FLAG_SPOOLED)
            | flag(self.clock.is_some(), FLAG_CLOCK)
    }

    /// Writes the header in front of the records that already lie in `frame`, and returns the frame's crc.
    ///
    /// `frame` is header space of [`Self::encoded_len`] bytes, then the records, without padding.
    pub fn stamp(&self, frame: &mut [u8], salt: Salt) -> u32 {
        assert!(frame.len() <= FRAME_LEN_MAX, "a batch checks its length");
        let flags = self.flags();
        put(
            frame,
            4,
            &(frame.len() as u32 | u32::from(flags) << 24).to_le_bytes(),
        );
        put(frame, 8, &self.lsn_low.to_le_bytes());
        put(frame, 12, &self.previous_crc.to_le_bytes());
        put(frame, 16, &self.commit_time.to_le_bytes());
        put(frame, 24, &self.writer.to_le_bytes());
        put(frame, 28, &self.batch_id.to_le_bytes());
        put(frame, 30, &self.count.to_le_bytes());
        if flags != 0 {
            self.put_extensions(frame);
        }
        let crc = salt.crc(frame);
        put(frame, 0, &crc.to_le_bytes());
        crc
    }

    fn put_extensions(&self, frame: &mut [u8]) {
        let mut at = FRAME_HEADER_LEN;
        if let Some(control) = self.control {
            put(frame, at, &control.stream.to_le_bytes());
            put(frame, at + 8, &control.previous_base.to_le_bytes());
            put(frame, at + 16, &control.previous_offset.to_le_bytes());
            put(frame, at + 20, &control.sequence.to_le_bytes());
            at += CONTROL_EXTENSION_LEN;
        }
        if let Some(spooled) = self.spooled {
            put(frame, at, &spooled.id.to_le_bytes());
            put(frame, at + 8, &spooled.sequence.to_le_bytes());
            at += SPOOL_EXTENSION_LEN;
        }
        if let Some(clock) = self.clock {
            put(frame, at, &clock.to_le_bytes());
        }
    }
}

fn extensions_len(flags: u8) -> usize {
    let has = |flag| usize::from(flags & flag != 0);
    has(FLAG_CONTROL) * CONTROL_EXTENSION_LEN
        + has(FLAG_SPOOLED) * SPOOL_EXTENSION_LEN
        + has(FLAG_CLOCK) * CLOCK_EXTENSION_LEN
}

/// What a frame must follow to be valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chain {
    /// The segment's salt.
    pub salt: Salt,
    /// The segment's base lsn.
    pub base: u64,
    /// The lsn the next record must have.
    pub next_lsn: u64,
    /// The crc the next frame must point back to.
    pub previous_crc: u32,
}

/// A valid frame, borrowed from the bytes it was read from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame<'a> {
    /// The header.
    pub header: FrameHeader,
    /// The lsn of the first record.
    pub first_lsn: u64,
    /// The frame's own crc.
    pub crc: u32,
    /// Bytes the frame takes in the file, padding included.
    pub padded_len: usize,
    /// The records.
    pub body: &'a [u8],
}

/// Why there is no valid frame at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FrameFault {
    /// The place was never written: the log may end here.
    #[error("no frame was written here")]
    Blank,
    /// The bytes at hand end before the frame does: read at least this many.
    #[error("the frame needs {0} bytes")]
    Truncated(usize),
    /// No version of the format has this header.
    #[error("the frame's length or flags are out of range")]
    Malformed,
    /// The bytes differ from what was written, or belong to another life of the file.
    #[error("the frame's crc is wrong")]
    Crc,
    /// Whole, but not what follows the frame before: left behind by a killed writer.
    #[error("the frame does not follow the one before it")]
    Stray,
    /// The crc holds and the records do not fill the frame: a bug wrote it.
    #[error("the frame's records do not fill it")]
    Records,
    /// The segment is packed, and whoever reads it was not given the packer with this number.
    #[error("packer {0} is not known to this program")]
    Packer(u32),
    /// The segment is packed, and its header or footer is not what was written.
    #[error("the header or footer of the packed segment is damaged")]
    Footer,
    /// The segment is packed, and what a block says of its batches is not what was written.
    #[error("the facts of a packed block are damaged")]
    Facts,
    /// The segment is packed, and its packer refuses a block or gives other records than its facts say.
    #[error("a packed block does not unpack to what its facts say")]
    Unpack,
}

/// How long a frame is, once its bytes were checked. What else it says is read where somebody asks: a scan passes over
/// tens of millions of frames a second, and a whole header is more to copy than a small frame's records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    len: u32,
    flags: u8,
}

impl Shape {
    /// Checks the frame at the start of `bytes` by itself: lengths, crc, records.
    #[inline]
    pub fn check(bytes: &[u8], salt: Salt, base: u64) -> Result<Shape, FrameFault> {
        let Some(head) = bytes.first_chunk::<FRAME_HEADER_LEN>() else {
            return Err(FrameFault::Truncated(FRAME_HEADER_LEN));
        };
        let word = u32_at(head, 4);
        if word == 0 && head.iter().all(|byte| *byte == 0) {
            return Err(FrameFault::Blank);
        }
        let shape = Shape {
            len: word & 0x00ff_ffff,
            flags: (word >> 24) as u8,
        };
        let len = shape.len as usize;
        if shape.flags & !KNOWN_FLAGS != 0 || len < shape.header_len() + RECORD_LEN_MIN {
            return Err(FrameFault::Malformed);
        }
        let Some(frame) = bytes
            .get(..len)
            .filter(|_| bytes.len() >= shape.padded_len())
        else {
            return Err(FrameFault::Truncated(shape.padded_len()));
        };
        if salt.crc(frame) != u32_at(head, 0) {
            return Err(FrameFault::Crc);
        }
        let count = u16_at(head, 30);
        let first_lsn = base
            .checked_add(u64::from(u32_at(head, 8)))
            .ok_or(FrameFault::Malformed)?;
        if count == 0 || first_lsn.checked_add(u64::from(count)).is_none() {
            return Err(FrameFault::Records);
        }
        let records = Records {
            rest: &frame[shape.header_len()..],
        };
        records
            .are_exactly(count)
            .then_some(shape)
            .ok_or(FrameFault::Records)
    }

    /// Whether the frame, which was checked, is the one that comes next.
    #[inline]
    pub fn follows(self, bytes: &[u8], chain: &Chain) -> bool {
        chain.base + u64::from(u32_at(bytes, 8)) == chain.next_lsn
            && u32_at(bytes, 12) == chain.previous_crc
    }

    /// What the frame behind this one must follow.
    #[inline]
    pub fn chain_behind(self, bytes: &[u8], chain: &Chain) -> Chain {
        Chain {
            next_lsn: chain.next_lsn + u64::from(u16_at(bytes, 30)),
            previous_crc: u32_at(bytes, 0),
            ..*chain
        }
    }

    /// The frame of this shape at the start of `bytes`.
    #[inline]
    pub fn frame(self, bytes: &[u8], base: u64) -> Frame<'_> {
        let frame = &bytes[..self.len as usize];
        let head = frame
            .first_chunk()
            .expect("a shape is at least a header long");
        let header = read_header(head, frame, self.flags);
        Frame {
            first_lsn: base + u64::from(header.lsn_low),
            header,
            crc: u32_at(head, 0),
            padded_len: self.padded_len(),
            body: &frame[self.header_len()..],
        }
    }

    /// Bytes that the frame takes in the file.
    #[inline]
    pub fn padded_len(self) -> usize {
        (self.len as usize).next_multiple_of(FRAME_ALIGN)
    }

    #[inline]
    fn header_len(self) -> usize {
        FRAME_HEADER_LEN + extensions_len(self.flags)
    }
}

impl<'a> Frame<'a> {
    /// Reads the frame at the start of `bytes` and checks that it follows `chain`.
    #[inline]
    pub fn decode(bytes: &'a [u8], chain: &Chain) -> Result<Frame<'a>, FrameFault> {
        let shape = Shape::check(bytes, chain.salt, chain.base)?;
        shape
            .follows(bytes, chain)
            .then(|| shape.frame(bytes, chain.base))
            .ok_or(FrameFault::Stray)
    }

    /// Reads the frame at the start of `bytes` wherever it belongs: for control pointers and for the search behind damage.
    #[inline]
    pub fn decode_unchained(
        bytes: &'a [u8],
        salt: Salt,
        base: u64,
    ) -> Result<Frame<'a>, FrameFault> {
        Ok(Shape::check(bytes, salt, base)?.frame(bytes, base))
    }

    /// Bytes the frame at the start of `head` claims to take, for a reader that must fetch more.
    pub fn claimed_len(head: &[u8; FRAME_HEADER_LEN]) -> usize {
        ((u32_at(head, 4) & 0x00ff_ffff) as usize).next_multiple_of(FRAME_ALIGN)
    }

    /// The records in order.
    pub fn records(&self) -> Records<'a> {
        Records { rest: self.body }
    }

    /// The lsn after the frame's last record.
    pub fn next_lsn(&self) -> u64 {
        self.first_lsn + u64::from(self.header.count)
    }

    /// The time of records that carry none.
    pub fn default_time(&self) -> i64 {
        self.header.clock.unwrap_or(self.header.commit_time)
    }
}

#[inline]
fn read_header(head: &[u8; FRAME_HEADER_LEN], frame: &[u8], flags: u8) -> FrameHeader {
    let fixed = FrameHeader {
        lsn_low: u32_at(head, 8),
        previous_crc: u32_at(head, 12),
        commit_time: i64_at(head, 16),
        writer: u32_at(head, 24),
        batch_id: u16_at(head, 28),
        count: u16_at(head, 30),
        control: None,
        spooled: None,
        clock: None,
    };
    if flags == 0 {
        fixed
    } else {
        read_extensions(fixed, frame, flags)
    }
}

fn read_extensions(fixed: FrameHeader, frame: &[u8], flags: u8) -> FrameHeader {
    let mut at = FRAME_HEADER_LEN;
    let control = (flags & FLAG_CONTROL != 0).then(|| {
        let control = ControlExtension {
            stream: u64_at(frame, at),
            previous_base: u64_at(frame, at + 8),
            previous_offset: u32_at(frame, at + 16),
            sequence: u32_at(frame, at + 20),
        };
        at += CONTROL_EXTENSION_LEN;
        control
    });
    let spooled = (flags & FLAG_SPOOLED != 0).then(|| {
        let spooled = SpoolExtension {
            id: u64_at(frame, at),
            sequence: u64_at(frame, at + 8),
        };
        at += SPOOL_EXTENSION_LEN;
        spooled
    });
    let clock = (flags & FLAG_CLOCK != 0).then(|| i64_at(frame, at));
    FrameHeader {
        control,
        spooled,
        clock,
        ..fixed
    }
}

/// The records of a frame.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
}

impl Records<'_> {
    /// Whether there are so many of them, and nothing behind the last.
    #[inline]
    fn are_exactly(mut self, count: u16) -> bool {
        for _ in 0..count {
            if self.next().is_none() {
                return false;
            }
        }
        self.rest.is_empty()
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = RawRecord<'a>;

    #[inline]
    fn next(&mut self) -> Option<RawRecord<'a>> {
        let (record, rest) = split_record(self.rest)?;
        self.rest = rest;
        Some(record)
    }
}

#[cfg(test)]
mod tests;
