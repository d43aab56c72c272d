//! The question and its answer: which rows, in which order, how many.
//!
//! Invariants: what a row lacks sorts last in both directions, behind NaN; the order is total, so the pages of a list
//! neither overlap nor leave anything out; it does not depend on how many rows are asked for.

use std::cmp::Ordering;
use std::io;
use std::sync::Arc;

use super::bitmap::Bitmap;
use super::column::{Attribute, Column};
use super::data::ColumnData;
use super::error::{FilterError, SearchError};
use super::eval::Evaluator;
use super::expr::{Expr, Mode, Operand, Order};
use super::name;
use super::rank::Keys;
use super::source::ColumnSource;

/// What is asked of a table of runs.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Which rows are meant at all: those of an experiment, those that are not deleted.
    pub base: &'a Bitmap,
    /// What the rows must fulfil, all of them.
    pub filters: &'a [Expr],
    /// By which columns they are sorted.
    pub orders: &'a [Order],
    /// Who decides between equals: in `MLflow`'s modes the later start, then the smaller id, and of
    /// experiments the larger id; else the later creation.
    pub ties: Mode,
    /// Which part of the list is wanted.
    pub window: Window,
    /// What time it is, in ns since 1970: for times such as `-7d`, and for how long running runs take.
    pub now_ns: i64,
}

/// A part of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// How many rows come before it.
    pub offset: usize,
    /// How many rows it has at most.
    pub limit: usize,
}

/// The answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Selected {
    /// The rows of the window, in order.
    pub rows: Vec<u32>,
    /// How many rows fulfil the filters, in the window or not.
    pub total: usize,
    /// What is not wrong and yet probably not meant: names that no run has.
    pub notes: Vec<FilterError>,
}

/// Answers a question.
pub fn select<S: ColumnSource>(
    source: &S,
    question: &Question<'_>,
) -> Result<Selected, SearchError> {
    let mut evaluator = Evaluator::new(source, question.now_ns);
    let mut rows = question.base.clone();
    for filter in question.filters {
        rows.and(&evaluator.admitted(filter)?);
    }
    let columns = columns(&mut evaluator, source, question)?;
    Ok(Selected {
        total: rows.count(),
        rows: window(&rows, &columns, question),
        notes: evaluator.notes,
    })
}

/// A column to sort by.
struct SortColumn {
    data: Arc<ColumnData>,
    is_typed: bool,
    is_descending: bool,
}

fn columns<S: ColumnSource>(
    evaluator: &mut Evaluator<'_, S>,
    source: &S,
    question: &Question<'_>,
) -> io::Result<Vec<SortColumn>> {
    let mut columns = Vec::new();
    for order in question.orders {
        let column = resolved(source, order);
        if !order.mode.is_mlflow() {
            evaluator.note_unknown(order.mode, &order.text, order.span, &column);
        }
        columns.push(SortColumn {
            data: sortable(evaluator, &column, order.mode)?,
            is_typed: !order.mode.is_mlflow()
                && matches!(column, Column::Param(_) | Column::Tag(_)),
            is_descending: order.is_descending,
        });
    }
    for (attribute, is_descending) in ties(question.ties) {
        columns.push(SortColumn {
            data: sortable(evaluator, &Column::Attribute(*attribute), question.ties)?,
            is_typed: false,
            is_descending: *is_descending,
        });
    }
    Ok(columns)
}

/// The column that an order names, as far as that depends on what there is.
pub(super) fn resolved<S: ColumnSource>(source: &S, order: &Order) -> Column {
    match &order.operand {
        Operand::Column(column) => column.clone(),
        Operand::Metric(name) => name::metric(source, name),
        Operand::Bare(name) => {
            name::bare(source, name, order.mode, true).unwrap_or_else(|| name::metric(source, name))
        }
    }
}

/// What decides between equals, before the order of rows does.
fn ties(mode: Mode) -> &'static [(Attribute, bool)] {
    match mode {
        Mode::Mlflow => &[(Attribute::MlflowStarted, true), (Attribute::Id, false)],
        Mode::MlflowExperiments => &[(Attribute::ExperimentId, true)],
        Mode::Full | Mode::Experiments => &[],
    }
}

/// The column as it is sorted by: `MLflow` has milliseconds.
fn sortable<S: ColumnSource>(
    evaluator: &mut Evaluator<'_, S>,
    column: &Column,
    mode: Mode,
) -> io::Result<Arc<ColumnData>> {
    let data = evaluator.column(column)?;
    let is_time = matches!(
        column,
        Column::Attribute(
            Attribute::MlflowStarted | Attribute::Ended | Attribute::Created | Attribute::Updated
        )
    );
    match &*data {
        ColumnData::Integers { values, present } if is_time && mode.is_mlflow() => {
            Ok(Arc::new(ColumnData::Integers {
                values: values.iter().map(|ns| ns.div_euclid(1_000_000)).collect(),
                present: present.clone(),
            }))
        }
        _ => Ok(data),
    }
}

/// The rows of the window, in order.
fn window(rows: &Bitmap, columns: &[SortColumn], question: &Question<'_>) -> Vec<u32> {
    let Window { offset, limit } = question.window;
    let keys: Vec<Keys<'_>> = columns
        .iter()
        .map(|column| Keys::of(&column.data, column.is_typed, column.is_descending))
        .collect();
    let mut sorted = if let Some((first, others)) = keys.split_first() {
        let settle = |a: usize, b: usize| {
            let by_first = first.settle(a, b);
            let by_others = others.iter().map(|keys| {
                let by_key = keys.key(a).cmp(&keys.key(b));
                by_key.then_with(|| keys.settle(a, b))
            });
            by_others
                .fold(by_first, Ordering::then)
                .then_with(|| b.cmp(&a))
        };
        let keyed = rows.rows().map(|row| (first.key(row), row as u32));
        smallest(keyed, offset.saturating_add(limit), settle)
    } else {
        let mut newest: Vec<u32> = rows.rows().map(|row| row as u32).collect();
        newest.reverse();
        newest
    };
    sorted.truncate(offset.saturating_add(limit));
    sorted.drain(..offset.min(sorted.len()));
    sorted
}

/// Rows kept beyond those wanted before the surplus is thrown away.
const SURPLUS_MIN: usize = 1024;

/// The first `wanted` rows by key, and among equal keys by `settle`, in order.
fn smallest(
    rows: impl Iterator<Item = (u64, u32)>,
    wanted: usize,
    settle: impl Fn(usize, usize) -> Ordering,
) -> Vec<u32> {
    if wanted == 0 {
        return Vec::new();
    }
    let compare = |a: &(u64, u32), b: &(u64, u32)| {
        a.0.cmp(&b.0)
            .then_with(|| settle(a.1 as usize, b.1 as usize))
    };
    let full = wanted.saturating_add(wanted.max(SURPLUS_MIN));
    let mut kept: Vec<(u64, u32)> = Vec::new();
    // The last of the first rows met so far: what comes behind it never gets in.
    let mut last: Option<(u64, u32)> = None;
    for row in rows {
        if last.is_some_and(|last| row.0 > last.0 || compare(&row, &last).is_gt()) {
            continue;
        }
        kept.push(row);
        if kept.len() == full {
            let (_, nth, _) = kept.select_nth_unstable_by(wanted - 1, compare);
            last = Some(*nth);
            kept.truncate(wanted);
        }
    }
    kept.sort_unstable_by(compare);
    kept.truncate(wanted);
    kept.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rows_are_those_of_the_whole_list_sorted() {
        let rows: Vec<(u64, u32)> = (0..5000_u32)
            .map(|row| (u64::from(row.wrapping_mul(2_654_435_761) % 97), row))
            .collect();
        let settle = |a: usize, b: usize| b.cmp(&a);
        let all = smallest(rows.iter().copied(), usize::MAX, settle);
        assert_eq!(all.len(), 5000);
        let mut sorted = rows.clone();
        sorted.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        assert!(all.iter().eq(sorted.iter().map(|(_, row)| row)));
        for wanted in [0, 1, 100, 1024, 1025, 4999, 5000, 6000] {
            let first = smallest(rows.iter().copied(), wanted, settle);
            assert_eq!(first, all[..wanted.min(5000)], "{wanted}");
        }
    }
}
