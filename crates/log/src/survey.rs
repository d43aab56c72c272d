//! Finds the log's end when nobody is alive who knows it: the recovery table of `docs/format.md`, without changing a byte.
//!
//! Invariant: nothing before the durable point is ever judged torn, and nothing that fails its crc is ever counted in.

use std::io;
use std::sync::atomic::Ordering::Relaxed;

use crate::catalog::{read_header, segment_bases, segment_path};
use crate::codec::checkpoint::{Checkpoint, FolderIdentity};
use crate::codec::footer::Footer;
use crate::codec::identity::Format;
use crate::codec::segment::SegmentHeader;
use crate::codec::state::{LSN_LIMIT, State};
use crate::control::ControlHeader;
use crate::door;
use crate::error::{LogError, Result};
use crate::ids::Lsn;
use crate::layout::{CHECKPOINT_LEN, name, segment_name};
use crate::medium::{Control, Medium, MediumFile, Mode, read_file, read_full};
use crate::scan::{Advance, Follow, Scan};
use crate::stored::{Headers, Stored, pack_of};

/// What was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Closed in order: go on where it stopped.
    Clean,
    /// Everybody was killed; all that was visible is there.
    Stopped,
    /// Bytes behind the end are no frames: a power cut, or a writer killed in the middle of an append.
    Torn,
    /// The folder is a copy of another one.
    Copy,
    /// There is no segment yet.
    New,
}

/// The log's end and how it was found.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Why the end is where it is.
    pub verdict: Verdict,
    /// The end.
    pub end: State,
    /// The last segment's header; `None` for a new store.
    pub header: Option<SegmentHeader>,
    /// Base lsns of segments that do not belong to the log: to be set aside.
    pub late: Vec<u64>,
    /// The newest valid checkpoint.
    pub checkpoint: Option<Checkpoint>,
}

/// The newest valid checkpoint of the store.
pub fn read_checkpoint(medium: &dyn Medium, format: &Format) -> io::Result<Option<Checkpoint>> {
    let mut newest: Option<Checkpoint> = None;
    for slot in name::CHECKPOINTS {
        let bytes = read_file(medium, slot, CHECKPOINT_LEN)?.unwrap_or_default();
        if let Some(checkpoint) = Checkpoint::decode(&bytes)
            && checkpoint.store == format.store
            && newest.is_none_or(|newest| newest.sequence < checkpoint.sequence)
        {
            newest = Some(checkpoint);
        }
    }
    Ok(newest)
}

/// Surveys the store. `folder` is the identity of its LOCK, when there is one.
pub fn survey(
    medium: &dyn Medium,
    format: &Format,
    folder: Option<FolderIdentity>,
) -> Result<Survey> {
    let wrap = |error| LogError::io(medium.path(), "look for the log's end", error);
    let checkpoint = read_checkpoint(medium, format).map_err(wrap)?;
    let bases = segment_bases(medium).map_err(wrap)?;
    let is_copy = checkpoint.is_some_and(|checkpoint| Some(checkpoint.folder) != folder);
    let trusted = checkpoint.filter(|_| !is_copy);
    let start = match trusted {
        Some(checkpoint) => {
            let start = at_checkpoint(medium, format, &checkpoint)?;
            Some(skip_linked(medium, format, folder, &bases, start).map_err(wrap)?)
        }
        None => first_unsealed(medium, format, &bases).map_err(wrap)?,
    };
    let Some((header, state)) = start else {
        return Ok(new_store(bases, checkpoint));
    };
    let found = scan_to_end(medium, format, &bases, (header, state), is_copy)?;
    let late: Vec<u64> = bases
        .into_iter()
        .filter(|base| *base > found.header.base)
        .collect();
    let is_clean = trusted.is_some_and(|checkpoint| checkpoint.clean)
        && found.scanned == 0
        && found.header.base == header.base
        && !found.is_fault
        && found.is_whole()
        && late.is_empty();
    let verdict = if is_copy {
        Verdict::Copy
    } else if is_clean {
        Verdict::Clean
    } else if found.is_fault || !late.is_empty() || found.is_followed().map_err(wrap)? {
        Verdict::Torn
    } else {
        Verdict::Stopped
    };
    Ok(Survey {
        verdict,
        end: found.state,
        header: Some(found.header),
        late,
        checkpoint,
    })
}

/// Whether ctl was last made true in the present boot of this machine: then the page cache has kept all that was visible,
/// the names included, whoever was killed.
pub fn is_same_boot(control: &dyn Control, format: &Format, folder: FolderIdentity) -> bool {
    let page = control.page();
    let is_ours = |header: ControlHeader| header.store == format.store && header.folder == folder;
    let boot = door::boot();
    boot != 0 && page.boot.load(Relaxed) == boot && page.read_header().is_some_and(is_ours)
}

/// In the same boot every segment that has a successor with a successor of its own was published whole, so only the
/// last two need to be read. Stops before a segment that two others claim to follow: a killed roll left one of them.
fn skip_linked(
    medium: &dyn Medium,
    format: &Format,
    folder: Option<FolderIdentity>,
    bases: &[u64],
    start: (SegmentHeader, State),
) -> io::Result<(SegmentHeader, State)> {
    let control = medium.control(false).ok();
    let is_known = control.zip(folder);
    if !is_known.is_some_and(|(control, folder)| is_same_boot(&*control, format, folder)) {
        return Ok(start);
    }
    let mut newer = Vec::new();
    let mut headers = Headers::new(medium, format.store);
    for base in bases.iter().filter(|base| **base > start.0.base) {
        newer.extend(headers.read(*base)?);
    }
    let mut chain = vec![start.0];
    while let Some(last) = chain.last() {
        let mut next = newer
            .iter()
            .filter(|header| header.previous.base == last.base);
        match (next.next(), next.next()) {
            (Some(only), None) => chain.push(*only),
            _ => break,
        }
    }
    let Some(from) = chain.len().checked_sub(2).filter(|from| *from > 0) else {
        return Ok(start);
    };
    Ok((chain[from], chain[from].empty_state()))
}

fn new_store(late: Vec<u64>, checkpoint: Option<Checkpoint>) -> Survey {
    let end = State {
        next_lsn: 1,
        next_writer: 1,
        ..State::default()
    };
    Survey {
        verdict: Verdict::New,
        end,
        header: None,
        late,
        checkpoint,
    }
}

fn at_checkpoint(
    medium: &dyn Medium,
    format: &Format,
    checkpoint: &Checkpoint,
) -> Result<(SegmentHeader, State)> {
    let base = checkpoint.state.base;
    let path = segment_path(medium, base);
    match read_header(medium, base, format.store) {
        Ok(Some(header)) => Ok((header, checkpoint.state)),
        Ok(None) => Err(LogError::Corrupt {
            path,
            offset: 0,
            lsn: Lsn::new(base).unwrap_or(Lsn::FIRST),
            cause: "the checkpoint names this segment, which is missing or has a damaged header; \
                    restore it from a copy, or remove CKPT.a and CKPT.b to go on without it"
                .into(),
        }),
        Err(error) => Err(LogError::io(path, "read the header", error)),
    }
}

/// Without a checkpoint: behind the last sealed segment everything is read again.
fn first_unsealed(
    medium: &dyn Medium,
    format: &Format,
    bases: &[u64],
) -> io::Result<Option<(SegmentHeader, State)>> {
    let mut start: Option<SegmentHeader> = None;
    for base in bases.iter().rev() {
        let Some(header) = read_header(medium, *base, format.store)? else {
            continue;
        };
        if start.is_some_and(|next| next.previous.base == header.base)
            && start
                .map(|next| read_footer(medium, &header, next.previous.offset))
                .transpose()?
                .flatten()
                .is_some()
        {
            break;
        }
        start = Some(header);
    }
    Ok(start.map(|header| (header, header.empty_state())))
}

/// The footer at `offset` of a segment, when it is whole and speaks of that segment.
pub fn read_footer(
    medium: &dyn Medium,
    header: &SegmentHeader,
    offset: u32,
) -> io::Result<Option<Footer>> {
    let of_segment = |footer: &Footer| footer.base == header.base && footer.offset == offset;
    match medium.open(&segment_name(header.base), Mode::Read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        file => {
            let file = file?;
            let footer = read_footer_of(&*file, offset)?.filter(of_segment);
            // What was never sealed was never packed. Not to look for that is worth a line: sealing comes here often.
            if footer.is_some() || is_blank(&*file, offset)? {
                return Ok(footer);
            }
        }
    }
    let pack = pack_of(medium, header.base)?;
    Ok(pack.map(|pack| pack.footer.footer()).filter(of_segment))
}

fn is_blank(file: &dyn MediumFile, offset: u32) -> io::Result<bool> {
    let mut head = [0; 16];
    read_full(file, &mut head, u64::from(offset))?;
    Ok(head.iter().all(|byte| *byte == 0))
}

fn read_footer_of(file: &dyn MediumFile, offset: u32) -> io::Result<Option<Footer>> {
    let mut head = [0; 16];
    if read_full(file, &mut head, u64::from(offset))? < head.len() {
        return Ok(None);
    }
    let Some(len) = Footer::claimed_len(&head) else {
        return Ok(None);
    };
    let mut bytes = vec![0; len];
    let got = read_full(file, &mut bytes, u64::from(offset))?;
    Ok(Footer::decode(&bytes[..got]))
}

struct Found {
    header: SegmentHeader,
    state: State,
    scanned: u64,
    is_fault: bool,
    /// `None` behind a packed segment: nothing can be appended to one.
    scan: Option<Scan>,
}

impl Found {
    /// Whether the last segment's file still has all its bytes. Somebody may have shortened it, and then a frame that
    /// is appended would have no room behind it.
    fn is_whole(&self) -> bool {
        let limit = self.scan.as_ref().map(Scan::limit);
        limit == Some(u64::from(self.header.len))
    }

    fn is_followed(&self) -> io::Result<bool> {
        let scan = self.scan.as_ref();
        scan.map_or(Ok(false), Scan::is_followed_by_bytes)
    }
}

fn scan_to_end(
    medium: &dyn Medium,
    format: &Format,
    bases: &[u64],
    (mut header, state): (SegmentHeader, State),
    is_copy: bool,
) -> Result<Found> {
    let mut follow = Follow { state, count: 0 };
    loop {
        let wrap = |error| LogError::io(segment_path(medium, header.base), "read", error);
        let (scan, is_fault) = scan_segment(medium, &header, &mut follow, is_copy).map_err(wrap)?;
        let next = next_segment(medium, format, bases, &follow.state).map_err(wrap)?;
        let Some(next) = next else {
            let Follow { state, count } = follow;
            return Ok(Found {
                header,
                state,
                scanned: count,
                is_fault,
                scan,
            });
        };
        header = next;
        let next_writer = follow.state.next_writer.max(next.next_writer);
        follow.state = State {
            next_writer,
            ..next.empty_state()
        };
    }
}

fn scan_segment(
    medium: &dyn Medium,
    header: &SegmentHeader,
    follow: &mut Follow,
    is_copy: bool,
) -> io::Result<(Option<Scan>, bool)> {
    let file = match crate::stored::open(medium, header.base)? {
        Stored::Raw(file) => file,
        Stored::Packed(pack) => {
            // Only a segment that was durable and sealed is packed, so its end is known without reading it.
            let next_writer = follow.state.next_writer.max(pack.footer.end.next_writer);
            follow.count += pack
                .footer
                .end
                .next_lsn
                .saturating_sub(follow.state.next_lsn);
            follow.state = State {
                next_writer,
                ..pack.footer.end
            };
            return Ok((None, false));
        }
        Stored::Broken { .. } => return Ok((None, true)),
    };
    // A footer may lie behind the allocated part; frames never do.
    let limit = file.len()?.min(u64::from(header.len));
    let mut scan = Scan::segment_from(file, header, &follow.state, limit);
    loop {
        match scan.advance()? {
            Advance::Frame(start) => follow.take(&scan.current(), start),
            Advance::End => return Ok((Some(scan), false)),
            // Nobody knows of a copy how far it was durable, but what lies behind damage was there.
            Advance::Fault(_) if is_copy && scan.skip_damage_in_copy(LSN_LIMIT)? => {}
            Advance::Fault(_) => return Ok((Some(scan), true)),
        }
    }
}

/// The segment that says it follows exactly this end.
fn next_segment(
    medium: &dyn Medium,
    format: &Format,
    bases: &[u64],
    end: &State,
) -> io::Result<Option<SegmentHeader>> {
    for base in bases
        .iter()
        .filter(|base| **base > end.base && **base >= end.next_lsn)
    {
        if let Some(next) = read_header(medium, *base, format.store)?
            && next.previous.base == end.base
            && next.previous.offset == end.offset
            && next.previous.last_crc == end.last_crc
            && next.previous.next_lsn == end.next_lsn
        {
            return Ok(Some(next));
        }
    }
    Ok(None)
}
