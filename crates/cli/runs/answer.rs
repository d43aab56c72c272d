//! What `mltrack runs` answers, in all its forms.

use serde_json::{Map, Value};

use super::column::Column;
use super::group::{self, Groups};
use super::pick::Found;
use super::row::{self, RunRow};
use super::sheet::{self, Choice};
use crate::failure::{Failure, Outcome};
use crate::output::items::{Envelope, ItemForm, ItemWriter};
use crate::output::table::Table;
use crate::output::unknown_field;

pub struct Answer {
    fields: &'static [&'static str],
    items: Vec<Vec<Value>>,
    /// What lines have instead of the items, when columns were chosen.
    lines: Option<Lines>,
    pub table: Table,
    /// What the question named and nobody has.
    pub remarks: Vec<String>,
    envelope: Envelope,
}

struct Lines {
    titles: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Answer {
    pub fn of_runs(found: &Found, choice: &Choice, now_ns: i64) -> Answer {
        let columns = &choice.columns;
        let item = |row: &RunRow| row.item(values(columns, row, now_ns));
        let next = found.next.map(|token| token.to_string());
        let mut table = sheet::table(&found.rows, found.total, choice, now_ns);
        if let Some(next) = &next {
            table.notes.push(format!("the next page: --page {next}"));
        }
        Answer {
            fields: row::FIELDS,
            items: found.rows.iter().map(item).collect(),
            lines: (!columns.is_empty()).then(|| lines(columns, &found.rows, now_ns)),
            table,
            remarks: found.remarks.clone(),
            envelope: Envelope {
                total: found.total,
                lsn: found.lsn,
                next: next.into(),
            },
        }
    }

    pub fn of_groups(groups: &Groups, lsn: u64) -> Answer {
        let (titles, rows) = groups.lines();
        Answer {
            fields: group::FIELDS,
            items: groups.items(),
            lines: Some(Lines { titles, rows }),
            table: groups.table(),
            remarks: Vec::new(),
            envelope: Envelope {
                total: groups.total,
                lsn,
                next: Value::Null,
            },
        }
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether nothing was cut off.
    pub fn is_whole(&self) -> bool {
        self.items.len() as u64 == self.envelope.total
    }

    pub fn next(&self) -> Option<&str> {
        self.envelope.next.as_str()
    }

    pub fn lsn(&self) -> u64 {
        self.envelope.lsn
    }

    pub fn bytes(&self, form: &ItemForm) -> Outcome<Vec<u8>> {
        self.written(form, &self.envelope)
    }

    /// The same without the lsn, which moves on while the answer stays.
    pub fn bytes_of_items(&self, form: &ItemForm) -> Outcome<Vec<u8>> {
        let envelope = Envelope {
            lsn: 0,
            ..self.envelope.clone()
        };
        self.written(form, &envelope)
    }

    fn written(&self, form: &ItemForm, envelope: &Envelope) -> Outcome<Vec<u8>> {
        let has_lines = matches!(form, ItemForm::Tsv | ItemForm::Csv);
        let lines = self.lines.as_ref().filter(|_| has_lines);
        let titles: Vec<&str> = match lines {
            Some(lines) => lines.titles.iter().map(String::as_str).collect(),
            None => self.fields.to_vec(),
        };
        let items = lines.map_or(&self.items, |lines| &lines.rows);
        let unknown = |name: String| -> Failure { unknown_field(&name, &titles) };
        let mut writer = ItemWriter::new(form.clone(), &titles, Vec::new()).map_err(unknown)?;
        for item in items {
            writer.item(item)?;
        }
        Ok(writer.finish(envelope)?)
    }
}

/// The id, and what the run has in each column.
fn lines(columns: &[Column], rows: &[RunRow], now_ns: i64) -> Lines {
    let titles = columns.iter().map(Column::title);
    let line = |row: &RunRow| {
        let cell = |column: &Column| {
            let content = column.content(row, now_ns);
            content.map_or(Value::Null, |content| content.line_value())
        };
        let id = Value::from(row.id.as_str());
        [id].into_iter().chain(columns.iter().map(cell)).collect()
    };
    Lines {
        titles: ["id".to_owned()].into_iter().chain(titles).collect(),
        rows: rows.iter().map(line).collect(),
    }
}

/// What a run has in the columns that were asked for; nothing when none were.
fn values(columns: &[Column], row: &RunRow, now_ns: i64) -> Value {
    if columns.is_empty() {
        return Value::Null;
    }
    let value = |column: &Column| {
        let content = column.content(row, now_ns);
        let value = content.map_or(Value::Null, |content| content.value());
        (column.title(), value)
    };
    Value::Object(columns.iter().map(value).collect::<Map<_, _>>())
}
