//! Columns made of a folded state, kept while the state grows.
//!
//! Invariants: a column says what the state says that was caught up with last; between two states only the rows of
//! runs that were heard of since are looked at again; at most [`COLUMNS_MAX`] columns are kept.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use mltrack_event::MetricId;
use mltrack_projector::Lsn;

use super::bitmap::Bitmap;
use super::catalog::{Named, named};
use super::cell::{Cell, brief_cell, cell, column_of, patch};
use super::column::{Attribute, Column, Family};
use super::data::ColumnData;
use super::source::ColumnSource;
use crate::snapshot::Snapshot;
use crate::state::State;

/// Columns that are kept. A table of a hundred thousand runs takes less than a megabyte for each.
const COLUMNS_MAX: usize = 256;

/// Stands for the last record about a run that was purged.
const GONE: u64 = u64::MAX;

/// The columns of a state, made when they are first asked for.
#[derive(Debug, Default)]
pub struct StateColumns {
    /// The snapshot that the state goes on from, by its number in this process.
    base: Option<u64>,
    /// The last record about each run that the columns know of: 0 for what the snapshot says, [`GONE`] for a run that is
    /// no more. No two runs have the same one, whatever was rewound.
    heard: Vec<u64>,
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
        let base = state.base().map(Snapshot::number);
        if base != self.base || (state.slot_count() as usize) < self.heard.len() {
            *self = StateColumns {
                base,
                heard: vec![0; state.base().map_or(0, Snapshot::run_count) as usize],
                ..StateColumns::default()
            };
        }
        let mut changed: Vec<usize> = Vec::new();
        for (slot, heard) in state.overlay() {
            let (row, heard) = (slot as usize, heard.unwrap_or(GONE));
            match self.heard.get_mut(row) {
                Some(known) if *known == heard => continue,
                Some(known) => *known = heard,
                // Every run that is newer than the snapshot comes by here, in order.
                None => self.heard.push(heard),
            }
            changed.push(row);
        }
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
            state.slot_count() as usize,
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
        self.metrics.catch_up(state);
        if changed.is_empty() {
            return;
        }
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

    fn column(&mut self, state: &State, column: &Column) -> io::Result<Arc<ColumnData>> {
        self.clock += 1;
        if let Some((data, used)) = self.columns.get_mut(column) {
            *used = self.clock;
            return Ok(Arc::clone(data));
        }
        if self.columns.len() >= COLUMNS_MAX {
            let oldest = self.columns.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(oldest) = oldest.map(|(column, _)| column.clone()) {
                self.columns.remove(&oldest);
            }
        }
        let metric = self.metrics.of_column(column);
        let data = make(state, column, metric)?;
        self.columns
            .insert(column.clone(), (Arc::clone(&data), self.clock));
        Ok(data)
    }

    fn names(&mut self, state: &State, family: Family) -> &BTreeSet<Box<str>> {
        self.names.entry(family).or_insert_with(|| {
            let mut names: BTreeSet<Box<str>> = match state.base() {
                Some(base) => base.column_names(family).map(Into::into).collect(),
                None => BTreeSet::new(),
            };
            for (slot, _) in state.overlay() {
                add_names(&mut names, state, family, slot as usize);
            }
            names
        })
    }
}

/// A column of a state: of the snapshot that it goes on from, with what is newer put into it.
fn make(state: &State, column: &Column, metric: Option<MetricId>) -> io::Result<Arc<ColumnData>> {
    let len = state.slot_count() as usize;
    let Some(base) = state.base() else {
        let cells = (0..len).map(|row| cell(state, row, column, metric));
        return Ok(Arc::new(column_of(column, cells)));
    };
    let Some(kept) = base.column(column).map_err(io::Error::other)? else {
        let cells = (0..len).map(|row| brief_cell(state, row, column));
        return Ok(Arc::new(column_of(column, cells)));
    };
    if matches!(kept, ColumnData::Missing) {
        let newer = |row: usize| {
            if state.is_of_base(row as u32) {
                Cell::Missing
            } else {
                cell(state, row, column, metric)
            }
        };
        return Ok(Arc::new(column_of(column, (0..len).map(newer))));
    }
    let mut data = Arc::new(kept);
    let newer = state.overlay().map(|(slot, _)| slot as usize);
    patch(
        &mut data,
        newer.map(|row| (row, cell(state, row, column, metric))),
    );
    Ok(data)
}

fn add_names(names: &mut BTreeSet<Box<str>>, state: &State, family: Family, row: usize) {
    let Some(run) = state.look_at(row as u32) else {
        return;
    };
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
        if state.dictionary().len() == self.definitions {
            return;
        }
        self.definitions = state.dictionary().len();
        let definitions = state.dictionary().definitions().into_iter();
        self.ids = definitions
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
    /// The names of a family that these rows have, with how many have each.
    pub fn named(&self, family: Family, rows: &Bitmap) -> io::Result<Vec<Named>> {
        named(self.state, family, rows)
    }

    fn kept<T>(&self, ask: impl FnOnce(&mut Kept) -> T) -> T {
        let kept = self.columns.kept.lock();
        ask(&mut kept.unwrap_or_else(PoisonError::into_inner))
    }
}

impl ColumnSource for StateTable<'_> {
    fn len(&self) -> usize {
        self.state.slot_count() as usize
    }

    fn column(&self, column: &Column) -> io::Result<Arc<ColumnData>> {
        self.kept(|kept| kept.column(self.state, column))
    }

    fn has(&self, family: Family, name: &str) -> bool {
        let has_values = |column: Column| {
            let column = self.kept(|kept| kept.column(self.state, &column));
            // What cannot be read is told when it is asked for.
            column.map_or(true, |column| !matches!(&*column, ColumnData::Missing))
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
