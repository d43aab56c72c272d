//! Writing footers behind rolled segments, in the background, oldest first.
//!
//! Invariant: a footer is only written behind a segment whose every frame was read and checked, and whose predecessor
//! is sealed, so the chain of seal hashes has no gap.

use std::collections::HashSet;
use std::io;

use crate::catalog::{Catalog, Entry, segment_path};
use crate::codec::footer::{Footer, IndexEntry};
use crate::codec::frame::Frame;
use crate::codec::record::{RawRecord, push_record, split_record};
use crate::error::{LogError, Result};
use crate::failpoint;
use crate::layout::{LOCK_MUTATOR, segment_name};
use crate::medium::{Medium, Mode};
use crate::pack::PackRecord;
use crate::pack::batches::records_of;
use crate::scan::{Scan, Step};
use crate::shared::Shared;
use crate::stored;
use crate::survey::read_footer;

/// Bytes between two entries of the sparse index.
const INDEX_INTERVAL: u64 = 4096;
const DICTIONARY_LEN_MAX: usize = 4 << 20;
/// Bytes hashed at a time.
const GATHERED_LEN: usize = 64 << 10;

/// Hashes the records of the log as the format prescribes.
pub(crate) struct SealHasher {
    hasher: blake3::Hasher,
    /// Not hashed yet: many records at once are hashed several times as fast as one by one.
    gathered: Vec<u8>,
}

impl SealHasher {
    /// Starts a segment's hash.
    pub fn new(previous_seal: &[u8; 32]) -> SealHasher {
        let mut hasher = SealHasher::unchained();
        hasher.gathered.extend_from_slice(previous_seal);
        hasher
    }

    /// Starts a hash that continues no other.
    pub fn unchained() -> SealHasher {
        SealHasher {
            hasher: blake3::Hasher::new(),
            gathered: Vec::new(),
        }
    }

    /// Adds one record.
    pub fn record(&mut self, record: &PackRecord<'_>) {
        let out = &mut self.gathered;
        out.extend_from_slice(&record.lsn.get().to_le_bytes());
        out.extend_from_slice(&record.type_id.to_le_bytes());
        out.extend_from_slice(&record.version.to_le_bytes());
        out.extend_from_slice(&record.writer.0.to_le_bytes());
        out.extend_from_slice(&record.time_ns.to_le_bytes());
        out.extend_from_slice(&record.commit_time_ns.to_le_bytes());
        out.extend_from_slice(&(record.payload.len() as u32).to_le_bytes());
        out.extend_from_slice(record.payload);
        if out.len() >= GATHERED_LEN {
            self.hasher.update(&self.gathered);
            self.gathered.clear();
        }
    }

    /// Adds a frame's records.
    pub fn frame(&mut self, frame: &Frame<'_>) {
        for record in records_of(frame) {
            self.record(&record);
        }
    }

    /// The seal.
    pub fn finish(&self) -> [u8; 32] {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.gathered);
        *hasher.finalize().as_bytes()
    }
}

/// Seals segments before the active one that are not sealed yet, the oldest ones first. Returns how many.
pub(crate) fn seal_rolled(shared: &Shared, count_max: usize) -> Result<usize> {
    let medium = &*shared.medium;
    let end = shared.tail()?.state;
    let mut catalog = Catalog::default();
    catalog.refresh(medium, shared.format.store, &end)?;
    let rolled = &catalog.entries()[..catalog.entries().len().saturating_sub(1)];
    let wrap = |error| LogError::io(medium.path(), "seal", error);
    let first = first_unsealed(medium, rolled).map_err(wrap)?;
    if first == rolled.len() || !medium.try_lock(LOCK_MUTATOR).map_err(wrap)? {
        return Ok(0);
    }
    let sealed = seal_from(
        shared,
        &rolled[..rolled.len().min(first.saturating_add(count_max))],
        first,
    );
    medium.unlock(LOCK_MUTATOR).map_err(wrap)?;
    sealed
}

/// Writes the footers again that were damaged between sealed segments, where the records still have the hash that the
/// next footer continues. Returns how many.
pub(crate) fn reseal_damaged(shared: &Shared) -> Result<usize> {
    let medium = &*shared.medium;
    let end = shared.tail()?.state;
    let mut catalog = Catalog::default();
    catalog.refresh(medium, shared.format.store, &end)?;
    let wrap = |error| LogError::io(medium.path(), "seal again", error);
    let footers = catalog.entries().iter();
    let footers = footers.map(|entry| read_footer(medium, &entry.header, entry.end_offset));
    let footers = footers.collect::<io::Result<Vec<_>>>().map_err(wrap)?;
    let files = stored::Names::list(medium).map_err(wrap)?;
    let mut count = 0;
    let mut previous = Some(Footer::default());
    for (index, entry) in catalog.entries().iter().enumerate() {
        let next = footers.get(index + 1).and_then(Option::as_ref);
        let footer = match (&footers[index], &previous, next) {
            (None, Some(previous), Some(next)) if files.forms(entry.header.base).is_raw => {
                let again = footer_of(shared, entry, previous)?;
                let is_same = again.seal == next.previous_seal;
                is_same.then_some((again, true))
            }
            (footer, _, _) => footer.clone().map(|footer| (footer, false)),
        };
        if let Some((footer, true)) = &footer {
            write_footer(medium, entry, footer).map_err(wrap)?;
            count += 1;
        }
        previous = footer.map(|(footer, _)| footer);
    }
    Ok(count)
}

/// Footers are written oldest first, so the unsealed ones are the last ones.
fn first_unsealed(medium: &dyn Medium, rolled: &[Entry]) -> io::Result<usize> {
    for (index, entry) in rolled.iter().enumerate().rev() {
        if read_footer(medium, &entry.header, entry.end_offset)?.is_some() {
            return Ok(index + 1);
        }
    }
    Ok(0)
}

fn seal_from(shared: &Shared, rolled: &[Entry], first: usize) -> Result<usize> {
    let medium = &*shared.medium;
    let wrap = |error| LogError::io(medium.path(), "seal", error);
    let before = first.checked_sub(1).map(|index| rolled[index]);
    let previous = before.map(|before| read_footer(medium, &before.header, before.end_offset));
    let mut previous = previous
        .transpose()
        .map_err(wrap)?
        .flatten()
        .unwrap_or_default();
    for entry in &rolled[first..] {
        previous = seal_one(shared, entry, &previous)?;
    }
    Ok(rolled.len() - first)
}

fn seal_one(shared: &Shared, entry: &Entry, previous: &Footer) -> Result<Footer> {
    let footer = footer_of(shared, entry, previous)?;
    failpoint::hit("seal.hashed");
    write_footer(&*shared.medium, entry, &footer).map_err(|error| {
        LogError::io(
            segment_path(&*shared.medium, entry.header.base),
            "seal",
            error,
        )
    })?;
    failpoint::hit("seal.written");
    Ok(footer)
}

fn write_footer(medium: &dyn Medium, entry: &Entry, footer: &Footer) -> io::Result<()> {
    let file = medium.open(&segment_name(entry.header.base), Mode::Write)?;
    let bytes = footer.encode();
    file.write_at(&bytes, u64::from(entry.end_offset))?;
    // Before the next one, or a power cut could leave a footer behind an unsealed segment that nobody comes back to.
    file.sync()?;
    // A writer that was killed leaves most of its segment unused; what was torn behind the cut lies in trash.
    file.release(u64::from(entry.end_offset) + bytes.len() as u64);
    Ok(())
}

/// Reads and checks a rolled segment and gives its footer.
fn footer_of(shared: &Shared, entry: &Entry, previous: &Footer) -> Result<Footer> {
    let medium = &*shared.medium;
    let path = segment_path(medium, entry.header.base);
    let wrap = |error| LogError::io(path.clone(), "seal", error);
    let file = medium
        .open(&segment_name(entry.header.base), Mode::Read)
        .map_err(wrap)?;
    let state = entry.header.empty_state();
    let limit = u64::from(entry.end_offset);
    let mut scan = Scan::segment_from(file, &entry.header, &state, limit);
    let footer = summarise(shared, entry, previous, &mut scan).map_err(wrap)?;
    footer
        .filter(|footer| footer.next_lsn == entry.next_lsn)
        .ok_or_else(|| LogError::Corrupt {
            path,
            offset: scan.offset(),
            lsn: crate::ids::Lsn::new(scan.next_lsn().max(1)).expect("at least 1"),
            cause: "a rolled segment has no whole frame there".into(),
        })
}

fn summarise(
    shared: &Shared,
    entry: &Entry,
    previous: &Footer,
    scan: &mut Scan,
) -> io::Result<Option<Footer>> {
    let mut hasher = SealHasher::new(&previous.seal);
    let mut names = Names::of(&previous.dictionary);
    let mut footer = Footer {
        offset: entry.end_offset,
        base: entry.header.base,
        previous_seal: previous.seal,
        commit_time_first: entry.header.created_ns,
        ..Footer::default()
    };
    let mut next_index = 0;
    loop {
        match scan.step()? {
            Step::Frame(frame, start) => {
                hasher.frame(&frame);
                if footer.count == 0 {
                    footer.commit_time_first = frame.header.commit_time;
                }
                footer.commit_time_last = frame.header.commit_time;
                footer.count += u64::from(frame.header.count);
                if start >= next_index {
                    next_index = start + INDEX_INTERVAL;
                    let (lsn, commit_time) = (frame.first_lsn, frame.header.commit_time);
                    footer.index.push(IndexEntry {
                        lsn,
                        commit_time,
                        offset: start as u32,
                    });
                }
                names.take(shared.options.dictionary_types, &frame);
            }
            Step::End => {
                if scan.offset() != u64::from(entry.end_offset) {
                    return Ok(None);
                }
                footer.next_lsn = scan.next_lsn();
                footer.seal = hasher.finish();
                footer.dictionary = names.bytes;
                return Ok(Some(footer));
            }
            Step::Fault => return Ok(None),
        }
    }
}

/// The names known up to a segment's end: each footer repeats them, so that a segment can be read without the others.
struct Names {
    bytes: Vec<u8>,
    known: HashSet<(u16, Vec<u8>)>,
}

impl Names {
    /// Starts with what the footer before repeats.
    fn of(dictionary: &[u8]) -> Names {
        let mut names = Names {
            bytes: Vec::new(),
            known: HashSet::new(),
        };
        let mut rest = dictionary;
        while let Some((record, after)) = split_record(rest) {
            names.add(&record);
            rest = after;
        }
        names
    }

    fn take(&mut self, types: &[u16], frame: &Frame) {
        for record in frame
            .records()
            .filter(|record| types.contains(&record.type_id))
        {
            self.add(&record);
        }
    }

    fn add(&mut self, record: &RawRecord) {
        let has_room = self.bytes.len() + record.payload.len() < DICTIONARY_LEN_MAX;
        if has_room && self.known.insert((record.type_id, record.payload.to_vec())) {
            push_record(
                &mut self.bytes,
                &RawRecord {
                    time: None,
                    ..*record
                },
            );
        }
    }
}
