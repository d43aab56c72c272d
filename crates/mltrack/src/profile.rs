//! What a dataset's files say of themselves: columns, types, counts and ranges of CSV, JSON lines and `NumPy` arrays.
//!
//! Invariants: a file is read once and only a column's figures stay in memory; what cannot be understood has no profile and
//! is no error, because the bytes are stored all the same; figures do not depend on the machine.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::{Value, json};

use crate::profile_column::Column;
use crate::profile_csv::CsvRows;
use crate::profile_npy;

/// A longer file is stored without a profile, in bytes: reading it once more would take minutes.
const FILE_LEN_MAX: u64 = 4 << 30;
/// A table with more columns is none that a person reads.
const COLUMNS_MAX: usize = 4096;
/// A line of JSON that is longer is no row.
const LINE_LEN_MAX: usize = 64 << 20;

/// The figures of one or several files of the same columns.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Profile {
    pub format: &'static str,
    pub rows: u64,
    /// In the order of the first file.
    pub columns: Vec<(String, Column)>,
    /// What an array is made of, where the file is one.
    pub array: Option<Value>,
}

impl Profile {
    /// Names and types of the columns.
    pub fn schema(&self) -> Value {
        if let Some(array) = &self.array {
            return array.clone();
        }
        let columns = self.columns.iter();
        let columns: Vec<Value> = columns
            .map(|(name, column)| json!({ "name": name, "type": column.kind().name() }))
            .collect();
        json!({ "format": self.format, "columns": columns })
    }

    /// What the columns hold.
    pub fn figures(&self) -> Value {
        let columns = self.columns.iter();
        let columns: serde_json::Map<String, Value> = columns
            .map(|(name, column)| (name.clone(), column.figures()))
            .collect();
        json!({ "rows": self.rows, "columns": columns })
    }

    /// Takes in the figures of a file that has the same columns; false when it has others.
    pub fn add(&mut self, other: &Profile) -> bool {
        let names = |profile: &Profile| -> Vec<String> {
            profile
                .columns
                .iter()
                .map(|(name, _)| name.clone())
                .collect()
        };
        if self.format != other.format || self.array.is_some() || names(self) != names(other) {
            return false;
        }
        self.rows += other.rows;
        let columns = self.columns.iter_mut().zip(&other.columns);
        columns.for_each(|((_, column), (_, more))| column.add(more));
        true
    }
}

/// The profile of a file; `None` for what is no table, or is too long.
pub(crate) fn of_file(path: &Path) -> Option<Profile> {
    let file = File::open(path).ok()?;
    if file.metadata().ok()?.len() > FILE_LEN_MAX {
        return None;
    }
    of_reader(
        &path.to_string_lossy(),
        BufReader::with_capacity(1 << 16, file),
    )
}

/// The profile of what is read under this name.
pub(crate) fn of_reader(name: &str, reader: impl BufRead) -> Option<Profile> {
    let ending = name.rsplit('.').next().unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "csv" => of_csv(reader, b','),
        "tsv" => of_csv(reader, b'\t'),
        "jsonl" | "ndjson" => of_json_lines(reader),
        "npy" => profile_npy::of_array(reader),
        _ => None,
    }
}

fn of_csv(reader: impl BufRead, separator: u8) -> Option<Profile> {
    let mut rows = CsvRows::new(reader, separator);
    let names = rows.next_row()?.ok()?;
    if names.len() > COLUMNS_MAX {
        return None;
    }
    let mut columns: Vec<(String, Column)> = names
        .into_iter()
        .map(|name| (name, Column::default()))
        .collect();
    let mut count = 0;
    while let Some(row) = rows.next_row() {
        let cells = row.ok()?;
        if cells.len() > columns.len() {
            return None;
        }
        count += 1;
        for (at, (_, column)) in columns.iter_mut().enumerate() {
            column.take_text(cells.get(at).map_or("", String::as_str));
        }
    }
    Some(Profile {
        format: "csv",
        rows: count,
        columns,
        array: None,
    })
}

fn of_json_lines(mut reader: impl BufRead) -> Option<Profile> {
    let mut columns: BTreeMap<String, Column> = BTreeMap::new();
    let (mut rows, mut line) = (0, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            break;
        }
        if line.len() > LINE_LEN_MAX {
            return None;
        }
        if line.trim().is_empty() {
            continue;
        }
        let Value::Object(row) = serde_json::from_str(&line).ok()? else {
            return None;
        };
        for (key, value) in &row {
            if !columns.contains_key(key) {
                if columns.len() == COLUMNS_MAX {
                    return None;
                }
                // The rows before this one did not have it.
                columns.insert(key.clone(), Column::missing(rows));
            }
            columns.get_mut(key)?.take_json(value);
        }
        rows += 1;
        let absent = columns
            .iter_mut()
            .filter(|(key, _)| !row.contains_key(*key));
        absent.for_each(|(_, column)| column.take_text(""));
    }
    Some(Profile {
        format: "jsonl",
        rows,
        columns: columns.into_iter().collect(),
        array: None,
    })
}

/// The values of one column, one for each row; `None` when the file has no such column or is no table.
pub(crate) fn column_of(name: &str, reader: impl BufRead, column: &str) -> Option<Vec<String>> {
    let ending = name.rsplit('.').next().unwrap_or_default();
    let separator = match ending.to_ascii_lowercase().as_str() {
        "csv" => b',',
        "tsv" => b'\t',
        "jsonl" | "ndjson" => return json_column(reader, column),
        _ => return None,
    };
    let mut rows = CsvRows::new(reader, separator);
    let names = rows.next_row()?.ok()?;
    let at = names.iter().position(|name| name == column)?;
    let mut values = Vec::new();
    while let Some(row) = rows.next_row() {
        values.push(row.ok()?.into_iter().nth(at).unwrap_or_default());
    }
    Some(values)
}

fn json_column(reader: impl BufRead, column: &str) -> Option<Vec<String>> {
    let (mut values, mut is_known) = (Vec::new(), false);
    for line in reader.lines() {
        let line = line.ok()?;
        if line.trim().is_empty() {
            continue;
        }
        let row: Value = serde_json::from_str(&line).ok()?;
        is_known |= row.get(column).is_some();
        values.push(match row.get(column) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        });
    }
    is_known.then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csv_file_tells_its_columns_their_types_and_what_is_missing() {
        let text =
            "id,x,name,ok\r\n1,0.5,\"a, \"\"b\"\"\nc\",true\r\n2,,d,false\r\n3,1.5,,true\r\n";
        let profile = of_reader("t.csv", text.as_bytes()).unwrap();
        assert_eq!(
            profile.schema(),
            json!({ "format": "csv", "columns": [
                { "name": "id", "type": "int" }, { "name": "x", "type": "float" },
                { "name": "name", "type": "text" }, { "name": "ok", "type": "bool" },
            ]})
        );
        let figures = profile.figures();
        assert_eq!(figures["rows"], 3);
        assert_eq!(
            figures["columns"]["x"],
            json!({ "count": 2, "missing": 1, "min": 0.5, "max": 1.5, "mean": 1.0 })
        );
        assert_eq!(figures["columns"]["name"]["missing"], 1);
        let names = column_of("t.csv", text.as_bytes(), "name").unwrap();
        assert_eq!(names, ["a, \"b\"\nc", "d", ""]);
        assert_eq!(column_of("t.csv", text.as_bytes(), "nothing"), None);
    }

    #[test]
    fn json_lines_tell_the_union_of_their_keys() {
        let text = "{\"a\":1,\"b\":\"x\"}\n\n{\"a\":2.5}\n{\"c\":[1]}\n";
        let profile = of_reader("t.jsonl", text.as_bytes()).unwrap();
        let types: Vec<_> = profile
            .columns
            .iter()
            .map(|(name, column)| (name.as_str(), column.kind().name()))
            .collect();
        assert_eq!(types, [("a", "float"), ("b", "text"), ("c", "json")]);
        assert_eq!(profile.figures()["columns"]["b"]["missing"], 2);
        assert_eq!(profile.figures()["columns"]["c"]["missing"], 2);
        assert_eq!(
            column_of("t.jsonl", text.as_bytes(), "a").unwrap(),
            ["1", "2.5", ""]
        );
    }

    #[test]
    fn what_is_no_table_has_no_profile() {
        for (name, text) in [
            ("t.csv", "a,b\n1,2,3\n"),
            ("t.csv", ""),
            ("t.csv", "a\n\"x"),
            ("t.jsonl", "[1]\n"),
            ("t.jsonl", "{broken\n"),
            ("t.npy", "no array"),
            ("t.png", "a,b\n1,2\n"),
        ] {
            assert_eq!(of_reader(name, text.as_bytes()), None, "{name} {text:?}");
        }
    }

    #[test]
    fn files_of_the_same_columns_are_one_table() {
        let read = |text: &str| of_reader("t.csv", text.as_bytes()).unwrap();
        let mut whole = read("x\n1\n2\n");
        assert!(whole.add(&read("x\n6\n")));
        assert_eq!(whole.rows, 3);
        assert_eq!(whole.figures()["columns"]["x"]["mean"], 3.0);
        assert!(!whole.add(&read("y\n6\n")));
    }
}
