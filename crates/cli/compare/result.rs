//! A metric of one group, for programs.
//!
//! Invariant: the fields stand in the order of their names, in which they are written.

use mltrack::{CompareResult, Description, Interval};
use serde::{Serialize, Serializer};

use super::item::GroupNames;
use super::outcome::TestedForm;
use crate::output::quantity::Number;

#[derive(Serialize)]
pub struct ResultForm<'a> {
    baseline: bool,
    best: bool,
    better: Option<bool>,
    difference: Option<Number>,
    interval: Option<Ends>,
    max: Option<Number>,
    mean: Option<Number>,
    median: Option<Number>,
    min: Option<Number>,
    n: usize,
    not_finite: usize,
    relative: Option<Number>,
    run: &'a str,
    runs: &'a [String],
    std: Option<Number>,
    test: Option<TestedForm<'a>>,
    values: Numbers<'a>,
}

/// An interval, as its two ends.
#[derive(Serialize)]
pub struct Ends([Number; 2]);

impl From<Interval> for Ends {
    fn from(interval: Interval) -> Ends {
        Ends([Number(interval.low), Number(interval.high)])
    }
}

struct Numbers<'a>(&'a [f64]);

impl Serialize for Numbers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().copied().map(Number))
    }
}

impl<'a> ResultForm<'a> {
    /// `of` says whether the group is the baseline, and whether it is the best one.
    pub fn new(
        result: &'a CompareResult,
        names: &'a GroupNames,
        (baseline, best): (bool, bool),
    ) -> ResultForm<'a> {
        let described = result.description;
        let of = |part: fn(&Description) -> f64| described.as_ref().map(|it| Number(part(it)));
        ResultForm {
            baseline,
            best,
            better: result.is_better,
            difference: result.difference.map(Number),
            interval: described.and_then(|it| it.interval).map(Ends::from),
            max: of(|it| it.max),
            mean: of(|it| it.mean),
            median: of(|it| it.median),
            min: of(|it| it.min),
            n: result.values.len(),
            not_finite: result.not_finite,
            relative: result.relative.map(Number),
            run: &names.run,
            runs: &names.runs,
            std: described.and_then(|it| it.deviation).map(Number),
            test: result.tested.as_ref().map(TestedForm::from),
            values: Numbers(&result.values),
        }
    }
}
