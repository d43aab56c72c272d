//! Writing what the folder does not hold yet: the log's points, packed into blocks, a file after the other.
//!
//! Invariants: a file gets its name when it is whole; nothing is written for records that cannot be read; memory is
//! that of the blocks being packed, one for each processor and one being filled.

use std::collections::VecDeque;
use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{Scope, ScopedJoinHandle};

use mltrack_event::TypeId;
use mltrack_projector::{LogError, Lsn, PackRecord, Reader, Record, WriterId};

use super::file::{Writing, name_of};
use super::{Extended, SeriesError};
use crate::block::{PAYLOAD_LEN_MAX, RECORDS_MAX, pack};

/// A block is full at so many bytes of payload: larger ones do not pack better.
const PAYLOAD_LEN: usize = 32 << 20;
const _: () = assert!(PAYLOAD_LEN < PAYLOAD_LEN_MAX && PAYLOAD_LEN_MAX < u32::MAX as usize);
/// Blocks that are packed at the same time.
const WORKERS_MAX: usize = 4;

/// What answers are made of; everything else is asked of the log.
const TYPES: [TypeId; 4] = [
    TypeId::METRICS_LOGGED,
    TypeId::METRIC_BATCH_LOGGED,
    TypeId::HISTOGRAM_LOGGED,
    TypeId::JSON_LOGGED,
];

/// Records on their way into a block.
struct Filling {
    /// The first record that it stands for, and the first behind it.
    first: Lsn,
    next: Lsn,
    facts: Vec<Fact>,
    payloads: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Fact {
    lsn: Lsn,
    type_id: u16,
    version: u16,
    writer: WriterId,
    time_ns: i64,
    commit_time_ns: i64,
    payload_end: u32,
}

impl Filling {
    fn new(first: Lsn) -> Filling {
        Filling {
            first,
            next: first,
            facts: Vec::new(),
            payloads: Vec::new(),
        }
    }

    fn is_full(&self) -> bool {
        self.facts.len() >= RECORDS_MAX || self.payloads.len() >= PAYLOAD_LEN
    }

    fn add(&mut self, record: &Record<'_>) {
        self.next = record.lsn.plus(1);
        if !TYPES.contains(&TypeId(record.type_id)) {
            return;
        }
        self.payloads.extend_from_slice(record.payload);
        self.facts.push(Fact {
            lsn: record.lsn,
            type_id: record.type_id,
            version: record.version,
            writer: record.writer,
            time_ns: record.time_ns,
            commit_time_ns: record.commit_time_ns,
            payload_end: self.payloads.len() as u32,
        });
    }

    fn pack(self) -> Vec<u8> {
        if self.facts.is_empty() {
            return Vec::new();
        }
        let mut start = 0;
        let records = self.facts.iter().map(|fact| {
            let end = fact.payload_end as usize;
            let payload = &self.payloads[start..end];
            start = end;
            PackRecord {
                lsn: fact.lsn,
                type_id: fact.type_id,
                version: fact.version,
                writer: fact.writer,
                time_ns: fact.time_ns,
                has_time: fact.time_ns != fact.commit_time_ns,
                commit_time_ns: fact.commit_time_ns,
                payload,
            }
        });
        pack(&records.collect::<Vec<_>>())
    }
}

/// Writes files for a stretch of the log, which must be visible. Stops early, with whole files, when asked to.
pub fn write(
    folder: &Path,
    open_reader: &dyn Fn() -> Result<Reader, LogError>,
    lsns: Range<Lsn>,
    should_stop: &AtomicBool,
) -> Result<Extended, SeriesError> {
    let (mut reader, epochs) = (open_reader()?, open_reader()?);
    reader.seek(lsns.start);
    std::thread::scope(|scope| {
        let mut output = Output {
            folder,
            epochs,
            scope,
            packing: VecDeque::new(),
            workers_max: std::thread::available_parallelism()
                .map_or(1, usize::from)
                .min(WORKERS_MAX),
            file: None,
            extended: Extended::default(),
        };
        let mut filling = Filling::new(lsns.start);
        while !should_stop.load(Relaxed) {
            let Some(batch) = reader.next_batch()? else {
                filling.next = lsns.end;
                break;
            };
            for record in batch {
                if lsns.contains(&record.lsn) {
                    filling.add(&record);
                }
                if filling.is_full() {
                    let next = Filling::new(filling.next);
                    output.pack(std::mem::replace(&mut filling, next))?;
                }
            }
            if filling.next >= lsns.end {
                break;
            }
        }
        output.pack(filling)?;
        output.finish()
    })
}

/// Blocks being packed, and the file that they go to, in their order.
struct Output<'scope, 'env> {
    folder: &'env Path,
    /// Tells the epoch of any record.
    epochs: Reader,
    scope: &'scope Scope<'scope, 'env>,
    packing: VecDeque<(Range<Lsn>, ScopedJoinHandle<'scope, Vec<u8>>)>,
    workers_max: usize,
    file: Option<(NewFile, Writing<File>)>,
    extended: Extended,
}

impl Output<'_, '_> {
    fn pack(&mut self, filling: Filling) -> Result<(), SeriesError> {
        let lsns = filling.first..filling.next;
        if lsns.is_empty() {
            return Ok(());
        }
        while self.packing.len() >= self.workers_max {
            self.write_next()?;
        }
        self.extended.records += filling.facts.len() as u64;
        let packing = self.scope.spawn(move || filling.pack());
        self.packing.push_back((lsns, packing));
        Ok(())
    }

    /// Waits for the oldest block and writes it.
    fn write_next(&mut self) -> Result<(), SeriesError> {
        let Some((lsns, packing)) = self.packing.pop_front() else {
            return Ok(());
        };
        let block = packing.join().expect("packing is total");
        let (new, writing) = match &mut self.file {
            Some(open) => open,
            empty => empty.insert(NewFile::begin(self.folder)?),
        };
        let wrap = |error| SeriesError::io(&new.path, "write", error);
        writing.add(lsns, &block).map_err(wrap)?;
        if writing.is_full() {
            self.close_file()?;
        }
        Ok(())
    }

    fn close_file(&mut self) -> Result<(), SeriesError> {
        let Some((new, writing)) = self.file.take() else {
            return Ok(());
        };
        let Some((first, next)) = writing.range() else {
            return Ok(());
        };
        self.epochs.refresh()?;
        self.epochs.seek(next);
        let wrap = |error| SeriesError::io(&new.path, "write", error);
        let file = writing.finish(self.epochs.cursor()).map_err(wrap)?;
        self.extended.bytes += file.metadata().map_err(wrap)?.len();
        self.extended.files += 1;
        self.extended.next = Some(next);
        new.keep(&name_of(first, next))
    }

    fn finish(mut self) -> Result<Extended, SeriesError> {
        while !self.packing.is_empty() {
            self.write_next()?;
        }
        self.close_file()?;
        Ok(self.extended)
    }
}

/// A file that vanishes unless it is given its name.
struct NewFile {
    path: PathBuf,
    is_kept: bool,
}

impl NewFile {
    fn begin(folder: &Path) -> Result<(NewFile, Writing<File>), SeriesError> {
        let (path, file) = locked_file(folder)?;
        let wrap = |error| SeriesError::io(&path, "make", error);
        like_the_folder(folder, &file).map_err(wrap)?;
        let new = NewFile {
            path: path.clone(),
            is_kept: false,
        };
        let writing = Writing::begin(file).map_err(wrap)?;
        Ok((new, writing))
    }

    fn keep(mut self, name: &str) -> Result<(), SeriesError> {
        let to = self.path.with_file_name(name);
        // Whoever wrote a file of this name wrote the same records.
        fs::rename(&self.path, &to).map_err(|error| SeriesError::io(&to, "name", error))?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // What stays is swept by a later writer.
            fs::remove_file(&self.path).ok();
        }
    }
}

/// A new file that nobody sweeps, because it is locked.
fn locked_file(folder: &Path) -> Result<(PathBuf, File), SeriesError> {
    loop {
        let (path, file) = free_name(folder)?;
        // Where files cannot be locked, nobody can tell that it is not in use, so nobody sweeps it either.
        let is_ours = !matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        // A sweeper may have met it before it was locked.
        if is_ours && path.exists() {
            return Ok((path, file));
        }
    }
}

fn free_name(folder: &Path) -> Result<(PathBuf, File), SeriesError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Relaxed));
        let path = folder.join(format!("{process}-{number}{NEW_SUFFIX}"));
        match File::create_new(&path) {
            Ok(file) => return Ok((path, file)),
            // A process of this number died here, or works on the same folder from another machine.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(SeriesError::io(&path, "make", error)),
        }
    }
}

/// Files that have no name yet end in this.
const NEW_SUFFIX: &str = ".new";

/// Deletes what writers left behind that died.
pub fn sweep_new_files(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.to_string_lossy().ends_with(NEW_SUFFIX) {
            remove_dead(&path);
        }
    }
}

/// Deletes a file that nobody holds. It stays locked until it is gone: whoever makes it at this moment learns of that.
fn remove_dead(path: &Path) {
    if let Ok(file) = File::open(path)
        && file.try_lock().is_ok()
    {
        // A later writer tries again.
        fs::remove_file(path).ok();
    }
}

/// Whoever may read the folder may read the file.
#[cfg(unix)]
fn like_the_folder(folder: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let wanted = fs::metadata(folder)?;
    file.set_permissions(fs::Permissions::from_mode(wanted.mode() & 0o666))?;
    if file.metadata()?.gid() != wanted.gid() {
        // Not everybody may give a file to the group; then it stays with the writer's.
        fchown(file, None, Some(wanted.gid())).ok();
    }
    Ok(())
}

#[cfg(not(unix))]
fn like_the_folder(_: &Path, _: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_nobody_writes_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let (new, writing) = NewFile::begin(folder.path()).unwrap();
        fs::write(folder.path().join("7-0.new"), "left behind").unwrap();
        fs::write(folder.path().join("1-2.blocks"), "whole").unwrap();
        sweep_new_files(folder.path());
        let held = new.path.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(names(folder.path()), ["1-2.blocks", held.as_str()]);
        drop((new, writing));
        assert_eq!(names(folder.path()), ["1-2.blocks"]);
    }

    #[test]
    fn a_file_is_not_swept_while_it_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !is_over.load(Relaxed) {
                        sweep_new_files(folder.path());
                    }
                });
            }
            let kept = (0..2000).try_for_each(|_| {
                let (new, _writing) = NewFile::begin(folder.path())?;
                new.keep("1-2.blocks")
            });
            is_over.store(true, Relaxed);
            kept.unwrap();
        });
        assert_eq!(names(folder.path()), ["1-2.blocks"]);
    }
}
