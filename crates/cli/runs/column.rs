//! Columns of the table of runs, as people write them: `loss`, `loss.min@step`, `=lr`, `.started`.
//!
//! 1. A metric's name may hold dots, so only a last part that is `min`, `max`, `mean`, `first`, `last`
//!    or `count` is taken for one.
//! 2. What a run lacks sorts last, in both directions; so does NaN.

use std::cmp::Ordering;
use std::str::FromStr;

use super::row::{MetricRow, RunRow};
use crate::output::quantity::{rfc3339, short_number, took};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    Metric {
        name: String,
        part: Part,
        with_step: bool,
    },
    Param(String),
    Property(Property),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Last,
    First,
    Min,
    Max,
    Mean,
    Count,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    Id,
    Name,
    Experiment,
    Number,
    State,
    Started,
    Ended,
    Took,
    Pid,
    Host,
    Seed,
    Points,
}

/// A column to sort by, and in which direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    pub column: Column,
    pub is_descending: bool,
}

/// What a run has in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Number { value: f64, text: String },
    Text(String),
}

const PARTS: [(&str, Part); 6] = [
    ("last", Part::Last),
    ("first", Part::First),
    ("min", Part::Min),
    ("max", Part::Max),
    ("mean", Part::Mean),
    ("count", Part::Count),
];

const PROPERTIES: [(&str, Property); 12] = [
    ("id", Property::Id),
    ("name", Property::Name),
    ("experiment", Property::Experiment),
    ("number", Property::Number),
    ("state", Property::State),
    ("started", Property::Started),
    ("ended", Property::Ended),
    ("took", Property::Took),
    ("pid", Property::Pid),
    ("host", Property::Host),
    ("seed", Property::Seed),
    ("points", Property::Points),
];

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Column, String> {
        if let Some(name) = text.strip_prefix('=') {
            return Ok(Column::Param(name.to_owned()));
        }
        if let Some(name) = text.strip_prefix('.') {
            let known = PROPERTIES.iter().find(|(known, _)| *known == name);
            return known
                .map(|(_, property)| Column::Property(*property))
                .ok_or_else(|| {
                    let names: Vec<String> = PROPERTIES
                        .iter()
                        .map(|(name, _)| format!(".{name}"))
                        .collect();
                    format!(
                        "{text:?} is no property of a run: there are {}",
                        names.join(", ")
                    )
                });
        }
        if text.is_empty() {
            return Err("a column needs a name: loss, loss.min, =lr or .started".to_owned());
        }
        let (rest, with_step) = text
            .strip_suffix("@step")
            .map_or((text, false), |rest| (rest, true));
        let part = rest.rsplit_once('.').and_then(|(name, part)| {
            let part = PARTS.iter().find(|(known, _)| *known == part)?.1;
            (!name.is_empty()).then_some((name, part))
        });
        let (name, part) = part.unwrap_or((rest, Part::Last));
        if with_step && matches!(part, Part::Mean | Part::Count) {
            return Err(format!("{text:?}: a mean or a count has no step"));
        }
        Ok(Column::Metric {
            name: name.to_owned(),
            part,
            with_step,
        })
    }
}

impl FromStr for Sort {
    type Err = String;

    fn from_str(text: &str) -> Result<Sort, String> {
        let (column, is_descending) = text
            .strip_prefix('-')
            .map_or((text, false), |rest| (rest, true));
        Ok(Sort {
            column: column.parse()?,
            is_descending,
        })
    }
}

impl Column {
    /// As it is written.
    pub fn title(&self) -> String {
        match self {
            Column::Param(name) => format!("={name}"),
            Column::Property(property) => {
                let known = PROPERTIES.iter().find(|(_, known)| known == property);
                format!(".{}", known.expect("every property is in the list").0)
            }
            Column::Metric {
                name,
                part,
                with_step,
            } => {
                let known = PARTS.iter().find(|(_, known)| known == part);
                let part = match part {
                    Part::Last => String::new(),
                    _ => format!(".{}", known.expect("every part is in the list").0),
                };
                format!("{name}{part}{}", if *with_step { "@step" } else { "" })
            }
        }
    }

    pub fn is_number(&self) -> bool {
        match self {
            Column::Metric { .. } => true,
            Column::Param(_) => false,
            Column::Property(property) => {
                matches!(
                    property,
                    Property::Number
                        | Property::Took
                        | Property::Pid
                        | Property::Seed
                        | Property::Points
                )
            }
        }
    }

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
                let value = run.params.get(name)?;
                let text = value.to_string();
                Some(match text.parse::<f64>() {
                    Ok(value) => Content::Number { value, text },
                    Err(_) => Content::Text(text),
                })
            }
            Column::Property(property) => of_property(run, *property, now_ns),
        }
    }
}

fn of_metric(metric: &MetricRow, part: Part, with_step: bool) -> Option<Content> {
    let (value, step) = match part {
        Part::Last => (metric.last.value, Some(metric.last.step)),
        Part::First => (metric.first.value, Some(metric.first.step)),
        Part::Min => (metric.min?.value, Some(metric.min?.step)),
        Part::Max => (metric.max?.value, Some(metric.max?.step)),
        Part::Mean => (metric.mean?, None),
        Part::Count => (metric.count as f64, None),
    };
    let text = match step.filter(|_| with_step) {
        Some(step) => format!("{}@{step}", short_number(value)),
        None => short_number(value),
    };
    Some(Content::Number { value, text })
}

fn of_property(run: &RunRow, property: Property, now_ns: i64) -> Option<Content> {
    let whole = |value: u64| Content::Number {
        value: value as f64,
        text: value.to_string(),
    };
    let time = |time_ns: i64| Content::Number {
        value: time_ns as f64,
        text: rfc3339(time_ns),
    };
    Some(match property {
        Property::Id => Content::Text(run.id.clone()),
        Property::Name => Content::Text(run.name.clone()),
        Property::Experiment => Content::Text(run.experiment.clone()),
        Property::Number => whole(run.number),
        Property::State => Content::Text(run.state.to_string()),
        Property::Started => time(run.started_ns?),
        Property::Ended => time(run.ended_ns?),
        Property::Took => {
            let length_ns = run.took_ns(now_ns)?;
            Content::Number {
                value: length_ns as f64,
                text: took(length_ns),
            }
        }
        Property::Pid => whole(run.pid.into()),
        Property::Host => Content::Text(run.host.clone()),
        Property::Seed => whole(run.seed?),
        Property::Points => whole(run.points),
    })
}

impl Sort {
    pub fn compare(&self, a: &RunRow, b: &RunRow, now_ns: i64) -> Ordering {
        let contents = (
            self.column.content(a, now_ns),
            self.column.content(b, now_ns),
        );
        let ordering = match contents {
            (Some(a), Some(b)) => match (is_nan(&a), is_nan(&b)) {
                (false, false) => a.compare(&b),
                (a_is_nan, b_is_nan) => return a_is_nan.cmp(&b_is_nan),
            },
            (a, b) => return a.is_none().cmp(&b.is_none()),
        };
        if self.is_descending {
            ordering.reverse()
        } else {
            ordering
        }
    }
}

fn is_nan(content: &Content) -> bool {
    matches!(content, Content::Number { value, .. } if value.is_nan())
}

impl Content {
    pub fn text(self) -> String {
        match self {
            Content::Number { text, .. } | Content::Text(text) => text,
        }
    }

    /// Numbers stand before texts.
    fn compare(&self, other: &Content) -> Ordering {
        match (self, other) {
            (Content::Number { value: a, .. }, Content::Number { value: b, .. }) => a.total_cmp(b),
            (Content::Text(a), Content::Text(b)) => a.cmp(b),
            (Content::Number { .. }, Content::Text(_)) => Ordering::Less,
            (Content::Text(_), Content::Number { .. }) => Ordering::Greater,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::tests::row;
    use super::*;

    #[test]
    fn every_form_of_column_parses_and_prints_as_it_was_written() {
        for text in [
            "loss",
            "loss.min",
            "loss.min@step",
            "gpu.0.util",
            "val/acc.max",
            "loss@step",
            "=lr",
            ".started",
        ] {
            assert_eq!(text.parse::<Column>().unwrap().title(), text);
        }
        let dotted: Column = "gpu.0.util".parse().unwrap();
        assert_eq!(
            dotted,
            Column::Metric {
                name: "gpu.0.util".into(),
                part: Part::Last,
                with_step: false
            }
        );
    }

    #[test]
    fn columns_that_cannot_be_are_refused_with_those_that_can() {
        assert!(
            ".birthday"
                .parse::<Column>()
                .unwrap_err()
                .contains(".started")
        );
        assert!("loss.mean@step".parse::<Column>().is_err());
        assert!("".parse::<Column>().is_err());
    }

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
    fn the_step_is_shown_when_asked_for() {
        let column: Column = "loss.max@step".parse().unwrap();
        assert_eq!(
            column.content(&row("a", Some(2.5)), 0).unwrap().text(),
            "2.500@7"
        );
    }
}
