//! What can be said about a history in a few numbers: exact, from every point.
//!
//! Invariants: NaN is counted and is part of nothing else; infinities are numbers, so that a mean can be infinite or
//! NaN; the smallest and the largest value were really logged, at the step that is named.

use mltrack_event::MetricId;

use crate::buckets::Extreme;
use crate::history::{History, Points};

/// The numbers about one history.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Stats {
    /// Points, those with NaN included.
    pub count: u64,
    /// Points whose value is NaN.
    pub nan_count: u64,
    /// The smallest value that is a number, at the lowest step that has it.
    pub min: Option<Extreme>,
    /// The largest value that is a number, at the lowest step that has it.
    pub max: Option<Extreme>,
    /// The mean of the values that are numbers.
    pub mean: Option<f64>,
    /// Their standard deviation, as that of a whole population: divided by their number, not by one less.
    pub std: Option<f64>,
    /// The median: half of the values are not larger. Between two values, their mean.
    pub median: Option<f64>,
    /// 95 of 100 values are not larger. Between two values, on the line between them.
    pub p95: Option<f64>,
    /// 99 of 100 values are not larger. Between two values, on the line between them.
    pub p99: Option<f64>,
}

/// The numbers about the history of one metric.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryStats {
    /// The metric.
    pub metric: MetricId,
    /// Its name; the id in words when the log does not define it.
    pub name: String,
    /// Its context, sorted by key.
    pub context: Vec<(String, String)>,
    /// The numbers.
    pub stats: Stats,
}

impl Points {
    /// The numbers about these points, exact but for the rounding of sums.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let is_number = |value: &f64| !value.is_nan();
        let mut numbers: Vec<f64> = self.values.iter().copied().filter(is_number).collect();
        let (count, number_count) = (self.len() as u64, numbers.len() as u64);
        let mut stats = Stats {
            count,
            nan_count: count - number_count,
            ..Stats::default()
        };
        if numbers.is_empty() {
            return stats;
        }
        stats.min = self.extreme(|value, known| value < known);
        stats.max = self.extreme(|value, known| value > known);
        let mean = sum(&numbers, |value| value) / number_count as f64;
        let squares = sum(&numbers, |value| (value - mean) * (value - mean));
        stats.mean = Some(mean);
        stats.std = Some((squares / number_count as f64).sqrt());
        stats.median = Some(quantile(&mut numbers, 0.5));
        stats.p95 = Some(quantile(&mut numbers, 0.95));
        stats.p99 = Some(quantile(&mut numbers, 0.99));
        stats
    }

    fn extreme(&self, beats: impl Fn(f64, f64) -> bool) -> Option<Extreme> {
        let points = self.steps.iter().zip(&self.values);
        let numbers = points.filter(|(_, value)| !value.is_nan());
        let extremes = numbers.map(|(step, value)| Extreme {
            value: *value,
            step: *step,
        });
        // Points come in the order of their steps, so the first of equals has the lowest.
        extremes.reduce(|known, next| {
            if beats(next.value, known.value) {
                next
            } else {
                known
            }
        })
    }
}

impl HistoryStats {
    /// The numbers about a history; `None` when it is in buckets, which have lost what a median needs.
    #[must_use]
    pub fn of(history: History) -> Option<HistoryStats> {
        let stats = history.series.points()?.stats();
        Some(HistoryStats {
            metric: history.metric,
            name: history.name,
            context: history.context,
            stats,
        })
    }
}

/// Sums of stretches are summed up, so that rounding does not add up along millions of points.
fn sum(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    const STRETCH_LEN: usize = 1024;
    let stretches = values.chunks(STRETCH_LEN);
    stretches
        .map(|stretch| stretch.iter().map(|value| term(*value)).sum::<f64>())
        .sum()
}

/// The value below which this share of the values lies, on the line between its two neighbours.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    let place = share * (values.len() - 1) as f64;
    let (_, low, above) = values.select_nth_unstable_by(place.floor() as usize, f64::total_cmp);
    let (low, weight) = (*low, place.fract());
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    let distance = high - low;
    if weight == 0.0 || distance == 0.0 || low.total_cmp(&high).is_eq() {
        low
    } else if weight < 0.5 {
        low + distance * weight
    } else {
        high - distance * (1.0 - weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(values: &[f64]) -> Stats {
        let mut points = Points::default();
        for (step, value) in (10..).zip(values) {
            points.push(step, 0, *value, mltrack_projector::Lsn::FIRST);
        }
        points.stats()
    }

    #[test]
    fn the_numbers_of_a_textbook_series_are_right() {
        let stats = stats(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        let extreme = |value, step| Some(Extreme { value, step });
        assert_eq!((stats.min, stats.max), (extreme(2.0, 10), extreme(9.0, 17)));
        assert_eq!((stats.mean, stats.std), (Some(5.0), Some(2.0)));
        assert_eq!(stats.median, Some(4.5));
        // As `numpy.quantile` says: 7 + 0.65 * 2 and 7 + 0.93 * 2.
        assert!((stats.p95.unwrap() - 8.3).abs() < 1e-12);
        assert!((stats.p99.unwrap() - 8.86).abs() < 1e-12);
        assert_eq!((stats.count, stats.nan_count), (8, 0));
    }

    #[test]
    fn nan_is_counted_and_nothing_else() {
        let all = stats(&[f64::NAN, 3.0, f64::NAN, 1.0]);
        assert_eq!((all.count, all.nan_count), (4, 2));
        assert_eq!((all.mean, all.median), (Some(2.0), Some(2.0)));
        assert_eq!(all.min.map(|min| min.step), Some(13));
        let none = stats(&[f64::NAN]);
        assert_eq!((none.count, none.nan_count), (1, 1));
        assert_eq!((none.min, none.mean, none.p99), (None, None, None));
        assert_eq!(stats(&[]), Stats::default());
    }

    #[test]
    fn infinities_are_values_like_others() {
        let stats = stats(&[1.0, f64::INFINITY, 2.0]);
        assert_eq!(stats.max.map(|max| max.value), Some(f64::INFINITY));
        assert_eq!((stats.mean, stats.median), (Some(f64::INFINITY), Some(2.0)));
        assert!(stats.std.unwrap().is_nan());
    }
}
