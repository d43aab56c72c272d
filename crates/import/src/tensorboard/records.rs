//! Records of a file in the form of `TFRecord`: a length, its checksum, the bytes, their checksum.
//!
//! Invariants: a record is given only when both checksums are right; a record that is not whole yet is no error, and
//! reading goes on there when the file has grown; memory holds one block, or one record where that is larger.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::crc::masked_crc;
use crate::followed::reading::{Next, RecordFile};

/// So much is read at a time, less of a short file.
const BLOCK_LEN: usize = 1 << 20;
const FIRST_BLOCK_LEN: usize = 64 << 10;
/// Length, its checksum, and the checksum of the bytes.
const HEADER_LEN: usize = 12;
const FOOTER_LEN: usize = 4;
/// A longer record is passed by.
pub(crate) const RECORD_LEN_MAX: u64 = 256 << 20;

/// Reads records of one file.
#[derive(Debug)]
pub(crate) struct Records<R = File> {
    file: R,
    block: Vec<u8>,
    /// What of the block is filled, and where the next record begins in it.
    filled: usize,
    next: usize,
    /// The place of the block's first byte in the file.
    block_at: u64,
    /// The checksum that ended the last record.
    last_crc: Option<u32>,
    /// The last header, whose checksum was right: most records are as long as the one before.
    header: Option<[u8; HEADER_LEN]>,
}

impl<R: Read + Seek> Records<R> {
    /// Reads from this place on, where a record begins.
    pub fn at(mut file: R, at: u64) -> io::Result<Records<R>> {
        file.seek(SeekFrom::Start(at))?;
        Ok(Records {
            file,
            block: Vec::new(),
            filled: 0,
            next: 0,
            block_at: at,
            last_crc: None,
            header: None,
        })
    }

    /// The checksum that stands before the place; `None` when nothing was read.
    pub fn last_crc(&self) -> Option<u32> {
        self.last_crc
    }

    /// So many bytes from the next record on; `None` when the file has fewer.
    #[inline]
    fn peek(&mut self, len: usize) -> io::Result<Option<&[u8]>> {
        if self.filled - self.next < len && !self.fill(len)? {
            return Ok(None);
        }
        Ok(Some(&self.block[self.next..self.next + len]))
    }

    /// Reads on until so many bytes are there. False when the file ends before.
    #[cold]
    fn fill(&mut self, len: usize) -> io::Result<bool> {
        self.block.copy_within(self.next..self.filled, 0);
        self.block_at += self.next as u64;
        self.filled -= self.next;
        self.next = 0;
        if self.block.len() < BLOCK_LEN {
            let room = (self.block.len() * 4).clamp(FIRST_BLOCK_LEN, BLOCK_LEN);
            self.block.resize(room, 0);
        }
        while self.filled < len {
            // A length that is a lie costs no more memory than the file has bytes.
            if self.filled == self.block.len() {
                self.block.resize((self.filled * 2).min(len), 0);
            }
            match self.file.read(&mut self.block[self.filled..]) {
                Ok(0) => return Ok(false),
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.block.len() > BLOCK_LEN && len <= BLOCK_LEN && self.filled <= BLOCK_LEN {
            self.block.truncate(BLOCK_LEN);
            self.block.shrink_to_fit();
        }
        Ok(true)
    }

    fn rest(&self) -> Next<'static> {
        match self.filled - self.next {
            0 => Next::End,
            len => Next::Torn(len as u64),
        }
    }

    /// Goes behind a record without reading it.
    fn pass_by(&mut self, len: u64) -> io::Result<Next<'static>> {
        let here = self.place();
        let whole = len.checked_add((HEADER_LEN + FOOTER_LEN) as u64);
        let end = whole.and_then(|whole| here.checked_add(whole));
        let file_len = self.file.seek(SeekFrom::End(0))?;
        let Some(end) = end.filter(|end| *end <= file_len) else {
            self.file
                .seek(SeekFrom::Start(self.block_at + self.filled as u64))?;
            return Ok(Next::Torn(file_len.saturating_sub(here)));
        };
        let mut crc = [0; FOOTER_LEN];
        self.file.seek(SeekFrom::Start(end - FOOTER_LEN as u64))?;
        self.file.read_exact(&mut crc)?;
        self.last_crc = Some(u32::from_le_bytes(crc));
        (self.block_at, self.filled, self.next) = (end, 0, 0);
        Ok(Next::Long(len))
    }
}

impl<R: Read + Seek> RecordFile for Records<R> {
    fn place(&self) -> u64 {
        self.block_at + self.next as u64
    }

    #[inline]
    fn next(&mut self) -> io::Result<Next<'_>> {
        let Some(header) = self.peek(HEADER_LEN)? else {
            return Ok(self.rest());
        };
        let header: [u8; HEADER_LEN] = header.try_into().expect("so many were asked for");
        let (len, crc) = header.split_first_chunk().expect("it is eight and four");
        if self.header != Some(header) {
            if masked_crc(len).to_le_bytes() != crc {
                return Ok(Next::Damaged("the checksum of a record's length is wrong"));
            }
            self.header = Some(header);
        }
        let len = u64::from_le_bytes(*len);
        if len > RECORD_LEN_MAX {
            return self.pass_by(len);
        }
        let whole = HEADER_LEN + len as usize + FOOTER_LEN;
        if self.peek(whole)?.is_none() {
            return Ok(self.rest());
        }
        let begin = self.next + HEADER_LEN;
        let record = &self.block[begin..begin + len as usize];
        let crc = &self.block[begin + len as usize..][..FOOTER_LEN];
        let wanted = masked_crc(record);
        if wanted.to_le_bytes() != crc {
            return Ok(Next::Damaged("the checksum of a record is wrong"));
        }
        self.last_crc = Some(wanted);
        self.next += whole;
        Ok(Next::Record(record))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    pub(crate) fn framed(record: &[u8]) -> Vec<u8> {
        let len = (record.len() as u64).to_le_bytes();
        let mut bytes = len.to_vec();
        bytes.extend(masked_crc(&len).to_le_bytes());
        bytes.extend(record);
        bytes.extend(masked_crc(record).to_le_bytes());
        bytes
    }

    fn read_all(bytes: &[u8]) -> (Vec<Vec<u8>>, String) {
        let mut records = Records::at(Cursor::new(bytes), 0).unwrap();
        let mut read = Vec::new();
        loop {
            match records.next().unwrap() {
                Next::Record(record) => read.push(record.to_vec()),
                other => return (read, format!("{other:?}")),
            }
        }
    }

    #[test]
    fn a_file_cut_anywhere_gives_the_records_before_and_waits_for_the_rest() {
        let parts = [framed(b"one"), framed(b""), framed(&[7; 300])];
        let whole = parts.concat();
        for cut in 0..=whole.len() {
            let (read, end) = read_all(&whole[..cut]);
            let mut at = 0;
            let count = parts.iter().take_while(|part| {
                at += part.len();
                at <= cut
            });
            assert_eq!(read.len(), count.count(), "cut at {cut}");
            assert!(end == "End" || end.starts_with("Torn"), "{end}");
        }
    }

    #[test]
    fn a_bit_that_turned_ends_the_file_there() {
        let whole = [framed(b"one"), framed(b"two"), framed(b"three")].concat();
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let (read, end) = read_all(&bytes);
            assert_eq!(read.len(), (bit / 8 / 19).min(2), "bit {bit}");
            assert!(end.starts_with("Damaged"), "bit {bit}: {end}");
        }
    }

    #[test]
    fn zeros_are_no_record() {
        let bytes = [framed(b"one"), vec![0; 64]].concat();
        let (read, end) = read_all(&bytes);
        assert_eq!(read, [b"one"]);
        assert!(end.starts_with("Damaged"), "{end}");
    }

    #[test]
    fn a_record_longer_than_a_block_is_whole() {
        let long: Vec<u8> = (0..3 * BLOCK_LEN).map(|at| at as u8).collect();
        let (read, _) = read_all(&[framed(b"one"), framed(&long), framed(b"two")].concat());
        assert_eq!(read, [b"one".to_vec(), long, b"two".to_vec()]);
    }
}
