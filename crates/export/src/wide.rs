//! Runs as one table with a column for every parameter, metric and tag.
//!
//! Invariants: columns stand in the order id .. error, parameters, metrics, tags, each sorted by name; a column of
//! parameters is of the narrowest kind that holds all of its values exactly, else text.

use std::collections::{BTreeMap, BTreeSet};

use mltrack::{ParamValue, RunSummary};

use crate::cells;
use crate::error::{Error, Result};
use crate::schema::RUNS;
use crate::table::{Cell, Column, Kind};

/// Which columns there are.
#[derive(Clone, Debug)]
pub struct Wide {
    columns: Vec<(Column, Source)>,
}

#[derive(Clone, Debug)]
enum Source {
    /// A column of the runs themselves.
    Field(usize),
    Param(String),
    Metric(String),
    Tag(String),
}

/// The largest whole number up to which a float has all of them.
const EXACT_MAX: u64 = 1 << 53;

impl Wide {
    /// Every column that one of these runs has a value in, and those that every run has.
    #[must_use]
    pub fn of(runs: &[RunSummary]) -> Wide {
        let fields = RUNS.columns().into_iter().enumerate();
        let mut columns: Vec<_> = fields
            .map(|(at, column)| (column, Source::Field(at)))
            .collect();
        let (mut params, mut others) = (BTreeMap::new(), [BTreeSet::new(), BTreeSet::new()]);
        for run in runs {
            for (name, value) in &run.params {
                let kinds: &mut Kinds = params.entry(name.as_str()).or_default();
                kinds.add(value);
            }
            others[0].extend(run.metrics.keys().map(String::as_str));
            others[1].extend(run.tags.keys().map(String::as_str));
        }
        let titled = |kind: &str, name: &str| format!("{kind}.{name}");
        for (name, kinds) in params {
            let column = Column::new(titled("params", name), kinds.kind());
            columns.push((column, Source::Param(name.to_owned())));
        }
        for name in &others[0] {
            let column = Column::new(titled("metrics", name), Kind::Real);
            columns.push((column, Source::Metric((*name).to_owned())));
        }
        for name in &others[1] {
            let column = Column::new(titled("tags", name), Kind::Text);
            columns.push((column, Source::Tag((*name).to_owned())));
        }
        Wide { columns }
    }

    /// What a page has room for: name and state, parameters and metrics, the experiment where there are several, and
    /// when runs were deleted where some are.
    #[must_use]
    pub fn for_pages(mut self, runs: &[RunSummary]) -> Wide {
        let first = runs.first().map(|run| run.experiment);
        let are_mixed = runs.iter().any(|run| Some(run.experiment) != first);
        let are_deleted = runs.iter().any(|run| run.is_deleted);
        self.columns.retain(|(column, source)| match source {
            Source::Field(_) if column.name == "experiment" => are_mixed,
            Source::Field(_) if column.name == "deleted" => are_deleted,
            Source::Field(_) => ["name", "state"].contains(&column.name.as_str()),
            Source::Param(_) | Source::Metric(_) => true,
            Source::Tag(_) => false,
        });
        self
    }

    /// Only these columns, in this order: `name`, `params.lr`, `metrics.loss`, `tags.team`, or `loss` and `lr` where
    /// that is clear. Errors: [`Error::Column`].
    pub fn only(self, names: &[String]) -> Result<Wide> {
        let find = |name: &String| {
            let is_whole = |known: &&(Column, Source)| known.0.name == *name;
            let is_end = |known: &&(Column, Source)| match &known.1 {
                Source::Field(_) => false,
                Source::Param(end) | Source::Metric(end) | Source::Tag(end) => end == name,
            };
            let whole = self.columns.iter().find(is_whole);
            let found = whole.or_else(|| self.columns.iter().find(is_end));
            found.cloned().ok_or_else(|| Error::Column {
                name: name.clone(),
                known: self
                    .columns()
                    .into_iter()
                    .map(|column| column.name)
                    .collect(),
            })
        };
        let columns = names.iter().map(find).collect::<Result<Vec<_>>>()?;
        Ok(Wide { columns })
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        self.columns
            .iter()
            .map(|(column, _)| column.clone())
            .collect()
    }

    /// A run's row.
    #[must_use]
    pub fn row(&self, run: &RunSummary) -> Vec<Cell> {
        let fields = cells::run(run);
        let cell = |(column, source): &(Column, Source)| match source {
            Source::Field(at) => fields[*at].clone(),
            Source::Param(name) => param(run.params.get(name), column.kind),
            Source::Metric(name) => run.metrics.get(name).map(|metric| metric.last.value).into(),
            Source::Tag(name) => run.tags.get(name).map(String::as_str).into(),
        };
        self.columns.iter().map(cell).collect()
    }
}

fn param(value: Option<&ParamValue>, kind: Kind) -> Cell {
    match (value, kind) {
        (None, _) => Cell::Null,
        (Some(ParamValue::Bool(flag)), Kind::Bool) => Cell::Bool(*flag),
        (Some(ParamValue::Int(number)), Kind::Int) => Cell::Int(*number),
        (Some(ParamValue::Int(number)), Kind::Real) => Cell::Real(*number as f64),
        (Some(ParamValue::Float(number)), Kind::Real) => Cell::Real(*number),
        (Some(value), _) => value.to_string().into(),
    }
}

/// What kinds of values a parameter has.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a kind of its own, and any of them may be there"
)]
struct Kinds {
    flags: bool,
    ints: bool,
    floats: bool,
    others: bool,
    /// Whether a whole number is none that a float can be.
    is_wide: bool,
}

impl Kinds {
    fn add(&mut self, value: &ParamValue) {
        match value {
            ParamValue::Bool(_) => self.flags = true,
            ParamValue::Int(number) => {
                self.ints = true;
                self.is_wide |= number.unsigned_abs() > EXACT_MAX;
            }
            ParamValue::Float(_) => self.floats = true,
            ParamValue::Text(_) | ParamValue::Json(_) => self.others = true,
        }
    }

    fn kind(&self) -> Kind {
        let numbers = self.ints || self.floats;
        match self {
            _ if self.others || (self.flags && numbers) => Kind::Text,
            _ if self.flags => Kind::Bool,
            _ if !self.floats => Kind::Int,
            _ if self.is_wide => Kind::Text,
            _ => Kind::Real,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(values: &[ParamValue]) -> Kind {
        let mut kinds = Kinds::default();
        for value in values {
            kinds.add(value);
        }
        kinds.kind()
    }

    #[test]
    fn a_column_is_as_narrow_as_its_values_allow() {
        let (int, float) = (ParamValue::Int(3), ParamValue::Float(0.5));
        assert_eq!(kind(std::slice::from_ref(&int)), Kind::Int);
        assert_eq!(kind(&[int.clone(), float.clone()]), Kind::Real);
        assert_eq!(kind(&[ParamValue::Int(i64::MAX), float]), Kind::Text);
        assert_eq!(kind(&[ParamValue::Int(i64::MIN)]), Kind::Int);
        assert_eq!(kind(&[ParamValue::Bool(true)]), Kind::Bool);
        assert_eq!(kind(&[ParamValue::Bool(true), int]), Kind::Text);
        assert_eq!(kind(&[ParamValue::Text("a".into())]), Kind::Text);
    }
}
