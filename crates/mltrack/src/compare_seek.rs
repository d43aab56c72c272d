//! Which rows of the table of runs may be replicates of some of them, found column by column.
//!
//! Invariant: every row whose params are equal to those of a named run, but for those that are left out, is found. What
//! is found besides is few, and left to whoever reads the runs as a whole.

use std::collections::HashMap;
use std::io;

use mltrack_projector_runs::search::{Attribute, Bitmap, Column, ColumnData, ColumnSource};

/// So few rows for each named run are read as a whole rather than narrowed by one more column.
const FEW_ROWS_EACH: usize = 16;

/// What a row has in a column, as far as a named run has it, too.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Has {
    Nothing,
    /// The same as a named run: a number stands for the value.
    Value(u64),
    Other,
}

/// A row, and the class of those that are equal to it in the columns so far.
type Classed = (u32, u32);

/// The rows of `base` that are like those of `named`: of their experiments, and with the values that they have in these
/// params.
pub(crate) fn like<S: ColumnSource>(
    source: &S,
    base: &Bitmap,
    named: &[u32],
    params: impl IntoIterator<Item = String>,
) -> io::Result<Vec<u32>> {
    let experiment = Column::Attribute(Attribute::ExperimentId);
    let params = params.into_iter();
    let columns = [experiment]
        .into_iter()
        .chain(params.map(|name| Column::Param(name.into())));
    let mut named: Vec<Classed> = named.iter().map(|row| (*row, 0)).collect();
    let mut rows: Vec<Classed> = base.rows().map(|row| (row as u32, 0)).collect();
    for column in columns {
        if rows.len() <= named.len() * FEW_ROWS_EACH {
            break;
        }
        narrow(&*source.column(&column)?, &mut named, &mut rows);
    }
    Ok(rows.into_iter().map(|(row, _)| row).collect())
}

/// Parts the classes by one more column, and drops the rows that are in no class of a named one.
fn narrow(data: &ColumnData, named: &mut [Classed], rows: &mut Vec<Classed>) {
    let values = Values::of(data, named);
    let mut classes: HashMap<(u32, Has), u32> = HashMap::new();
    for (row, class) in named.iter_mut() {
        let next = classes.len() as u32;
        let key = (*class, values.at(*row));
        *class = *classes.entry(key).or_insert(next);
    }
    rows.retain_mut(|(row, class)| {
        let found = classes.get(&(*class, values.at(*row)));
        *class = found.copied().unwrap_or(*class);
        found.is_some()
    });
}

/// A column of which the values of named runs are known.
struct Values<'a> {
    data: &'a ColumnData,
    /// What each text of the dictionary is; a dictionary can hold a text twice.
    of_texts: Vec<Has>,
}

impl Values<'_> {
    fn of<'a>(data: &'a ColumnData, named: &[Classed]) -> Values<'a> {
        let ColumnData::Texts(texts) = data else {
            let of_texts = Vec::new();
            return Values { data, of_texts };
        };
        let mut wanted: HashMap<&str, u64> = HashMap::new();
        for text in named.iter().filter_map(|(row, _)| texts.get(*row as usize)) {
            let next = wanted.len() as u64;
            wanted.entry(text).or_insert(next);
        }
        let has = |text| wanted.get(text).map_or(Has::Other, |at| Has::Value(*at));
        let of_texts = texts.dictionary().iter().map(has).collect();
        Values { data, of_texts }
    }

    fn at(&self, row: u32) -> Has {
        let row = row as usize;
        match self.data {
            ColumnData::Texts(texts) => {
                let code = texts.codes().get(row).copied();
                let found = code.and_then(|code| self.of_texts.get(code as usize));
                found.copied().unwrap_or(Has::Nothing)
            }
            ColumnData::Numbers { values, present } if present.get(row) => {
                Has::Value(values[row].to_bits())
            }
            ColumnData::Integers { values, present } if present.get(row) => {
                Has::Value(values[row].cast_unsigned())
            }
            // Ids are no column of params.
            _ => Has::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mltrack_projector_runs::search::TextsBuilder;

    fn texts(values: &[Option<&str>]) -> ColumnData {
        let mut builder = TextsBuilder::default();
        for value in values {
            builder.push(*value);
        }
        ColumnData::Texts(builder.build())
    }

    fn narrowed(columns: &[ColumnData], named: &[u32], count: u32) -> Vec<u32> {
        let mut named: Vec<Classed> = named.iter().map(|row| (*row, 0)).collect();
        let mut rows: Vec<Classed> = (0..count).map(|row| (row, 0)).collect();
        for column in columns {
            narrow(column, &mut named, &mut rows);
        }
        rows.into_iter().map(|(row, _)| row).collect()
    }

    #[test]
    fn rows_stay_that_are_equal_to_one_named_run_in_all_columns() {
        let rate = texts(&[Some("1"), Some("2"), Some("1"), Some("3"), Some("2")]);
        let decay = texts(&[Some("a"), Some("b"), Some("b"), Some("a"), Some("b")]);
        assert_eq!(narrowed(&[rate, decay], &[0, 1], 5), [0, 1, 4]);
    }

    #[test]
    fn nothing_is_equal_to_nothing_alone() {
        let rate = texts(&[None, Some("2"), None, Some("0")]);
        assert_eq!(narrowed(&[rate], &[0], 4), [0, 2]);
        assert_eq!(narrowed(&[ColumnData::Missing], &[0], 3), [0, 1, 2]);
    }

    #[test]
    fn numbers_are_compared_by_every_bit() {
        let numbers = |values: Vec<f64>| ColumnData::Numbers {
            present: Bitmap::all(values.len()),
            values,
        };
        assert_eq!(narrowed(&[numbers(vec![0.0, -0.0, 0.0])], &[0], 3), [0, 2]);
    }
}
