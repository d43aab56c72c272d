//! A filter's answer: one bit for each row.
//!
//! Invariant: every part of a filter is looked at, also where an earlier part already decided, so that what is wrong
//! with it does not depend on the runs there are.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use super::bitmap::Bitmap;
use super::column::{Attribute, Column, DIRTY_TAGS, Family};
use super::data::{ColumnData, Texts};
use super::error::{FilterError, SearchError, Span};
use super::expr::{Check, Expr, Mode, Node, Operand, Test};
use super::kernel::{admitted, any_admitted, hex, rows_of_codes};
use super::like::contains;
use super::name;
use super::predicate::{mlflow_status, predicate};
use super::source::ColumnSource;

/// A bare word is looked for in ids when it is at least this long: a shorter one begins too many.
const ID_PREFIX_LEN_MIN: usize = 4;

const FAMILIES: [Family; 3] = [Family::Metric, Family::Param, Family::Tag];

pub(crate) struct Evaluator<'a, S> {
    source: &'a S,
    now_ns: i64,
    made: HashMap<Column, Arc<ColumnData>>,
    pub notes: Vec<FilterError>,
}

impl<'a, S: ColumnSource> Evaluator<'a, S> {
    pub fn new(source: &'a S, now_ns: i64) -> Evaluator<'a, S> {
        Evaluator {
            source,
            now_ns,
            made: HashMap::new(),
            notes: Vec::new(),
        }
    }

    pub fn admitted(&mut self, expr: &Expr) -> Result<Bitmap, SearchError> {
        self.node(expr, &expr.node)
    }

    fn node(&mut self, expr: &Expr, node: &Node) -> Result<Bitmap, SearchError> {
        let len = self.source.len();
        match node {
            Node::All => Ok(Bitmap::all(len)),
            Node::And(nodes) => {
                let mut rows = Bitmap::all(len);
                for node in nodes {
                    rows.and(&self.node(expr, node)?);
                }
                Ok(rows)
            }
            Node::Or(nodes) => {
                let mut rows = Bitmap::none(len);
                for node in nodes {
                    rows.or(&self.node(expr, node)?);
                }
                Ok(rows)
            }
            Node::Not(node) => {
                let mut rows = self.node(expr, node)?;
                rows.negate();
                Ok(rows)
            }
            Node::Test(test) => self.test(expr, test),
            Node::Word(word) => self.word(word),
        }
    }

    fn test(&mut self, expr: &Expr, test: &Test) -> Result<Bitmap, SearchError> {
        let column = self.resolve(expr, test)?;
        let predicate = predicate(expr, test, &column, self.now_ns)?;
        let data = self.column(&column)?;
        Ok(match (&column, &*data) {
            (Column::Dataset(_), ColumnData::Texts(lists)) => any_admitted(&predicate, lists),
            _ => admitted(&predicate, &data, self.source.len()),
        })
    }

    /// The column that is meant. A name that nothing has is an error without a family, and worth a note with one.
    fn resolve(&mut self, expr: &Expr, test: &Test) -> Result<Column, FilterError> {
        let column = match &test.operand {
            Operand::Column(column) => column.clone(),
            Operand::Metric(name) => name::metric(self.source, name),
            Operand::Bare(name) => {
                return match name::bare(self.source, name, expr.mode, false) {
                    Some(column) => Ok(column),
                    None if self.source.is_empty() => Ok(Column::metric(name)),
                    None => Err(self.unknown_name(expr, name, test.span)),
                };
            }
        };
        let is_asked_for_absence = matches!(test.check, Check::Presence { is_present: false });
        if !expr.mode.is_mlflow() && !is_asked_for_absence {
            self.note_unknown(expr.mode, &expr.text, test.span, &column);
        }
        Ok(column)
    }

    fn unknown_name(&self, expr: &Expr, name: &str, span: Span) -> FilterError {
        let message = match expr.mode {
            Mode::Experiments | Mode::MlflowExperiments => {
                format!("no experiment has a tag or attribute called {name:?}")
            }
            _ => format!("no run has a metric, param, tag or attribute called {name:?}"),
        };
        let attribute = || {
            let near = crate::nearest::nearest(name, Attribute::names(expr.mode));
            near.map(str::to_owned)
        };
        let near = name::nearest_name(self.source, &FAMILIES, name).or_else(attribute);
        expr.error(span, message).suggesting(near)
    }

    pub fn note_unknown(&mut self, mode: Mode, text: &str, span: Span, column: &Column) {
        if self.source.is_empty() || name::is_known(self.source, column) {
            return;
        }
        let (family, asked) = match column {
            Column::Metric { name, .. } => (Family::Metric, name),
            Column::Param(name) => (Family::Param, name),
            Column::Tag(name) => (Family::Tag, name),
            Column::Attribute(_) | Column::Dataset(_) => return,
        };
        let near = name::nearest_name(self.source, &[family], asked);
        let message = format!("no {} has a {family} called {asked:?}", mode.row());
        self.notes
            .push(FilterError::new(text, span, message).suggesting(near));
    }

    /// Rows with the word in their name, in the name of their experiment, in the key or value of a tag, or at the
    /// beginning of their id.
    fn word(&mut self, word: &str) -> Result<Bitmap, SearchError> {
        let wanted = word.to_lowercase();
        let mut rows = self.ids_with(&wanted)?;
        for attribute in [Attribute::Name, Attribute::Experiment] {
            rows.or(&self.texts_with(&Column::Attribute(attribute), &wanted)?);
        }
        for key in self.source.names(Family::Tag) {
            let column = Column::Tag(key);
            let Column::Tag(key) = &column else { continue };
            if contains(key, &wanted) {
                rows.or(&self.column(&column)?.present(self.source.len()));
            } else {
                rows.or(&self.texts_with(&column, &wanted)?);
            }
        }
        Ok(rows)
    }

    fn texts_with(&mut self, column: &Column, wanted: &str) -> io::Result<Bitmap> {
        Ok(match &*self.column(column)? {
            ColumnData::Texts(texts) => {
                let found = texts.containing(wanted);
                rows_of_codes(texts, |code| found[code])
            }
            _ => Bitmap::none(self.source.len()),
        })
    }

    /// Rows whose id, or its short form of the last eight digits, begins so.
    fn ids_with(&mut self, wanted: &str) -> io::Result<Bitmap> {
        let len = self.source.len();
        let is_hex = wanted.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_hex || wanted.len() < ID_PREFIX_LEN_MIN {
            return Ok(Bitmap::none(len));
        }
        Ok(match &*self.column(&Column::Attribute(Attribute::Id))? {
            ColumnData::Ids(ids) => Bitmap::of(ids.len(), |row| {
                let digits = hex(&ids[row]);
                digits.starts_with(wanted.as_bytes()) || digits[24..].starts_with(wanted.as_bytes())
            }),
            _ => Bitmap::none(len),
        })
    }

    pub fn column(&mut self, column: &Column) -> io::Result<Arc<ColumnData>> {
        if let Some(made) = self.made.get(column) {
            return Ok(Arc::clone(made));
        }
        let made = match column {
            Column::Attribute(Attribute::Took) => self.took()?,
            Column::Attribute(Attribute::Dirty) => self.dirty()?,
            Column::Attribute(Attribute::MlflowStatus) => self.mlflow_status()?,
            Column::Attribute(Attribute::MlflowStarted) => return self.mlflow_started(),
            stored => return self.source.column(stored),
        };
        let made = Arc::new(made);
        self.made.insert(column.clone(), Arc::clone(&made));
        Ok(made)
    }

    fn attribute(&mut self, attribute: Attribute) -> io::Result<Arc<ColumnData>> {
        self.column(&Column::Attribute(attribute))
    }

    fn took(&mut self) -> io::Result<ColumnData> {
        let started = self.attribute(Attribute::Started)?;
        let ended = self.attribute(Attribute::Ended)?;
        let ColumnData::Integers {
            values: started,
            present,
        } = &*started
        else {
            return Ok(ColumnData::Missing);
        };
        let end_ns = |row: usize| match &*ended {
            ColumnData::Integers { values, present } if present.get(row) => values[row],
            _ => self.now_ns,
        };
        let took = started.iter().enumerate();
        Ok(ColumnData::Integers {
            values: took
                .map(|(row, started)| end_ns(row).saturating_sub(*started).max(0))
                .collect(),
            present: present.clone(),
        })
    }

    fn dirty(&mut self) -> io::Result<ColumnData> {
        let len = self.source.len();
        let mut present = Bitmap::none(len);
        for tag in DIRTY_TAGS {
            if let ColumnData::Texts(texts) = &*self.column(&Column::Tag(tag.into()))? {
                present.or(&rows_of_codes(texts, |code| {
                    texts.dictionary()[code].eq_ignore_ascii_case("true")
                }));
            }
        }
        Ok(ColumnData::Integers {
            values: vec![1; len],
            present,
        })
    }

    /// When runs were started, and where they were not, when they were created. Mostly all were.
    fn mlflow_started(&mut self) -> io::Result<Arc<ColumnData>> {
        let started = self.attribute(Attribute::Started)?;
        let known = started.present(self.source.len());
        if known.count() == self.source.len() {
            return Ok(started);
        }
        let created = self.attribute(Attribute::Created)?;
        let (ColumnData::Integers { values, present }, ColumnData::Integers { values: first, .. }) =
            (&*created, &*started)
        else {
            return Ok(created);
        };
        let value =
            |(row, created): (usize, &i64)| if known.get(row) { first[row] } else { *created };
        let values = values.iter().enumerate().map(value).collect();
        let mut present = present.clone();
        present.or(&known);
        let made = Arc::new(ColumnData::Integers { values, present });
        let column = Column::Attribute(Attribute::MlflowStarted);
        self.made.insert(column, Arc::clone(&made));
        Ok(made)
    }

    fn mlflow_status(&mut self) -> io::Result<ColumnData> {
        Ok(match &*self.attribute(Attribute::Status)? {
            ColumnData::Texts(texts) => ColumnData::Texts(Texts::renamed(texts, mlflow_status)),
            _ => ColumnData::Missing,
        })
    }
}
