//! Which rows of a dataset are taken: random, stratified, systematic, or from a stream of unknown length.
//!
//! Invariants: the same sampling of the same rows takes the same rows on every machine; rows come out in the order they
//! came in; no row is taken twice.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::str::FromStr;

use mltrack_event::BlobId;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::random::Random;

/// How rows are chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// Any rows, all as likely.
    Random,
    /// Any rows of each group, as many of each as its share of the whole.
    Stratified,
    /// Rows at even distances, from a random first one.
    Systematic,
    /// Any rows of a stream that is read once and whose length nobody knows.
    Reservoir,
}

/// How many rows are taken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// So many, or all where there are fewer.
    Count(u64),
    /// So many in a hundred, rounded to the nearest row, halves up.
    Percent(f64),
    /// All.
    All,
}

/// A way to choose rows, and the seed that makes it choose the same ones again.
///
/// ```
/// use mltrack::{Sampling, Take};
/// let sampling = Sampling::random(Take::Count(3)).seed(7);
/// let rows = sampling.rows(1_000_000)?;
/// assert_eq!(rows, Sampling::random(Take::Count(3)).seed(7).rows(1_000_000)?);
/// let words = sampling.of_iter("a b c d e f".split(' '))?;
/// assert_eq!(words.len(), 3);
/// # Ok::<(), mltrack::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[must_use]
pub struct Sampling {
    /// How rows are chosen.
    pub method: Method,
    /// How many.
    pub take: Take,
    /// What the random numbers start from.
    pub seed: u64,
    /// The column whose values are the groups of a stratified sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl Sampling {
    fn new(method: Method, take: Take) -> Sampling {
        Sampling {
            method,
            take,
            seed: 0,
            by: None,
        }
    }

    /// Any rows, all as likely.
    pub fn random(take: Take) -> Sampling {
        Sampling::new(Method::Random, take)
    }

    /// As many rows of each value of a column as its share of the whole.
    pub fn stratified(take: Take, by: impl Into<String>) -> Sampling {
        let by = Some(by.into());
        Sampling {
            by,
            ..Sampling::new(Method::Stratified, take)
        }
    }

    /// Rows at even distances.
    pub fn systematic(take: Take) -> Sampling {
        Sampling::new(Method::Systematic, take)
    }

    /// So many rows of a stream, in one pass.
    pub fn reservoir(count: u64) -> Sampling {
        Sampling::new(Method::Reservoir, Take::Count(count))
    }

    /// Another seed than 0.
    pub fn seed(mut self, seed: u64) -> Sampling {
        self.seed = seed;
        self
    }

    /// The rows that are taken of so many, counted from 0, in order. Errors: `VALIDATION_ERROR` for a percentage that is
    /// none, and for a stratified sample, which needs each row's group: [`Sampling::rows_by`].
    pub fn rows(&self, total: u64) -> Result<Vec<u64>> {
        let count = self.take.of(total)?;
        let mut random = Random::new(self.seed);
        match self.method {
            _ if count == total && self.method != Method::Stratified => Ok((0..total).collect()),
            Method::Random => Ok(distinct(&mut random, count, total)),
            Method::Systematic => Ok(evenly(&mut random, count, total)),
            Method::Reservoir => Ok(reservoir(&mut random, count, 0..total)),
            Method::Stratified => Err(Error::validation(
                "a stratified sample needs the group of every row",
            )
            .with_hint("Sampling::rows_by(groups), or a column: --by COLUMN")),
        }
    }

    /// The rows that a stratified sample takes, from the group of each row. Another method ignores the groups.
    pub fn rows_by(&self, groups: impl IntoIterator<Item: Into<String>>) -> Result<Vec<u64>> {
        if self.method != Method::Stratified {
            return self.rows(groups.into_iter().count() as u64);
        }
        let mut strata: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let mut total = 0;
        for group in groups {
            strata.entry(group.into()).or_default().push(total);
            total += 1;
        }
        let sizes: Vec<u64> = strata.values().map(|rows| rows.len() as u64).collect();
        let counts = shares(self.take.of(total)?, &sizes);
        let mut taken = Vec::new();
        for ((group, rows), count) in strata.iter().zip(counts) {
            let mut random = Random::of_part(self.seed, group.as_bytes());
            let chosen = distinct(&mut random, count, rows.len() as u64);
            taken.extend(chosen.into_iter().map(|at| rows[at as usize]));
        }
        taken.sort_unstable();
        Ok(taken)
    }

    /// The things of a stream that are taken, in order, in one pass that holds no more than are taken.
    ///
    /// Errors: `VALIDATION_ERROR` for a method or a percentage that must know how many there are.
    pub fn of_iter<T>(&self, things: impl IntoIterator<Item = T>) -> Result<Vec<T>> {
        match (&self.method, self.take) {
            (Method::Random | Method::Reservoir, Take::Count(count)) => {
                let mut random = Random::new(self.seed);
                Ok(reservoir(&mut random, count, things))
            }
            (Method::Random | Method::Reservoir | Method::Systematic, Take::All) => {
                Ok(things.into_iter().collect())
            }
            _ => Err(Error::validation(
                "a stream of unknown length has no percentage and no even distances",
            )
            .with_hint("Sampling::reservoir(count), or Sampling::rows(total)")),
        }
    }

    /// What a run records of it: itself, how many rows there were and were taken, and the hash of which.
    #[must_use]
    pub fn record(&self, total: u64, rows: &[u64]) -> serde_json::Value {
        let mut record = serde_json::to_value(self).expect("it has words for keys");
        record["of"] = total.into();
        record["rows"] = (rows.len() as u64).into();
        record["rows_digest"] = rows_digest(rows).into();
        record
    }
}

/// `blake3:` and the hash of the rows' numbers, each as 8 bytes little-endian.
pub(crate) fn rows_digest(rows: &[u64]) -> String {
    let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_le_bytes()).collect();
    BlobId::of(&bytes).digest()
}

impl Take {
    /// How many of so many.
    fn of(self, total: u64) -> Result<u64> {
        match self {
            Take::All => Ok(total),
            Take::Count(count) => Ok(count.min(total)),
            Take::Percent(percent) if (0.0..=100.0).contains(&percent) => {
                // Exact below 2^53 rows: one division and one multiplication, rounded alike on every machine.
                Ok(((total as f64 * (percent / 100.0) + 0.5).floor() as u64).min(total))
            }
            Take::Percent(percent) => Err(Error::validation(format!(
                "{percent} is no percentage: pass 0 to 100"
            ))),
        }
    }
}

/// Whole numbers of a sum, as near to the shares as can be: the largest remainders get what rounding left over.
pub(crate) fn shares(sum: u64, weights: &[u64]) -> Vec<u64> {
    let whole: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if whole == 0 {
        return vec![0; weights.len()];
    }
    let exact = weights
        .iter()
        .map(|weight| u128::from(sum) * u128::from(*weight));
    let mut parts: Vec<(u64, u128)> = exact
        .map(|share| ((share / whole) as u64, share % whole))
        .collect();
    let given: u64 = parts.iter().map(|(part, _)| part).sum();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|at| (std::cmp::Reverse(parts[*at].1), *at));
    for at in by_remainder.into_iter().take((sum - given) as usize) {
        parts[at].0 += 1;
    }
    parts.into_iter().map(|(part, _)| part).collect()
}

/// `count` different numbers below `total`, in order (Floyd).
fn distinct(random: &mut Random, count: u64, total: u64) -> Vec<u64> {
    let mut taken = HashSet::with_capacity(count as usize);
    for last in total - count..total {
        let drawn = random.below(last + 1);
        if !taken.insert(drawn) {
            taken.insert(last);
        }
    }
    let mut taken: Vec<u64> = taken.into_iter().collect();
    taken.sort_unstable();
    taken
}

/// `count` numbers below `total` at even distances.
fn evenly(random: &mut Random, count: u64, total: u64) -> Vec<u64> {
    if count == 0 {
        return Vec::new();
    }
    let first = u128::from(random.below(total));
    let at = |number: u64| {
        let place = (first + u128::from(number) * u128::from(total)) / u128::from(count);
        place as u64
    };
    (0..count).map(at).collect()
}

/// `count` things of a stream, in its order (Waterman's algorithm R).
fn reservoir<T>(random: &mut Random, count: u64, things: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut held: Vec<(u64, T)> = Vec::new();
    for (at, thing) in (0_u64..).zip(things) {
        if at < count {
            held.push((at, thing));
        } else if count > 0 {
            let place = random.below(at + 1);
            if place < count {
                held[place as usize] = (at, thing);
            }
        }
    }
    held.sort_unstable_by_key(|(at, _)| *at);
    held.into_iter().map(|(_, thing)| thing).collect()
}

impl Method {
    /// The method's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Method::Random => "random",
            Method::Stratified => "stratified",
            Method::Systematic => "systematic",
            Method::Reservoir => "reservoir",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(text: &str) -> Result<Method> {
        let all = [
            Method::Random,
            Method::Stratified,
            Method::Systematic,
            Method::Reservoir,
        ];
        let method = all.into_iter().find(|method| method.name() == text);
        method.ok_or_else(|| {
            Error::validation(format!(
                "{text:?} is no way to sample: pass random, stratified, systematic or reservoir"
            ))
        })
    }
}

#[cfg(test)]
#[path = "sampling_test.rs"]
mod tests;
