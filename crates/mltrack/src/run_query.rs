//! Lists of runs: which, in which order, how many, as of when.
//!
//! Invariants: missing values come last in either direction; equal ones stand newest first, so pages never overlap;
//! the pages of one list are all of the same moment.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use mltrack_event::{ExperimentId, RunId, RunState, WallTime};
use mltrack_log::Lsn;
use mltrack_projector_runs::{Deleted, Run as Folded, State};

use crate::cell::Cell;
use crate::column::Column;
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::moment::{Moment, Sight};
use crate::store::Store;
use crate::summary::{Present, RunSummary};
use crate::tracker::Tracker;

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
}

impl<T> Page<T> {
    /// All there is, on one page.
    pub(crate) fn whole(items: Vec<T>, lsn: Option<Lsn>) -> Page<T> {
        Page {
            total: items.len(),
            items,
            lsn,
            next: None,
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
    filters: Vec<String>,
    orders: Vec<String>,
    states: Vec<RunState>,
    parent: Option<RunId>,
    deleted: Deleted,
    limit: usize,
    moment: Moment,
    page: Option<PageToken>,
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
            filters: Vec::new(),
            orders: Vec::new(),
            states: Vec::new(),
            parent: None,
            deleted: Deleted::Hidden,
            limit: usize::MAX,
            moment: Moment::Now,
            page: None,
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

    /// The run that a text names: an id or the beginning of one, a name, `experiment/12`, `@last`, `@running`, `@best`.
    ///
    /// Errors: `NOT_FOUND`, with the name that was probably meant; `VALIDATION_ERROR`, with the candidates, when it can
    /// mean several.
    pub fn find_run(&self, text: &str) -> Result<RunId> {
        let Some(store) = self.store() else {
            return Err(Error::validation("the tracker is disabled"));
        };
        store.at(Moment::Now, |sight, reader| {
            let present = Present::new(store, reader, sight);
            let is_running = |run: &Folded| present.state_of(run) == RunState::Running;
            Ok(sight.state.find_run(text, Deleted::Hidden, is_running)?.id)
        })
    }
}

impl RunQuery {
    /// Only runs of the experiment of this name.
    pub fn experiment(mut self, name: impl Into<String>) -> RunQuery {
        self.experiment = Some(name.into());
        self
    }

    /// Only runs that a filter admits: comparisons joined by `and`, such as
    /// `metrics.acc > 0.9 and params.lr = '0.0003' and attributes.status = 'running'`. Operators are `=`, `!=`, `<`,
    /// `<=`, `>`, `>=`, `like`, `ilike`; names with other signs stand in backticks. Each call demands more.
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

    /// As it was at this time.
    pub fn at_time(mut self, time: WallTime) -> RunQuery {
        self.moment = Moment::Time(time);
        self
    }

    /// Asks. Errors: `NOT_FOUND` for the experiment, `VALIDATION_ERROR` for a filter or an order.
    pub fn fetch(self) -> Result<Page<RunSummary>> {
        let filters: Result<Vec<Filter>> = self
            .filters
            .iter()
            .map(|text| Filter::parse(text))
            .collect();
        let (filters, orders) = (filters?, self.orders()?);
        let Some(store) = &self.store else {
            return Ok(Page::whole(Vec::new(), None));
        };
        let moment = self.page.map_or(self.moment, |page| Moment::Lsn(page.lsn));
        store.at(moment, |sight, reader| {
            let is_now = sight.is_now || (self.page.is_some() && self.moment == Moment::Now);
            let sight = &Sight { is_now, ..*sight };
            let present = Present::new(store, reader, sight);
            let runs = self.candidates(sight.state)?;
            let runs = runs.into_iter().map(|run| present.run(sight.state, run));
            let mut rows: Vec<RunSummary> = runs
                .filter(|run| self.states.is_empty() || self.states.contains(&run.state))
                .filter(|run| filters.iter().all(|filter| filter.admits(run)))
                .collect();
            rows.sort_by(|a, b| order(&orders, a, b));
            Ok(self.cut(rows, sight.lsn))
        })
    }

    fn orders(&self) -> Result<Vec<(Column, bool)>> {
        let parse = |text: &String| match text.strip_prefix('-') {
            Some(column) => Ok((Column::of_order(column)?, true)),
            None => Ok((Column::of_order(text)?, false)),
        };
        self.orders.iter().map(parse).collect()
    }

    /// The runs that are meant, newest first.
    fn candidates<'a>(&self, state: &'a State) -> Result<Vec<&'a Folded>> {
        let experiment: Option<ExperimentId> = match &self.experiment {
            Some(name) => Some(state.find_experiment(name)?.id),
            None => None,
        };
        let is_meant = |run: &&Folded| {
            let is_deleted = state.is_deleted(run);
            experiment.is_none_or(|experiment| run.experiment == experiment)
                && self
                    .parent
                    .is_none_or(|parent| run.parent == Some(parent.key()))
                && match self.deleted {
                    Deleted::Hidden => !is_deleted,
                    Deleted::Only => is_deleted,
                    Deleted::Included => true,
                }
        };
        Ok(state.runs().rev().filter(is_meant).collect())
    }

    fn cut(&self, rows: Vec<RunSummary>, lsn: Option<Lsn>) -> Page<RunSummary> {
        let (total, start) = (rows.len(), self.page.map_or(0, |page| page.start));
        let items: Vec<RunSummary> = rows.into_iter().skip(start).take(self.limit).collect();
        let end = start + items.len();
        let next = (end < total && !items.is_empty()).then_some(lsn).flatten();
        Page {
            items,
            total,
            lsn,
            next: next.map(|lsn| PageToken { lsn, start: end }),
        }
    }
}

fn order(orders: &[(Column, bool)], a: &RunSummary, b: &RunSummary) -> Ordering {
    let by =
        orders.iter().map(
            |(column, is_descending)| match (column.value(a), column.value(b)) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(a), Some(b)) => {
                    let is_nan =
                        |cell: &Cell| matches!(cell, Cell::Number(value) if value.is_nan());
                    if *is_descending && !is_nan(&a) && !is_nan(&b) {
                        b.sort(&a)
                    } else {
                        a.sort(&b)
                    }
                }
            },
        );
    by.fold(Ordering::Equal, Ordering::then)
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
