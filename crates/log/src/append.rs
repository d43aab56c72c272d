//! The append path: what happens between taking the append lock and releasing it.
//!
//! Invariants: nothing is decided from a shared page without its check; the frame is whole in its place before the slot
//! is written, the slot before the word is stored, and only the word makes the batch visible.

use std::sync::Arc;

use crate::append_lock::AppendLock;
use crate::batch::Batch;
use crate::catalog::segment_path;
use crate::codec::frame::{ControlExtension, Frame, FrameHeader, Salt, SpoolExtension};
use crate::codec::segment::SegmentHeader;
use crate::codec::state::ControlPointer;
use crate::control::Tail;
use crate::door;
use crate::error::{LogError, Result};
use crate::failpoint;
use crate::ids::{Lsn, StreamId};
use crate::layout::{FRAME_ALIGN, FRAME_HEADER_LEN, SEGMENT_HEADER_LEN, segment_name};
use crate::medium::{Medium, MediumFile, Mode, read_full};
use crate::shared::Shared;
use crate::stored::pack_of;
use std::sync::atomic::Ordering::Relaxed;

/// Memory made writable ahead of the end, in bytes: a fault per page costs more than the copy. The background does
/// it, because on a disk that stands still it would hold up a caller that could have gone to the spool.
const POPULATE_LEN: u64 = 4 << 20;
const POPULATE_AHEAD: u64 = 1 << 20;
/// The whole system clock may be read a little out of order by two processors; less than this is no step.
const CLOCK_STEP_NS: i64 = 1_000_000;

/// What must hold for a control batch to be appended.
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a> {
    /// The stream of the batch.
    pub stream: StreamId,
    /// No control record of these streams may be at or behind `seen`.
    pub unchanged: &'a [StreamId],
    /// The caller has taken every record before this lsn into account.
    pub seen: Lsn,
}

/// What one batch is stamped with beside its records.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stamp<'a> {
    pub condition: Option<Condition<'a>>,
    pub stream: Option<u64>,
    pub spooled: Option<SpoolExtension>,
    /// The original writer of a spooled batch.
    pub writer: Option<u32>,
    /// Whether the batch begins a segment.
    pub rolls: bool,
}

/// What this handle knows about the log's end.
pub(crate) struct Appender {
    pub tail: Tail,
    pub header: SegmentHeader,
    pub file: Arc<dyn MediumFile>,
    salt: Salt,
    populated: u64,
    durable_seen: u64,
    /// Bytes this handle has appended: one that writes little needs no memory made ready.
    appended_len: u64,
    control_sequence: u32,
    batch_id: u64,
}

impl Appender {
    /// Maps the segment that `tail` names.
    pub fn at(medium: &dyn Medium, tail: Tail, header: SegmentHeader) -> Result<Appender> {
        let path = || segment_path(medium, header.base);
        let file = medium
            .open_segment(&segment_name(header.base))
            .map_err(|error| LogError::io(path(), "map", error))?;
        Ok(Appender {
            tail,
            header,
            file,
            salt: Salt::new(header.salt),
            populated: 0,
            durable_seen: 0,
            appended_len: 0,
            control_sequence: 0,
            batch_id: door::random_u64(),
        })
    }

    /// Whether memory ahead of the end should be made writable, which the background then does.
    fn wants_populate(&mut self, shared: &Shared) -> bool {
        let durable = shared.control.page().durable.load(Relaxed);
        if durable != self.durable_seen {
            // A sync has write-protected the pages that were ready.
            self.durable_seen = durable;
            self.populated = 0;
        }
        let end = u64::from(self.tail.state.offset);
        self.appended_len > POPULATE_AHEAD && end + POPULATE_AHEAD > self.populated
    }

    /// The stretch that the background should make writable: the file and a range of it.
    pub fn next_stretch(&mut self) -> Option<(Arc<dyn MediumFile>, u64, u64)> {
        let end = u64::from(self.tail.state.offset);
        if self.appended_len <= POPULATE_AHEAD || end + POPULATE_LEN / 2 <= self.populated {
            return None;
        }
        let from = self.populated.max(end) & !4095;
        self.populated = from + POPULATE_LEN;
        Some((Arc::clone(&self.file), from, POPULATE_LEN))
    }

    /// Whether the background has something to do: memory to make ready, a spare to make.
    pub fn wants_background(&mut self, shared: &Shared, len_before: u32) -> bool {
        let half = self.header.len / 2;
        let crossed_half = len_before < half && self.tail.state.offset >= half;
        crossed_half || self.tail.state.offset < len_before || self.wants_populate(shared)
    }

    /// Catches up with what others published. Under the lock.
    pub fn catch_up(&mut self, shared: &Shared) -> Result<()> {
        if shared.control.page().published() == self.tail.word {
            return Ok(());
        }
        let tail = shared.tail()?;
        if tail.state.base != self.header.base || tail.state.ordinal != self.header.ordinal {
            let header = shared.read_header(tail.state.base)?;
            let kept = (self.control_sequence, self.batch_id, self.appended_len);
            *self = Appender::at(&*shared.medium, tail, header)?;
            (self.control_sequence, self.batch_id, self.appended_len) = kept;
        }
        self.tail = tail;
        Ok(())
    }

    /// Appends one batch under the lock and publishes it. Returns its first lsn.
    pub fn append(
        &mut self,
        shared: &Shared,
        _lock: &AppendLock,
        batch: &mut Batch,
        stamp: &Stamp,
    ) -> Result<u64> {
        self.catch_up(shared)?;
        if let Some(condition) = &stamp.condition {
            self.check(shared, condition)?;
        }
        let frame_len = |header: &FrameHeader| {
            (header.encoded_len() + batch.body_len()).next_multiple_of(FRAME_ALIGN)
        };
        let mut header = self.frame_header(shared, stamp, batch.count(), door::wall_time_ns());
        let mut len = frame_len(&header);
        let is_empty = self.tail.state.next_lsn == self.header.base;
        if !self.has_room(len) || stamp.rolls && !is_empty {
            self.make_room(shared, len, header.control.is_some())?;
            // The new segment has a time of its own, so a frame behind it can need the clock extension, and its length.
            header = self.frame_header(shared, stamp, batch.count(), door::wall_time_ns());
            len = frame_len(&header);
        }
        let first_lsn = self.tail.state.next_lsn;
        match self.write(&header, batch) {
            Ok(crc) => self.publish(shared, &header, crc, len),
            Err(error) => {
                // A roll may have gone before: what this handle knows is no longer what is published.
                self.tail.word = !self.tail.word;
                return Err(error);
            }
        }
        self.appended_len += len as u64;
        Ok(first_lsn)
    }

    fn frame_header(
        &mut self,
        shared: &Shared,
        stamp: &Stamp,
        count: u16,
        now: i64,
    ) -> FrameHeader {
        let state = &self.tail.state;
        self.batch_id = self
            .batch_id
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(1);
        let stream = stamp
            .condition
            .map(|condition| condition.stream.0)
            .or(stamp.stream);
        FrameHeader {
            lsn_low: (state.next_lsn - self.header.base) as u32,
            previous_crc: state.last_crc,
            commit_time: now.max(state.commit_time),
            writer: stamp.writer.unwrap_or(shared.writer.0),
            batch_id: (self.batch_id >> 48) as u16,
            count,
            control: stream.map(|stream| ControlExtension {
                stream,
                previous_base: state.control.base,
                previous_offset: state.control.offset,
                sequence: self.control_sequence,
            }),
            spooled: stamp.spooled,
            clock: (now < state.commit_time.saturating_sub(CLOCK_STEP_NS)).then_some(now),
        }
    }

    fn has_room(&self, len: usize) -> bool {
        let end = self.tail.state.offset as usize + len;
        end + reserve_len(self.header.len) <= self.header.len as usize
    }

    /// Rolls; on a full disk a control batch may use what is reserved for it.
    fn make_room(&mut self, shared: &Shared, len: usize, is_control: bool) -> Result<()> {
        match crate::roll::roll(shared, &self.tail.state, &self.header, len) {
            Ok((header, file)) => {
                self.tail.state = header.empty_state();
                self.header = header;
                self.file = file;
                self.salt = Salt::new(header.salt);
                self.populated = 0;
                Ok(())
            }
            Err(error @ LogError::DiskFull { .. }) => {
                let is_possible = self.tail.state.offset as usize + len <= self.header.len as usize;
                if is_control && is_possible {
                    Ok(())
                } else {
                    Err(error)
                }
            }
            Err(error) => Err(error),
        }
    }

    fn write(&mut self, header: &FrameHeader, batch: &mut Batch) -> Result<u32> {
        let frame = batch.frame_mut(header.encoded_len());
        let crc = header.stamp(frame, self.salt);
        let at = u64::from(self.tail.state.offset);
        failpoint::hit("append.stamped");
        let wrap = |error| LogError::Io {
            path: segment_name(self.header.base).into(),
            action: "write a frame",
            source: error,
        };
        if cfg!(feature = "failpoints") {
            let half = frame.len() / 2;
            self.file.write_at(&frame[..half], at).map_err(wrap)?;
            failpoint::hit("append.half_copied");
        }
        if !failpoint::is_canary("publish-before-copy") {
            self.file.write_at(frame, at).map_err(wrap)?;
        }
        failpoint::hit("append.copied");
        Ok(crc)
    }

    fn publish(&mut self, shared: &Shared, header: &FrameHeader, crc: u32, len: usize) {
        let page = shared.control.page();
        let state = &mut self.tail.state;
        if header.control.is_some() {
            state.control = ControlPointer {
                base: self.header.base,
                lsn: state.next_lsn,
                offset: state.offset,
            };
            self.control_sequence = self.control_sequence.wrapping_add(1);
        }
        state.next_lsn += u64::from(header.count);
        state.commit_time = header.commit_time;
        state.offset += len as u32;
        state.last_crc = crc;
        state.next_writer = state.next_writer.max(page.next_writer.load(Relaxed));
        self.publish_state(shared);
    }

    /// Publishes `self.tail.state` through the slot that is not in use.
    pub fn publish_state(&mut self, shared: &Shared) {
        let page = shared.control.page();
        let slot = if failpoint::is_canary("one-slot") {
            self.tail.slot
        } else {
            1 - self.tail.slot
        };
        page.write_slot(slot, &self.tail.state);
        failpoint::hit("slot.written");
        if failpoint::is_canary("one-slot") {
            // A reader must get its chance to look in between.
            std::thread::yield_now();
        }
        self.tail.word = page.publish(slot, &self.tail.state, shared.salt);
        self.tail.slot = slot;
        failpoint::hit("append.published");
    }

    /// Walks back over the control frames that are newer than what the caller has seen.
    fn check(&self, shared: &Shared, condition: &Condition) -> Result<()> {
        let mut pointer = self.tail.state.control;
        while pointer.base != 0 && pointer.lsn >= condition.seen.get() {
            let Some((lsn, control)) = read_control(shared, pointer)? else {
                // Packed segments keep no offsets. What lies in one is old, so whoever has not seen it is far behind.
                if packed_end(shared, pointer)? <= condition.seen.get() {
                    break;
                }
                let newer = Lsn::new(pointer.lsn).unwrap_or(condition.seen);
                return Err(LogError::Conflict { newer });
            };
            if lsn < condition.seen.get() {
                break;
            }
            if condition.unchanged.contains(&StreamId(control.stream)) {
                let newer = Lsn::new(lsn).expect("a frame's lsn is at least 1");
                return Err(LogError::Conflict { newer });
            }
            pointer = ControlPointer {
                base: control.previous_base,
                // The frame itself says; until it is read, assume it is new.
                lsn: lsn - 1,
                offset: control.previous_offset,
            };
        }
        Ok(())
    }
}

/// Bytes at a segment's end that only control batches may use, and only when no segment can follow.
pub(crate) fn reserve_len(segment_len: u32) -> usize {
    (segment_len as usize / 64).clamp(256, 64 << 10)
}

/// The control frame that a pointer leads to; `None` when its segment is packed.
fn read_control(
    shared: &Shared,
    pointer: ControlPointer,
) -> Result<Option<(u64, ControlExtension)>> {
    let medium = &*shared.medium;
    let path = || segment_path(medium, pointer.base);
    let wrap = |error| LogError::io(path(), "read a control frame", error);
    let damaged = || LogError::Corrupt {
        path: path(),
        offset: u64::from(pointer.offset),
        lsn: Lsn::new(pointer.lsn).unwrap_or(Lsn::FIRST),
        cause: "no control frame lies where one was written".into(),
    };
    let file = match medium.open(&segment_name(pointer.base), Mode::Read) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let pack = pack_of(medium, pointer.base).map_err(wrap)?;
            return pack.map(|_| None).ok_or_else(damaged);
        }
        file => file.map_err(wrap)?,
    };
    let header = shared.read_header(pointer.base).map_err(|_| damaged())?;
    let frame = frame_at(&*file, &header, pointer.offset).map_err(wrap)?;
    frame.map(Some).ok_or_else(damaged)
}

fn frame_at(
    file: &dyn MediumFile,
    header: &SegmentHeader,
    offset: u32,
) -> std::io::Result<Option<(u64, ControlExtension)>> {
    let mut head = [0; FRAME_HEADER_LEN];
    let offset = u64::from(offset).max(SEGMENT_HEADER_LEN as u64);
    read_full(file, &mut head, offset)?;
    let mut bytes = vec![0; Frame::claimed_len(&head)];
    let len = read_full(file, &mut bytes, offset)?;
    let salt = Salt::new(header.salt);
    let frame = Frame::decode_unchained(&bytes[..len], salt, header.base).ok();
    Ok(frame.and_then(|frame| Some((frame.first_lsn, frame.header.control?))))
}

/// The lsn after the last record of a packed segment; one that vanishes meanwhile is taken for new.
fn packed_end(shared: &Shared, pointer: ControlPointer) -> Result<u64> {
    let pack = pack_of(&*shared.medium, pointer.base).map_err(|error| {
        let path = segment_path(&*shared.medium, pointer.base);
        LogError::io(path, "read a packed segment", error)
    })?;
    Ok(pack.map_or(u64::MAX, |pack| pack.footer.end.next_lsn))
}
