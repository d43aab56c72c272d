//! Whether a run came out as another did: every metric, bit by bit, over its whole history in the order of the log.
//!
//! Invariants: neither history is held in memory, only what one run is ahead of the other; wall times and the machine's
//! own metrics (`system/`) are no part of the answer; equal bits are equal, so NaN equals the same NaN.

use std::collections::VecDeque;

use mltrack_event::{MetricId, RunId};
use mltrack_projector::IntMap;

use crate::error::{Error, Result};
use crate::reproduce_stream::{Logged, Stream};
use crate::tracker::Tracker;

pub use crate::reproduce_data::{DataFound, DataState, digest_of_file, restore_data, store_before};

/// A program that is run again finds the run it is to be like here, and its own runs are linked to it.
pub const VARIABLE: &str = "MLTRACK_REPRODUCES";

/// Metrics of the machine, which no two runs share.
const MACHINE_PREFIX: &str = "system/";

/// How two runs compare; see [`compare`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// One for each metric that either run has, by name.
    pub metrics: Vec<MetricComparison>,
}

/// How one metric of two runs compares.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MetricComparison {
    /// The metric, such as `loss` or `loss{subset=val}`.
    pub metric: String,
    /// How many points the first run has, and the second.
    pub points: (u64, u64),
    /// How they compare.
    pub sameness: Sameness,
}

/// How the histories of one metric compare.
#[derive(Clone, Debug, PartialEq)]
pub enum Sameness {
    /// The same steps with the same bits in the same order.
    BitEqual,
    /// The same steps, and no two values differ by more than the tolerance.
    Within {
        /// The largest difference.
        max_abs: f64,
        /// The largest difference as a part of the larger value.
        max_rel: f64,
        /// The first point with other bits.
        first: Difference,
    },
    /// They part at this point, and what comes behind it is not compared.
    Diverges {
        /// The first point that differs by more than the tolerance, has another step, or is only there once.
        first: Difference,
    },
    /// Only the first run has the metric.
    Missing,
    /// Only the second run has it.
    Extra,
}

/// A point at which two histories differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The place in the history, from 0.
    pub index: u64,
    /// Step and value of the first run; `None` where its history has ended.
    pub old: Option<(i64, f64)>,
    /// Step and value of the second.
    pub new: Option<(i64, f64)>,
}

impl Comparison {
    /// Whether both runs have the same metrics, and none of them diverges.
    #[must_use]
    pub fn is_reproduced(&self) -> bool {
        self.metrics.iter().all(|metric| {
            matches!(
                metric.sameness,
                Sameness::BitEqual | Sameness::Within { .. }
            )
        })
    }
}

impl Difference {
    /// The earliest step that the difference is about.
    #[must_use]
    pub fn step(&self) -> i64 {
        let steps = [self.old, self.new];
        let steps = steps.into_iter().flatten().map(|(step, _)| step);
        steps.min().unwrap_or_default()
    }
}

/// Compares all metrics of two runs, of one store or of two. Values within `tolerance` of each other, absolutely or as a
/// part of the larger one, do not diverge; with 0 every bit counts.
///
/// Errors: `NOT_FOUND` for a run, `VALIDATION_ERROR` for a tolerance that is none, `CORRUPT` for a damaged log.
///
/// ```
/// # fn main() -> Result<(), mltrack::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let tracker = mltrack::Tracker::open(folder.path())?;
/// use mltrack::reproduce::{Sameness, compare};
///
/// let experiment = tracker.experiment("resnet")?;
/// let (old, new) = (experiment.start_run()?, experiment.start_run()?);
/// for step in 0..10 {
///     old.log_metrics(step, [("loss", 1.0 / (step + 1) as f64)])?;
///     new.log_metrics(step, [("loss", if step < 7 { 1.0 / (step + 1) as f64 } else { 0.5 })])?;
/// }
/// let comparison = compare((&tracker, old.id()), (&tracker, new.id()), 1e-6)?;
/// assert!(!comparison.is_reproduced());
/// let Sameness::Diverges { first } = &comparison.metrics[0].sameness else { panic!() };
/// assert_eq!((first.step(), first.new), (7, Some((7, 0.5))));
/// # old.finish()?;
/// # new.finish()
/// # }
/// ```
pub fn compare(
    old: (&Tracker, RunId),
    new: (&Tracker, RunId),
    tolerance: f64,
) -> Result<Comparison> {
    if !(tolerance.is_finite() && tolerance >= 0.0) {
        let what = format!("a tolerance of {tolerance}: pass 0 or a small positive number");
        return Err(Error::validation(what));
    }
    let (Some(old_store), Some(new_store)) = (old.0.store(), new.0.store()) else {
        return Ok(Comparison::default());
    };
    let mut streams = [
        Stream::new(old_store, old.1)?,
        Stream::new(new_store, new.1)?,
    ];
    let mut pairs = Pairs::new(tolerance);
    let mut is_ended = [false; 2];
    while let Some(at) = next_side(is_ended, pairs.waiting) {
        is_ended[at] = !streams[at].next_batch(|logged| pairs.take(at, logged))?;
    }
    Ok(pairs.finish(&streams))
}

/// The side to read on, which is the one that is behind; `None` when both have ended.
fn next_side(is_ended: [bool; 2], waiting: [u64; 2]) -> Option<usize> {
    match is_ended {
        [true, true] => None,
        [true, false] => Some(1),
        [false, true] => Some(0),
        [false, false] => Some(usize::from(waiting[1] < waiting[0])),
    }
}

/// All metrics under comparison.
struct Pairs {
    tolerance: f64,
    slots: IntMap<MetricId, u32>,
    metrics: Vec<(MetricId, Pair)>,
    /// Points of each side that the other has not come to.
    waiting: [u64; 2],
}

/// One metric under comparison.
#[derive(Default)]
struct Pair {
    /// Points of one side, whose counterparts are to come.
    waiting: VecDeque<(i64, f64)>,
    counts: [u64; 2],
    max_abs: f64,
    max_rel: f64,
    first: Option<Difference>,
    diverges: bool,
}

impl Pairs {
    fn new(tolerance: f64) -> Pairs {
        Pairs {
            tolerance,
            slots: IntMap::default(),
            metrics: Vec::new(),
            waiting: [0; 2],
        }
    }

    fn take(&mut self, side: usize, logged: Logged) {
        let (slots, metrics) = (&mut self.slots, &mut self.metrics);
        let slot = slots.entry(logged.metric).or_insert_with(|| {
            metrics.push((logged.metric, Pair::default()));
            metrics.len() as u32 - 1
        });
        let pair = &mut metrics[*slot as usize].1;
        let is_ahead = pair.counts[side] >= pair.counts[1 - side];
        let index = pair.counts[side];
        pair.counts[side] += 1;
        if pair.diverges {
            return;
        }
        if is_ahead {
            pair.waiting.push_back((logged.step, logged.value));
            self.waiting[side] += 1;
            return;
        }
        let other = pair.waiting.pop_front().expect("the other side is ahead");
        self.waiting[1 - side] -= 1;
        let this = (logged.step, logged.value);
        let (old, new) = if side == 0 {
            (this, other)
        } else {
            (other, this)
        };
        pair.meet(index, old, new, self.tolerance);
        if pair.diverges {
            self.waiting[1 - side] -= pair.waiting.len() as u64;
            pair.waiting = VecDeque::new();
        }
    }

    fn finish(self, streams: &[Stream; 2]) -> Comparison {
        let pairs = self.metrics.into_iter();
        let mut metrics: Vec<MetricComparison> = pairs
            .map(|(metric, pair)| {
                let at = usize::from(pair.counts[0] == 0);
                pair.finish(streams[at].label(metric))
            })
            .filter(|metric| !metric.metric.starts_with(MACHINE_PREFIX))
            .collect();
        metrics.sort_by(|a, b| a.metric.cmp(&b.metric));
        Comparison { metrics }
    }
}

impl Pair {
    /// Takes in what both sides have at one place.
    fn meet(&mut self, index: u64, old: (i64, f64), new: (i64, f64), tolerance: f64) {
        if old.0 == new.0 && old.1.to_bits() == new.1.to_bits() {
            return;
        }
        let difference = Difference {
            index,
            old: Some(old),
            new: Some(new),
        };
        let abs = (old.1 - new.1).abs();
        let larger = old.1.abs().max(new.1.abs());
        let are_nan = old.1.is_nan() && new.1.is_nan();
        let is_near = are_nan || (larger.is_finite() && abs <= tolerance * larger.max(1.0));
        if old.0 != new.0 || tolerance == 0.0 || !is_near {
            self.diverges = true;
            // A tolerable difference that came before is not where they part.
            self.first = Some(difference);
            return;
        }
        self.first.get_or_insert(difference);
        if abs > 0.0 {
            self.max_abs = self.max_abs.max(abs);
            self.max_rel = self.max_rel.max(abs / larger);
        }
    }

    fn finish(self, metric: String) -> MetricComparison {
        let [old_count, new_count] = self.counts;
        let left = self.waiting.front().map(|left| {
            let (index, left) = (old_count.min(new_count), Some(*left));
            let is_old = old_count > new_count;
            Difference {
                index,
                old: left.filter(|_| is_old),
                new: left.filter(|_| !is_old),
            }
        });
        let sameness = match (left.or(self.first), old_count, new_count) {
            (_, _, 0) => Sameness::Missing,
            (_, 0, _) => Sameness::Extra,
            (None, ..) => Sameness::BitEqual,
            (Some(first), ..) if self.diverges || left.is_some() => Sameness::Diverges { first },
            (Some(first), ..) => Sameness::Within {
                max_abs: self.max_abs,
                max_rel: self.max_rel,
                first,
            },
        };
        MetricComparison {
            metric,
            points: (old_count, new_count),
            sameness,
        }
    }
}
