//! A history as a line over any axis: pixel columns with true extremes, and the smoothed line sampled beside them.
//!
//! Invariants: every point in the range is in exactly one bucket; extremes were really logged, at the place beside them;
//! the smoothed line is computed over every point before any of them is put together, so that it does not depend on how
//! wide a chart is or how far it was zoomed in; a line that comes in parts is the line of all of them, and no more parts
//! are in memory than are looked at side by side.

use std::borrow::Cow;
use std::ops::Range;

use mltrack::side_by_side;
use serde::Serialize;
use utoipa::ToSchema;

use super::axis::Placed;
use super::curve_bucket::{Open, Slots};
use super::number::Number;
use super::smooth::{Average, Averaging, Fading};

/// Which part of a line, and how fine.
#[derive(Clone, Copy, Debug)]
pub struct CurveAsk {
    /// At most so many buckets.
    pub buckets: usize,
    /// Buckets are of one width by the logarithm of the axis; places at or below 0 are left out.
    pub is_log: bool,
    /// The first place.
    pub from: f64,
    /// The last place.
    pub to: f64,
    /// How strongly the line beside is smoothed, if at all: above 0, below 1.
    pub smoothing: Option<f64>,
    /// The length of axis that `smoothing` is about; that of the whole history unless said otherwise.
    pub span: Option<f64>,
}

/// Neighbouring points of a line together, in the order of the axis.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = CurveColumns)]
pub struct Curve {
    /// The lowest place of each: a step, ms since 1970, seconds since the run started, or the value of a metric.
    pub x_first: Vec<Number>,
    /// The highest.
    pub x_last: Vec<Number>,
    /// The value at the lowest place.
    pub first: Vec<Number>,
    /// The value at the highest place.
    pub last: Vec<Number>,
    /// The smallest value; NaN where all are NaN.
    pub min: Vec<Number>,
    /// Where it is.
    pub min_x: Vec<Number>,
    /// The largest value; NaN where all are NaN.
    pub max: Vec<Number>,
    /// Where it is.
    pub max_x: Vec<Number>,
    /// The mean of the values that are numbers.
    pub mean: Vec<Number>,
    /// Points in it.
    pub count: Vec<u64>,
    /// Those that are NaN.
    pub nan_count: Vec<u64>,
    /// The smoothed line at the highest place with a finite value; empty when it was not asked for.
    pub smooth: Vec<Number>,
}

/// A line in parts, whose places rise from each part to the next.
pub trait Parts: Sync {
    /// Why a part cannot be read.
    type Error: Send;

    /// How many there are. None of them is empty.
    fn count(&self) -> usize;

    /// How many points a part has.
    fn rows(&self, part: usize) -> usize;

    /// Its first and its last place.
    fn bounds(&self, part: usize) -> (f64, f64);

    /// Its points, in the order of their places.
    fn read(&self, part: usize) -> Result<Cow<'_, Placed>, Self::Error>;
}

/// The line of all parts.
pub fn curve<P: Parts>(parts: &P, ask: &CurveAsk) -> Result<Curve, P::Error> {
    let Some(last) = parts.count().checked_sub(1) else {
        return Ok(Curve::default());
    };
    let length = parts.bounds(last).1 - parts.bounds(0).0;
    let fading = ask
        .smoothing
        .map(|smoothing| Fading::new(smoothing, ask.span.unwrap_or(length)));
    let Some(seen) = Seen::of(parts, ask)? else {
        return Ok(Curve::default());
    };
    let slots = Slots::of(seen.first, seen.last, seen.count, ask);
    // Of what is before the range, only as much is looked at as the smoothed line knows.
    let known_from = fading.map_or(seen.first, |fading| seen.first - fading.reach());
    let wanted: Vec<usize> = (0..seen.parts.end)
        .filter(|part| *part >= seen.parts.start || parts.bounds(*part).1 >= known_from)
        .collect();
    let pieces = side_by_side(wanted.len(), |at| {
        let placed = parts.read(wanted[at])?;
        Ok(piece(&placed, ask, &slots, fading))
    })?;
    Ok(put_together(pieces, &slots, fading))
}

/// What of a line is in the range.
struct Seen {
    /// The parts that have points in it.
    parts: Range<usize>,
    first: f64,
    last: f64,
    count: usize,
}

impl Seen {
    /// `None` when there is nothing. Only parts that are cut by an end of the range are read.
    fn of<P: Parts>(parts: &P, ask: &CurveAsk) -> Result<Option<Seen>, P::Error> {
        let mut seen: Option<Seen> = None;
        for part in 0..parts.count() {
            let (low, high) = parts.bounds(part);
            if ask.is_before(high) || low > ask.to {
                continue;
            }
            let (first, last, count) = if ask.is_before(low) || high > ask.to {
                let placed = parts.read(part)?;
                let within = ask.within(&placed.xs);
                let inner = &placed.xs[within];
                let (Some(first), Some(last)) = (inner.first(), inner.last()) else {
                    continue;
                };
                (*first, *last, inner.len())
            } else {
                (low, high, parts.rows(part))
            };
            let known = seen.get_or_insert(Seen {
                parts: part..part,
                first,
                last,
                count: 0,
            });
            known.parts.end = part + 1;
            known.last = last;
            known.count += count;
        }
        Ok(seen)
    }
}

impl CurveAsk {
    fn is_before(&self, x: f64) -> bool {
        x < self.from || (self.is_log && x <= 0.0)
    }

    /// Which of rising places are in the range.
    fn within(&self, xs: &[f64]) -> Range<usize> {
        let from = xs.partition_point(|x| self.is_before(*x));
        from..xs.partition_point(|x| *x <= self.to).max(from)
    }
}

/// What one part adds.
struct Piece {
    /// In the order of their places.
    buckets: Vec<Open>,
    /// The average at its end.
    average: Average,
}

fn piece(placed: &Placed, ask: &CurveAsk, slots: &Slots, fading: Option<Fading>) -> Piece {
    let within = ask.within(&placed.xs);
    let mut averaging = fading.map(Averaging::new);
    if let Some(averaging) = &mut averaging {
        for (x, value) in placed.xs.iter().zip(&placed.values).take(within.start) {
            if value.is_finite() {
                averaging.add(*x, *value);
            }
        }
    }
    let mut buckets: Vec<Open> = Vec::new();
    let mut open: Option<Open> = None;
    for at in within {
        let (x, value) = (placed.xs[at], placed.values[at]);
        if open.as_ref().is_none_or(|open| !slots.is_in(open, x)) {
            buckets.extend(open.take());
        }
        let bucket = open.get_or_insert_with(|| Open::new(slots.of_place(x), x, value));
        bucket.add(x, value);
        if let Some(averaging) = &mut averaging
            && value.is_finite()
        {
            averaging.add(x, value);
            bucket.average = Some(averaging.now());
        }
    }
    buckets.extend(open);
    Piece {
        buckets,
        average: averaging.map_or_else(Average::default, |averaging| averaging.now()),
    }
}

/// The buckets of all pieces, each with the average that knows all before it.
fn put_together(pieces: Vec<Piece>, slots: &Slots, fading: Option<Fading>) -> Curve {
    let mut curve = Curve::default();
    let mut before = Average::default();
    let mut open: Option<Open> = None;
    for piece in pieces {
        for mut bucket in piece.buckets {
            if let Some(fading) = fading {
                bucket.average = bucket.average.map(|own| before.then(own, fading));
            }
            match &mut open {
                Some(open) if slots.is_in(open, bucket.x_first) => open.append(&bucket),
                _ => {
                    if let Some(done) = open.replace(bucket) {
                        done.close(&mut curve, fading.is_some());
                    }
                }
            }
        }
        if let Some(fading) = fading {
            before = before.then(piece.average, fading);
        }
    }
    if let Some(done) = open {
        done.close(&mut curve, fading.is_some());
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::super::smooth::smooth;
    use super::*;

    /// A line that is in memory.
    struct Known(Vec<Placed>);

    impl Parts for Known {
        type Error = std::convert::Infallible;

        fn count(&self) -> usize {
            self.0.len()
        }

        fn rows(&self, part: usize) -> usize {
            self.0[part].xs.len()
        }

        fn bounds(&self, part: usize) -> (f64, f64) {
            let xs = &self.0[part].xs;
            (xs[0], xs[xs.len() - 1])
        }

        fn read(&self, part: usize) -> Result<Cow<'_, Placed>, Self::Error> {
            Ok(Cow::Borrowed(&self.0[part]))
        }
    }

    fn in_parts(xs: &[f64], values: &[f64], len: usize, ask: &CurveAsk) -> Curve {
        let parts = xs.chunks(len).zip(values.chunks(len));
        let parts = parts.map(|(xs, values)| Placed {
            xs: xs.to_vec(),
            values: values.to_vec(),
        });
        let Ok(curve) = super::curve(&Known(parts.collect()), ask);
        curve
    }

    fn curve(xs: &[f64], values: &[f64], ask: &CurveAsk) -> Curve {
        in_parts(xs, values, xs.len().max(1), ask)
    }

    fn ask(buckets: usize) -> CurveAsk {
        CurveAsk {
            buckets,
            is_log: false,
            from: f64::NEG_INFINITY,
            to: f64::INFINITY,
            smoothing: None,
            span: None,
        }
    }

    fn numbers(column: &[Number]) -> Vec<f64> {
        column.iter().map(|number| number.0).collect()
    }

    fn waves(count: u32) -> (Vec<f64>, Vec<f64>) {
        let xs = (0..count).map(f64::from).collect();
        let values = (0..count).map(|at| f64::from(at * 7919 % 997)).collect();
        (xs, values)
    }

    #[test]
    fn every_point_is_in_one_bucket_and_no_spike_is_lost() {
        let (xs, mut values) = waves(10_000);
        values[7_777] = 1e9;
        values[1_234] = f64::NAN;
        let curve = curve(&xs, &values, &ask(64));
        assert_eq!(curve.count.len(), 64);
        assert_eq!(curve.count.iter().sum::<u64>(), 10_000);
        assert_eq!(curve.nan_count.iter().sum::<u64>(), 1);
        let top = curve.max.iter().position(|max| *max == Number(1e9));
        assert_eq!(
            curve.max_x[top.expect("the spike is there")],
            Number(7_777.0)
        );
        assert_eq!(curve.x_last[63], Number(9_999.0));
    }

    #[test]
    fn few_points_are_all_told_and_those_at_one_place_together() {
        let curve = curve(&[1.0, 1.0, 5.0], &[2.0, 4.0, f64::NAN], &ask(10));
        assert_eq!(numbers(&curve.x_first), [1.0, 5.0]);
        assert_eq!((curve.count[0], curve.mean[0].0), (2, 3.0));
        assert!(curve.min[1].0.is_nan() && curve.mean[1].0.is_nan());
    }

    #[test]
    fn the_smoothed_line_is_the_same_however_far_the_chart_is_zoomed_in() {
        let (xs, values) = waves(10_000);
        let whole = smooth(&xs, &values, 0.9, 9_999.0);
        let near = CurveAsk {
            from: 5_000.0,
            to: 5_049.0,
            smoothing: Some(0.9),
            ..ask(100)
        };
        let near = curve(&xs, &values, &near);
        assert_eq!(numbers(&near.smooth), whole[5_000..5_050]);
        let wide = CurveAsk {
            smoothing: Some(0.9),
            ..ask(100)
        };
        let wide = curve(&xs, &values, &wide);
        for (x, line) in wide.x_last.iter().zip(&wide.smooth) {
            assert_eq!(*line, Number(whole[x.0 as usize]));
        }
    }

    #[test]
    fn a_logarithmic_axis_has_as_many_buckets_for_each_power_of_ten() {
        let (xs, values) = waves(100_000);
        let log = CurveAsk {
            is_log: true,
            ..ask(50)
        };
        let curve = curve(&xs, &values, &log);
        assert_eq!(curve.x_first[0], Number(1.0), "0 has no logarithm");
        assert_eq!(curve.count.iter().sum::<u64>(), 99_999);
        let below = |x: f64| curve.x_last.iter().filter(|last| last.0 < x).count();
        assert!(
            below(1_000.0) > 15 && below(1_000.0) < 35,
            "{}",
            below(1_000.0)
        );
    }

    #[test]
    fn no_points_and_points_at_one_place_are_no_trouble() {
        assert!(curve(&[], &[], &ask(3)).count.is_empty());
        let same = curve(&[4.0; 10], &[1.0; 10], &ask(3));
        assert_eq!(same.count, [10]);
    }

    #[test]
    fn a_line_in_parts_is_the_line_of_all_of_them() {
        let xs: Vec<f64> = (0..5_000).map(|at| f64::from(at / 3 * 2)).collect();
        let value = |at: i32| match at % 1_000 {
            7 => f64::NAN,
            8 => f64::INFINITY,
            _ => f64::from(at * 7919 % 997),
        };
        let values: Vec<f64> = (0..5_000).map(value).collect();
        for smoothing in [None, Some(0.0), Some(0.3), Some(0.99)] {
            for (from, to, is_log) in [
                (f64::NEG_INFINITY, f64::INFINITY, false),
                (700.5, 2_900.0, false),
                (-1.0, 3_000.0, true),
                (900.0, 901.0, false),
                (9e9, 9e10, false),
            ] {
                for buckets in [7, 400, 10_000] {
                    let ask = CurveAsk {
                        buckets,
                        is_log,
                        from,
                        to,
                        smoothing,
                        span: None,
                    };
                    let whole = curve(&xs, &values, &ask);
                    for len in [1, 13, 999, 4_999] {
                        let found = in_parts(&xs, &values, len, &ask);
                        assert_same(&found, &whole, &format!("{ask:?} in parts of {len}"));
                    }
                }
            }
        }
    }

    /// The same but for the rounding of sums.
    fn assert_same(found: &Curve, whole: &Curve, what: &str) {
        assert_eq!(found.count, whole.count, "{what}");
        assert_eq!(found.nan_count, whole.nan_count, "{what}");
        let columns = |curve: &Curve| {
            let exact = [
                &curve.x_first,
                &curve.x_last,
                &curve.first,
                &curve.last,
                &curve.min,
                &curve.min_x,
                &curve.max,
                &curve.max_x,
            ];
            exact.map(|column| {
                column
                    .iter()
                    .map(|number| number.0.to_bits())
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(columns(found), columns(whole), "{what}");
        for (found, whole) in [(&found.mean, &whole.mean), (&found.smooth, &whole.smooth)] {
            assert_eq!(found.len(), whole.len(), "{what}");
            for (one, two) in found.iter().zip(whole) {
                let is_near = (one.0 - two.0).abs() <= 1e-9 * two.0.abs().max(1.0);
                assert!(
                    is_near
                        || one.0.to_bits() == two.0.to_bits()
                        || (one.0.is_nan() && two.0.is_nan()),
                    "{} and {}: {what}",
                    one.0,
                    two.0
                );
            }
        }
    }
}
