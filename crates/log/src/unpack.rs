//! Walks a segment's frames in order, wherever they lie: one by one in a segment, block by block in a packed one.
//!
//! Invariant: a packed segment yields the batches that the segment had, less what was dropped on purpose; of its blocks
//! one at a time is in memory, and none is used whose crc is wrong.

use std::io;
use std::sync::Arc;

use crate::codec::facts::Facts;
use crate::codec::frame::{Frame, FrameFault};
use crate::codec::pack::BlockEntry;
use crate::codec::segment::SegmentHeader;
use crate::layout::segment_name;
use crate::medium::{Medium, MediumFile, Mode};
use crate::pack::batches::Batches;
use crate::pack::{Packer, PlainPacker};
use crate::scan::{Advance, Scan};
use crate::stored::{Names, PackFile, Stored};

/// The packers a store was opened with.
pub(crate) type Packers = Vec<Arc<dyn Packer>>;

/// The packer with this number. Everybody has the plain one.
pub(crate) fn packer_of(packers: &Packers, id: u32) -> Option<Arc<dyn Packer>> {
    let plain: Arc<dyn Packer> = Arc::new(PlainPacker);
    let mut all = packers.iter().chain(std::iter::once(&plain));
    all.find(|packer| packer.id() == id).cloned()
}

/// Reads and unpacks one block. On a fault `batches` is empty.
pub(crate) fn load(
    pack: &PackFile,
    packer: &dyn Packer,
    entry: &BlockEntry,
    bytes: &mut Vec<u8>,
    batches: &mut Batches,
) -> io::Result<Result<(), FrameFault>> {
    batches.clear();
    if pack.read_block(entry, bytes)?.is_none() {
        return Ok(Err(FrameFault::Crc));
    }
    let (block, facts) = bytes.split_at(entry.len as usize);
    let Some(facts) = Facts::decode(facts, entry.count) else {
        return Ok(Err(FrameFault::Facts));
    };
    let lsns = (entry.first_lsn, entry.next_lsn);
    let unpacked = batches.unpack(packer, block, facts, lsns);
    Ok(unpacked.map_err(|_| FrameFault::Unpack))
}

/// A place in a packed segment.
pub(crate) struct PackScan {
    pack: PackFile,
    packer: Option<Arc<dyn Packer>>,
    block: Batches,
    bytes: Vec<u8>,
    /// The block that comes after the one in memory.
    next_block: usize,
    /// The batch in it that comes next.
    next_batch: usize,
    next_lsn: u64,
}

impl PackScan {
    pub fn new(pack: PackFile, packers: &Packers) -> PackScan {
        PackScan {
            packer: packer_of(packers, pack.footer.header.packer),
            block: Batches::default(),
            bytes: Vec::new(),
            next_block: 0,
            next_batch: 0,
            next_lsn: pack.header.base,
            pack,
        }
    }

    /// Goes to the block that holds `lsn`.
    fn seek(&mut self, lsn: u64) {
        let blocks = &self.pack.footer.blocks;
        self.next_block = blocks.partition_point(|block| block.next_lsn <= lsn);
        self.next_lsn = blocks
            .get(self.next_block)
            .map_or(self.pack.footer.end.next_lsn, |block| block.first_lsn);
        self.block.clear();
        self.next_batch = 0;
    }

    /// Where the block lies that comes next, or the footer.
    fn offset(&self) -> u64 {
        let blocks = &self.pack.footer.blocks;
        blocks
            .get(self.next_block)
            .map_or(self.pack.footer_offset, |block| block.offset)
    }

    fn is_at_end(&self) -> bool {
        self.next_block == self.pack.footer.blocks.len() && self.next_batch == self.block.len()
    }

    fn advance(&mut self) -> io::Result<Advance> {
        while self.next_batch == self.block.len() {
            let Some(entry) = self.pack.footer.blocks.get(self.next_block).copied() else {
                self.next_lsn = self.pack.footer.end.next_lsn;
                return Ok(Advance::End);
            };
            if let Err(fault) = self.load(&entry)? {
                return Ok(Advance::Fault(fault));
            }
            self.next_block += 1;
            self.next_batch = 0;
        }
        self.next_batch += 1;
        self.next_lsn = self.current().next_lsn();
        Ok(Advance::Frame(self.offset()))
    }

    fn load(&mut self, entry: &BlockEntry) -> io::Result<Result<(), FrameFault>> {
        self.block.clear();
        self.next_batch = 0;
        self.next_lsn = entry.first_lsn;
        match &self.packer {
            Some(packer) => load(
                &self.pack,
                &**packer,
                entry,
                &mut self.bytes,
                &mut self.block,
            ),
            None => Ok(Err(FrameFault::Packer(self.pack.footer.header.packer))),
        }
    }

    /// The batch that [`PackScan::advance`] found last.
    fn current(&self) -> Frame<'_> {
        let number = self.next_batch.checked_sub(1);
        let number = number.expect("advance found a batch");
        self.block.frame(number, self.pack.header.base)
    }

    /// Steps over the block that cannot be read; false when it was the last one.
    fn skip_damage(&mut self) -> bool {
        let count = self.pack.footer.blocks.len();
        self.next_block = (self.next_block + 1).min(count);
        let next = self.pack.footer.blocks.get(self.next_block);
        self.next_lsn = next.map_or(self.pack.footer.end.next_lsn, |block| block.first_lsn);
        next.is_some()
    }
}

/// A place in a segment.
pub(crate) enum SegmentScan {
    /// In one that lies as it was written.
    Raw(Scan),
    /// In a packed one.
    Packed(Box<PackScan>),
    /// In one whose only file has a damaged header or footer: nothing of it can be read.
    Broken {
        /// Where the damage ends.
        len: u64,
        /// Its first lsn.
        base: u64,
    },
}

impl SegmentScan {
    /// At the segment's first frame. `end_offset` is where its last one ends, as long as it is not packed; `names` is a
    /// listing of the folder, when there is one, and afterwards.
    pub fn open(
        medium: &dyn Medium,
        header: &SegmentHeader,
        end_offset: u64,
        packers: &Packers,
        names: &mut Option<Names>,
    ) -> io::Result<SegmentScan> {
        Ok(
            match crate::stored::open_listed(medium, header.base, names)? {
                Stored::Raw(file) => SegmentScan::raw_in(file, header, end_offset),
                Stored::Packed(pack) => SegmentScan::Packed(Box::new(PackScan::new(pack, packers))),
                Stored::Broken { len } => SegmentScan::Broken {
                    len,
                    base: header.base,
                },
            },
        )
    }

    /// At the first frame of a segment that lies as it was written, whatever other files of it there are.
    pub fn raw(
        medium: &dyn Medium,
        header: &SegmentHeader,
        end_offset: u64,
    ) -> io::Result<SegmentScan> {
        let file = medium.open(&segment_name(header.base), Mode::Read)?;
        Ok(SegmentScan::raw_in(file, header, end_offset))
    }

    fn raw_in(file: Arc<dyn MediumFile>, header: &SegmentHeader, end_offset: u64) -> SegmentScan {
        let state = header.empty_state();
        SegmentScan::Raw(Scan::segment_from(file, header, &state, end_offset))
    }

    /// The next frame, which [`SegmentScan::current`] then gives.
    #[inline]
    pub fn advance(&mut self) -> io::Result<Advance> {
        match self {
            SegmentScan::Raw(scan) => scan.advance(),
            SegmentScan::Packed(scan) => scan.advance(),
            SegmentScan::Broken { .. } => Ok(Advance::Fault(FrameFault::Footer)),
        }
    }

    /// The frame that [`SegmentScan::advance`] found last.
    #[inline]
    pub fn current(&self) -> Frame<'_> {
        match self {
            SegmentScan::Raw(scan) => scan.current(),
            SegmentScan::Packed(scan) => scan.current(),
            SegmentScan::Broken { .. } => unreachable!("advance never finds a frame"),
        }
    }

    /// The lsn that the next frame must have, or follow.
    #[inline]
    pub fn next_lsn(&self) -> u64 {
        match self {
            SegmentScan::Raw(scan) => scan.next_lsn(),
            SegmentScan::Packed(scan) => scan.next_lsn,
            SegmentScan::Broken { base, .. } => *base,
        }
    }

    /// Where the next frame, or the block with it, starts.
    pub fn offset(&self) -> u64 {
        match self {
            SegmentScan::Raw(scan) => scan.offset(),
            SegmentScan::Packed(scan) => scan.offset(),
            SegmentScan::Broken { .. } => 0,
        }
    }

    /// Whether all frames were found, of which the last one ends at `end_offset`.
    #[inline]
    pub fn is_at_end(&self, end_offset: u64) -> bool {
        match self {
            SegmentScan::Raw(scan) => scan.offset() >= end_offset,
            SegmentScan::Packed(scan) => scan.is_at_end(),
            SegmentScan::Broken { .. } => false,
        }
    }

    /// Frames may end at `limit` and no later.
    pub fn set_limit(&mut self, limit: u64) {
        if let SegmentScan::Raw(scan) = self {
            scan.set_limit(limit);
        }
    }

    /// Goes to the block of a packed segment that holds `lsn`.
    pub fn seek_block(&mut self, lsn: u64) {
        if let SegmentScan::Packed(scan) = self {
            scan.seek(lsn);
        }
    }

    /// After a fault: to the next place that can be read. False when there is none before `lsn_limit`.
    pub fn skip_damage(&mut self, lsn_limit: u64) -> io::Result<bool> {
        match self {
            SegmentScan::Raw(scan) => scan.skip_damage(lsn_limit),
            SegmentScan::Packed(scan) => Ok(scan.skip_damage()),
            SegmentScan::Broken { .. } => Ok(false),
        }
    }

    /// Where damage ends that starts where the scan stood, once [`SegmentScan::skip_damage`] has said whether it goes on.
    pub fn damage_end(&self, goes_on: bool, end_offset: u64) -> u64 {
        match self {
            SegmentScan::Raw(scan) if goes_on => scan.offset(),
            SegmentScan::Raw(_) => end_offset,
            SegmentScan::Packed(scan) => scan.offset(),
            SegmentScan::Broken { len, .. } => *len,
        }
    }
}
