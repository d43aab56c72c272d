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
use crate::layout::{SEGMENT_HEADER_LEN, segment_base, segment_name};
use crate::medium::{Medium, Mode, read_full};

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

/// The log's segments, oldest first.
#[derive(Clone, Default, Debug)]
pub struct Catalog {
    entries: Vec<Entry>,
}

/// Reads a segment's header; `None` when the file holds none of this store.
pub fn read_header(
    medium: &dyn Medium,
    base: u64,
    store: StoreId,
) -> io::Result<Option<SegmentHeader>> {
    let file = match medium.open(&segment_name(base), Mode::Read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut block = [0; SEGMENT_HEADER_LEN];
    if read_full(&*file, &mut block, 0)? < block.len() {
        return Ok(None);
    }
    let header = SegmentHeader::decode(&block);
    Ok(header.filter(|header| header.base == base && header.store == store))
}

/// Base lsns of all files named as segments, ascending. Not all of them need be part of the log.
pub fn segment_bases(medium: &dyn Medium) -> io::Result<Vec<u64>> {
    let mut bases: Vec<u64> = medium
        .list(".")?
        .iter()
        .filter_map(|name| segment_base(name))
        .collect();
    bases.sort_unstable();
    Ok(bases)
}

/// A segment's path, for messages.
pub fn segment_path(medium: &dyn Medium, base: u64) -> PathBuf {
    medium.path().join(segment_name(base))
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
        let mut newer = Vec::new();
        let (mut base, mut end_offset, mut next_lsn) = (end.base, end.offset, end.next_lsn);
        while base != 0 {
            if let Some(known) = self
                .entries
                .iter()
                .rposition(|entry| entry.header.base == base)
            {
                self.entries.truncate(known + 1);
                self.entries[known].end_offset = end_offset;
                self.entries[known].next_lsn = next_lsn;
                break;
            }
            let Some(header) = read_header(medium, base, store).map_err(|error| {
                LogError::io(segment_path(medium, base), "read the header", error)
            })?
            else {
                newer.push(missing(medium, base, next_lsn));
                break;
            };
            newer.push(Ok(Entry {
                header,
                end_offset,
                next_lsn,
            }));
            (base, end_offset, next_lsn) = (
                header.previous.base,
                header.previous.offset,
                header.previous.next_lsn,
            );
        }
        if base == 0 {
            self.entries.clear();
        }
        for entry in newer.into_iter().rev() {
            match entry {
                Ok(entry) => self.entries.push(entry),
                // What lies before a missing segment cannot be reached through it; the files are looked at instead.
                Err(_) => self.entries = older_entries(medium, store, base)?,
            }
        }
        Ok(())
    }

    /// The segment that holds `lsn`, or the first one behind it.
    pub fn find(&self, lsn: u64) -> Option<&Entry> {
        let at = self.entries.partition_point(|entry| entry.next_lsn <= lsn);
        self.entries.get(at)
    }
}

fn missing(medium: &dyn Medium, base: u64, lsn: u64) -> Result<Entry> {
    Err(LogError::Corrupt {
        path: segment_path(medium, base),
        offset: 0,
        lsn: crate::ids::Lsn::new(lsn.max(1)).expect("at least 1"),
        cause: "the segment is missing or its header is damaged".into(),
    })
}

/// The chain that ends in the newest readable segment before `base`: what is left when a link is broken.
fn older_entries(medium: &dyn Medium, store: StoreId, base: u64) -> Result<Vec<Entry>> {
    let wrap = |error| LogError::io(medium.path(), "list the segments", error);
    let mut entries: Vec<Entry> = Vec::new();
    let bases = segment_bases(medium).map_err(wrap)?;
    for older in bases.into_iter().filter(|older| *older < base) {
        let Some(header) = read_header(medium, older, store).map_err(wrap)? else {
            continue;
        };
        if let Some(before) = entries.last_mut()
            && before.header.base == header.previous.base
        {
            before.end_offset = header.previous.offset;
            before.next_lsn = header.previous.next_lsn;
        }
        entries.push(Entry {
            header,
            end_offset: header.len,
            next_lsn: base,
        });
    }
    Ok(entries)
}
