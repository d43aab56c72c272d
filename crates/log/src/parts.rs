//! The files that a log consists of at one moment, for whoever keeps copies of them elsewhere.
//!
//! 1. Together the parts hold every record below one lsn and none from it on; that lsn was the log's visible end.
//! 2. Nobody is held up: a part whose file was replaced since is said to have moved, and the list is made again.
//! 3. Of a sealed segment every byte before its end is fixed for ever, so its mark says whether a copy of it is known.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::catalog::{Catalog, Entry};
use crate::codec::footer::Footer;
use crate::codec::manifest::Quarantine;
use crate::codec::state::State;
use crate::error::{LogError, Result};
use crate::ids::{EpochId, Lsn, StoreId};
use crate::layout::{FORMAT_LEN, SEGMENT_HEADER_LEN, name, pack_name, segment_name};
use crate::medium::{Medium, MediumFile, Mode, read_file, read_full};
use crate::options::OpenOptions;
use crate::repair::read_manifest;
use crate::scan::{Advance, Scan};
use crate::source::Source;
use crate::stored::{self, PackFile, Stored};
use crate::survey::read_footer;

/// A list of what is quarantined is short.
const MANIFEST_LEN_MAX: usize = 64 << 20;

/// One segment of the log, or its beginning.
#[derive(Clone, Debug)]
pub struct LogPart {
    /// The name of its file in a store.
    pub name: String,
    /// The first lsn that it can hold.
    pub first: Lsn,
    /// The lsn after its last record.
    pub next: Lsn,
    /// How many bytes of the file belong to it, from the file's beginning.
    pub len: u64,
    /// Blake3 over its header and footer where it is sealed: two parts with one name, length and mark are equal. `None`
    /// where more may be written.
    pub mark: Option<[u8; 32]>,
    entry: Entry,
    generation: Option<u32>,
}

/// A small file of a store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmallFile {
    /// Its name.
    pub name: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// What a log consists of at one moment.
pub struct LogParts {
    medium: Arc<dyn Medium>,
    quarantined: Vec<Quarantine>,
    /// The store.
    pub store: StoreId,
    /// The epoch of the newest segment.
    pub epoch: EpochId,
    /// The lsn after the last record.
    pub next: Lsn,
    /// The segments, oldest first.
    pub parts: Vec<LogPart>,
    /// What says which store it is and what of it is damaged: FORMAT comes last.
    pub small: Vec<SmallFile>,
    /// Spools that are not merged yet: their batches are no part of the log.
    pub spools: usize,
}

/// Reads one part from its beginning to its end.
pub struct PartReader {
    file: Arc<dyn MediumFile>,
    offset: u64,
    end: u64,
}

/// Lists what the log in `path` consists of now. Others may go on writing.
///
/// Errors: `NotAStore`; `Corrupt` where a segment is missing that no manifest says is lost.
pub fn log_parts(path: &Path) -> Result<LogParts> {
    let medium = crate::start::medium_at(path, false, &OpenOptions::default())?;
    let format = crate::start::require_format(&*medium)?;
    let end = Source::open(Arc::clone(&medium), format, Vec::new()).end()?;
    let quarantined = read_manifest(&*medium, &format)?.map(|manifest| manifest.quarantined);
    let mut parts = LogParts {
        quarantined: quarantined.unwrap_or_default(),
        store: format.store,
        epoch: EpochId([0; 16]),
        next: lsn(end.next_lsn),
        parts: Vec::new(),
        small: Vec::new(),
        spools: 0,
        medium,
    };
    parts.list(&end)?;
    parts.small_files()?;
    Ok(parts)
}

fn lsn(value: u64) -> Lsn {
    Lsn::new(value.max(1)).expect("at least 1")
}

impl LogParts {
    fn list(&mut self, end: &State) -> Result<()> {
        let mut catalog = Catalog::default();
        if end.base != 0 {
            catalog.refresh(&*self.medium, self.store, end)?;
        }
        let is_known = |base: u64| self.quarantined.iter().any(|known| known.base == base);
        if let Some(lost) = catalog.missing().iter().find(|lost| !is_known(lost.base)) {
            let cause = "the segment is missing or its header is damaged";
            return Err(self.corrupt(lost.base, 0, lost.first_lsn, cause));
        }
        let entries = catalog.entries();
        self.epoch = entries
            .last()
            .map_or(self.epoch, |entry| entry.header.epoch);
        for (number, entry) in entries.iter().enumerate() {
            let is_last = number + 1 == entries.len();
            let part = self.part(entry, is_last)?;
            self.parts.push(part);
        }
        Ok(())
    }

    fn part(&self, entry: &Entry, is_last: bool) -> Result<LogPart> {
        let base = entry.header.base;
        let wrap = |error| LogError::io(stored::path(&*self.medium, base), "look at", error);
        let (name, len, mark, generation) = match stored::open(&*self.medium, base).map_err(wrap)? {
            Stored::Raw(file) => {
                let end = u64::from(entry.end_offset);
                let footer = if is_last {
                    None
                } else {
                    self.footer(entry, &file).map_err(wrap)?
                };
                let len = end + footer.as_ref().map_or(0, |footer| footer.len() as u64);
                let mark = footer.map(|footer| mark_of(entry, &footer));
                (segment_name(base), len, mark, None)
            }
            Stored::Packed(pack) => {
                let generation = pack.footer.header.generation;
                let mut footer = vec![0; (pack.len - pack.footer_offset) as usize];
                read_full(&*pack.file, &mut footer, pack.footer_offset).map_err(wrap)?;
                let mark = Some(mark_of(entry, &footer));
                (
                    pack_name(base, generation),
                    pack.len,
                    mark,
                    Some(generation),
                )
            }
            Stored::Broken { .. } => {
                let cause = "the packed segment has a damaged header or footer";
                return Err(self.corrupt(base, 0, base, cause));
            }
        };
        Ok(LogPart {
            name,
            first: lsn(base),
            next: lsn(entry.next_lsn),
            len,
            mark,
            entry: *entry,
            generation,
        })
    }

    /// The bytes of a segment's footer, when it has one.
    fn footer(&self, entry: &Entry, file: &Arc<dyn MediumFile>) -> io::Result<Option<Vec<u8>>> {
        if read_footer(&*self.medium, &entry.header, entry.end_offset)?.is_none() {
            return Ok(None);
        }
        let mut head = [0; 16];
        read_full(&**file, &mut head, u64::from(entry.end_offset))?;
        // The footer may have been read from a packed form that came in between.
        let Some(len) = Footer::claimed_len(&head) else {
            return Ok(None);
        };
        let mut bytes = vec![0; len];
        let got = read_full(&**file, &mut bytes, u64::from(entry.end_offset))?;
        Ok((got == len && Footer::decode(&bytes).is_some()).then_some(bytes))
    }

    fn small_files(&mut self) -> Result<()> {
        let wrap = |error| LogError::io(self.medium.path(), "read", error);
        let names = self.medium.list(".").map_err(wrap)?;
        let mut wanted: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| name.starts_with("MANIFEST-") && name.strip_suffix(".tmp").is_none())
            .collect();
        wanted.push(name::FORMAT);
        let mut small = Vec::new();
        for name in wanted {
            let len_max = if name == name::FORMAT {
                FORMAT_LEN
            } else {
                MANIFEST_LEN_MAX
            };
            if let Some(bytes) = read_file(&*self.medium, name, len_max).map_err(wrap)? {
                let name = name.to_owned();
                small.push(SmallFile { name, bytes });
            }
        }
        let spools = self.medium.list(name::SPOOL).map_err(wrap)?;
        self.spools = spools
            .iter()
            .filter(|name| matches!(name.rsplit_once('.'), Some((_, "spool" | "ended"))))
            .count();
        self.small = small;
        Ok(())
    }

    fn corrupt(&self, base: u64, offset: u64, first: u64, cause: &str) -> LogError {
        LogError::Corrupt {
            path: stored::path(&*self.medium, base),
            offset,
            lsn: lsn(first),
            cause: cause.into(),
        }
    }

    /// Proves that the part's bytes are what was written, and gives them. `None` when its file was replaced since:
    /// list the parts again.
    ///
    /// Errors: `Corrupt` for damage that no manifest says readers skip.
    pub fn open(&self, part: &LogPart) -> Result<Option<PartReader>> {
        let path = || self.medium.path().join(&part.name);
        let file = match self.medium.open(&part.name, Mode::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| LogError::io(path(), "open", error))?,
        };
        let wrap = |error| LogError::io(path(), "read", error);
        if part.generation.is_none() {
            self.check_frames(part, &file)?;
        } else {
            let pack = PackFile::read(Arc::clone(&file)).map_err(wrap)?;
            let is_whole = pack.map_or(Ok(false), |pack| pack.is_whole());
            if !is_whole.map_err(wrap)? {
                let cause = "the bytes are not those that were packed";
                let base = part.entry.header.base;
                return Err(self.corrupt(base, SEGMENT_HEADER_LEN as u64, base, cause));
            }
        }
        Ok(Some(PartReader {
            file,
            offset: 0,
            end: part.len,
        }))
    }

    fn check_frames(&self, part: &LogPart, file: &Arc<dyn MediumFile>) -> Result<()> {
        let header = &part.entry.header;
        let limit = u64::from(part.entry.end_offset);
        let wrap = |error| LogError::io(self.medium.path().join(&part.name), "read", error);
        let state = header.empty_state();
        let mut scan = Scan::segment_from(Arc::clone(file), header, &state, limit);
        loop {
            let cause = match scan.advance().map_err(wrap)? {
                Advance::Frame(_) => continue,
                Advance::End | Advance::Fault(_) if scan.offset() >= limit => return Ok(()),
                Advance::End => "there is no frame".to_owned(),
                Advance::Fault(fault) => fault.to_string(),
            };
            if !self.is_quarantined(header.base, scan.offset()) {
                return Err(self.corrupt(header.base, scan.offset(), scan.next_lsn(), &cause));
            }
            if !scan.skip_damage(part.entry.next_lsn).map_err(wrap)? {
                return Ok(());
            }
        }
    }

    fn is_quarantined(&self, base: u64, offset: u64) -> bool {
        self.quarantined.iter().any(|known| {
            let range = u64::from(known.offset)..u64::from(known.end_offset);
            known.base == base && range.contains(&offset)
        })
    }
}

fn mark_of(entry: &Entry, footer: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&entry.header.encode());
    hasher.update(footer);
    *hasher.finalize().as_bytes()
}

impl io::Read for PartReader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let wanted = bytes.len().min((self.end - self.offset) as usize);
        if wanted == 0 {
            return Ok(0);
        }
        let got = read_full(&*self.file, &mut bytes[..wanted], self.offset)?;
        if got == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.offset += got as u64;
        Ok(got)
    }
}
