//! Proving that the bytes of artifacts, datasets and models are what the log says, and repairing those that are not.
//!
//! Invariants: every blob that something needs is read in every root that has it, once; what is wrong is named by the run
//! and the path that need it; a repair takes over nothing that was not checked, and changes nothing that is right.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};

use mltrack_artifact::{BlobHash, BlobStore};
use mltrack_event::{BlobId, Root, RunId};
use mltrack_log::Lsn;
use mltrack_projector_lineage::{Artifact as Folded, Things};

use crate::artifact_depot::{failure, open_blobs};
use crate::artifact_glob::PathGlob;
use crate::artifact_read::hash;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::lock::guard;
use crate::roots_url::without_secrets;
use crate::store::Store;
use crate::tracker::Tracker;
use crate::version_verify::{OneVersion, TreeOf, trees};

/// Threads that read: as many as cores, and not more than this.
const THREADS_MAX: usize = 8;

type OnProgress<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// A check of artifacts to be made; see [`Tracker::verify_artifacts`].
#[must_use = "nothing is checked before `run`"]
pub struct ArtifactVerify<'a> {
    store: Option<Arc<Store>>,
    run: Option<RunId>,
    path: Option<PathGlob>,
    since: Option<Lsn>,
    logged_by: Option<Lsn>,
    pub(crate) version: Option<OneVersion>,
    repair_from: Option<String>,
    on_progress: Option<OnProgress<'a>>,
}

/// What a check found.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ArtifactCheck {
    /// Artifacts that were checked, and files of datasets and models.
    pub artifacts: u64,
    /// How many of them are whole.
    pub sound: u64,
    /// Different contents among them.
    pub blobs: u64,
    /// Bytes of content that were read and hashed, in all roots.
    pub bytes: u64,
    /// What is wrong, by the record that logged it.
    pub damages: Vec<ArtifactDamage>,
}

/// Bytes that are not what the log says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ArtifactDamage {
    /// The run that needs them; `None` for a file of a dataset or a model.
    pub run: Option<RunId>,
    /// The artifact's path, or the dataset or model with the file.
    pub path: String,
    /// The version of the path; 0 for a file of a dataset or a model.
    pub version: u32,
    /// The record that says what they should be.
    pub lsn: Lsn,
    /// What they should be.
    pub blob: BlobId,
    /// Whether they are nowhere; otherwise they are there, and wrong.
    pub is_missing: bool,
    /// What is wrong, with the place.
    pub what: String,
    /// Whether they are right now.
    pub is_repaired: bool,
}

/// Who needs a blob.
#[derive(Clone)]
pub(crate) struct Need {
    pub run: Option<RunId>,
    pub path: String,
    pub version: u32,
    pub lsn: Lsn,
}

/// A content, and everything that needs it.
struct Item {
    blob: BlobId,
    root: Root,
    len: u64,
    needs: Vec<Need>,
}

/// What was found wrong with a content.
struct Fault {
    is_missing: bool,
    what: String,
    is_repaired: bool,
}

impl Tracker {
    /// Checks the bytes of artifacts, datasets and models, all of them unless the question is made narrower: each is read
    /// in every root that has it, and hashed. Others may go on logging. Finding damage is no error.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// tracker.run("resnet", |run| Ok(run.log_artifact_bytes("model.pt", "weights").map(drop)?))?;
    /// let check = tracker.verify_artifacts().run()?;
    /// assert!(check.is_sound());
    /// assert_eq!((check.artifacts, check.bytes), (1, 7));
    /// # Ok(())
    /// # }
    /// ```
    pub fn verify_artifacts<'a>(&self) -> ArtifactVerify<'a> {
        ArtifactVerify {
            store: self.store().cloned(),
            run: None,
            path: None,
            since: None,
            logged_by: None,
            version: None,
            repair_from: None,
            on_progress: None,
        }
    }
}

impl<'a> ArtifactVerify<'a> {
    /// Only the artifacts of a run.
    pub fn of_run(mut self, run: RunId) -> ArtifactVerify<'a> {
        self.run = Some(run);
        self
    }

    /// Only artifacts of this path, folder or pattern.
    pub fn path(mut self, pattern: impl AsRef<str>) -> ArtifactVerify<'a> {
        self.path = Some(PathGlob::new(pattern.as_ref()));
        self
    }

    /// Only what was logged by this record or a later one.
    pub fn since(mut self, lsn: Lsn) -> ArtifactVerify<'a> {
        self.since = Some(lsn);
        self
    }

    /// Only what was logged by this one record: an [`Artifact`](crate::Artifact) is checked by its `lsn`.
    pub fn logged_by(mut self, lsn: Lsn) -> ArtifactVerify<'a> {
        self.logged_by = Some(lsn);
        self
    }

    /// Replaces what is missing or wrong by what the root at this address has: a copy of the artifacts of this store, or a
    /// root of another store that has the same bytes.
    pub fn repair_from(mut self, url: impl Into<String>) -> ArtifactVerify<'a> {
        self.repair_from = Some(url.into());
        self
    }

    /// Is told how many bytes of content are checked, of how many. Called by the threads that read.
    pub fn on_progress(mut self, tell: OnProgress<'a>) -> ArtifactVerify<'a> {
        self.on_progress = Some(tell);
        self
    }

    /// Checks. Errors: `NOT_FOUND` for the run, `NETWORK` and `UNAUTHORIZED` when a root cannot be read at all.
    pub fn run(self) -> Result<ArtifactCheck> {
        let Some(store) = &self.store else {
            return Ok(ArtifactCheck::default());
        };
        let spare = match &self.repair_from {
            Some(url) => Some(open_blobs(&without_secrets(url)?, None)?),
            None => None,
        };
        let items = self.items(store)?;
        let total: u64 = items.iter().map(|item| item.len).sum();
        let checker = Checker {
            store,
            spare,
            read: AtomicU64::new(0),
        };
        let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
        let faults: Mutex<Vec<(usize, Fault)>> = Mutex::default();
        let work = || -> Result<()> {
            loop {
                let at = next.fetch_add(1, Relaxed);
                let Some(item) = items.get(at) else {
                    return Ok(());
                };
                if let Some(fault) = checker.check(item)? {
                    guard(&faults).push((at, fault));
                }
                let done = done.fetch_add(item.len, Relaxed) + item.len;
                if let Some(tell) = self.on_progress {
                    tell(done, total);
                }
            }
        };
        in_threads(items.len(), work)?;
        let read = checker.read.load(Relaxed);
        let faults = faults.into_inner().unwrap_or_default();
        Ok(report(&items, faults, read))
    }

    /// Every content that is to be checked, the largest first, so that the threads end together.
    fn items(&self, store: &Arc<Store>) -> Result<Vec<Item>> {
        let mut items: HashMap<BlobId, Item> = HashMap::new();
        let mut add = |blob: BlobId, root: Root, len: u64, need: Need| {
            let item = items.entry(blob).or_insert_with(|| Item {
                blob,
                root,
                len,
                needs: Vec::new(),
            });
            item.needs.push(need);
        };
        store.with_things(|things, _| {
            if let Some(run) = self.run {
                let node = things.thing_run(run.key()).filter(|node| node.id == run);
                node.ok_or_else(|| Error::no_run(run))?;
            }
            for row in things
                .all_artifacts()
                .filter(|row| row.purged.is_none() && self.is_meant(row))
            {
                add(row.blob, row.root, row.len, need_of(things, row));
            }
            Ok(())
        })?;
        for tree in self.trees(store)? {
            // A list that cannot be read shows as damage of its own.
            let list = store
                .depot()?
                .find(tree.blob, tree.root)
                .ok()
                .and_then(|blobs| blobs.read_tree(&hash(tree.blob)).ok());
            let files = list.map(|list| list.files).unwrap_or_default();
            for file in files {
                let need = Need {
                    path: format!("{}, {}", tree.need.path, file.path),
                    ..tree.need.clone()
                };
                add(BlobId::from_bytes(file.blob.0), tree.root, file.len, need);
            }
            add(tree.blob, tree.root, 0, tree.need);
        }
        let mut items: Vec<Item> = items.into_values().collect();
        items.sort_by_key(|item| (std::cmp::Reverse(item.len), item.blob));
        Ok(items)
    }

    /// The lists of files that are meant.
    fn trees(&self, store: &Store) -> Result<Vec<TreeOf>> {
        if let Some(version) = &self.version {
            return Ok(version.tree.clone().into_iter().collect());
        }
        if self.run.is_some() || self.path.is_some() || self.logged_by.is_some() {
            return Ok(Vec::new());
        }
        trees(store, self.since)
    }

    fn is_meant(&self, row: &Folded) -> bool {
        if let Some(version) = &self.version {
            return version.artifacts.contains(&row.id);
        }
        self.run.is_none_or(|run| row.run == run.key())
            && self.since.is_none_or(|since| row.lsn >= since)
            && self.logged_by.is_none_or(|lsn| row.lsn == lsn)
            && self
                .path
                .as_ref()
                .is_none_or(|glob| glob.matches(&row.path))
    }
}

fn need_of(things: &Things, row: &Folded) -> Need {
    Need {
        run: things.thing_run(row.run).map(|node| node.id),
        path: row.path.as_ref().to_owned(),
        version: row.version,
        lsn: row.lsn,
    }
}

struct Checker<'a> {
    store: &'a Arc<Store>,
    spare: Option<BlobStore>,
    /// Bytes of content read.
    read: AtomicU64,
}

impl Checker<'_> {
    /// Checks a content in every root that has it.
    fn check(&self, item: &Item) -> Result<Option<Fault>> {
        let id = hash(item.blob);
        let depot = self.store.depot()?;
        let (mut places, mut fault, mut is_somewhere) = (Vec::new(), None, false);
        for blobs in depot.to_find(item.root)? {
            if !blobs.contains(&id).map_err(|error| failure(&error, None))? {
                places.push(blobs.place().to_owned());
                continue;
            }
            is_somewhere = true;
            match blobs.verify(&id) {
                Ok(len) => {
                    self.read.fetch_add(len, Relaxed);
                }
                Err(error) if error.is_damaged() || error.is_missing() => {
                    fault = Some(self.repair(&blobs, &id, error.to_string(), false));
                }
                Err(error) => return Err(failure(&error, None)),
            }
        }
        if is_somewhere {
            return Ok(fault);
        }
        let what = format!("not in {}", places.join(", nor in "));
        if self.spare.is_none() {
            return Ok(Some(Fault::of(what, true)));
        }
        let blobs = depot.to_put(item.root)?;
        Ok(Some(self.repair(&blobs, &id, what, true)))
    }

    /// What is wrong, set right where there is something to do it with.
    fn repair(&self, blobs: &BlobStore, id: &BlobHash, what: String, is_missing: bool) -> Fault {
        let Some(spare) = &self.spare else {
            return Fault::of(what, is_missing);
        };
        match blobs.repair(spare, id) {
            Ok(_) => Fault {
                is_repaired: true,
                ..Fault::of(what, is_missing)
            },
            Err(error) => Fault::of(format!("{what}; not repaired: {error}"), is_missing),
        }
    }
}

impl Fault {
    fn of(what: String, is_missing: bool) -> Fault {
        Fault {
            is_missing,
            what,
            is_repaired: false,
        }
    }
}

fn in_threads(items: usize, work: impl Fn() -> Result<()> + Sync) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(THREADS_MAX).min(items);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        let mut worked = Ok(());
        for thread in threads {
            let ended = thread
                .join()
                .unwrap_or_else(|_| Err(Error::new(Code::InternalError, "a check panicked")));
            worked = worked.and(ended);
        }
        worked
    })
}

fn report(items: &[Item], faults: Vec<(usize, Fault)>, bytes: u64) -> ArtifactCheck {
    let count = |items: &mut dyn Iterator<Item = &Item>| {
        items.map(|item| item.needs.len() as u64).sum::<u64>()
    };
    let artifacts = count(&mut items.iter());
    let mut damages = Vec::new();
    for (at, fault) in faults {
        let item = &items[at];
        damages.extend(item.needs.iter().map(|need| ArtifactDamage {
            run: need.run,
            path: need.path.clone(),
            version: need.version,
            lsn: need.lsn,
            blob: item.blob,
            is_missing: fault.is_missing,
            what: fault.what.clone(),
            is_repaired: fault.is_repaired,
        }));
    }
    damages.sort_by(|a, b| (a.lsn, &a.path).cmp(&(b.lsn, &b.path)));
    let wrong = damages.iter().filter(|damage| !damage.is_repaired).count() as u64;
    ArtifactCheck {
        artifacts,
        sound: artifacts - wrong,
        blobs: items.len() as u64,
        bytes,
        damages,
    }
}

impl ArtifactCheck {
    /// Whether everything is what the log says, now.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damages.iter().all(|damage| damage.is_repaired)
    }
}

impl std::fmt::Debug for ArtifactVerify<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArtifactVerify")
            .field("run", &self.run)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}
