//! Writing one segment's records into a packed file, and reading that back against the segment before it counts.
//!
//! Invariants: the records that go in have the seal that the segment's footer names; a file is only called right when
//! every batch read back from it equals the one in the segment. Nothing here renames or removes a segment.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::{Entry, segment_path};
use crate::codec::footer::Footer;
use crate::codec::frame::FrameFault;
use crate::codec::pack::{BlockEntry, Dropped, PackFooter, PackHeader};
use crate::codec::state::State;
use crate::error::{LogError, Result};
use crate::ids::Lsn;
use crate::medium::{Medium, MediumFile, read_full};
use crate::pack::batches::{Batches, Fate, records_of};
use crate::pack::{PackRecord, Packer};
use crate::scan::{Advance, Follow};
use crate::seal::SealHasher;
use crate::stored::PackFile;
use crate::unpack::{PackScan, Packers, SegmentScan};

/// How much of a file is hashed at a time.
const CHUNK_LEN: usize = 256 << 10;

/// Which records are left out.
pub(crate) type Drop<'a> = Option<&'a (dyn Fn(&PackRecord<'_>) -> bool + Sync)>;

/// What is packed, and how.
pub(crate) struct Plan<'a> {
    pub medium: &'a dyn Medium,
    pub entry: Entry,
    /// The segment's footer.
    pub sealed: &'a Footer,
    /// Whether that footer was read from the segment; only a dry run does without.
    pub is_sealed: bool,
    /// The packed form that is rewritten; `None` when the segment lies as it was written.
    pub packed: Option<&'a PackFile>,
    pub packers: &'a Packers,
    pub packer: &'a dyn Packer,
    pub header: PackHeader,
    pub drop: Drop<'a>,
    /// Records that are written over, or left out.
    pub overwrite: Option<&'a BTreeMap<Lsn, Option<Vec<u8>>>>,
    pub floor: u64,
    /// Bytes of the file that the segment was written in.
    pub original_len: u64,
    /// Told how many bytes of the segment have been read, so that it can slow this down.
    pub pace: &'a (dyn Fn(u64) + Sync),
}

/// What became of a segment.
pub(crate) struct Rewritten {
    pub footer: PackFooter,
    /// Bytes of the packed file.
    pub len: u64,
    /// Records left out this time.
    pub dropped: u64,
    /// Records written over this time.
    pub overwritten: u64,
}

/// Why a segment cannot be packed.
pub(crate) enum Refusal {
    /// It is damaged; `verify` says where.
    Damaged(String),
    /// Something else failed.
    Failed(LogError),
}

impl From<LogError> for Refusal {
    fn from(error: LogError) -> Refusal {
        Refusal::Failed(error)
    }
}

type Attempt<T> = std::result::Result<T, Refusal>;

impl Plan<'_> {
    fn wrap(&self, action: &'static str) -> impl Fn(std::io::Error) -> LogError {
        let path = segment_path(self.medium, self.entry.header.base);
        move |error| LogError::io(path.clone(), action, error)
    }

    fn scan(&self) -> Result<SegmentScan> {
        if let Some(pack) = self.packed {
            let scan = PackScan::new(pack.clone(), self.packers);
            return Ok(SegmentScan::Packed(Box::new(scan)));
        }
        let end = u64::from(self.entry.end_offset);
        SegmentScan::raw(self.medium, &self.entry.header, end).map_err(self.wrap("open"))
    }
}

/// Takes a segment's records block by block, in the same blocks each time.
struct Gather<'a> {
    plan: &'a Plan<'a>,
    scan: SegmentScan,
    /// The frame that the scan stands at belongs into the next block.
    is_pending: bool,
    is_ended: bool,
    first_lsn: u64,
    follow: Follow,
    seal: Option<SealHasher>,
    dropped: DroppedHasher,
    overwritten: DroppedHasher,
    /// How far the caller was told that the segment has been read; the second reading is not told.
    paced: Option<u64>,
}

/// What is left out, or written over, while records are gathered.
struct DroppedHasher {
    hasher: SealHasher,
    first_lsn: u64,
    next_lsn: u64,
    count: u64,
}

impl DroppedHasher {
    fn new() -> DroppedHasher {
        DroppedHasher {
            hasher: SealHasher::unchained(),
            first_lsn: 0,
            next_lsn: 0,
            count: 0,
        }
    }

    fn take(&mut self, record: &PackRecord<'_>) {
        let lsn = record.lsn.get();
        if self.count == 0 {
            self.first_lsn = lsn;
        }
        self.next_lsn = lsn + 1;
        self.count += 1;
        self.hasher.record(record);
    }
}

impl<'a> Gather<'a> {
    fn new(plan: &'a Plan<'a>, is_first: bool) -> Result<Gather<'a>> {
        let header = plan.entry.header;
        // The seal is that of all records, so it says nothing of a segment which lacks some already.
        let packed = plan.packed;
        let has_all = packed.is_none_or(|pack| pack.footer.dropped.is_empty()) && plan.is_sealed;
        Ok(Gather {
            scan: plan.scan()?,
            plan,
            is_pending: false,
            is_ended: false,
            first_lsn: header.base,
            follow: Follow {
                state: header.empty_state(),
                count: 0,
            },
            seal: (is_first && has_all).then(|| SealHasher::new(&plan.sealed.previous_seal)),
            dropped: DroppedHasher::new(),
            overwritten: DroppedHasher::new(),
            paced: is_first.then_some(0),
        })
    }

    /// Fills `batches` with the next block's; the lsns that the block speaks of, or `None` behind the last one.
    fn next_block(&mut self, batches: &mut Batches) -> Attempt<Option<(u64, u64)>> {
        batches.clear();
        let next_lsn = loop {
            if !self.is_pending && !self.step()? {
                break self.plan.entry.next_lsn;
            }
            let frame = self.scan.current();
            if !batches.has_room(&frame) {
                break frame.first_lsn;
            }
            self.is_pending = false;
            let Plan {
                drop, overwrite, ..
            } = *self.plan;
            if drop.is_none() && overwrite.is_none() {
                batches.push(&frame);
                continue;
            }
            batches.push_kept(&frame, |record| {
                let named = overwrite.and_then(|records| records.get(&record.lsn));
                let is_dropped = || drop.is_some_and(|is_dropped| is_dropped(record));
                match named {
                    None if !is_dropped() => Fate::Stays,
                    None | Some(None) => {
                        self.dropped.take(record);
                        Fate::Goes
                    }
                    Some(Some(payload)) => {
                        self.overwritten.take(&PackRecord { payload, ..*record });
                        Fate::Becomes(payload)
                    }
                }
            });
        };
        self.pace();
        if batches.record_count() == 0 {
            return Ok(None);
        }
        let first_lsn = std::mem::replace(&mut self.first_lsn, next_lsn);
        Ok(Some((first_lsn, next_lsn)))
    }

    /// Goes to the next frame; false at the segment's end.
    fn step(&mut self) -> Attempt<bool> {
        if self.is_ended {
            return Ok(false);
        }
        let found = self.scan.advance();
        let found = found.map_err(|error| self.plan.wrap("read")(error))?;
        let fault = match found {
            Advance::Frame(start) => {
                let frame = self.scan.current();
                if self.plan.packed.is_none() {
                    self.follow.take(&frame, start);
                }
                if let Some(seal) = &mut self.seal {
                    seal.frame(&frame);
                }
                self.is_pending = true;
                return Ok(true);
            }
            Advance::End if self.scan.is_at_end(u64::from(self.plan.entry.end_offset)) => {
                self.is_ended = true;
                return Ok(false);
            }
            Advance::End => FrameFault::Blank,
            Advance::Fault(fault) => fault,
        };
        let lsn = self.scan.next_lsn();
        Err(Refusal::Damaged(format!(
            "where lsn {lsn} should be: {fault}"
        )))
    }

    fn pace(&mut self) {
        if let Some(paced) = &mut self.paced {
            let offset = self.scan.offset();
            let read = offset.saturating_sub(*paced);
            *paced = offset;
            (self.plan.pace)(read);
        }
    }

    /// The segment's end, once all is read and the records have shown to be those that were sealed.
    fn end(&self) -> Attempt<State> {
        let seal = self.seal.as_ref().map(SealHasher::finish);
        if seal.is_some_and(|seal| seal != self.plan.sealed.seal) {
            let cause = "the records are not those that were sealed";
            return Err(Refusal::Damaged(cause.to_owned()));
        }
        Ok(match self.plan.packed {
            Some(pack) => pack.footer.end,
            None => self.follow.state,
        })
    }
}

/// Where the bytes go: into a file, or nowhere when only their number is wanted.
struct Output {
    file: Option<Arc<dyn MediumFile>>,
    len: u64,
    root: blake3::Hasher,
}

impl Output {
    fn push(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if let Some(file) = &self.file {
            file.write_at(bytes, self.len)?;
            self.root.update(bytes);
        }
        self.len += bytes.len() as u64;
        Ok(())
    }
}

/// Packs a segment into `file`, without making it durable.
pub(crate) fn rewrite(plan: &Plan<'_>, file: Option<Arc<dyn MediumFile>>) -> Attempt<Rewritten> {
    let wrap = plan.wrap("write a packed segment");
    let mut output = Output {
        file,
        len: 0,
        root: blake3::Hasher::new(),
    };
    let header = plan.entry.header.encode();
    output.push(&header).map_err(&wrap)?;
    output.push(&plan.header.encode()).map_err(&wrap)?;
    let mut gather = Gather::new(plan, true)?;
    let (mut batches, mut blocks, mut room) = (Batches::default(), Vec::new(), Vec::new());
    while let Some(lsns) = gather.next_block(&mut batches)? {
        let records = batches.records_in(room);
        let packed = plan.packer.pack(&records);
        room = emptied(records);
        blocks.push(push_block(&batches, packed, lsns, &mut output).map_err(&wrap)?);
    }
    let end = gather.end()?;
    if let Some(last) = blocks.last_mut() {
        // Behind the last block's records there may be more that were left out.
        last.next_lsn = end.next_lsn;
    }
    let footer = footer(plan, &gather, end, blocks, &output);
    let bytes = footer.encode();
    output.push(&bytes).map_err(&wrap)?;
    Ok(Rewritten {
        footer,
        len: output.len,
        dropped: gather.dropped.count,
        overwritten: gather.overwritten.count,
    })
}

/// The same memory for other records: a block's worth of it is too much to ask for each time.
fn emptied<'a>(mut records: Vec<PackRecord<'_>>) -> Vec<PackRecord<'a>> {
    records.clear();
    let none = records.into_iter();
    none.map(|_| unreachable!("there is no record")).collect()
}

fn push_block(
    batches: &Batches,
    mut bytes: Vec<u8>,
    lsns: (u64, u64),
    output: &mut Output,
) -> std::io::Result<BlockEntry> {
    let (commit_time_first, commit_time_last) = batches.commit_times();
    let len = bytes.len();
    bytes.extend_from_slice(&batches.facts().encode());
    let offset = output.len;
    output.push(&bytes)?;
    Ok(BlockEntry {
        first_lsn: lsns.0,
        next_lsn: lsns.1,
        commit_time_first,
        commit_time_last,
        offset,
        len: len as u32,
        facts_len: (bytes.len() - len) as u32,
        count: batches.record_count() as u32,
        crc: crc32fast::hash(&bytes),
    })
}

fn footer(
    plan: &Plan<'_>,
    gather: &Gather<'_>,
    end: State,
    blocks: Vec<BlockEntry>,
    output: &Output,
) -> PackFooter {
    let before = plan.packed.map(|pack| &pack.footer);
    let mut dropped = before.map_or_else(Vec::new, |footer| footer.dropped.clone());
    let mut floor = before.map_or(0, |footer| footer.floor);
    let (left_out, written_over) = (&gather.dropped, &gather.overwritten);
    if left_out.count + written_over.count > 0 {
        floor = floor.max(plan.floor);
    }
    // What was written over is still there, so the second entry counts no record.
    for (now, count) in [(left_out, left_out.count), (written_over, 0)] {
        if now.count > 0 {
            dropped.push(Dropped {
                generation: plan.header.generation,
                first_lsn: now.first_lsn,
                next_lsn: now.next_lsn,
                count,
                hash: now.hasher.finish(),
            });
        }
    }
    PackFooter {
        header: plan.header,
        end,
        count: end.next_lsn - end.base,
        commit_time_first: plan.sealed.commit_time_first,
        seal: plan.sealed.seal,
        previous_seal: plan.sealed.previous_seal,
        root: *output.root.finalize().as_bytes(),
        floor,
        original_len: plan.original_len,
        blocks,
        dropped,
        dictionary: plan.sealed.dictionary.clone(),
    }
}

/// Reads a packed file that is not named yet and compares it with the segment, batch by batch.
pub(crate) fn compare(
    plan: &Plan<'_>,
    file: Arc<dyn MediumFile>,
    footer: &PackFooter,
) -> Attempt<()> {
    let wrap = plan.wrap("read a packed segment back");
    let wrong = |what: &str| {
        let base = plan.entry.header.base;
        let text = format!("what was packed from segment {base} does not come back: {what}");
        Refusal::Failed(plan.wrap("pack")(std::io::Error::other(text)))
    };
    let pack = PackFile::read(file).map_err(&wrap)?;
    let pack = pack.ok_or_else(|| wrong("the header or footer"))?;
    if *pack.footer != *footer || pack.header != plan.entry.header {
        return Err(wrong("the header or footer"));
    }
    if root_of(&*pack.file, pack.footer_offset).map_err(&wrap)? != footer.root {
        return Err(wrong("the bytes"));
    }
    let mut gather = Gather::new(plan, false)?;
    let (mut original, mut copy, mut bytes) = (Batches::default(), Batches::default(), Vec::new());
    let mut blocks = pack.footer.blocks.iter();
    while gather.next_block(&mut original)?.is_some() {
        let entry = blocks.next().ok_or_else(|| wrong("a block"))?;
        let loaded = crate::unpack::load(&pack, plan.packer, entry, &mut bytes, &mut copy);
        if let Err(fault) = loaded.map_err(&wrap)? {
            return Err(wrong(&fault.to_string()));
        }
        if !original.is_same(&copy) {
            return Err(wrong(&format!("the block at lsn {}", entry.first_lsn)));
        }
    }
    if blocks.next().is_some() {
        return Err(wrong("a block that nobody wrote"));
    }
    gather.end().map(drop)
}

/// Whether a packed segment holds a record that is to be left out.
pub(crate) fn holds_any(
    pack: &PackFile,
    packers: &Packers,
    is_dropped: &(dyn Fn(&PackRecord<'_>) -> bool + Sync),
) -> std::io::Result<std::result::Result<bool, FrameFault>> {
    let mut scan = SegmentScan::Packed(Box::new(PackScan::new(pack.clone(), packers)));
    loop {
        match scan.advance()? {
            Advance::Frame(_) => {
                if records_of(&scan.current()).any(|record| is_dropped(&record)) {
                    return Ok(Ok(true));
                }
            }
            Advance::End => return Ok(Ok(false)),
            Advance::Fault(fault) => return Ok(Err(fault)),
        }
    }
}

/// The hash of a file's first `len` bytes.
pub(crate) fn root_of(file: &dyn MediumFile, len: u64) -> std::io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK_LEN];
    let mut offset = 0;
    while offset < len {
        let wanted = chunk.len().min((len - offset) as usize);
        let got = read_full(file, &mut chunk[..wanted], offset)?;
        hasher.update(&chunk[..got]);
        if got < wanted {
            break;
        }
        offset += got as u64;
    }
    Ok(*hasher.finalize().as_bytes())
}
