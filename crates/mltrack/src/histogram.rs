//! Many values as a distribution: a pure function.
//!
//! Invariants: every finite value is in exactly one bucket; those that are not finite are only counted.

use mltrack_event::{HistogramLogged, MetricId, RunKey};

const BUCKET_COUNT: usize = 64;
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
