//! Bytes that are stored first and named afterwards, on the caller's own thread: what a server does with an upload.
//!
//! Invariants: bytes stay while their handle lives, and after that only when an event names them; nothing here waits for
//! the uploads of other callers; a deleted run takes nothing.

use std::io::{Cursor, Read};
use std::sync::Arc;

use mltrack_artifact::BlobHash;
use mltrack_event::{ArtifactId, ArtifactLogged, BlobId, ExperimentId, Root, RunId};
use mltrack_log::door;

use crate::artifact::{Artifact, OfRun};
use crate::artifact_depot::{Kept, failure};
use crate::artifact_kind::kind_of;
use crate::artifact_media::media_type;
use crate::artifact_path::normal;
use crate::artifact_put::read_head;
use crate::artifact_read::ArtifactReader;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::tracker::Tracker;

/// Bytes that are stored and that no event names yet. Garbage collection waits until it is dropped.
pub struct StoredBytes {
    kept: Kept,
    head: Vec<u8>,
}

impl StoredBytes {
    /// The blake3 hash of the bytes.
    #[must_use]
    pub fn blob(&self) -> BlobId {
        self.kept.blob
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.kept.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The media type of bytes like these under this path.
    #[must_use]
    pub fn media_type(&self, path: &str) -> &'static str {
        media_type(path, &self.head)
    }
}

/// The normal form of an artifact's path: parts joined by `/`, none of them empty or `.`.
///
/// Errors: `VALIDATION_ERROR` for a path that could lead out of a folder, or that means something else on another
/// system.
///
/// ```
/// assert_eq!(mltrack::artifact_path("./ckpt//1.pt").unwrap(), "ckpt/1.pt");
/// assert!(mltrack::artifact_path("../1.pt").is_err());
/// ```
pub fn artifact_path(path: &str) -> Result<String> {
    normal(path)
}

impl Tracker {
    /// Stores what a reader gives in the root for artifacts, however long it is, with bounded memory. Nothing names the
    /// bytes yet: [`log_stored`](Tracker::log_stored) does.
    ///
    /// Errors: `ARTIFACT_TOO_LARGE`, `DISK_FULL`, `IO_ERROR`, also of the reader; of a remote root `NETWORK` and
    /// `UNAUTHORIZED`. Nothing can be found then.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// let stored = tracker.store_bytes("It works.".as_bytes())?;
    /// let artifact = tracker.log_stored(run.id(), "notes.md", &stored, ("ada", "upload"))?;
    /// assert_eq!((artifact.len, artifact.blob), (9, stored.blob()));
    /// # Ok(run.finish()?)
    /// # }
    /// ```
    pub fn store_bytes(&self, mut reader: impl Read) -> Result<StoredBytes> {
        let depot = self.opened()?.depot()?;
        let head = read_head(&mut reader).map_err(|error| {
            Error::new(Code::IoError, "the bytes cannot be read").with_source(error)
        })?;
        let content = Cursor::new(head.clone()).chain(reader);
        let kept = depot.put_reader(Root::Artifacts, content)?;
        Ok(StoredBytes { kept, head })
    }

    /// How many bytes an artifact has at most.
    pub fn artifact_len_max(&self) -> Result<u64> {
        Ok(self.opened()?.depot()?.len_max())
    }

    /// Refuses more bytes than an artifact may have, before any of them is read. `what` is what the error calls them.
    ///
    /// Errors: `ARTIFACT_TOO_LARGE`.
    pub fn check_artifact_len(&self, what: &str, len: u64) -> Result<()> {
        self.opened()?.check_len(what, len)
    }

    /// Logs stored bytes as an artifact of a run: a new version of what it has under the path. The run may have ended,
    /// since who copies its files is often later than it. `by` is who does it and by which command.
    ///
    /// Errors: `NOT_FOUND` for the run, `INVALID_STATE` for a deleted one, `VALIDATION_ERROR` for a path that is none.
    pub fn log_stored(
        &self,
        run: RunId,
        path: &str,
        stored: &StoredBytes,
        by: (&str, &str),
    ) -> Result<Artifact> {
        let store = self.opened()?;
        let path = normal(path)?;
        self.check_takes_artifacts(run)?;
        let media_type = stored.media_type(&path);
        let event = ArtifactLogged {
            artifact: ArtifactId::from_bytes(door::random_bytes()),
            run: run.key(),
            kind: kind_of(&path, media_type),
            path,
            media_type: media_type.to_owned(),
            len: stored.len(),
            blob: stored.blob(),
            root: Root::Artifacts,
            step: None,
            metadata: String::new(),
            actor: by.0.to_owned(),
            command: by.1.to_owned(),
        };
        let id = event.artifact;
        store.appender()?.append(&[event.into()])?;
        let mut logged = store.artifacts_by_id(&[id])?;
        logged.pop().ok_or_else(|| Error::no_run(run))
    }

    /// Whether artifacts can be logged for a run: it is there and not deleted.
    ///
    /// Errors: `NOT_FOUND`, `INVALID_STATE`.
    pub fn check_takes_artifacts(&self, run: RunId) -> Result<()> {
        let store = self.opened()?;
        store.log()?;
        store.with_state(|state, _| {
            let known = state.run_by_id(run).ok_or_else(|| Error::no_run(run))?;
            if state.is_deleted(known) {
                let what = format!("the run {run} is deleted");
                return Err(Error::new(Code::InvalidState, what)
                    .with_hint(format!("mltrack restore {}", run.short())));
            }
            Ok(())
        })
    }

    /// The experiment of a run, and what it says under a tag; `None` for a run that is not known.
    pub fn experiment_of_run(
        &self,
        run: RunId,
        tag: &str,
    ) -> Result<Option<(ExperimentId, Option<String>)>> {
        self.opened()?.with_state(|state, _| {
            let known = state.run_by_id(run).map(|known| known.experiment);
            Ok(known.map(|id| {
                let said = state.experiment(id).and_then(|it| it.tags.get(tag));
                (id, said.cloned())
            }))
        })
    }

    /// The newest artifact of a run under exactly this path; `None` where there is none.
    ///
    /// Errors: `NOT_FOUND` for the run.
    pub fn newest_artifact(&self, run: RunId, path: &str) -> Result<Option<Artifact>> {
        self.opened()?.with_things(|things, _| {
            let node = things.thing_run(run.key()).filter(|node| node.id == run);
            let node = node.ok_or_else(|| Error::no_run(run))?;
            let found = things.newest_artifact(run.key(), path);
            Ok(found.map(|row| OfRun::of(node).artifact(row)))
        })
    }

    /// Opens bytes by their hash, wherever among the store's roots they are.
    ///
    /// Errors: `NOT_FOUND`, `ARTIFACT_MISMATCH`, `NETWORK`, `UNAUTHORIZED`.
    pub fn open_bytes(&self, blob: BlobId) -> Result<ArtifactReader> {
        let blobs = self.opened()?.depot()?.find(blob, Root::Artifacts)?;
        let opened = blobs.open_blob(&BlobHash(blob.to_bytes()));
        let blob = opened.map_err(|error| failure(&error, None))?;
        Ok(ArtifactReader::of(blob))
    }

    fn opened(&self) -> Result<&Arc<Store>> {
        self.store()
            .ok_or_else(|| Error::validation("the tracker is disabled"))
    }
}

impl std::fmt::Debug for StoredBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredBytes")
            .field("blob", &self.blob())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
