//! A file of blocks: which records each stands for, where it lies, and of which epoch the last one is.
//!
//! Invariants: a file is never changed once it has its name; its blocks stand for records without a gap; a file that is
//! cut off, or whose frame has a wrong bit, does not open. What is inside a block is checked when it is read.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use mltrack_projector::{Cursor, EpochId, Lsn};

/// What a file begins with, and its version: `docs/format.md`, section Series files.
const HEAD: [u8; 16] = *b"mltrack series\x01\n";
const ENTRY_LEN: usize = 32;
const TRAILER_LEN: usize = 52;
/// More blocks are not in one file.
pub const BLOCKS_MAX: usize = 64;

/// One block of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The records that it stands for: the first, and the first behind it.
    pub first: Lsn,
    pub next: Lsn,
    /// Where it is in the file. No bytes when none of the records is a point.
    pub offset: u64,
    pub len: u64,
}

/// An open file.
#[derive(Debug)]
pub struct SeriesFile {
    pub file: File,
    pub entries: Vec<Entry>,
    /// Where the log went on when the file was made: what is beyond its epoch's end is not believed.
    pub cursor: Cursor,
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    #[error("{0}")]
    Damaged(&'static str),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl SeriesFile {
    /// Opens a file, whose name says which records it stands for.
    pub fn open(path: &Path, range: &Range<u64>) -> Result<SeriesFile, FileFault> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let least = (HEAD.len() + ENTRY_LEN + TRAILER_LEN) as u64;
        if len < least {
            return Err(FileFault::Damaged("it is cut off"));
        }
        let mut head = [0; HEAD.len()];
        read_exact_at(&file, &mut head, 0)?;
        if head != HEAD {
            return Err(FileFault::Damaged("it is of another version"));
        }
        let mut trailer = [0; TRAILER_LEN];
        read_exact_at(&file, &mut trailer, len - TRAILER_LEN as u64)?;
        let trailer = Trailer::decode(&trailer)?;
        let entries_len = trailer.blocks * ENTRY_LEN;
        let entries_offset = (len - TRAILER_LEN as u64).checked_sub(entries_len as u64);
        let entries_offset = entries_offset.ok_or(FileFault::Damaged("it is cut off"))?;
        let mut bytes = vec![0; entries_len];
        read_exact_at(&file, &mut bytes, entries_offset)?;
        if crc32fast::hash(&bytes) != trailer.entries_crc {
            return Err(FileFault::Damaged("its list of blocks has a wrong bit"));
        }
        let entries = entries(&bytes, entries_offset)?;
        let found = entries[0].first.get()..entries[entries.len() - 1].next.get();
        if found != *range || trailer.cursor.next.get() != range.end {
            return Err(FileFault::Damaged(
                "it holds other records than its name says",
            ));
        }
        Ok(SeriesFile {
            file,
            entries,
            cursor: trailer.cursor,
        })
    }
}

/// The list of blocks, without gaps between records or bytes.
fn entries(bytes: &[u8], end: u64) -> Result<Vec<Entry>, FileFault> {
    const WRONG: FileFault = FileFault::Damaged("its list of blocks makes no sense");
    let mut entries: Vec<Entry> = Vec::with_capacity(bytes.len() / ENTRY_LEN);
    let mut offset = HEAD.len() as u64;
    for words in bytes.as_chunks::<ENTRY_LEN>().0 {
        let [first, next, at, len] = words_of(words);
        let (Some(first), Some(next)) = (Lsn::new(first), Lsn::new(next)) else {
            return Err(WRONG);
        };
        let follows = entries.last().is_none_or(|last| last.next == first);
        if first >= next || !follows || at != offset {
            return Err(WRONG);
        }
        offset = offset.checked_add(len).ok_or(WRONG)?;
        entries.push(Entry {
            first,
            next,
            offset: at,
            len,
        });
    }
    if offset == end && !entries.is_empty() {
        Ok(entries)
    } else {
        Err(WRONG)
    }
}

fn words_of(bytes: &[u8; ENTRY_LEN]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

struct Trailer {
    blocks: usize,
    entries_crc: u32,
    cursor: Cursor,
}

impl Trailer {
    /// Blocks, crc of their list, epoch, next lsn, a reserved word and the head again, crc of all this.
    fn encode(&self) -> [u8; TRAILER_LEN] {
        let mut bytes = [0; TRAILER_LEN];
        bytes[..4].copy_from_slice(&(self.blocks as u32).to_le_bytes());
        bytes[4..8].copy_from_slice(&self.entries_crc.to_le_bytes());
        bytes[8..24].copy_from_slice(&self.cursor.epoch.0);
        bytes[24..32].copy_from_slice(&self.cursor.next.get().to_le_bytes());
        bytes[32..48].copy_from_slice(&HEAD);
        let crc = crc32fast::hash(&bytes[..TRAILER_LEN - 4]);
        bytes[TRAILER_LEN - 4..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; TRAILER_LEN]) -> Result<Trailer, FileFault> {
        let word = |at: usize| {
            let (head, _) = bytes[at..]
                .split_first_chunk::<4>()
                .expect("within 52 bytes");
            u32::from_le_bytes(*head)
        };
        if crc32fast::hash(&bytes[..TRAILER_LEN - 4]) != word(TRAILER_LEN - 4) {
            return Err(FileFault::Damaged(
                "it is cut off, or its end has a wrong bit",
            ));
        }
        let mut epoch = [0; 16];
        epoch.copy_from_slice(&bytes[8..24]);
        let next = u64::from(word(24)) | u64::from(word(28)) << 32;
        let blocks = word(0) as usize;
        match Lsn::new(next) {
            Some(next) if (1..=BLOCKS_MAX).contains(&blocks) => Ok(Trailer {
                blocks,
                entries_crc: word(4),
                cursor: Cursor {
                    epoch: EpochId(epoch),
                    next,
                },
            }),
            _ => Err(FileFault::Damaged("its end makes no sense")),
        }
    }
}

/// A file being written.
pub struct Writing<W> {
    out: W,
    entries: Vec<Entry>,
    offset: u64,
}

impl<W: Write> Writing<W> {
    pub fn begin(mut out: W) -> io::Result<Writing<W>> {
        out.write_all(&HEAD)?;
        Ok(Writing {
            out,
            entries: Vec::new(),
            offset: HEAD.len() as u64,
        })
    }

    /// Adds the block of the records that follow.
    pub fn add(&mut self, lsns: Range<Lsn>, block: &[u8]) -> io::Result<()> {
        self.out.write_all(block)?;
        let (offset, len) = (self.offset, block.len() as u64);
        self.entries.push(Entry {
            first: lsns.start,
            next: lsns.end,
            offset,
            len,
        });
        self.offset += len;
        Ok(())
    }

    pub fn is_full(&self) -> bool {
        self.entries.len() == BLOCKS_MAX
    }

    /// The records so far.
    pub fn range(&self) -> Option<(Lsn, Lsn)> {
        Some((self.entries.first()?.first, self.entries.last()?.next))
    }

    /// Ends the file, which stands for everything up to the cursor.
    pub fn finish(mut self, cursor: Cursor) -> io::Result<W> {
        let mut bytes = Vec::with_capacity(self.entries.len() * ENTRY_LEN);
        for entry in &self.entries {
            for word in [entry.first.get(), entry.next.get(), entry.offset, entry.len] {
                bytes.extend_from_slice(&word.to_le_bytes());
            }
        }
        let trailer = Trailer {
            blocks: self.entries.len(),
            entries_crc: crc32fast::hash(&bytes),
            cursor,
        };
        self.out.write_all(&bytes)?;
        self.out.write_all(&trailer.encode())?;
        Ok(self.out)
    }
}

/// The name of the file for these records.
pub fn name_of(first: Lsn, next: Lsn) -> String {
    format!("{:020}-{:020}{SUFFIX}", first.get(), next.get())
}

/// The records that a file's name promises; `None` for any other file.
pub fn range_of(name: &str) -> Option<Range<u64>> {
    let (first, next) = name.strip_suffix(SUFFIX)?.split_once('-')?;
    let range = first.parse().ok()?..next.parse().ok()?;
    let lsns = Lsn::new(range.start).zip(Lsn::new(range.end));
    let is_ours = lsns.is_some_and(|(first, next)| first < next && name_of(first, next) == name);
    is_ours.then_some(range)
}

const SUFFIX: &str = ".blocks";

/// Fills `bytes` from `offset` on, whoever else reads the file.
#[cfg(unix)]
pub fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// Fills `bytes` from `offset` on.
#[cfg(windows)]
pub fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            len => {
                bytes = &mut bytes[len..];
                offset += len as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lsn(value: u64) -> Lsn {
        Lsn::new(value).unwrap()
    }

    fn cursor() -> Cursor {
        Cursor {
            epoch: EpochId([7; 16]),
            next: lsn(30),
        }
    }

    fn bytes() -> Vec<u8> {
        let mut writing = Writing::begin(Vec::new()).unwrap();
        writing.add(lsn(5)..lsn(20), b"a block").unwrap();
        writing.add(lsn(20)..lsn(30), b"").unwrap();
        writing.finish(cursor()).unwrap()
    }

    fn open(bytes: &[u8]) -> Result<SeriesFile, FileFault> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        SeriesFile::open(file.path(), &(5..30))
    }

    #[test]
    fn a_file_says_which_block_stands_for_which_records() {
        let file = open(&bytes()).unwrap();
        assert_eq!(file.cursor, cursor());
        assert_eq!(file.entries.len(), 2);
        let first = file.entries[0];
        assert_eq!((first.first, first.next, first.len), (lsn(5), lsn(20), 7));
        let mut block = [0; 7];
        read_exact_at(&file.file, &mut block, first.offset).unwrap();
        assert_eq!(&block, b"a block");
    }

    #[test]
    fn a_file_that_is_cut_off_or_has_a_wrong_bit_in_its_frame_does_not_open() {
        let whole = bytes();
        for len in 0..whole.len() {
            assert!(open(&whole[..len]).is_err(), "cut off at {len}");
        }
        let block = HEAD.len()..HEAD.len() + 7;
        for at in (0..whole.len()).filter(|at| !block.contains(at)) {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            assert!(open(&damaged).is_err(), "byte {at}");
        }
    }

    #[test]
    fn only_the_names_that_are_given_are_read() {
        let name = name_of(lsn(5), lsn(30));
        assert_eq!(range_of(&name), Some(5..30));
        for other in [
            "5-30.blocks",
            "00000000000000000005-30.blocks",
            "x",
            &name[1..],
        ] {
            assert_eq!(range_of(other), None, "{other}");
        }
        assert_eq!(range_of(&name.replace("blocks", "tmp")), None);
    }
}
