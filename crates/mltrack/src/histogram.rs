//! Many values, or counts of them, as a distribution: pure functions.
//!
//! Invariants: every finite value is in exactly one bucket; those that are not finite are only counted; what was counted
//! by somebody else keeps its edges and its counts.

use mltrack_event::{HistogramLogged, MetricId, RunKey};

use crate::error::{Error, Result};

const BUCKET_COUNT: usize = 64;
/// More buckets than anybody looks at; a record holds several times as many.
const COUNTED_MAX: usize = 4096;
const QUANTILES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

pub(crate) fn of(run: RunKey, metric: MetricId, step: i64, values: &[f64]) -> HistogramLogged {
    let mut sorted: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (edges, counts) = buckets(&sorted);
    HistogramLogged {
        run,
        metric,
        step,
        edges,
        counts,
        count: sorted.len() as u64,
        not_finite: (values.len() - sorted.len()) as u64,
        sum: sorted.iter().sum(),
        sum_of_squares: sorted.iter().map(|value| value * value).sum(),
        min: sorted.first().copied().unwrap_or(f64::NAN),
        max: sorted.last().copied().unwrap_or(f64::NAN),
        quantiles: quantiles(&sorted),
    }
}

/// The distribution that somebody else has counted. What is not known any more is as if the values of a bucket lay in its
/// middle, for sums, and as if they lay at even distances, for quantiles.
pub(crate) fn counted(
    run: RunKey,
    metric: MetricId,
    step: i64,
    edges: &[f64],
    counts: &[u64],
) -> Result<HistogramLogged> {
    check(edges, counts)?;
    let buckets = || counts.iter().zip(edges.windows(2));
    let middles = || buckets().map(|(count, edge)| (*count as f64, edge[0] / 2.0 + edge[1] / 2.0));
    let full = || buckets().filter(|(count, _)| **count > 0);
    Ok(HistogramLogged {
        run,
        metric,
        step,
        edges: edges.to_vec(),
        counts: counts.to_vec(),
        count: counts.iter().sum(),
        not_finite: 0,
        sum: middles().map(|(count, middle)| count * middle).sum(),
        sum_of_squares: middles()
            .map(|(count, middle)| count * middle * middle)
            .sum(),
        min: full().next().map_or(f64::NAN, |(_, edge)| edge[0]),
        max: full().next_back().map_or(f64::NAN, |(_, edge)| edge[1]),
        quantiles: quantiles_of_counts(edges, counts),
    })
}

pub(crate) fn check(edges: &[f64], counts: &[u64]) -> Result<()> {
    if edges.len() != counts.len() + 1 || counts.len() > COUNTED_MAX {
        let (edges, counts) = (edges.len(), counts.len());
        return Err(Error::validation(format!(
            "{counts} buckets with {edges} edges: there is one edge more than buckets, of which there are at most {COUNTED_MAX}"
        )));
    }
    if !edges.is_sorted_by(|a, b| a < b) || edges.iter().any(|edge| !edge.is_finite()) {
        return Err(Error::validation(
            "the edges of buckets are finite, and each is greater than the one before it",
        ));
    }
    let sum = counts
        .iter()
        .try_fold(0_u64, |sum, count| sum.checked_add(*count));
    let what = "the counts of the buckets are more together than can be counted";
    sum.map(drop).ok_or_else(|| Error::validation(what))
}

fn quantiles_of_counts(edges: &[f64], counts: &[u64]) -> Vec<(f64, f64)> {
    let total = counts.iter().sum::<u64>() as f64;
    if total == 0.0 {
        return Vec::new();
    }
    let at = |quantile: f64| {
        let mut left = quantile * total;
        for (count, edge) in counts.iter().zip(edges.windows(2)) {
            let count = *count as f64;
            if count > 0.0 && left <= count {
                let share = left / count;
                return (quantile, edge[0] * (1.0 - share) + edge[1] * share);
            }
            left -= count;
        }
        (quantile, edges[edges.len() - 1])
    };
    QUANTILES.into_iter().map(at).collect()
}

/// Edges and counts of buckets of one width; a single bucket where all values are the same.
fn buckets(sorted: &[f64]) -> (Vec<f64>, Vec<u64>) {
    let (Some(min), Some(max)) = (sorted.first().copied(), sorted.last().copied()) else {
        return (Vec::new(), Vec::new());
    };
    // The width of a range from -1e308 to 1e308 is no number, and the smallest ranges cannot be divided.
    let width = max / BUCKET_COUNT as f64 - min / BUCKET_COUNT as f64;
    let edge = |index: usize| {
        if index == BUCKET_COUNT {
            max
        } else {
            min + width * index as f64
        }
    };
    let edges: Vec<f64> = (0..=BUCKET_COUNT).map(edge).collect();
    if !edges.is_sorted_by(|a, b| a < b) {
        return (vec![min, max], vec![sorted.len() as u64]);
    }
    let mut counts = Vec::with_capacity(BUCKET_COUNT);
    let mut start = 0;
    for (index, end) in edges[1..].iter().enumerate() {
        let is_last = index + 1 == BUCKET_COUNT;
        let stop = if is_last {
            sorted.len()
        } else {
            sorted.partition_point(|value| value < end)
        };
        counts.push((stop - start) as u64);
        start = stop;
    }
    (edges, counts)
}

fn quantiles(sorted: &[f64]) -> Vec<(f64, f64)> {
    let Some(last) = sorted.len().checked_sub(1) else {
        return Vec::new();
    };
    let at = |quantile: f64| {
        let place = quantile * last as f64;
        let (low, high) = (
            sorted[place.floor() as usize],
            sorted[place.ceil() as usize],
        );
        let share = place.fract();
        (quantile, low * (1.0 - share) + high * share)
    };
    QUANTILES.into_iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: &[f64]) -> HistogramLogged {
        of(RunKey::from_bytes([0; 8]), MetricId(1), 0, values)
    }

    #[test]
    fn every_finite_value_is_in_one_bucket_and_the_others_are_counted_apart() {
        let mut values: Vec<f64> = (0..1000).map(f64::from).collect();
        values.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
        let histogram = histogram(&values);
        assert_eq!(histogram.counts.iter().sum::<u64>(), 1000);
        assert_eq!(histogram.edges.len(), histogram.counts.len() + 1);
        assert_eq!((histogram.count, histogram.not_finite), (1000, 3));
        assert!((histogram.quantiles[3].1 - 499.5).abs() < 1e-9);
    }

    #[test]
    fn what_was_counted_already_keeps_its_buckets() {
        let counted = |edges: &[f64], counts: &[u64]| {
            super::counted(RunKey::from_bytes([0; 8]), MetricId(1), 3, edges, counts)
        };
        let one = counted(&[0.0, 1.0, 3.0, 4.0], &[2, 6, 0]).unwrap();
        assert_eq!(one.edges, [0.0, 1.0, 3.0, 4.0]);
        assert_eq!((one.counts, one.count, one.step), (vec![2, 6, 0], 8, 3));
        assert_eq!((one.sum, one.sum_of_squares), (13.0, 24.5));
        assert_eq!((one.min, one.max), (0.0, 3.0));
        let median = one
            .quantiles
            .iter()
            .find(|(quantile, _)| (*quantile - 0.5).abs() < 1e-9);
        assert!((median.expect("it is one of them").1 - (1.0 + 2.0 / 3.0)).abs() < 1e-12);
        let nothing = counted(&[0.0, 1.0], &[0]).unwrap();
        assert!(nothing.count == 0 && nothing.min.is_nan() && nothing.quantiles.is_empty());
        for (edges, counts) in [
            (vec![0.0, 1.0], vec![1, 2]),
            (vec![1.0, 0.0], vec![1]),
            (vec![0.0, f64::NAN], vec![1]),
            (vec![0.0, f64::INFINITY], vec![1]),
            (vec![0.0, 1.0, 2.0], vec![u64::MAX, 1]),
        ] {
            assert!(counted(&edges, &counts).is_err(), "{edges:?} {counts:?}");
        }
    }

    #[test]
    fn equal_extreme_and_missing_values_have_a_histogram_too() {
        assert_eq!(histogram(&[2.0, 2.0]).counts, [2]);
        assert_eq!(
            histogram(&[-f64::MAX, f64::MAX]).counts.iter().sum::<u64>(),
            2
        );
        let denormal = f64::from_bits(1);
        assert_eq!(histogram(&[0.0, denormal]).counts, [2]);
        let nothing = histogram(&[f64::NAN]);
        assert!(nothing.edges.is_empty() && nothing.min.is_nan());
    }
}
