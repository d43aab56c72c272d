//! What the x axis of a chart is: steps, times, or another metric of the same run.
//!
//! Invariant: places come in rising order, each with its value; a point that has no place is left out.

use std::fmt::Display;
use std::str::FromStr;

use mltrack::{Points, WallTime};

/// An axis.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Axis {
    /// The step.
    #[default]
    Step,
    /// ms since 1970.
    Time,
    /// Seconds since the run started.
    Relative,
    /// What another metric had at the same step, or last before it.
    Metric(String),
}

impl FromStr for Axis {
    type Err = String;

    fn from_str(text: &str) -> Result<Axis, String> {
        match text {
            "step" => Ok(Axis::Step),
            "time" => Ok(Axis::Time),
            "relative" => Ok(Axis::Relative),
            other => match other.strip_prefix("metrics.") {
                Some(name) if !name.is_empty() => Ok(Axis::Metric(name.to_owned())),
                _ => Err(format!(
                    "x is {}, and can be step, time, relative, or metrics.NAME",
                    quoted(other)
                )),
            },
        }
    }
}

fn quoted(text: impl Display) -> String {
    format!("{:?}", text.to_string())
}

/// Places and their values.
#[derive(Clone, Debug)]
pub struct Placed {
    pub xs: Vec<f64>,
    pub values: Vec<f64>,
}

/// The points by their step.
pub fn by_step(points: Points) -> Placed {
    Placed {
        xs: points.steps.iter().map(|step| *step as f64).collect(),
        values: points.values,
    }
}

/// The points by their time.
pub fn by_time(points: Points) -> Placed {
    sorted(
        points.times_ns.iter().map(|time| *time as f64 / 1e6),
        points.values,
    )
}

/// The points by the seconds between the start and them.
pub fn by_relative_time(points: Points, started: WallTime) -> Placed {
    let since = |time_ns: &i64| time_ns.saturating_sub(started.0) as f64 / 1e9;
    sorted(points.times_ns.iter().map(since), points.values)
}

/// The points by what the other metric was then. Both come in the order of their steps.
pub fn by_metric(points: &Points, other: &Points) -> Placed {
    let (mut places, mut values) = (Vec::new(), Vec::new());
    let first = points.steps.first();
    let mut behind = first.map_or(0, |first| {
        other.steps.partition_point(|known| known < first)
    });
    for (step, value) in points.steps.iter().zip(&points.values) {
        while other.steps.get(behind).is_some_and(|known| known <= step) {
            behind += 1;
        }
        let place = behind.checked_sub(1).map(|at| other.values[at]);
        if let Some(place) = place.filter(|place| place.is_finite()) {
            places.push(place);
            values.push(*value);
        }
    }
    sorted(places, values)
}

/// In the order of the places. Of several at one place, the one that came first stays first.
pub fn sorted(places: impl IntoIterator<Item = f64>, values: Vec<f64>) -> Placed {
    let xs: Vec<f64> = places.into_iter().collect();
    if xs.is_sorted() {
        return Placed { xs, values };
    }
    let mut order: Vec<usize> = (0..xs.len()).collect();
    order.sort_by(|left, right| xs[*left].total_cmp(&xs[*right]));
    Placed {
        values: order.iter().map(|at| values[*at]).collect(),
        xs: order.into_iter().map(|at| xs[at]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(rows: &[(i64, i64, f64)]) -> Points {
        Points {
            steps: rows.iter().map(|row| row.0).collect(),
            times_ns: rows.iter().map(|row| row.1 * 1_000_000_000).collect(),
            values: rows.iter().map(|row| row.2).collect(),
            lsns: Vec::new(),
        }
    }

    #[test]
    fn an_axis_is_named_in_a_word() {
        assert_eq!("step".parse(), Ok(Axis::Step));
        assert_eq!("metrics.epoch".parse(), Ok(Axis::Metric("epoch".into())));
        let refused = "metrics.".parse::<Axis>().unwrap_err();
        assert!(refused.contains("relative"), "{refused}");
    }

    #[test]
    fn times_that_went_back_are_put_in_order() {
        let placed = by_relative_time(
            points(&[(0, 13, 1.0), (1, 11, 2.0), (2, 12, 3.0)]),
            WallTime(10_000_000_000),
        );
        assert_eq!(placed.xs, [1.0, 2.0, 3.0]);
        assert_eq!(placed.values, [2.0, 3.0, 1.0]);
        assert_eq!(by_time(points(&[(0, 1, 1.0)])).xs, [1_000.0]);
    }

    #[test]
    fn another_metric_counts_from_the_step_where_it_was_logged() {
        let epochs = points(&[(2, 0, 1.0), (4, 0, 2.0), (5, 0, f64::NAN)]);
        let loss: Vec<_> = (0..6).map(|step| (step, 0, step as f64)).collect();
        let placed = by_metric(&points(&loss), &epochs);
        assert_eq!(placed.xs, [1.0, 1.0, 2.0]);
        assert_eq!(placed.values, [2.0, 3.0, 4.0]);
    }
}
