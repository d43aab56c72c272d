//! The experiments of a state as a table. There are few of them, so its columns are made when they are asked for.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use super::cell::{Cell, column_of};
use super::column::{Attribute, Column, Family};
use super::data::ColumnData;
use super::source::ColumnSource;
use crate::experiment::Experiment;
use crate::state::State;

/// Experiments as a table, for filters and orders of [`Mode::Experiments`](super::Mode::Experiments). A row is an
/// experiment, in the order they were given in.
#[derive(Debug)]
pub struct ExperimentTable<'a> {
    state: &'a State,
    experiments: &'a [&'a Experiment],
}

impl<'a> ExperimentTable<'a> {
    /// A table of some experiments of a state.
    #[must_use]
    pub fn new(state: &'a State, experiments: &'a [&'a Experiment]) -> ExperimentTable<'a> {
        ExperimentTable { state, experiments }
    }

    fn tags(&self) -> BTreeSet<&'a str> {
        let tags = self.experiments.iter().flat_map(|known| known.tags.keys());
        tags.map(String::as_str).collect()
    }
}

fn cell<'a>(state: &State, known: &'a Experiment, column: &Column) -> Cell<'a> {
    let text = |text: &'a str| match text {
        "" => Cell::Missing,
        text => Cell::Text(text.into()),
    };
    let attribute = match column {
        Column::Attribute(attribute) => *attribute,
        Column::Tag(key) => {
            let value = known.tags.get(&**key);
            return value.map_or(Cell::Missing, |value| Cell::Text(value.into()));
        }
        Column::Metric { .. } | Column::Param(_) | Column::Dataset(_) => return Cell::Missing,
    };
    match attribute {
        Attribute::ExperimentId => Cell::Integer(known.id.0 as i64),
        Attribute::Experiment => text(&known.name),
        Attribute::ExperimentStatus => text(known.state.name()),
        Attribute::Created => Cell::Integer(known.created.time_ns),
        Attribute::Updated => Cell::Integer(known.updated.time_ns),
        Attribute::Archived => known
            .archived
            .map_or(Cell::Missing, |at| Cell::Integer(at.time_ns)),
        Attribute::Owner => text(&known.owner),
        Attribute::Actor => text(&known.actor),
        Attribute::Description => text(&known.description),
        Attribute::Hypothesis => text(&known.hypothesis),
        Attribute::Goal => known
            .goal
            .as_ref()
            .map_or(Cell::Missing, |goal| text(&goal.metric)),
        Attribute::RunCount => {
            let runs = state.runs_of(known.id);
            Cell::Integer(runs.filter(|run| run.deleted.is_none()).count() as i64)
        }
        _ => Cell::Missing,
    }
}

impl ColumnSource for ExperimentTable<'_> {
    fn len(&self) -> usize {
        self.experiments.len()
    }

    fn column(&self, column: &Column) -> io::Result<Arc<ColumnData>> {
        // An experiment has no id as runs have them.
        if *column == Column::Attribute(Attribute::Id) {
            return Ok(Arc::new(ColumnData::Missing));
        }
        let cells = self.experiments.iter();
        let cells = cells.map(|known| cell(self.state, known, column));
        Ok(Arc::new(column_of(column, cells)))
    }

    fn has(&self, family: Family, name: &str) -> bool {
        family == Family::Tag && self.tags().contains(name)
    }

    fn names(&self, family: Family) -> Vec<Box<str>> {
        match family {
            Family::Tag => self.tags().into_iter().map(Into::into).collect(),
            Family::Metric | Family::Param => Vec::new(),
        }
    }
}
