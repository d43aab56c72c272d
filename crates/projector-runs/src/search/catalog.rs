//! Which names the runs of a selection have, counted column by column.
//!
//! Invariants: a run is counted once, in the snapshot's columns or, where it was touched since, by itself; nothing that
//! is read for this pushes out a column that filters and orders use.

use std::collections::HashMap;
use std::io;

use mltrack_event::MetricId;

use super::bitmap::Bitmap;
use super::cell::param_text;
use super::column::{Column, Family};
use super::data::{ColumnData, MISSING};
use crate::state::State;

/// A name, and who has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// The param, the tag, or the metric as people write it.
    pub name: Box<str>,
    /// How many of the rows have it.
    pub rows: usize,
    /// Whether two of them have different values; of a metric the last ones are compared.
    pub differs: bool,
}

/// What is known of a name so far.
#[derive(Default)]
struct Tally {
    rows: usize,
    first: Option<Value>,
    differs: bool,
}

#[derive(PartialEq)]
enum Value {
    Bits(u64),
    Text(Box<str>),
}

impl Tally {
    fn add_bits(&mut self, bits: u64) {
        self.rows += 1;
        match &self.first {
            None => self.first = Some(Value::Bits(bits)),
            Some(first) => self.differs |= *first != Value::Bits(bits),
        }
    }

    fn add_text(&mut self, text: &str) {
        self.rows += 1;
        match &self.first {
            None => self.first = Some(Value::Text(text.into())),
            Some(Value::Text(first)) => self.differs |= **first != *text,
            Some(Value::Bits(_)) => self.differs = true,
        }
    }

    fn add_column(&mut self, data: &ColumnData, rows: &Bitmap) {
        match data {
            ColumnData::Missing | ColumnData::Ids(_) => {}
            ColumnData::Numbers { values, present } => {
                self.add_present(present, rows, |row| values[row].to_bits());
            }
            ColumnData::Integers { values, present } => {
                self.add_present(present, rows, |row| values[row].cast_unsigned());
            }
            ColumnData::Texts(texts) => {
                let mut last = MISSING;
                for (row, code) in texts.codes().iter().enumerate() {
                    if *code == MISSING || !rows.get(row) {
                        continue;
                    }
                    if *code == last || self.differs {
                        self.rows += 1;
                    } else if let Some(text) = texts.dictionary().get(*code as usize) {
                        self.add_text(text);
                    }
                    last = *code;
                }
            }
        }
    }

    fn add_present(&mut self, present: &Bitmap, rows: &Bitmap, bits: impl Fn(usize) -> u64) {
        let mut both = present.clone();
        both.and(rows);
        let count = both.count();
        let before = self.rows;
        for row in both.rows() {
            self.add_bits(bits(row));
            if self.differs {
                break;
            }
        }
        self.rows = before + count;
    }
}

/// The names of a family that these rows have, in their order.
pub(super) fn named(state: &State, family: Family, rows: &Bitmap) -> io::Result<Vec<Named>> {
    let mut tallies: HashMap<Box<str>, Tally> = HashMap::new();
    let mut old = rows.clone();
    let mut touched = Vec::new();
    for (slot, heard) in state.overlay() {
        let row = slot as usize;
        if heard.is_some() && rows.get(row) {
            touched.push(slot);
        }
        old.set(row, false);
    }
    if let Some(base) = state.base().filter(|_| old.count() > 0) {
        // Rows behind the snapshot's are not in its columns.
        let old = Bitmap::of(base.run_count() as usize, |row| old.get(row));
        for name in base.column_names(family) {
            let data = base.column(&column(family, name));
            let data = data.map_err(io::Error::other)?;
            let tally = tallies.entry(name.into()).or_default();
            tally.add_column(&data.unwrap_or(ColumnData::Missing), &old);
        }
    }
    add_touched(state, family, &touched, &mut tallies);
    let found = tallies.into_iter().filter(|(_, tally)| tally.rows > 0);
    let mut found: Vec<Named> = found
        .map(|(name, tally)| Named {
            name,
            rows: tally.rows,
            differs: tally.differs,
        })
        .collect();
    found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn column(family: Family, name: &str) -> Column {
    match family {
        Family::Metric => Column::metric(name),
        Family::Param => Column::Param(name.into()),
        Family::Tag => Column::Tag(name.into()),
    }
}

/// Counts what runs have that the snapshot does not tell of.
fn add_touched(
    state: &State,
    family: Family,
    slots: &[u32],
    tallies: &mut HashMap<Box<str>, Tally>,
) {
    let mut metrics: HashMap<MetricId, Tally> = HashMap::new();
    for run in slots.iter().filter_map(|slot| state.look_at(*slot)) {
        match family {
            Family::Metric => {
                for summary in run.metrics.summaries() {
                    let tally = metrics.entry(summary.metric).or_default();
                    tally.add_bits(summary.last.value.to_bits());
                }
            }
            Family::Param => {
                for (name, value) in &run.params {
                    tally_of(tallies, name).add_text(&param_text(value));
                }
            }
            Family::Tag => {
                for (name, value) in &run.tags {
                    tally_of(tallies, name).add_text(value);
                }
            }
        }
    }
    for (id, found) in metrics {
        let tally = tally_of(tallies, &state.dictionary().label(id));
        let differs = match (&tally.first, &found.first) {
            (Some(old), Some(new)) => old != new,
            _ => false,
        };
        tally.rows += found.rows;
        tally.differs |= found.differs || differs;
        tally.first = tally.first.take().or(found.first);
    }
}

fn tally_of<'a>(tallies: &'a mut HashMap<Box<str>, Tally>, name: &str) -> &'a mut Tally {
    // Most names are known: only a new one is copied.
    if !tallies.contains_key(name) {
        tallies.insert(name.into(), Tally::default());
    }
    tallies.get_mut(name).expect("it was put in above")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::TextsBuilder;

    #[test]
    fn texts_are_counted_in_the_rows_that_are_meant() {
        let mut builder = TextsBuilder::default();
        for text in [Some("a"), None, Some("b"), Some("a")] {
            builder.push(text);
        }
        let texts = ColumnData::Texts(builder.build());
        let mut all = Tally::default();
        all.add_column(&texts, &Bitmap::all(4));
        assert_eq!((all.rows, all.differs), (3, true));
        let mut same = Tally::default();
        same.add_column(&texts, &Bitmap::of(4, |row| row != 2));
        assert_eq!((same.rows, same.differs), (2, false));
    }

    #[test]
    fn numbers_that_differ_late_are_counted_to_the_end() {
        let present = Bitmap::of(5, |row| row != 1);
        let numbers = ColumnData::Numbers {
            values: vec![1.0, 0.0, 1.0, 2.0, 1.0],
            present,
        };
        let mut tally = Tally::default();
        tally.add_column(&numbers, &Bitmap::all(5));
        assert_eq!((tally.rows, tally.differs), (4, true));
        tally.add_column(&numbers, &Bitmap::of(5, |row| row == 0));
        assert_eq!(tally.rows, 5);
    }
}
