//! Questions about datasets and models, as they are or as they were.
//!
//! Invariants: an answer is of one moment: versions, aliases and who took a version in are as they were then, and names
//! mean what they meant then; what was purged since is missing from it.

use std::sync::Arc;

use mltrack_event::WallTime;
use mltrack_log::{Lsn, Reader};
use mltrack_projector_lineage::{Dataset, DatasetUse, Model, ModelUse, Things};

use crate::code::Code;
use crate::dataset_kind::Datasets;
use crate::error::{Error, Result};
use crate::lineage::{LineageLink, note};
use crate::model_kind::Models;
use crate::moment::Moment;
use crate::registry::{self, Kind};
use crate::run_query::Page;
use crate::selector::Selector;
use crate::store::Store;
use crate::tracker::Tracker;

/// A question about datasets and models; see [`Tracker::registry`].
#[derive(Clone)]
#[must_use = "nothing is asked before `datasets`, `dataset`, `models` or `model`"]
pub struct RegistryQuery {
    store: Option<Arc<Store>>,
    moment: Moment,
}

/// A dataset or a model, with who took its versions in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Registered<T, U> {
    /// What it was.
    pub item: T,
    /// The number of the version that the selector meant; `None` where it named none.
    pub picked: Option<u64>,
    /// Who took in its versions, or the one that was picked, in the order of the runs' creation.
    pub uses: Vec<U>,
    /// The last record that the answer takes account of.
    pub lsn: Option<Lsn>,
}

impl Tracker {
    /// A question about datasets and models, as they are unless a moment is passed.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let dataset = tracker.dataset("imagenet")?;
    /// let first = dataset.version().bytes("rows.csv", "x\n1\n").add()?;
    /// dataset.version().bytes("rows.csv", "x\n1\n2\n").add()?;
    /// let then = tracker.registry().at(first.lsn);
    /// assert_eq!(then.dataset("imagenet@latest")?.picked, Some(1));
    /// assert_eq!(tracker.registry().dataset("imagenet@latest")?.picked, Some(2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn registry(&self) -> RegistryQuery {
        RegistryQuery {
            store: self.store().cloned(),
            moment: Moment::Now,
        }
    }
}

impl RegistryQuery {
    /// As it was after this record.
    pub fn at(mut self, lsn: Lsn) -> RegistryQuery {
        self.moment = Moment::Lsn(lsn);
        self
    }

    /// As it was at this time.
    pub fn at_time(mut self, time: WallTime) -> RegistryQuery {
        self.moment = Moment::Time(time);
        self
    }

    /// Every dataset, in the order of their creation, deleted ones included.
    ///
    /// Errors: `HISTORY_FLOOR` for a moment of which records were purged.
    pub fn datasets(&self) -> Result<Page<Dataset>> {
        self.list(|things| things.datasets().cloned().collect())
    }

    /// Every model, in the order of their creation, deleted ones included.
    ///
    /// Errors: those of [`datasets`](RegistryQuery::datasets).
    pub fn models(&self) -> Result<Page<Model>> {
        self.list(|things| things.models().cloned().collect())
    }

    /// Every dependency that there is between things, once, those of one beginning together. All of it is in memory.
    ///
    /// Errors: those of [`datasets`](RegistryQuery::datasets).
    pub fn lineage(&self) -> Result<Page<LineageLink>> {
        self.list(|things| {
            let edges = things.edges().into_iter();
            let link = |(from, to, kind)| LineageLink {
                note: note(things, (&from, &to), kind),
                from,
                to,
                kind,
            };
            edges.map(link).collect()
        })
    }

    /// A dataset by its name or id, or with `@` one of its versions, with the runs that took it in.
    ///
    /// Errors: `NOT_FOUND`, `VALIDATION_ERROR` for a selector that is none, and those of
    /// [`datasets`](RegistryQuery::datasets).
    pub fn dataset(&self, selector: &str) -> Result<Registered<Dataset, DatasetUse>> {
        self.find::<Datasets, _>(selector, |things, dataset, picked| {
            let uses = things
                .runs()
                .flat_map(|run| things.uses_of_run(run.key()).datasets);
            let is_meant = |used: &&DatasetUse| {
                used.dataset == dataset.id && picked.is_none_or(|number| used.number == number)
            };
            uses.filter(is_meant).cloned().collect()
        })
    }

    /// A model by its name or id, or with `@` one of its versions, with the runs that took it in.
    ///
    /// Errors: those of [`dataset`](RegistryQuery::dataset).
    pub fn model(&self, selector: &str) -> Result<Registered<Model, ModelUse>> {
        self.find::<Models, _>(selector, |things, model, picked| {
            let uses = things
                .runs()
                .flat_map(|run| things.uses_of_run(run.key()).models);
            let is_meant = |used: &&ModelUse| {
                used.model == model.id && picked.is_none_or(|number| used.number == number)
            };
            uses.filter(is_meant).cloned().collect()
        })
    }

    fn list<T>(&self, all: impl FnOnce(&Things) -> Vec<T>) -> Result<Page<T>> {
        let Some(store) = &self.store else {
            return Ok(Page::whole(Vec::new(), None));
        };
        let last = store.last_of(self.moment)?;
        store.things_at(self.moment, |things, reader| {
            Ok(Page::whole(all(things), self.end(last, reader)))
        })
    }

    fn find<K: Kind, U>(
        &self,
        selector: &str,
        uses: impl FnOnce(&Things, &K::Item, Option<u64>) -> Vec<U>,
    ) -> Result<Registered<K::Item, U>>
    where
        K::Item: Clone,
    {
        let parsed: Selector = selector.parse()?;
        let store = self.store.as_ref();
        let store = store.ok_or_else(|| {
            let what = format!("no {} {selector:?}: the tracker is disabled", K::WORD);
            Error::new(Code::NotFound, what)
        })?;
        let last = store.last_of(self.moment)?;
        store.things_at(self.moment, |things, reader| {
            let (item, picked) = if selector.contains('@') {
                let (item, number) = registry::resolve::<K>(things, &parsed)?;
                (item, Some(number))
            } else {
                (registry::find::<K>(things, &parsed.name)?, None)
            };
            Ok(Registered {
                uses: uses(things, item, picked),
                item: item.clone(),
                picked,
                lsn: self.end(last, reader),
            })
        })
    }

    /// The last record of an answer.
    fn end(&self, last: Option<Lsn>, reader: &Reader) -> Option<Lsn> {
        let end = Lsn::new(reader.next_lsn().get() - 1);
        match self.moment {
            Moment::Now => end,
            _ => last.min(end),
        }
    }
}

impl std::fmt::Debug for RegistryQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegistryQuery")
            .field("moment", &self.moment)
            .finish_non_exhaustive()
    }
}
