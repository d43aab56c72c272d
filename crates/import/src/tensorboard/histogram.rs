//! Distributions, in the form of before 2020 and as tensors of left edge, right edge and count.
//!
//! Invariants: the edges of what is given rise and are finite; what is known of the values exactly is kept.

use mltrack::PieceSums;

use super::tensor::{Items, Tensor};
use super::wire::{Fields, Read};

/// A distribution in the form that a store takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counted {
    pub edges: Vec<f64>,
    pub counts: Vec<u64>,
    pub sums: Option<PieceSums>,
}

#[derive(Default)]
struct Proto {
    min: f64,
    max: f64,
    sum: f64,
    sum_of_squares: f64,
    limits: Vec<f64>,
    counts: Vec<f64>,
}

/// The old form: the right edge of each bucket, and how much is in it. `None` for one that is none.
pub(crate) fn of_proto(message: &[u8]) -> Read<Option<Counted>> {
    let mut proto = Proto::default();
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => proto.min = value.double()?,
            2 => proto.max = value.double()?,
            4 => proto.sum = value.double()?,
            5 => proto.sum_of_squares = value.double()?,
            6 => value.doubles(&mut proto.limits)?,
            7 => value.doubles(&mut proto.counts)?,
            _ => {}
        }
    }
    Ok(proto.counted())
}

impl Proto {
    fn counted(self) -> Option<Counted> {
        if self.limits.len() != self.counts.len() {
            return None;
        }
        let mut edges = Vec::with_capacity(self.limits.len() + 1);
        let mut counts = Vec::with_capacity(self.counts.len());
        // The first bucket begins at the smallest value, and the last ends at the largest.
        let mut left = self.min;
        for (limit, count) in self.limits.iter().zip(&self.counts) {
            let count = whole(*count)?;
            let is_begun = !counts.is_empty();
            if count == 0 && !is_begun {
                // Before the first value there is nothing; the bucket of it begins where this one ends.
                left = left.max(*limit).min(self.max);
                continue;
            }
            let right = if *limit > self.max { self.max } else { *limit };
            if !is_begun {
                edges.push(left.min(self.min));
            }
            push(&mut edges, &mut counts, right, count);
        }
        let sums = PieceSums {
            sum: self.sum,
            sum_of_squares: self.sum_of_squares,
            min: self.min,
            max: self.max,
        };
        finished(edges, counts, Some(sums))
    }
}

/// The form as a tensor of shape [k, 3].
pub(crate) fn of_tensor(tensor: &Tensor<'_>) -> Option<Counted> {
    let Items::Numbers(numbers) = &tensor.items else {
        return None;
    };
    if !tensor.shape.is_empty() && tensor.shape.last() != Some(&3)
        || !numbers.len().is_multiple_of(3)
    {
        return None;
    }
    let (mut edges, mut counts) = (Vec::new(), Vec::new());
    for row in numbers.chunks_exact(3) {
        let count = whole(row[2])?;
        match edges.last() {
            None => edges.push(row[0]),
            // What lies between two buckets is a bucket with nothing in it.
            Some(last) if row[0] > *last => push(&mut edges, &mut counts, row[0], 0),
            Some(_) => {}
        }
        push(&mut edges, &mut counts, row[1], count);
    }
    finished(edges, counts, None)
}

/// Adds a bucket that ends at `right`. One without width is part of the one before it.
fn push(edges: &mut Vec<f64>, counts: &mut Vec<u64>, right: f64, count: u64) {
    let is_wide = edges.last().is_none_or(|last| right > *last);
    match counts.last_mut() {
        Some(last) if !is_wide => *last += count,
        _ if is_wide => {
            edges.push(right);
            counts.push(count);
        }
        // All values are the same: the least width there is.
        _ => {
            let edge = edges.last().copied().unwrap_or(right);
            edges.push(edge.next_up());
            counts.push(count);
        }
    }
}

fn finished(edges: Vec<f64>, counts: Vec<u64>, sums: Option<PieceSums>) -> Option<Counted> {
    if counts.is_empty() {
        return None;
    }
    let is_right = edges.is_sorted_by(|a, b| a < b) && edges.iter().all(|edge| edge.is_finite());
    is_right.then_some(Counted {
        edges,
        counts,
        sums,
    })
}

/// A count that was written as a number with a point. One that has a fraction is rounded.
fn whole(count: f64) -> Option<u64> {
    (0.0..9e15).contains(&count).then(|| count.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proto(min: f64, max: f64, limits: &[f64], counts: &[f64]) -> Option<Counted> {
        Proto {
            min,
            max,
            sum: 1.0,
            sum_of_squares: 2.0,
            limits: limits.to_vec(),
            counts: counts.to_vec(),
        }
        .counted()
    }

    #[test]
    fn the_old_form_begins_at_the_smallest_value_and_ends_at_the_largest() {
        let counted = proto(
            -0.5,
            2.5,
            &[-1.0, 0.0, 1.0, f64::MAX],
            &[0.0, 3.0, 0.0, 4.0],
        )
        .unwrap();
        assert_eq!(counted.edges, [-0.5, 0.0, 1.0, 2.5]);
        assert_eq!(counted.counts, [3, 0, 4]);
        let sums = counted.sums.unwrap();
        assert_eq!((sums.sum, sums.sum_of_squares), (1.0, 2.0));
    }

    #[test]
    fn values_that_are_all_the_same_have_a_bucket() {
        let counted = proto(2.0, 2.0, &[1.0, 3.0], &[0.0, 7.0]).unwrap();
        assert_eq!(counted.counts, [7]);
        assert!(counted.edges[0] <= 2.0 && counted.edges[1] >= 2.0);
    }

    #[test]
    fn what_is_no_distribution_is_none() {
        assert_eq!(proto(0.0, 1.0, &[1.0], &[]), None);
        assert_eq!(proto(0.0, 1.0, &[1.0], &[-1.0]), None);
        assert_eq!(proto(f64::NAN, 1.0, &[0.5, f64::NAN], &[1.0, 1.0]), None);
        assert_eq!(proto(0.0, 0.0, &[], &[]), None);
    }

    #[test]
    fn rows_of_a_tensor_are_buckets_and_gaps_are_empty_ones() {
        let tensor = Tensor {
            shape: vec![2, 3],
            items: Items::Numbers(vec![0.0, 1.0, 5.0, 2.0, 3.0, 6.0]),
        };
        let counted = of_tensor(&tensor).unwrap();
        assert_eq!(counted.edges, [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(counted.counts, [5, 0, 6]);
    }
}
