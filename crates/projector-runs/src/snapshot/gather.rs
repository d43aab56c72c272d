//! From runs to columns: every value of every run goes to the column that it belongs to.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use bincode::{Decode, Encode};
use mltrack_event::MetricId;

use super::columns::{Sparse, encode_integers, encode_numbers, encode_texts};
use super::parts::{Part, PartWriter};
use crate::metrics::MetricSummary;
use crate::run::Run;
use crate::search::{
    Aggregate, Attribute, Cell, Column, TextList, attribute_cell, metric_cell, param_text,
};
use crate::state::State;

/// Attributes that have a column here; the others are made of briefs, or of other columns.
pub const STORED: [(Attribute, &str); 12] = [
    (Attribute::Created, "created"),
    (Attribute::Started, "started"),
    (Attribute::Ended, "ended"),
    (Attribute::Actor, "actor"),
    (Attribute::Host, "host"),
    (Attribute::Pid, "pid"),
    (Attribute::Seed, "seed"),
    (Attribute::Points, "points"),
    (Attribute::Lines, "lines"),
    (Attribute::Notes, "notes"),
    (Attribute::Command, "command"),
    (Attribute::Error, "error"),
];
/// Numbers out of a metric's points that have a column: the aggregate, and whether its step is meant.
const NUMBERS: [(Aggregate, bool); 10] = [
    (Aggregate::Last, false),
    (Aggregate::Last, true),
    (Aggregate::First, false),
    (Aggregate::First, true),
    (Aggregate::Min, false),
    (Aggregate::Min, true),
    (Aggregate::Max, false),
    (Aggregate::Max, true),
    (Aggregate::Mean, false),
    (Aggregate::Count, false),
];

/// Where the columns are, by key.
#[derive(Default, Encode, Decode)]
pub struct ColumnIndex {
    pub columns: BTreeMap<String, Part>,
}

pub const METRIC: &str = "metric/";
pub const PARAM: &str = "param/";
pub const TAG: &str = "tag/";
const ATTRIBUTE: &str = "attribute/";

/// The key of a column in the index; `None` for one that has no column there.
pub fn key_of(column: &Column) -> Option<String> {
    Some(match column {
        Column::Metric {
            name,
            aggregate,
            is_step,
        } => metric_key(name, *aggregate, *is_step),
        Column::Param(name) => format!("{PARAM}{name}"),
        Column::Tag(name) => format!("{TAG}{name}"),
        Column::Attribute(attribute) => {
            let stored = STORED.iter().find(|(stored, _)| stored == attribute);
            format!("{ATTRIBUTE}{}", stored?.1)
        }
        Column::Dataset(_) => return None,
    })
}

fn metric_key(label: &str, aggregate: Aggregate, is_step: bool) -> String {
    let word = Aggregate::ALL.iter().find(|(_, known)| *known == aggregate);
    let word = word.expect("every aggregate has a word").0;
    let step = if is_step { "@step" } else { "" };
    format!("{METRIC}{word}{step}/{label}")
}

/// The metric of a column's key, for the column that every metric has.
pub fn metric_of_key(key: &str) -> Option<&str> {
    key.strip_prefix(METRIC)?.strip_prefix("count/")
}

/// A column that is being gathered.
#[derive(Default)]
struct Gathered {
    values: Sparse,
    is_number: bool,
    dictionary: TextList,
    codes: HashMap<Box<str>, u32>,
}

impl Gathered {
    fn push(&mut self, row: u32, cell: &Cell<'_>) {
        match cell {
            // Ids stand in the briefs.
            Cell::Missing | Cell::Id(_) => {}
            Cell::Number(value) => {
                self.is_number = true;
                self.values.push(row, value.to_bits());
            }
            Cell::Integer(value) => self.values.push(row, *value as u64),
            Cell::Text(text) => self.push_text(row, text),
        }
    }

    fn push_text(&mut self, row: u32, text: &str) {
        let known = self.codes.get(text).copied();
        let code = known.unwrap_or_else(|| {
            let code = self.dictionary.len() as u32;
            self.dictionary.push(text);
            self.codes.insert(text.into(), code);
            code
        });
        self.values.push(row, code.into());
    }

    fn encode(&self, row_count: usize) -> Vec<u8> {
        if !self.dictionary.is_empty() {
            encode_texts(&self.values, &self.dictionary, row_count)
        } else if self.is_number {
            encode_numbers(&self.values, row_count)
        } else {
            encode_integers(&self.values, row_count)
        }
    }
}

/// The columns of all runs that were taken in.
#[derive(Default)]
pub struct Columns {
    attributes: [Gathered; STORED.len()],
    params: HashMap<String, Gathered>,
    tags: HashMap<String, Gathered>,
    metrics: HashMap<MetricId, [Gathered; NUMBERS.len()]>,
}

impl Columns {
    /// Takes in the run of the next row.
    pub fn add(&mut self, state: &State, row: u32, run: &Run) {
        for ((attribute, _), column) in STORED.iter().zip(&mut self.attributes) {
            column.push(row, &attribute_cell(state, run, *attribute));
        }
        for (name, value) in &run.params {
            let column = column_of(&mut self.params, name);
            column.push_text(row, &param_text(value));
        }
        for (name, value) in &run.tags {
            column_of(&mut self.tags, name).push_text(row, value);
        }
        for summary in run.metrics.summaries() {
            self.add_metric(row, summary);
        }
    }

    fn add_metric(&mut self, row: u32, summary: &MetricSummary) {
        let columns = self.metrics.entry(summary.metric).or_default();
        for ((aggregate, is_step), column) in NUMBERS.iter().zip(columns) {
            column.push(row, &metric_cell(summary, *aggregate, *is_step));
        }
    }

    /// Writes every column, in the order of the keys.
    pub fn write<W: Write>(
        self,
        file: &mut PartWriter<W>,
        state: &State,
        row_count: usize,
    ) -> io::Result<ColumnIndex> {
        let mut named: BTreeMap<String, Gathered> = BTreeMap::new();
        for ((_, name), column) in STORED.iter().zip(self.attributes) {
            named.insert(format!("{ATTRIBUTE}{name}"), column);
        }
        for (family, columns) in [(PARAM, self.params), (TAG, self.tags)] {
            let columns = columns.into_iter();
            named.extend(columns.map(|(name, column)| (format!("{family}{name}"), column)));
        }
        let mut metrics: Vec<_> = self.metrics.into_iter().collect();
        metrics.sort_unstable_by_key(|(metric, _)| *metric);
        for (metric, columns) in metrics {
            // What has no name cannot be asked for.
            if state.dictionary().metric(metric).is_none() {
                continue;
            }
            let label = state.dictionary().label(metric);
            for ((aggregate, is_step), column) in NUMBERS.iter().zip(columns) {
                named.insert(metric_key(&label, *aggregate, *is_step), column);
            }
        }
        let mut index = ColumnIndex::default();
        for (key, column) in named {
            let part = file.part(&column.encode(row_count))?;
            index.columns.insert(key, part);
        }
        Ok(index)
    }
}

fn column_of<'a>(columns: &'a mut HashMap<String, Gathered>, name: &str) -> &'a mut Gathered {
    if !columns.contains_key(name) {
        columns.insert(name.to_owned(), Gathered::default());
    }
    columns.get_mut(name).expect("it was put there")
}
