//! Columns of the table of runs, as people write them: `loss`, `loss.min@step`, `=lr`, `.started`, `tags.paper`.
//!
//! 1. A metric's name may hold dots, so only a last part that is `min`, `max`, `mean`, `first`, `last`
//!    or `count` is taken for one.
//! 2. Commas part columns, except inside the braces of a metric's context.

use std::str::FromStr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    Metric {
        name: String,
        part: Part,
        with_step: bool,
    },
    Param(String),
    Tag(String),
    Property(Property),
}

/// Columns in one word, such as `acc,=lr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(pub Vec<Column>);

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
    Parent,
    Heard,
    Error,
}

/// A column to sort by, and in which direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    pub column: Column,
    pub is_descending: bool,
}

/// Several of them in one word, such as `-acc,loss`; the later ones decide between equals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sorts(pub Vec<Sort>);

const PARTS: [(&str, Part); 6] = [
    ("last", Part::Last),
    ("first", Part::First),
    ("min", Part::Min),
    ("max", Part::Max),
    ("mean", Part::Mean),
    ("count", Part::Count),
];

const PROPERTIES: [(&str, Property); 15] = [
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
    ("parent", Property::Parent),
    ("heard", Property::Heard),
    ("error", Property::Error),
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
        if let Some(name) = text.strip_prefix("tags.") {
            return Ok(Column::Tag(name.to_owned()));
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

impl FromStr for Columns {
    type Err = String;

    fn from_str(text: &str) -> Result<Columns, String> {
        let columns: Result<_, _> = parts(text).map(str::parse).collect();
        columns.map(Columns)
    }
}

impl FromStr for Sorts {
    type Err = String;

    fn from_str(text: &str) -> Result<Sorts, String> {
        let sorts: Result<_, _> = parts(text).map(str::parse).collect();
        sorts.map(Sorts)
    }
}

/// What the commas outside braces part.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    text.split(move |letter| {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    })
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
            Column::Tag(name) => format!("tags.{name}"),
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
            Column::Param(_) | Column::Tag(_) => false,
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

    /// The column as the library's own order writes it; `None` for what only a table knows.
    fn order(&self) -> Option<String> {
        match self {
            Column::Property(Property::Parent | Property::Heard) => None,
            Column::Property(_) => Some(self.title()),
            Column::Param(name) => Some(format!("params.{}", quoted(name)?)),
            Column::Tag(name) => Some(format!("tags.{}", quoted(name)?)),
            Column::Metric { name, .. } => {
                let title = self.title();
                let rest = &title[name.len()..];
                Some(format!("metrics.{}{rest}", quoted(name)?))
            }
        }
    }
}

/// A name as an order takes it. One with both kinds of quotes it cannot take.
fn quoted(name: &str) -> Option<String> {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-./{}=,:".contains(letter);
    match name {
        _ if name.chars().all(is_plain) => Some(name.to_owned()),
        _ if !name.contains('`') => Some(format!("`{name}`")),
        _ if !name.contains('"') => Some(format!("\"{name}\"")),
        _ => None,
    }
}

impl Sort {
    /// As the library writes it; `None` when it cannot sort so.
    pub fn order(&self) -> Option<String> {
        let sign = if self.is_descending { "-" } else { "" };
        Some(format!("{sign}{}", self.column.order()?))
    }
}

#[cfg(test)]
mod tests {
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
            "tags.paper",
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
    fn commas_part_columns_but_not_a_context() {
        let Columns(columns) = "acc,loss{a=1,b=2}.min,=lr".parse().unwrap();
        let titles: Vec<String> = columns.iter().map(Column::title).collect();
        assert_eq!(titles, ["acc", "loss{a=1,b=2}.min", "=lr"]);
        assert!("acc,,loss".parse::<Columns>().is_err());
        let Sorts(sorts) = "-acc,tags.paper".parse().unwrap();
        assert!(sorts[0].is_descending && !sorts[1].is_descending);
    }

    #[test]
    fn what_the_library_cannot_sort_by_has_no_order() {
        let order = |text: &str| text.parse::<Sort>().unwrap().order();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(order("-loss.min@step"), some("-metrics.loss.min@step"));
        assert_eq!(order("my loss.max"), some("metrics.`my loss`.max"));
        assert_eq!(order("=optimizer.lr"), some("params.optimizer.lr"));
        assert_eq!(order("-.took"), some("-.took"));
        assert_eq!(order("-.heard"), None);
        assert_eq!(order("a`\"b"), None);
    }
}
