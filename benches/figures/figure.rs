//! One measured number, its target, and how both are shown.
//!
//! Invariant: whether a target is met is decided here from the number itself, nowhere from its rounded text.

use serde_json::json;

/// What a number counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    PerSecond,
    Nanoseconds,
    Percent,
    Times,
    Bytes,
    Count,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Unit::PerSecond => "per second",
            Unit::Nanoseconds => "ns",
            Unit::Percent => "percent",
            Unit::Times => "times",
            Unit::Bytes => "bytes",
            Unit::Count => "count",
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            Unit::PerSecond if value >= 1e6 => format!("{:.2} M/s", value / 1e6),
            Unit::PerSecond if value >= 1e3 => format!("{:.1} k/s", value / 1e3),
            Unit::PerSecond => format!("{value:.0} /s"),
            Unit::Nanoseconds if value >= 1e9 => format!("{:.2} s", value / 1e9),
            Unit::Nanoseconds if value >= 1e6 => format!("{:.2} ms", value / 1e6),
            Unit::Nanoseconds if value >= 1e3 => format!("{:.1} us", value / 1e3),
            Unit::Nanoseconds => format!("{value:.0} ns"),
            Unit::Percent if value >= 1.0 => format!("{value:.1} %"),
            Unit::Percent => format!("{value:.4} %"),
            Unit::Times => format!("{value:.2} x"),
            Unit::Bytes if value >= f64::from(1 << 20) => {
                format!("{:.1} MiB", value / f64::from(1 << 20))
            }
            Unit::Bytes => format!("{value:.3} B"),
            Unit::Count => format!("{value:.0}"),
        }
    }
}

/// What a number should be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// It is shown so that nobody has to believe the others: a baseline, a maximum.
    Shown,
}

/// A number of a row: one value for each round.
pub struct Figure {
    pub what: String,
    unit: Unit,
    rounds: Vec<f64>,
    target: Target,
    note: String,
}

impl Figure {
    pub fn new(what: impl Into<String>, unit: Unit, rounds: &[f64]) -> Figure {
        let rounds = rounds.to_vec();
        Figure {
            what: what.into(),
            unit,
            rounds,
            target: Target::Shown,
            note: String::new(),
        }
    }

    /// A figure that could not be measured, and why.
    pub fn skipped(what: impl Into<String>, why: impl Into<String>) -> Figure {
        Figure {
            note: why.into(),
            ..Figure::new(what, Unit::Count, &[])
        }
    }

    pub fn at_least(self, value: f64) -> Figure {
        Figure {
            target: Target::AtLeast(value),
            ..self
        }
    }

    pub fn at_most(self, value: f64) -> Figure {
        Figure {
            target: Target::AtMost(value),
            ..self
        }
    }

    pub fn note(self, note: impl Into<String>) -> Figure {
        Figure {
            note: note.into(),
            ..self
        }
    }

    /// The value that counts: the median round.
    pub fn reached(&self) -> Option<f64> {
        median(&self.rounds)
    }

    fn verdict(&self) -> &'static str {
        let Some(reached) = self.reached() else {
            return "skipped";
        };
        let is_met = match self.target {
            Target::Shown => return "-",
            Target::AtLeast(target) => reached >= target,
            Target::AtMost(target) => reached <= target,
        };
        if is_met { "ok" } else { "short" }
    }

    fn range(&self) -> Option<(f64, f64)> {
        let min = self.rounds.iter().copied().reduce(f64::min)?;
        let max = self.rounds.iter().copied().reduce(f64::max)?;
        Some((min, max))
    }

    fn spread(&self) -> String {
        match self.range() {
            Some((min, max)) if self.rounds.len() > 1 => {
                let (min, max) = (self.unit.show(min), self.unit.show(max));
                format!("{} rounds {min} .. {max}", self.rounds.len())
            }
            _ => String::new(),
        }
    }

    /// The aligned line.
    pub fn line(&self, row: &str) -> String {
        let reached = self
            .reached()
            .map_or_else(String::new, |value| self.unit.show(value));
        let target = match self.target {
            Target::Shown => String::new(),
            Target::AtLeast(value) => format!(">= {}", self.unit.show(value)),
            Target::AtMost(value) => format!("<= {}", self.unit.show(value)),
        };
        let rest = [self.spread(), self.note.clone()];
        let rest = rest
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
        let (what, verdict) = (&self.what, self.verdict());
        let line =
            format!("{row:<10} {what:<58} {reached:>11}  {target:>14}  {verdict:<7}  {rest}");
        line.trim_end().to_owned()
    }

    /// The same for programs.
    pub fn json(&self, row: &str) -> String {
        let (min, max) = self.range().unzip();
        let (relation, target) = match self.target {
            Target::Shown => (None, None),
            Target::AtLeast(value) => (Some("at_least"), Some(value)),
            Target::AtMost(value) => (Some("at_most"), Some(value)),
        };
        let object = json!({
            "row": row, "what": self.what, "unit": self.unit.name(), "reached": self.reached(),
            "min": min, "max": max, "rounds": self.rounds, "relation": relation,
            "target": target, "verdict": self.verdict(), "note": self.note,
        });
        object.to_string()
    }
}

pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}
