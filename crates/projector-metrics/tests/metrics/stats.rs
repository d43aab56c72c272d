//! The numbers about a history against their definitions, word for word.

use mltrack_projector::Lsn;
use mltrack_projector_metrics::{Points, Stats};
use proptest::prelude::*;

/// Points as an answer has them: in the order of their steps.
fn points(mut rows: Vec<(i64, f64)>) -> Points {
    rows.sort_by_key(|row| row.0);
    Points {
        steps: rows.iter().map(|row| row.0).collect(),
        times_ns: vec![0; rows.len()],
        values: rows.iter().map(|row| row.1).collect(),
        lsns: vec![Lsn::FIRST; rows.len()],
    }
}

fn near(found: Option<f64>, expected: f64, scale: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() <= 1e-9 * scale.max(1.0))
}

/// As `numpy.quantile` defines it: the value at `share` of the way from the first to the last of the sorted values.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * (place - low as f64)
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -1e6..1e6,
        2 => (-3i8..3).prop_map(f64::from),
        1 => Just(f64::NAN),
    ]
}

proptest! {
    #[test]
    fn the_numbers_equal_their_definitions(
        rows in prop::collection::vec((-50i64..50, value()), 0..300),
    ) {
        let points = points(rows);
        let stats = points.stats();
        let numbers: Vec<(i64, f64)> = points.steps.iter().copied().zip(points.values.iter().copied())
            .filter(|row| !row.1.is_nan()).collect();
        prop_assert_eq!(stats.count, points.len() as u64);
        prop_assert_eq!(stats.nan_count, (points.len() - numbers.len()) as u64);
        if numbers.is_empty() {
            let none = Stats { count: stats.count, nan_count: stats.nan_count, ..Stats::default() };
            prop_assert_eq!(stats, none);
            return Ok(());
        }
        let mut sorted: Vec<f64> = numbers.iter().map(|row| row.1).collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (sorted[0], sorted[sorted.len() - 1]);
        let step_of = |value: f64| numbers.iter().filter(|row| row.1.total_cmp(&value).is_eq()).map(|row| row.0).min();
        let found = |extreme: Option<mltrack_projector_metrics::Extreme>| extreme.map(|at| (at.value, Some(at.step)));
        prop_assert_eq!(found(stats.min), Some((min, step_of(min))));
        prop_assert_eq!(found(stats.max), Some((max, step_of(max))));
        let count = numbers.len() as f64;
        let mean = sorted.iter().sum::<f64>() / count;
        let variance = sorted.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        let scale = min.abs().max(max.abs());
        prop_assert!(near(stats.mean, mean, scale));
        prop_assert!(near(stats.std, variance.sqrt(), scale));
        prop_assert!(near(stats.median, quantile(&sorted, 0.5), scale));
        prop_assert!(near(stats.p95, quantile(&sorted, 0.95), scale));
        prop_assert!(near(stats.p99, quantile(&sorted, 0.99), scale));
    }
}
