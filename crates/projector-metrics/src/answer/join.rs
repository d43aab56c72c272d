//! Every point of a metric, from parts that are in memory and columns that are not yet.
//!
//! Invariants: the answer's columns are allocated once and each part is written to its own stretch of them, side by side
//! on several processors; the order is that of the parts.

use std::sync::{Mutex, PoisonError};

use mltrack_projector::{Lsn, prefer_large_pages};

use super::WORKERS_MAX;
use super::pieces::WholeColumn;
use crate::history::Points;
use crate::source::{RowsInto, SourceFault};

/// Fewer rows are read before another thread has begun.
const ROWS_OF_WORKER: usize = 1 << 15;

/// A stretch of a metric's points.
#[derive(Debug)]
pub enum Part {
    Points(Points),
    Column(WholeColumn),
}

impl Part {
    pub fn len(&self) -> usize {
        match self {
            Part::Points(points) => points.len(),
            Part::Column(column) => column.chunk.rows as usize,
        }
    }
}

/// A column, and where its rows go.
struct Task<'a> {
    part_at: usize,
    column: &'a WholeColumn,
    into: RowsInto<'a>,
}

/// All of them, each after the ones before it; a fault with the place of the part that has it.
pub fn join(parts: Vec<Part>) -> Result<Points, (usize, SourceFault)> {
    if parts.iter().all(|part| matches!(part, Part::Points(_))) {
        let points = parts.into_iter().filter_map(|part| match part {
            Part::Points(points) => Some(points),
            Part::Column(_) => None,
        });
        return Ok(Points::joined(points.collect()));
    }
    let len = parts.iter().map(Part::len).sum();
    let (mut steps, mut values) = (vec![0; len], vec![0.0; len]);
    let (mut times_ns, mut lsns) = (vec![0; len], vec![0; len]);
    // Most of a long answer's time went by touching its memory page by page.
    prefer_large_pages(&mut steps);
    prefer_large_pages(&mut values);
    prefer_large_pages(&mut times_ns);
    prefer_large_pages(&mut lsns);
    let mut rest = RowsInto {
        steps: &mut steps,
        values: &mut values,
        times_ns: &mut times_ns,
        lsns: &mut lsns,
    };
    let mut tasks = Vec::new();
    for (part_at, part) in parts.iter().enumerate() {
        let (mut into, behind) = rest.split_at(part.len());
        rest = behind;
        match part {
            Part::Points(points) => copy(points, &mut into),
            Part::Column(column) => tasks.push(Task {
                part_at,
                column,
                into,
            }),
        }
    }
    run(tasks)?;
    let lsns: Option<Vec<Lsn>> = in_place(lsns);
    let lsns = lsns.ok_or_else(|| {
        let what = "a row names no record".to_owned();
        let is_column = |part: &Part| matches!(part, Part::Column(_));
        (
            parts.iter().position(is_column).unwrap_or_default(),
            SourceFault { what },
        )
    })?;
    Ok(Points {
        steps,
        times_ns,
        values,
        lsns,
    })
}

fn copy(points: &Points, into: &mut RowsInto<'_>) {
    into.steps.copy_from_slice(&points.steps);
    into.values.copy_from_slice(&points.values);
    into.times_ns.copy_from_slice(&points.times_ns);
    for (slot, lsn) in into.lsns.iter_mut().zip(&points.lsns) {
        *slot = lsn.get() as i64;
    }
}

/// Reads all columns, on as many processors as that pays for.
fn run(tasks: Vec<Task<'_>>) -> Result<(), (usize, SourceFault)> {
    let rows: usize = tasks.iter().map(|task| task.into.steps.len()).sum();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let worker_count = processors
        .min(WORKERS_MAX)
        .min(tasks.len())
        .min(rows / ROWS_OF_WORKER + 1);
    let tasks = Mutex::new(tasks);
    let next = || tasks.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let worker = || {
        while let Some(task) = next() {
            let WholeColumn {
                source,
                chunk,
                column,
            } = task.column;
            let read = source.rows_into(chunk, *column, task.into);
            read.map_err(|fault| (task.part_at, fault))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..worker_count).map(|_| scope.spawn(worker)).collect();
        let own = worker();
        let others = others.into_iter();
        others.fold(own, |result, other| {
            result.and(other.join().expect("a worker returns its errors"))
        })
    })
}

/// The numbers as lsns, in the same memory; `None` when one names no record.
fn in_place(numbers: Vec<i64>) -> Option<Vec<Lsn>> {
    if numbers.iter().any(|number| *number <= 0) {
        return None;
    }
    let lsn = |number| Lsn::new(number as u64).expect("all are above zero");
    Some(numbers.into_iter().map(lsn).collect())
}
