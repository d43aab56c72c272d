//! Reads a store and proves what it says: every crc, every link, every seal.
//!
//! Invariant: verifying changes nothing, needs no lock, and can run while others append; it covers what was visible
//! when it began.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::catalog::{Catalog, Entry};
use crate::codec::footer::Footer;
use crate::codec::frame::FrameFault;
use crate::codec::manifest::Quarantine;
use crate::codec::pack::Dropped;
use crate::error::{LogError, Result};
use crate::ids::Lsn;
use crate::layout::{SEGMENT_HEADER_LEN, pack_name};
use crate::medium::Medium;
use crate::pack::Packer;
use crate::repair::read_manifest;
use crate::scan::Advance;
use crate::seal::SealHasher;
use crate::source::Source;
use crate::stored::{self, Names, PackFile, Stored};
use crate::survey::{Verdict, read_checkpoint, read_footer};
use crate::unpack::{Packers, SegmentScan, packer_of};

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

/// Records that one rewriting of a packed segment dropped on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Purged {
    /// The first of them.
    pub first: Lsn,
    /// The lsn after the last of them. Records that were kept may lie in between.
    pub next: Lsn,
    /// How many; 0 when they are still there and only their payloads were written over.
    pub count: u64,
    /// Blake3 over them in lsn order, as in a seal but without a previous one; over what they are now where they were
    /// written over.
    pub hash: [u8; 32],
}

impl Purged {
    pub(crate) fn of(dropped: &Dropped) -> Purged {
        Purged {
            first: lsn(dropped.first_lsn),
            next: lsn(dropped.next_lsn),
            count: dropped.count,
            hash: dropped.hash,
        }
    }
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
    /// Of the segments, packed ones.
    pub packed: u64,
    /// Packed segments whose records were not looked at, because none of the packers given made them.
    pub unread: u64,
    /// Records that were dropped on purpose from packed segments, in log order.
    pub purged: Vec<Purged>,
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
    /// Who can unpack segments, beside the packer that everybody has.
    pub packers: &'a [Arc<dyn Packer>],
}

/// Verifies the store in `path`.
pub fn verify(path: &std::path::Path, options: &VerifyOptions<'_>) -> Result<VerifyReport> {
    let open = crate::options::OpenOptions::default();
    verify_on(&crate::start::medium_at(path, false, &open)?, options)
}

/// Verifies the store on any medium.
pub fn verify_on(medium: &Arc<dyn Medium>, options: &VerifyOptions<'_>) -> Result<VerifyReport> {
    let format = crate::start::require_format(&**medium)?;
    let wrap = |error| LogError::io(medium.path(), "verify", error);
    let mut source = Source::open(Arc::clone(medium), format, options.packers.to_vec());
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
        packers: options.packers.to_vec(),
        names: RefCell::default(),
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
    packers: Packers,
    /// The folder when the verification began, or when a file had vanished since.
    names: RefCell<Option<Names>>,
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
            path: stored::path(self.medium, base),
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
        let pack = self.look_at_pack(entry, report)?;
        let is_trusted = self
            .options
            .since
            .is_some_and(|since| entry.next_lsn <= since.get());
        let is_read = !is_trusted && (self.options.depth == Depth::Deep || footer.is_none());
        let is_known = pack
            .as_ref()
            .is_none_or(|pack| packer_of(&self.packers, pack.footer.header.packer).is_some());
        let hashed = if is_read && is_known {
            self.frames(entry, footer.as_ref(), report)?
        } else {
            None
        };
        report.unread += u64::from(is_read && !is_known);
        // Of a segment that lacks records on purpose, the seal says what it was and not what it is.
        let is_all = |pack: &PackFile| pack.footer.dropped.is_empty();
        let hashed = hashed.filter(|_| pack.as_ref().is_none_or(is_all));
        if let Some(pack) = pack.filter(|_| is_read) {
            self.check_root(&pack, report)?;
        }
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

    /// Counts a packed segment and what was dropped from it. A packed form that is damaged where there is another file
    /// hides no record, and is named.
    fn look_at_pack(
        &self,
        entry: &Entry,
        report: &mut VerifyReport,
    ) -> io::Result<Option<PackFile>> {
        let base = entry.header.base;
        let mut names = self.names.borrow_mut();
        if names.is_none() {
            *names = Some(Names::list(self.medium)?);
        }
        let newest = names
            .as_ref()
            .and_then(|names| names.forms(base).generations.pop());
        let Some(newest) = newest else {
            return Ok(None);
        };
        let (pack, name) = match stored::open_listed(self.medium, base, &mut names)? {
            Stored::Packed(pack) => (Some(pack), pack_name(base, newest)),
            Stored::Raw(_) => (None, pack_name(base, newest)),
            Stored::Broken { .. } => return Ok(None),
        };
        let generation = |pack: &PackFile| pack.footer.header.generation;
        if pack.as_ref().is_none_or(|pack| generation(pack) < newest) {
            let cause = "the header or footer is damaged; the records are whole in another file, \
                         and `repair` sets this one aside";
            let lsns = (base, base);
            report.damages.push(Damage {
                path: self.medium.path().join(name),
                ..self.damage(base, (0, 0), lsns, cause.to_owned())
            });
        }
        if let Some(pack) = &pack {
            report.packed += 1;
            let dropped = pack.footer.dropped.iter();
            report.purged.extend(dropped.map(Purged::of));
        }
        Ok(pack)
    }

    /// Every byte of a packed segment, whoever packed it, against the hash in its footer.
    fn check_root(&self, pack: &PackFile, report: &mut VerifyReport) -> io::Result<()> {
        if pack.is_whole()? {
            return Ok(());
        }
        let base = pack.header.base;
        if report
            .damages
            .iter()
            .any(|damage| damage.base.get() == base)
        {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for block in &pack.footer.blocks {
            if pack.read_block(block, &mut bytes)?.is_none() {
                let cause = FrameFault::Crc.to_string();
                let lsns = (block.first_lsn, block.next_lsn);
                let damage = self.damage(base, (block.offset, block.end()), lsns, cause);
                report.damages.push(damage);
            }
        }
        if report
            .damages
            .iter()
            .all(|damage| damage.base.get() != base)
        {
            let cause = "the bytes are not those that were packed".to_owned();
            let range = (SEGMENT_HEADER_LEN as u64, pack.footer_offset);
            let lsns = (base, pack.footer.end.next_lsn);
            report.damages.push(self.damage(base, range, lsns, cause));
        }
        Ok(())
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
        let limit = u64::from(entry.end_offset);
        let mut scan = SegmentScan::open(
            self.medium,
            &entry.header,
            limit,
            &self.packers,
            &mut self.names.borrow_mut(),
        )?;
        let mut hasher = footer.map(|footer| SealHasher::new(&footer.previous_seal));
        loop {
            let fault = match scan.advance()? {
                Advance::Frame(_) => {
                    let frame = scan.current();
                    report.frames += 1;
                    report.records += u64::from(frame.header.count);
                    report.bytes += frame.padded_len as u64;
                    if let Some(hasher) = &mut hasher {
                        hasher.frame(&frame);
                    }
                    continue;
                }
                Advance::End if scan.is_at_end(limit) => break,
                Advance::End => FrameFault::Blank,
                Advance::Fault(fault) => fault,
            };
            hasher = None;
            let (offset, first) = (scan.offset(), scan.next_lsn());
            let goes_on = scan.skip_damage(entry.next_lsn)?;
            let range = (offset, scan.damage_end(goes_on, limit));
            let end = if goes_on {
                scan.next_lsn()
            } else {
                entry.next_lsn
            };
            let lsns = (first, end);
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
