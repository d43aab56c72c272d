//! One value of one run, and columns made and mended value by value.

use std::borrow::Cow;
use std::sync::Arc;

use mltrack_event::{MetricId, ParamValue};

use super::bitmap::Bitmap;
use super::column::{Aggregate, Attribute, Column, Kind};
use super::data::{ColumnData, TextsBuilder};
use crate::metrics::MetricSummary;
use crate::run::Run;
use crate::state::State;

/// What a run has in a column.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Cell<'a> {
    Missing,
    Number(f64),
    Integer(i64),
    Text(Cow<'a, str>),
    Id([u8; 16]),
}

impl Cell<'_> {
    fn into_owned(self) -> Cell<'static> {
        match self {
            Cell::Missing => Cell::Missing,
            Cell::Number(value) => Cell::Number(value),
            Cell::Integer(value) => Cell::Integer(value),
            Cell::Text(text) => Cell::Text(text.into_owned().into()),
            Cell::Id(id) => Cell::Id(id),
        }
    }
}

/// What a run has in a column. A metric is named by its id, which is looked up once for all rows.
pub(crate) fn cell<'a>(
    state: &'a State,
    row: usize,
    column: &Column,
    metric: Option<MetricId>,
) -> Cell<'a> {
    match state.look_at(row as u32) {
        None => Cell::Missing,
        Some(Cow::Borrowed(run)) => cell_of(state, run, column, metric),
        Some(Cow::Owned(run)) => cell_of(state, &run, column, metric).into_owned(),
    }
}

fn cell_of<'a>(
    state: &'a State,
    run: &'a Run,
    column: &Column,
    metric: Option<MetricId>,
) -> Cell<'a> {
    match column {
        Column::Metric {
            aggregate, is_step, ..
        } => metric
            .and_then(|id| run.metrics.get(id))
            .map_or(Cell::Missing, |summary| {
                metric_cell(summary, *aggregate, *is_step)
            }),
        Column::Param(name) => match run.params.get(&**name) {
            None => Cell::Missing,
            Some(value) => Cell::Text(param_text(value)),
        },
        Column::Tag(name) => run
            .tags
            .get(&**name)
            .map_or(Cell::Missing, |text| Cell::Text(text.into())),
        Column::Attribute(attribute) => attribute_cell(state, run, *attribute),
        Column::Dataset(_) => Cell::Missing,
    }
}

pub(crate) fn metric_cell(
    summary: &MetricSummary,
    aggregate: Aggregate,
    is_step: bool,
) -> Cell<'static> {
    let point = match aggregate {
        Aggregate::Count => return Cell::Integer(whole(summary.count)),
        Aggregate::Mean => return summary.mean().map_or(Cell::Missing, Cell::Number),
        Aggregate::Last => Some(summary.last),
        Aggregate::First => Some(summary.first),
        Aggregate::Min => summary.min,
        Aggregate::Max => summary.max,
    };
    match point {
        None => Cell::Missing,
        Some(point) if is_step => Cell::Integer(point.step),
        Some(point) => Cell::Number(point.value),
    }
}

pub(crate) fn attribute_cell<'a>(state: &'a State, run: &'a Run, attribute: Attribute) -> Cell<'a> {
    let text = |text: &'a str| Cell::Text(text.into());
    let integer = |integer: Option<i64>| integer.map_or(Cell::Missing, Cell::Integer);
    match attribute {
        Attribute::Id => Cell::Id(run.id.to_bytes()),
        Attribute::Name => text(&run.name),
        Attribute::Experiment => state
            .experiment(run.experiment)
            .map_or(Cell::Missing, |known| text(&known.name)),
        Attribute::ExperimentId => Cell::Integer(whole(run.experiment.0)),
        Attribute::Number => Cell::Integer(whole(run.number)),
        Attribute::Status => text(run.state.name()),
        Attribute::Created => Cell::Integer(run.created.time_ns),
        Attribute::Started => integer(run.started.map(|at| at.time_ns)),
        Attribute::Ended => integer(run.ended.map(|at| at.time_ns)),
        Attribute::Actor => text(&run.actor),
        Attribute::Host => text(&run.host),
        Attribute::Pid => Cell::Integer(run.pid.into()),
        Attribute::Seed => integer(run.seed.map(whole)),
        Attribute::Points => Cell::Integer(whole(run.points)),
        Attribute::Lines => Cell::Integer(whole(run.lines)),
        Attribute::Notes => Cell::Integer(whole(run.notes.len() as u64)),
        Attribute::Command => text(&run.command),
        Attribute::Error => match &run.error {
            Some(error) => text(&error.message),
            None => Cell::Missing,
        },
        Attribute::Deleted => integer(run.deleted.map(|_| 1)),
        Attribute::Took
        | Attribute::Dirty
        | Attribute::MlflowStatus
        | Attribute::MlflowStarted
        | Attribute::ArtifactUri
        | Attribute::ExperimentStatus
        | Attribute::Updated
        | Attribute::Archived
        | Attribute::Owner
        | Attribute::Description
        | Attribute::Hypothesis
        | Attribute::Goal
        | Attribute::RunCount => Cell::Missing,
    }
}

/// A param as tables show it.
pub(crate) fn param_text(value: &ParamValue) -> Cow<'_, str> {
    match value {
        ParamValue::Text(text) => text.into(),
        value => value.to_string().into(),
    }
}

/// What a run has in a column that a snapshot does not keep: most of them are told by its brief.
pub(crate) fn brief_cell<'a>(state: &'a State, row: usize, column: &Column) -> Cell<'a> {
    let Some(brief) = state.brief_at(row as u32) else {
        return Cell::Missing;
    };
    let Column::Attribute(attribute) = column else {
        return cell(state, row, column, None);
    };
    match attribute {
        Attribute::Id => Cell::Id(brief.id.to_bytes()),
        Attribute::Name => Cell::Text(state.name_at(row as u32).into()),
        Attribute::Experiment => state
            .experiment(brief.experiment)
            .map_or(Cell::Missing, |known| Cell::Text((&known.name).into())),
        Attribute::ExperimentId => Cell::Integer(whole(brief.experiment.0)),
        Attribute::Number => Cell::Integer(whole(brief.number)),
        Attribute::Status => Cell::Text(brief.state.name().into()),
        Attribute::Deleted if brief.is_deleted => Cell::Integer(1),
        Attribute::Deleted => Cell::Missing,
        _ => cell(state, row, column, None),
    }
}

/// A number beyond what a column can hold is as large as any can be.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column of these values.
pub(crate) fn column_of<'a>(
    column: &Column,
    cells: impl ExactSizeIterator<Item = Cell<'a>>,
) -> ColumnData {
    let len = cells.len();
    let mut present = Bitmap::none(len);
    let data = match column.kind() {
        Kind::Number => {
            let values = cells.enumerate().map(|(row, cell)| match cell {
                Cell::Number(value) => mark(&mut present, row, value),
                _ => 0.0,
            });
            ColumnData::Numbers {
                values: values.collect(),
                present: Bitmap::default(),
            }
        }
        Kind::Integer | Kind::Time | Kind::Duration | Kind::Flag => {
            let values = cells.enumerate().map(|(row, cell)| match cell {
                Cell::Integer(value) => mark(&mut present, row, value),
                _ => 0,
            });
            ColumnData::Integers {
                values: values.collect(),
                present: Bitmap::default(),
            }
        }
        // An id is never missing, so a table of no runs has a column of no ids.
        Kind::Id => {
            return ColumnData::Ids(cells.map(|cell| id_of(&cell)).collect());
        }
        Kind::Status | Kind::ExperimentStatus | Kind::Text | Kind::Typed => {
            let mut builder = TextsBuilder::default();
            cells.for_each(|cell| builder.push(text_of(&cell)));
            let texts = builder.build();
            return if texts.dictionary().is_empty() {
                ColumnData::Missing
            } else {
                ColumnData::Texts(texts)
            };
        }
    };
    match (data, present) {
        (_, present) if present.count() == 0 => ColumnData::Missing,
        (ColumnData::Numbers { values, .. }, present) => ColumnData::Numbers { values, present },
        (ColumnData::Integers { values, .. }, present) => ColumnData::Integers { values, present },
        (data, _) => data,
    }
}

fn mark<T>(present: &mut Bitmap, row: usize, value: T) -> T {
    present.set(row, true);
    value
}

fn text_of<'a>(cell: &'a Cell<'_>) -> Option<&'a str> {
    match cell {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}

fn id_of(cell: &Cell<'_>) -> [u8; 16] {
    match cell {
        Cell::Id(id) => *id,
        _ => [0; 16],
    }
}

/// Gives rows of a column other values; those behind its end come in order and make it longer. False when it has to be
/// made anew.
pub(crate) fn patch<'a>(
    data: &mut Arc<ColumnData>,
    mut cells: impl Iterator<Item = (usize, Cell<'a>)>,
) -> bool {
    if matches!(**data, ColumnData::Missing) {
        return cells.all(|(_, cell)| cell == Cell::Missing);
    }
    let data = Arc::make_mut(data);
    for (row, cell) in cells {
        match data {
            ColumnData::Missing => {}
            ColumnData::Numbers { values, present } => {
                let value = match cell {
                    Cell::Number(value) => Some(value),
                    _ => None,
                };
                put(values, present, row, value);
            }
            ColumnData::Integers { values, present } => {
                let value = match cell {
                    Cell::Integer(value) => Some(value),
                    _ => None,
                };
                put(values, present, row, value);
            }
            ColumnData::Texts(texts) => texts.put(row, text_of(&cell)),
            ColumnData::Ids(ids) => match ids.get_mut(row) {
                Some(id) => *id = id_of(&cell),
                None => ids.push(id_of(&cell)),
            },
        }
    }
    !matches!(data, ColumnData::Texts(texts) if texts.is_bloated())
}

fn put<T: Copy + Default>(values: &mut Vec<T>, present: &mut Bitmap, row: usize, value: Option<T>) {
    if row == values.len() {
        values.push(value.unwrap_or_default());
        present.push(value.is_some());
    } else {
        values[row] = value.unwrap_or_default();
        present.set(row, value.is_some());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(cells: &[Option<&str>]) -> Vec<Cell<'static>> {
        let cells = cells.iter().map(|text| text.map(str::to_owned));
        cells
            .map(|text| text.map_or(Cell::Missing, |text| Cell::Text(text.into())))
            .collect()
    }

    #[test]
    fn a_mended_column_says_what_a_new_one_does() {
        let column = Column::Param("lr".into());
        let before = texts(&[Some("a"), None, Some("b")]);
        let mut data = Arc::new(column_of(&column, before.into_iter()));
        let changes = texts(&[None, Some("c"), Some("b"), Some("a")]);
        assert!(patch(&mut data, changes.into_iter().enumerate()));
        let ColumnData::Texts(found) = &*data else {
            panic!("a column of texts: {data:?}");
        };
        let found: Vec<Option<&str>> = (0..4).map(|row| found.get(row)).collect();
        assert_eq!(found, [None, Some("c"), Some("b"), Some("a")]);
    }

    #[test]
    fn a_column_that_nobody_had_is_made_anew_when_somebody_has() {
        let column = Column::metric("loss");
        let mut data = Arc::new(column_of(&column, vec![Cell::Missing; 3].into_iter()));
        assert!(matches!(&*data, ColumnData::Missing));
        assert!(patch(&mut data, [(3, Cell::Missing)].into_iter()));
        assert!(!patch(&mut data, [(4, Cell::Number(1.0))].into_iter()));
    }

    #[test]
    fn texts_that_change_again_and_again_do_not_pile_up_for_ever() {
        let column = Column::Attribute(Attribute::Name);
        let names: Vec<String> = (0..100).map(|name| name.to_string()).collect();
        let cells = names.iter().map(|name| Cell::Text(name.as_str().into()));
        let mut data = Arc::new(column_of(&column, cells));
        let is_kept = |change: usize| {
            let text = format!("changed {change}");
            patch(&mut data, [(0, Cell::Text(text.into()))].into_iter())
        };
        assert!((0..1000).map(is_kept).any(|is_kept| !is_kept));
    }
}
