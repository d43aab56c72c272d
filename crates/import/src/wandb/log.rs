//! Records of a file in the form of a `LevelDB` log: blocks of 32 KiB with pieces of records, each with its checksum.
//!
//! Invariants: a record is given only when the checksums of all its pieces are right; a last record that is not whole is no
//! error, and reading goes on there when the file has grown; behind damage reading goes on at the next block, and what was
//! passed by is said; memory holds one buffer, or one record where that is larger.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use crc_fast::{CrcAlgorithm, checksum};

use super::log_form::{BLOCK_LEN, FIRST, FULL, HEADER, LAST, MIDDLE, PIECE_HEADER_LEN};
use crate::followed::reading::{Next, RecordFile};

/// So much is read at a time: whole blocks, so that no piece lies across two buffers.
const BUFFER_LEN: usize = 16 * BLOCK_LEN;
/// A longer record is passed by.
const RECORD_LEN_MAX: usize = 256 << 20;

/// Reads records of one file, from its beginning.
#[derive(Debug)]
pub(crate) struct Log<R = File> {
    file: R,
    buffer: Vec<u8>,
    /// What of the buffer is filled, and where the next piece begins in it.
    filled: usize,
    next: usize,
    /// The place of the buffer's first byte in the file.
    buffer_at: u64,
    /// The record whose pieces come, and where it begins; or that none is in the making.
    record: Vec<u8>,
    begun: Option<u64>,
    /// The record in the making is too long, and only counted.
    len: usize,
    /// Pieces of a record whose beginning was lost are expected, and passed by.
    is_lost: bool,
}

/// A piece of a record, or why there is none.
enum Piece {
    Read(u8, Range<usize>),
    Bad(&'static str),
    Missing,
}

impl<R: Read + Seek> RecordFile for Log<R> {
    /// Everything before this place was given or said to be lost.
    fn place(&self) -> u64 {
        let here = self.buffer_at + self.next.min(self.filled) as u64;
        self.begun.unwrap_or(here)
    }

    fn next(&mut self) -> io::Result<Next<'_>> {
        loop {
            let at = self.buffer_at + self.next as u64;
            let (kind, body) = match self.piece()? {
                Piece::Read(kind, body) => (kind, body),
                Piece::Missing => return Ok(self.rest()),
                Piece::Bad(why) => {
                    self.leave_block();
                    return Ok(self.lose(at, why, true));
                }
            };
            let is_first = matches!(kind, FULL | FIRST);
            if let Some(begun) = self.begun.filter(|_| is_first) {
                // This piece is looked at again.
                self.next = body.start - PIECE_HEADER_LEN;
                return Ok(self.lose(begun, "a record has no end", false));
            }
            if self.begun.is_none() && !is_first {
                if !self.is_lost {
                    return Ok(self.lose(at, "a record has no beginning", true));
                }
                continue;
            }
            self.is_lost = false;
            if kind == FULL {
                return Ok(Next::Record(&self.buffer[body]));
            }
            if kind == FIRST {
                self.begun = Some(at);
                self.record.clear();
                self.len = 0;
            }
            self.len += body.len();
            if self.len <= RECORD_LEN_MAX {
                self.record.extend_from_slice(&self.buffer[body]);
            }
            if kind == LAST {
                let begun = self.begun.take().unwrap_or(at);
                if self.len > RECORD_LEN_MAX {
                    return Ok(Next::Lost(begun, "a record is too long"));
                }
                return Ok(Next::Record(&self.record));
            }
        }
    }
}

impl<R: Read + Seek> Log<R> {
    /// A file whose header was looked at.
    pub fn new(mut file: R) -> io::Result<Log<R>> {
        file.seek(SeekFrom::Start(0))?;
        Ok(Log {
            file,
            buffer: Vec::new(),
            filled: 0,
            next: HEADER.len(),
            buffer_at: 0,
            record: Vec::new(),
            begun: None,
            len: 0,
            is_lost: false,
        })
    }

    /// The next piece; the zeros at the end of a block are passed by.
    fn piece(&mut self) -> io::Result<Piece> {
        let left = BLOCK_LEN - self.next % BLOCK_LEN;
        if left < PIECE_HEADER_LEN {
            self.next += left;
        }
        if !self.has(0)? {
            return Ok(Piece::Missing);
        }
        if self.next == BUFFER_LEN {
            self.buffer_at += BUFFER_LEN as u64;
            (self.filled, self.next) = (0, 0);
        }
        if !self.has(PIECE_HEADER_LEN)? {
            return Ok(Piece::Missing);
        }
        let header = &self.buffer[self.next..][..PIECE_HEADER_LEN];
        let crc = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        let len = usize::from(u16::from_le_bytes([header[4], header[5]]));
        let kind = header[6];
        let left = BLOCK_LEN - self.next % BLOCK_LEN;
        if kind == 0 && crc == 0 && len == 0 {
            return Ok(Piece::Bad("there are zeros where a record should be"));
        }
        if !matches!(kind, FULL | FIRST | MIDDLE | LAST) || PIECE_HEADER_LEN + len > left {
            return Ok(Piece::Bad("a record's header makes no sense"));
        }
        if !self.has(PIECE_HEADER_LEN + len)? {
            return Ok(Piece::Missing);
        }
        let body = self.next + PIECE_HEADER_LEN..self.next + PIECE_HEADER_LEN + len;
        let checked = &self.buffer[body.start - 1..body.end];
        if checksum(CrcAlgorithm::Crc32IsoHdlc, checked) as u32 != crc {
            return Ok(Piece::Bad("the checksum of a record is wrong"));
        }
        self.next = body.end;
        Ok(Piece::Read(kind, body))
    }

    /// Whether so many bytes are there from the next piece on.
    fn has(&mut self, len: usize) -> io::Result<bool> {
        while self.filled < self.next + len {
            if self.buffer.is_empty() {
                self.buffer.resize(BUFFER_LEN, 0);
            }
            match self.file.read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Ok(false),
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn leave_block(&mut self) {
        self.next += BLOCK_LEN - self.next % BLOCK_LEN;
    }

    /// What is in the making is lost, and pieces of it may come yet.
    fn lose(&mut self, at: u64, why: &'static str, is_lost: bool) -> Next<'static> {
        let begun = self.begun.take().unwrap_or(at);
        self.is_lost = is_lost;
        Next::Lost(begun, why)
    }

    fn rest(&self) -> Next<'static> {
        let end = self.buffer_at + self.filled as u64;
        match end.saturating_sub(self.place()) {
            0 => Next::End,
            len => Next::Torn(len),
        }
    }
}

/// How a file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    Good,
    /// So far as it is there.
    Short,
    Foreign,
    /// Of a version that is not known here.
    Newer(u8),
}

/// Looks at the first bytes of a file.
pub(crate) fn opening(file: &mut impl Read) -> io::Result<Opening> {
    let mut bytes = Vec::new();
    file.take(HEADER.len() as u64).read_to_end(&mut bytes)?;
    let name_len = HEADER.len() - 1;
    let is_named = bytes.iter().zip(&HEADER[..name_len]).all(|(a, b)| a == b);
    Ok(match bytes.get(name_len) {
        _ if !is_named => Opening::Foreign,
        None => Opening::Short,
        Some(0) => Opening::Good,
        Some(version) => Opening::Newer(*version),
    })
}

#[cfg(test)]
#[path = "log_test.rs"]
mod tests;
