//! Points in the form in which the log takes them: columns, one for each metric.
//!
//! Invariant: a slot stays the same metric until the run changes, so a source looks a name up once for many points.

use std::collections::HashMap;

/// Points of a run by metric; emptied and used again from chunk to chunk.
#[derive(Debug, Default)]
pub struct Points {
    by_name: HashMap<String, u32>,
    pub(crate) columns: Vec<Column>,
    /// Columns whose memory can be used again.
    spare: Vec<Column>,
    len: usize,
}

/// So many columns keep their memory.
const SPARE_MAX: usize = 256;

/// Points of one metric, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Column {
    pub name: String,
    pub steps: Vec<i64>,
    pub times_ns: Vec<i64>,
    pub values: Vec<f64>,
}

impl Column {
    fn clear(&mut self) {
        self.steps.clear();
        self.times_ns.clear();
        self.values.clear();
    }
}

impl Points {
    /// Where points of this metric go. Right for this chunk, until it is handed over.
    pub fn slot(&mut self, name: &str) -> u32 {
        if let Some(slot) = self.by_name.get(name) {
            return *slot;
        }
        let slot = self.columns.len() as u32;
        self.by_name.insert(name.to_owned(), slot);
        let mut column = self.spare.pop().unwrap_or_default();
        name.clone_into(&mut column.name);
        self.columns.push(column);
        slot
    }

    /// Adds a point. The slot is one that [`slot`](Points::slot) gave.
    #[inline]
    pub fn push(&mut self, slot: u32, step: i64, time_ns: i64, value: f64) {
        let column = &mut self.columns[slot as usize];
        column.steps.push(step);
        column.times_ns.push(time_ns);
        column.values.push(value);
        self.len += 1;
    }

    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets everything; some columns keep their memory.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.by_name.clear();
        for mut column in self.columns.drain(..) {
            column.clear();
            if self.spare.len() < SPARE_MAX {
                self.spare.push(column);
            }
        }
    }

    /// Takes out the columns of which `is_wanted` says no.
    pub(crate) fn retain(&mut self, mut is_wanted: impl FnMut(&str) -> bool) {
        for column in &mut self.columns {
            if !column.steps.is_empty() && !is_wanted(&column.name) {
                self.len -= column.steps.len();
                column.clear();
            }
        }
    }
}
