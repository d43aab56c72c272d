//! Reads a store and proves what it says: every crc, every link, every seal.
//!
//! Invariant: verifying changes nothing, needs no lock, and can run while others append; it covers what was visible
//! when it began.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::catalog::{Catalog, Entry, segment_path};
use crate::codec::footer::Footer;
use crate::codec::frame::FrameFault;
use crate::codec::manifest::Quarantine;
use crate::error::{LogError, Result};
use crate::ids::Lsn;
use crate::layout::{SEGMENT_HEADER_LEN, segment_name};
use crate::medium::{Medium, Mode};
use crate::repair::read_manifest;
use crate::scan::{Advance, Scan};
use crate::seal::SealHasher;
use crate::source::Source;
use crate::survey::{Verdict, read_checkpoint, read_footer};

/// How much of the store is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Depth {
    /// Headers, links, footers, and the frames of segments that are not sealed.
    #[default]
    Quick,
    /// Every byte of every frame, and the seal hashes.
    Deep,
}

/// One damaged range.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The segment's file.
    pub path: PathBuf,
    /// Base lsn of the segment.
    pub base: Lsn,
    /// Where the damage starts.
    pub offset: u64,
    /// Where the next whole frame starts, or the segment ends.
    pub end_offset: u64,
    /// The first record that cannot be read.
    pub first: Lsn,
    /// The first record behind the damage.
    pub end: Lsn,
    /// What is wrong.
    pub cause: String,
    /// A manifest already says that readers skip it.
    pub is_quarantined: bool,
}

/// What verifying found.
#[derive(Clone, Debug, Default)]
pub struct VerifyReport {
    /// Segments of the log.
    pub segments: u64,
    /// Of those, sealed ones.
    pub sealed: u64,
    /// Frames whose crc was checked.
    pub frames: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes read and checked.
    pub bytes: u64,
    /// The lsn after the last visible record.
    pub next: Option<Lsn>,
    /// Seal hash of the newest sealed segment: keep it elsewhere to prove the history against tampering later.
    pub head: Option<[u8; 32]>,
    /// Whether the hash asked for is a seal of this history.
    pub is_hash_found: Option<bool>,
    /// How the end was found, when nobody has the store open.
    pub verdict: Option<Verdict>,
    /// Everything that is wrong, in log order.
    pub damages: Vec<Damage>,
    /// Segments met so far that have no footer.
    pub(crate) unsealed: Vec<Entry>,
}

impl VerifyReport {
    /// Whether nothing is wrong that readers do not already skip.
    pub fn is_sound(&self) -> bool {
        self.is_hash_found != Some(false) && self.damages.iter().all(|damage| damage.is_quarantined)
    }
}

/// What to verify.
#[derive(Clone, Copy, Default)]
pub struct VerifyOptions<'a> {
    /// How much to read.
    pub depth: Depth,
    /// Segments that end before this lsn are taken on trust.
    pub since: Option<Lsn>,
    /// A seal hash that was kept elsewhere: it must be one of this history's.
    pub against: Option<[u8; 32]>,
    /// Called after each segment with segments done and segments in all.
    pub progress: Option<&'a dyn Fn(u64, u64)>,
}

/// Verifies the store in `path`.
pub fn verify(path: &std::path::Path, options: &VerifyOptions<'_>) -> Result<VerifyReport> {
    let open = crate::options::OpenOptions::default();
    verify_on(&crate::start::medium_at(path, false, &open)?, options)
}

/// Verifies the store on any medium.
pub fn verify_on(medium: &Arc<dyn Medium>, options: &VerifyOptions<'_>) -> Result<VerifyReport> {
    let Some(format) = crate::start::read_format(&**medium)? else {
        return Err(LogError::NotAStore {
            path: medium.path(),
        });
    };
    let wrap = |error| LogError::io(medium.path(), "verify", error);
    let mut source = Source::open(Arc::clone(medium), format);
    let end = source.end()?;
    let mut report = VerifyReport {
        next: Lsn::new(end.next_lsn),
        verdict: source.verdict(),
        is_hash_found: options.against.map(|_| false),
        ..VerifyReport::default()
    };
    let mut catalog = Catalog::default();
    if end.base != 0 {
        catalog.refresh(&**medium, format.store, &end)?;
    }
    let known = read_manifest(&**medium, &format)?.map(|manifest| manifest.quarantined);
    let verifier = Verifier {
        medium: &**medium,
        options,
        known: known.unwrap_or_default(),
        durable: read_checkpoint(&**medium, &format)
            .map_err(wrap)?
            .map_or(0, |checkpoint| checkpoint.state.next_lsn),
    };
    verifier.links(&catalog, &mut report);
    let (mut previous_seal, mut previous_base) = (Some([0; 32]), 0);
    let count = catalog.entries().len() as u64;
    for (number, entry) in catalog.entries().iter().enumerate() {
        let is_last = number + 1 == catalog.entries().len();
        if entry.header.previous.base != previous_base {
            // The segment in between is missing, and its seal with it.
            previous_seal = None;
        }
        previous_base = entry.header.base;
        previous_seal = verifier
            .segment(entry, is_last, previous_seal, &mut report)
            .map_err(wrap)?;
        if let Some(progress) = options.progress {
            progress(number as u64 + 1, count);
        }
    }
    Ok(report)
}

struct Verifier<'a> {
    medium: &'a dyn Medium,
    options: &'a VerifyOptions<'a>,
    known: Vec<Quarantine>,
    durable: u64,
}

fn lsn(value: u64) -> Lsn {
    Lsn::new(value.max(1)).expect("at least 1")
}

impl Verifier<'_> {
    fn damage(&self, base: u64, range: (u64, u64), lsns: (u64, u64), cause: String) -> Damage {
        let is_quarantined = self.known.iter().any(|known| {
            known.base == base
                && u64::from(known.offset) <= range.0
                && range.1 <= u64::from(known.end_offset)
        });
        Damage {
            path: segment_path(self.medium, base),
            base: lsn(base),
            offset: range.0,
            end_offset: range.1,
            first: lsn(lsns.0),
            end: lsn(lsns.1),
            cause,
            is_quarantined,
        }
    }

    /// The chain must reach back to the store's first record.
    fn links(&self, catalog: &Catalog, report: &mut VerifyReport) {
        for missing in catalog.missing() {
            let cause = "the segment is missing or its header is damaged".to_owned();
            let range = (0, SEGMENT_HEADER_LEN as u64);
            let lsns = (missing.first_lsn, missing.next_lsn);
            report
                .damages
                .push(self.damage(missing.base, range, lsns, cause));
        }
        let entries = catalog.entries();
        if entries.is_empty() && self.durable > 1 {
            let cause = "segments with durable records are missing".to_owned();
            let path = self.medium.path();
            let (first, end) = (lsn(1), lsn(self.durable));
            let is_quarantined = false;
            report.damages.push(Damage {
                path,
                base: first,
                offset: 0,
                end_offset: 0,
                first,
                end,
                cause,
                is_quarantined,
            });
        }
    }

    /// Checks one segment and returns its seal, when the chain of seals reaches it.
    fn segment(
        &self,
        entry: &Entry,
        is_last: bool,
        previous_seal: Option<[u8; 32]>,
        report: &mut VerifyReport,
    ) -> io::Result<Option<[u8; 32]>> {
        report.segments += 1;
        let footer = if is_last {
            None
        } else {
            read_footer(self.medium, &entry.header, entry.end_offset)?
        };
        report.sealed += u64::from(footer.is_some());
        let is_trusted = self
            .options
            .since
            .is_some_and(|since| entry.next_lsn <= since.get());
        let is_read = !is_trusted && (self.options.depth == Depth::Deep || footer.is_none());
        let hashed = if is_read {
            self.frames(entry, footer.as_ref(), report)?
        } else {
            None
        };
        let Some(footer) = footer else {
            report.unsealed.push(*entry);
            return Ok(None);
        };
        for lacking in std::mem::take(&mut report.unsealed) {
            // It may have been written since it was looked for.
            if read_footer(self.medium, &lacking.header, lacking.end_offset)?.is_none() {
                report.damages.push(self.footer_damage(&lacking));
            }
        }
        self.check_footer(entry, &footer, previous_seal, hashed, report);
        if self.options.against == Some(footer.seal) {
            report.is_hash_found = Some(true);
        }
        report.head = Some(footer.seal);
        Ok(Some(footer.seal))
    }

    /// Footers are written oldest first, so a segment before a sealed one had a footer.
    fn footer_damage(&self, entry: &Entry) -> Damage {
        let end = u64::from(entry.end_offset);
        let cause = "the footer is damaged; the records are whole, and `repair` writes it again";
        let lsns = (entry.next_lsn, entry.next_lsn);
        self.damage(entry.header.base, (end, end), lsns, cause.to_owned())
    }

    fn check_footer(
        &self,
        entry: &Entry,
        footer: &Footer,
        previous_seal: Option<[u8; 32]>,
        hashed: Option<[u8; 32]>,
        report: &mut VerifyReport,
    ) {
        let mut wrong = Vec::new();
        if footer.next_lsn != entry.next_lsn {
            wrong.push("the footer and the next segment disagree about the end");
        }
        if previous_seal.is_some_and(|previous| previous != footer.previous_seal) {
            wrong.push("the seal does not follow the one before it");
        }
        if hashed.is_some_and(|hash| hash != footer.seal) {
            wrong.push("the records are not those that were sealed");
        }
        if !wrong.is_empty() {
            let end = u64::from(entry.end_offset);
            let lsns = (entry.next_lsn, entry.next_lsn);
            report
                .damages
                .push(self.damage(entry.header.base, (end, end), lsns, wrong.join("; ")));
        }
    }

    /// Reads every frame; returns the hash of the records when none is damaged.
    fn frames(
        &self,
        entry: &Entry,
        footer: Option<&Footer>,
        report: &mut VerifyReport,
    ) -> io::Result<Option<[u8; 32]>> {
        let file = self
            .medium
            .open(&segment_name(entry.header.base), Mode::Read)?;
        let state = entry.header.empty_state();
        let limit = u64::from(entry.end_offset);
        let mut scan = Scan::segment_from(file, &entry.header, &state, limit);
        let mut hasher = footer.map(|footer| SealHasher::new(&footer.previous_seal));
        let mut scratch = Vec::new();
        loop {
            let fault = match scan.advance()? {
                Advance::Frame(_) => {
                    let frame = scan.current();
                    report.frames += 1;
                    report.records += u64::from(frame.header.count);
                    report.bytes += frame.padded_len as u64;
                    if let Some(hasher) = &mut hasher {
                        hasher.frame(&frame, &mut scratch);
                    }
                    continue;
                }
                Advance::End if scan.offset() >= limit => break,
                Advance::End => FrameFault::Blank,
                Advance::Fault(fault) => fault,
            };
            hasher = None;
            let (offset, first) = (scan.offset(), scan.next_lsn());
            let goes_on = scan.skip_damage(entry.next_lsn)?;
            let range = (offset, if goes_on { scan.offset() } else { limit });
            let lsns = (
                first,
                if goes_on {
                    scan.next_lsn()
                } else {
                    entry.next_lsn
                },
            );
            report
                .damages
                .push(self.damage(entry.header.base, range, lsns, fault.to_string()));
            if !goes_on {
                break;
            }
        }
        Ok(hasher.map(|hasher| hasher.finish()))
    }
}
