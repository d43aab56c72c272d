//! The part of garbage collection that is about artifacts: what was removed long enough ago is purged, and bytes that
//! nothing needs any more go.
//!
//! Invariants: the event that purges stands, durable, before a byte goes; which bytes are needed is asked while no put is
//! under way, so that one that stores the same bytes at the same time keeps them; what the files of a dataset or a model
//! are is read from its list, and if that cannot be read nothing goes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use mltrack_artifact::BlobHash;
use mltrack_event::{ArtifactId, ArtifactsPurged, BlobId, Event, Root, RunKey};
use mltrack_log::{Lsn, door};
use mltrack_projector_lineage::{Artifact as Folded, Things, TreeOfVersion};

use crate::artifact::{Artifact, OfRun};
use crate::artifact_depot::failure;
use crate::artifact_edit::{IDS_AT_ONCE_MAX, plan};
use crate::artifact_read::hash;
use crate::decide::Decision;
use crate::error::{Error, Result};
use crate::gc::Stays;
use crate::gc_find::Ages;
use crate::gc_progress::Told;
use crate::gc_versions::{self, OldVersion, PurgedVersion};
use crate::retention::{Expired, expired, remove_expired};
use crate::store::Store;

/// What a collection did to artifacts, or would do.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ArtifactGc {
    /// Artifacts that were older than their run wants, and are removed now.
    pub expired: Vec<Artifact>,
    /// Removed artifacts that are gone for good now.
    pub purged: Vec<Artifact>,
    /// Removed artifacts that stay for now, and why.
    pub kept: Vec<(Artifact, Stays)>,
    /// Versions of datasets and models that were removed, or deleted with what they belong to, and whose files are gone
    /// for good now; a version that keeps no files of its own is not among them.
    pub versions_purged: Vec<PurgedVersion>,
    /// Such versions whose files stay for now, and why.
    pub versions_kept: Vec<(PurgedVersion, Stays)>,
    /// What became of the bytes, root by root.
    pub roots: Vec<RootGc>,
}

/// What became of the bytes in a root.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct RootGc {
    /// The root.
    pub url: String,
    /// Blobs that went, or would go.
    pub blobs: usize,
    /// Their bytes, with those of chunks, ended links and uploads that were given up.
    pub bytes: u64,
    /// Why nothing went, when that is so: the root could not be reached, or others keep bytes there, too.
    pub error: Option<Error>,
}

impl Clone for RootGc {
    fn clone(&self) -> RootGc {
        RootGc {
            url: self.url.clone(),
            error: self.error.as_ref().map(Error::again),
            ..*self
        }
    }
}

impl ArtifactGc {
    /// Bytes that went, or would go.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.roots.iter().map(|root| root.bytes).sum()
    }

    /// Blobs that went, or would go.
    #[must_use]
    pub fn blobs(&self) -> usize {
        self.roots.iter().map(|root| root.blobs).sum()
    }
}

/// What is to be done.
pub(crate) struct Planned {
    expired: Vec<Expired>,
    purged: Vec<(ArtifactId, Lsn)>,
    versions: Vec<OldVersion>,
    pub report: ArtifactGc,
}

/// What goes at `now_ns`, when removals can be taken back for `window`.
pub(crate) fn find(store: &Store, window: Duration, now_ns: i64) -> Result<Planned> {
    let mut ages = Ages::new(store, window, now_ns)?;
    let expired = expired(store, now_ns, ages.newest_ns().unwrap_or(i64::MIN))?;
    let mut removed = store.with_things(|things, _| {
        let rows = things.all_artifacts().filter(|row| row.purged.is_none());
        let rows = rows.filter_map(|row| Some((row.removed.as_ref()?.lsn, named(things, row)?)));
        Ok(rows.collect::<Vec<_>>())
    })?;
    removed.sort_by_key(|(lsn, _)| *lsn);
    let mut planned = Planned {
        report: ArtifactGc {
            expired: of_ids(store, &expired)?,
            ..ArtifactGc::default()
        },
        expired,
        purged: Vec::new(),
        versions: Vec::new(),
    };
    for (lsn, artifact) in removed {
        if let (_, Some(stays)) = ages.of(lsn)? {
            planned.report.kept.push((artifact, stays));
        } else {
            planned.purged.push((artifact.id, lsn));
            planned.report.purged.push(artifact);
        }
    }
    for (version, stays) in gc_versions::find(store, window, now_ns)? {
        match stays {
            Some(stays) => planned.report.versions_kept.push((version.told, stays)),
            None => planned.versions.push(version),
        }
    }
    let goes = planned.versions.iter().map(|version| version.told.clone());
    planned.report.versions_purged = goes.collect();
    Ok(planned)
}

fn named(things: &Things, row: &Folded) -> Option<Artifact> {
    let node = things.thing_run(row.run)?;
    Some(OfRun::of(node).artifact(row))
}

fn of_ids(store: &Store, expired: &[Expired]) -> Result<Vec<Artifact>> {
    let ids: Vec<ArtifactId> = expired.iter().map(|expired| expired.id).collect();
    store.artifacts_by_id(&ids)
}

impl Planned {
    /// Appends what removes and purges; no byte goes yet.
    pub fn append(&mut self, store: &Store) -> Result<()> {
        remove_expired(store, &self.expired)?;
        let mut purged = HashSet::new();
        for part in self.purged.chunks(IDS_AT_ONCE_MAX) {
            purged.extend(purge(store, part)?);
        }
        self.report
            .purged
            .retain(|artifact| purged.contains(&artifact.id));
        self.report.versions_purged = gc_versions::purge(store, &self.versions)?;
        Ok(())
    }

    /// Says what bytes would go, with these runs.
    pub fn measure(&mut self, store: &Store, runs: &HashSet<RunKey>, told: Told<'_>) -> Result<()> {
        let mut lists = TreeLists::default();
        let dead: HashSet<ArtifactId> = self.purged.iter().map(|(id, _)| *id).collect();
        let is_live = |row: &Folded| !dead.contains(&row.id) && !runs.contains(&row.run);
        let is_kept = |tree: &TreeOfVersion<'_>| {
            !self
                .versions
                .iter()
                .any(|old| old.told.version == tree.version)
        };
        let live = lists.live(store, is_live, is_kept)?;
        for url in urls(store)? {
            let garbage = store.depot()?.open(&url).and_then(|blobs| {
                let garbage = blobs.garbage_with(&live, &|at| told.sweeping(at));
                garbage.map_err(|error| failure(&error, None))
            });
            self.report.roots.push(match garbage {
                Ok(garbage) => RootGc {
                    url,
                    blobs: garbage.blobs.len(),
                    bytes: garbage.len,
                    error: None,
                },
                Err(error) => RootGc::failed(url, error),
            });
        }
        Ok(())
    }

    /// Frees what nothing needs.
    pub fn sweep(&mut self, store: &Store, told: Told<'_>) -> Result<()> {
        if store.depot()?.roots().owner()?.is_none() {
            // Nothing was ever stored, or it is in memory, where it goes with the process.
            return Ok(());
        }
        let mut lists = TreeLists::default();
        for url in urls(store)? {
            let swept = sweep(store, &url, &mut lists, told);
            self.report.roots.push(match swept {
                Ok(swept) => RootGc { url, ..swept },
                Err(error) => RootGc::failed(url, error),
            });
        }
        Ok(())
    }
}

impl RootGc {
    fn failed(url: String, error: Error) -> RootGc {
        RootGc {
            url,
            error: Some(error),
            ..RootGc::default()
        }
    }
}

/// Every root that the store ever wrote to.
fn urls(store: &Store) -> Result<Vec<String>> {
    store.depot()?.roots().all(Root::Artifacts)
}

/// Frees what nothing needs in every root, beside a collection.
pub(crate) fn sweep_all(store: &Store) -> Result<Vec<RootGc>> {
    let mut planned = Planned {
        expired: Vec::new(),
        purged: Vec::new(),
        versions: Vec::new(),
        report: ArtifactGc::default(),
    };
    planned.sweep(store, Told(None))?;
    Ok(planned.report.roots)
}

fn sweep(store: &Store, url: &str, lists: &mut TreeLists, told: Told<'_>) -> Result<RootGc> {
    let blobs = store.depot()?.open(url)?;
    let mut refused = None;
    let live = || {
        // Asked while no put is under way: what was put until now is in the log.
        lists.live(store, |_| true, |_| true).map_err(|error| {
            let what = mltrack_artifact::Error::Unsupported {
                place: url.to_owned(),
                what: "be swept",
                next: "see what else was said",
            };
            refused = Some(error);
            what
        })
    };
    let swept = blobs.sweep_with(live, &|at| told.sweeping(at));
    match (swept, refused) {
        (Ok(swept), _) => Ok(RootGc {
            url: url.to_owned(),
            blobs: swept.garbage.blobs.len(),
            bytes: swept.freed_len,
            error: None,
        }),
        (Err(_), Some(refused)) => Err(refused),
        (Err(error), None) => Err(failure(&error, None)),
    }
}

/// Purges removals of one batch that still stand.
fn purge(store: &Store, removals: &[(ArtifactId, Lsn)]) -> Result<Vec<ArtifactId>> {
    let (purged, _) = store.decide_things(|things, _| {
        let rows = removals.iter().filter_map(|(id, lsn)| {
            let row = things.artifact(*id).filter(|row| row.purged.is_none())?;
            (row.removed.as_ref()?.lsn == *lsn).then_some(row)
        });
        let rows: Vec<&Folded> = rows.collect();
        let artifacts: Vec<ArtifactId> = rows.iter().map(|row| row.id).collect();
        if artifacts.is_empty() {
            return Ok(Decision::Already(artifacts));
        }
        let (actor, command) = store.by();
        let event = Event::from(ArtifactsPurged {
            artifacts: artifacts.clone(),
            actor,
            command,
        });
        Ok(Decision::Append(plan(&rows, vec![event]), artifacts))
    })?;
    Ok(purged)
}

/// The files of datasets and models, read once: a list never changes.
#[derive(Default)]
pub(crate) struct TreeLists {
    known: HashMap<BlobId, Vec<BlobHash>>,
}

impl TreeLists {
    /// Everything that something needs, as far as `is_live` admits the artifacts and `is_kept` the versions.
    pub fn live(
        &mut self,
        store: &Store,
        is_live: impl Fn(&Folded) -> bool,
        mut is_kept: impl FnMut(&TreeOfVersion<'_>) -> bool,
    ) -> Result<HashSet<BlobHash>> {
        let (mut live, trees) = store.with_things(|things, _| {
            let needed: HashSet<BlobId> = things.live_blobs().map(|(blob, _)| blob).collect();
            let rows = things
                .all_artifacts()
                .filter(|row| row.purged.is_none() && is_live(row));
            let live = rows
                .filter(|row| needed.contains(&row.blob))
                .map(|row| hash(row.blob));
            let trees = things.live_trees().filter(|tree| is_kept(tree));
            let trees: Vec<(BlobId, Root)> = trees.map(|tree| (tree.blob, tree.root)).collect();
            Ok((live.collect::<HashSet<_>>(), trees))
        })?;
        store.with_documents(|documents| {
            live.extend(documents.live_blobs().map(|(blob, _)| hash(blob)));
            // A removal or a change that can be undone brings them back.
            let window_ns = i64::try_from(store.undo_window.as_nanos()).unwrap_or(i64::MAX);
            let since_ns = door::wall_time_ns().saturating_sub(window_ns);
            live.extend(documents.released_blobs(since_ns).map(hash));
            Ok(())
        })?;
        for (blob, root) in trees {
            live.insert(hash(blob));
            live.extend(self.files(store, blob, root)?);
        }
        Ok(live)
    }

    /// The files of one list.
    pub fn files(&mut self, store: &Store, blob: BlobId, root: Root) -> Result<Vec<BlobHash>> {
        if let Some(known) = self.known.get(&blob) {
            return Ok(known.clone());
        }
        let depot = Arc::clone(store.depot()?);
        let tree = depot.find(blob, root)?.read_tree(&hash(blob));
        let tree = tree.map_err(|error| {
            failure(
                &error,
                Some("the list of the files of a dataset or a model"),
            )
        })?;
        let files: Vec<BlobHash> = tree.files.iter().map(|file| file.blob).collect();
        self.known.insert(blob, files.clone());
        Ok(files)
    }
}
