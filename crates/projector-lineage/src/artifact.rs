//! An artifact as the log describes it.

use std::sync::Arc;

use mltrack_event::{ArtifactId, ArtifactKind, ArtifactLogged, BlobId, Root, RunKey};
use mltrack_projector::{Entry, Lsn};

use crate::coded::coded;

/// One version of what a run has under a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Artifact {
    /// Its id.
    pub id: ArtifactId,
    /// The run that has it.
    pub run: RunKey,
    /// Its path among the run's artifacts.
    pub path: Box<str>,
    /// Which of those that were logged under the path it is, from 1 in the order of the log.
    pub version: u32,
    /// What it is.
    pub kind: ArtifactKind,
    /// Its media type.
    pub media_type: Arc<str>,
    /// Its length in bytes.
    pub len: u64,
    /// Its content.
    pub blob: BlobId,
    /// Which root holds it.
    pub root: Root,
    /// The step it belongs to.
    pub step: Option<i64>,
    /// What else is said of it, as JSON text; empty when nothing is.
    pub metadata: Box<str>,
    /// The record that says so.
    pub lsn: Lsn,
    /// When it was logged, in ns since 1970.
    pub time_ns: i64,
    /// Set while it is removed.
    pub removed: Option<Removed>,
    /// The record that purged it: from then on its bytes may be gone, and only its id and its name are still known here.
    pub purged: Option<Lsn>,
}

/// A removal that stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Removed {
    /// The record that says so.
    pub lsn: Lsn,
    /// When, in ns since 1970.
    pub time_ns: i64,
    /// By hand, or by which rule.
    pub why: Box<str>,
}

impl Artifact {
    pub(crate) fn new(
        logged: &ArtifactLogged,
        version: u32,
        media_type: Arc<str>,
        entry: &Entry<'_>,
    ) -> Artifact {
        Artifact {
            id: logged.artifact,
            run: logged.run,
            path: logged.path.as_str().into(),
            version,
            kind: logged.kind.clone(),
            media_type,
            len: logged.len,
            blob: logged.blob,
            root: logged.root,
            step: logged.step,
            metadata: logged.metadata.as_str().into(),
            lsn: entry.lsn,
            time_ns: entry.time_ns,
            removed: None,
            purged: None,
        }
    }

    /// Whether it is there: neither removed nor purged.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.removed.is_none() && self.purged.is_none()
    }
}

coded!(Removed { time_ns, why });
