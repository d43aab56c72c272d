//! An artifact as a program sees it, and the questions about artifacts.
//!
//! Invariants: a list is by run, the newest first, then by path, then by version; the pages of one list are all of the
//! same moment; what was purged is in no list.

use std::sync::Arc;

use mltrack_event::{ArtifactId, ArtifactKind, BlobId, Root, RunId, WallTime};
use mltrack_log::{Lsn, Reader};
use mltrack_projector_lineage::{Artifact as Folded, RunNode, Things};

use crate::artifact_glob::PathGlob;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::run_query::{Page, PageToken};
use crate::store::Store;
use crate::tracker::Tracker;

/// One version of what a run has under a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Artifact {
    /// Its id.
    pub id: ArtifactId,
    /// The run that has it.
    pub run: RunId,
    /// The run's name.
    pub run_name: Arc<str>,
    /// Its path among the run's artifacts.
    pub path: String,
    /// Which of those that were logged under the path it is, from 1 in the order of the log.
    pub version: u32,
    /// What it is.
    pub kind: ArtifactKind,
    /// Its media type, such as `image/png`.
    pub media_type: Arc<str>,
    /// Its length in bytes.
    pub len: u64,
    /// Its content: the blake3 hash of its bytes.
    pub blob: BlobId,
    /// Which root its bytes were put into.
    pub root: Root,
    /// The step it belongs to.
    pub step: Option<i64>,
    /// What else is said of it, as JSON text; empty when nothing is.
    pub metadata: String,
    /// The record that logged it.
    pub lsn: Lsn,
    /// When it was logged.
    pub logged: WallTime,
    /// Set while it is removed.
    pub removed: Option<ArtifactRemoval>,
}

/// A removal that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArtifactRemoval {
    /// The record that removed it.
    pub lsn: Lsn,
    /// When.
    pub time: WallTime,
    /// By hand, or by which rule.
    pub why: String,
}

impl Artifact {
    pub(crate) fn of(folded: &Folded, run: RunId, run_name: &Arc<str>) -> Artifact {
        Artifact {
            id: folded.id,
            run,
            run_name: Arc::clone(run_name),
            path: folded.path.as_ref().to_owned(),
            version: folded.version,
            kind: folded.kind.clone(),
            media_type: Arc::clone(&folded.media_type),
            len: folded.len,
            blob: folded.blob,
            root: folded.root,
            step: folded.step,
            metadata: folded.metadata.as_ref().to_owned(),
            lsn: folded.lsn,
            logged: WallTime(folded.time_ns),
            removed: folded.removed.as_ref().map(|removed| ArtifactRemoval {
                lsn: removed.lsn,
                time: WallTime(removed.time_ns),
                why: removed.why.as_ref().to_owned(),
            }),
        }
    }

    /// Its path with its version, such as `model.pt@v2`: what [`Tracker::artifact`] takes.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}@v{}", self.path, self.version)
    }
}

/// Artifacts of a run, made one by one.
pub(crate) struct OfRun {
    run: RunId,
    name: Arc<str>,
}

impl OfRun {
    pub fn of(node: &RunNode) -> OfRun {
        OfRun {
            run: node.id,
            name: node.name.as_ref().into(),
        }
    }

    pub fn artifact(&self, folded: &Folded) -> Artifact {
        Artifact::of(folded, self.run, &self.name)
    }
}

/// A question about artifacts; see [`Tracker::artifacts`].
#[must_use = "nothing is asked before `fetch`"]
#[derive(Clone)]
pub struct ArtifactQuery {
    store: Option<Arc<Store>>,
    run: Option<RunId>,
    experiment: Option<String>,
    kinds: Vec<ArtifactKind>,
    path: Option<PathGlob>,
    is_every_version: bool,
    with_removed: bool,
    with_deleted: bool,
    offset: usize,
    limit: usize,
    moment: Moment,
    page: Option<PageToken>,
}

impl Tracker {
    /// The artifact with this id, removed ones included. Errors: `NOT_FOUND`, also when its bytes are gone for good.
    pub fn artifact_by_id(&self, id: ArtifactId) -> Result<Artifact> {
        let found = match self.store() {
            Some(store) => store.artifacts_by_id(&[id])?.pop(),
            None => None,
        };
        found.ok_or_else(|| {
            Error::new(Code::NotFound, format!("the store has no artifact {id}"))
                .with_hint("mltrack artifact ls")
        })
    }

    /// The newest version of every artifact of every run, unless the question is made narrower or wider.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use mltrack::ArtifactKind;
    ///
    /// tracker.run("resnet", |run| {
    ///     run.log_artifact_bytes("ckpt/1.pt", "weights")?;
    ///     run.log_artifact_bytes("notes.md", "It works.")?;
    ///     Ok(())
    /// })?;
    /// let page = tracker.artifacts().kind(ArtifactKind::Checkpoint).path("ckpt/*").fetch()?;
    /// assert_eq!((page.total, page.items[0].path.as_str()), (1, "ckpt/1.pt"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn artifacts(&self) -> ArtifactQuery {
        ArtifactQuery {
            store: self.store().cloned(),
            run: None,
            experiment: None,
            kinds: Vec::new(),
            path: None,
            is_every_version: false,
            with_removed: false,
            with_deleted: false,
            offset: 0,
            limit: usize::MAX,
            moment: Moment::Now,
            page: None,
        }
    }
}

impl ArtifactQuery {
    /// Only those of a run, also of a deleted one.
    pub fn run(mut self, run: RunId) -> ArtifactQuery {
        self.run = Some(run);
        self
    }

    /// Only those of runs of the experiment of this name.
    pub fn experiment(mut self, name: impl Into<String>) -> ArtifactQuery {
        self.experiment = Some(name.into());
        self
    }

    /// Only those of this kind; each call admits one more.
    pub fn kind(mut self, kind: ArtifactKind) -> ArtifactQuery {
        self.kinds.push(kind);
        self
    }

    /// Only those under a path, in a folder, or of a pattern: `*` is any text within a part of a path, `**` any number
    /// of parts, `?` one character.
    pub fn path(mut self, pattern: impl AsRef<str>) -> ArtifactQuery {
        self.path = Some(PathGlob::new(pattern.as_ref()));
        self
    }

    /// Only the newest version of each path, which is what is asked unless said otherwise.
    pub fn latest(mut self) -> ArtifactQuery {
        self.is_every_version = false;
        self
    }

    /// Every version of each path.
    pub fn all_versions(mut self) -> ArtifactQuery {
        self.is_every_version = true;
        self
    }

    /// Removed ones too, in every version.
    pub fn with_removed(mut self) -> ArtifactQuery {
        self.with_removed = true;
        self.is_every_version = true;
        self
    }

    /// Those of deleted runs too.
    pub fn with_deleted(mut self) -> ArtifactQuery {
        self.with_deleted = true;
        self
    }

    /// Leaves out so many from the beginning of the list.
    pub fn offset(mut self, offset: usize) -> ArtifactQuery {
        self.offset = offset;
        self
    }

    /// At most so many on a page.
    pub fn limit(mut self, limit: usize) -> ArtifactQuery {
        self.limit = limit;
        self
    }

    /// The page that the one before named, of the same moment.
    pub fn page(mut self, token: PageToken) -> ArtifactQuery {
        self.page = Some(token);
        self
    }

    /// As it was after this record.
    pub fn at(mut self, lsn: Lsn) -> ArtifactQuery {
        self.moment = Moment::Lsn(lsn);
        self
    }

    /// As it was at this time.
    pub fn at_time(mut self, time: WallTime) -> ArtifactQuery {
        self.moment = Moment::Time(time);
        self
    }

    /// Asks. Errors: `NOT_FOUND` for the run or the experiment, `HISTORY_FLOOR` for a moment that lacks what was purged.
    pub fn fetch(self) -> Result<Page<Artifact>> {
        let Some(store) = &self.store else {
            return Ok(Page::whole(Vec::new(), None));
        };
        let moment = self.page.map_or(self.moment, PageToken::moment);
        store.things_of(moment, |things, lsn| self.answer(things, lsn))
    }

    fn answer(&self, things: &Things, lsn: Option<Lsn>) -> Result<Page<Artifact>> {
        let start = self.page.map_or(self.offset, PageToken::start);
        let (mut items, mut total) = (Vec::new(), 0);
        for node in self.runs(things)? {
            let mut of_run = None;
            let mut take = |folded: &Folded| {
                if (start..start.saturating_add(self.limit)).contains(&total) {
                    let of_run = of_run.get_or_insert_with(|| OfRun::of(node));
                    items.push(of_run.artifact(folded));
                }
                total += 1;
            };
            let rows = things
                .artifacts_ever_of(node.key())
                .filter(|row| self.is_meant(row));
            if self.is_every_version {
                rows.for_each(take);
                continue;
            }
            let mut newest: Option<&Folded> = None;
            for row in rows {
                if let Some(before) = newest.filter(|before| before.path != row.path) {
                    take(before);
                }
                newest = Some(row);
            }
            newest.into_iter().for_each(&mut take);
        }
        Ok(Page::of_window(items, (start, total), lsn))
    }

    /// The runs that are meant, the newest first.
    fn runs<'a>(&self, things: &'a Things) -> Result<Vec<&'a RunNode>> {
        if let Some(run) = self.run {
            let node = things.thing_run(run.key()).filter(|node| node.id == run);
            return Ok(vec![node.ok_or_else(|| Error::no_run(run))?]);
        }
        let experiment = match &self.experiment {
            Some(name) => Some(experiment_named(things, name)?),
            None => None,
        };
        let runs = things.runs().rev();
        Ok(runs
            .filter(|node| experiment.is_none_or(|id| node.experiment == id))
            .filter(|node| self.with_deleted || !things.is_run_deleted(node.key()))
            .collect())
    }

    fn is_meant(&self, row: &Folded) -> bool {
        row.purged.is_none()
            && (self.with_removed || row.removed.is_none())
            && (self.kinds.is_empty() || self.kinds.contains(&row.kind))
            && self
                .path
                .as_ref()
                .is_none_or(|glob| glob.matches(&row.path))
    }
}

fn experiment_named(things: &Things, name: &str) -> Result<mltrack_event::ExperimentId> {
    let found = things
        .experiments()
        .find(|known| &*known.name == name && known.deleted.is_none());
    found.map(|known| known.id).ok_or_else(|| {
        Error::new(Code::NotFound, format!("no experiment {name:?}")).with_hint("mltrack exp ls")
    })
}

impl Store {
    /// Answers from the things of a moment, which is mostly the present: also that of the next page of a list.
    pub fn things_of<T>(
        &self,
        moment: Moment,
        answer: impl Fn(&Things, Option<Lsn>) -> Result<T>,
    ) -> Result<T> {
        let last = |reader: &Reader| Lsn::new(reader.next_lsn().get() - 1);
        let meant = self.last_of(moment)?;
        let is_past = moment != Moment::Now;
        let at_present = self.with_things(|things, reader| {
            let last = last(reader);
            let is_meant = !is_past || last == meant;
            Ok(is_meant.then(|| answer(things, last)))
        })?;
        match at_present {
            Some(answered) => answered,
            None => self.things_at(moment, |things, reader| answer(things, last(reader))),
        }
    }

    /// Artifacts by their ids, in the same order; those that were purged meanwhile are left out.
    pub fn artifacts_by_id(&self, ids: &[ArtifactId]) -> Result<Vec<Artifact>> {
        self.with_things(|things, _| {
            let found = ids.iter().filter_map(|id| {
                let folded = things.artifact(*id).filter(|row| row.purged.is_none())?;
                let node = things.thing_run(folded.run)?;
                Some(OfRun::of(node).artifact(folded))
            });
            Ok(found.collect())
        })
    }
}

impl std::fmt::Debug for ArtifactQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArtifactQuery")
            .field("run", &self.run)
            .field("path", &self.path)
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}
