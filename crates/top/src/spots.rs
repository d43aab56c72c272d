//! What is drawn of very many points: spots, each of which stands for neighbouring ones, with their true extremes.
//!
//! Invariants: the smallest and the largest value of any stretch are those of a spot in it, so that no spike is lost;
//! what is no number is counted and takes part in nothing else.

use mltrack::{Bucket, Points};

/// Neighbouring points together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Where the first and the last of them are on the x axis.
    pub x: f64,
    pub x_last: f64,
    pub first: f64,
    pub last: f64,
    /// Of the values that are numbers, infinite ones among them; NaN when there are none.
    pub min: f64,
    pub max: f64,
    pub mean: f64,
    pub count: u64,
    pub nan_count: u64,
}

impl From<&Bucket> for Spot {
    fn from(bucket: &Bucket) -> Spot {
        let value = |extreme: Option<mltrack::Extreme>| extreme.map_or(f64::NAN, |at| at.value);
        Spot {
            x: bucket.step_first as f64,
            x_last: bucket.step_last as f64,
            first: bucket.first,
            last: bucket.last,
            min: value(bucket.min),
            max: value(bucket.max),
            mean: bucket.mean().unwrap_or(f64::NAN),
            count: bucket.count,
            nan_count: bucket.nan_count,
        }
    }
}

impl Spot {
    fn of(x: i64, value: f64) -> Spot {
        Spot {
            x: x as f64,
            x_last: x as f64,
            first: value,
            last: value,
            min: value,
            max: value,
            mean: value,
            count: 1,
            nan_count: u64::from(value.is_nan()),
        }
    }

    /// Takes in what comes behind it on the axis.
    fn merge(&mut self, later: &Spot) {
        let (mine, others) = (self.count - self.nan_count, later.count - later.nan_count);
        // `min` and `max` of numbers pass over NaN.
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        self.mean = match (mine, others) {
            (0, _) => later.mean,
            (_, 0) => self.mean,
            _ => {
                let share = others as f64 / (mine + others) as f64;
                self.mean * (1.0 - share) + later.mean * share
            }
        };
        self.x_last = self.x_last.max(later.x_last);
        self.last = later.last;
        self.count += later.count;
        self.nan_count += later.nan_count;
    }

    /// The same elsewhere on the axis.
    pub fn moved(&self, by: f64) -> Spot {
        Spot {
            x: self.x + by,
            x_last: self.x_last + by,
            ..*self
        }
    }
}

/// Makes spots of points by their times, while they stream by: as wide as a power of two of nanoseconds, and twice as
/// wide as soon as there are too many.
#[derive(Debug)]
pub struct ByTime {
    count_max: usize,
    shift: u32,
    /// By time, each with the number of the stretch that it lies in.
    spots: Vec<(i64, Spot)>,
}

impl ByTime {
    pub fn new(count_max: usize) -> ByTime {
        ByTime {
            count_max: count_max.max(1),
            shift: 0,
            spots: Vec::new(),
        }
    }

    pub fn add_all(&mut self, points: &Points) {
        for (time_ns, value) in points.times_ns.iter().zip(&points.values) {
            self.add(*time_ns, *value);
        }
    }

    fn add(&mut self, time_ns: i64, value: f64) {
        let slot = time_ns >> self.shift;
        let new = Spot::of(time_ns, value);
        // Times nearly always come in order.
        let at = match self.spots.last() {
            Some((last, _)) if *last > slot => {
                self.spots.partition_point(|(known, _)| *known < slot)
            }
            Some((last, _)) if *last == slot => self.spots.len() - 1,
            _ => self.spots.len(),
        };
        match self.spots.get_mut(at) {
            Some((known, found)) if *known == slot => found.merge(&new),
            _ => self.spots.insert(at, (slot, new)),
        }
        while self.spots.len() > self.count_max {
            self.widen();
        }
    }

    fn widen(&mut self) {
        self.shift += 1;
        self.spots.iter_mut().for_each(|(slot, _)| *slot >>= 1);
        self.spots.dedup_by(|(right, later), (left, spot)| {
            let is_shared = left == right;
            if is_shared {
                spot.merge(later);
            }
            is_shared
        });
    }

    pub fn finish(self) -> Vec<Spot> {
        self.spots.into_iter().map(|(_, spot)| spot).collect()
    }
}

/// The running mean of spots, of which each point keeps `share`, without the pull of its beginning. A spot of many points
/// moves it as far as they would together, so that it does not depend on how few spots there are. What is not finite
/// takes no part and leaves a gap.
pub fn smoothed(spots: &[Spot], share: f64) -> Vec<(f64, f64)> {
    let (mut mean, mut weight) = (0.0, 0.0);
    let smooth = |spot: &Spot| {
        if !spot.mean.is_finite() {
            return (spot.x_last, f64::NAN);
        }
        let kept = share.powf((spot.count - spot.nan_count) as f64);
        mean = mean * kept + spot.mean * (1.0 - kept);
        weight = weight * kept + (1.0 - kept);
        (spot.x_last, mean / weight)
    };
    spots.iter().map(smooth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_time(count_max: usize, points: &[(i64, f64)]) -> Vec<Spot> {
        let mut made = ByTime::new(count_max);
        for (time, value) in points {
            made.add(*time, *value);
        }
        made.finish()
    }

    #[test]
    fn a_spike_of_one_point_stays_whatever_the_order() {
        let mut points: Vec<(i64, f64)> = (0..10_000).map(|at| (at * 1000, 1.0)).collect();
        points[7_777].1 = 99.0;
        points[333].1 = -5.0;
        for _ in 0..2 {
            let spots = by_time(100, &points);
            assert!((50..=100).contains(&spots.len()), "{}", spots.len());
            let min = spots.iter().map(|spot| spot.min).fold(f64::NAN, f64::min);
            let max = spots.iter().map(|spot| spot.max).fold(f64::NAN, f64::max);
            assert_eq!((min, max), (-5.0, 99.0));
            assert_eq!(spots.iter().map(|spot| spot.count).sum::<u64>(), 10_000);
            assert!(spots.is_sorted_by(|a, b| a.x_last < b.x));
            points.reverse();
        }
    }

    #[test]
    fn what_is_no_number_is_counted_and_changes_nothing() {
        let spots = by_time(1, &[(0, f64::NAN), (5, 2.0), (6, f64::NAN), (9, 4.0)]);
        assert_eq!(spots.len(), 1);
        assert_eq!((spots[0].min, spots[0].max, spots[0].mean), (2.0, 4.0, 3.0));
        assert_eq!((spots[0].count, spots[0].nan_count), (4, 2));
    }

    #[test]
    fn smoothing_a_spot_is_smoothing_its_points() {
        let points: Vec<(i64, f64)> = (0..64).map(|at| (at, 3.0)).collect();
        let one = smoothed(&by_time(1, &points), 0.9);
        assert!((one[0].1 - 3.0).abs() < 1e-12);
        let spots = by_time(64, &[(0, 4.0), (1, f64::NAN), (2, 0.0)]);
        let line = smoothed(&spots, 0.5);
        assert!(line[1].1.is_nan());
        // (4 * 0.25 + 0 * 0.5) / 0.75
        assert!((line[2].1 - 4.0 / 3.0).abs() < 1e-12, "{line:?}");
    }
}
