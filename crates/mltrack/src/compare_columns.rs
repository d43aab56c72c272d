//! Params or metrics of runs side by side, as a table: a row for each run, a column for each name.
//!
//! Invariants: columns stand in the order of their names; a name that one run has is a column. Every map is walked once,
//! in order, whatever it is asked for afterwards.

use std::collections::BTreeMap;

/// Values by run and name.
pub(crate) struct Columns<'a, T> {
    names: Vec<&'a str>,
    /// Row by row; `None` where a run does not have the name.
    cells: Vec<Option<&'a T>>,
}

impl<'a, T> Columns<'a, T> {
    /// A row for each of these maps.
    pub fn of(maps: impl Iterator<Item = &'a BTreeMap<String, T>> + Clone) -> Columns<'a, T> {
        let names = names(maps.clone());
        let mut cells = Vec::with_capacity(names.len() * maps.clone().count());
        for map in maps {
            let mut left = map.iter().peekable();
            cells.extend(names.iter().map(|name| {
                let found = left.next_if(|(known, _)| known.as_str() == *name);
                found.map(|(_, value)| value)
            }));
        }
        Columns { names, cells }
    }

    /// The names of the columns.
    pub fn names(&self) -> &[&'a str] {
        &self.names
    }

    /// What runs have of a column, in the order of the rows.
    pub fn column(&self, column: usize) -> impl Iterator<Item = Option<&'a T>> + '_ {
        let cells = self.cells.get(column..).unwrap_or_default();
        cells.iter().step_by(self.names.len().max(1)).copied()
    }
}

/// Every name once, in order. Runs that are compared mostly have the same ones.
fn names<'a, T: 'a>(maps: impl Iterator<Item = &'a BTreeMap<String, T>>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for map in maps {
        if !map.keys().eq(names.iter().copied()) {
            names.extend(map.keys().map(String::as_str));
            names.sort_unstable();
            names.dedup();
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, i32)]) -> BTreeMap<String, i32> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect()
    }

    #[test]
    fn every_name_is_a_column_and_a_run_without_it_has_a_gap() {
        let maps = [
            map(&[("b", 1), ("d", 2)]),
            map(&[]),
            map(&[("a", 3), ("d", 4)]),
        ];
        let columns = Columns::of(maps.iter());
        assert_eq!(columns.names(), ["a", "b", "d"]);
        let column = |at| {
            columns
                .column(at)
                .map(Option::<&i32>::copied)
                .collect::<Vec<_>>()
        };
        assert_eq!(column(0), [None, None, Some(3)]);
        assert_eq!(column(1), [Some(1), None, None]);
        assert_eq!(column(2), [Some(2), None, Some(4)]);
    }

    #[test]
    fn runs_without_any_name_have_no_columns() {
        let maps = [map(&[]), map(&[])];
        assert!(Columns::of(maps.iter()).names().is_empty());
    }
}
