//! Dividing the rows of a dataset into train, validation, test or any other parts.
//!
//! Invariants: the same division of the same rows is the same on every machine; a row is in one part at most; the sizes
//! are those of the fractions, the largest remainders getting what rounding leaves over.

use std::collections::BTreeMap;

use mltrack_event::Split;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::random::Random;
use crate::sampling::{rows_digest, shares};

/// How rows are divided, and the seed that makes them be divided so again.
///
/// ```
/// use mltrack::{Split, Splits};
/// let splits = Splits::new(7).part(Split::Train, 0.8).part(Split::Test, 0.2);
/// let parts = splits.rows(1000)?;
/// assert_eq!((parts[0].1.len(), parts[1].1.len()), (800, 200));
/// # Ok::<(), mltrack::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[must_use]
pub struct Splits {
    /// The parts with their fractions of the whole, in order.
    pub parts: Vec<(Split, f64)>,
    /// What the random numbers start from.
    pub seed: u64,
    /// The column of whose values each part gets its share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Each part with its rows, counted from 0 and in order.
pub type Parts = Vec<(Split, Vec<u64>)>;

/// Fractions count in billionths, so that 0.7 and 0.2 and 0.1 are a whole.
const WHOLE: u64 = 1_000_000_000;

impl Splits {
    /// No parts yet.
    pub fn new(seed: u64) -> Splits {
        Splits {
            parts: Vec::new(),
            seed,
            by: None,
        }
    }

    /// One part more. What the fractions leave of the whole is in no part.
    pub fn part(mut self, split: Split, fraction: f64) -> Splits {
        self.parts.push((split, fraction));
        self
    }

    /// Every part gets its share of each value of a column.
    pub fn stratified(mut self, by: impl Into<String>) -> Splits {
        self.by = Some(by.into());
        self
    }

    /// The rows of each part, of so many, counted from 0 and in order.
    ///
    /// Errors: `VALIDATION_ERROR` for fractions that are none or more than a whole, for a part that comes twice, and for a
    /// stratified division, which needs each row's group: [`Splits::rows_by`].
    pub fn rows(&self, total: u64) -> Result<Parts> {
        if let Some(by) = &self.by {
            return Err(Error::validation(format!(
                "the parts are to share the values of {by:?} alike"
            ))
            .with_hint("Splits::rows_by(groups)"));
        }
        let mut random = Random::new(self.seed);
        let mut parts = self.empty();
        deal(
            &mut random,
            (0..total).collect(),
            &self.weights()?,
            &mut parts,
        );
        Ok(self.named(parts))
    }

    /// The same, each part getting its share of every group.
    pub fn rows_by(&self, groups: impl IntoIterator<Item: Into<String>>) -> Result<Parts> {
        let weights = self.weights()?;
        let mut strata: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (row, group) in (0_u64..).zip(groups) {
            strata.entry(group.into()).or_default().push(row);
        }
        let mut parts = self.empty();
        for (group, rows) in strata {
            let mut random = Random::of_part(self.seed, group.as_bytes());
            deal(&mut random, rows, &weights, &mut parts);
        }
        Ok(self.named(parts))
    }

    /// What a run records of the part that it takes in.
    #[must_use]
    pub fn record(&self, part: &Split, total: u64, rows: &[u64]) -> serde_json::Value {
        let mut record = serde_json::to_value(self).expect("it has words for keys");
        record["method"] = "split".into();
        record["part"] = part.name().into();
        record["of"] = total.into();
        record["rows"] = (rows.len() as u64).into();
        record["rows_digest"] = rows_digest(rows).into();
        record
    }

    fn empty(&self) -> Vec<Vec<u64>> {
        vec![Vec::new(); self.parts.len()]
    }

    /// The fractions as whole numbers, and the rest.
    fn weights(&self) -> Result<Vec<u64>> {
        let mut weights = Vec::new();
        for (at, (split, fraction)) in self.parts.iter().enumerate() {
            if !(0.0..=1.0).contains(fraction) {
                return Err(Error::validation(format!(
                    "{fraction} is no fraction for {split}: pass 0 to 1"
                )));
            }
            if self.parts[..at].iter().any(|(other, _)| other == split) {
                return Err(Error::validation(format!("the part {split} comes twice")));
            }
            weights.push((fraction * WHOLE as f64).round() as u64);
        }
        let given: u64 = weights.iter().sum();
        if given > WHOLE {
            let sum = given as f64 / WHOLE as f64;
            return Err(Error::validation(format!(
                "the parts are {sum} of the whole together: pass fractions of at most 1 in all"
            )));
        }
        weights.push(WHOLE - given);
        Ok(weights)
    }

    fn named(&self, parts: Vec<Vec<u64>>) -> Parts {
        let names = self.parts.iter().map(|(split, _)| split.clone());
        let sorted = parts.into_iter().map(|mut rows| {
            rows.sort_unstable();
            rows
        });
        names.zip(sorted).collect()
    }
}

/// Deals shuffled rows out to the parts; the last weight is that of no part.
fn deal(random: &mut Random, mut rows: Vec<u64>, weights: &[u64], parts: &mut [Vec<u64>]) {
    random.shuffle(&mut rows);
    let counts = shares(rows.len() as u64, weights);
    let mut rows = rows.into_iter();
    for (part, count) in parts.iter_mut().zip(counts) {
        part.extend(rows.by_ref().take(count as usize));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thirds(seed: u64) -> Splits {
        Splits::new(seed)
            .part(Split::Train, 0.7)
            .part(Split::Validation, 0.2)
            .part(Split::Test, 0.1)
    }

    #[test]
    fn parts_have_their_sizes_share_no_row_and_leave_none_out() {
        for total in [0, 1, 9, 10, 1000] {
            let parts = thirds(3).rows(total).unwrap();
            let mut all: Vec<u64> = parts.iter().flat_map(|(_, rows)| rows.clone()).collect();
            all.sort_unstable();
            assert_eq!(all, (0..total).collect::<Vec<_>>());
            assert!(parts.iter().all(|(_, rows)| rows.is_sorted()));
        }
        let sizes: Vec<usize> = thirds(3)
            .rows(1000)
            .unwrap()
            .iter()
            .map(|p| p.1.len())
            .collect();
        assert_eq!(sizes, [700, 200, 100]);
        let some = Splits::new(0).part(Split::Train, 0.5).rows(10).unwrap();
        assert_eq!(some[0].1.len(), 5);
    }

    #[test]
    fn the_same_seed_divides_alike_for_ever_and_another_one_does_not() {
        let test_rows = |seed| thirds(seed).rows(30).unwrap()[2].1.clone();
        assert_eq!(test_rows(3), GOLDEN);
        assert_ne!(test_rows(4), GOLDEN);
    }

    const GOLDEN: [u64; 3] = [1, 18, 24];

    #[test]
    fn every_part_gets_its_share_of_every_group() {
        let group = |row: u64| {
            if row.is_multiple_of(10) {
                "rare"
            } else {
                "often"
            }
        };
        let splits = thirds(5).stratified("label");
        let parts = splits.rows_by((0..1000).map(group)).unwrap();
        for ((_, rows), rare) in parts.iter().zip([70, 20, 10]) {
            let found = rows.iter().filter(|row| group(**row) == "rare").count();
            assert_eq!((found, rows.len()), (rare, rare * 10));
        }
        assert!(splits.rows(10).is_err(), "it needs the groups");
        let record = splits.record(&Split::Test, 1000, &parts[2].1);
        assert_eq!(
            (&record["part"], &record["rows"]),
            (&"test".into(), &100.into())
        );
        let back: Splits = serde_json::from_value(record).unwrap();
        assert_eq!(back, splits);
    }

    #[test]
    fn fractions_that_are_none_or_too_many_are_refused() {
        let refused = |splits: Splits| splits.rows(10).unwrap_err().to_string();
        let whole = Splits::new(0).part(Split::Train, 1.0);
        assert!(refused(whole.clone().part(Split::Test, 0.1)).contains("1.1 of the whole"));
        assert!(refused(whole.clone().part(Split::Train, 0.0)).contains("comes twice"));
        assert!(refused(Splits::new(0).part(Split::Train, -0.1)).contains("no fraction"));
        assert!(refused(Splits::new(0).part(Split::Train, f64::NAN)).contains("no fraction"));
    }
}
