//! Taking a backup.
//!
//! 1. The bulk of the blobs first, then the log as it is at one moment, then the blobs that came since: so every blob that
//!    a record of the backup names was there when it was looked for.
//! 2. When bytes were freed after that moment, a record says so, and another moment is taken.
//! 3. The manifest is written when all else is there and was read back.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use mltrack_artifact::{BlobHash, Error as BlobError, Stored};
use mltrack_event::TypeId;
use mltrack_log::{LogPart, LogParts, Lsn, OpenOptions, Packer, Reader, door, log_parts};

use crate::artifacts::{self, Copied};
use crate::claim::host;
use crate::error::{Error, Result};
use crate::manifest::{Artifacts, BackupId, File, Manifest, Segment};
use crate::place::{KIND, Place};
use crate::progress::{OnProgress, Progress};
use crate::roots::Root;
use crate::settings;

/// How often another moment is taken because files were replaced or bytes freed.
const ATTEMPTS: u32 = 8;
/// Records that stand in the log before bytes are freed.
const FREEING: [TypeId; 6] = [
    TypeId::ARTIFACTS_PURGED,
    TypeId::DATASET_BYTES_PURGED,
    TypeId::MODEL_BYTES_PURGED,
    TypeId::RUN_PURGED,
    TypeId::EXPERIMENT_PURGED,
    TypeId::RECORDS_SCRUBBED,
];

/// What a backup takes, and how.
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct Options<'a> {
    /// The roots of artifacts and data; empty: their bytes are left out.
    pub roots: &'a [Root],
    /// Whether the bytes of artifacts are taken.
    pub with_artifacts: bool,
    /// Whether keys are taken.
    pub with_secrets: bool,
    /// Says what would be copied, and changes nothing.
    pub is_dry_run: bool,
    /// Goes on where somebody's claim of a bucket is in the way.
    pub takes_over: bool,
    /// Who can unpack segments.
    pub packers: Vec<Arc<dyn Packer>>,
    /// Who is told how far it is.
    pub on_progress: OnProgress<'a>,
}

/// What a backup did, or would do.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Its name; `None` for a dry run.
    pub id: Option<BackupId>,
    /// The last record in it; `None` when the log has none.
    pub last: Option<Lsn>,
    /// Segments of the log.
    pub segments: u64,
    /// Bytes of the log and of settings.
    pub len: u64,
    /// Parts that were not known there and were read.
    pub new_parts: u64,
    /// Bytes of the store that were read for them.
    pub read_bytes: u64,
    /// Bytes that the place has more than before.
    pub new_bytes: u64,
    /// Blobs of artifacts and data in it.
    pub blobs: u64,
    /// Of those, new ones.
    pub new_blobs: u64,
    /// Blobs that are damaged in the store, by their hashes.
    pub damaged: Vec<String>,
    /// Roots that were left out: they are no folders of this machine.
    pub left_out: Vec<String>,
    /// Spools whose batches are not in the log yet.
    pub spools: usize,
}

/// What a place has.
#[derive(Debug, Default)]
pub(crate) struct Present(Mutex<HashSet<BlobHash>>);

impl Present {
    pub fn has(&self, id: &BlobHash) -> bool {
        let ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ids.contains(id)
    }

    pub fn add(&self, id: BlobHash) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ids.insert(id);
    }
}

/// Backs up the store in `store`. Others go on writing to it.
///
/// Errors: `Log` with `Corrupt` when the log has damage that readers do not skip yet; `Busy`; what the place says.
pub fn back_up(store: &Path, place: &Place, options: &Options<'_>) -> Result<Report> {
    check_apart(store, place)?;
    place.check_free()?;
    let claim = if options.is_dry_run {
        None
    } else {
        place.make()?;
        Some(place.claim(Some(store), options.takes_over)?)
    };
    let mut copier = Copier::new(store, place, options)?;
    let manifest = copier.take()?;
    if !options.is_dry_run {
        let (id, bytes) = manifest.encode();
        place.blobs.put_note(KIND, &id.note(), &bytes)?;
        copier.report.id = Some(id);
    }
    drop(claim);
    Ok(copier.report)
}

/// A place in the store, or the store in a root of its own backups, would hold itself.
fn check_apart(store: &Path, place: &Place) -> Result<()> {
    let Some(folder) = place.folder() else {
        return Ok(());
    };
    let full = |path: &Path| -> Option<PathBuf> { path.canonicalize().ok() };
    let absolute = std::path::absolute(folder).map_err(Error::io("find", folder))?;
    let existing = absolute
        .ancestors()
        .find_map(|path| Some((full(path)?, path)));
    let folder = existing.map_or(absolute.clone(), |(real, path)| {
        let rest = absolute.strip_prefix(path).unwrap_or(Path::new(""));
        real.join(rest)
    });
    match full(store) {
        Some(store) if folder.starts_with(&store) => Err(Error::Invalid {
            what: format!("{} is in the store itself", place.name()),
            hint: "give a folder elsewhere, best on another disk".to_owned(),
        }),
        _ => Ok(()),
    }
}

struct Copier<'a> {
    store: &'a Path,
    place: &'a Place,
    options: &'a Options<'a>,
    present: Present,
    /// What the newest backup of a store knows of sealed segments, by name and mark.
    known: HashMap<(String, String), Segment>,
    report: Report,
}

impl<'a> Copier<'a> {
    fn new(store: &'a Path, place: &'a Place, options: &'a Options<'a>) -> Result<Copier<'a>> {
        let present: HashSet<BlobHash> = place.blobs.list()?.map(|listed| listed.id).collect();
        Ok(Copier {
            store,
            place,
            options,
            present: Present(Mutex::new(present)),
            known: HashMap::new(),
            report: Report::default(),
        })
    }

    /// Everything but the manifest.
    fn take(&mut self) -> Result<Manifest> {
        let time_ns = door::wall_time_ns();
        // What takes long goes first, so that the last look at the blobs is a short one.
        let mut copied = self.blobs()?;
        let mut why = "files of the log were replaced";
        for _ in 0..ATTEMPTS {
            let settings = settings::read(self.store, self.options.with_secrets)?;
            let parts = log_parts(self.store)?;
            self.learn(&parts.store.to_string())?;
            let path = self.store.canonicalize().unwrap_or(self.store.to_owned());
            let mut manifest = Manifest::new(time_ns, host(), path.display().to_string());
            let Some(log) = self.log(&parts)? else {
                continue;
            };
            manifest.log = log;
            manifest.store = parts.store.to_string();
            manifest.epoch = parts.epoch.to_string();
            manifest.lsn = last_of(&parts);
            manifest.files = self.files(&settings, &parts)?;
            copied.join(self.blobs()?);
            if self.options.with_artifacts && self.was_freed_since(parts.next)? {
                why = "bytes of artifacts were freed";
                continue;
            }
            manifest.artifacts = self.list(&copied)?;
            self.sum_up(&manifest, &parts, &copied);
            return Ok(manifest);
        }
        Err(Error::Restless {
            store: self.store.to_owned(),
            what: why,
        })
    }

    /// What the newest backup of this store says of segments that are sealed.
    fn learn(&mut self, store: &str) -> Result<()> {
        if !self.known.is_empty() {
            return Ok(());
        }
        for id in self.place.ids()?.iter().rev() {
            let Some(Ok(manifest)) = self.place.read(id)? else {
                continue;
            };
            if manifest.store != store {
                continue;
            }
            let marked = manifest.log.into_iter().filter_map(|part| {
                let mark = part.mark.clone()?;
                Some(((part.name.clone(), mark), part))
            });
            self.known.extend(marked);
            break;
        }
        Ok(())
    }

    /// The segments; `None` when one of them was replaced meanwhile.
    fn log(&mut self, parts: &LogParts) -> Result<Option<Vec<Segment>>> {
        let total: u64 = parts.parts.iter().map(|part| part.len).sum();
        let mut done = 0;
        let mut log = Vec::with_capacity(parts.parts.len());
        for part in &parts.parts {
            let mark = part.mark.map(|mark| BlobHash(mark).to_string());
            let blake3 = match self.known_hash(part, mark.as_deref()) {
                Some(blake3) => blake3,
                None => match self.segment(parts, part, (done, total))? {
                    Some(blake3) => blake3,
                    None => return Ok(None),
                },
            };
            done += part.len;
            (self.options.on_progress)(Progress::Log(done, total));
            let segment = Segment {
                name: part.name.clone(),
                blake3,
                len: part.len,
                first: part.first.get(),
                next: part.next.get(),
                mark: mark.clone(),
            };
            if let Some(mark) = mark {
                // An attempt after this one need not read it again.
                self.known
                    .insert((part.name.clone(), mark), segment.clone());
            }
            log.push(segment);
        }
        Ok(Some(log))
    }

    fn known_hash(&self, part: &LogPart, mark: Option<&str>) -> Option<String> {
        let key = (part.name.clone(), mark?.to_owned());
        let known = self.known.get(&key).filter(|known| known.len == part.len)?;
        let id: BlobHash = known.blake3.parse().ok()?;
        let is_there = self.present.has(&id) || self.options.is_dry_run;
        is_there.then(|| known.blake3.clone())
    }

    fn segment(
        &mut self,
        parts: &LogParts,
        part: &LogPart,
        (done, total): (u64, u64),
    ) -> Result<Option<String>> {
        self.report.new_parts += 1;
        self.report.read_bytes += part.len;
        if self.options.is_dry_run {
            return Ok(Some(String::new()));
        }
        let (on_progress, place) = (self.options.on_progress, self.place);
        let stored = self.until_right(&mut || {
            let Some(reader) = parts.open(part)? else {
                return Ok(None);
            };
            let mut told = |len: u64| on_progress(Progress::Log(done + len, total));
            Ok(Some(place.blobs.put().progress(&mut told).reader(reader)?))
        })?;
        Ok(stored.map(|id| id.to_string()))
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<String> {
        let id = BlobHash::of(bytes);
        if self.present.has(&id) || self.options.is_dry_run {
            return Ok(id.to_string());
        }
        let place = self.place;
        self.until_right(&mut || Ok(Some(place.blobs.put_bytes(bytes)?)))?;
        Ok(id.to_string())
    }

    /// Stores something and reads it back. A wrong object that lay there already is taken away, and it is stored again;
    /// one that is wrong a second time is an error. `None` when there is nothing to store.
    fn until_right(
        &mut self,
        put: &mut dyn FnMut() -> Result<Option<Stored>>,
    ) -> Result<Option<BlobHash>> {
        let mut removed = HashSet::new();
        while let Some(stored) = put()? {
            self.report.new_bytes += stored.new_bytes;
            if self.present.has(&stored.id) {
                return Ok(Some(stored.id));
            }
            match self.place.blobs.verify(&stored.id) {
                Ok(_) => {
                    self.present.add(stored.id);
                    return Ok(Some(stored.id));
                }
                Err(BlobError::Damaged(wrong)) if removed.insert(wrong.key.clone()) => {
                    self.place.blobs.remove_damaged(&wrong)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// The settings, then what the log keeps beside its segments: FORMAT is last.
    fn files(&mut self, settings: &[settings::Setting], parts: &LogParts) -> Result<Vec<File>> {
        let mut files = Vec::new();
        let small = parts
            .small
            .iter()
            .map(|file| (file.name.as_str(), &file.bytes, false));
        let settings = settings.iter().map(|it| (it.name, &it.bytes, it.is_secret));
        for (name, bytes, is_secret) in settings.chain(small) {
            files.push(File {
                name: name.to_owned(),
                blake3: self.bytes(bytes)?,
                len: bytes.len() as u64,
                is_secret,
            });
        }
        Ok(files)
    }

    fn blobs(&self) -> Result<Copied> {
        if !self.options.with_artifacts {
            return Ok(Copied::default());
        }
        artifacts::copy(
            self.options.roots,
            self.place,
            &self.present,
            self.options.is_dry_run,
            self.options.on_progress,
        )
    }

    fn list(&mut self, copied: &Copied) -> Result<Option<Artifacts>> {
        if !self.options.with_artifacts {
            return Ok(None);
        }
        let left_out = self
            .options
            .roots
            .iter()
            .filter(|root| root.folder.is_none());
        Ok(Some(Artifacts {
            list: self.bytes(&artifacts::encode(&copied.blobs))?,
            count: copied.blobs.len() as u64,
            left_out: left_out.map(|root| root.url.clone()).collect(),
            damaged: copied.damaged.iter().map(BlobHash::to_string).collect(),
        }))
    }

    /// Whether bytes were freed that a record before `next` may name.
    fn was_freed_since(&self, next: Lsn) -> Result<bool> {
        let options = OpenOptions {
            create: false,
            packers: self.options.packers.clone(),
            ..OpenOptions::default()
        };
        let mut reader = Reader::open(self.store, &options)?;
        if reader.end() < next {
            return Ok(false);
        }
        reader.seek(next);
        while let Some(mut batch) = reader.next_batch()? {
            if batch.any(|record| FREEING.contains(&TypeId(record.type_id))) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn sum_up(&mut self, manifest: &Manifest, parts: &LogParts, copied: &Copied) {
        let report = &mut self.report;
        report.last = Lsn::new(manifest.lsn);
        report.segments = manifest.log.len() as u64;
        report.len = manifest.len();
        report.blobs = copied.blobs.len() as u64;
        report.new_blobs = copied.new;
        report.new_bytes += copied.new_bytes;
        report.spools = parts.spools;
        if let Some(all) = &manifest.artifacts {
            report.damaged.clone_from(&all.damaged);
            report.left_out.clone_from(&all.left_out);
        }
    }
}

impl Copied {
    /// What a later look found: what is there then counts, and all that was copied.
    fn join(&mut self, later: Copied) {
        self.new += later.new;
        self.new_bytes += later.new_bytes;
        self.blobs = later.blobs;
        self.damaged = later.damaged;
    }
}

/// The last record; 0 when there is none. A segment that was begun behind a gap has none before it.
fn last_of(parts: &LogParts) -> u64 {
    let with_records = parts.parts.iter().rev().find(|part| part.next > part.first);
    with_records.map_or(0, |part| part.next.get() - 1)
}
