//! The table of runs: which columns it has, and what is hidden.

use std::collections::BTreeSet;

use super::column::{Column, Part, Property};
use super::row::RunRow;
use crate::output::quantity::counted;
use crate::output::table::{self, Cell, Table};

/// What a table of runs shows.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Instead of the usual ones.
    pub columns: Vec<Column>,
    /// Leave out columns that are equal in all runs.
    pub only_changed: bool,
    /// Samples of the machine are usual columns, too.
    pub with_system: bool,
}

/// Samples of the machine: metrics like others, and so many that they would hide them.
pub fn is_system(label: &str) -> bool {
    label.starts_with("system/")
}

/// The rows in their order; `total` counts those that were cut off, too.
pub fn table(rows: &[RunRow], total: u64, choice: &Choice, now_ns: i64) -> Table {
    let mut notes = vec![shown_text(rows.len() as u64, total)];
    let (columns, hidden) = shown_columns(rows, choice, now_ns);
    if hidden > 0 {
        notes.push(format!(
            "{} hidden (leave out --only-changed to see)",
            counted(hidden, "equal column")
        ));
    }
    if choice.columns.is_empty() {
        notes.extend(hidden_system(rows, choice));
        return with_state(rows, &columns, notes, now_ns);
    }
    let headings = columns.iter().map(heading);
    let cells = |row: &RunRow| {
        let mut cells = vec![Cell::from(row.title())];
        cells.extend(columns.iter().map(|column| cell(column, row, now_ns)));
        cells
    };
    Table {
        columns: [table::Column::text("run")]
            .into_iter()
            .chain(headings)
            .collect(),
        rows: rows.iter().map(cells).collect(),
        notes,
    }
}

/// `3 of 214 runs`, or `214 runs` where all are shown.
pub fn shown_text(shown: u64, total: u64) -> String {
    if shown == total {
        return counted(total, "run");
    }
    format!("{shown} of {}", counted(total, "run"))
}

/// The columns asked for, or the usual ones: metrics, then params, in the order of their names. And how many were
/// left out because all runs agree in them.
fn shown_columns(rows: &[RunRow], choice: &Choice, now_ns: i64) -> (Vec<Column>, u64) {
    let columns = if choice.columns.is_empty() {
        usual_columns(rows, choice.with_system)
    } else {
        choice.columns.clone()
    };
    // A single run agrees with itself in everything.
    if !choice.only_changed || rows.len() < 2 {
        return (columns, 0);
    }
    let (shown, equal): (Vec<Column>, Vec<Column>) = columns
        .into_iter()
        .partition(|column| differs(rows, column, now_ns));
    (shown, equal.len() as u64)
}

fn with_state(rows: &[RunRow], extra: &[Column], notes: Vec<String>, now_ns: i64) -> Table {
    let has_several = rows.iter().any(|row| row.experiment != rows[0].experiment);
    let mut columns = vec![table::Column::text("run")];
    if has_several {
        columns.push(table::Column::text("experiment"));
    }
    columns.extend([
        table::Column::text("state"),
        table::Column::text("started"),
        table::Column::text("took"),
    ]);
    columns.extend(extra.iter().map(heading));
    let cells = |row: &RunRow| {
        let mut cells = vec![Cell::from(row.title())];
        if has_several {
            cells.push(row.experiment.clone().into());
        }
        cells.push(row.state_cell());
        cells.extend([
            Cell::from(row.started_text(now_ns)),
            Cell::from(row.took_text(now_ns)),
        ]);
        cells.extend(extra.iter().map(|column| cell(column, row, now_ns)));
        cells
    };
    Table {
        columns,
        rows: rows.iter().map(cells).collect(),
        notes,
    }
}

fn heading(column: &Column) -> table::Column {
    table::Column {
        title: column.title(),
        is_number: column.is_number(),
    }
}

fn cell(column: &Column, row: &RunRow, now_ns: i64) -> Cell {
    if *column == Column::Property(Property::State) {
        return Cell {
            text: row.state.to_string(),
            ..row.state_cell()
        };
    }
    column
        .content(row, now_ns)
        .map_or_else(String::new, |content| content.text())
        .into()
}

fn hidden_system(rows: &[RunRow], choice: &Choice) -> Option<String> {
    let labels = rows.iter().flat_map(|row| &row.metrics);
    let labels = labels.map(|metric| &metric.label);
    let hidden: BTreeSet<&String> = labels.filter(|label| is_system(label)).collect();
    (!choice.with_system && !hidden.is_empty()).then(|| {
        let count = counted(hidden.len() as u64, "system metric");
        format!("{count} hidden (--all)")
    })
}

fn usual_columns(rows: &[RunRow], with_system: bool) -> Vec<Column> {
    let params: BTreeSet<&String> = rows.iter().flat_map(|row| row.params.keys()).collect();
    let metrics: BTreeSet<&String> = rows
        .iter()
        .flat_map(|row| row.metrics.iter().map(|metric| &metric.label))
        .filter(|label| with_system || !is_system(label))
        .collect();
    let metric = |name: &String| Column::Metric {
        name: name.clone(),
        part: Part::Last,
        with_step: false,
    };
    let mut columns: Vec<Column> = metrics.into_iter().map(metric).collect();
    columns.extend(params.into_iter().map(|name| Column::Param(name.clone())));
    columns
}

/// By what is in them, not by how it is shown: two losses may differ behind the digits of a table.
fn differs(rows: &[RunRow], column: &Column, now_ns: i64) -> bool {
    let value = |row: &RunRow| column.content(row, now_ns).map(|content| content.value());
    let first = value(&rows[0]);
    rows[1..].iter().any(|row| value(row) != first)
}

#[cfg(test)]
mod tests {
    use super::super::row::tests::row;
    use super::*;

    fn rows() -> Vec<RunRow> {
        let with = |name: &str, lr: f64| {
            let mut row = row(name, Some(lr));
            row.params.insert("lr".into(), lr.into());
            row.params.insert("wd".into(), 0.0.into());
            row
        };
        vec![with("one", 0.5), with("two", 0.25)]
    }

    fn titles(table: &Table) -> Vec<&str> {
        table
            .columns
            .iter()
            .map(|column| column.title.as_str())
            .collect()
    }

    #[test]
    fn equal_columns_are_hidden_when_asked_and_counted() {
        let all = table(&rows(), 2, &Choice::default(), 0);
        assert_eq!(
            titles(&all),
            ["run", "state", "started", "took", "loss", "=lr", "=wd"]
        );
        let only_changed = |columns: &[&str], rows: &[RunRow]| {
            let choice = Choice {
                columns: columns.iter().map(|text| text.parse().unwrap()).collect(),
                only_changed: true,
                ..Choice::default()
            };
            table(rows, 9, &choice, 0)
        };
        let mut rows = rows();
        let changed = only_changed(&[], &rows);
        assert_eq!(
            titles(&changed),
            ["run", "state", "started", "took", "loss", "=lr"]
        );
        assert!(changed.notes[0].starts_with("2 of 9 runs"));
        assert!(changed.notes[1].starts_with("1 equal column hidden"));
        let chosen = only_changed(&["=wd", "loss", "loss@step"], &rows);
        assert_eq!(titles(&chosen), ["run", "loss", "loss@step"]);
        rows[1].metrics = rows[0].metrics.clone();
        let changed = only_changed(&[], &rows);
        assert!(changed.notes[1].starts_with("2 equal columns hidden"));
        assert_eq!(only_changed(&[], &rows[..1]).notes.len(), 1);
    }

    #[test]
    fn samples_of_the_machine_are_hidden_unless_asked_for() {
        let mut rows = rows();
        let mut sample = rows[0].metrics[0].clone();
        sample.label = "system/cpu.percent".into();
        rows[1].metrics.push(sample);
        let usual = table(&rows, 2, &Choice::default(), 0);
        assert!(!titles(&usual).contains(&"system/cpu.percent"));
        assert!(usual.notes[1].starts_with("1 system metric hidden"));
        let all = Choice {
            with_system: true,
            ..Choice::default()
        };
        assert!(titles(&table(&rows, 2, &all, 0)).contains(&"system/cpu.percent"));
        let named = Choice {
            columns: vec!["system/cpu.percent".parse().unwrap()],
            ..Choice::default()
        };
        let named = table(&rows, 2, &named, 0);
        assert_eq!(titles(&named), ["run", "system/cpu.percent"]);
        assert_eq!(named.notes.len(), 1);
    }

    #[test]
    fn runs_of_several_experiments_say_which() {
        let mut rows = rows();
        rows[1].experiment = "other".into();
        assert!(titles(&table(&rows, 2, &Choice::default(), 0)).contains(&"experiment"));
    }

    #[test]
    fn no_runs_are_a_table_too() {
        assert_eq!(table(&[], 0, &Choice::default(), 0).notes, ["0 runs"]);
    }
}
