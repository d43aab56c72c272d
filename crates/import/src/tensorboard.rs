//! `TensorBoard`'s event files: what its `SummaryWriter`s wrote, of `TensorFlow`, `PyTorch` and `tensorboardX`.
//!
//! Invariants: a folder with event files is a run; files are read in the order of their names, each from where its mark
//! says; a file that was replaced is read from its beginning; a file whose checksum is wrong is read up to there.

mod crc;
mod event;
mod histogram;
mod hparams;
mod mark;
pub(crate) mod media;
mod records;
mod tags;
mod take;
mod tensor;
mod walk;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Cursor;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use mltrack::{Result, WallTime};

use crate::chunk::{Chunk, RunFacts};
use crate::followed::reading::{self, Next, RecordFile as _, Taker as _};
use crate::followed::{Followed, not_read, replaced};
use crate::marks::{self, Ends};
use crate::report::Untaken;
use crate::source::{RunHead, Source};
use crate::wire;
pub(crate) use event::time_ns;
use mark::Mark;
use records::Records;
use take::Take;
use walk::Found;

/// A folder of event files, or a lone file.
#[derive(Debug)]
pub struct TensorBoard {
    folder: Followed<Found>,
    experiment: String,
    current: Option<Current>,
    /// Files as they were when they were read to their end.
    seen: HashMap<PathBuf, Stamp>,
}

/// Whether a file is as it was.
type Stamp = (u64, u64, u64, i64, i64);

/// The run that is read.
#[derive(Debug)]
struct Current {
    found: Found,
    /// The file that is read, by its number.
    at: usize,
    open: Option<(Records, Stamp)>,
    mark: Mark,
    take: Take,
    is_new: bool,
}

impl TensorBoard {
    /// The runs in a folder, as `TensorBoard` finds them: every folder with files that have `tfevents` in their names. When
    /// it is followed there need not be any yet, and a record that is not whole is awaited.
    ///
    /// Errors: `NOT_FOUND` when there is nothing, `VALIDATION_ERROR` for what is neither a folder nor a file,
    /// `IO_ERROR` for what cannot be read.
    pub fn open(root: &Path, is_followed: bool) -> Result<TensorBoard> {
        let folder: Followed<Found> = Followed::open(root, is_followed)?;
        let name = folder.root.file_name().map(|name| name.to_string_lossy());
        Ok(TensorBoard {
            experiment: name.unwrap_or("tensorboard".into()).into_owned(),
            folder,
            current: None,
            seen: HashMap::new(),
        })
    }

    /// The name of a run: its folder's below the one that is imported.
    fn name(&self, found: &Found) -> String {
        if found.name == "." {
            self.experiment.clone()
        } else {
            found.name.clone()
        }
    }
}

impl Source for TensorBoard {
    fn kind(&self) -> &'static str {
        "tensorboard"
    }

    fn len_total(&self) -> Option<u64> {
        Some(self.folder.len_total)
    }

    fn next_run(&mut self) -> Result<Option<RunHead>> {
        let Some(found) = self.folder.next()? else {
            self.current = None;
            return Ok(None);
        };
        let place = match &found.files[..] {
            [file] if self.folder.root == *file => file,
            _ => &found.folder,
        };
        let head = RunHead {
            identity: place.to_string_lossy().into_owned(),
            name: self.name(&found),
            experiment: self.experiment.clone(),
        };
        self.current = Some(Current {
            at: 0,
            open: None,
            mark: Mark::default(),
            take: Take::new(&head.name),
            is_new: true,
            found,
        });
        Ok(Some(head))
    }

    fn open(&mut self, mark: Option<&str>) -> Result<()> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        current.is_new = mark.is_none();
        current.mark = marks::read(mark);
        current.take.last_ns = current.mark.ends.last_ns;
        current.take.end = current.mark.ends.said();
        Ok(())
    }

    fn read(&mut self, chunk: &mut Chunk) -> Result<bool> {
        let Some(current) = &mut self.current else {
            return Ok(false);
        };
        chunk.facts = current.is_new.then(RunFacts::default);
        current.take.new_chunk();
        let has_more = loop {
            if current.at == current.found.files.len() {
                break false;
            }
            if current.open.is_none() && !current.open_file(&self.seen) {
                current.at += 1;
                continue;
            }
            let Some(stamp) = current.read_file(chunk, self.folder.goes_on) else {
                break true;
            };
            let file = current.found.files[current.at].clone();
            self.seen.insert(file, stamp);
            current.at += 1;
        };
        current.finish(chunk);
        self.folder.untaken.append(&mut current.take.untaken);
        Ok(has_more)
    }

    fn untaken(&mut self) -> Vec<Untaken> {
        std::mem::take(&mut self.folder.untaken)
    }
}

impl Current {
    /// Opens the file of the run that comes next, where its mark says. False when there is nothing new in it.
    fn open_file(&mut self, seen: &HashMap<PathBuf, Stamp>) -> bool {
        let path = &self.found.files[self.at];
        let untaken = &mut self.take.untaken;
        let opened = File::open(path).and_then(|file| {
            let stamp = stamp(&file.metadata()?);
            if seen.get(path) == Some(&stamp) {
                return Ok(None);
            }
            let at = self.mark.place(path, &file)?;
            if at.is_none() {
                untaken.push(replaced(path));
            }
            Ok(Some((Records::at(file, at.unwrap_or(0))?, stamp)))
        });
        match opened {
            Ok(open) => self.open = open,
            Err(error) => untaken.extend(not_read("file", path, &error)),
        }
        self.open.is_some()
    }

    /// Reads the open file until the chunk is full, or to its end: then it answers how the file was when it was opened.
    fn read_file(&mut self, chunk: &mut Chunk, is_followed: bool) -> Option<Stamp> {
        let (mut records, stamp) = self.open.take()?;
        let path = &self.found.files[self.at];
        let is_ended = reading::read(path, &mut records, is_followed, &mut self.take, chunk);
        self.mark.set(path, records.place(), records.last_crc());
        if is_ended {
            return Some(stamp);
        }
        self.open = Some((records, stamp));
        None
    }

    /// Says how far the chunk goes, and where the run ends.
    fn finish(&mut self, chunk: &mut Chunk) {
        self.mark.ends = Ends::new(self.take.last_ns, self.take.end);
        chunk.mark = marks::write(&self.mark);
        chunk.ending = self.mark.ends.ending();
        if self.take.last_ns.is_none() {
            // A run of which nothing was read yet is none.
            chunk.facts = None;
        } else if let Some(facts) = &mut chunk.facts {
            facts.started = facts.started.or(self.take.first_ns.map(WallTime));
            self.is_new = false;
        }
    }
}

fn stamp(known: &fs::Metadata) -> Stamp {
    (
        known.dev(),
        known.ino(),
        known.len(),
        known.mtime(),
        known.mtime_nsec(),
    )
}

/// Reads an event file that lies in memory, and then the same bytes as one record; how many records there were. For
/// fuzzing.
#[doc(hidden)]
pub fn read_event_file(bytes: &[u8], chunk: &mut Chunk) -> usize {
    let mut take = Take::new("fuzzed");
    take.new_chunk();
    let mut records = Records::at(Cursor::new(bytes), 0).expect("memory can be read");
    let mut count = 1;
    while let Ok(Next::Record(record)) = records.next() {
        take.record(record, 0, chunk).ok();
        count += 1;
    }
    // Without checksums, so that what is behind them is reached.
    take.record(bytes, 0, chunk).ok();
    count
}
