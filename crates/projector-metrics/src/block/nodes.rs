//! Buckets that lie ready beside a long column, so that a coarse look reads hundreds of points at once.
//!
//! Invariants: a node holds all rows of its chunk whose steps agree in their bits above `shift`, and what it says of
//! them is what pushing them one by one in the order of the log says; a coarser level is the finer one, merged.

use super::bytes::Cursor;
use super::directory::{LEVELS_MAX, Level};
use super::facts::{push_column, push_sized, take_column, take_sized};
use super::fault::BlockFault;
use super::{floats, integers};
use crate::buckets::{Bucket, Extreme};

/// Shorter columns are read as fast as nodes would be.
pub(super) const ROWS_MIN: usize = 1024;
/// So many rows are in a node on average, up to twice that.
const NODE_ROWS: usize = 256;
/// A node of the coarser level is 2^4 nodes wide.
const COARSER_SHIFT: u32 = 4;

/// How the rows of a chunk fall into nodes.
pub(super) struct Plan {
    shift: u32,
    /// Which node each stretch of rows belongs to, and where the stretch ends.
    stretches: Vec<(usize, usize)>,
    nodes: usize,
}

fn slot(step: i64, shift: u32) -> i64 {
    if shift < i64::BITS { step >> shift } else { 0 }
}

impl Plan {
    /// For rows of which there is at least one.
    pub(super) fn new(steps: &[i64]) -> Plan {
        let low = steps.iter().copied().min().unwrap_or(0);
        let high = steps.iter().copied().max().unwrap_or(0);
        let nodes_max = (steps.len() / NODE_ROWS).max(1) as u64;
        let slots = |shift| slot(high, shift).wrapping_sub(slot(low, shift)) as u64;
        let shift = (0..=u64::BITS).find(|shift| slots(*shift) < nodes_max);
        let shift = shift.unwrap_or(u64::BITS);
        let mut slots: Vec<i64> = steps.iter().map(|step| slot(*step, shift)).collect();
        let mut stretches: Vec<(i64, usize)> = Vec::new();
        for (row, slot) in slots.iter().enumerate() {
            match stretches.last_mut() {
                Some((last, end)) if last == slot => *end = row + 1,
                _ => stretches.push((*slot, row + 1)),
            }
        }
        slots.sort_unstable();
        slots.dedup();
        let node = |slot: &i64| slots.partition_point(|other| other < slot);
        Plan {
            shift,
            stretches: stretches
                .iter()
                .map(|(slot, end)| (node(slot), *end))
                .collect(),
            nodes: slots.len(),
        }
    }

    /// The levels, finest first.
    pub(super) fn levels(&self, steps: &[i64], column: &[f64]) -> Vec<(u32, Vec<Bucket>)> {
        let fine = self.build(steps, column);
        let mut levels = vec![(self.shift, fine)];
        while levels.len() < LEVELS_MAX {
            let (shift, finer) = &levels[levels.len() - 1];
            let shift = (shift + COARSER_SHIFT).min(u64::BITS);
            levels.push((shift, coarser(finer, shift)));
        }
        levels
    }

    fn build(&self, steps: &[i64], column: &[f64]) -> Vec<Bucket> {
        let mut nodes: Vec<Option<Bucket>> = vec![None; self.nodes];
        let mut start = 0;
        for (node, end) in &self.stretches {
            let rows = steps[start..*end].iter().zip(&column[start..*end]);
            start = *end;
            for (step, value) in rows {
                let point = Bucket::of(*step, *value);
                match &mut nodes[*node] {
                    Some(bucket) => bucket.merge(&point),
                    empty => *empty = Some(point),
                }
            }
        }
        nodes.into_iter().flatten().collect()
    }
}

fn coarser(finer: &[Bucket], shift: u32) -> Vec<Bucket> {
    let mut nodes: Vec<Bucket> = Vec::new();
    for bucket in finer {
        match nodes.last_mut() {
            Some(last) if slot(last.step_first, shift) == slot(bucket.step_first, shift) => {
                last.merge(bucket);
            }
            _ => nodes.push(*bucket),
        }
    }
    nodes
}

/// Appends what the nodes of all columns have in common.
pub(super) fn encode_shared(nodes: &[Bucket], out: &mut Vec<u8>) {
    let column = |of: fn(&Bucket) -> i64| nodes.iter().map(of).collect::<Vec<_>>();
    push_column(&column(|node| node.step_first), out);
    push_column(
        &column(|node| node.step_last.wrapping_sub(node.step_first)),
        out,
    );
    push_column(&column(|node| node.count as i64), out);
}

/// Appends what one column has of its own.
pub(super) fn encode_column(nodes: &[Bucket], out: &mut Vec<u8>) {
    let absent = |node: &Bucket| Extreme {
        value: node.first,
        step: node.step_first,
    };
    let min = |node: &Bucket| node.min.unwrap_or_else(|| absent(node));
    let max = |node: &Bucket| node.max.unwrap_or_else(|| absent(node));
    let mut floats = |of: &dyn Fn(&Bucket) -> f64| {
        let column: Vec<f64> = nodes.iter().map(of).collect();
        push_sized(out, |out| floats::encode(&column, out));
    };
    floats(&|node| node.first);
    floats(&|node| node.last);
    floats(&|node| min(node).value);
    floats(&|node| max(node).value);
    floats(&|node| node.sum);
    let mut integers = |of: &dyn Fn(&Bucket) -> i64| {
        let column: Vec<i64> = nodes.iter().map(of).collect();
        push_sized(out, |out| integers::encode(&column, out));
    };
    integers(&|node| min(node).step.wrapping_sub(node.step_first));
    integers(&|node| max(node).step.wrapping_sub(node.step_first));
    integers(&|node| node.nan_count as i64);
}

/// The buckets of one column at a level.
pub(super) fn decode(
    shared: &mut Cursor<'_>,
    column: &mut Cursor<'_>,
    level: Level,
) -> Result<Vec<Bucket>, BlockFault> {
    let count = level.nodes;
    let from_steps = take_column(shared, count)?;
    let steps_further = take_column(shared, count)?;
    let rows = take_column(shared, count)?;
    shared.finish()?;
    let mut floats = || floats::decode(&mut take_sized(column)?, count);
    let [firsts, lasts, mins, maxes, sums] =
        [floats()?, floats()?, floats()?, floats()?, floats()?];
    let steps_of_min = take_column(column, count)?;
    let steps_of_max = take_column(column, count)?;
    let nans = take_column(column, count)?;
    column.finish()?;
    let bucket = |at: usize| {
        let step_first = from_steps[at];
        let (count, nan_count) = (rows[at] as u64, nans[at] as u64);
        let extreme = |value: f64, step: i64| Extreme {
            value,
            step: step_first.wrapping_add(step),
        };
        let has_numbers = nan_count < count;
        Bucket {
            step_first,
            step_last: step_first.wrapping_add(steps_further[at]),
            first: firsts[at],
            last: lasts[at],
            min: has_numbers.then(|| extreme(mins[at], steps_of_min[at])),
            max: has_numbers.then(|| extreme(maxes[at], steps_of_max[at])),
            sum: sums[at],
            count,
            nan_count,
        }
    };
    Ok((0..count).map(bucket).collect())
}
