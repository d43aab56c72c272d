//! Walks the frames of one segment or spool by `pread`, in order, up to a limit.
//!
//! Invariant: bytes are copied into an own buffer before they are checked, so what was checked is what is decoded,
//! whatever another process does to the file.

mod hole;

use std::io;
use std::sync::Arc;

use crate::codec::frame::{Chain, Frame, FrameFault, Salt, Shape};
use crate::codec::segment::SegmentHeader;
use crate::codec::spool::SpoolHeader;
use crate::codec::state::{ControlPointer, State};
use crate::layout::{FRAME_HEADER_LEN, SEGMENT_HEADER_LEN, SPOOL_HEADER_LEN};
use crate::medium::{MediumFile, read_full};

const CHUNK_LEN: usize = 256 << 10;
const CHUNK_LEN_FIRST: usize = 8 << 10;

/// A place in a file of frames.
pub struct Scan {
    file: Arc<dyn MediumFile>,
    chain: Chain,
    offset: u64,
    limit: u64,
    buffer: Vec<u8>,
    /// File offset of the buffer's first byte.
    buffer_offset: u64,
    filled: usize,
    chunk_len: usize,
    /// The frame that was found last: where it starts in the buffer, and its shape.
    last: Option<(usize, Shape)>,
}

/// What [`Scan::advance`] found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advance {
    /// A frame that starts at this offset.
    Frame(u64),
    /// The limit, or a blank place.
    End,
    /// Bytes that are no frame.
    Fault(FrameFault),
}

/// What a step found.
pub enum Step<'a> {
    /// The next frame, and where it starts.
    Frame(Frame<'a>, u64),
    /// The limit, or a blank place: there are no more frames.
    End,
    /// Bytes that are no frame.
    Fault,
}

impl Scan {
    /// From a state inside a segment.
    pub fn segment_from(
        file: Arc<dyn MediumFile>,
        header: &SegmentHeader,
        state: &State,
        limit: u64,
    ) -> Scan {
        let chain = Chain {
            salt: Salt::new(header.salt),
            base: header.base,
            next_lsn: state.next_lsn,
            previous_crc: state.last_crc,
        };
        Scan::new(file, chain, u64::from(state.offset), limit)
    }

    /// From a spool's first frame to the end of the file.
    pub fn spool(file: Arc<dyn MediumFile>, header: &SpoolHeader) -> io::Result<Scan> {
        let block = header.encode();
        let previous_crc = crate::codec::bytes::u32_at(&block, SPOOL_HEADER_LEN - 4);
        let chain = Chain {
            salt: Salt::new(header.salt),
            base: 0,
            next_lsn: 0,
            previous_crc,
        };
        let limit = file.len()?;
        Ok(Scan::new(file, chain, SPOOL_HEADER_LEN as u64, limit))
    }

    fn new(file: Arc<dyn MediumFile>, chain: Chain, offset: u64, limit: u64) -> Scan {
        Scan {
            file,
            chain,
            offset,
            limit,
            buffer: Vec::new(),
            buffer_offset: offset,
            filled: 0,
            chunk_len: CHUNK_LEN_FIRST,
            last: None,
        }
    }

    /// Where the next frame starts.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Where frames end at the latest.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The lsn the next frame must have.
    pub fn next_lsn(&self) -> u64 {
        self.chain.next_lsn
    }

    /// Frames may end at `limit` and no later.
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// The next frame.
    pub fn step(&mut self) -> io::Result<Step<'_>> {
        Ok(match self.advance()? {
            Advance::Frame(start) => Step::Frame(self.current(), start),
            Advance::End => Step::End,
            Advance::Fault(_) => Step::Fault,
        })
    }

    /// Goes to the next frame, which [`Scan::current`] then gives.
    #[inline]
    pub fn advance(&mut self) -> io::Result<Advance> {
        let mut at = (self.offset - self.buffer_offset) as usize;
        let is_here = self.buffer[at..self.filled]
            .first_chunk()
            .is_some_and(|head| Frame::claimed_len(head) <= self.filled - at);
        if !is_here {
            if let Some(found) = self.fetch_frame()? {
                return Ok(found);
            }
            at = (self.offset - self.buffer_offset) as usize;
        }
        let bytes = &self.buffer[at..self.filled];
        match Shape::check(bytes, self.chain.salt, self.chain.base) {
            Ok(shape) if shape.follows(bytes, &self.chain) => {
                let start = self.offset;
                self.offset += shape.padded_len() as u64;
                self.chain = shape.chain_behind(bytes, &self.chain);
                self.last = Some((at, shape));
                Ok(Advance::Frame(start))
            }
            Ok(_) => Ok(Advance::Fault(FrameFault::Stray)),
            Err(FrameFault::Blank) => Ok(Advance::End),
            Err(fault) => Ok(Advance::Fault(fault)),
        }
    }

    /// Brings the next frame into the buffer; `Some` says why there is none.
    #[cold]
    fn fetch_frame(&mut self) -> io::Result<Option<Advance>> {
        if !self.fetch(FRAME_HEADER_LEN)? {
            return Ok(Some(Advance::End));
        }
        let at = (self.offset - self.buffer_offset) as usize;
        let head = self.buffer[at..]
            .first_chunk()
            .expect("fetch filled a header");
        let claimed = Frame::claimed_len(head);
        if claimed > FRAME_HEADER_LEN && !self.fetch(claimed)? {
            return Ok(Some(Advance::Fault(FrameFault::Truncated(claimed))));
        }
        Ok(None)
    }

    /// The frame that [`Scan::advance`] found last.
    #[inline]
    pub fn current(&self) -> Frame<'_> {
        let (at, shape) = self.last.expect("advance found a frame");
        shape.frame(&self.buffer[at..], self.chain.base)
    }

    /// Goes to a frame whose place an index gave; false when no such frame is there.
    pub fn seek(&mut self, offset: u64, lsn: u64) -> io::Result<bool> {
        let mut head = [0; FRAME_HEADER_LEN];
        if read_full(&*self.file, &mut head, offset)? < head.len() {
            return Ok(false);
        }
        let mut bytes = vec![0; Frame::claimed_len(&head)];
        let len = read_full(&*self.file, &mut bytes, offset)?;
        let found = Frame::decode_unchained(&bytes[..len], self.chain.salt, self.chain.base);
        let Some(frame) = found.ok().filter(|frame| frame.first_lsn == lsn) else {
            return Ok(false);
        };
        self.chain.next_lsn = lsn;
        self.chain.previous_crc = frame.header.previous_crc;
        self.offset = offset;
        self.buffer_offset = offset;
        self.filled = 0;
        Ok(true)
    }

    /// Brings `len` bytes at the current offset into the buffer; false when the limit comes first.
    fn fetch(&mut self, len: usize) -> io::Result<bool> {
        let at = (self.offset - self.buffer_offset) as usize;
        if at + len <= self.filled {
            return Ok(true);
        }
        if self.offset + len as u64 > self.limit {
            return Ok(false);
        }
        self.buffer.copy_within(at..self.filled, 0);
        self.filled -= at;
        self.buffer_offset = self.offset;
        let wanted = len
            .max(self.chunk_len)
            .min((self.limit - self.offset) as usize);
        self.chunk_len = (self.chunk_len * 4).min(CHUNK_LEN);
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        let from = self.buffer_offset + self.filled as u64;
        self.filled += read_full(&*self.file, &mut self.buffer[self.filled..wanted], from)?;
        Ok(len <= self.filled)
    }

    /// After a fault: moves to the next place where a whole frame of this segment starts, not before `next_lsn`.
    /// False when there is none before the limit.
    pub fn skip_damage(&mut self, lsn_limit: u64) -> io::Result<bool> {
        // A damaged neighbour may claim that this file is longer than it is.
        let limit = self.limit.min(self.file.len()?);
        let mut rest = vec![0; limit.saturating_sub(self.offset) as usize];
        let len = read_full(&*self.file, &mut rest, self.offset)?;
        for at in (8..len).step_by(8) {
            let found = Frame::decode_unchained(&rest[at..len], self.chain.salt, self.chain.base);
            if let Ok(frame) = found
                && (self.chain.next_lsn..lsn_limit).contains(&frame.first_lsn)
            {
                self.chain.next_lsn = frame.first_lsn;
                self.chain.previous_crc = frame.header.previous_crc;
                self.offset += at as u64;
                self.buffer_offset = self.offset;
                self.filled = 0;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether any byte behind the current offset, up to the limit, is set.
    pub fn is_followed_by_bytes(&self) -> io::Result<bool> {
        let mut chunk = vec![0; CHUNK_LEN];
        let mut offset = self.file.next_data(self.offset);
        while offset < self.limit {
            let wanted = chunk.len().min((self.limit - offset) as usize);
            let len = read_full(&*self.file, &mut chunk[..wanted], offset)?;
            if chunk[..len].iter().any(|byte| *byte != 0) {
                return Ok(true);
            }
            if len == 0 {
                break;
            }
            // Of a segment that was just begun, 64 MiB were only set aside: reading them takes longer than all the rest.
            offset = self.file.next_data(offset + len as u64);
        }
        Ok(false)
    }
}

/// Follows a scan and keeps the state that an appender would need at its end.
pub struct Follow {
    /// The state after the last frame.
    pub state: State,
    /// Records seen.
    pub count: u64,
}

impl Follow {
    /// Takes a frame into account.
    pub fn take(&mut self, frame: &Frame, start: u64) {
        let state = &mut self.state;
        if frame.header.control.is_some() {
            state.control = ControlPointer {
                base: state.base,
                lsn: frame.first_lsn,
                offset: start as u32,
            };
        }
        state.next_lsn = frame.next_lsn();
        state.commit_time = frame.header.commit_time;
        state.offset = (start + frame.padded_len as u64) as u32;
        state.last_crc = frame.crc;
        state.next_writer = state.next_writer.max(frame.header.writer.saturating_add(1));
        self.count += u64::from(frame.header.count);
    }
}

const _: () = assert!(SEGMENT_HEADER_LEN >= FRAME_HEADER_LEN);

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::medium::folder::Folder;
    use crate::medium::{Medium as _, Mode};

    const LEN: u64 = 1 << 20;

    fn scan(file: &Arc<dyn MediumFile>, offset: u64, limit: u64) -> Scan {
        let chain = Chain {
            salt: Salt::new(7),
            base: 1,
            next_lsn: 1,
            previous_crc: 0,
        };
        Scan::new(Arc::clone(file), chain, offset, limit)
    }

    #[test]
    fn a_byte_behind_the_end_is_found_wherever_it_is_and_blank_blocks_are_not() {
        let place = tempfile::tempdir().unwrap();
        drop(crate::Log::open(place.path(), crate::OpenOptions::default()).unwrap());
        let folder = Folder::open(place.path(), true, None).unwrap();
        for at in [0, 4095, 4096, 300_000, LEN - 1] {
            let name = format!("file-{at}");
            let file = folder.open(&name, Mode::Create(LEN)).unwrap();
            assert!(!scan(&file, 0, LEN).is_followed_by_bytes().unwrap());
            // A map writes into blocks that are only set aside, as appends do.
            folder
                .open_segment(&name)
                .unwrap()
                .write_at(&[1], at)
                .unwrap();
            assert!(scan(&file, 0, LEN).is_followed_by_bytes().unwrap(), "{at}");
            assert!(scan(&file, at, LEN).is_followed_by_bytes().unwrap(), "{at}");
            let before = scan(&file, 0, at).is_followed_by_bytes();
            assert!(!before.unwrap(), "{at}");
            let behind = scan(&file, at + 1, LEN).is_followed_by_bytes();
            assert!(!behind.unwrap(), "{at}");
        }
    }

    #[test]
    fn what_was_only_set_aside_is_not_read() {
        let place = tempfile::tempdir().unwrap();
        drop(crate::Log::open(place.path(), crate::OpenOptions::default()).unwrap());
        let folder = Folder::open(place.path(), true, None).unwrap();
        let file = folder.open("file", Mode::Create(LEN)).unwrap();
        file.write_at(&[1; 10], 5).unwrap();
        let next = file.next_data(4096);
        // A filesystem that cannot tell names the place it was asked about.
        assert!(next >= LEN || next == 4096, "{next}");
        assert!(file.next_data(0) <= 5);
    }
}
