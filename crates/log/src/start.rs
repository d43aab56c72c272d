//! Opening for writing: make, join or recover a store, all under byte 0 of LOCK; and leaving it in order.
//!
//! Invariants: recovery never removes a byte, it moves aside; a store is only taken for clean when its checkpoint says
//! so, and that mark is durably taken back before the first append.

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering::{Relaxed, Release, SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::append::Appender;
use crate::catalog::read_header;
use crate::codec::checkpoint::{Checkpoint, FolderIdentity};
use crate::codec::identity::Format;
use crate::codec::segment::{PreviousEnd, SegmentHeader};
use crate::codec::state::State;
use crate::control::{ControlHeader, Tail};
use crate::door;
use crate::error::{LogError, Result};
use crate::failpoint;
use crate::ids::{EpochId, Lsn, StoreId, WriterId};
use crate::layout::{
    BALLAST_LEN, CHECKPOINT_LEN, FORMAT_LEN, LOCK_LIVENESS, LOCK_OPEN, SEGMENT_LEN_FIRST,
    SEGMENT_LEN_MAX, SEGMENT_LEN_MIN, name, segment_name,
};
use crate::medium::{Control, Medium, MediumFile, Mode, read_file, read_full};
use crate::options::{OpenOptions, OpenReport};
use crate::roll;
use crate::scan::Scan;
use crate::shared::{Shared, guard};
use crate::spool::Spool;
use crate::survey::{Survey, Verdict, is_same_boot, survey};
use crate::sync::SyncState;

/// How long an opener waits for another one before it reports the store as busy.
const OPEN_WAIT: Duration = Duration::from_secs(10);
const LIVENESS_LEN: u64 = 1 << 32;
/// Writer ids stay below the bit that the append lock's word keeps for itself.
const WRITER_LIMIT: u32 = 1 << 30;

/// Reads FORMAT and refuses what this program does not understand.
pub(crate) fn read_format(medium: &dyn Medium) -> Result<Option<Format>> {
    let path = medium.path().join(name::FORMAT);
    match read_file(medium, name::FORMAT, FORMAT_LEN) {
        Ok(None) => Ok(None),
        Ok(Some(bytes)) => match Format::decode(&bytes) {
            Ok(format) => Ok(Some(format)),
            Err(source) => Err(LogError::Format { path, source }),
        },
        Err(error) => Err(LogError::io(path, "read", error)),
    }
}

/// Opens the store on `medium` for writing.
pub(crate) fn open(medium: &Arc<dyn Medium>, options: OpenOptions) -> Result<(Shared, OpenReport)> {
    take_open_lock(&**medium)?;
    failpoint::hit("open.locked");
    let result = open_locked(Arc::clone(medium), options).map(merge_spools);
    medium.unlock(LOCK_OPEN).ok();
    result
}

/// Takes in what killed processes left in their spools. What cannot be taken in now stays for the next opener.
fn merge_spools((shared, mut report): (Shared, OpenReport)) -> (Shared, OpenReport) {
    let (merged, failed) = crate::spool::merge_orphans(&shared);
    report.merged_batches = merged;
    report.unmerged = failed.map(|error| error.to_string());
    (shared, report)
}

pub(crate) fn take_open_lock(medium: &dyn Medium) -> Result<()> {
    lock_timed(medium, LOCK_OPEN)
}

/// Locks a byte of LOCK; whoever holds it and does not move makes this [`LogError::Busy`], not a wait without end.
pub(crate) fn lock_timed(medium: &dyn Medium, byte: u64) -> Result<()> {
    let wrap = |error| LogError::io(medium.path().join(name::LOCK), "lock", error);
    let deadline = door::monotonic() + OPEN_WAIT;
    let mut pause = Duration::from_micros(50);
    while !medium.try_lock(byte).map_err(wrap)? {
        if door::monotonic() >= deadline {
            return Err(LogError::Busy {
                process: 0,
                waited: OPEN_WAIT,
            });
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(1));
    }
    Ok(())
}

fn open_locked(medium: Arc<dyn Medium>, options: OpenOptions) -> Result<(Shared, OpenReport)> {
    let wrap = |error| LogError::io(medium.path(), "open", error);
    let format = match read_format(&*medium)? {
        Some(format) if format.read_only_compatible != 0 => {
            let bits = format.read_only_compatible;
            let source = crate::codec::identity::FormatError::UnknownFeature(bits);
            return Err(LogError::Format {
                path: medium.path().join(name::FORMAT),
                source,
            });
        }
        Some(format) => format,
        None if options.create => make_store(&*medium, options.segment_len).map_err(wrap)?,
        None => {
            return Err(LogError::NotAStore {
                path: medium.path(),
            });
        }
    };
    let folder = medium.identity().map_err(wrap)?;
    let is_used = medium.is_held(LOCK_LIVENESS, LIVENESS_LEN).map_err(wrap)?;
    let control = medium.control(true).map_err(wrap)?;
    let (tail, salt, survey) = if is_used {
        let (tail, salt) = join(&*medium, &*control, &format, folder)?;
        (tail, salt, None)
    } else {
        let survey = survey(&*medium, &format, Some(folder))?;
        let (tail, salt) = recover(&*medium, &*control, &format, folder, &survey)?;
        (tail, salt, Some(survey))
    };
    failpoint::hit("open.control_written");
    let writer = take_liveness(&*medium, &*control, &tail.state).map_err(wrap)?;
    failpoint::hit("open.alive");
    let header = crate::shared::require_header(&*medium, &format, tail.state.base)?;
    let report = report(survey.as_ref(), &header, &tail.state);
    let appender = Appender::at(&*medium, tail, header)?;
    let shared = Shared {
        control,
        format,
        folder,
        salt,
        writer,
        options,
        appender: Mutex::new(appender),
        syncing: Mutex::new(SyncState::default()),
        spool: Mutex::new(Spool::default()),
        is_spooling: false.into(),
        stalled_word: 0.into(),
        is_closed: false.into(),
        sync_count: 0.into(),
        alarm: crate::shared::Alarm::default(),
        election: crate::shared::Election::default(),
        medium,
    };
    Ok((shared, report))
}

fn report(survey: Option<&Survey>, header: &SegmentHeader, state: &State) -> OpenReport {
    let lsn = |value| Lsn::new(value).expect("a state's lsn is at least 1");
    OpenReport {
        verdict: survey.map(|survey| survey.verdict),
        epoch: header.epoch,
        next: lsn(state.next_lsn),
        cut_at: survey
            .filter(|survey| survey.verdict == Verdict::Torn)
            .map(|survey| lsn(survey.end.next_lsn)),
        merged_batches: 0,
        unmerged: None,
    }
}

fn make_store(medium: &dyn Medium, segment_len: u32) -> io::Result<Format> {
    let is_size = segment_len == 0
        || segment_len.is_power_of_two()
            && (SEGMENT_LEN_MIN..=SEGMENT_LEN_MAX).contains(&segment_len);
    if !is_size {
        let text =
            format!("the segment size {segment_len} is no power of two from 4096 to 67108864");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let format = Format {
        minor: 0,
        compatible: 0,
        read_only_compatible: 0,
        incompatible: 0,
        store: StoreId(uuid_v4(door::random_bytes())),
        segment_len,
        created_ns: door::wall_time_ns(),
    };
    let making = "FORMAT.tmp";
    medium.remove(making).ok();
    let file = medium.open(making, Mode::Create(0))?;
    file.write_at(&format.encode(), 0)?;
    file.sync()?;
    if segment_len == 0 {
        match medium.open(name::BALLAST, Mode::Create(BALLAST_LEN)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    medium.rename(making, name::FORMAT)?;
    medium.sync_folder()?;
    Ok(format)
}

fn uuid_v4(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

/// Others are alive: what they published is true.
fn join(
    medium: &dyn Medium,
    control: &dyn Control,
    format: &Format,
    folder: FolderIdentity,
) -> Result<(Tail, u64)> {
    let damaged = || LogError::ControlDamaged {
        path: medium.path(),
    };
    let header = control.page().read_header().ok_or_else(damaged)?;
    if header.store != format.store || header.folder != folder {
        return Err(damaged());
    }
    let tail = control.page().tail(header.salt).map_err(|_| damaged())?;
    Ok((tail, header.salt))
}

/// Nobody is alive: find the end, make it the truth.
fn recover(
    medium: &dyn Medium,
    control: &dyn Control,
    format: &Format,
    folder: FolderIdentity,
    survey: &Survey,
) -> Result<(Tail, u64)> {
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
    let page = control.page();
    if page.poison.load(Relaxed) != 0 && !failpoint::is_canary("no-rewrite") {
        // The kernel has marked what the failed sync lost as clean, so the next sync would pass over it.
        crate::repair::write_again(medium, format, &survey.end).map_err(wrap)?;
    }
    let mut next_writer = state.next_writer;
    let salt = match page.read_header() {
        Some(header) if header.store == format.store && header.folder == folder => {
            // Writers that were killed before they appended are known to ctl alone.
            let known = page.next_writer.load(Relaxed);
            next_writer = next_writer.max(if known < WRITER_LIMIT { known } else { 0 });
            header.salt
        }
        _ => {
            let salt = door::random_u64();
            page.write_header(&ControlHeader {
                store: format.store,
                folder,
                salt,
            });
            salt
        }
    };

    page.append_lock.store(0, Relaxed);
    page.poison.store(0, Relaxed);
    let durable = survey
        .checkpoint
        .filter(|_| survey.verdict != Verdict::Copy);
    page.durable.store(
        durable.map_or(1, |checkpoint| checkpoint.state.next_lsn),
        Relaxed,
    );
    page.next_writer.store(next_writer, Relaxed);
    page.named.store(state.base, Relaxed);
    page.boot.store(door::boot(), Relaxed);
    page.write_slot(0, &state);
    let word = page.publish(0, &state, salt);
    if page.take_tail_waiters() {
        control.wake(&page.wake_sequence, u32::MAX >> 1);
    }
    Ok((
        Tail {
            word,
            slot: 0,
            state,
        },
        salt,
    ))
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
        base = base.max(late + u64::from(len) / 2 + 1);
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
    let file = medium.open(&segment, Mode::Read)?;
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

fn take_liveness(
    medium: &dyn Medium,
    control: &dyn Control,
    state: &State,
) -> io::Result<WriterId> {
    let next = &control.page().next_writer;
    // A flipped bit must not send ids to where the lock word has its flag.
    let mut id = next.load(Relaxed).max(state.next_writer);
    if id >= WRITER_LIMIT {
        id = state.next_writer;
    }
    while !medium.try_lock(LOCK_LIVENESS + u64::from(id))? {
        id += 1;
    }
    next.store(id + 1, SeqCst);
    Ok(WriterId(id))
}

/// Closes a handle that has no background thread.
pub(crate) fn close(shared: &Shared) -> Result<()> {
    if end_appends(shared) {
        leave(shared)
    } else {
        Ok(())
    }
}

/// Lets an append that is under way end, and no other begin. False when that was done before.
pub(crate) fn end_appends(shared: &Shared) -> bool {
    let _appender = guard(&shared.appender);
    !shared.is_closed.swap(true, SeqCst)
}

/// Leaves in order: the last writer makes everything durable and marks the store clean. Nothing of this handle may
/// still append or sync, because whoever opens the store next finds nobody alive.
pub(crate) fn leave(shared: &Shared) -> Result<()> {
    let medium = &*shared.medium;
    let wrap = |error| LogError::io(medium.path(), "close", error);
    take_open_lock(medium)?;
    let is_last = !medium.is_held(LOCK_LIVENESS, LIVENESS_LEN).map_err(wrap)?;
    let left = if is_last { leave_clean(shared) } else { Ok(()) };
    medium
        .unlock(LOCK_LIVENESS + u64::from(shared.writer.0))
        .ok();
    medium.unlock(LOCK_OPEN).ok();
    left
}

fn leave_clean(shared: &Shared) -> Result<()> {
    let wrap = |error| LogError::io(shared.medium.path(), "mark the store clean", error);
    let mut syncing = guard(&shared.syncing);
    let tail = crate::sync::sync_visible(shared, &mut syncing)?;
    failpoint::hit("close.synced");
    let next_writer = shared.control.page().next_writer.load(Relaxed);
    let checkpoint = crate::sync::next_checkpoint(
        shared,
        State {
            next_writer,
            ..tail.state
        },
    )?;
    write_checkpoint(
        &*shared.medium,
        &Checkpoint {
            clean: true,
            ..checkpoint
        },
    )
    .map_err(wrap)?;
    let durable = &shared.control.page().durable;
    durable.store(tail.state.next_lsn, Release);
    Ok(())
}

/// Opens the medium for a path.
pub(crate) fn medium_at(
    path: &Path,
    is_writable: bool,
    options: &OpenOptions,
) -> Result<Arc<dyn Medium>> {
    let wrap = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => LogError::NotAStore {
            path: path.to_owned(),
        },
        _ => LogError::io(path.to_owned(), "open", error),
    };
    if is_writable && options.create {
        std::fs::create_dir_all(path)
            .map_err(|error| LogError::io(path.to_owned(), "make the folder", error))?;
    }
    #[cfg(target_os = "linux")]
    let folder = crate::medium::folder::Folder::open(path, is_writable, options.trust);
    #[cfg(not(target_os = "linux"))]
    let folder = crate::medium::portable::PortableFolder::open(path, is_writable);
    Ok(Arc::new(folder.map_err(wrap)?))
}
