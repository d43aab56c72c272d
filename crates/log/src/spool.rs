//! Batches that could not be appended yet: a private file of the same frames, merged in order and once.
//!
//! Invariants: while a process has anything in its spool, all it appends goes behind that; a frame's place in its spool
//! travels with it into the log, so that a merge that was killed is taken up where it stopped.
//! A spool lies in memory-backed storage when there is some, because the disk itself may be what stands still.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use crate::append::{Appender, Stamp};
use crate::append_lock::AppendLock;
use crate::batch::Batch;
use crate::codec::bytes::u32_at;
use crate::codec::frame::{ControlExtension, Frame, FrameHeader, Salt, SpoolExtension};
use crate::codec::spool::SpoolHeader;
use crate::door;
use crate::error::{LogError, Result};
use crate::ids::{Lsn, StoreId};
use crate::layout::{FRAME_ALIGN, LOCK_LIVENESS, SPOOL_HEADER_LEN, name};
use crate::medium::{Medium, MediumFile, Mode, read_file};
use crate::scan::{Scan, Step};
use crate::shared::Shared;

/// The writer of spools on filesystems without locks: it has no liveness byte.
pub(crate) const WRITER_WITHOUT_LOCKS: u32 = 0;

/// One handle's spool; empty most of the time.
#[derive(Default)]
pub(crate) struct Spool {
    open: Option<OpenSpool>,
}

pub(crate) struct OpenSpool {
    place: Arc<dyn Medium>,
    name: String,
    header: SpoolHeader,
    file: Arc<dyn MediumFile>,
    end: u64,
    next: u32,
    last_crc: u32,
    /// Frames already in the log.
    merged: u64,
    frames: u64,
}

impl Spool {
    /// Puts a batch behind what is already waiting.
    pub fn push(&mut self, shared: &Shared, batch: &Batch, stream: Option<u64>) -> Result<()> {
        if self.open.is_none() {
            let place = shared
                .medium
                .volatile(true)
                .unwrap_or_else(|| Arc::clone(&shared.medium));
            let log_lsn = shared.tail().map_or(1, |tail| tail.state.next_lsn);
            let opened = OpenSpool::create(place, shared.format.store, shared.writer.0, log_lsn);
            self.open = Some(opened.map_err(|error| wrap(shared, "make a spool", error))?);
        }
        let open = self.open.as_mut().expect("just opened");
        open.push(batch, stream)
            .map_err(|error| wrap(shared, "write the spool", error))?;
        shared.is_spooling.store(true, SeqCst);
        Ok(())
    }

    /// Appends everything that waits. Under the append lock.
    pub fn drain(
        &mut self,
        shared: &Shared,
        appender: &mut Appender,
        lock: &AppendLock,
    ) -> Result<()> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        let file = Arc::clone(&open.file);
        let damage = merge(shared, appender, lock, &open.header, file, &mut open.merged)?;
        if damage.is_some() {
            keep_damaged(shared, &*open.place, &open.name)?;
        } else {
            open.place
                .remove(&open.name)
                .map_err(|error| wrap(shared, "remove a spool", error))?;
        }
        self.open = None;
        shared.is_spooling.store(false, SeqCst);
        damage.map_or(Ok(()), Err)
    }
}

fn wrap(shared: &Shared, action: &'static str, error: io::Error) -> LogError {
    LogError::io(shared.medium.path().join(name::SPOOL), action, error)
}

impl OpenSpool {
    /// Makes a spool in `place`. No frame of it can lie in the log before `log_lsn`.
    pub fn create(
        place: Arc<dyn Medium>,
        store: StoreId,
        writer: u32,
        log_lsn: u64,
    ) -> io::Result<OpenSpool> {
        place.make_folder(name::SPOOL)?;
        let header = SpoolHeader {
            store,
            id: door::random_u64(),
            salt: door::random_u64(),
            log_lsn,
            created_ns: door::wall_time_ns(),
            writer,
            process: crate::append_lock::process_id(),
        };
        let name = format!("{}/{}", name::SPOOL, SpoolHeader::name(header.id));
        let file = place.open(&name, Mode::Create(0))?;
        let block = header.encode();
        file.write_at(&block, 0)?;
        Ok(OpenSpool {
            place,
            name,
            header,
            file,
            end: SPOOL_HEADER_LEN as u64,
            next: 0,
            last_crc: u32_at(&block, SPOOL_HEADER_LEN - 4),
            merged: 0,
            frames: 0,
        })
    }

    /// Makes what was pushed durable.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    /// Tells whoever merges that nothing more will come, so that the file can go.
    pub fn end(self) -> io::Result<()> {
        self.place
            .rename(&self.name, &format!("{}.ended", self.name))
    }

    /// Puts a batch behind the others.
    pub fn push(&mut self, batch: &Batch, stream: Option<u64>) -> io::Result<()> {
        let now = door::wall_time_ns();
        let mut batch = batch.with_times(now);
        let header = FrameHeader {
            lsn_low: self.next,
            previous_crc: self.last_crc,
            commit_time: now,
            writer: self.header.writer,
            batch_id: door::random_u64() as u16,
            count: batch.count(),
            control: stream.map(|stream| ControlExtension {
                stream,
                previous_base: 0,
                previous_offset: 0,
                sequence: 0,
            }),
            spooled: None,
            clock: None,
        };
        let frame = batch.frame_mut(header.encoded_len());
        let crc = header.stamp(frame, Salt::new(self.header.salt));
        let mut bytes = frame.to_vec();
        bytes.resize(bytes.len().next_multiple_of(FRAME_ALIGN), 0);
        self.file.write_at(&bytes, self.end)?;
        self.end += bytes.len() as u64;
        self.next += u32::from(header.count);
        self.last_crc = crc;
        self.frames += 1;
        Ok(())
    }
}

/// Appends a spool's frames from number `merged` on, counting each there: what fails in between is taken up behind it.
/// Returns the damage that the spool ends with, if it does.
fn merge(
    shared: &Shared,
    appender: &mut Appender,
    lock: &AppendLock,
    header: &SpoolHeader,
    file: Arc<dyn MediumFile>,
    merged: &mut u64,
) -> Result<Option<LogError>> {
    let mut scan = Scan::spool(file, header).map_err(|error| wrap(shared, "read", error))?;
    let mut sequence = 0;
    loop {
        let offset = scan.offset();
        match scan.step().map_err(|error| wrap(shared, "read", error))? {
            Step::Frame(..) if sequence < *merged => {}
            Step::Frame(frame, _) => {
                append_spooled(shared, appender, lock, header.id, sequence, &frame)?;
                *merged += 1;
            }
            Step::End => return Ok(None),
            Step::Fault => return Ok(Some(damaged(shared, header, offset))),
        }
        sequence += 1;
    }
}

fn damaged(shared: &Shared, header: &SpoolHeader, offset: u64) -> LogError {
    LogError::Corrupt {
        path: shared
            .medium
            .path()
            .join(name::SPOOL)
            .join(SpoolHeader::name(header.id)),
        offset,
        lsn: Lsn::new(header.log_lsn).unwrap_or(Lsn::FIRST),
        cause: "no whole batch lies there; the spool is kept with the suffix .damaged".into(),
    }
}

/// Takes a damaged spool out of the way of later merges, and removes nothing.
fn keep_damaged(shared: &Shared, place: &dyn Medium, name: &str) -> Result<()> {
    let kept = place.rename(name, &format!("{name}.damaged"));
    kept.map_err(|error| wrap(shared, "set a damaged spool aside", error))
}

fn append_spooled(
    shared: &Shared,
    appender: &mut Appender,
    lock: &AppendLock,
    id: u64,
    sequence: u64,
    frame: &Frame,
) -> Result<()> {
    let mut batch = Batch::from_body(frame.body, frame.header.count);
    let stamp = Stamp {
        condition: None,
        stream: frame.header.control.map(|control| control.stream),
        spooled: Some(SpoolExtension { id, sequence }),
        writer: Some(frame.header.writer),
        rolls: false,
    };
    appender.append(shared, lock, &mut batch, &stamp).map(drop)
}

/// Merges the spools of processes that are gone. Under byte 0 of LOCK, so nobody else does it.
/// Returns how many batches came back, and why others did not.
pub(crate) fn merge_orphans(shared: &Shared) -> (u64, Option<LogError>) {
    let (mut merged, mut failed) = (0, None);
    let volatile = shared.medium.volatile(false);
    let places = [Some(Arc::clone(&shared.medium)), volatile];
    for place in places.into_iter().flatten() {
        let names = match place.list(name::SPOOL) {
            Ok(names) => names,
            Err(error) => return (merged, Some(wrap(shared, "list", error))),
        };
        for file_name in names
            .iter()
            .filter(|file_name| SpoolHeader::is_name(file_name))
        {
            let name = format!("{}/{file_name}", name::SPOOL);
            if let Err(error) = merge_orphan(shared, &*place, &name, &mut merged) {
                // One damaged spool does not keep the others back.
                failed = failed.or(Some(error));
            }
        }
    }
    (merged, failed)
}

fn merge_orphan(shared: &Shared, place: &dyn Medium, name: &str, count: &mut u64) -> Result<()> {
    let io = |error| wrap(shared, "read a spool", error);
    let Some(header) = orphan_header(shared, place, name)? else {
        return Ok(());
    };
    let file = place.open(name, Mode::Read).map_err(io)?;
    let skip = already_merged(shared, &header)?;
    let mut merged = skip;
    let mut appender = crate::shared::guard(&shared.appender);
    let wait = shared
        .options
        .lock_wait
        .max(std::time::Duration::from_secs(1));
    let lock = AppendLock::acquire(shared, wait).map_err(|stalled| LogError::Busy {
        process: stalled.process,
        waited: wait,
    })?;
    let result = merge(shared, &mut appender, &lock, &header, file, &mut merged);
    drop(lock);
    *count += merged - skip;
    if let Some(damage) = result? {
        keep_damaged(shared, place, name)?;
        return Err(damage);
    }
    // Its writer may have been told that it is durable, so the log is before the file goes.
    let next_lsn = shared.tail()?.state.next_lsn;
    crate::sync::sync_before(shared, next_lsn)?;
    // Without locks nobody can say whether a writer still lives, so its spool stays until it says that it has ended.
    if header.writer != WRITER_WITHOUT_LOCKS || SpoolHeader::is_ended_name(name) {
        place.remove(name).map_err(io)?;
    }
    Ok(())
}

/// The header of a spool of this store whose writer is gone.
fn orphan_header(shared: &Shared, place: &dyn Medium, name: &str) -> Result<Option<SpoolHeader>> {
    let io = |error| wrap(shared, "read a spool", error);
    let bytes = read_file(place, name, SPOOL_HEADER_LEN)
        .map_err(io)?
        .unwrap_or_default();
    let Some(header) = SpoolHeader::decode(&bytes) else {
        if bytes.iter().all(|byte| *byte == 0) {
            // Its writer is only just making it, or was killed then; no batch is in it.
            return Ok(None);
        }
        return Err(LogError::Corrupt {
            path: shared.medium.path().join(name),
            offset: 0,
            lsn: Lsn::FIRST,
            cause: "the header of the spool is damaged".into(),
        });
    };
    let liveness = LOCK_LIVENESS + u64::from(header.writer);
    let is_alive = shared.medium.is_held(liveness, 1).map_err(io)?;
    Ok(Some(header).filter(|header| header.store == shared.format.store && !is_alive))
}

/// How many frames of a spool the log already holds: the highest sequence that came through, plus one.
fn already_merged(shared: &Shared, header: &SpoolHeader) -> Result<u64> {
    let mut frames = crate::reader::Frames::of(shared, header.log_lsn)?;
    let mut count = 0;
    while let Some(frame) = frames.next_frame()? {
        if let Some(spooled) = frame.header.spooled
            && spooled.id == header.id
        {
            count = spooled.sequence + 1;
        }
    }
    Ok(count)
}
