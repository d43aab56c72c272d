//! Logging an artifact: what is said of it, and where its bytes come from.
//!
//! Invariants: a call that logs returns without waiting for the bytes; what can be refused is refused at once; what is
//! stored is what was there at the call, or the upload fails and says so.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use mltrack_event::{ArtifactKind, Root, RunId, RunKey};
use mltrack_log::door;
use serde::Serialize;

use crate::artifact_keep::KeepRules;
use crate::artifact_path::{normal, under};
use crate::artifact_put::{Described, Origin};
use crate::code::Code;
use crate::error::{Error, Result};
use crate::run::{Inner, Run};
use crate::store::Store;
use crate::tracker::Tracker;
use crate::upload::Upload;

/// An artifact to be logged; see [`Run::artifact`].
#[must_use = "nothing is logged before `file`, `bytes`, `reader` or `folder`"]
pub struct NewArtifact {
    target: Option<Target>,
    described: Described,
    is_snapshot: bool,
    refused: Option<Error>,
}

/// Whose artifact it is, and who logs it.
enum Target {
    /// The run itself.
    Handle(Arc<Inner>),
    /// Somebody outside.
    Outside(Arc<Store>, RunId),
}

impl Tracker {
    /// An artifact of a run that this process does not take part in, logged from outside. The run must be running.
    /// [`undo_last`](Tracker::undo_last) takes it back, unlike what a run logs itself.
    ///
    /// Errors, when it is logged: `NOT_FOUND`, `INVALID_STATE`, and those of [`Run::log_artifact`].
    pub fn new_artifact(&self, run: RunId, name: impl Into<String>) -> NewArtifact {
        let target = self
            .store()
            .map(|store| Target::Outside(Arc::clone(store), run));
        NewArtifact::new(target, name.into())
    }
}

impl Run {
    /// Logs a file as the artifact `name`, a path inside the run such as `ckpt/model.pt`. Returns at once; the bytes are
    /// stored in the background, and the artifact's event is appended when every byte is there. Logging a name again
    /// makes a new version of it.
    ///
    /// Errors: `VALIDATION_ERROR` for a name that is none, `NOT_FOUND` for the file, `ARTIFACT_TOO_LARGE`,
    /// `INVALID_STATE` for a run that has ended, `BUSY` when too much is waiting already. What goes wrong later is told
    /// by [`Upload::wait`] and as a warning.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path().join("store"))?;
    /// # let weights = folder.path().join("weights.pt");
    /// # std::fs::write(&weights, [1, 2, 3]).unwrap();
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// let upload = run.log_artifact("model.pt", &weights)?; // the training goes on
    /// let artifacts = upload.wait()?;
    /// assert_eq!((artifacts[0].version, artifacts[0].len), (1, 3));
    /// # run.finish()
    /// # }
    /// ```
    pub fn log_artifact(&self, name: impl Into<String>, file: impl AsRef<Path>) -> Result<Upload> {
        self.artifact(name).file(file)
    }

    /// Logs these bytes as the artifact `name`. They lie in memory until they are stored.
    ///
    /// Errors: those of [`log_artifact`](Run::log_artifact).
    pub fn log_artifact_bytes(
        &self,
        name: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
    ) -> Result<Upload> {
        self.artifact(name).bytes(bytes)
    }

    /// Logs every file in a folder and its folders, under the paths that they have in it.
    ///
    /// Errors: those of [`log_artifact`](Run::log_artifact).
    pub fn log_artifacts(&self, folder: impl AsRef<Path>) -> Result<Upload> {
        self.artifact("").folder(folder)
    }

    /// An artifact of which more is said than its name. Nothing happens before [`file`](NewArtifact::file),
    /// [`bytes`](NewArtifact::bytes), [`reader`](NewArtifact::reader) or [`folder`](NewArtifact::folder).
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path().join("store"))?;
    /// # let run = tracker.experiment("resnet")?.start_run()?;
    /// use mltrack::ArtifactKind;
    ///
    /// run.artifact("plots/roc")
    ///     .kind(ArtifactKind::Visualization)
    ///     .media_type("image/svg+xml")
    ///     .step(17)
    ///     .metadata(&[("auc", 0.97)])
    ///     .bytes("<svg xmlns='http://www.w3.org/2000/svg'/>")?
    ///     .wait()?;
    /// assert_eq!(tracker.artifact(run.id(), "plots/roc")?.step, Some(17));
    /// # run.finish()
    /// # }
    /// ```
    pub fn artifact(&self, name: impl Into<String>) -> NewArtifact {
        NewArtifact::new(self.inner().cloned().map(Target::Handle), name.into())
    }
}

impl Target {
    fn store(&self) -> &Arc<Store> {
        match self {
            Target::Handle(inner) => &inner.store,
            Target::Outside(store, _) => store,
        }
    }

    /// Who has ended takes no more artifacts.
    fn admit(&self) -> Result<(RunKey, Option<Arc<KeepRules>>)> {
        match self {
            Target::Handle(inner) => {
                // This process is one of the run's writers from here on.
                inner.record(|_, _| Ok(()))?;
                Ok((inner.key, Some(Arc::clone(&inner.keep_rules))))
            }
            Target::Outside(store, run) => {
                store.log()?;
                store.with_state(|state, _| {
                    let known = state.run_by_id(*run).ok_or_else(|| Error::no_run(*run))?;
                    known.state.admit_logging().map_err(|refused| {
                        Error::from(refused)
                            .with_hint(format!("tracker.resume(\"{run}\".parse()?)"))
                    })
                })?;
                Ok((run.key(), None))
            }
        }
    }
}

impl NewArtifact {
    fn new(target: Option<Target>, path: String) -> NewArtifact {
        NewArtifact {
            target,
            described: Described {
                path,
                ..Described::default()
            },
            is_snapshot: false,
            refused: None,
        }
    }

    /// What it is; guessed from its name unless said.
    pub fn kind(mut self, kind: ArtifactKind) -> NewArtifact {
        self.described.kind = Some(kind);
        self
    }

    /// Its media type, such as `image/png`; guessed from its name and first bytes unless said.
    pub fn media_type(mut self, media_type: impl Into<String>) -> NewArtifact {
        self.described.media_type = Some(media_type.into());
        self
    }

    /// The step it belongs to.
    pub fn step(mut self, step: i64) -> NewArtifact {
        self.described.step = Some(step);
        self
    }

    /// What else is said of it: anything that is JSON.
    pub fn metadata(mut self, metadata: &(impl Serialize + ?Sized)) -> NewArtifact {
        match serde_json::to_string(metadata) {
            Ok(text) => self.described.metadata = text,
            Err(error) => {
                let what = format!(
                    "the metadata of {:?} cannot be JSON: {error}",
                    self.described.path
                );
                self.refused = Some(Error::new(Code::SerializationError, what));
            }
        }
        self
    }

    /// Keeps the bytes in the root for data instead of the one for artifacts.
    pub fn data(mut self) -> NewArtifact {
        self.described.root = Root::Data;
        self
    }

    /// Copies a file aside before the call returns, so that it may be changed or removed right after. Filesystems that
    /// can share blocks between files take no time for that; on others the call lasts as long as a copy.
    pub fn snapshot(mut self, is_snapshot: bool) -> NewArtifact {
        self.is_snapshot = is_snapshot;
        self
    }

    /// Logs a file. Errors: those of [`Run::log_artifact`].
    pub fn file(self, path: impl AsRef<Path>) -> Result<Upload> {
        let path = path.as_ref();
        let is_snapshot = self.is_snapshot;
        self.log(|store| {
            let (path, seen) = look_at(path)?;
            if !seen.is_file {
                let what = format!("{}: it is not a file", path.display());
                return Err(Error::validation(what)
                    .with_hint("log a folder by log_artifacts or artifact(..).folder(..)"));
            }
            store.check_len(&path.display().to_string(), seen.len)?;
            if is_snapshot {
                let copy = aside(&store.path, &path)?;
                return Ok((Origin::Reader(Box::new(copy)), 0));
            }
            Ok((Origin::File(path, seen), 0))
        })
    }

    /// Logs bytes. Errors: those of [`Run::log_artifact`].
    pub fn bytes(self, bytes: impl Into<Vec<u8>>) -> Result<Upload> {
        let name = self.described.path.clone();
        self.log(|store| {
            let bytes = bytes.into();
            let len = bytes.len() as u64;
            store.check_len(&name, len)?;
            Ok((Origin::Bytes(bytes), len))
        })
    }

    /// Logs what a reader gives, which may be more than memory holds. It is read in the background.
    ///
    /// Errors: those of [`Run::log_artifact`].
    pub fn reader(self, reader: impl Read + Send + 'static) -> Result<Upload> {
        self.log(|_| Ok((Origin::Reader(Box::new(reader)), 0)))
    }

    /// Logs every file in a folder and its folders, under this artifact's name and the path that each has in it. Links
    /// to files are followed, links to folders are not.
    ///
    /// Errors: those of [`Run::log_artifact`]; a name that no artifact can have fails the upload before anything is
    /// stored.
    pub fn folder(self, path: impl AsRef<Path>) -> Result<Upload> {
        let path = path.as_ref();
        if self.is_snapshot {
            return Err(
                Error::validation("only single files can be copied aside").with_hint(
                    "copy the folder first, or log its files one by one with snapshot(true)",
                ),
            );
        }
        self.log(|_| {
            let (path, seen) = look_at(path)?;
            if seen.is_file {
                let what = format!("{}: it is not a folder", path.display());
                return Err(Error::validation(what)
                    .with_hint("log a file by log_artifact or artifact(..).file(..)"));
            }
            Ok((Origin::Folder(path), 0))
        })
    }

    /// Takes the origin and the bytes that it keeps in memory, and gives them to the background.
    fn log(mut self, origin: impl FnOnce(&Store) -> Result<(Origin, u64)>) -> Result<Upload> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        let is_root = self.described.path.is_empty();
        let Some(target) = self.target else {
            return Ok(Upload::disabled());
        };
        let run = target.admit()?;
        let store = target.store();
        let (origin, bytes) = origin(store)?;
        if !(is_root && matches!(origin, Origin::Folder(_))) {
            self.described.path = normal(&self.described.path)?;
        }
        store.put_artifact(run, self.described, origin, bytes)
    }
}

/// What a file was when it was logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub is_file: bool,
    pub len: u64,
    modified: Option<SystemTime>,
}

/// The absolute path, because the program may change its folder before the file is read, and what is there.
pub(crate) fn look_at(path: &Path) -> Result<(PathBuf, Seen)> {
    let absolute = std::path::absolute(path).and_then(|path| Ok((fs::metadata(&path)?, path)));
    let (metadata, path) = absolute.map_err(|error| file_error(path, "cannot be logged", error))?;
    let seen = Seen {
        is_file: !metadata.is_dir(),
        len: metadata.len(),
        modified: metadata.modified().ok(),
    };
    Ok((path, seen))
}

/// A copy of a file that nobody else can change. It has no name, so that nothing of it stays when the process ends.
fn aside(store: &Path, path: &Path) -> Result<fs::File> {
    let random: [u8; 16] = door::random_bytes();
    let name = under("", &format!("aside-{:032x}", u128::from_le_bytes(random)));
    let copy = store.join(name);
    // The system's own copy shares the blocks where the filesystem can.
    let copied = fs::copy(path, &copy).and_then(|_| fs::File::open(&copy));
    fs::remove_file(&copy).ok();
    copied.map_err(|error| file_error(path, "cannot be copied aside", error))
}

/// Names the file in an error of the system.
pub(crate) fn file_error(path: &Path, what: &str, source: io::Error) -> Error {
    let code = match source.kind() {
        io::ErrorKind::NotFound => Code::NotFound,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull,
        _ => Code::IoError,
    };
    Error::new(code, format!("{}: {what}", path.display())).with_source(source)
}

impl std::fmt::Debug for NewArtifact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewArtifact")
            .field("described", &self.described)
            .finish_non_exhaustive()
    }
}
