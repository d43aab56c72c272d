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
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use mltrack::{Code, EndState, Error, Result, WallTime};

use crate::chunk::{Chunk, PastEnding, RunFacts};
use crate::report::Untaken;
use crate::source::{RunHead, Source};
use crate::wire;
pub(crate) use event::time_ns;
use mark::Mark;
use records::{Next, Records};
use take::Take;
use walk::Found;

/// A chunk has so many points, or so many bytes of other things, at most.
const POINTS_MAX: usize = 64 << 10;
const OTHER_LEN_MAX: usize = 2 << 20;

/// A folder of event files, or a lone file.
#[derive(Debug)]
pub struct TensorBoard {
    root: PathBuf,
    experiment: String,
    is_followed: bool,
    len_total: u64,
    runs: std::vec::IntoIter<Found>,
    is_fresh: bool,
    current: Option<Current>,
    /// Files as they were when they were read to their end.
    seen: HashMap<PathBuf, Stamp>,
    untaken: Vec<Untaken>,
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
        let root = fs::canonicalize(root).map_err(|error| failure(root, &error))?;
        let kind = fs::metadata(&root).map_err(|error| failure(&root, &error))?;
        if !kind.is_dir() && !kind.is_file() {
            let what = format!("{} is neither a folder nor a file", root.display());
            return Err(Error::new(Code::ValidationError, what)
                .with_hint("name the folder that TensorBoard gets as --logdir"));
        }
        let name = root
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let mut opened = TensorBoard {
            experiment: name.unwrap_or_else(|| "tensorboard".into()),
            root,
            is_followed,
            len_total: 0,
            runs: Vec::new().into_iter(),
            is_fresh: false,
            current: None,
            seen: HashMap::new(),
            untaken: Vec::new(),
        };
        opened.look()?;
        if opened.runs.len() == 0 && !is_followed {
            let what = format!("{} has no event files", opened.root.display());
            return Err(Error::new(Code::NotFound, what)
                .with_hint("they have tfevents in their names; name the folder that TensorBoard gets as --logdir"));
        }
        Ok(opened)
    }

    /// Finds the runs that are there now.
    fn look(&mut self) -> Result<()> {
        let untaken = &mut self.untaken;
        let found = walk::runs(&self.root, |path, error| {
            let why = format!("cannot be read: {error}");
            untaken.push(Untaken::damaged("folder", path.to_string_lossy(), &why));
        });
        let found = found.map_err(|error| failure(&self.root, &error))?;
        let files = found.iter().flat_map(|run| &run.files);
        self.len_total = files
            .filter_map(|file| Some(fs::metadata(file).ok()?.len()))
            .sum();
        self.runs = found.into_iter();
        self.is_fresh = true;
        Ok(())
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
        Some(self.len_total)
    }

    fn next_run(&mut self) -> Result<Option<RunHead>> {
        if !self.is_fresh {
            self.look()?;
        }
        let Some(found) = self.runs.next() else {
            self.is_fresh = false;
            self.current = None;
            return Ok(None);
        };
        let place = match &found.files[..] {
            [file] if self.root == *file => file,
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
        current.mark = Mark::read(mark);
        current.take.last_ns = current.mark.last_ns;
        current.take.end = current.mark.end();
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
            if current.open.is_none() && !current.open_file(&self.seen, &mut self.untaken) {
                current.at += 1;
                continue;
            }
            match current.read_file(chunk, self.is_followed, &mut self.untaken) {
                Some(stamp) => {
                    self.seen
                        .insert(current.found.files[current.at].clone(), stamp);
                    current.at += 1;
                }
                None => break true,
            }
        };
        current.finish(chunk);
        self.untaken.append(&mut current.take.untaken);
        Ok(has_more)
    }

    fn untaken(&mut self) -> Vec<Untaken> {
        std::mem::take(&mut self.untaken)
    }
}

impl Current {
    fn file(&self) -> &Path {
        &self.found.files[self.at]
    }

    /// Opens the file of the run that comes next, where its mark says. False when there is nothing new in it.
    fn open_file(&mut self, seen: &HashMap<PathBuf, Stamp>, untaken: &mut Vec<Untaken>) -> bool {
        let path = self.found.files[self.at].clone();
        let opened = File::open(&path).and_then(|file| {
            let stamp = stamp(&file.metadata()?);
            if seen.get(&path) == Some(&stamp) {
                return Ok(None);
            }
            let at = self.mark.place(&path, &file)?;
            if at.is_none() {
                let what = "a file that was replaced";
                let why = "it is read from its beginning, beside what was taken of the one before";
                untaken.push(Untaken::noted(what, path.to_string_lossy(), why));
            }
            Ok(Some((Records::at(file, at.unwrap_or(0))?, stamp)))
        });
        match opened {
            Ok(open) => self.open = open,
            // A file that went away meanwhile is no more.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let why = format!("cannot be read: {error}");
                untaken.push(Untaken::damaged("file", path.to_string_lossy(), &why));
            }
        }
        self.open.is_some()
    }

    /// Reads the open file until the chunk is full, or to its end: then it answers how the file was when it was opened.
    fn read_file(
        &mut self,
        chunk: &mut Chunk,
        is_followed: bool,
        untaken: &mut Vec<Untaken>,
    ) -> Option<Stamp> {
        let (mut records, stamp) = self.open.take()?;
        let begun = records.place();
        let path = self.file().to_owned();
        let place = |at: u64| format!("{} at byte {at}", path.display());
        let is_ended = loop {
            if chunk.points.len() >= POINTS_MAX || self.take.other_len >= OTHER_LEN_MAX {
                break false;
            }
            let at = records.place();
            match records.next() {
                Ok(Next::Record(record)) => {
                    if let Err(malformed) = self.take.record(record, chunk) {
                        untaken.push(Untaken::damaged("event", place(at), malformed.into()));
                    }
                }
                Ok(Next::End) => break true,
                Ok(Next::Torn(len)) => {
                    if !is_followed {
                        let what = format!("the last record, of which {len} bytes are there");
                        let why = "it is not written to its end yet, or its writer was killed";
                        untaken.push(Untaken::noted(what, place(at), why));
                    }
                    break true;
                }
                Ok(Next::Long(len)) => {
                    let what = format!("a record of {len} bytes");
                    let why = "it is too long";
                    untaken.push(Untaken::refused(what, place(at), why));
                }
                Ok(Next::Damaged(why)) => {
                    let what = "the rest of the file";
                    untaken.push(Untaken::damaged(what, place(at), why));
                    break true;
                }
                Err(error) => {
                    let why = format!("cannot be read: {error}");
                    untaken.push(Untaken::damaged("the rest of the file", place(at), &why));
                    break true;
                }
            }
        };
        let end = records.place();
        chunk.len_read += end - begun;
        self.mark.set(&path, end, records.last_crc());
        if is_ended {
            return Some(stamp);
        }
        self.open = Some((records, stamp));
        None
    }

    /// Says how far the chunk goes, and where the run ends.
    fn finish(&mut self, chunk: &mut Chunk) {
        self.mark.last_ns = self.take.last_ns;
        self.mark.set_end(self.take.end);
        chunk.mark = self.mark.write();
        let said = self.take.end.map(|(state, time)| (state, time, true));
        let open = self
            .take
            .last_ns
            .map(|time| (EndState::Completed, time, false));
        chunk.ending = said.or(open).map(|(state, time, is_said)| PastEnding {
            state,
            time: WallTime(time),
            is_said,
            is_deleted: false,
        });
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

fn failure(path: &Path, error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::NotFound => Code::NotFound,
        _ => Code::IoError,
    };
    Error::new(code, format!("cannot read {}: {error}", path.display()))
}

/// Reads an event file that lies in memory, and then the same bytes as one record; how many records there were. For
/// fuzzing.
#[doc(hidden)]
pub fn read_event_file(bytes: &[u8], chunk: &mut Chunk) -> usize {
    let mut take = Take::new("fuzzed");
    take.new_chunk();
    let mut records = Records::at(io::Cursor::new(bytes), 0).expect("memory can be read");
    let mut count = 1;
    while let Ok(Next::Record(record)) = records.next() {
        take.record(record, chunk).ok();
        count += 1;
    }
    // Without checksums, so that what is behind them is reached.
    take.record(bytes, chunk).ok();
    count
}
