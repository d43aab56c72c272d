//! Lists of experiments: which, in which order, how many, as of when.
//!
//! Invariant: the pages of one list are all of the same moment.

use std::sync::Arc;

use mltrack_event::{ExperimentState, WallTime};
use mltrack_log::Lsn;
use mltrack_projector_runs::Experiment;
use mltrack_projector_runs::search::{
    Bitmap, ExperimentTable, Expr, Mode, Order, Question, Window, parse, parse_orders, select,
};

use crate::error::{Error, Result};
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
    with_deleted: bool,
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
            with_deleted: false,
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
        self.with_deleted = true;
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
        let mode = Mode::Experiments;
        let filters: Result<Vec<Expr>, _> =
            self.filters.iter().map(|text| parse(text, mode)).collect();
        let filters = filters.map_err(|error| Error::filter(error, mode))?;
        let orders = if self.orders.is_empty() {
            parse_orders(["id"], mode)
        } else {
            parse_orders(&self.orders, mode)
        };
        let orders = orders.map_err(|error| Error::filter(error, mode))?;
        let Some(store) = &self.store else {
            return Ok(Page::whole(Vec::new(), None));
        };
        let moment = self.page.map_or(self.moment, PageToken::moment);
        store.at(moment, |sight, reader| {
            let is_now = sight.is_now || (self.page.is_some() && self.moment == Moment::Now);
            let present = Present::new(store, reader, &Sight { is_now, ..*sight });
            self.answer(sight, &present, &filters, &orders)
        })
    }

    fn answer(
        &self,
        sight: &Sight<'_>,
        present: &Present<'_>,
        filters: &[Expr],
        orders: &[Order],
    ) -> Result<Page<ExperimentSummary>> {
        let meant = sight.state.experiments().filter(|known| {
            (self.with_archived || known.state != ExperimentState::Archived)
                && (self.with_deleted || known.deleted.is_none())
        });
        let known: Vec<&Experiment> = meant.collect();
        let table = ExperimentTable::new(sight.state, &known);
        let start = self.page.map_or(self.offset, PageToken::start);
        let question = Question {
            base: &Bitmap::all(known.len()),
            filters,
            orders,
            ties: Mode::Experiments,
            window: Window {
                offset: start,
                limit: self.limit,
            },
            now_ns: present.now_ns(),
        };
        let selected =
            select(&table, &question).map_err(|error| Error::search(error, Mode::Experiments))?;
        let items = selected.rows.iter();
        let items = items.map(|row| present.experiment(sight.state, known[*row as usize]));
        Ok(Page::part(items.collect(), start, sight.lsn, &selected))
    }
}
