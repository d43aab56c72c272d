//! The folder of series: points of the log as blocks, so that a history of any length is read in moments.
//!
//! Invariants: the folder is never believed over the log. A file is used only while the log still has the record before
//! its end in the epoch that the file names; one that is damaged is left out, and the log answers in its place. Deleting
//! the folder, or any file in it, at any moment changes no answer.

mod alone;
mod block_source;
mod cache;
mod extend;
mod file;
mod packs;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mltrack_projector::{LogError, Lsn, Reader};

use crate::answer::{
    Answer, AnswerError, Asked, answer, answer_stretches, answer_values, cover, ranges_of,
};
use crate::source::ChunkSource;
use crate::stretches::Stretched;
use crate::values::{ValueKind, ValuePoint};

use block_source::{BlockSource, FilePart};
use cache::Cache;
use file::{FileFault, SeriesFile, range_of};
use packs::{PackKey, Packs};

/// The folder, and what is known of its files.
pub struct SeriesFolder {
    path: PathBuf,
    known: Mutex<Known>,
    cache: Arc<Cache>,
}

#[derive(Default)]
struct Known {
    files: HashMap<String, Arc<KnownFile>>,
    /// Names of files that are not used, whatever the folder says.
    doubted: HashSet<String>,
    packs: Packs,
}

/// Where a source is.
#[derive(Clone, PartialEq, Eq)]
enum Place {
    /// In a packed segment of the log.
    Pack(PackKey),
    /// In the file of this name.
    File(String),
}

struct KnownFile {
    file: Arc<SeriesFile>,
    blocks: Vec<Arc<dyn ChunkSource>>,
}

/// A question to the folder.
pub struct Asking<'a> {
    /// Reads the log where no block has what is asked for. Its place is lost.
    pub reader: &'a mut Reader,
    /// The question.
    pub asked: &'a Asked<'a>,
    /// Gets the files that were found not to be usable: each is told once.
    pub set_aside: &'a mut Vec<SetAsideFile>,
}

/// What may be asked instead of the log.
#[derive(Default)]
pub struct Sources {
    /// Blocks: those of packed segments, then those of files.
    pub sources: Vec<Arc<dyn ChunkSource>>,
    /// Where each is.
    places: Vec<Place>,
    /// Files that were found not to be usable just now, and why: each is told once.
    pub set_aside: Vec<SetAsideFile>,
}

/// A file that is not used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetAsideFile {
    /// Where it is.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// What an extension wrote.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Extended {
    /// Records that went into files.
    pub records: u64,
    /// Files that were written.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// The first record behind the last one.
    pub next: Option<Lsn>,
}

/// Why the folder cannot be written. Answers do not need it.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// The log cannot be read: verify it.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The disk or the folder does not allow it: make room, or change its rights.
    #[error("{doing} {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl SeriesError {
    fn io(path: &Path, doing: &'static str, source: io::Error) -> SeriesError {
        SeriesError::Io {
            path: path.to_owned(),
            doing,
            source,
        }
    }
}

/// Tells the blocks of one file from those of another in this process.
fn next_key() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Relaxed)
}

impl SeriesFolder {
    /// The folder at `path`, which need not be there.
    #[must_use]
    pub fn new(path: PathBuf) -> SeriesFolder {
        SeriesFolder {
            path,
            known: Mutex::default(),
            cache: Arc::default(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The first record behind all that its files stand for, by their names; `None` when there is no file.
    #[must_use]
    pub fn end(&self) -> Option<Lsn> {
        let ends = self.names().into_values().map(|range| range.end);
        ends.max().and_then(Lsn::new)
    }

    /// The blocks that may be believed, as the log stands now. The reader's place is lost.
    pub fn sources(&self, reader: &mut Reader) -> Result<Sources, LogError> {
        let mut found = Sources::default();
        let mut known = self.known();
        known
            .packs
            .refresh(self.path.parent(), reader, &self.cache)?;
        for (key, source) in known.packs.blocks() {
            found.places.push(Place::Pack(key));
            found.sources.push(Arc::clone(source));
        }
        let names = self.names();
        known.files.retain(|name, _| names.contains_key(name));
        known.doubted.retain(|name| names.contains_key(name));
        for (name, range) in &names {
            if known.doubted.contains(name) {
                continue;
            }
            match self.known_file(&mut known, name, range) {
                Ok(file) if is_of_log(reader, &file.file)? => {
                    let places = file.blocks.iter().map(|_| Place::File(name.clone()));
                    found.places.extend(places);
                    found.sources.extend(file.blocks.iter().cloned());
                }
                Ok(_) => {
                    found.set_aside.push(known.doubt(
                        &self.path,
                        name,
                        "the log was cut off before its end",
                    ));
                }
                // It was deleted a moment ago.
                Err(FileFault::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
                Err(fault) => {
                    let why = fault.to_string();
                    found.set_aside.push(known.doubt(&self.path, name, &why));
                }
            }
        }
        Ok(found)
    }

    /// Answers from the folder, from packed segments, and from the log.
    pub fn answer(&self, asking: Asking<'_>) -> Result<Answer, AnswerError> {
        self.ask(asking, answer)
    }

    /// Hands over every point, in stretches that are read when they are needed. `fold` is called again when one that
    /// it read turned out to be damaged.
    pub fn fold<T>(
        &self,
        asking: Asking<'_>,
        fold: impl Fn(&Stretched) -> Result<T, AnswerError>,
    ) -> Result<T, AnswerError> {
        self.ask(asking, |reader, asked, sources| {
            answer_stretches(reader, asked, sources, &fold)
        })
    }

    /// The values of a kind, likewise.
    pub fn values<T: ValueKind>(
        &self,
        asking: Asking<'_>,
    ) -> Result<Vec<ValuePoint<T>>, AnswerError> {
        self.ask(asking, answer_values)
    }

    /// Asks again, with one source less, until no source is found to be damaged.
    fn ask<T>(
        &self,
        asking: Asking<'_>,
        ask: impl Fn(&mut Reader, &Asked<'_>, &[Arc<dyn ChunkSource>]) -> Result<T, AnswerError>,
    ) -> Result<T, AnswerError> {
        let Asking {
            reader,
            asked,
            set_aside,
        } = asking;
        loop {
            let found = self.sources(reader)?;
            set_aside.extend_from_slice(&found.set_aside);
            match ask(reader, asked, &found.sources) {
                Err(AnswerError::Source { source_at, fault }) => {
                    set_aside.extend(self.set_aside(&found.places[source_at], &fault.what));
                }
                other => return other,
            }
        }
    }

    /// Stops using a source that is damaged. The log itself will say what is wrong with a block of its own.
    fn set_aside(&self, place: &Place, why: &str) -> Option<SetAsideFile> {
        let mut known = self.known();
        match place {
            Place::File(name) => Some(known.doubt(&self.path, name, why)),
            Place::Pack(key) => {
                known.packs.doubt(*key);
                None
            }
        }
    }

    /// Writes what the log has neither packed nor here, and deletes files that are of no use.
    /// Stops early when asked to: what is written by then is of use.
    ///
    /// Any number of processes may do this at once; they write the same.
    pub fn extend(
        &self,
        open_reader: &dyn Fn() -> Result<Reader, LogError>,
        should_stop: &AtomicBool,
    ) -> Result<Extended, SeriesError> {
        fs::create_dir_all(&self.path)
            .map_err(|error| SeriesError::io(&self.path, "make", error))?;
        let mut reader = open_reader()?;
        let end = reader.refresh()?.get();
        self.delete_doubted(&mut reader)?;
        let mut total = Extended::default();
        for hole in self.holes(&mut reader, end)? {
            let (Some(first), Some(next)) = (Lsn::new(hole.start), Lsn::new(hole.end)) else {
                continue;
            };
            let written = extend::write(&self.path, open_reader, first..next, should_stop)?;
            total.records += written.records;
            total.files += written.files;
            total.bytes += written.bytes;
            total.next = written.next.or(total.next);
            if should_stop.load(Relaxed) {
                break;
            }
        }
        self.sweep(&mut reader, end)?;
        extend::sweep_new_files(&self.path);
        Ok(total)
    }

    /// What is to be written. A file that is not much larger than what follows it is written again together with that,
    /// so that there are never many files.
    fn holes(&self, reader: &mut Reader, end: u64) -> Result<Vec<Range<u64>>, LogError> {
        let sources = self.sources(reader)?;
        let stretches = cover::cover(1..end, &ranges_of(&sources.sources));
        let holes = stretches
            .into_iter()
            .filter(|stretch| stretch.source.is_none());
        let mut files = used(&sources);
        files.sort_by_key(|file| file.1.start);
        Ok(holes
            .map(|hole| {
                let mut lsns = hole.lsns;
                for (_, file) in files.iter().rev() {
                    let len = file.end - file.start;
                    if file.end == lsns.start && len <= lsns.end - lsns.start && len < LEN_MAX {
                        lsns.start = file.start;
                    }
                }
                lsns
            })
            .collect())
    }

    /// Deletes files whose records others stand for.
    fn sweep(&self, reader: &mut Reader, end: u64) -> Result<(), SeriesError> {
        let sources = self.sources(reader)?;
        let used = used(&sources);
        let is_pack = |place: &&Place| matches!(place, Place::Pack(_));
        let pack_count = sources.places.iter().filter(is_pack).count();
        let packs = ranges_of(&sources.sources[..pack_count]);
        let is_packed = |range: &Range<u64>| {
            let stretches = cover::cover(range.clone(), &packs);
            stretches.iter().all(|stretch| stretch.source.is_some())
        };
        let (packed, files): (Vec<_>, Vec<_>) =
            used.into_iter().partition(|(_, range)| is_packed(range));
        let ranges: Vec<Range<u64>> = files.iter().map(|(_, range)| range.clone()).collect();
        let needed: HashSet<usize> = cover::cover(1..end, &ranges)
            .into_iter()
            .filter_map(|stretch| stretch.source)
            .collect();
        let others = (0..).zip(files);
        let needless = others.filter(|(at, _)| !needed.contains(at));
        let useless = needless.map(|(_, file)| file).chain(packed);
        useless
            .map(|(name, _)| name)
            .try_for_each(|name| self.delete(&name))
    }

    /// Deletes files that are not used, so that their names are free for what is written now.
    fn delete_doubted(&self, reader: &mut Reader) -> Result<(), SeriesError> {
        self.sources(reader)?;
        let doubted: Vec<String> = self.known().doubted.drain().collect();
        doubted.iter().try_for_each(|name| self.delete(name))
    }

    fn delete(&self, name: &str) -> Result<(), SeriesError> {
        self.known().files.remove(name);
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(SeriesError::io(&path, "delete", error))
            }
            _ => Ok(()),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The files in the folder. One that cannot be listed has none: the log answers.
    fn names(&self) -> BTreeMap<String, Range<u64>> {
        let Ok(entries) = fs::read_dir(&self.path) else {
            return BTreeMap::new();
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names
            .filter_map(|name| {
                let range = range_of(&name)?;
                Some((name, range))
            })
            .collect()
    }

    fn known_file(
        &self,
        known: &mut Known,
        name: &str,
        range: &Range<u64>,
    ) -> Result<Arc<KnownFile>, FileFault> {
        if let Some(file) = known.files.get(name) {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(SeriesFile::open(&self.path.join(name), range)?);
        let key = next_key();
        let blocks = file.entries.iter().enumerate().map(|(at, entry)| {
            let part = FilePart {
                file: Arc::clone(&file),
                offset: entry.offset,
                len: entry.len,
            };
            let block = BlockSource::new(part, entry.first..entry.next, (key, at), &self.cache);
            Arc::new(block) as Arc<dyn ChunkSource>
        });
        let known_file = Arc::new(KnownFile {
            blocks: blocks.collect(),
            file: Arc::clone(&file),
        });
        known.files.insert(name.to_owned(), Arc::clone(&known_file));
        Ok(known_file)
    }
}

impl Known {
    fn doubt(&mut self, folder: &Path, name: &str, why: &str) -> SetAsideFile {
        self.files.remove(name);
        self.doubted.insert(name.to_owned());
        SetAsideFile {
            path: folder.join(name),
            why: why.to_owned(),
        }
    }
}

/// A file that stands for more records is not written again.
const LEN_MAX: u64 = 1 << 22;

/// The files that are used, and their records.
fn used(sources: &Sources) -> Vec<(String, Range<u64>)> {
    let mut places = sources.places.clone();
    places.dedup();
    let with_range = places.into_iter().filter_map(|place| match place {
        Place::File(name) => range_of(&name).map(|range| (name, range)),
        Place::Pack(_) => None,
    });
    with_range.collect()
}

/// Whether the log still has the record before the file's end, in the epoch that it was in.
fn is_of_log(reader: &mut Reader, file: &SeriesFile) -> Result<bool, LogError> {
    match reader.resume(file.cursor) {
        Ok(()) => Ok(true),
        Err(LogError::Rewound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
