//! A running mean of values that lie at uneven distances, as the web page draws it.
//!
//! 1. What lies far behind counts less, by its distance and not by how many points lie between: the weight of what was
//!    before is `w = min(sqrt(smoothing), 0.999)` for each thousandth of the axis ("time weighted exponential moving
//!    average" of Weights & Biases, whose sum is divided by the sum of weights), as `crates/server` has it.
//! 2. What is no number stays so, and counts nowhere.

const WEIGHT_MAX: f64 = 0.999;
const PARTS: f64 = 1000.0;

/// The smoothed value at each point. The points are in the order of their places; `smoothing` is from 0 to below 1.
pub fn smoothed(points: &[(f64, f64)], smoothing: f64) -> Vec<(f64, f64)> {
    let is_counted = |point: &&(f64, f64)| point.0.is_finite() && point.1.is_finite();
    let mut places = points.iter().filter(is_counted).map(|point| point.0);
    let first = places.next().unwrap_or(0.0);
    let span = places.next_back().unwrap_or(first) - first;
    let weight = smoothing.max(0.0).sqrt().min(WEIGHT_MAX);
    let (mut sum, mut weights, mut before) = (0.0, 0.0, first);
    let smooth = |point: &(f64, f64)| {
        if !is_counted(&point) {
            return (point.0, f64::NAN);
        }
        let factor = if span > 0.0 && weight > 0.0 {
            weight.powf((point.0 - before) / span * PARTS)
        } else {
            0.0
        };
        sum = sum * factor + point.1;
        weights = weights * factor + 1.0;
        before = point.0;
        (point.0, sum / weights)
    };
    points.iter().map(smooth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_logs_twice_as_often_gets_the_same_line() {
        let line = |count: u32| -> Vec<(f64, f64)> {
            let share = |index: u32| f64::from(index) / f64::from(count);
            (0..=count)
                .map(|index| (share(index), share(index)))
                .collect()
        };
        let (few, many) = (smoothed(&line(500), 0.9), smoothed(&line(1000), 0.9));
        for index in 100..=500 {
            assert!((few[index].1 - many[2 * index].1).abs() < 1e-3, "{index}");
        }
        // It follows, from behind.
        assert!(few[500].1 < 1.0 && few[500].1 > 0.9);
    }

    #[test]
    fn what_is_no_number_stays_so_and_counts_nowhere() {
        let points = [(0.0, 4.0), (1.0, f64::NAN), (2.0, 4.0)];
        let line = smoothed(&points, 0.99);
        assert_eq!(line[0], (0.0, 4.0));
        assert!(line[1].1.is_nan());
        assert!((line[2].1 - 4.0).abs() < 1e-12);
    }

    #[test]
    fn without_smoothing_the_line_is_itself() {
        let points = [(0.0, 1.0), (5.0, 7.0), (6.0, -2.0)];
        assert_eq!(smoothed(&points, 0.0), points);
    }
}
