//! The forms of an answer: a table for people on a terminal, items for programs everywhere else.
//!
//! 1. Data goes to stdout or the file named by `-o`, where `-` is stdout; notes, progress and hints go to stderr.
//! 2. What is piped is tab-separated without a header, colour or cut, whatever the width of the
//!    terminal that the command was started on.

pub mod items;
pub mod progress;
pub mod quantity;
pub mod sink;
pub mod style;
pub mod table;
mod terminal;

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::{Failure, Outcome};
use items::{Envelope, ItemForm, ItemWriter};
pub use sink::Sink;
use table::Table;
pub use terminal::{Terminal, pager};

// No doc comment: clap would take it for the description of the command it is flattened into.
#[derive(Clone, Debug, Default, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own on the command line"
)]
#[command(next_help_heading = "Output")]
pub struct OutputArguments {
    /// One JSON document; with =a,b only these fields, with =? the list of fields
    #[arg(long, value_name = "FIELDS", num_args = 0..=1, require_equals = true,
          default_missing_value = "", group = "form")]
    json: Option<String>,
    /// One JSON object a line
    #[arg(long, group = "form")]
    ndjson: bool,
    /// Comma-separated values with a header
    #[arg(long, group = "form")]
    csv: bool,
    /// A Markdown table
    #[arg(long, group = "form")]
    md: bool,
    /// Ids only, one a line
    #[arg(short, long, group = "form")]
    quiet: bool,
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The form that was asked for, or that fits where the answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    People,
    Markdown,
    Items(ItemForm),
}

/// An answer in all its forms.
#[derive(Debug)]
pub struct Sheet {
    pub fields: &'static [&'static str],
    /// Values in the order of the fields.
    pub items: Vec<Vec<Value>>,
    pub envelope: Envelope,
    pub people: People,
}

#[derive(Debug)]
pub enum People {
    Table(Table),
    /// With lines of a difference below it.
    TableAndLines(Table, Vec<String>),
    Text(String),
}

impl OutputArguments {
    /// JSON with these fields, or whatever fits where the answer goes.
    pub fn of_json(fields: Option<String>) -> OutputArguments {
        OutputArguments {
            json: fields,
            ..OutputArguments::default()
        }
    }

    pub fn form(&self, terminal: &Terminal) -> Form {
        let items = match self {
            _ if self.md => return Form::Markdown,
            OutputArguments {
                json: Some(fields), ..
            } => {
                let fields = fields
                    .split(',')
                    .map(str::trim)
                    .filter(|field| !field.is_empty());
                ItemForm::Json(fields.map(str::to_owned).collect())
            }
            _ if self.ndjson => ItemForm::Ndjson,
            _ if self.csv => ItemForm::Csv,
            _ if self.quiet => ItemForm::Ids,
            _ if self.file().is_none() && terminal.is_watched => return Form::People,
            _ => ItemForm::Tsv,
        };
        Form::Items(items)
    }

    /// Whether only the list of fields was asked for.
    pub fn asks_for_fields(&self) -> bool {
        self.json.as_deref() == Some("?")
    }

    /// The file that was named.
    fn file(&self) -> Option<&Path> {
        sink::named(self.output.as_deref())
    }

    /// Where the answer goes.
    pub fn sink(&self) -> Outcome<Sink> {
        Sink::to(self.file())
    }

    /// The same for an answer that goes on until somebody has seen enough.
    pub fn growing_sink(&self) -> Outcome<Sink> {
        Sink::growing(self.file())
    }

    pub fn items(&self, form: ItemForm, fields: &[&str]) -> Outcome<ItemWriter<Sink>> {
        let sink = self.sink()?;
        Ok(ItemWriter::new(form, fields, sink).map_err(|name| unknown_field(&name, fields))?)
    }
}

pub fn unknown_field(name: &str, fields: &[&str]) -> Failure {
    Failure::usage(format!("there is no field {name:?} here"))
        .cause(format!("the fields are {}", fields.join(", ")))
        .hint("--json=? lists the fields")
}

/// Prints the fields when only they were asked for.
pub fn list_fields(arguments: &OutputArguments, fields: &[&str]) -> Outcome<bool> {
    if arguments.asks_for_fields() {
        let mut sink = arguments.sink()?;
        writeln!(sink, "{}", fields.join("\n"))?;
        sink.keep()?;
    }
    Ok(arguments.asks_for_fields())
}

/// Prints an answer in the form that was asked for.
pub fn print(sheet: &Sheet, arguments: &OutputArguments, terminal: &Terminal) -> Outcome<()> {
    if list_fields(arguments, sheet.fields)? {
        return Ok(());
    }
    match arguments.form(terminal) {
        Form::People => terminal.page(&people_text(&sheet.people, terminal))?,
        Form::Markdown => {
            let mut sink = arguments.sink()?;
            sink.write_all(markdown(sheet).as_bytes())?;
            sink.keep()?;
        }
        Form::Items(form) => {
            let mut writer = arguments.items(form, sheet.fields)?;
            for item in &sheet.items {
                writer.item(item)?;
            }
            writer.finish(&sheet.envelope)?.keep()?;
        }
    }
    Ok(())
}

/// Appends a line to a text.
pub fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn people_text(people: &People, terminal: &Terminal) -> String {
    match people {
        People::Table(table) => table.fitted(terminal.width, terminal.colour),
        People::TableAndLines(table, lines) => {
            let mut text = table.fitted(terminal.width, terminal.colour);
            for line in lines {
                push_line(&mut text, line);
            }
            text
        }
        People::Text(text) => text.clone(),
    }
}

/// The table that people see; an answer without one shows its items.
fn markdown(sheet: &Sheet) -> String {
    match &sheet.people {
        People::Table(table) => return table.markdown(),
        People::TableAndLines(table, lines) => {
            return format!("{}\n```diff{}\n```\n", table.markdown(), lines.join("\n"));
        }
        People::Text(_) => {}
    }
    let cell = |value: &Value| items::plain(value).into();
    let table = Table {
        columns: sheet
            .fields
            .iter()
            .map(|field| table::Column::text(field))
            .collect(),
        rows: sheet
            .items
            .iter()
            .map(|item| item.iter().map(cell).collect())
            .collect(),
        notes: Vec::new(),
    };
    table.markdown()
}

impl Sheet {
    /// The answer about one thing.
    pub fn of_one(
        fields: &'static [&'static str],
        item: Vec<Value>,
        lsn: u64,
        people: String,
    ) -> Sheet {
        let envelope = Envelope {
            total: 1,
            lsn,
            next: Value::Null,
        };
        Sheet {
            fields,
            items: vec![item],
            envelope,
            people: People::Text(people),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(arguments: &OutputArguments, is_watched: bool) -> Form {
        arguments.form(&Terminal {
            is_watched,
            ..Terminal::plain(80)
        })
    }

    #[test]
    fn a_terminal_gets_a_table_and_a_pipe_gets_items() {
        let arguments = OutputArguments::default();
        assert_eq!(form(&arguments, true), Form::People);
        assert_eq!(form(&arguments, false), Form::Items(ItemForm::Tsv));
    }

    #[test]
    fn a_file_gets_items_though_a_terminal_watches() {
        let arguments = OutputArguments {
            output: Some("a".into()),
            ..OutputArguments::default()
        };
        assert_eq!(form(&arguments, true), Form::Items(ItemForm::Tsv));
        let arguments = OutputArguments {
            output: Some("-".into()),
            ..OutputArguments::default()
        };
        assert_eq!(form(&arguments, true), Form::People);
    }

    #[test]
    fn json_takes_its_fields_from_the_option() {
        let arguments = OutputArguments {
            json: Some("id, name".into()),
            ..OutputArguments::default()
        };
        let fields = vec!["id".to_owned(), "name".to_owned()];
        assert_eq!(form(&arguments, true), Form::Items(ItemForm::Json(fields)));
    }
}
