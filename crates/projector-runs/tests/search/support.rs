//! A table of runs written down by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use mltrack_projector_runs::search::{
    Aggregate, Attribute, Bitmap, Column, ColumnData, ColumnSource, Expr, Family, Mode, Order,
    Question, SearchError, Selected, TextsBuilder, Window, parse, parse_orders, select,
};

pub const SECOND_NS: i64 = 1_000_000_000;
/// 2026-11-21T12:00:00Z
pub const NOW_NS: i64 = 1_795_262_400 * SECOND_NS;

/// A metric's numbers: last, first, smallest, largest, mean, and the steps of the first four.
#[derive(Clone, Copy, Default, Debug)]
pub struct Metric {
    pub last: f64,
    pub min: f64,
    pub min_step: i64,
    pub count: i64,
}

#[derive(Clone, Default, Debug)]
pub struct Row {
    pub id: u128,
    pub name: &'static str,
    pub experiment: &'static str,
    pub status: &'static str,
    pub started_ns: Option<i64>,
    pub ended_ns: Option<i64>,
    pub seed: Option<i64>,
    pub metrics: BTreeMap<String, Metric>,
    pub params: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
}

impl Row {
    pub fn metric(mut self, name: &str, last: f64) -> Row {
        let metric = Metric {
            last,
            min: last - 1.0,
            min_step: 7,
            count: 3,
        };
        self.metrics.insert(name.into(), metric);
        self
    }

    pub fn param(mut self, name: &str, value: &str) -> Row {
        self.params.insert(name.into(), value.into());
        self
    }

    pub fn tag(mut self, name: &str, value: &str) -> Row {
        self.tags.insert(name.into(), value.into());
        self
    }
}

#[derive(Debug)]
pub struct Table(pub Vec<Row>);

impl Table {
    fn texts<'a>(&'a self, text: impl Fn(&'a Row) -> Option<&'a str>) -> ColumnData {
        let mut builder = TextsBuilder::default();
        for row in &self.0 {
            builder.push(text(row));
        }
        ColumnData::Texts(builder.build())
    }

    fn integers(&self, integer: impl Fn(&Row) -> Option<i64>) -> ColumnData {
        let values: Vec<Option<i64>> = self.0.iter().map(integer).collect();
        ColumnData::Integers {
            present: Bitmap::of(values.len(), |row| values[row].is_some()),
            values: values.into_iter().map(Option::unwrap_or_default).collect(),
        }
    }

    fn metric(&self, name: &str, aggregate: Aggregate, is_step: bool) -> ColumnData {
        let found: Vec<Option<Metric>> = self
            .0
            .iter()
            .map(|row| row.metrics.get(name).copied())
            .collect();
        let present = Bitmap::of(found.len(), |row| found[row].is_some());
        let found = found.into_iter().map(Option::unwrap_or_default);
        match (aggregate, is_step) {
            (Aggregate::Count, _) => ColumnData::Integers {
                values: found.map(|metric| metric.count).collect(),
                present,
            },
            (_, true) => ColumnData::Integers {
                values: found.map(|metric| metric.min_step).collect(),
                present,
            },
            (Aggregate::Min, false) => ColumnData::Numbers {
                values: found.map(|metric| metric.min).collect(),
                present,
            },
            _ => ColumnData::Numbers {
                values: found.map(|metric| metric.last).collect(),
                present,
            },
        }
    }

    fn names_of(&self, family: Family) -> BTreeSet<&str> {
        let names = self.0.iter().flat_map(|row| match family {
            Family::Metric => row.metrics.keys().map(String::as_str).collect::<Vec<_>>(),
            Family::Param => row.params.keys().map(String::as_str).collect(),
            Family::Tag => row.tags.keys().map(String::as_str).collect(),
        });
        names.collect()
    }
}

impl ColumnSource for Table {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn column(&self, column: &Column) -> io::Result<Arc<ColumnData>> {
        let of_text = |text: &'static str| (!text.is_empty()).then_some(text);
        Ok(Arc::new(match column {
            Column::Metric {
                name,
                aggregate,
                is_step,
            } => self.metric(name, *aggregate, *is_step),
            Column::Param(name) => self.texts(|row| row.params.get(&**name).map(String::as_str)),
            Column::Tag(name) => self.texts(|row| row.tags.get(&**name).map(String::as_str)),
            Column::Attribute(Attribute::Id) => {
                ColumnData::Ids(self.0.iter().map(|row| row.id.to_be_bytes()).collect())
            }
            Column::Attribute(Attribute::Name) => self.texts(|row| of_text(row.name)),
            Column::Attribute(Attribute::Experiment) => self.texts(|row| of_text(row.experiment)),
            Column::Attribute(Attribute::Status) => self.texts(|row| of_text(row.status)),
            Column::Attribute(Attribute::Actor) => self.texts(|_| Some("ada")),
            Column::Attribute(Attribute::Started) => self.integers(|row| row.started_ns),
            Column::Attribute(Attribute::Ended) => self.integers(|row| row.ended_ns),
            Column::Attribute(Attribute::Seed) => self.integers(|row| row.seed),
            Column::Attribute(
                made @ (Attribute::Took | Attribute::Dirty | Attribute::MlflowStatus),
            ) => {
                let message = format!("{made:?} is made of other columns");
                return Err(io::Error::other(message));
            }
            Column::Attribute(_) | Column::Dataset(_) => ColumnData::Missing,
        }))
    }

    fn has(&self, family: Family, name: &str) -> bool {
        self.names_of(family).contains(name)
    }

    fn names(&self, family: Family) -> Vec<Box<str>> {
        let names = self.names_of(family).into_iter();
        names.map(Into::into).collect()
    }
}

/// Asks for everything.
pub fn ask(
    table: &Table,
    mode: Mode,
    filter: &str,
    orders: &[&str],
) -> Result<Selected, SearchError> {
    let filters: Vec<Expr> = vec![parse(filter, mode)?];
    let orders: Vec<Order> = parse_orders(orders, mode)?;
    let question = Question {
        base: &Bitmap::all(table.len()),
        filters: &filters,
        orders: &orders,
        ties: mode,
        window: Window {
            offset: 0,
            limit: usize::MAX,
        },
        now_ns: NOW_NS,
    };
    select(table, &question)
}

/// The names of the runs that are found, in order.
pub fn names(table: &Table, mode: Mode, filter: &str, orders: &[&str]) -> Vec<&'static str> {
    let selected = ask(table, mode, filter, orders).expect("the question is right");
    selected
        .rows
        .iter()
        .map(|row| table.0[*row as usize].name)
        .collect()
}

/// What is underlined, and the whole error as it is shown.
pub fn refusal(table: &Table, mode: Mode, filter: &str, orders: &[&str]) -> (String, String) {
    match ask(table, mode, filter, orders) {
        Err(SearchError::Filter(error)) => {
            let span = error.span();
            let marked = error.text()[span.start..span.end].to_owned();
            (marked, error.to_string())
        }
        other => panic!("{filter:?} {orders:?} must be refused: {other:?}"),
    }
}

/// Four runs, from the oldest to the newest.
pub fn four() -> Table {
    let row = |id: u128, name, hours_ago: i64| Row {
        id: id << 96 | id,
        name,
        experiment: "resnet",
        status: "completed",
        started_ns: Some(NOW_NS - hours_ago * 3600 * SECOND_NS),
        ended_ns: Some(NOW_NS - hours_ago * 3600 * SECOND_NS + 90 * SECOND_NS),
        ..Row::default()
    };
    Table(vec![
        row(0xa3f9_0001, "kind-elk", 200)
            .metric("loss", 0.5)
            .metric("val/acc", 0.9)
            .param("lr", "0.0003")
            .param("optimizer.name", "adam")
            .param("augment", "True")
            .tag("paper", "v2"),
        row(0xb3f9_0002, "red-oak", 30)
            .metric("loss", f64::NAN)
            .metric("loss.min", 4.0)
            .param("lr", "1e-3")
            .param("optimizer.name", "sgd")
            .param("augment", "false")
            .tag("git.dirty", "true"),
        Row {
            experiment: "bert",
            status: "failed",
            seed: Some(1 << 60),
            ..row(0xc3f9_0003, "shy-fox", 2)
        }
        .metric("loss{subset=val}", 0.25)
        .param("lr", "auto")
        .tag("mltrack.dirty", "false")
        .tag("note", "Kind of slow"),
        Row {
            status: "running",
            ended_ns: None,
            ..row(0xd3f9_0004, "new-ant", 1)
        }
        .metric("loss", 0.75)
        .param("lr", "0.01"),
    ])
}
