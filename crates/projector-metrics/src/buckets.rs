//! Many points as few buckets, while they stream by and nobody knows yet which steps will come.
//!
//! Invariants: a bucket holds all steps that agree in their bits above `shift`, so buckets are as wide as a power of
//! two, never overlap, and two neighbours of one width merge into one of the next; there never are more than the limit,
//! because the width doubles first; minimum and maximum are values that were logged, so no spike is hidden.

use std::num::NonZeroUsize;

/// Neighbouring points together.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bucket {
    /// The lowest step in it.
    pub step_first: i64,
    /// The highest step in it.
    pub step_last: i64,
    /// The value at the lowest step; of several there, the one logged first.
    pub first: f64,
    /// The value at the highest step; of several there, the one logged last.
    pub last: f64,
    /// The smallest value that is a number; `None` when all are NaN.
    pub min: Option<Extreme>,
    /// The largest value that is a number; `None` when all are NaN.
    pub max: Option<Extreme>,
    /// The sum of the values that are numbers.
    pub sum: f64,
    /// Points in it, those with NaN included.
    pub count: u64,
    /// Points whose value is NaN.
    pub nan_count: u64,
}

/// A smallest or largest value, and where it was reached: at the lowest step that has it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Extreme {
    /// The value.
    pub value: f64,
    /// The step.
    pub step: i64,
}

impl Bucket {
    /// A single point.
    pub(crate) fn of(step: i64, value: f64) -> Bucket {
        let is_number = !value.is_nan();
        let extreme = is_number.then_some(Extreme { value, step });
        Bucket {
            step_first: step,
            step_last: step,
            first: value,
            last: value,
            min: extreme,
            max: extreme,
            sum: if is_number { value } else { 0.0 },
            count: 1,
            nan_count: u64::from(!is_number),
        }
    }

    /// Takes in what was logged after everything in here, at any step.
    pub(crate) fn merge(&mut self, later: &Bucket) {
        if later.step_first < self.step_first {
            (self.step_first, self.first) = (later.step_first, later.first);
        }
        if later.step_last >= self.step_last {
            (self.step_last, self.last) = (later.step_last, later.last);
        }
        self.min = extreme(self.min, later.min, |new, old| new < old);
        self.max = extreme(self.max, later.max, |new, old| new > old);
        self.sum += later.sum;
        self.count += later.count;
        self.nan_count += later.nan_count;
    }

    /// The mean of the values that are numbers; `None` when there is none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let count = self.count - self.nan_count;
        (count > 0).then(|| self.sum / count as f64)
    }
}

fn extreme(
    old: Option<Extreme>,
    new: Option<Extreme>,
    beats: impl Fn(f64, f64) -> bool,
) -> Option<Extreme> {
    let (Some(known), Some(next)) = (old, new) else {
        return old.or(new);
    };
    let is_same = !beats(next.value, known.value) && !beats(known.value, next.value);
    let wins = beats(next.value, known.value) || (is_same && next.step < known.step);
    Some(if wins { next } else { known })
}

/// Buckets under construction.
#[derive(Debug)]
pub struct Bucketer {
    count_max: usize,
    shift: u32,
    /// In the order of their steps.
    buckets: Vec<Bucket>,
}

impl Bucketer {
    pub fn new(count_max: NonZeroUsize) -> Bucketer {
        Bucketer::with_shift(count_max, 0)
    }

    /// Begins with buckets that are `2^shift` steps wide: right only for points that need them at least that wide.
    pub fn with_shift(count_max: NonZeroUsize, shift: u32) -> Bucketer {
        Bucketer {
            count_max: count_max.get(),
            shift,
            buckets: Vec::new(),
        }
    }

    /// The buckets are as wide as two to the power of this.
    pub fn shift(&self) -> u32 {
        self.shift
    }

    pub fn add(&mut self, step: i64, value: f64) {
        self.add_bucket(&Bucket::of(step, value));
    }

    /// Takes in neighbours that were put together before, in buckets no wider than the ones here.
    pub fn add_bucket(&mut self, point: &Bucket) {
        let slot = self.slot(point.step_first);
        debug_assert_eq!(slot, self.slot(point.step_last), "a bucket fits into one");
        // Steps nearly always come in order.
        let at = match self.buckets.last() {
            Some(last) if self.slot(last.step_first) > slot => self
                .buckets
                .partition_point(|bucket| self.slot(bucket.step_first) < slot),
            Some(last) if self.slot(last.step_first) == slot => self.buckets.len() - 1,
            _ => self.buckets.len(),
        };
        match self
            .buckets
            .get(at)
            .map(|bucket| self.slot(bucket.step_first))
        {
            Some(found) if found == slot => self.buckets[at].merge(point),
            _ => self.buckets.insert(at, *point),
        }
        while self.buckets.len() > self.count_max {
            self.widen();
        }
    }

    /// The bits that all steps of a bucket share. From 64 bits of width on, there is one bucket.
    fn slot(&self, step: i64) -> i64 {
        if self.shift < i64::BITS {
            step >> self.shift
        } else {
            0
        }
    }

    fn widen(&mut self) {
        self.shift += 1;
        let shift = self.shift;
        let slot = |step: i64| if shift < i64::BITS { step >> shift } else { 0 };
        self.buckets.dedup_by(|right, left| {
            let is_shared = slot(left.step_first) == slot(right.step_first);
            if is_shared {
                left.merge(right);
            }
            is_shared
        });
    }

    pub fn finish(self) -> Vec<Bucket> {
        self.buckets
    }
}
