//! Reading the log in order, from any lsn to the visible end and on as it grows.
//!
//! Invariants: a reader yields every visible record once, in lsn order; it never yields bytes that failed a check, and
//! it stops with an error at damage instead of stepping over it, unless the caller asks or the range is quarantined.

mod sealed;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::{Catalog, Entry, Missing, last_lsn_before, segment_path};
use crate::codec::frame::{Frame, FrameFault};
use crate::codec::manifest::{Manifest, Quarantine};
use crate::codec::state::State;
use crate::error::{LogError, Result};
use crate::ids::{Cursor, EpochId, Lsn, WriterId};
use crate::medium::Medium;
use crate::options::OpenOptions;
use crate::pack::Packer;
use crate::packed::{self, PackedBlock};
use crate::record::BatchRecords;
use crate::repair::read_manifest;
use crate::scan::Advance;
use crate::shared::Shared;
use crate::source::Source;
use crate::stored::{Names, PackFile};
use crate::survey::{Verdict, read_footer};
use crate::unpack::SegmentScan;
use crate::verify::Purged;

/// Frames in order; what [`Reader`] and the log's own parts share.
pub(crate) struct Frames {
    source: Source,
    catalog: Catalog,
    manifest: Option<Manifest>,
    end: State,
    next_lsn: u64,
    open: Option<(Entry, SegmentScan)>,
    /// The folder as it was at the last refresh, once a segment was opened since.
    names: Option<Names>,
}

/// A range of records that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// The first lost record.
    pub first: Lsn,
    /// The first record behind the damage.
    pub end: Lsn,
}

fn lsn(value: u64) -> Lsn {
    Lsn::new(value.max(1)).expect("at least 1")
}

impl Frames {
    /// Over an open handle, from `next_lsn`.
    pub fn of(shared: &Shared, next_lsn: u64) -> Result<Frames> {
        Frames::new(Source::of(shared), next_lsn)
    }

    pub fn new(mut source: Source, next_lsn: u64) -> Result<Frames> {
        let end = source.end()?;
        let manifest = read_manifest(&*source.medium, &source.format)?;
        let mut frames = Frames {
            source,
            catalog: Catalog::default(),
            manifest,
            end,
            next_lsn: next_lsn.max(1),
            open: None,
            names: None,
        };
        frames.refresh_catalog()?;
        Ok(frames)
    }

    fn refresh_catalog(&mut self) -> Result<()> {
        if self.end.base == 0 {
            return Ok(());
        }
        self.catalog
            .refresh(&*self.source.medium, self.source.format.store, &self.end)
    }

    /// Looks how far the log goes now.
    pub fn refresh(&mut self) -> Result<()> {
        let end = self.source.end()?;
        if end == self.end {
            return Ok(());
        }
        self.end = end;
        self.names = None;
        self.refresh_catalog()?;
        if let Some((entry, scan)) = &mut self.open
            && let Some(now) = self
                .catalog
                .entries()
                .iter()
                .find(|now| now.header.base == entry.header.base)
        {
            *entry = *now;
            scan.set_limit(u64::from(now.end_offset));
        }
        Ok(())
    }

    /// The next frame, or `None` at the end that was visible at the last refresh.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        while self.next_lsn < self.end.next_lsn {
            if self.open.is_none() && !self.open_next()? {
                continue;
            }
            if self.advance()? {
                let (_, scan) = self.open.as_ref().expect("advance keeps it open");
                return Ok(Some(scan.current()));
            }
        }
        Ok(None)
    }

    /// Steps the open segment; true when it stands at a frame that the caller has not had.
    fn advance(&mut self) -> Result<bool> {
        let (entry, scan) = self.open.as_mut().expect("the caller opened a segment");
        let path = || segment_path(&*self.source.medium, entry.header.base);
        let found = scan
            .advance()
            .map_err(|error| LogError::io(path(), "read", error))?;
        match found {
            Advance::Frame(_) => {
                let next_lsn = scan.next_lsn();
                let is_new = next_lsn > self.next_lsn;
                self.next_lsn = self.next_lsn.max(next_lsn);
                Ok(is_new)
            }
            Advance::End | Advance::Fault(_) if scan.is_at_end(u64::from(entry.end_offset)) => {
                self.next_lsn = self.next_lsn.max(entry.next_lsn);
                self.open = None;
                Ok(false)
            }
            Advance::End => self.damaged(FrameFault::Blank),
            Advance::Fault(fault) => self.damaged(fault),
        }
    }

    fn is_quarantined(&self, base: u64, offset: u64) -> bool {
        let covers = |known: &Quarantine| {
            let range = u64::from(known.offset)..u64::from(known.end_offset);
            known.base == base && range.contains(&offset)
        };
        self.manifest
            .as_ref()
            .is_some_and(|manifest| manifest.quarantined.iter().any(covers))
    }

    fn missing(&self, missing: &Missing) -> LogError {
        LogError::Corrupt {
            path: segment_path(&*self.source.medium, missing.base),
            offset: 0,
            lsn: lsn(self.next_lsn),
            cause: "the segment is missing or its header is damaged".into(),
        }
    }

    fn damaged(&mut self, fault: FrameFault) -> Result<bool> {
        let (entry, scan) = self
            .open
            .as_ref()
            .expect("damage is met in an open segment");
        let (base, offset) = (entry.header.base, scan.offset());
        if self.is_quarantined(base, offset) {
            self.skip_damage()?;
            return Ok(false);
        }
        let path = crate::stored::path(&*self.source.medium, base);
        let lsn = lsn(scan.next_lsn());
        Err(match fault {
            FrameFault::Packer(packer) => LogError::NoPacker { path, packer, lsn },
            fault => LogError::Corrupt {
                path,
                offset,
                lsn,
                cause: fault.to_string(),
            },
        })
    }

    /// Steps over damage that [`Frames::next_frame`] reported.
    pub fn skip_damage(&mut self) -> Result<Lost> {
        let Some((entry, scan)) = self.open.as_mut() else {
            let first = lsn(self.next_lsn);
            let missing = self.catalog.missing_at(self.next_lsn);
            self.next_lsn = missing.map_or(self.next_lsn, |missing| missing.next_lsn);
            return Ok(Lost {
                first,
                end: lsn(self.next_lsn),
            });
        };
        let first = lsn(scan.next_lsn());
        let path = segment_path(&*self.source.medium, entry.header.base);
        let found = scan.skip_damage(entry.next_lsn);
        if found.map_err(|error| LogError::io(path, "read", error))? {
            let end = lsn(scan.next_lsn());
            self.next_lsn = self.next_lsn.max(end.get());
            return Ok(Lost { first, end });
        }
        let end = lsn(entry.next_lsn);
        self.next_lsn = self.next_lsn.max(end.get());
        self.open = None;
        Ok(Lost { first, end })
    }

    /// Opens the segment that holds the next lsn, as near to it as its index leads.
    fn open_next(&mut self) -> Result<bool> {
        if let Some(missing) = self.catalog.missing_at(self.next_lsn).copied() {
            if !self.is_quarantined(missing.base, 0) {
                return Err(self.missing(&missing));
            }
            self.next_lsn = missing.next_lsn;
            return Ok(false);
        }
        let Some(entry) = self.catalog.find(self.next_lsn).copied() else {
            self.next_lsn = self.end.next_lsn;
            return Ok(false);
        };
        let medium = &*self.source.medium;
        let wrap = |error| LogError::io(segment_path(medium, entry.header.base), "open", error);
        let end_offset = u64::from(entry.end_offset);
        let (packers, names) = (&self.source.packers, &mut self.names);
        let scan = SegmentScan::open(medium, &entry.header, end_offset, packers, names);
        let mut scan = scan.map_err(wrap)?;
        scan.seek_block(self.next_lsn);
        if self.next_lsn > entry.header.base
            && let SegmentScan::Raw(scan) = &mut scan
            && let Some(footer) =
                read_footer(medium, &entry.header, entry.end_offset).map_err(wrap)?
        {
            let at = footer
                .index
                .partition_point(|index| index.lsn <= self.next_lsn);
            if let Some(index) = at.checked_sub(1).and_then(|at| footer.index.get(at)) {
                scan.seek(u64::from(index.offset), index.lsn)
                    .map_err(wrap)?;
            }
        }
        self.next_lsn = self.next_lsn.max(entry.header.base);
        self.open = Some((entry, scan));
        Ok(true)
    }

    /// The epoch that `lsn` lies in, or the last one.
    fn epoch_at(&self, value: u64) -> EpochId {
        let entries = self.catalog.entries();
        let entry = self.catalog.find(value).or(entries.last());
        entry.map_or(EpochId([0; 16]), |entry| entry.header.epoch)
    }

    /// The lsn after the last record of an epoch; `None` when the log does not know it.
    fn epoch_end(&self, epoch: EpochId) -> Option<u64> {
        let of_epoch = self
            .catalog
            .entries()
            .iter()
            .filter(|entry| entry.header.epoch == epoch);
        of_epoch.map(|entry| entry.next_lsn).max()
    }

    fn epoch_is_known(&self, cursor: Cursor) -> Result<()> {
        let known_end = self.epoch_end(cursor.epoch);
        if known_end.is_some_and(|end| cursor.next.get() <= end) {
            return Ok(());
        }
        // Without the epoch, everything from the first lsn it can have had is in doubt.
        let next = known_end.unwrap_or_else(|| {
            let at = self
                .catalog
                .entries()
                .partition_point(|entry| entry.next_lsn <= cursor.next.get());
            self.catalog
                .entries()
                .get(at)
                .map_or(self.end.next_lsn, |entry| entry.header.epoch_base)
        });
        let to = Cursor {
            epoch: self.epoch_at(next),
            next: lsn(next),
        };
        Err(LogError::Rewound { to })
    }
}

/// Reads records in order. Needs no right to write.
pub struct Reader {
    frames: Frames,
}

impl Reader {
    /// Opens the store in `path` for reading, at its first record.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Reader> {
        let medium = crate::start::medium_at(path, false, options)?;
        Reader::on_with(medium, options.packers.clone())
    }

    /// Opens the store on any medium.
    pub fn on(medium: Arc<dyn Medium>) -> Result<Reader> {
        Reader::on_with(medium, Vec::new())
    }

    /// Opens the store on any medium, with packers that can unpack its segments.
    pub fn on_with(medium: Arc<dyn Medium>, packers: Vec<Arc<dyn Packer>>) -> Result<Reader> {
        let format = crate::start::require_format(&*medium)?;
        Ok(Reader {
            frames: Frames::new(Source::open(medium, format, packers), 1)?,
        })
    }

    pub(crate) fn of(shared: &Shared) -> Result<Reader> {
        Ok(Reader {
            frames: Frames::of(shared, 1)?,
        })
    }

    /// Goes on at `next`, which may lie behind the visible end.
    pub fn seek(&mut self, next: Lsn) {
        self.frames.next_lsn = next.get();
        self.frames.open = None;
    }

    /// Goes on where a cursor was taken, or says where the log was rewound to.
    pub fn resume(&mut self, cursor: Cursor) -> Result<()> {
        self.frames.refresh()?;
        self.frames.epoch_is_known(cursor)?;
        self.seek(cursor.next);
        Ok(())
    }

    /// Where this reader stands, for resuming.
    pub fn cursor(&self) -> Cursor {
        let next = self.frames.next_lsn;
        let epoch = match self.frames.epoch_at(next.saturating_sub(1)) {
            epoch if next > 1 => epoch,
            _ => self.frames.epoch_at(1),
        };
        Cursor {
            epoch,
            next: lsn(next),
        }
    }

    /// The next record that will be read.
    pub fn next_lsn(&self) -> Lsn {
        lsn(self.frames.next_lsn)
    }

    /// The lsn after the last visible record, as of the last refresh.
    pub fn end(&self) -> Lsn {
        lsn(self.frames.end.next_lsn)
    }

    /// Looks how far the log goes now.
    pub fn refresh(&mut self) -> Result<Lsn> {
        self.frames.refresh()?;
        Ok(self.end())
    }

    /// How the log's end was found, when no process has the store open for writing.
    pub fn verdict(&self) -> Option<Verdict> {
        self.frames.source.verdict()
    }

    /// The records of the next batch, or `None` at the end visible at the last refresh.
    /// The first batch after a seek may begin before the lsn that was asked for.
    pub fn next_batch(&mut self) -> Result<Option<BatchRecords<'_>>> {
        let frame = self.frames.next_frame()?;
        Ok(frame.and_then(|frame| BatchRecords::new(&frame)))
    }

    /// Steps over damage that a read reported, and says what is lost.
    pub fn skip_damage(&mut self) -> Result<Lost> {
        self.frames.skip_damage()
    }

    /// Sleeps until there may be more to read, or the time is over; then refreshes. True when there is more.
    pub fn wait(&mut self, timeout: Duration) -> Result<bool> {
        let deadline = crate::door::monotonic() + timeout;
        loop {
            self.frames.refresh()?;
            let is_more = self.frames.next_lsn < self.frames.end.next_lsn;
            let left = deadline.saturating_duration_since(crate::door::monotonic());
            if is_more || left.is_zero() {
                return Ok(is_more);
            }
            self.frames.source.wait(left)?;
        }
    }

    /// Whether the handle of a writer is open in some living process.
    pub fn is_alive(&self, writer: WriterId) -> Result<bool> {
        self.frames.source.is_alive(writer)
    }

    /// The last record whose commit time is not later than `time_ns`; `None` when all are later.
    pub fn last_at(&mut self, time_ns: i64) -> Result<Option<Lsn>> {
        self.frames.refresh()?;
        let entries = self.frames.catalog.entries();
        let at = entries.partition_point(|entry| entry.header.created_ns <= time_ns);
        let Some(entry) = at.checked_sub(1).map(|at| entries[at]) else {
            return Ok(None);
        };
        let mut last = last_lsn_before(&entries[..at]);
        let kept = (self.frames.next_lsn, self.frames.open.take());
        let start = self.index_before(&entry, time_ns)?;
        self.frames.next_lsn = start;
        while let Some(frame) = self.frames.next_frame()? {
            if frame.header.commit_time > time_ns {
                break;
            }
            last = frame.next_lsn() - 1;
        }
        (self.frames.next_lsn, self.frames.open) = kept;
        Ok(Lsn::new(last))
    }

    fn index_before(&self, entry: &Entry, time_ns: i64) -> Result<u64> {
        let medium = &*self.frames.source.medium;
        let footer = read_footer(medium, &entry.header, entry.end_offset).map_err(|error| {
            LogError::io(segment_path(medium, entry.header.base), "read", error)
        })?;
        let index = footer.map(|footer| footer.index).unwrap_or_default();
        let at = index.partition_point(|index| index.commit_time <= time_ns);
        Ok(at
            .checked_sub(1)
            .map_or(entry.header.base, |at| index[at].lsn))
    }

    /// The log's segments: base lsn, lsn after the last record, allocated bytes, bytes in use.
    pub fn segments(&self) -> Vec<SegmentInfo> {
        // What cannot be listed counts as not packed: reading it says why.
        let packs = self.packs().unwrap_or_default();
        let info = |entry: &Entry| {
            let pack = packs.binary_search_by_key(&entry.header.base, |pack| pack.header.base);
            let packed_len = pack.ok().map(|at| packs[at].len);
            SegmentInfo {
                base: lsn(entry.header.base),
                next: lsn(entry.next_lsn),
                epoch: entry.header.epoch,
                allocated: packed_len.unwrap_or(u64::from(entry.header.len)),
                used: packed_len.unwrap_or(u64::from(entry.end_offset)),
                is_packed: packed_len.is_some(),
            }
        };
        self.frames.catalog.entries().iter().map(info).collect()
    }

    fn packs(&self) -> Result<Vec<PackFile>> {
        let medium = &*self.frames.source.medium;
        packed::packs(medium, self.frames.catalog.entries())
            .map_err(|error| LogError::io(medium.path(), "look for packed segments", error))
    }

    /// The blocks of the packed segments, in lsn order, as of the last refresh and what is packed now.
    pub fn packed(&self) -> Result<Vec<PackedBlock>> {
        Ok(packed::blocks(&self.packs()?))
    }

    /// What was dropped on purpose from packed segments, in log order.
    pub fn purged(&self) -> Result<Vec<Purged>> {
        Ok(packed::purged(&self.packs()?))
    }

    /// The newest record because of which others were dropped: what was asked before it can lack them now.
    pub fn floor(&self) -> Result<Option<Lsn>> {
        Ok(packed::floor(&self.packs()?))
    }
}

/// One segment, for `doctor` and `verify`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentInfo {
    /// Lsn of the first record.
    pub base: Lsn,
    /// Lsn after the last one.
    pub next: Lsn,
    /// The epoch.
    pub epoch: EpochId,
    /// Bytes the file has.
    pub allocated: u64,
    /// Bytes up to the end of the last frame, or all of a packed segment.
    pub used: u64,
    /// Whether the segment is packed.
    pub is_packed: bool,
}
