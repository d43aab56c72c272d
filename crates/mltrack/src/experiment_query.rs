//! Lists of experiments.

use std::sync::Arc;

use mltrack_event::{ExperimentState, WallTime};
use mltrack_log::Lsn;

use crate::error::Result;
use crate::moment::Moment;
use crate::run_query::Page;
use crate::store::Store;
use crate::summary::{ExperimentSummary, Present};
use crate::tracker::Tracker;

/// A question about experiments; see [`Tracker::experiments`].
#[must_use = "nothing is asked before `fetch`"]
pub struct ExperimentQuery {
    store: Option<Arc<Store>>,
    with_archived: bool,
    with_deleted: bool,
    moment: Moment,
}

impl Tracker {
    /// The experiments of the store that are neither archived nor deleted, in the order of their creation.
    pub fn experiments(&self) -> ExperimentQuery {
        ExperimentQuery {
            store: self.store().cloned(),
            with_archived: false,
            with_deleted: false,
            moment: Moment::Now,
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

    /// Asks. Errors: those of reading.
    pub fn fetch(self) -> Result<Page<ExperimentSummary>> {
        let Some(store) = &self.store else {
            return Ok(Page::whole(Vec::new(), None));
        };
        store.at(self.moment, |sight, reader| {
            let present = Present::new(store, reader, sight);
            let meant = sight.state.experiments().filter(|known| {
                (self.with_archived || known.state != ExperimentState::Archived)
                    && (self.with_deleted || known.deleted.is_none())
            });
            let items = meant
                .map(|known| present.experiment(sight.state, known))
                .collect();
            Ok(Page::whole(items, sight.lsn))
        })
    }
}
