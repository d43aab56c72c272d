//! Files that are written out of a store, of this machine or elsewhere: where each goes, what is there already, and how they are fetched.
//!
//! Invariants: nothing is written before `write`; a file appears when it is whole and every byte of it was checked; what
//! has the right bytes is not fetched again; nothing is written outside of the folder, also not through a link below it;
//! of two files that would be one neither is written.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};

use mltrack_event::{BlobId, Root};

use crate::artifact::Artifact;
use crate::artifact_depot::failure;
use crate::artifact_new::file_error;
use crate::artifact_read::{hash, whose};
use crate::checkout_fetch::fetch_to;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::version_files::StoredFile;

/// Files that are fetched beside each other.
const PARALLEL: usize = 4;

/// Files of a store that are about to be written somewhere. Nothing is written before [`write`](Checkout::write).
pub struct Checkout {
    from: Source,
    folder: PathBuf,
    wanted: Vec<Wanted>,
}

/// Where bytes come from.
enum Source {
    Store(Arc<Store>),
    Elsewhere(Box<Fetch>),
}

/// Writes the bytes of a version's file, named by its path there.
pub(crate) type Fetch = dyn Fn(&str, &mut dyn Write) -> Result<()> + Send + Sync;

/// A file that [`Checkout::write`] writes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckoutFile {
    /// Where it goes.
    pub file: PathBuf,
    /// Its length in bytes.
    pub len: u64,
    /// Its content.
    pub blob: BlobId,
    /// What is there now.
    pub found: Found,
}

/// What is where a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing is there.
    Nothing,
    /// The very bytes are there already, and are left as they are.
    Same,
    /// Something else is there, and is replaced.
    Other,
}

/// A blob, and the path below the folder that it is written to.
pub(crate) struct Wanted {
    pub path: String,
    pub len: u64,
    pub blob: BlobId,
    pub root: Root,
    /// What errors call it.
    pub whose: String,
    /// What it is called where it comes from, if that is elsewhere.
    pub name: String,
}

impl Wanted {
    pub fn artifact(artifact: &Artifact) -> Wanted {
        Wanted {
            path: artifact.path.clone(),
            len: artifact.len,
            blob: artifact.blob,
            root: artifact.root,
            whose: whose(artifact),
            name: String::new(),
        }
    }
}

impl Checkout {
    /// Each under its path below a folder. Errors: `VALIDATION_ERROR` when two would be one file, or a path leaves it.
    pub(crate) fn below(
        store: &Arc<Store>,
        folder: &Path,
        wanted: Vec<Wanted>,
    ) -> Result<Checkout> {
        Checkout::of(Source::Store(Arc::clone(store)), folder, wanted)
    }

    /// The files of a version to a place that may be a name for the one file that it has; see
    /// [`DatasetVersion::checkout`](crate::DatasetVersion::checkout).
    pub(crate) fn named(
        store: &Arc<Store>,
        (to, source): (&Path, &str),
        wanted: Vec<Wanted>,
    ) -> Result<Checkout> {
        Checkout::at(Source::Store(Arc::clone(store)), (to, source), wanted)
    }

    /// Files of another machine's store, to be written below a folder. `fetch` writes the bytes of the file that has a
    /// path there; what it writes is checked.
    ///
    /// Errors: `VALIDATION_ERROR` when two would be one file, or a path leaves the folder.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// # let digits = tracker.new_dataset("digits").create()?;
    /// let version = digits.version().bytes("rows.csv", "x\n1\n").add()?;
    /// let far = mltrack::Checkout::fetched(folder.path().join("far"), version.files()?, |path, to| {
    ///     assert_eq!(path, "rows.csv");
    ///     Ok(to.write_all(b"x\n1\n").expect("it is a file"))
    /// })?;
    /// assert_eq!(std::fs::read(&far.write(&|_, _| {})?[0]).unwrap(), b"x\n1\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn fetched(
        folder: impl AsRef<Path>,
        files: Vec<StoredFile>,
        fetch: impl Fn(&str, &mut dyn Write) -> Result<()> + Send + Sync + 'static,
    ) -> Result<Checkout> {
        let from = Source::Elsewhere(Box::new(fetch));
        Checkout::of(from, folder.as_ref(), wanted_elsewhere(files))
    }

    /// The same to a place that may be a name for the one file of a version that was added from `source`, as
    /// [`DatasetVersion::checkout`](crate::DatasetVersion::checkout) says.
    pub fn fetched_to(
        to: impl AsRef<Path>,
        source: &str,
        files: Vec<StoredFile>,
        fetch: impl Fn(&str, &mut dyn Write) -> Result<()> + Send + Sync + 'static,
    ) -> Result<Checkout> {
        let from = Source::Elsewhere(Box::new(fetch));
        Checkout::at(from, (to.as_ref(), source), wanted_elsewhere(files))
    }

    fn of(from: Source, folder: &Path, wanted: Vec<Wanted>) -> Result<Checkout> {
        check_apart(&wanted)?;
        Ok(Checkout {
            from,
            folder: folder.to_owned(),
            wanted,
        })
    }

    fn at(from: Source, (to, source): (&Path, &str), mut wanted: Vec<Wanted>) -> Result<Checkout> {
        match wanted.pop() {
            Some(only) if wanted.is_empty() && is_name_of(&only, source, to) => {
                Checkout::of_file(from, to, only)
            }
            last => {
                wanted.extend(last);
                Checkout::of(from, to, wanted)
            }
        }
    }

    /// One file under a name that was chosen for it.
    fn of_file(from: Source, file: &Path, mut wanted: Wanted) -> Result<Checkout> {
        let name = file.file_name().and_then(|name| name.to_str());
        let Some(name) = name else {
            let what = format!("{} names no file to write to", file.display());
            return Err(Error::validation(what).with_hint("give a file name in UTF-8"));
        };
        name.clone_into(&mut wanted.path);
        let folder = file.parent().unwrap_or(Path::new(""));
        Checkout::of(from, folder, vec![wanted])
    }

    /// The files under the paths that they get below the folder.
    #[must_use]
    pub fn list(&self) -> Vec<StoredFile> {
        let files = self.wanted.iter().map(|wanted| StoredFile {
            path: wanted.path.clone(),
            len: wanted.len,
            blob: wanted.blob,
        });
        files.collect()
    }

    /// Where they go, in the order of the version's files.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        let wanted = self.wanted.iter();
        wanted
            .map(|wanted| self.folder.join(&wanted.path))
            .collect()
    }

    /// The files with what is there now; files of the same length are read and hashed for that.
    ///
    /// Errors: `IO_ERROR` for a file that cannot be read.
    pub fn files(&self) -> Result<Vec<CheckoutFile>> {
        let files = self.paths().into_iter().zip(&self.wanted);
        let looked = files.map(|(file, wanted)| {
            Ok(CheckoutFile {
                found: found(&file, wanted)?,
                file,
                len: wanted.len,
                blob: wanted.blob,
            })
        });
        looked.collect()
    }

    /// Writes the files, several at once, and answers with them. `on_progress` is told bytes done and bytes in all.
    /// Repeating a call that failed or was killed goes on where it stopped.
    ///
    /// Errors: `NOT_FOUND` when bytes are in none of the store's roots, `ARTIFACT_MISMATCH` when they are damaged,
    /// `VALIDATION_ERROR` when a link below the folder leads out of it, `NETWORK`, `UNAUTHORIZED`, `DISK_FULL`, `IO_ERROR`.
    pub fn write(&self, on_progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Vec<PathBuf>> {
        let total = self.wanted.iter().map(|wanted| wanted.len).sum();
        let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
        let tell = |len| on_progress(done.fetch_add(len, Relaxed) + len, total);
        let work = || -> Result<()> {
            while let Some(wanted) = self.wanted.get(next.fetch_add(1, Relaxed)) {
                self.write_one(wanted, &tell)?;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..PARALLEL.min(self.wanted.len()))
                .map(|_| scope.spawn(work))
                .collect();
            let mut worked = Ok(());
            for thread in threads {
                let ended = thread.join().unwrap_or_else(|_| {
                    Err(Error::new(Code::InternalError, "a download panicked"))
                });
                worked = worked.and(ended);
            }
            worked
        })?;
        Ok(self.paths())
    }

    fn write_one(&self, wanted: &Wanted, tell: &dyn Fn(u64)) -> Result<()> {
        let file = target(&self.folder, &wanted.path)?;
        if found(&file, wanted)? == Found::Same {
            tell(wanted.len);
            return Ok(());
        }
        match &self.from {
            Source::Store(store) => {
                let blobs = store.depot()?.find(wanted.blob, wanted.root)?;
                let got = blobs.get_to_file_with(&hash(wanted.blob), &file, &mut |len| tell(len));
                got.map_err(|error| failure(&error, Some(&wanted.whose)))?;
                Ok(())
            }
            Source::Elsewhere(fetch) => fetch_to(&file, wanted, fetch, tell),
        }
    }
}

impl std::fmt::Debug for Checkout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Checkout({:?})", self.paths())
    }
}

fn wanted_elsewhere(files: Vec<StoredFile>) -> Vec<Wanted> {
    let wanted = files.into_iter().map(|file| Wanted {
        name: file.path.clone(),
        whose: file.path.clone(),
        path: file.path,
        len: file.len,
        blob: file.blob,
        root: Root::Data,
    });
    wanted.collect()
}

/// Whether a place names the one file of a version, and not a folder for it.
fn is_name_of(only: &Wanted, source: &str, to: &Path) -> bool {
    let is_folder = to.is_dir() || to.as_os_str().to_string_lossy().ends_with('/');
    let was_added_as_file = Path::new(source).file_name() == Some(only.path.as_ref());
    !is_folder && (to.is_file() || to.extension().is_some() || was_added_as_file)
}

fn found(file: &Path, wanted: &Wanted) -> Result<Found> {
    let Ok(metadata) = fs::symlink_metadata(file) else {
        return Ok(Found::Nothing);
    };
    if !metadata.is_file() || metadata.len() != wanted.len {
        return Ok(Found::Other);
    }
    let unreadable = |error| file_error(file, "cannot be read", error);
    let blob = blob_of_file(file).map_err(unreadable)?;
    Ok(if blob == wanted.blob {
        Found::Same
    } else {
        Found::Other
    })
}

/// The name of the blob that a file's bytes are.
pub(crate) fn blob_of_file(file: &Path) -> std::io::Result<BlobId> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs::File::open(file)?)?;
    Ok(BlobId::from_bytes(*hasher.finalize().as_bytes()))
}

/// No two are one file, and none is a folder of another.
fn check_apart(wanted: &[Wanted]) -> Result<()> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = wanted.iter().find(|wanted| !seen.insert(&*wanted.path)) {
        let what = format!("several of the files are {:?} and would be one", twice.path);
        return Err(Error::validation(what)
            .with_hint("fetch one version, or one run, at a time: mltrack artifact get"));
    }
    for path in &seen {
        let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        if let Some(folder) = folders.find(|folder| seen.contains(folder)) {
            let what = format!(
                "{folder:?} is a file, and a folder of {path:?}: they cannot both be written"
            );
            return Err(Error::validation(what).with_hint("fetch one of them at a time"));
        }
        let is_way_out = |part: &str| matches!(part, "" | "." | "..");
        if path.split('/').any(is_way_out) {
            let what = format!("the path {path:?} may leave the folder, and is not written");
            return Err(Error::validation(what).with_hint("mltrack verify"));
        }
    }
    Ok(())
}

/// The file that a path means below a folder. The folders on the way are made; a link among them is refused, because it
/// could lead anywhere.
fn target(into: &Path, path: &str) -> Result<PathBuf> {
    let mut folder = into.to_owned();
    let mut parts = path.split('/').peekable();
    fs::create_dir_all(&folder).map_err(|error| file_error(&folder, "cannot be made", error))?;
    while let Some(part) = parts.next() {
        folder.push(part);
        let known = fs::symlink_metadata(&folder);
        if known.as_ref().is_ok_and(fs::Metadata::is_symlink) && parts.peek().is_some() {
            let what = format!(
                "{}: it is a link, which may lead out of {}",
                folder.display(),
                into.display()
            );
            return Err(
                Error::validation(what).with_hint("remove the link, or write into another folder")
            );
        }
        if parts.peek().is_some() && known.is_err() {
            fs::create_dir(&folder).or_else(|error| match error.kind() {
                std::io::ErrorKind::AlreadyExists => Ok(()),
                _ => Err(file_error(&folder, "cannot be made", error)),
            })?;
        }
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_below_the_folder_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (into, outside) = (folder.path().join("into"), folder.path().join("outside"));
        fs::create_dir_all(&outside).unwrap();
        fs::create_dir_all(&into).unwrap();
        std::os::unix::fs::symlink(&outside, into.join("a")).unwrap();
        assert_eq!(
            target(&into, "a/b").unwrap_err().code(),
            Code::ValidationError
        );
        assert_eq!(target(&into, "b/c/d").unwrap(), into.join("b/c/d"));
        assert!(into.join("b/c").is_dir() && !outside.join("b").exists());
    }

    #[test]
    fn bytes_from_elsewhere_are_checked_and_a_file_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("into");
        let file = |path: &str, text: &str| StoredFile {
            path: path.to_owned(),
            len: text.len() as u64,
            blob: BlobId::from_bytes(*blake3::hash(text.as_bytes()).as_bytes()),
        };
        let files = vec![file("a/one", "1"), file("two", "22")];
        let get = |answer: fn(&str) -> &'static str| {
            Checkout::fetched(&into, files.clone(), move |path, to| {
                to.write_all(answer(path).as_bytes()).unwrap();
                Ok(())
            })
        };
        let wrong = get(|path| if path == "two" { "2!" } else { "1" });
        let error = wrong.unwrap().write(&|_, _| {}).unwrap_err();
        assert_eq!(error.code(), Code::ArtifactMismatch);
        assert_eq!(fs::read_dir(&into).unwrap().count(), 1, "only the folder a");
        let right = get(|path| {
            if path == "two" {
                "22"
            } else {
                panic!("it is there")
            }
        });
        assert_eq!(right.unwrap().write(&|_, _| {}).unwrap().len(), 2);
        assert_eq!(fs::read(into.join("two")).unwrap(), b"22");
        let out = vec![file("../out", "1")];
        assert!(Checkout::fetched(&into, out, |_, _| Ok(())).is_err());
    }

    #[test]
    fn paths_that_meet_or_leave_the_folder_are_refused() {
        let wanted = |path: &str| Wanted {
            path: path.to_owned(),
            len: 0,
            blob: BlobId::from_bytes([0; 32]),
            root: Root::Data,
            whose: String::new(),
            name: String::new(),
        };
        let check = |paths: &[&str]| {
            let wanted: Vec<Wanted> = paths.iter().map(|path| wanted(path)).collect();
            check_apart(&wanted).map_err(|error| error.code())
        };
        assert_eq!(check(&["a", "b/c", "b/d"]), Ok(()));
        for paths in [&["a", "a"][..], &["a", "a/b"], &["a/../../b"], &["/etc/x"]] {
            assert_eq!(check(paths), Err(Code::ValidationError), "{paths:?}");
        }
    }
}
