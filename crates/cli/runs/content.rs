//! What a run has in a column: to be shown, to be sorted by, to be written for programs.
//!
//! Invariant: what a run lacks sorts last, in both directions; before it NaN.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::column::{Column, Part, Property, Sort};
use super::row::{MetricRow, PointRow, RunRow};
use crate::output::items::plain;
use crate::output::quantity::{number, rfc3339, short_number, took};

/// What a run has in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Number {
        value: f64,
        text: String,
        /// With all its digits.
        exact: Value,
    },
    /// A value and the step at which it was logged; sorts by the step.
    Point(PointRow),
    /// Nanoseconds since 1970.
    Time(i64),
    /// Nanoseconds.
    Length(i64),
    Text(String),
}

impl Column {
    pub fn content(&self, run: &RunRow, now_ns: i64) -> Option<Content> {
        match self {
            Column::Metric {
                name,
                part,
                with_step,
            } => of_metric(
                run.metrics.iter().find(|metric| metric.label == *name)?,
                *part,
                *with_step,
            ),
            Column::Param(name) => {
                let text = run.params.get(name)?.to_string();
                Some(match text.parse::<f64>() {
                    Ok(value) => Content::Number {
                        value,
                        exact: text.parse::<i64>().map_or(number(value), Value::from),
                        text,
                    },
                    Err(_) => Content::Text(text),
                })
            }
            Column::Tag(name) => run.tags.get(name).cloned().map(Content::Text),
            Column::Property(property) => of_property(run, *property, now_ns),
        }
    }
}

fn of_metric(metric: &MetricRow, part: Part, with_step: bool) -> Option<Content> {
    let of_value = |value: f64| Content::Number {
        value,
        text: short_number(value),
        exact: number(value),
    };
    let point = match part {
        Part::Last => metric.last,
        Part::First => metric.first,
        Part::Min => metric.min?,
        Part::Max => metric.max?,
        Part::Mean => return metric.mean.map(of_value),
        Part::Count => return Some(whole(metric.count)),
    };
    Some(if with_step {
        Content::Point(point)
    } else {
        of_value(point.value)
    })
}

fn whole(value: u64) -> Content {
    Content::Number {
        value: value as f64,
        text: value.to_string(),
        exact: value.into(),
    }
}

fn of_property(run: &RunRow, property: Property, now_ns: i64) -> Option<Content> {
    Some(match property {
        Property::Id => Content::Text(run.id.clone()),
        Property::Name => Content::Text(run.name.clone()),
        Property::Experiment => Content::Text(run.experiment.clone()),
        Property::Number => whole(run.number),
        Property::State => Content::Text(run.state.to_string()),
        Property::Started => Content::Time(run.started_ns?),
        Property::Ended => Content::Time(run.ended_ns?),
        Property::Took => Content::Length(run.took_ns(now_ns)?),
        Property::Pid => whole(run.pid.into()),
        Property::Host => Content::Text(run.host.clone()),
        Property::Seed => whole(run.seed?),
        Property::Points => whole(run.points),
        Property::Parent => Content::Text(run.parent.clone()?),
        Property::Heard => Content::Time(run.heard_ns),
        Property::Error => Content::Text(run.error.clone()?),
    })
}

impl Sort {
    pub fn compare(&self, a: &RunRow, b: &RunRow, now_ns: i64) -> Ordering {
        let content = |run| self.column.content(run, now_ns);
        compare_present(content(a).as_ref(), content(b).as_ref(), self.is_descending)
    }
}

/// Runs by several columns, the first of which decides first.
pub fn compare_runs(sorts: &[Sort], a: &RunRow, b: &RunRow, now_ns: i64) -> Ordering {
    let by = sorts.iter().map(|sort| sort.compare(a, b, now_ns));
    by.fold(Ordering::Equal, Ordering::then)
}

/// What is missing stands last, before it what is not a number, whatever the direction.
pub fn compare_present(a: Option<&Content>, b: Option<&Content>, is_descending: bool) -> Ordering {
    let ordering = match (a, b) {
        (Some(a), Some(b)) => match (a.is_nan(), b.is_nan()) {
            (false, false) => a.compare(b),
            (a_is_nan, b_is_nan) => return a_is_nan.cmp(&b_is_nan),
        },
        (a, b) => return a.is_none().cmp(&b.is_none()),
    };
    if is_descending {
        ordering.reverse()
    } else {
        ordering
    }
}

impl Content {
    /// As a table shows it.
    pub fn text(&self) -> String {
        match self {
            Content::Number { text, .. } | Content::Text(text) => text.clone(),
            Content::Point(point) => format!("{}@{}", short_number(point.value), point.step),
            Content::Time(time_ns) => rfc3339(*time_ns),
            Content::Length(length_ns) => took(*length_ns),
        }
    }

    /// With all its digits.
    pub fn value(&self) -> Value {
        match self {
            Content::Number { exact, .. } => exact.clone(),
            Content::Point(point) => json!({"value": number(point.value), "step": point.step}),
            Content::Time(time_ns) => rfc3339(*time_ns).into(),
            Content::Length(length_ns) => number(*length_ns as f64 / 1e9),
            Content::Text(text) => text.as_str().into(),
        }
    }

    /// The same, in one cell of a line.
    pub fn line_value(&self) -> Value {
        match self {
            Content::Point(point) => {
                format!("{}@{}", plain(&number(point.value)), point.step).into()
            }
            other => other.value(),
        }
    }

    /// The number that it sorts by.
    pub fn number(&self) -> Option<f64> {
        match self {
            Content::Number { value, .. } => Some(*value),
            Content::Point(point) => Some(point.step as f64),
            Content::Time(ns) | Content::Length(ns) => Some(*ns as f64),
            Content::Text(_) => None,
        }
    }

    fn is_nan(&self) -> bool {
        self.number().is_some_and(f64::is_nan)
    }

    /// Numbers stand before texts.
    fn compare(&self, other: &Content) -> Ordering {
        match (self, other) {
            (Content::Text(a), Content::Text(b)) => a.cmp(b),
            (Content::Time(a), Content::Time(b)) => a.cmp(b),
            _ => match (self.number(), other.number()) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => a.is_none().cmp(&b.is_none()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::tests::row;
    use super::*;

    #[test]
    fn what_a_run_lacks_sorts_last_in_both_directions() {
        let rows = [
            row("a", Some(2.0)),
            row("b", None),
            row("c", Some(f64::NAN)),
            row("d", Some(1.0)),
        ];
        let order = |sort: &str| {
            let sort: Sort = sort.parse().unwrap();
            let mut rows = rows.to_vec();
            rows.sort_by(|a, b| sort.compare(a, b, 0));
            rows.iter()
                .map(|row| row.name.as_str())
                .collect::<Vec<_>>()
                .join("")
        };
        assert_eq!(order("loss"), "dacb");
        assert_eq!(order("-loss"), "adcb");
    }

    #[test]
    fn the_step_is_shown_and_sorted_by_when_asked_for() {
        let content = |text: &str| {
            let column: Column = text.parse().unwrap();
            column.content(&row("a", Some(2.5)), 0).unwrap()
        };
        assert_eq!(content("loss.max@step").text(), "2.500@7");
        assert_eq!(content("loss.max@step").number(), Some(7.0));
        assert_eq!(
            content("loss.max@step").value(),
            json!({"value": 2.5, "step": 7})
        );
    }

    #[test]
    fn whole_numbers_stay_whole_and_others_keep_their_digits() {
        let mut run = row("a", Some(1.0 / 3.0));
        run.params.insert("n".into(), 3_i64.into());
        let value = |text: &str| {
            let column: Column = text.parse().unwrap();
            column.content(&run, 0).unwrap().value()
        };
        assert_eq!(value("=n"), json!(3));
        assert_eq!(value("loss"), json!(1.0 / 3.0));
        assert_eq!(value("loss.count"), json!(1));
    }
}
