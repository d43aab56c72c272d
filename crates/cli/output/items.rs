//! Items for programs, one after another: tab-separated lines, JSON, NDJSON, CSV, ids.
//!
//! 1. Items are written as they come, so a million of them need no memory.
//! 2. Tab-separated lines have no header; tabs, line ends and backslashes inside a value are escaped
//!    as `\t`, `\n`, `\r`, `\\`, so one line is always one item.
//! 3. The JSON document is `{"schema":1,"items":[..],"total":n,"lsn":n,"next":cursor|null}` and may
//!    only grow.

use std::io::{self, Write};

use mltrack::side_by_side;
use serde::Serialize;
use serde_json::Value;

/// So many items that are at hand are bytes in memory at a time, and so many of them are one processor's part.
const STRETCH_LEN: usize = 64;
const PART_LEN: usize = 8;

/// A value of an item: as JSON by itself, and in a line as this text.
pub trait ItemValue: Serialize {
    /// Text without quotes, nothing for null, JSON for what is nested.
    fn plain(&self) -> String;
}

impl ItemValue for Value {
    fn plain(&self) -> String {
        plain(self)
    }
}

/// A form that programs read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemForm {
    Tsv,
    /// The fields that were asked for, all when empty.
    Json(Vec<String>),
    Ndjson,
    Csv,
    Ids,
}

/// What stands beside the items in a JSON document.
#[derive(Clone, Debug)]
pub struct Envelope {
    pub total: u64,
    pub lsn: u64,
    pub next: Value,
}

pub struct ItemWriter<W: Write> {
    shape: Shape,
    out: W,
    /// The item that is being written, whole before it goes out.
    item: Vec<u8>,
    has_begun: bool,
    count: u64,
}

/// How an item becomes bytes.
struct Shape {
    form: ItemForm,
    fields: Vec<String>,
    shown: Vec<usize>,
}

impl<W: Write> ItemWriter<W> {
    /// Fails with the name of a field that there is not.
    pub fn new(form: ItemForm, fields: &[&str], out: W) -> Result<Self, String> {
        let shown = match &form {
            ItemForm::Json(wanted) if !wanted.is_empty() => positions(wanted, fields)?,
            ItemForm::Ids => vec![0],
            _ => (0..fields.len()).collect(),
        };
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        Ok(ItemWriter {
            shape: Shape {
                form,
                fields,
                shown,
            },
            out,
            item: Vec::new(),
            has_begun: false,
            count: 0,
        })
    }

    /// What comes before the first item. Nothing is written before there is an item or an end, so a
    /// command that fails leaves no half of a document.
    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        match self.shape.form {
            ItemForm::Json(_) => self.out.write_all(b"{\"schema\":1,\"items\":["),
            ItemForm::Csv => writeln!(self.out, "{}", self.shape.csv_head()),
            _ => Ok(()),
        }
    }

    /// One item, its values in the order of the fields.
    pub fn item<V: ItemValue>(&mut self, values: &[V]) -> io::Result<()> {
        self.begin()?;
        self.item.clear();
        let is_first = self.count == 0;
        self.shape.append(&mut self.item, values, is_first)?;
        self.out.write_all(&self.item)?;
        self.count += 1;
        Ok(())
    }

    /// Items that are at hand, put into bytes by several processors. Only so many of them are in memory as bytes at a
    /// time.
    pub fn items<V: ItemValue, I: AsRef<[V]> + Sync>(&mut self, items: &[I]) -> io::Result<()> {
        for stretch in items.chunks(STRETCH_LEN) {
            self.begin()?;
            let (shape, is_begun) = (&self.shape, self.count > 0);
            let parts: Vec<&[I]> = stretch.chunks(PART_LEN).collect();
            let written = side_by_side(parts.len(), |part| {
                let mut bytes = Vec::new();
                for (at, item) in parts[part].iter().enumerate() {
                    let is_first = !is_begun && part == 0 && at == 0;
                    shape.append(&mut bytes, item.as_ref(), is_first)?;
                }
                io::Result::Ok(bytes)
            })?;
            for bytes in written {
                self.out.write_all(&bytes)?;
            }
            self.count += stretch.len() as u64;
        }
        Ok(())
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    pub fn finish(mut self, envelope: &Envelope) -> io::Result<W> {
        self.begin()?;
        if matches!(self.shape.form, ItemForm::Json(_)) {
            let Envelope { total, lsn, next } = envelope;
            writeln!(
                self.out,
                "\n],\"total\":{total},\"lsn\":{lsn},\"next\":{next}}}"
            )?;
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

impl Shape {
    fn csv_head(&self) -> String {
        let names = self
            .shown
            .iter()
            .map(|index| csv_cell(&self.fields[*index]));
        names.collect::<Vec<_>>().join(",")
    }

    /// Adds an item, with what stands between it and the one before it.
    fn append<V: ItemValue>(
        &self,
        bytes: &mut Vec<u8>,
        values: &[V],
        is_first: bool,
    ) -> io::Result<()> {
        assert_eq!(
            values.len(),
            self.fields.len(),
            "an item has a value for every field"
        );
        match self.form {
            ItemForm::Json(_) => {
                let comma: &[u8] = if is_first { b"\n" } else { b",\n" };
                bytes.extend_from_slice(comma);
                self.object(bytes, values)
            }
            ItemForm::Ndjson => {
                self.object(bytes, values)?;
                bytes.push(b'\n');
                Ok(())
            }
            ItemForm::Csv => self.line(bytes, values, (",", csv_cell)),
            ItemForm::Tsv | ItemForm::Ids => self.line(bytes, values, ("\t", escaped)),
        }
    }

    /// Keys in the order of the fields, which a `serde_json::Map` would sort.
    fn object<V: ItemValue>(&self, bytes: &mut Vec<u8>, values: &[V]) -> io::Result<()> {
        for (position, index) in self.shown.iter().enumerate() {
            let opening = if position == 0 { "{" } else { "," };
            write!(bytes, "{opening}\"{}\":", self.fields[*index])?;
            serde_json::to_writer(&mut *bytes, &values[*index])?;
        }
        bytes.push(b'}');
        Ok(())
    }

    fn line<V: ItemValue>(
        &self,
        bytes: &mut Vec<u8>,
        values: &[V],
        (separator, form): (&str, fn(&str) -> String),
    ) -> io::Result<()> {
        let shown = self.shown.iter();
        let cells = shown.map(|index| form(&values[*index].plain()));
        writeln!(bytes, "{}", cells.collect::<Vec<_>>().join(separator))
    }
}

fn positions(wanted: &[String], fields: &[&str]) -> Result<Vec<usize>, String> {
    let position = |name: &String| {
        fields
            .iter()
            .position(|field| field == name)
            .ok_or_else(|| name.clone())
    };
    wanted.iter().map(position).collect()
}

/// Text without quotes, nothing for null, JSON for what is nested.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn escaped(text: &str) -> String {
    if !text.contains(['\t', '\n', '\r', '\\']) {
        return text.to_owned();
    }
    text.replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

/// As RFC 4180 has it.
fn csv_cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: &[&str] = &["id", "name", "params"];

    fn written(form: ItemForm) -> String {
        let mut writer = ItemWriter::new(form, FIELDS, Vec::new()).unwrap();
        writer
            .item(&[json!("a"), json!("x\ty"), json!({"lr": 0.5})])
            .unwrap();
        writer
            .item(&[json!(2), Value::Null, json!("say \"hi\", twice")])
            .unwrap();
        let envelope = Envelope {
            total: 7,
            lsn: 9,
            next: Value::Null,
        };
        String::from_utf8(writer.finish(&envelope).unwrap()).unwrap()
    }

    #[test]
    fn items_at_hand_are_the_same_bytes_as_one_after_another() {
        let items: Vec<[Value; 3]> = (0..2 * STRETCH_LEN + 3)
            .map(|number| [json!(number), json!("x\ty"), json!({ "lr": number })])
            .collect();
        let envelope = Envelope {
            total: 7,
            lsn: 9,
            next: Value::Null,
        };
        for form in [
            ItemForm::Json(Vec::new()),
            ItemForm::Ndjson,
            ItemForm::Csv,
            ItemForm::Tsv,
            ItemForm::Ids,
        ] {
            for count in [0, 1, PART_LEN, items.len()] {
                let writer = || ItemWriter::new(form.clone(), FIELDS, Vec::new()).unwrap();
                let (mut one, mut all) = (writer(), writer());
                for item in &items[..count] {
                    one.item(item).unwrap();
                }
                all.items(&items[..count]).unwrap();
                assert_eq!(all.count(), one.count());
                let (one, all) = (one.finish(&envelope), all.finish(&envelope));
                assert!(one.unwrap() == all.unwrap(), "{count} as {form:?}");
            }
        }
    }

    #[test]
    fn tab_separated_lines_have_no_header_and_one_line_an_item() {
        assert_eq!(
            written(ItemForm::Tsv),
            "a\tx\\ty\t{\"lr\":0.5}\n2\t\tsay \"hi\", twice\n"
        );
    }

    #[test]
    fn the_json_document_is_one_document_with_an_envelope() {
        let document: Value = serde_json::from_str(&written(ItemForm::Json(vec![]))).unwrap();
        assert_eq!(document["schema"], 1);
        assert_eq!(document["total"], 7);
        assert_eq!(
            document["items"][0],
            json!({"id": "a", "name": "x\ty", "params": {"lr": 0.5}})
        );
    }

    #[test]
    fn json_shows_the_fields_asked_for_and_names_the_one_it_lacks() {
        let text = written(ItemForm::Json(vec!["params".into(), "id".into()]));
        assert!(
            text.contains("{\"params\":{\"lr\":0.5},\"id\":\"a\"}"),
            "{text}"
        );
        let missing = ItemWriter::new(ItemForm::Json(vec!["nam".into()]), FIELDS, Vec::new());
        assert_eq!(missing.err(), Some("nam".to_owned()));
    }

    #[test]
    fn csv_quotes_what_it_must() {
        assert_eq!(
            written(ItemForm::Csv),
            "id,name,params\na,x\ty,\"{\"\"lr\"\":0.5}\"\n2,,\"say \"\"hi\"\", twice\"\n"
        );
    }

    #[test]
    fn ids_are_the_first_field_alone() {
        assert_eq!(written(ItemForm::Ids), "a\n2\n");
        assert_eq!(written(ItemForm::Ndjson).lines().count(), 2);
    }
}
