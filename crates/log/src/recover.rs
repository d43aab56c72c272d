//! Recovery: making what a survey found the truth, when nobody is alive who knows better.
//!
//! Invariants: recovery never removes a byte, it moves aside; a store is only taken for clean when its checkpoint says
//! so, and that mark is durably taken back before the first append; the log goes on above every lsn ever given out.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use crate::catalog::read_header;
use crate::codec::checkpoint::{Checkpoint, FolderIdentity};
use crate::codec::identity::Format;
use crate::codec::segment::{PreviousEnd, SegmentHeader};
use crate::codec::state::{LSN_LIMIT, State};
use crate::control::{ControlHeader, Tail};
use crate::door;
use crate::error::{LogError, Result};
use crate::failpoint;
use crate::ids::EpochId;
use crate::layout::{CHECKPOINT_LEN, SEGMENT_LEN_FIRST, SEGMENT_LEN_MAX, name, segment_name};
use crate::medium::{Control, Medium, MediumFile, Mode, read_full};
use crate::roll;
use crate::scan::Scan;
use crate::start::WRITER_LIMIT;
use crate::survey::{Survey, Verdict, is_same_boot};

/// Nobody is alive: find the end, make it the truth.
pub(crate) fn recover(
    medium: &dyn Medium,
    control: &dyn Control,
    format: &Format,
    folder: FolderIdentity,
    survey: &Survey,
) -> Result<(Tail, u64)> {
    let recovered = recover_files(medium, control, format, folder, survey);
    if recovered.is_err() && !failpoint::is_canary("no-poison") {
        // A sync can have failed: whoever comes next must write again what it lost.
        control.page().poison.store(1, SeqCst);
    }
    let state = recovered?;
    Ok(write_control(control, format, folder, survey, &state))
}

/// Makes the files whole and durable; returns the state that appends go on from.
fn recover_files(
    medium: &dyn Medium,
    control: &dyn Control,
    format: &Format,
    folder: FolderIdentity,
    survey: &Survey,
) -> Result<State> {
    let wrap = |error| LogError::io(medium.path(), "recover", error);
    let sequence = survey
        .checkpoint
        .map_or(0, |checkpoint| checkpoint.sequence);
    let is_same_boot = survey.verdict != Verdict::Copy && is_same_boot(control, format, folder);
    let is_clean = survey.verdict == Verdict::Clean || failpoint::is_canary("no-new-epoch");
    let (state, epoch) = if let (true, Some(header)) = (is_clean, survey.header) {
        (survey.end, header.epoch)
    } else {
        let header = begin_epoch(medium, format, survey, is_same_boot)?;
        (header.empty_state(), header.epoch)
    };
    if matches!(survey.verdict, Verdict::Clean | Verdict::New) {
        let clean = false;
        let checkpoint = Checkpoint {
            store: format.store,
            folder,
            sequence: sequence + 1,
            epoch,
            state,
            clean,
        };
        write_checkpoint(medium, &checkpoint).map_err(wrap)?;
    }
    failpoint::hit("open.recovered");
    write_again_if_poisoned(medium, control, format, &survey.end).map_err(wrap)?;
    Ok(state)
}

/// The kernel has marked what a failed sync lost as clean, so the next sync would pass over it.
fn write_again_if_poisoned(
    medium: &dyn Medium,
    control: &dyn Control,
    format: &Format,
    end: &State,
) -> io::Result<()> {
    let is_poisoned = control.page().poison.load(Relaxed) != 0;
    if is_poisoned && !failpoint::is_canary("no-rewrite") {
        crate::repair::write_again(medium, format, end)?;
    }
    Ok(())
}

/// Makes ctl say what was found.
fn write_control(
    control: &dyn Control,
    format: &Format,
    folder: FolderIdentity,
    survey: &Survey,
    state: &State,
) -> (Tail, u64) {
    let page = control.page();
    let mut next_writer = state.next_writer;
    let store = format.store;
    let salt = match page.read_header() {
        Some(header) if header.store == store && header.folder == folder => {
            // Writers that were killed before they appended are known to ctl alone.
            let known = page.next_writer.load(Relaxed);
            next_writer = next_writer.max(if known < WRITER_LIMIT { known } else { 0 });
            header.salt
        }
        _ => {
            let salt = door::random_u64();
            page.write_header(&ControlHeader {
                store,
                folder,
                salt,
            });
            salt
        }
    };
    let durable = survey
        .checkpoint
        .filter(|_| survey.verdict != Verdict::Copy);
    let durable = durable.map_or(1, |checkpoint| checkpoint.state.next_lsn);
    page.append_lock.store(0, Relaxed);
    page.poison.store(0, Relaxed);
    page.durable.store(durable, Relaxed);
    page.next_writer.store(next_writer, Relaxed);
    page.named.store(state.base, Relaxed);
    page.boot.store(door::boot(), Relaxed);
    page.write_slot(0, state);
    let word = page.publish(0, state, salt);
    if page.take_tail_waiters() {
        control.wake(&page.wake_sequence, u32::MAX >> 1);
    }
    (
        Tail {
            word,
            slot: 0,
            state: *state,
        },
        salt,
    )
}

/// A new segment with a new salt in a new epoch, above every lsn that the cut part can have held.
fn begin_epoch(
    medium: &dyn Medium,
    format: &Format,
    survey: &Survey,
    is_same_boot: bool,
) -> Result<SegmentHeader> {
    let wrap = |error| LogError::io(medium.path(), "begin an epoch", error);
    let end = &survey.end;
    let mut base = base_above(medium, format, survey, is_same_boot).map_err(wrap)?;
    if failpoint::is_canary("no-lsn-gap") {
        base = end.next_lsn + 1;
    }
    if let Some(old) = survey.header {
        keep_torn_bytes(medium, &old, end).map_err(wrap)?;
    }
    for late in &survey.late {
        roll::put_aside(medium, *late).map_err(wrap)?;
    }

    roll::drop_spare(medium).map_err(wrap)?;
    let old_len = survey
        .header
        .map_or(SEGMENT_LEN_FIRST, |old| old.len.max(SEGMENT_LEN_FIRST));
    let header = epoch_header(format, end, survey.header.is_some(), base, old_len);
    let (header, file) = roll::create(medium, header)?;
    file.sync().map_err(wrap)?;
    medium.sync_folder().map_err(wrap)?;
    Ok(header)
}

/// An lsn that no lost record can have had: above all that the files found can have held, those that an interrupted
/// recovery has put aside included. After a power cut the names of newer ones may be gone too, so it is above what a
/// roll lets anybody use beyond the names that are durable. In the boot in which ctl was written no name is gone.
fn base_above(
    medium: &dyn Medium,
    format: &Format,
    survey: &Survey,
    is_same_boot: bool,
) -> io::Result<u64> {
    let end = &survey.end;
    let mut base = end.next_lsn;
    if let Some(old) = survey.header {
        base += u64::from(old.len.saturating_sub(end.offset)) / 2 + 1;
    }
    let mut lost = roll::bases_in_trash(medium)?;
    lost.retain(|aside| *aside > end.base);
    lost.extend(&survey.late);
    if survey.header.is_none() && lost.is_empty() {
        return Ok(base);
    }
    for late in lost {
        let header = read_header(medium, late, format.store)?;
        let unknown = if format.segment_len == 0 {
            SEGMENT_LEN_MAX
        } else {
            format.segment_len
        };
        let len = header.map_or(unknown, |header| header.len);
        base = base.max(late.saturating_add(u64::from(len) / 2 + 1));
    }
    if base >= LSN_LIMIT {
        let text = "a segment's name is beyond every lsn that a log can have: move it elsewhere";
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    if is_same_boot || failpoint::is_canary("unnamed-rolls") {
        return Ok(base);
    }
    let durable = survey
        .checkpoint
        .map_or(1, |checkpoint| checkpoint.state.next_lsn);
    Ok(base.max(durable) + roll::LSN_RESERVE)
}

/// The header of an epoch's first segment, behind `end`.
pub(crate) fn epoch_header(
    format: &Format,
    end: &State,
    has_previous: bool,
    base: u64,
    len: u32,
) -> SegmentHeader {
    let previous = PreviousEnd {
        base: end.base,
        next_lsn: end.next_lsn,
        offset: end.offset,
        last_crc: end.last_crc,
    };
    SegmentHeader {
        store: format.store,
        epoch: EpochId(door::random_bytes()),
        ordinal: end.ordinal + 1,
        base,
        epoch_base: base,
        salt: door::random_u64(),
        created_ns: door::wall_time_ns().max(end.commit_time),
        previous: if has_previous {
            previous
        } else {
            PreviousEnd::default()
        },
        len: if format.segment_len == 0 {
            len
        } else {
            format.segment_len
        },
        next_writer: end.next_writer,
        control: end.control,
    }
}

/// Copies what lies behind the cut into trash/: it was never durable, and somebody may want to look at it.
fn keep_torn_bytes(medium: &dyn Medium, old: &SegmentHeader, end: &State) -> io::Result<()> {
    let segment = segment_name(old.base);
    let file = match medium.open(&segment, Mode::Read) {
        // Nothing lies behind the end of a packed segment.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    let limit = file.len()?.min(u64::from(old.len));
    if !Scan::segment_from(Arc::clone(&file), old, end, limit).is_followed_by_bytes()? {
        return Ok(());
    }
    let mut bytes = vec![0; (limit.saturating_sub(u64::from(end.offset))) as usize];
    let len = read_full(&*file, &mut bytes, u64::from(end.offset))?;
    let used = bytes[..len]
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    medium.make_folder(name::TRASH)?;
    let number = door::random_u64() as u32;
    let name = format!("{}/{segment}.{}.{number:08x}.torn", name::TRASH, end.offset);
    let aside = medium.open(&name, Mode::Create(0))?;
    aside.write_at(&bytes[..used], 0)
}

/// Writes the slot that the newest checkpoint does not use, and makes it durable.
pub(crate) fn write_checkpoint(medium: &dyn Medium, checkpoint: &Checkpoint) -> io::Result<()> {
    let slot = name::CHECKPOINTS[(checkpoint.sequence % 2) as usize];
    let file: Arc<dyn MediumFile> = match medium.open(slot, Mode::Write) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = medium.open(slot, Mode::Create(CHECKPOINT_LEN as u64))?;
            medium.sync_folder()?;
            file
        }
        file => file?,
    };
    file.write_at(&checkpoint.encode(), 0)?;
    file.sync()
}
