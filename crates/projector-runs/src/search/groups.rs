//! Runs grouped by what they have in some columns, with the numbers of others in short.
//!
//! Invariants: a run is in exactly one group; a run without a value has a group of its own kind, not the empty text's;
//! NaN counts as a value and is left out of the mean, the smallest and the largest.

use std::collections::HashMap;
use std::sync::Arc;

use super::bitmap::Bitmap;
use super::data::{ColumnData, MISSING};
use super::error::SearchError;
use super::eval::Evaluator;
use super::expr::Order;
use super::kernel::hex;
use super::select::{Question, resolved};
use super::source::ColumnSource;

/// The numbers of a column in a group, in short.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Summary {
    /// Runs that have a number there.
    pub count: usize,
    /// Their mean.
    pub mean: Option<f64>,
    /// The smallest.
    pub min: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
}

/// Runs that are alike in the columns that were grouped by.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// What they have in each of those columns.
    pub values: Vec<Option<String>>,
    /// How many they are.
    pub rows: usize,
    /// The other columns, in the order they were asked for.
    pub summaries: Vec<Summary>,
}

/// All groups, the largest first.
#[derive(Clone, PartialEq, Debug)]
pub struct Groups {
    /// The first so many.
    pub groups: Vec<Group>,
    /// How many groups there are.
    pub total: usize,
    /// How many runs are in them.
    pub rows: usize,
}

/// Groups the rows that a question admits. Its orders and its window say nothing here.
pub fn groups<S: ColumnSource>(
    source: &S,
    question: &Question<'_>,
    (by, of): (&[Order], &[Order]),
    limit: usize,
) -> Result<Groups, SearchError> {
    let mut evaluator = Evaluator::new(source, question.now_ns);
    let mut rows = question.base.clone();
    for filter in question.filters {
        rows.and(&evaluator.admitted(filter)?);
    }
    let mut column = |order: &Order| -> Result<Arc<ColumnData>, SearchError> {
        Ok(evaluator.column(&resolved(source, order))?)
    };
    let keys = by.iter().map(&mut column).collect::<Result<Vec<_>, _>>()?;
    let numbers = of.iter().map(&mut column).collect::<Result<Vec<_>, _>>()?;
    Ok(grouped(&rows, &keys, &numbers, limit))
}

fn grouped(
    rows: &Bitmap,
    keys: &[Arc<ColumnData>],
    numbers: &[Arc<ColumnData>],
    limit: usize,
) -> Groups {
    let mut keys: Vec<Coder<'_>> = keys.iter().map(|data| Coder::new(data)).collect();
    let mut places: HashMap<Vec<u32>, usize> = HashMap::new();
    let mut found: Vec<(Vec<u32>, usize, Vec<Sum>)> = Vec::new();
    let mut key = Vec::new();
    for row in rows.rows() {
        key.clear();
        key.extend(keys.iter_mut().map(|coder| coder.code(row)));
        let place = places.get(&key).copied().unwrap_or_else(|| {
            places.insert(key.clone(), found.len());
            found.push((key.clone(), 0, vec![Sum::default(); numbers.len()]));
            found.len() - 1
        });
        let (_, count, sums) = &mut found[place];
        *count += 1;
        for (sum, data) in sums.iter_mut().zip(numbers) {
            sum.add(number_at(data, row));
        }
    }
    let total = found.len();
    let text = |key: &[u32]| -> Vec<Option<String>> {
        let codes = key.iter().zip(&keys);
        codes.map(|(code, coder)| coder.text(*code)).collect()
    };
    let mut named: Vec<_> = found
        .iter()
        .map(|(key, count, sums)| (text(key), *count, sums))
        .collect();
    named.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    named.truncate(limit);
    let groups = named.into_iter().map(|(values, rows, sums)| Group {
        values,
        rows,
        summaries: sums.iter().map(Sum::summary).collect(),
    });
    Groups {
        groups: groups.collect(),
        total,
        rows: rows.count(),
    }
}

/// Small numbers for the values of a column, so that equal ones have equal numbers.
struct Coder<'a> {
    data: &'a ColumnData,
    /// For texts: the number of each code of the dictionary, which can hold a text twice.
    of_codes: Vec<u32>,
    of_bits: HashMap<u64, u32>,
    texts: Vec<String>,
}

impl<'a> Coder<'a> {
    fn new(data: &'a ColumnData) -> Coder<'a> {
        let mut coder = Coder {
            data,
            of_codes: Vec::new(),
            of_bits: HashMap::new(),
            texts: Vec::new(),
        };
        if let ColumnData::Texts(texts) = data {
            let mut known: HashMap<&str, u32> = HashMap::new();
            for text in texts.dictionary().iter() {
                let code = *known.entry(text).or_insert_with(|| {
                    coder.texts.push(text.to_owned());
                    coder.texts.len() as u32 - 1
                });
                coder.of_codes.push(code);
            }
        }
        coder
    }

    fn code(&mut self, row: usize) -> u32 {
        let (bits, text): (u64, fn(u64) -> String) = match self.data {
            ColumnData::Texts(texts) => {
                let code = texts.codes().get(row).copied().unwrap_or(MISSING);
                return self.of_codes.get(code as usize).copied().unwrap_or(MISSING);
            }
            ColumnData::Ids(ids) => {
                let text = String::from_utf8_lossy(&hex(&ids[row])).into_owned();
                self.texts.push(text);
                return self.texts.len() as u32 - 1;
            }
            ColumnData::Numbers { values, present } if present.get(row) => {
                (values[row].to_bits(), |bits| {
                    f64::from_bits(bits).to_string()
                })
            }
            ColumnData::Integers { values, present } if present.get(row) => {
                (values[row].cast_unsigned(), |bits| {
                    bits.cast_signed().to_string()
                })
            }
            ColumnData::Missing | ColumnData::Numbers { .. } | ColumnData::Integers { .. } => {
                return MISSING;
            }
        };
        let texts = &mut self.texts;
        *self.of_bits.entry(bits).or_insert_with(|| {
            texts.push(text(bits));
            texts.len() as u32 - 1
        })
    }

    fn text(&self, code: u32) -> Option<String> {
        self.texts.get(code as usize).cloned()
    }
}

#[derive(Clone, Copy, Default)]
struct Sum {
    count: usize,
    numbers: usize,
    total: f64,
    min: Option<f64>,
    max: Option<f64>,
}

impl Sum {
    fn add(&mut self, value: Option<f64>) {
        let Some(value) = value else { return };
        self.count += 1;
        if value.is_nan() {
            return;
        }
        self.numbers += 1;
        self.total += value;
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
        self.max = Some(self.max.map_or(value, |max| max.max(value)));
    }

    fn summary(&self) -> Summary {
        Summary {
            count: self.count,
            mean: (self.numbers > 0).then(|| self.total / self.numbers as f64),
            min: self.min,
            max: self.max,
        }
    }
}

fn number_at(data: &ColumnData, row: usize) -> Option<f64> {
    match data {
        ColumnData::Numbers { values, present } => present.get(row).then(|| values[row]),
        ColumnData::Integers { values, present } => present.get(row).then(|| values[row] as f64),
        ColumnData::Texts(texts) => {
            let code = *texts.codes().get(row)?;
            texts.typed().get(code as usize)?.number()
        }
        ColumnData::Missing | ColumnData::Ids(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::TextsBuilder;

    fn texts(rows: &[Option<&str>]) -> Arc<ColumnData> {
        let mut builder = TextsBuilder::default();
        for text in rows {
            builder.push(*text);
        }
        Arc::new(ColumnData::Texts(builder.build()))
    }

    #[test]
    fn runs_are_grouped_with_those_that_have_nothing_apart() {
        let by = texts(&[Some("a"), None, Some("b"), Some("a"), Some("")]);
        let numbers = Arc::new(ColumnData::Numbers {
            values: vec![1.0, 5.0, f64::NAN, 3.0, 0.0],
            present: Bitmap::of(5, |row| row != 4),
        });
        let groups = grouped(&Bitmap::all(5), &[by], &[numbers], 10);
        assert_eq!((groups.total, groups.rows), (4, 5));
        let first = &groups.groups[0];
        assert_eq!((first.rows, first.values[0].as_deref()), (2, Some("a")));
        let summary = first.summaries[0];
        assert_eq!(
            (summary.mean, summary.min, summary.max),
            (Some(2.0), Some(1.0), Some(3.0))
        );
        let values: Vec<_> = groups
            .groups
            .iter()
            .map(|g| g.values[0].as_deref())
            .collect();
        assert_eq!(values, [Some("a"), None, Some(""), Some("b")]);
        let nan = &groups.groups[3].summaries[0];
        assert_eq!((nan.count, nan.mean), (1, None));
        assert_eq!(groups.groups[2].summaries[0], Summary::default());
    }

    #[test]
    fn params_that_spell_numbers_have_a_mean_and_the_largest_groups_come_first() {
        let by = texts(&[Some("x"), Some("y"), Some("y")]);
        let of = texts(&[Some("1"), Some("2.5"), Some("word")]);
        let groups = grouped(&Bitmap::all(3), &[by], &[of], 1);
        assert_eq!((groups.total, groups.groups.len()), (2, 1));
        let summary = groups.groups[0].summaries[0];
        assert_eq!((summary.count, summary.mean), (1, Some(2.5)));
    }
}
