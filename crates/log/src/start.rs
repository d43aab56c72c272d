//! Opening for writing: make, join or recover a store, all under byte 0 of LOCK; and leaving it in order.
//!
//! Invariant: a handle that is open holds its liveness byte, taken before byte 0 is given back.

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering::{Relaxed, Release, SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::append::Appender;
use crate::codec::checkpoint::{Checkpoint, FolderIdentity};
use crate::codec::identity::{Format, is_segment_len};
use crate::codec::segment::SegmentHeader;
use crate::codec::state::State;
use crate::control::Tail;
use crate::door;
use crate::error::{LogError, Result};
use crate::failpoint;
use crate::ids::{Lsn, StoreId, WriterId};
use crate::layout::{
    BALLAST_LEN, FORMAT_LEN, LOCK_LIVENESS, LOCK_OPEN, name, pack_parts, segment_base,
};
use crate::medium::{Control, Medium, Mode, read_file};
use crate::options::{OpenOptions, OpenReport};
use crate::recover::{recover, write_checkpoint};
use crate::shared::{Shared, guard};
use crate::spool::Spool;
use crate::survey::{Survey, Verdict, survey};
use crate::sync::SyncState;

/// How long an opener waits for another one before it reports the store as busy.
const OPEN_WAIT: Duration = Duration::from_secs(10);
const LIVENESS_LEN: u64 = 1 << 32;
/// Writer ids stay below the bit that the append lock's word keeps for itself.
pub(crate) const WRITER_LIMIT: u32 = 1 << 30;

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

/// FORMAT of a folder that must be a store.
pub(crate) fn require_format(medium: &dyn Medium) -> Result<Format> {
    match read_format(medium)? {
        Some(format) => Ok(format),
        None => Err(without_format(medium)),
    }
}

/// What a folder is that has no FORMAT. One with a log is no empty place: a store made there would take the log's
/// segments for strays.
fn without_format(medium: &dyn Medium) -> LogError {
    let path = medium.path();
    let names = match medium.list(".") {
        Ok(names) => names,
        Err(error) => return LogError::io(path, "list", error),
    };
    if names.iter().any(|known| known == name::RESTORING) {
        return LogError::Unfinished { path };
    }
    match names.into_iter().find(|name| is_of_log(name)) {
        Some(found) => LogError::FormatMissing { path, found },
        None => LogError::NotAStore { path },
    }
}

fn is_of_log(name: &str) -> bool {
    segment_base(name).is_some() || pack_parts(name).is_some()
}

/// Whether the folder has segments, with a FORMAT or without, or is being filled with them by a restoration.
#[must_use]
pub fn holds_log(path: &Path) -> bool {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name());
    names.any(|file| {
        let file = file.to_str();
        file.is_some_and(|file| is_of_log(file) || file == name::RESTORING)
    })
}

/// Nobody writes to a store before it is whole.
fn refuse_unfinished(medium: &dyn Medium) -> Result<()> {
    let path = medium.path();
    match read_file(medium, name::RESTORING, 0) {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(LogError::Unfinished { path }),
        Err(error) => Err(LogError::io(path.join(name::RESTORING), "read", error)),
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
    refuse_unfinished(&*medium)?;
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
        None => match without_format(&*medium) {
            LogError::NotAStore { .. } if options.create => {
                make_store(&*medium, options.segment_len).map_err(wrap)?
            }
            error => return Err(error),
        },
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
        gate: open_gate(&*medium, salt, survey.is_none()),
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
        stalled_process: 0.into(),
        is_closed: false.into(),
        sync_count: 0.into(),
        alarm: crate::shared::Alarm::default(),
        election: crate::shared::Election::default(),
        medium,
    };
    Ok((shared, report))
}

/// The page in front of the append lock; a store gets on without one. Its name carries the salt of ctl, so that no
/// store ever meets the gate of an earlier one whose writers had the same ids.
fn open_gate(medium: &dyn Medium, salt: u64, is_used: bool) -> Option<Arc<dyn Control>> {
    let gate = medium.gate(&gate_name(salt))?;
    if !is_used {
        // Nobody is alive, and this is under byte 0 of LOCK: whoever held it died.
        gate.page().append_lock.store(0, Relaxed);
    }
    Some(gate)
}

fn gate_name(salt: u64) -> String {
    format!("gate-{salt:016x}")
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
    if !is_segment_len(segment_len) {
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
    id = id.max(1);
    // Only a store that somebody wrote by hand can come here: its crcs are right and its numbers are not.
    let used_up = || io::Error::new(io::ErrorKind::InvalidData, "every writer id is used up");
    while id >= WRITER_LIMIT || !medium.try_lock(LOCK_LIVENESS + u64::from(id))? {
        id = id
            .checked_add(1)
            .filter(|id| *id < WRITER_LIMIT)
            .ok_or_else(used_up)?;
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
    if is_last {
        medium.remove_gate(&gate_name(shared.salt));
    }
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
    // Also before LOCK is made, which a restoration takes for the sign of a writer.
    if is_writable && path.join(name::RESTORING).exists() {
        return Err(LogError::Unfinished {
            path: path.to_owned(),
        });
    }
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
