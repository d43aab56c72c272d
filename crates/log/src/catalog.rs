//! Which segments make up the log, in order, and where each one ends.
//!
//! Invariant: the list is the chain of `previous` links from the active segment back, so a file that a killed roll or
//! an earlier life left behind is never in it.

use std::io;
use std::path::PathBuf;

use crate::codec::segment::SegmentHeader;
use crate::codec::state::State;
use crate::error::{LogError, Result};
use crate::ids::StoreId;
use crate::layout::segment_name;
use crate::medium::Medium;
use crate::scan::{Follow, Scan, Step};
use crate::stored::{Headers, Names, Stored};

/// One segment of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its header.
    pub header: SegmentHeader,
    /// End of its last visible frame.
    pub end_offset: u32,
    /// The lsn after its last visible record.
    pub next_lsn: u64,
}

/// A segment that the log has and that cannot be read: its file is missing or its header is damaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Missing {
    /// Its base lsn.
    pub base: u64,
    /// The first lsn that no readable segment before it holds.
    pub first_lsn: u64,
    /// The lsn after its last record.
    pub next_lsn: u64,
}

/// The log's segments, oldest first.
#[derive(Clone, Default, Debug)]
pub struct Catalog {
    entries: Vec<Entry>,
    missing: Vec<Missing>,
}

/// Reads a segment's header, packed or not; `None` when no file holds one of this store.
pub fn read_header(
    medium: &dyn Medium,
    base: u64,
    store: StoreId,
) -> io::Result<Option<SegmentHeader>> {
    Headers::new(medium, store).read(base)
}

/// Base lsns of all files named as segments, packed or not, ascending. Not all of them need be part of the log.
pub fn segment_bases(medium: &dyn Medium) -> io::Result<Vec<u64>> {
    Ok(Names::list(medium)?.bases().collect())
}

/// A segment's path, for messages.
pub fn segment_path(medium: &dyn Medium, base: u64) -> PathBuf {
    medium.path().join(segment_name(base))
}

/// The last lsn before the last of these segments, 0 when there is none. A segment that was begun and never written
/// to ends where it begins, behind a gap: no record has the lsn before it.
pub fn last_lsn_before(entries: &[Entry]) -> u64 {
    let Some((entry, before)) = entries.split_last() else {
        return 0;
    };
    let previous = entry.header.previous;
    match before.last() {
        Some(blank) if blank.header.base == previous.base && blank.next_lsn == previous.base => {
            last_lsn_before(before)
        }
        _ => previous.next_lsn.saturating_sub(1),
    }
}

impl Catalog {
    /// The oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Brings the list up to the log's end, reading only headers that are new.
    pub fn refresh(&mut self, medium: &dyn Medium, store: StoreId, end: &State) -> Result<()> {
        if let Some(last) = self.entries.last_mut()
            && last.header.base == end.base
        {
            last.end_offset = end.offset;
            last.next_lsn = end.next_lsn;
            return Ok(());
        }
        let wrap = |error| LogError::io(medium.path(), "list the segments", error);
        let (mut newer, mut missing) = (Vec::new(), Vec::new());
        let mut headers = Headers::new(medium, store);
        let (mut base, mut end_offset, mut next_lsn) = (end.base, end.offset, end.next_lsn);
        let mut kept = 0;
        while base != 0 {
            if let Some(known) = self.position(base) {
                self.entries[known].end_offset = end_offset;
                self.entries[known].next_lsn = next_lsn;
                kept = known + 1;
                break;
            }
            if let Some(header) = headers.read(base).map_err(wrap)? {
                newer.push(Entry {
                    header,
                    end_offset,
                    next_lsn,
                });
                let previous = header.previous;
                (base, end_offset, next_lsn) = (previous.base, previous.offset, previous.next_lsn);
            } else {
                // The link back is lost with the header, so the chain goes on in the newest readable file before it.
                let before = newest_before(medium, store, base).map_err(wrap)?;
                let first_lsn = before.map_or(1, |before| before.next_lsn);
                missing.push(Missing {
                    base,
                    first_lsn,
                    next_lsn,
                });
                (base, end_offset, next_lsn) = before.map_or((0, 0, 0), |before| {
                    (before.base, before.offset, before.next_lsn)
                });
            }
        }
        self.entries.truncate(kept);
        let kept_lsn = self.entries.last().map_or(0, |entry| entry.header.base);
        self.missing.retain(|missing| missing.base < kept_lsn);
        self.entries.extend(newer.into_iter().rev());
        self.missing.extend(missing.into_iter().rev());
        Ok(())
    }

    fn position(&self, base: u64) -> Option<usize> {
        self.entries
            .iter()
            .rposition(|entry| entry.header.base == base)
    }

    /// The segments that cannot be read, oldest first.
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// The segment that should hold `lsn` and cannot be read.
    pub fn missing_at(&self, lsn: u64) -> Option<&Missing> {
        self.missing
            .iter()
            .find(|missing| (missing.first_lsn..missing.next_lsn).contains(&lsn))
    }

    /// The segment that holds `lsn`, or the first one behind it.
    pub fn find(&self, lsn: u64) -> Option<&Entry> {
        let at = self.entries.partition_point(|entry| entry.next_lsn <= lsn);
        self.entries.get(at)
    }
}

/// The end of the newest readable segment before `base`, found by reading it: nothing else tells where it ends.
fn newest_before(medium: &dyn Medium, store: StoreId, base: u64) -> io::Result<Option<State>> {
    let bases = segment_bases(medium)?;
    for older in bases.into_iter().rev().filter(|older| *older < base) {
        let Some(header) = read_header(medium, older, store)? else {
            continue;
        };
        let file = match crate::stored::open(medium, older)? {
            Stored::Raw(file) => file,
            Stored::Packed(pack) => return Ok(Some(pack.footer.end)),
            Stored::Broken { .. } => continue,
        };
        let mut follow = Follow {
            state: header.empty_state(),
            count: 0,
        };
        let mut scan = Scan::segment_from(file, &header, &follow.state, u64::from(header.len));
        while let Step::Frame(frame, start) = scan.step()? {
            follow.take(&frame, start);
        }
        return Ok(Some(follow.state));
    }
    Ok(None)
}
