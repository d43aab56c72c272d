//! Runs that agree in some columns, as one row: how many there are, and mean, median and spread of their metrics.
//!
//! 1. The spread is the standard deviation of a sample (n - 1); one value has none.
//! 2. What is not a finite number is left out of mean and spread, and counted.

use serde_json::{Map, Value, json};

use super::column::{Column, Part, Sort};
use super::content::{Content, compare_present};
use super::row::RunRow;
use crate::failure::{Failure, Outcome};
use crate::output::quantity::{counted, number, short_number};
use crate::output::table::{self, Cell, Table};

pub const FIELDS: &[&str] = &["group", "runs", "metrics", "ids"];

#[derive(Debug)]
pub struct Groups {
    by: Vec<Column>,
    of: Vec<Column>,
    pub rows: Vec<Group>,
    /// Before some were cut off.
    pub total: u64,
    runs: u64,
}

#[derive(Debug)]
pub struct Group {
    key: Vec<Option<Content>>,
    ids: Vec<String>,
    /// One for each column that is summed up; `None` where no run has it.
    spreads: Vec<Option<Spread>>,
}

/// Many values in short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub count: u64,
    pub not_finite: u64,
    pub mean: f64,
    /// The value in the middle.
    pub median: f64,
    pub deviation: Option<f64>,
    pub min: f64,
    pub max: f64,
}

/// Groups by some columns, with the spread of others: of every metric's last value when none are named.
pub fn grouped(rows: &[RunRow], by: &[Column], of: &[Column], now_ns: i64) -> Outcome<Groups> {
    if let Some(text) = of
        .iter()
        .find(|column| !matches!(column, Column::Metric { .. }))
    {
        return Err(
            Failure::usage(format!("{} has no mean: groups show metrics", text.title()))
                .hint(format!("--group {}", text.title()))
                .into(),
        );
    }
    let of = if of.is_empty() {
        all_metrics(rows)
    } else {
        of.to_vec()
    };
    let mut groups: Vec<(Vec<Option<Content>>, Vec<&RunRow>)> = Vec::new();
    let mut sorted: Vec<(Vec<Option<Content>>, &RunRow)> = rows
        .iter()
        .map(|row| (contents(by, row, now_ns), row))
        .collect();
    sorted.sort_by(|(a, _), (b, _)| compare_keys(a, b));
    for (key, row) in sorted {
        match groups.last_mut() {
            Some((last, members)) if compare_keys(last, &key).is_eq() => members.push(row),
            _ => groups.push((key, vec![row])),
        }
    }
    let group = |(key, members): (Vec<Option<Content>>, Vec<&RunRow>)| Group {
        key,
        ids: members.iter().map(|row| row.id.clone()).collect(),
        spreads: of
            .iter()
            .map(|column| spread(&numbers(column, &members, now_ns)))
            .collect(),
    };
    let rows_made: Vec<Group> = groups.into_iter().map(group).collect();
    Ok(Groups {
        total: rows_made.len() as u64,
        runs: rows.len() as u64,
        by: by.to_vec(),
        of,
        rows: rows_made,
    })
}

fn all_metrics(rows: &[RunRow]) -> Vec<Column> {
    let labels: std::collections::BTreeSet<&String> = rows
        .iter()
        .flat_map(|row| row.metrics.iter().map(|metric| &metric.label))
        .collect();
    let last = |name: &String| Column::Metric {
        name: name.clone(),
        part: Part::Last,
        with_step: false,
    };
    labels.into_iter().map(last).collect()
}

fn contents(by: &[Column], row: &RunRow, now_ns: i64) -> Vec<Option<Content>> {
    by.iter()
        .map(|column| column.content(row, now_ns))
        .collect()
}

fn compare_keys(a: &[Option<Content>], b: &[Option<Content>]) -> std::cmp::Ordering {
    let parts = a
        .iter()
        .zip(b)
        .map(|(a, b)| compare_present(a.as_ref(), b.as_ref(), false));
    parts.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
}

fn numbers(column: &Column, members: &[&RunRow], now_ns: i64) -> Vec<f64> {
    let number = |row: &&RunRow| column.content(row, now_ns)?.number();
    members.iter().filter_map(number).collect()
}

/// `None` of nothing. Two passes, so that close values far from zero keep their spread.
fn spread(values: &[f64]) -> Option<Spread> {
    if values.is_empty() {
        return None;
    }
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let count = finite().count();
    let sum: f64 = finite().sum();
    let mean = if sum.is_finite() {
        sum / count as f64
    } else {
        finite().map(|value| value / count as f64).sum()
    };
    let mut sorted: Vec<f64> = finite().collect();
    sorted.sort_by(f64::total_cmp);
    let squares: f64 = finite().map(|value| (value - mean).powi(2)).sum();
    Some(Spread {
        count: count as u64,
        not_finite: (values.len() - count) as u64,
        mean,
        median: median(&sorted),
        deviation: (count > 1).then(|| (squares / (count - 1) as f64).sqrt()),
        min: finite().fold(f64::NAN, f64::min),
        max: finite().fold(f64::NAN, f64::max),
    })
}

/// Of sorted values; NaN of none.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        count if count.is_multiple_of(2) => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

impl Groups {
    /// By columns that they are grouped by, or by the mean of others.
    pub fn sort(&mut self, sorts: &[Sort]) -> Outcome<()> {
        for sort in sorts.iter().rev() {
            let title = sort.column.title();
            let is_it = |column: &Column| *column == sort.column;
            if let Some(at) = self.by.iter().position(is_it) {
                self.rows.sort_by(|a, b| {
                    compare_present(a.key[at].as_ref(), b.key[at].as_ref(), sort.is_descending)
                });
            } else if let Some(at) = self.of.iter().position(is_it) {
                let mean = |group: &Group| {
                    group.spreads[at].map(|spread| Content::Number {
                        value: spread.mean,
                        text: String::new(),
                        exact: Value::Null,
                    })
                };
                self.rows.sort_by(|a, b| {
                    compare_present(mean(a).as_ref(), mean(b).as_ref(), sort.is_descending)
                });
            } else {
                return Err(Failure::usage(format!("the groups have no column {title}"))
                    .hint(format!("add it: --cols {title}"))
                    .into());
            }
        }
        Ok(())
    }

    /// In the order of [`FIELDS`].
    pub fn items(&self) -> Vec<Vec<Value>> {
        let item = |group: &Group| {
            let key = self.by.iter().zip(&group.key).map(|(column, content)| {
                let value = content.as_ref().map_or(Value::Null, Content::value);
                (column.title(), value)
            });
            let of = self.of.iter().zip(&group.spreads);
            let metrics =
                of.filter_map(|(column, spread)| Some((column.title(), value((*spread)?))));
            vec![
                Value::Object(key.collect::<Map<_, _>>()),
                group.ids.len().into(),
                Value::Object(metrics.collect::<Map<_, _>>()),
                json!(group.ids),
            ]
        };
        self.rows.iter().map(item).collect()
    }

    /// The titles and cells of lines: what they are grouped by, how many, and of each column mean, deviation, median and
    /// of how many runs they are.
    pub fn lines(&self) -> (Vec<String>, Vec<Vec<Value>>) {
        let mut titles: Vec<String> = self.by.iter().map(Column::title).collect();
        titles.push("runs".to_owned());
        for column in &self.of {
            titles.push(format!("{}.mean", column.title()));
            titles.push(format!("{}.std", column.title()));
            titles.push(format!("{}.median", column.title()));
            titles.push(format!("{}.n", column.title()));
        }
        let line = |group: &Group| {
            let key = group.key.iter();
            let mut cells: Vec<Value> = key
                .map(|content| content.as_ref().map_or(Value::Null, Content::line_value))
                .collect();
            cells.push(group.ids.len().into());
            for spread in &group.spreads {
                cells.push(spread.map_or(Value::Null, |spread| number(spread.mean)));
                let deviation = spread.and_then(|spread| spread.deviation);
                cells.push(deviation.map_or(Value::Null, number));
                cells.push(spread.map_or(Value::Null, |spread| number(spread.median)));
                cells.push(spread.map_or(0, |spread| spread.count).into());
            }
            cells
        };
        (titles, self.rows.iter().map(line).collect())
    }

    pub fn table(&self) -> Table {
        let mut columns: Vec<table::Column> = self
            .by
            .iter()
            .map(|column| table::Column {
                title: column.title(),
                is_number: column.is_number(),
            })
            .collect();
        columns.push(table::Column::number("runs"));
        columns.extend(
            self.of
                .iter()
                .map(|column| table::Column::number(&column.title())),
        );
        let cells = |group: &Group| {
            let key = group.key.iter();
            let mut cells: Vec<Cell> = key
                .map(|content| {
                    content
                        .as_ref()
                        .map_or_else(|| "-".into(), |it| it.text().into())
                })
                .collect();
            let runs = group.ids.len() as u64;
            cells.push(runs.to_string().into());
            let spreads = group.spreads.iter();
            cells.extend(spreads.map(|spread| Cell::from(text(*spread, runs))));
            cells
        };
        let shown = self.rows.len() as u64;
        let groups = if shown == self.total {
            counted(shown, "group")
        } else {
            format!("{shown} of {}", counted(self.total, "group"))
        };
        Table {
            columns,
            rows: self.rows.iter().map(cells).collect(),
            notes: vec![format!("{groups} of {}", counted(self.runs, "run"))],
        }
    }
}

fn value(spread: Spread) -> Value {
    json!({
        "mean": number(spread.mean),
        "std": spread.deviation.map(number),
        "median": number(spread.median),
        "min": number(spread.min),
        "max": number(spread.max),
        "count": spread.count,
        "not_finite": spread.not_finite,
    })
}

/// `0.931 +-0.002 (median 0.93)`, and of how many where it is not all of them.
fn text(spread: Option<Spread>, runs: u64) -> String {
    let Some(spread) = spread else {
        return "-".to_owned();
    };
    let mut text = short_number(spread.mean);
    let mut notes = Vec::new();
    if let Some(deviation) = spread.deviation {
        text = format!("{text} +-{}", short_number(deviation));
        notes.push(format!("median {}", short_number(spread.median)));
    }
    if spread.count != runs {
        notes.push(format!("n={}", spread.count));
    }
    if notes.is_empty() {
        text
    } else {
        format!("{text} ({})", notes.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::tests::row;
    use super::*;

    fn rows() -> Vec<RunRow> {
        let with = |name: &str, lr: f64, loss: Option<f64>| {
            let mut row = row(name, loss);
            row.id = name.to_owned();
            row.params.insert("lr".into(), lr.into());
            row
        };
        vec![
            with("a", 0.1, Some(1.0)),
            with("b", 0.2, Some(5.0)),
            with("c", 0.1, Some(3.0)),
            with("d", 0.1, Some(f64::NAN)),
            with("e", 0.2, None),
        ]
    }

    fn groups() -> Groups {
        grouped(&rows(), &["=lr".parse().unwrap()], &[], 0).unwrap()
    }

    #[test]
    fn equal_keys_are_one_group_with_mean_and_spread() {
        let groups = groups();
        assert_eq!(groups.rows.len(), 2);
        let spread = groups.rows[0].spreads[0].unwrap();
        assert_eq!((spread.count, spread.not_finite), (2, 1));
        assert!((spread.mean - 2.0).abs() < 1e-12);
        assert!((spread.deviation.unwrap() - 2.0_f64.sqrt()).abs() < 1e-12);
        assert!((spread.median - 2.0).abs() < 1e-12);
        assert_eq!(groups.rows[0].ids, ["a", "c", "d"]);
        assert_eq!(groups.rows[1].spreads[0].unwrap().deviation, None);
    }

    #[test]
    fn the_table_says_of_how_many_runs_a_mean_is() {
        let table = groups().table();
        let cells: Vec<&str> = table.rows[0]
            .iter()
            .map(|cell| cell.text.as_str())
            .collect();
        assert_eq!(cells, ["0.1", "3", "2 +-1.414 (median 2, n=2)"]);
        assert_eq!(table.rows[1][2].text, "5 (n=1)");
        assert_eq!(table.notes, ["2 groups of 5 runs"]);
    }

    #[test]
    fn lines_say_of_how_many_runs_a_mean_is() {
        let (titles, rows) = groups().lines();
        assert_eq!(titles[5], "loss.n");
        assert_eq!([&rows[0][5], &rows[1][5]], [&json!(2), &json!(1)]);
        assert_eq!([&rows[0][1], &rows[1][1]], [&json!(3), &json!(2)]);
    }

    #[test]
    fn groups_sort_by_their_mean_and_not_by_what_they_lack() {
        let mut groups = groups();
        groups.sort(&["-loss".parse().unwrap()]).unwrap();
        assert_eq!(groups.rows[0].ids, ["b", "e"]);
        assert!(groups.sort(&["acc".parse().unwrap()]).is_err());
    }

    #[test]
    fn a_text_has_no_mean() {
        assert!(grouped(&rows(), &[], &["=lr".parse().unwrap()], 0).is_err());
    }

    #[test]
    fn the_spread_of_close_large_numbers_is_kept() {
        let spread = spread(&[1e9, 1e9 + 1.0, 1e9 + 2.0]).unwrap();
        assert!((spread.deviation.unwrap() - 1.0).abs() < 1e-9, "{spread:?}");
        assert!((spread.median - (1e9 + 1.0)).abs() < 1e-9, "{spread:?}");
        let none = super::spread(&[f64::INFINITY]).unwrap();
        assert!(none.mean.is_nan() && none.count == 0, "{none:?}");
        let huge = super::spread(&[f64::MAX, f64::MAX]).unwrap();
        assert!((huge.mean / f64::MAX - 1.0).abs() < 1e-12, "{huge:?}");
    }
}
