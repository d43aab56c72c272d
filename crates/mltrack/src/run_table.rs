//! The table of runs as it is searched: the folded columns, with who is alive taken into account.
//!
//! Invariant: a run's state here is the one that its summary shows.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use mltrack_event::{ExperimentId, RunId, RunState};
use mltrack_log::Lsn;
use mltrack_projector_runs::search::{
    Attribute, Bitmap, Column, ColumnData, ColumnSource, Expr, Family, Mode, Named, Order,
    Question, StateTable, Texts, Window,
};
use mltrack_projector_runs::{Deleted, State};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::run_beside::Beside;
use crate::store::Store;
use crate::summary::Present;

const STATUS: Column = Column::Attribute(Attribute::Status);

pub(crate) struct RunTable<'a> {
    state: &'a State,
    folded: StateTable<'a>,
    present: &'a Present<'a>,
    beside: (&'a Beside, &'a Store, Moment),
}

/// Which runs are meant at all.
pub(crate) struct Meant<'a> {
    /// Only runs of these.
    pub experiments: Option<&'a BTreeSet<ExperimentId>>,
    pub parent: Option<RunId>,
    pub deleted: Deleted,
    pub states: &'a [RunState],
}

impl<'a> RunTable<'a> {
    /// `beside` is what else is known about runs, and of which moment the state is.
    pub fn new(
        state: &'a State,
        folded: StateTable<'a>,
        present: &'a Present<'a>,
        beside: (&'a Beside, &'a Store, Moment),
    ) -> RunTable<'a> {
        RunTable {
            state,
            folded,
            present,
            beside,
        }
    }

    /// The rows that are meant at all.
    pub fn meant(&self, meant: &Meant<'_>) -> Result<Bitmap> {
        self.rows(meant).map_err(|error| {
            Error::new(Code::IoError, "the table of runs cannot be read").with_source(error)
        })
    }

    /// The names of a family that these rows have.
    pub fn named(&self, family: Family, rows: &Bitmap) -> io::Result<Vec<Named>> {
        self.folded.named(family, rows)
    }

    fn rows(&self, meant: &Meant<'_>) -> io::Result<Bitmap> {
        let state = self.state;
        let mut rows = Bitmap::of(self.folded.len(), |row| state.is_taken(row as u32));
        if let Some(experiments) = meant.experiments {
            rows.and(&self.of_experiments(|id| experiments.contains(&id))?);
        }
        if meant.deleted != Deleted::Included {
            let mut deleted = self.deleted()?;
            if meant.deleted == Deleted::Hidden {
                deleted.negate();
            }
            rows.and(&deleted);
        }
        if let Some(parent) = meant.parent {
            let key = parent.key();
            rows.and(&Bitmap::of(rows.len(), |row| {
                let brief = state.brief_at(row as u32);
                brief.is_some_and(|brief| brief.parent == Some(key))
            }));
        }
        if let (false, ColumnData::Texts(texts)) = (meant.states.is_empty(), &*self.status()?) {
            let is_wanted = |row| {
                let name = texts.get(row);
                meant.states.iter().any(|state| Some(state.name()) == name)
            };
            rows.and(&Bitmap::of(rows.len(), is_wanted));
        }
        Ok(rows)
    }

    fn of_experiments(&self, is_meant: impl Fn(ExperimentId) -> bool) -> io::Result<Bitmap> {
        let ids = self
            .folded
            .column(&Column::Attribute(Attribute::ExperimentId))?;
        Ok(match &*ids {
            ColumnData::Integers { values, .. } => Bitmap::of(values.len(), |row| {
                is_meant(ExperimentId(values[row] as u64))
            }),
            _ => Bitmap::none(self.folded.len()),
        })
    }

    /// Runs that are deleted by themselves, or with their experiment.
    fn deleted(&self) -> io::Result<Bitmap> {
        let own = self.folded.column(&Column::Attribute(Attribute::Deleted))?;
        let mut deleted = own.present(self.folded.len());
        let experiments = self.state.experiments();
        let gone: Vec<ExperimentId> = experiments
            .filter(|known| known.deleted.is_some())
            .map(|known| known.id)
            .collect();
        if !gone.is_empty() {
            deleted.or(&self.of_experiments(|id| gone.contains(&id))?);
        }
        Ok(deleted)
    }

    /// The states that were recorded, but for runs that are lost or timed out and nobody has recorded it yet.
    fn status(&self) -> io::Result<Arc<ColumnData>> {
        let recorded = self.folded.column(&STATUS)?;
        let ColumnData::Texts(texts) = &*recorded else {
            return Ok(recorded);
        };
        let mut changed: Option<Texts> = None;
        let may_lapse = |row: &usize| self.state.may_lapse(*row as u32);
        for row in running(texts).into_iter().filter(may_lapse) {
            let run = self.state.run_at(row as u32);
            let state = run.map_or(RunState::Running, |run| self.present.state_of(run));
            if state != RunState::Running {
                let texts = changed.get_or_insert_with(|| texts.clone());
                texts.put(row, Some(state.name()));
            }
        }
        Ok(changed.map_or(Arc::clone(&recorded), |texts| {
            Arc::new(ColumnData::Texts(texts))
        }))
    }
}

/// The table of a moment, and which of its rows a question means.
pub(crate) struct AskedTable<'a> {
    pub table: RunTable<'a>,
    /// The rows that are meant at all.
    pub base: Bitmap,
    /// What they must fulfil.
    pub filters: &'a [Expr],
    pub present: &'a Present<'a>,
    pub state: &'a State,
    pub lsn: Option<Lsn>,
}

impl AskedTable<'_> {
    pub fn question<'q>(&'q self, orders: &'q [Order], ties: Mode, window: Window) -> Question<'q> {
        Question {
            base: &self.base,
            filters: self.filters,
            orders,
            ties,
            window,
            now_ns: self.present.now_ns(),
        }
    }
}

/// The rows of runs that were recorded as running.
fn running(texts: &Texts) -> Vec<usize> {
    let name = RunState::Running.name();
    let is_running: Vec<bool> = texts.dictionary().iter().map(|text| text == name).collect();
    let codes = texts.codes().iter().enumerate();
    codes
        .filter(|(_, code)| is_running.get(**code as usize) == Some(&true))
        .map(|(row, _)| row)
        .collect()
}

impl ColumnSource for RunTable<'_> {
    fn len(&self) -> usize {
        self.folded.len()
    }

    fn column(&self, column: &Column) -> io::Result<Arc<ColumnData>> {
        let (beside, store, moment) = self.beside;
        match column {
            Column::Attribute(Attribute::Status) => self.status(),
            Column::Attribute(Attribute::ArtifactUri) => {
                Ok(Arc::new(beside.artifact_uris(self.state)))
            }
            Column::Dataset(field) => {
                let made = beside.datasets((store, moment), self.state, field);
                Ok(Arc::new(made.map_err(io::Error::other)?))
            }
            folded => self.folded.column(folded),
        }
    }

    fn has(&self, family: Family, name: &str) -> bool {
        self.folded.has(family, name)
    }

    fn names(&self, family: Family) -> Vec<Box<str>> {
        self.folded.names(family)
    }
}
