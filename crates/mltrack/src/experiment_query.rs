//! Lists of experiments: which, in which order, how many, as of when.
//!
//! Invariant: the pages of one list are all of the same moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use mltrack_event::{ExperimentState, WallTime};
use mltrack_log::Lsn;
use mltrack_projector_runs::search::{
    Bitmap, ExperimentTable, Expr, Mode, Order, Question, Window, parse, parse_orders, select,
};
use mltrack_projector_runs::{Deleted, Experiment, State};

use crate::error::{Error, Result};
use crate::experiment_facts::ExperimentFacts;
use crate::moment::{Moment, Sight};
use crate::run_query::{Page, PageToken};
use crate::store::Store;
use crate::summary::{ExperimentSummary, Present};
use crate::tracker::Tracker;

/// A question about experiments; see [`Tracker::experiments`].
#[must_use = "nothing is asked before `fetch`"]
pub struct ExperimentQuery {
    store: Option<Arc<Store>>,
    with_archived: bool,
    deleted: Deleted,
    names: Option<BTreeSet<String>>,
    mode: Mode,
    filters: Vec<String>,
    orders: Vec<String>,
    offset: usize,
    limit: usize,
    moment: Moment,
    page: Option<PageToken>,
}

impl Tracker {
    /// The experiments of the store that are neither archived nor deleted, in the order of their creation.
    pub fn experiments(&self) -> ExperimentQuery {
        ExperimentQuery {
            store: self.store().cloned(),
            with_archived: false,
            deleted: Deleted::Hidden,
            names: None,
            mode: Mode::Experiments,
            filters: Vec::new(),
            orders: Vec::new(),
            offset: 0,
            limit: usize::MAX,
            moment: Moment::Now,
            page: None,
        }
    }
}

impl ExperimentQuery {
    /// Archived ones too.
    pub fn with_archived(mut self) -> ExperimentQuery {
        self.with_archived = true;
        self
    }

    /// Deleted ones too.
    pub fn with_deleted(mut self) -> ExperimentQuery {
        self.deleted = Deleted::Included;
        self
    }

    /// Only deleted ones.
    pub fn only_deleted(mut self) -> ExperimentQuery {
        self.deleted = Deleted::Only;
        self
    }

    /// Only those that have one of these names.
    pub fn names(mut self, names: impl IntoIterator<Item = String>) -> ExperimentQuery {
        self.names = Some(names.into_iter().collect());
        self
    }

    /// Reads filters and orders as `MLflow`'s server does, and as nothing else: see
    /// [`RunQuery::mlflow_mode`](crate::RunQuery::mlflow_mode). Without an order the latest created comes first.
    pub fn mlflow_mode(mut self) -> ExperimentQuery {
        self.mode = Mode::MlflowExperiments;
        self
    }

    /// Only experiments that a filter admits, such as `owner = ada and created > -30d` or `name like '%net%' paused`.
    /// The attributes are `id`, `name`, `status`, `created`, `updated`, `archived`, `owner`, `actor`, `description`,
    /// `hypothesis`, `goal` and `runs`; the grammar is that of [`RunQuery::filter`](crate::RunQuery::filter). Each call
    /// demands more.
    pub fn filter(mut self, filter: impl Into<String>) -> ExperimentQuery {
        self.filters.push(filter.into());
        self
    }

    /// Sorts by a column: `name`, `-updated`, `tags.team`. Later calls decide between equals.
    pub fn order_by(mut self, column: impl Into<String>) -> ExperimentQuery {
        self.orders.push(column.into());
        self
    }

    /// Leaves out so many from the beginning of the list.
    pub fn offset(mut self, offset: usize) -> ExperimentQuery {
        self.offset = offset;
        self
    }

    /// At most so many on a page.
    pub fn limit(mut self, limit: usize) -> ExperimentQuery {
        self.limit = limit;
        self
    }

    /// The page that the one before named, of the same moment.
    pub fn page(mut self, token: PageToken) -> ExperimentQuery {
        self.page = Some(token);
        self
    }

    /// As it was after this record.
    pub fn at(mut self, lsn: Lsn) -> ExperimentQuery {
        self.moment = Moment::Lsn(lsn);
        self
    }

    /// As it was at this time.
    pub fn at_time(mut self, time: WallTime) -> ExperimentQuery {
        self.moment = Moment::Time(time);
        self
    }

    /// Asks. Errors: `VALIDATION_ERROR` for a filter or an order.
    pub fn fetch(self) -> Result<Page<ExperimentSummary>> {
        self.ask(summary)
    }

    /// Asks what they are, without the numbers of their runs: as quick for a million runs as for none. Errors: those of
    /// [`fetch`](ExperimentQuery::fetch).
    pub fn fetch_facts(self) -> Result<Page<ExperimentFacts>> {
        self.ask(|_, _, known| ExperimentFacts::of(known))
    }

    fn ask<T>(self, item: impl Fn(&Present<'_>, &State, &Experiment) -> T) -> Result<Page<T>> {
        let mode = self.mode;
        let filters: Result<Vec<Expr>, _> =
            self.filters.iter().map(|text| parse(text, mode)).collect();
        let filters = filters.map_err(|error| Error::filter(error, mode))?;
        let orders = match (&self.orders[..], mode) {
            ([], Mode::MlflowExperiments) => {
                parse_orders(["creation_time DESC", "experiment_id ASC"], mode)
            }
            ([], _) => parse_orders(["id"], mode),
            (orders, _) => parse_orders(orders, mode),
        };
        let orders = orders.map_err(|error| Error::filter(error, mode))?;
        let Some(store) = &self.store else {
            return Ok(Page::whole(Vec::new(), None));
        };
        let moment = self.page.map_or(self.moment, PageToken::moment);
        store.at(moment, |sight, reader| {
            let is_now = sight.is_now || (self.page.is_some() && self.moment == Moment::Now);
            let present = Present::new(store, reader, &Sight { is_now, ..*sight });
            self.answer((sight, &present), (&filters, &orders), &item)
        })
    }

    fn answer<T>(
        &self,
        (sight, present): (&Sight<'_>, &Present<'_>),
        (filters, orders): (&[Expr], &[Order]),
        item: impl Fn(&Present<'_>, &State, &Experiment) -> T,
    ) -> Result<Page<T>> {
        let meant = sight.state.experiments().filter(|known| {
            (self.with_archived || known.state != ExperimentState::Archived)
                && match self.deleted {
                    Deleted::Hidden => known.deleted.is_none(),
                    Deleted::Only => known.deleted.is_some(),
                    Deleted::Included => true,
                }
                && self
                    .names
                    .as_ref()
                    .is_none_or(|names| names.contains(&*known.name))
        });
        let known: Vec<&Experiment> = meant.collect();
        let table = ExperimentTable::new(sight.state, &known);
        let start = self.page.map_or(self.offset, PageToken::start);
        let question = Question {
            base: &Bitmap::all(known.len()),
            filters,
            orders,
            ties: self.mode,
            window: Window {
                offset: start,
                limit: self.limit,
            },
            now_ns: present.now_ns(),
        };
        let selected =
            select(&table, &question).map_err(|error| Error::search(error, self.mode))?;
        let items = selected.rows.iter();
        let items = items.map(|row| item(present, sight.state, known[*row as usize]));
        Ok(Page::part(items.collect(), start, sight.lsn, &selected))
    }
}

/// Everything that the log says about an experiment.
fn summary(present: &Present<'_>, state: &State, known: &Experiment) -> ExperimentSummary {
    present.experiment(state, known)
}
