//! Reading what was stored: from any place on, as a whole, and into files.
//!
//! Invariants: bytes that do not have the hash that the event says never reach the caller as if they did; a file appears
//! when it is whole; nothing is written outside the folder that was named.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mltrack_artifact::{BlobHash, BlobReader, BlobStore};
use mltrack_event::{BlobId, WallTime};

use crate::artifact::Artifact;
use crate::artifact_depot::failure;
use crate::artifact_new::file_error;
use crate::checkout::{Checkout, Wanted};
use crate::code::Code;
use crate::error::{Error, Result};
use crate::tracker::Tracker;

/// What may be read into memory at once without asking.
const BYTES_MAX: u64 = 1 << 30;

/// An artifact that is being read, from any place on. Of a large one only the parts that are asked for are fetched, and
/// each is checked; a part that is damaged is an error of [`std::io`] whose source names it.
pub struct ArtifactReader {
    blob: BlobReader,
}

/// An address under which anybody can fetch an artifact until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArtifactLink {
    /// The address.
    pub url: String,
    /// When it ends.
    pub expires: WallTime,
}

impl Tracker {
    /// Opens an artifact for reading.
    ///
    /// Errors: `NOT_FOUND` when its bytes are in none of the store's roots, `ARTIFACT_MISMATCH` when they are damaged,
    /// `NETWORK`, `UNAUTHORIZED`.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use std::io::{Read, Seek, SeekFrom};
    ///
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// run.log_artifact_bytes("notes.md", "It works.")?.wait()?;
    /// let mut reader = tracker.open_artifact(&tracker.artifact(run.id(), "notes.md")?)?;
    /// reader.seek(SeekFrom::Start(3))?;
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "works.");
    /// # Ok(run.finish()?)
    /// # }
    /// ```
    pub fn open_artifact(&self, artifact: &Artifact) -> Result<ArtifactReader> {
        let (blobs, hash) = self.blobs_of(artifact)?;
        let blob = blobs
            .open_blob(&hash)
            .map_err(|error| about(&error, artifact))?;
        Ok(ArtifactReader { blob })
    }

    /// All bytes of an artifact that is not larger than 1 GiB. Errors: those of
    /// [`open_artifact`](Tracker::open_artifact), `ARTIFACT_TOO_LARGE`.
    pub fn artifact_bytes(&self, artifact: &Artifact) -> Result<Vec<u8>> {
        if artifact.len > BYTES_MAX {
            let what = format!(
                "{} has {} bytes, and at most {BYTES_MAX} are read into memory at once",
                artifact.path, artifact.len
            );
            return Err(Error::new(Code::ArtifactTooLarge, what)
                .with_hint("open_artifact reads it in parts"));
        }
        let (blobs, hash) = self.blobs_of(artifact)?;
        let bytes = blobs
            .get_bytes(&hash)
            .map_err(|error| about(&error, artifact))?;
        Ok(bytes.to_vec())
    }

    /// Writes an artifact to the file `to`, or into the folder `to` under its own name. Every byte is checked; the file
    /// appears when it is whole, and replaces what was there. What a call that was killed had fetched is not fetched
    /// again. Answers with the file.
    ///
    /// Errors: those of [`open_artifact`](Tracker::open_artifact), `DISK_FULL`, `IO_ERROR`.
    pub fn download(&self, artifact: &Artifact, to: impl AsRef<Path>) -> Result<PathBuf> {
        let to = to.as_ref();
        let name = artifact.path.rsplit('/').next().unwrap_or(&artifact.path);
        let file = if to.is_dir() {
            to.join(name)
        } else {
            to.to_owned()
        };
        if let Some(folder) = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder)
                .map_err(|error| file_error(folder, "cannot be made", error))?;
        }
        self.fetch_to(artifact, &file)?;
        Ok(file)
    }

    /// Writes artifacts below the folder `into`, each under its path, several at once. `on_progress` is told bytes done
    /// and bytes in all. Answers with the files, in the order of the artifacts.
    ///
    /// A file that has the bytes already is left as it is.
    ///
    /// Errors: those of [`download`](Tracker::download); `VALIDATION_ERROR` when two of them would be one file, or a link
    /// in the folder leads out of it. Files that were written stay.
    pub fn download_all(
        &self,
        artifacts: &[Artifact],
        into: impl AsRef<Path>,
        on_progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Vec<PathBuf>> {
        let Some(store) = self.store() else {
            return Err(Error::validation("the tracker is disabled"));
        };
        let wanted = artifacts.iter().map(Wanted::artifact).collect();
        let checkout = Checkout::below(store, into.as_ref(), wanted)?;
        checkout.write(on_progress)
    }

    /// An address under which anybody can fetch the artifact for so long, from 1 s to 7 days. Only roots in S3 give one.
    ///
    /// Errors: `UNSUPPORTED` for other roots, and those of [`open_artifact`](Tracker::open_artifact).
    pub fn link_artifact(&self, artifact: &Artifact, expires: Duration) -> Result<ArtifactLink> {
        let (blobs, hash) = self.blobs_of(artifact)?;
        let link = blobs
            .link(&hash, expires)
            .map_err(|error| about(&error, artifact))?;
        Ok(ArtifactLink {
            url: link.url,
            expires: WallTime(link.expires_ns),
        })
    }

    fn fetch_to(&self, artifact: &Artifact, file: &Path) -> Result<()> {
        let (blobs, hash) = self.blobs_of(artifact)?;
        blobs
            .get_to_file(&hash, file)
            .map_err(|error| about(&error, artifact))?;
        Ok(())
    }

    fn blobs_of(&self, artifact: &Artifact) -> Result<(BlobStore, BlobHash)> {
        let Some(store) = self.store() else {
            return Err(Error::validation("the tracker is disabled"));
        };
        let blobs = store.depot()?.find(artifact.blob, artifact.root)?;
        Ok((blobs, hash(artifact.blob)))
    }
}

pub(crate) fn hash(blob: BlobId) -> BlobHash {
    BlobHash(blob.to_bytes())
}

/// Whose bytes an error is about.
fn about(error: &mltrack_artifact::Error, artifact: &Artifact) -> Error {
    failure(error, Some(&whose(artifact)))
}

pub(crate) fn whose(artifact: &Artifact) -> String {
    format!("run {}, {}", artifact.run.short(), artifact.path)
}

impl ArtifactReader {
    pub(crate) fn of(blob: BlobReader) -> ArtifactReader {
        ArtifactReader { blob }
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.blob.len()
    }

    /// The bytes from where it is, as many as lie together, checked and without another copy; empty at the end. It goes
    /// on behind them.
    pub fn next_bytes(&mut self) -> std::io::Result<bytes::Bytes> {
        self.blob.next_bytes()
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blob.is_empty()
    }
}

impl std::io::Read for ArtifactReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.blob.read(buffer)
    }
}

impl std::io::Seek for ArtifactReader {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.blob.seek(to)
    }
}

impl std::fmt::Debug for ArtifactReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArtifactReader")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
