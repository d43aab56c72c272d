//! Making a store of a backup.
//!
//! 1. Only a folder that is not there or empty is written to, or one that a restoration of the same backup was filling and
//!    that nobody has written to as a store: what is whole there is kept.
//! 2. The folder is no store before everything else is in it: FORMAT comes last, and goes again when the log that was put
//!    together is not the one that was backed up.
//! 3. While it is being filled it says so by RESTORING, and no writer opens it.
//! 4. Every byte was compared with its hash before it was used.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mltrack_artifact::{BlobHash, BlobStore, Options, StoreUrl};
use mltrack_log::{Depth, Lsn, Packer, VerifyOptions, VerifyReport, door, verify};

use crate::check::blobs_of;
use crate::error::{Error, Result};
use crate::manifest::{BackupId, File, Manifest, Segment};
use crate::parallel;
use crate::place::Place;
use crate::progress::{OnProgress, Progress};
use crate::settings;

/// Says in a folder which backup it is filled from.
const MARKER: &str = "RESTORING";
const FORMAT: &str = "FORMAT";
const LOCK: &str = "LOCK";
/// Ends the name of a file that is being written.
const ASIDE: &str = ".tmp";

/// What is restored, and how.
pub struct RestoreOptions<'a> {
    /// The backup, by its name or a beginning of it; the newest when nothing is said.
    pub at: Option<&'a str>,
    /// Whether the bytes of artifacts come, too.
    pub with_artifacts: bool,
    /// Says what would be done, and changes nothing.
    pub is_dry_run: bool,
    /// Who can unpack segments.
    pub packers: Vec<Arc<dyn Packer>>,
    /// Who is told how far it is.
    pub on_progress: OnProgress<'a>,
}

/// What was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    /// From which backup.
    pub id: BackupId,
    /// The last record of the store; `None` when it has none.
    pub last: Option<Lsn>,
    /// Segments.
    pub segments: u64,
    /// Bytes of the log and of settings.
    pub len: u64,
    /// Records that were read when the result was verified. Of packed segments that lack records on purpose, those that
    /// are there.
    pub records: u64,
    /// Blobs of artifacts and data.
    pub blobs: u64,
    /// Roots that were not in the backup and are looked at where they are.
    pub left_out: Vec<String>,
}

/// Makes a store in `into`.
///
/// Errors: `State` when the folder has something in it; `Part`, `Manifest` and `Restored` for damage.
pub fn restore(place: &Place, into: &Path, options: &RestoreOptions<'_>) -> Result<Restored> {
    let (id, manifest) = place.find(options.at)?;
    check_names(place, &id, &manifest)?;
    check_folder(into, &id)?;
    check_surroundings(place, into)?;
    let blobs = if options.with_artifacts {
        blobs_of(place, id.as_str(), &manifest)?
    } else {
        Vec::new()
    };
    let mut restored = Restored {
        last: Lsn::new(manifest.lsn),
        segments: manifest.log.len() as u64,
        len: manifest.len(),
        records: 0,
        blobs: blobs.len() as u64,
        left_out: Vec::new(),
        id,
    };
    if let Some(all) = &manifest.artifacts {
        restored.left_out.clone_from(&all.left_out);
    }
    if options.is_dry_run {
        return Ok(restored);
    }
    let filling = Filling {
        place,
        into,
        backup: restored.id.as_str(),
        options,
    };
    filling.begin()?;
    filling.log(&manifest.log)?;
    filling.files(&manifest, !blobs.is_empty())?;
    filling.blobs(&blobs)?;
    restored.records = filling.finish(&manifest)?.records;
    Ok(restored)
}

/// A manifest that somebody made by hand may name anything.
fn check_names(place: &Place, id: &BackupId, manifest: &Manifest) -> Result<()> {
    let names = manifest.log.iter().map(|part| &part.name);
    let mut names = names.chain(manifest.files.iter().map(|file| &file.name));
    let has_format = manifest
        .files
        .last()
        .is_some_and(|file| file.name == FORMAT);
    let what = match names.find(|name| !settings::is_inside(name)) {
        Some(name) => format!("it names a file outside of the store, {name:?}"),
        None if !has_format => "it has no FORMAT".to_owned(),
        None => return Ok(()),
    };
    Err(Error::Manifest {
        backup: id.to_string(),
        place: place.name().to_owned(),
        what,
    })
}

/// Whether the folder may be filled.
fn check_folder(into: &Path, id: &BackupId) -> Result<()> {
    let refused = |what: String, hint: String| Err(Error::State { what, hint });
    let entries = match fs::read_dir(into) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            let what = format!("{} is no folder", into.display());
            return refused(what, "name a folder that does not exist yet".to_owned());
        }
        entries => entries.map_err(Error::io("list", into))?,
    };
    // One that was killed at once has only begun to say what it does.
    let begun = format!("{MARKER}{ASIDE}");
    let is_begun = |entry: io::Result<fs::DirEntry>| entry.is_ok_and(|it| it.file_name() == *begun);
    if entries.into_iter().all(is_begun) {
        return Ok(());
    }
    match fs::read_to_string(into.join(MARKER)) {
        // Who opens it for writing makes the lock; what was written since must not go.
        Ok(_) if into.join(LOCK).exists() => refused(
            format!("{} was opened as a store since", into.display()),
            format!(
                "mltrack -C '{}' verify --deep, then remove {MARKER} there; or restore elsewhere",
                into.display()
            ),
        ),
        Ok(other) if other.trim() == id.as_str() => Ok(()),
        Ok(other) => refused(
            format!(
                "{} is half filled from another backup, {}",
                into.display(),
                other.trim()
            ),
            format!("finish it by --at {}, or remove the folder", other.trim()),
        ),
        Err(_) => refused(
            format!("{} is not empty", into.display()),
            "name a folder that does not exist yet; to replace a store, move it away first"
                .to_owned(),
        ),
    }
}

/// A store inside another, or inside the backups, would go with them.
fn check_surroundings(place: &Place, into: &Path) -> Result<()> {
    let absolute = std::path::absolute(into).map_err(Error::io("find", into))?;
    let backups = place.folder().and_then(|folder| folder.canonicalize().ok());
    for folder in absolute.ancestors().skip(1) {
        let what = if folder.join(FORMAT).is_file() {
            "a store"
        } else if backups.is_some() && folder.canonicalize().ok() == backups {
            "the backups"
        } else {
            continue;
        };
        return Err(Error::State {
            what: format!(
                "{} lies inside {what}, {}",
                into.display(),
                folder.display()
            ),
            hint: "name a folder outside of it".to_owned(),
        });
    }
    Ok(())
}

struct Filling<'a> {
    place: &'a Place,
    into: &'a Path,
    backup: &'a str,
    options: &'a RestoreOptions<'a>,
}

impl Filling<'_> {
    fn begin(&self) -> Result<()> {
        fs::create_dir_all(self.into).map_err(Error::io("make the folder", self.into))?;
        let text = format!("{}\n", self.backup);
        let marker = self.into.join(MARKER);
        write(&marker, text.as_bytes(), false)?;
        // From now on no writer opens it. One that began before that has made its lock.
        if !self.into.join(LOCK).exists() {
            return Ok(());
        }
        fs::remove_file(&marker).map_err(Error::io("remove", &marker))?;
        Err(Error::State {
            what: format!("somebody makes a store in {} just now", self.into.display()),
            hint: "name a folder that does not exist yet".to_owned(),
        })
    }

    fn log(&self, log: &[Segment]) -> Result<()> {
        let total: u64 = log.iter().map(|part| part.len).sum();
        let done = AtomicU64::new(0);
        parallel::each(log, self.place.parallel(), |part| {
            self.fetch(&part.name, &part.blake3, &self.into.join(&part.name))?;
            let done = done.fetch_add(part.len, Ordering::Relaxed) + part.len;
            (self.options.on_progress)(Progress::Log(done, total));
            Ok(())
        })
    }

    /// One part as a file, unless it is there already.
    fn fetch(&self, name: &str, blake3: &str, path: &Path) -> Result<()> {
        let id = self.hash(name, blake3)?;
        if is_there(path, &id)? {
            return Ok(());
        }
        let fetched = self.place.blobs.get_to_file(&id, path);
        fetched.map(drop).map_err(Error::part(name, self.backup))
    }

    fn hash(&self, name: &str, blake3: &str) -> Result<BlobHash> {
        blake3.parse().map_err(|_| Error::Manifest {
            backup: self.backup.to_owned(),
            place: self.place.name().to_owned(),
            what: format!("it names {name} by {blake3:?}, which is no hash"),
        })
    }

    /// The small files, FORMAT left out.
    fn files(&self, manifest: &Manifest, has_blobs: bool) -> Result<()> {
        for file in manifest.files.iter().filter(|file| file.name != FORMAT) {
            let mut bytes = self.bytes_of(file)?;
            if file.name == settings::ROOTS
                && let Some(copied) = settings::roots_of_copy(&bytes, has_blobs)
            {
                bytes = copied;
            }
            write(&self.into.join(&file.name), &bytes, file.is_secret)?;
        }
        Ok(())
    }

    fn bytes_of(&self, file: &File) -> Result<Vec<u8>> {
        let id = self.hash(&file.name, &file.blake3)?;
        let bytes = self.place.blobs.get_bytes(&id);
        let bytes = bytes.map_err(Error::part(&file.name, self.backup))?;
        Ok(bytes.to_vec())
    }

    /// The bytes of artifacts, which all lie in the store itself from now on.
    fn blobs(&self, ids: &[BlobHash]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let url = StoreUrl::folder(self.into.join(settings::ARTIFACTS));
        let options = Options {
            max_len: u64::MAX,
            ..Options::new(door::random_bytes::<16>, door::wall_time_ns)
        };
        let root = BlobStore::open(&url, options)?;
        let (done, total) = (AtomicU64::new(0), ids.len() as u64);
        parallel::each(ids, self.place.parallel(), |id| {
            let copied = root.copy_from(&self.place.blobs, id);
            copied.map_err(Error::part("artifact bytes", self.backup))?;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            (self.options.on_progress)(Progress::Artifacts(done, total));
            Ok(())
        })
    }

    /// Makes it a store, and proves that it is the one that was backed up.
    fn finish(&self, manifest: &Manifest) -> Result<VerifyReport> {
        let format = manifest.files.last().expect("its names were checked");
        let path = self.into.join(FORMAT);
        write(&path, &self.bytes_of(format)?, false)?;
        let verified = self.verify(manifest);
        if verified.is_err() {
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
        let report = verified?;
        let marker = self.into.join(MARKER);
        fs::remove_file(&marker).map_err(Error::io("remove", &marker))?;
        sync_folder(self.into)?;
        Ok(report)
    }

    fn verify(&self, manifest: &Manifest) -> Result<VerifyReport> {
        let on_progress = self.options.on_progress;
        let told = |done, all| on_progress(Progress::Checking(done, all));
        let options = VerifyOptions {
            depth: Depth::Deep,
            packers: &self.options.packers,
            progress: Some(&told),
            ..VerifyOptions::default()
        };
        let report = verify(self.into, &options)?;
        let wrong = |what: String| Error::Restored {
            path: self.into.to_owned(),
            what,
        };
        if let Some(damage) = report.damages.iter().find(|damage| !damage.is_quarantined) {
            let (path, offset, end) = (damage.path.display(), damage.offset, damage.end_offset);
            return Err(wrong(format!(
                "{path}, bytes {offset} to {end}: {}",
                damage.cause
            )));
        }
        let segments = manifest.log.len() as u64;
        let next = manifest.log.last().map_or(1, |part| part.next);
        let found = report.next.map_or(1, Lsn::get);
        if report.segments != segments || found != next {
            return Err(wrong(format!(
                "it has {} segments up to lsn {}, and the backup {segments} up to lsn {}",
                report.segments,
                found - 1,
                next - 1
            )));
        }
        Ok(report)
    }
}

/// Whether a file with this content is there.
fn is_there(path: &Path, id: &BlobHash) -> Result<bool> {
    let mut file = match fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file.map_err(Error::io("open", path))?,
    };
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        match file.read(&mut chunk).map_err(Error::io("read", path))? {
            0 => return Ok(hasher.finalize().as_bytes() == id.as_bytes()),
            len => {
                hasher.update(&chunk[..len]);
            }
        }
    }
}

/// Writes a whole file durably: aside first, then under its name.
fn write(path: &Path, bytes: &[u8], is_secret: bool) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::io("make the folder", folder))?;
    let mut aside = path.as_os_str().to_owned();
    aside.push(ASIDE);
    let aside = PathBuf::from(aside);
    let written = || -> io::Result<()> {
        let mode = if is_secret { 0o600 } else { 0o644 };
        let mut options = fs::File::options();
        let options = options.write(true).create(true).truncate(true).mode(mode);
        let mut file = options.open(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, path)
    };
    written().map_err(Error::io("write", path))?;
    sync_folder(folder)
}

fn sync_folder(folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let synced = fs::File::open(folder).and_then(|file| file.sync_all());
    synced.map_err(Error::io("sync", folder))
}
