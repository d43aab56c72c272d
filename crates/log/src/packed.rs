//! What a reader tells of packed segments: their blocks, for whoever can read one without its records, and what was
//! dropped from them.
//!
//! Invariant: a block stays readable as long as somebody has it, whatever becomes of its file's name.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::catalog::Entry;
use crate::codec::pack::{BlockEntry, Dropped};
use crate::ids::Lsn;
use crate::medium::{Medium, MediumFile};
use crate::stored::{Names, PackFile, Stored};
use crate::verify::Purged;

/// One block of a packed segment.
#[derive(Clone)]
pub struct PackedBlock {
    file: Arc<dyn MediumFile>,
    offset: u64,
    len: u32,
    crc: u32,
    facts_len: u32,
    /// Who packed it.
    pub packer: u32,
    /// The first lsn it speaks of. Records before its first one may have been dropped.
    pub first_lsn: Lsn,
    /// The lsn after the last it speaks of.
    pub next_lsn: Lsn,
    /// Commit time of its first record, ns since 1970.
    pub first_commit_time_ns: i64,
    /// Commit time of its last record, ns since 1970.
    pub last_commit_time_ns: i64,
    /// Records in it.
    pub record_count: u32,
}

impl fmt::Debug for PackedBlock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PackedBlock")
            .field("packer", &self.packer)
            .field("first_lsn", &self.first_lsn)
            .field("next_lsn", &self.next_lsn)
            .field("record_count", &self.record_count)
            .finish_non_exhaustive()
    }
}

#[expect(clippy::len_without_is_empty, reason = "a block is never empty")]
impl PackedBlock {
    fn new(pack: &PackFile, entry: &BlockEntry) -> PackedBlock {
        let lsn = |value| Lsn::new(value).expect("a segment's lsns are at least 1");
        PackedBlock {
            file: Arc::clone(&pack.file),
            offset: entry.offset,
            len: entry.len,
            crc: entry.crc,
            facts_len: entry.facts_len,
            packer: pack.footer.header.packer,
            first_lsn: lsn(entry.first_lsn),
            next_lsn: lsn(entry.next_lsn),
            first_commit_time_ns: entry.commit_time_first,
            last_commit_time_ns: entry.commit_time_last,
            record_count: entry.count,
        }
    }

    /// Bytes that the packer made.
    pub fn len(&self) -> u64 {
        u64::from(self.len)
    }

    /// Fills `bytes` from `offset` of the block on; an error of the kind `UnexpectedEof` when it ends before.
    pub fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(bytes.len() as u64);
        let is_inside = end.is_some_and(|end| end <= self.len());
        if !is_inside
            || crate::medium::read_full(&*self.file, bytes, self.offset + offset)? < bytes.len()
        {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        Ok(())
    }

    /// Reads the whole block and says whether it is what was written.
    pub fn is_whole(&self) -> io::Result<bool> {
        let mut bytes = vec![0; self.len as usize + self.facts_len as usize];
        let got = crate::medium::read_full(&*self.file, &mut bytes, self.offset)?;
        Ok(got == bytes.len() && crc32fast::hash(&bytes) == self.crc)
    }
}

/// The packed segments of a log, oldest first.
pub(crate) fn packs(medium: &dyn Medium, entries: &[Entry]) -> io::Result<Vec<PackFile>> {
    let names = Names::list(medium)?;
    let mut packs = Vec::new();
    for entry in entries {
        let base = entry.header.base;
        if names.forms(base).generations.is_empty() {
            continue;
        }
        match crate::stored::open(medium, base) {
            Ok(Stored::Packed(pack)) => packs.push(pack),
            // Whoever reads the segment says what is wrong with it.
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(packs)
}

pub(crate) fn blocks(packs: &[PackFile]) -> Vec<PackedBlock> {
    let of = |pack| move |entry| PackedBlock::new(pack, entry);
    packs
        .iter()
        .flat_map(|pack| pack.footer.blocks.iter().map(of(pack)))
        .collect()
}

pub(crate) fn purged(packs: &[PackFile]) -> Vec<Purged> {
    let dropped = packs.iter().flat_map(|pack| &pack.footer.dropped);
    dropped
        .map(|dropped: &Dropped| Purged::of(dropped))
        .collect()
}

pub(crate) fn floor(packs: &[PackFile]) -> Option<Lsn> {
    let floor = packs.iter().map(|pack| pack.footer.floor).max();
    floor.and_then(Lsn::new)
}
