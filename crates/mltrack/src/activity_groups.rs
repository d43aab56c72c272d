//! What tells runs apart in figures over time: their experiment, state, user or machine.
//!
//! Invariant: every row is in exactly one group; texts that a column holds twice are one group.

use std::collections::HashMap;
use std::io;

use mltrack_projector_runs::State;
use mltrack_projector_runs::search::{Attribute, ColumnData, ColumnSource};

use crate::activity::{ActivityBy, attribute, integer};
use crate::run_table::RunTable;

/// What tells runs apart: for each row a group, and what each is called.
pub(crate) struct Groups {
    of_rows: Vec<u32>,
    pub names: Vec<(String, String)>,
}

impl Groups {
    pub fn of(table: &RunTable<'_>, state: &State, by: ActivityBy) -> io::Result<Groups> {
        let attribute_of = match by {
            ActivityBy::Experiment => return Groups::of_experiments(table, state),
            ActivityBy::State => Attribute::Status,
            ActivityBy::User => Attribute::Actor,
            ActivityBy::Host => Attribute::Host,
        };
        let data = attribute(table, attribute_of)?;
        let ColumnData::Texts(texts) = &*data else {
            return Ok(Groups::none(table.len()));
        };
        // A dictionary can hold a text twice.
        let mut places: HashMap<&str, u32> = HashMap::new();
        let mut names = vec![(String::new(), String::new())];
        let mut of_codes = Vec::new();
        for text in texts.dictionary().iter() {
            let place = *places.entry(text).or_insert_with(|| {
                names.push((text.to_owned(), text.to_owned()));
                names.len() as u32 - 1
            });
            of_codes.push(place);
        }
        let of_code = |code: &u32| of_codes.get(*code as usize).copied().unwrap_or(0);
        Ok(Groups {
            of_rows: texts.codes().iter().map(of_code).collect(),
            names,
        })
    }

    fn of_experiments(table: &RunTable<'_>, state: &State) -> io::Result<Groups> {
        let ids = attribute(table, Attribute::ExperimentId)?;
        let mut names = vec![(String::new(), String::new())];
        let mut places: HashMap<i64, u32> = HashMap::new();
        for known in state.experiments() {
            places.insert(known.id.0.cast_signed(), names.len() as u32);
            names.push((known.id.to_string(), known.name.clone()));
        }
        let of_row = |row| {
            let id = integer(&ids, row);
            id.and_then(|id| places.get(&id)).copied().unwrap_or(0)
        };
        Ok(Groups {
            of_rows: (0..table.len()).map(of_row).collect(),
            names,
        })
    }

    fn none(len: usize) -> Groups {
        Groups {
            of_rows: vec![0; len],
            names: vec![(String::new(), String::new())],
        }
    }

    pub fn of_row(&self, row: usize) -> usize {
        self.of_rows.get(row).copied().unwrap_or(0) as usize
    }
}
