//! Lists of runs: which, in which order, how many, as of when.
//!
//! Invariants: missing values come last in either direction; equal ones stand newest first, so pages never overlap;
//! the pages of one list are all of the same moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use mltrack_event::{ExperimentId, RunId, RunState, WallTime};
use mltrack_log::Lsn;
use mltrack_projector_runs::search::{
    Expr, Mode, Order, Selected, StateColumns, Window, parse, parse_orders, select,
};
use mltrack_projector_runs::{Deleted, Run as Folded, State};

use crate::error::{Error, Result};
use crate::lock::guard;
use crate::moment::{Moment, Sight};
use crate::run_beside::{Beside, TakenDataset};
use crate::run_table::{AskedTable, Meant, RunTable};
use crate::store::Store;
use crate::summary::{Present, RunSummary};
use crate::tracker::Tracker;

/// The runs of a page up to this long stay in memory, for whoever asks again.
const KEPT_ROWS_MAX: usize = 1000;

/// A part of a list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// How many there are on all pages together.
    pub total: usize,
    /// The last record that the answer takes into account; `None` in an empty store.
    pub lsn: Option<Lsn>,
    /// How to ask for the next page; `None` on the last.
    pub next: Option<PageToken>,
    /// What is not wrong and yet probably not meant: names in filters and orders that no run has.
    pub notes: Vec<String>,
}

impl<T> Page<T> {
    /// All there is, on one page.
    pub(crate) fn whole(items: Vec<T>, lsn: Option<Lsn>) -> Page<T> {
        Page {
            total: items.len(),
            items,
            lsn,
            next: None,
            notes: Vec::new(),
        }
    }
}

impl<T> Page<T> {
    /// The part that begins behind `start` others.
    pub(crate) fn part(
        items: Vec<T>,
        start: usize,
        lsn: Option<Lsn>,
        selected: &Selected,
    ) -> Page<T> {
        let end = start.saturating_add(items.len());
        let is_last = end >= selected.total || items.is_empty();
        Page {
            items,
            total: selected.total,
            lsn,
            next: lsn
                .filter(|_| !is_last)
                .map(|lsn| PageToken { lsn, start: end }),
            notes: selected.notes.iter().map(ToString::to_string).collect(),
        }
    }
}

impl<T> Page<T> {
    /// The part that begins behind `start` others, of so many in all.
    pub(crate) fn of_window(
        items: Vec<T>,
        (start, total): (usize, usize),
        lsn: Option<Lsn>,
    ) -> Page<T> {
        let end = start.saturating_add(items.len());
        let is_last = end >= total || items.is_empty();
        Page {
            items,
            total,
            lsn,
            next: lsn
                .filter(|_| !is_last)
                .map(|lsn| PageToken { lsn, start: end }),
            notes: Vec::new(),
        }
    }
}

/// Where the next page begins, and of which moment the list is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageToken {
    lsn: Lsn,
    start: usize,
}

/// A question about runs; see [`Tracker::runs`].
#[must_use = "nothing is asked before `fetch`"]
pub struct RunQuery {
    store: Option<Arc<Store>>,
    experiment: Option<String>,
    experiment_ids: Option<BTreeSet<ExperimentId>>,
    filters: Vec<String>,
    orders: Vec<String>,
    states: Vec<RunState>,
    parent: Option<RunId>,
    deleted: Deleted,
    mode: Mode,
    offset: usize,
    limit: usize,
    moment: Moment,
    page: Option<PageToken>,
    beside: Beside,
}

impl Tracker {
    /// The runs of the store, newest first, unless the question is made narrower.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// # tracker.run("resnet", |run| Ok(run.log_metric("acc", 0.95)?))?;
    /// let page = tracker.runs().experiment("resnet").filter("metrics.acc > 0.9").order_by("-acc").limit(100).fetch()?;
    /// assert_eq!((page.items.len(), page.total), (1, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn runs(&self) -> RunQuery {
        RunQuery {
            store: self.store().cloned(),
            experiment: None,
            experiment_ids: None,
            filters: Vec::new(),
            orders: Vec::new(),
            states: Vec::new(),
            parent: None,
            deleted: Deleted::Hidden,
            mode: Mode::Full,
            offset: 0,
            limit: usize::MAX,
            moment: Moment::Now,
            page: None,
            beside: Beside::default(),
        }
    }

    /// What the log says about a run, deleted ones included. Errors: `NOT_FOUND`, also when the tracker is disabled.
    pub fn run_summary(&self, id: RunId) -> Result<RunSummary> {
        let Some(store) = self.store() else {
            return Err(Error::no_run(id));
        };
        store.at(Moment::Now, |sight, reader| {
            let run = sight.state.run_by_id(id).ok_or_else(|| Error::no_run(id))?;
            Ok(Present::new(store, reader, sight).run(sight.state, run))
        })
    }

    /// Whether questions about one run, such as [`run_summary`](Tracker::run_summary), are answered in microseconds now:
    /// nobody else asks, and what was logged since the last answer is little. For threads that must not wait, because
    /// they serve many; it is a guess about the next moment, not a promise.
    #[must_use]
    pub fn answers_at_once(&self) -> bool {
        self.store()
            .is_none_or(|store| store.answers_at_once().unwrap_or(false))
    }

    /// What the log says about some runs, in this order, deleted ones included. A run that is not there is left out.
    pub fn run_summaries(&self, ids: &[RunId]) -> Result<Vec<RunSummary>> {
        let Some(store) = self.store() else {
            return Ok(Vec::new());
        };
        store.at(Moment::Now, |sight, reader| {
            let present = Present::new(store, reader, sight);
            let runs = ids.iter().filter_map(|id| sight.state.run_by_id(*id));
            Ok(runs.map(|run| present.run(sight.state, run)).collect())
        })
    }

    /// The run that a text names: an id or the beginning of one, a name, `experiment/12`, `@last`, `@running`, `@best`.
    ///
    /// Errors: `NOT_FOUND`, with the name that was probably meant; `VALIDATION_ERROR`, with the candidates, when it can
    /// mean several.
    pub fn find_run(&self, text: &str) -> Result<RunId> {
        let mut found = self.find_runs(&[text])?;
        found.pop().expect("one text has one answer")
    }

    /// What [`find_run`](Tracker::find_run) answers to each of these texts, all at one moment: quicker than asking for
    /// one after another.
    pub fn find_runs(&self, texts: &[&str]) -> Result<Vec<Result<RunId>>> {
        let Some(store) = self.store() else {
            return Err(Error::validation("the tracker is disabled"));
        };
        store.at(Moment::Now, |sight, reader| {
            let present = Present::new(store, reader, sight);
            let is_running = |run: &Folded| present.state_of(run) == RunState::Running;
            let find = |text: &&str| -> Result<RunId> {
                let found = sight.state.find_run(text, Deleted::Hidden, is_running);
                Ok(found?.id)
            };
            Ok(texts.iter().map(find).collect())
        })
    }
}

impl RunQuery {
    /// Only runs of the experiment of this name.
    pub fn experiment(mut self, name: impl Into<String>) -> RunQuery {
        self.experiment = Some(name.into());
        self
    }

    /// Only runs of these experiments; an id that no experiment has adds none.
    pub fn experiment_ids(mut self, ids: impl IntoIterator<Item = ExperimentId>) -> RunQuery {
        self.experiment_ids = Some(ids.into_iter().collect());
        self
    }

    /// Only runs that a filter admits, such as
    /// `acc > 0.9 and (lr in (0.1, 0.01) or not dirty) and started > -7d`. Names are those of metrics, params, tags and
    /// attributes, with `metrics.`, `params.`, `tags.`, `attributes.` before them where they could mean something else;
    /// names with blanks stand in backticks. `docs/search.md` has the whole grammar. Each call demands more.
    ///
    /// Errors of [`fetch`](RunQuery::fetch) say where in the filter, and have a [`FilterError`](crate::FilterError) as
    /// their source.
    pub fn filter(mut self, filter: impl Into<String>) -> RunQuery {
        self.filters.push(filter.into());
        self
    }

    /// Only runs in this state; each call admits one more.
    pub fn state(mut self, state: RunState) -> RunQuery {
        self.states.push(state);
        self
    }

    /// Only the parts of this run.
    pub fn parent(mut self, parent: RunId) -> RunQuery {
        self.parent = Some(parent);
        self
    }

    /// Sorts by a column: `loss` (the last value), `loss.min`, `loss.max`, `loss.mean`, `loss.first`, `loss.count`,
    /// `=lr`, `.started`, or as filters write it; with `-` before it, the largest first. Later calls decide between
    /// equals.
    pub fn order_by(mut self, column: impl Into<String>) -> RunQuery {
        self.orders.push(column.into());
        self
    }

    /// Reads filters and orders as `MLflow`'s server does, and as nothing else: for those who speak to its clients.
    /// Params compare as texts, an order is `metrics.acc DESC`, and what is wrong is said in its words. Of equal runs the
    /// later started comes first, then the smaller id.
    pub fn mlflow_mode(mut self) -> RunQuery {
        self.mode = Mode::Mlflow;
        self
    }

    /// What the caller knows about the data sets of runs: for a run that is named here, filters such as
    /// `dataset.name = 'digits'` look at these and not at what the log says.
    pub fn datasets(mut self, taken: impl IntoIterator<Item = TakenDataset>) -> RunQuery {
        self.beside.datasets = taken.into_iter().collect();
        self
    }

    /// Where the artifacts of a run are, given its experiment and the tags of that, for `MLflow`'s attribute
    /// `artifact_uri`. Without it no run has one.
    pub fn artifact_uris(
        mut self,
        locate: impl Fn(RunId, ExperimentId, &BTreeMap<String, String>) -> String
        + Send
        + Sync
        + 'static,
    ) -> RunQuery {
        self.beside.locate = Some(Box::new(locate));
        self
    }

    /// Leaves out so many from the beginning of the list.
    pub fn offset(mut self, offset: usize) -> RunQuery {
        self.offset = offset;
        self
    }

    /// At most so many on a page.
    pub fn limit(mut self, limit: usize) -> RunQuery {
        self.limit = limit;
        self
    }

    /// The page that the one before named, of the same moment.
    pub fn page(mut self, token: PageToken) -> RunQuery {
        self.page = Some(token);
        self
    }

    /// Deleted runs too.
    pub fn with_deleted(mut self) -> RunQuery {
        self.deleted = Deleted::Included;
        self
    }

    /// Only deleted runs.
    pub fn only_deleted(mut self) -> RunQuery {
        self.deleted = Deleted::Only;
        self
    }

    /// As it was after this record. What who is alive says about the present is not asked then.
    pub fn at(mut self, lsn: Lsn) -> RunQuery {
        self.moment = Moment::Lsn(lsn);
        self
    }

    /// How filters and orders are read.
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// As it was at this time.
    pub fn at_time(mut self, time: WallTime) -> RunQuery {
        self.moment = Moment::Time(time);
        self
    }

    /// Asks. Errors: `NOT_FOUND` for the experiment, `VALIDATION_ERROR` for a filter or an order.
    pub fn fetch(self) -> Result<Page<RunSummary>> {
        self.ask(summary)
    }

    /// Asks only which runs they are, which is quick for any number of them: see [`Tracker::run_summaries`]. Errors:
    /// those of [`fetch`](RunQuery::fetch).
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// # tracker.run("resnet", |run| Ok(run.log_metric("acc", 0.95)?))?;
    /// let page = tracker.runs().order_by("-acc").fetch_ids()?;
    /// let runs = tracker.run_summaries(&page.items)?;
    /// assert_eq!(runs[0].metrics["acc"].last.value, 0.95);
    /// # Ok(())
    /// # }
    /// ```
    pub fn fetch_ids(self) -> Result<Page<RunId>> {
        self.ask(|_, _, run| run.id)
    }

    fn ask<T>(self, item: impl Fn(&Present<'_>, &State, &Folded) -> T) -> Result<Page<T>> {
        let orders = self.columns(&self.orders)?;
        let start = self.page.map_or(self.offset, PageToken::start);
        let window = Window {
            offset: start,
            limit: self.limit,
        };
        let page = self.at_table(|asked| {
            let selected = select(&asked.table, &asked.question(&orders, self.mode, window))
                .map_err(|error| Error::search(error, self.mode))?;
            let (state, rows) = (asked.state, selected.rows.iter());
            let items: Vec<T> = if selected.rows.len() <= KEPT_ROWS_MAX {
                let runs = rows.filter_map(|row| state.run_at(*row));
                runs.map(|run| item(asked.present, state, run)).collect()
            } else {
                let runs = rows.filter_map(|row| state.look_at(*row));
                runs.map(|run| item(asked.present, state, &run)).collect()
            };
            Ok(Page::part(items, start, asked.lsn, &selected))
        })?;
        Ok(page.unwrap_or_else(|| Page::whole(Vec::new(), None)))
    }

    /// What columns are meant, each written as in an order.
    pub(crate) fn columns(&self, columns: &[String]) -> Result<Vec<Order>> {
        parse_orders(columns, self.mode).map_err(|error| Error::filter(error, self.mode))
    }

    /// Asks the table of the question's moment; `None` without a store.
    pub(crate) fn at_table<T>(
        &self,
        ask: impl Fn(&AskedTable<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let filters = self.filters.iter().map(|text| parse(text, self.mode));
        let filters: Result<Vec<Expr>, _> = filters.collect();
        let filters = filters.map_err(|error| Error::filter(error, self.mode))?;
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let moment = self.page.map_or(self.moment, PageToken::moment);
        let answer = store.at(moment, |sight, reader| {
            let is_now = sight.is_now || (self.page.is_some() && self.moment == Moment::Now);
            let present = Present::new(store, reader, &Sight { is_now, ..*sight });
            if sight.is_kept {
                let mut columns = guard(&store.session()?.columns);
                self.over((sight, &present), &mut columns, &filters, &ask)
            } else {
                let mut columns = StateColumns::default();
                self.over((sight, &present), &mut columns, &filters, &ask)
            }
        });
        answer.map(Some)
    }

    fn over<T>(
        &self,
        (sight, present): (&Sight<'_>, &Present<'_>),
        columns: &mut StateColumns,
        filters: &[Expr],
        ask: impl Fn(&AskedTable<'_>) -> Result<T>,
    ) -> Result<T> {
        columns.catch_up(sight.state);
        let folded = columns.table(sight.state);
        let beside = (&self.beside, present.store(), sight.moment());
        let table = RunTable::new(sight.state, folded, present, beside);
        let experiments = self.experiments(sight.state)?;
        let base = table.meant(&Meant {
            experiments: experiments.as_ref(),
            parent: self.parent,
            deleted: self.deleted,
            states: &self.states,
        })?;
        ask(&AskedTable {
            table,
            base,
            filters,
            present,
            state: sight.state,
            lsn: sight.lsn,
        })
    }
}

impl RunQuery {
    /// The experiments that are meant: by name, by id, or both; `None` for all.
    fn experiments(&self, state: &State) -> Result<Option<BTreeSet<ExperimentId>>> {
        let mut meant = self.experiment_ids.clone();
        if let Some(name) = &self.experiment {
            let named = BTreeSet::from([state.find_experiment(name)?.id]);
            meant = Some(meant.map_or_else(|| named.clone(), |ids| &ids & &named));
        }
        Ok(meant)
    }
}

/// Everything that the log says about a run.
fn summary(present: &Present<'_>, state: &State, run: &Folded) -> RunSummary {
    present.run(state, run)
}

impl PageToken {
    pub(crate) fn moment(self) -> Moment {
        Moment::Lsn(self.lsn)
    }

    pub(crate) fn start(self) -> usize {
        self.start
    }
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.lsn, self.start)
    }
}

impl FromStr for PageToken {
    type Err = Error;

    fn from_str(text: &str) -> Result<PageToken> {
        let parts = text.split_once(':').and_then(|(lsn, start)| {
            Some(PageToken {
                lsn: lsn.parse().ok()?,
                start: start.parse().ok()?,
            })
        });
        parts.ok_or_else(|| Error::validation(format!("{text:?} is no page token")))
    }
}
