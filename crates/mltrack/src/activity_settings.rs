//! How different the parameters of runs are that began in the same stretch of time.
//!
//! Invariant: a setting is all parameters of a run with their values; one without parameters is a setting, too. What is
//! counted does not depend on the order of the runs.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;

use mltrack_projector_runs::search::{Column, ColumnData, ColumnSource, Family, MISSING, Texts};

use crate::run_table::RunTable;

/// What was tried in each stretch; nothing when it was not asked for.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// How many different settings.
    pub different: Option<Vec<u64>>,
    /// Which share of all values of parameters that were tried at all.
    pub coverage: Option<Vec<f64>>,
}

/// Compares runs, given as stretches and rows.
pub(crate) fn settings(
    table: &RunTable<'_>,
    mut begun: Vec<(usize, usize)>,
    stretches: usize,
) -> io::Result<Settings> {
    begun.sort_unstable();
    let mut hashes = vec![0_u64; begun.len()];
    let mut tried = vec![0_u64; stretches];
    let mut all = 0_u64;
    for name in table.names(Family::Param) {
        let data = table.column(&Column::Param(name.clone()))?;
        if let ColumnData::Texts(texts) = &*data {
            all += values(&name, texts, (&begun, &mut hashes), &mut tried);
        }
    }
    let mut different = vec![0_u64; stretches];
    let mut known: HashSet<(usize, u64)> = HashSet::new();
    for ((stretch, _), hash) in begun.iter().zip(&hashes) {
        if known.insert((*stretch, *hash)) {
            different[*stretch] += 1;
        }
    }
    let share = |tried: u64| {
        if all == 0 {
            0.0
        } else {
            tried as f64 / all as f64
        }
    };
    Ok(Settings {
        different: Some(different),
        coverage: Some(tried.into_iter().map(share).collect()),
    })
}

/// Adds a parameter's values to the settings of the runs, and to what each stretch tried. Answers how many different
/// ones there are.
fn values(
    name: &str,
    texts: &Texts,
    (begun, hashes): (&[(usize, usize)], &mut [u64]),
    tried: &mut [u64],
) -> u64 {
    // A dictionary can hold a text twice, and texts that no run has any more.
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut of_codes = Vec::with_capacity(texts.dictionary().len());
    let mut hash_of_codes = Vec::with_capacity(texts.dictionary().len());
    for text in texts.dictionary().iter() {
        let next = places.len();
        of_codes.push(*places.entry(text).or_insert(next));
        let mut state = DefaultHasher::new();
        (name, text).hash(&mut state);
        hash_of_codes.push(state.finish());
    }
    let mut last_stretch = vec![usize::MAX; places.len()];
    let mut different = 0;
    for ((stretch, row), hash) in begun.iter().zip(hashes) {
        let code = texts.codes().get(*row).copied().unwrap_or(MISSING) as usize;
        let Some(place) = of_codes.get(code) else {
            continue;
        };
        // The sum does not depend on the order of the parameters.
        *hash = hash.wrapping_add(hash_of_codes[code]);
        let last = &mut last_stretch[*place];
        if *last == usize::MAX {
            different += 1;
        }
        if *last != *stretch {
            *last = *stretch;
            tried[*stretch] += 1;
        }
    }
    different
}
