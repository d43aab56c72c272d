//! Columns made of a folded state, kept while the state grows.
//!
//! Invariants: a column says what the state says that was caught up with last; between two states only the rows of
//! runs that were heard of since are looked at again; at most [`COLUMNS_MAX`] columns are kept.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use mltrack_event::MetricId;
use mltrack_projector::Lsn;

use super::cell::{cell, column_of, patch};
use super::column::{Attribute, Column, Family};
use super::data::ColumnData;
use super::source::ColumnSource;
use crate::state::State;

/// Columns that are kept. A table of a hundred thousand runs takes less than a megabyte for each.
const COLUMNS_MAX: usize = 256;

/// The columns of a state, made when they are first asked for.
#[derive(Debug, Default)]
pub struct StateColumns {
    /// The last record about each run that the columns know of. No two runs have the same one, whatever was rewound.
    heard: Vec<Lsn>,
    /// The same for the experiments together.
    experiments: Option<Lsn>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    columns: HashMap<Column, (Arc<ColumnData>, u64)>,
    names: HashMap<Family, BTreeSet<Box<str>>>,
    metrics: Metrics,
    /// Counts what was asked for, so that the column that nobody asked for longest can go.
    clock: u64,
}

/// Metrics by the name that people write.
#[derive(Debug, Default)]
struct Metrics {
    definitions: usize,
    ids: HashMap<Box<str>, MetricId>,
}

impl StateColumns {
    /// Makes the columns say what the state says.
    pub fn catch_up(&mut self, state: &State) {
        let runs = state.runs();
        if runs.len() < self.heard.len() {
            *self = StateColumns::default();
        }
        let mut changed: Vec<usize> = Vec::new();
        for (row, (run, heard)) in runs.iter().zip(&mut self.heard).enumerate() {
            if run.heard.lsn != *heard {
                *heard = run.heard.lsn;
                changed.push(row);
            }
        }
        changed.extend(self.heard.len()..runs.len());
        let new = &runs[self.heard.len()..];
        self.heard.extend(new.iter().map(|run| run.heard.lsn));
        let experiments = state.experiments().map(|known| known.updated.lsn).max();
        let is_renamed = experiments != self.experiments;
        self.experiments = experiments;
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        kept.catch_up(state, &changed, is_renamed);
    }

    /// The table of the state that was caught up with last.
    #[must_use]
    pub fn table<'a>(&'a self, state: &'a State) -> StateTable<'a> {
        assert_eq!(
            self.heard.len(),
            state.runs().len(),
            "the state that was caught up with"
        );
        StateTable {
            state,
            columns: self,
        }
    }
}

impl Kept {
    fn catch_up(&mut self, state: &State, changed: &[usize], is_renamed: bool) {
        if is_renamed {
            self.columns
                .remove(&Column::Attribute(Attribute::Experiment));
        }
        if changed.is_empty() {
            return;
        }
        // A metric that no run has points of is not missed.
        self.metrics.catch_up(state);
        for family in [Family::Param, Family::Tag] {
            if let Some(names) = self.names.get_mut(&family) {
                for row in changed {
                    add_names(names, state, family, *row);
                }
            }
        }
        let metrics = &self.metrics;
        self.columns.retain(|column, (data, _)| {
            let metric = metrics.of_column(column);
            let cells = changed
                .iter()
                .map(|row| (*row, cell(state, *row, column, metric)));
            patch(data, cells)
        });
    }

    fn column(&mut self, state: &State, column: &Column) -> Arc<ColumnData> {
        self.clock += 1;
        if let Some((data, used)) = self.columns.get_mut(column) {
            *used = self.clock;
            return Arc::clone(data);
        }
        if self.columns.len() >= COLUMNS_MAX {
            let oldest = self.columns.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(oldest) = oldest.map(|(column, _)| column.clone()) {
                self.columns.remove(&oldest);
            }
        }
        let metric = self.metrics.of_column(column);
        let cells = (0..state.runs().len()).map(|row| cell(state, row, column, metric));
        let data = Arc::new(column_of(column, cells));
        self.columns
            .insert(column.clone(), (Arc::clone(&data), self.clock));
        data
    }

    fn names(&mut self, state: &State, family: Family) -> &BTreeSet<Box<str>> {
        self.names.entry(family).or_insert_with(|| {
            let mut names = BTreeSet::new();
            (0..state.runs().len()).for_each(|row| add_names(&mut names, state, family, row));
            names
        })
    }
}

fn add_names(names: &mut BTreeSet<Box<str>>, state: &State, family: Family, row: usize) {
    let run = &state.runs()[row];
    let mut add = |name: &String| {
        if !names.contains(name.as_str()) {
            names.insert(name.as_str().into());
        }
    };
    match family {
        Family::Param => run.params.keys().for_each(&mut add),
        Family::Tag => run.tags.keys().for_each(&mut add),
        Family::Metric => {}
    }
}

impl Metrics {
    fn catch_up(&mut self, state: &State) {
        let definitions = state.dictionary().definitions();
        if definitions.len() == self.definitions {
            return;
        }
        self.definitions = definitions.len();
        self.ids = definitions
            .into_iter()
            .filter_map(|definition| match definition {
                mltrack_projector::Definition::Metric(metric) => {
                    let label = state.dictionary().label(metric.id);
                    Some((label.into(), metric.id))
                }
                mltrack_projector::Definition::Set(_) => None,
            })
            .collect();
    }

    fn of_column(&self, column: &Column) -> Option<MetricId> {
        match column {
            Column::Metric { name, .. } => self.ids.get(name).copied(),
            _ => None,
        }
    }
}

/// A state as a table.
#[derive(Clone, Copy, Debug)]
pub struct StateTable<'a> {
    state: &'a State,
    columns: &'a StateColumns,
}

impl StateTable<'_> {
    fn kept<T>(&self, ask: impl FnOnce(&mut Kept) -> T) -> T {
        let kept = self.columns.kept.lock();
        ask(&mut kept.unwrap_or_else(PoisonError::into_inner))
    }
}

impl ColumnSource for StateTable<'_> {
    fn len(&self) -> usize {
        self.state.runs().len()
    }

    fn column(&self, column: &Column) -> io::Result<Arc<ColumnData>> {
        Ok(self.kept(|kept| kept.column(self.state, column)))
    }

    fn has(&self, family: Family, name: &str) -> bool {
        let has_values = |column: Column| {
            let column = self.kept(|kept| kept.column(self.state, &column));
            !matches!(&*column, ColumnData::Missing)
        };
        match family {
            Family::Metric => self.kept(|kept| kept.metrics.ids.contains_key(name)),
            Family::Param => has_values(Column::Param(name.into())),
            Family::Tag => has_values(Column::Tag(name.into())),
        }
    }

    fn names(&self, family: Family) -> Vec<Box<str>> {
        self.kept(|kept| match family {
            Family::Metric => kept.metrics.ids.keys().cloned().collect(),
            Family::Param | Family::Tag => kept.names(self.state, family).iter().cloned().collect(),
        })
    }
}
