//! The buckets of a line: which points belong together, and what is known of them while they come in.
//!
//! Invariants: a bucket knows only its own part of the line, and takes in what later parts have of it; extremes are
//! those of the first point that has them.

use super::curve::{Curve, CurveAsk};
use super::number::Number;
use super::smooth::Average;

/// A bucket while points come in.
#[derive(Clone)]
pub struct Open {
    pub slot: usize,
    pub x_first: f64,
    x_last: f64,
    first: f64,
    last: f64,
    min: (f64, f64),
    max: (f64, f64),
    sum: f64,
    count: u64,
    nan_count: u64,
    /// The average at its last finite value, of this part of the line alone.
    pub average: Option<Average>,
}

impl Open {
    pub fn new(slot: usize, x: f64, value: f64) -> Open {
        Open {
            slot,
            x_first: x,
            x_last: x,
            first: value,
            last: value,
            min: (f64::NAN, x),
            max: (f64::NAN, x),
            sum: 0.0,
            count: 0,
            nan_count: 0,
            average: None,
        }
    }

    pub fn add(&mut self, x: f64, value: f64) {
        (self.x_last, self.last) = (x, value);
        self.count += 1;
        if value.is_nan() {
            self.nan_count += 1;
            return;
        }
        self.sum += value;
        self.add_extremes((value, x), (value, x));
    }

    fn add_extremes(&mut self, min: (f64, f64), max: (f64, f64)) {
        // A NaN stands for no value yet, and every comparison with it fails.
        if min.0 < self.min.0 || (self.min.0.is_nan() && !min.0.is_nan()) {
            self.min = min;
        }
        if max.0 > self.max.0 || (self.max.0.is_nan() && !max.0.is_nan()) {
            self.max = max;
        }
    }

    /// Takes in what the next part has of the same bucket.
    pub fn append(&mut self, later: &Open) {
        (self.x_last, self.last) = (later.x_last, later.last);
        self.count += later.count;
        self.nan_count += later.nan_count;
        self.sum += later.sum;
        self.add_extremes(later.min, later.max);
        self.average = later.average.or(self.average);
    }

    pub fn close(&self, curve: &mut Curve, is_smoothed: bool) {
        let numbers = self.count - self.nan_count;
        curve.x_first.push(Number(self.x_first));
        curve.x_last.push(Number(self.x_last));
        curve.first.push(Number(self.first));
        curve.last.push(Number(self.last));
        curve.min.push(Number(self.min.0));
        curve.min_x.push(Number(self.min.1));
        curve.max.push(Number(self.max.0));
        curve.max_x.push(Number(self.max.1));
        curve.mean.push(Number(self.sum / numbers as f64));
        curve.count.push(self.count);
        curve.nan_count.push(self.nan_count);
        if is_smoothed {
            let smooth = self.average.map_or(f64::NAN, Average::value);
            curve.smooth.push(Number(smooth));
        }
    }
}

/// Never inlined: the compiler would take the logarithm of every place, and then choose between it and the place.
#[inline(never)]
fn logarithm(x: f64) -> f64 {
    x.ln()
}

/// Which points belong together.
pub enum Slots {
    /// Those at one place: they are few enough.
    Places,
    /// Those in one part of the axis.
    Parts {
        begin: f64,
        parts_for_each: f64,
        parts: usize,
        is_log: bool,
    },
}

impl Slots {
    pub fn of(first: f64, last: f64, count: usize, ask: &CurveAsk) -> Slots {
        if count <= ask.buckets {
            return Slots::Places;
        }
        let scale = |x: f64| if ask.is_log { logarithm(x) } else { x };
        let (begin, end) = (scale(first), scale(last));
        Slots::Parts {
            begin,
            // All at one place are one part.
            parts_for_each: if end > begin {
                ask.buckets as f64 / (end - begin)
            } else {
                0.0
            },
            parts: ask.buckets,
            is_log: ask.is_log,
        }
    }

    pub fn of_place(&self, x: f64) -> usize {
        match self {
            Slots::Places => 0,
            Slots::Parts {
                begin,
                parts_for_each,
                parts,
                is_log,
            } => {
                let x = if *is_log { logarithm(x) } else { x };
                (((x - begin) * parts_for_each) as usize).min(parts - 1)
            }
        }
    }

    pub fn is_in(&self, open: &Open, x: f64) -> bool {
        match self {
            Slots::Places => open.x_first.to_bits() == x.to_bits(),
            Slots::Parts { .. } => open.slot == self.of_place(x),
        }
    }
}
