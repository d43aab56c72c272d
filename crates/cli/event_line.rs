//! One event in the forms of `tail`, `log` and `export events`.
//!
//! Invariant: the format signs are checked before the first event is read, so a command never stops
//! half way because of one.

use std::fmt::Write as _;

use serde_json::Value;

use crate::output::quantity::{clock, rfc3339, short_number};

pub const FIELDS: &[&str] = &[
    "lsn",
    "time",
    "type",
    "version",
    "writer",
    "run",
    "experiment",
    "payload",
];

/// An event, with what its ids stand for.
#[derive(Clone, Debug)]
pub struct EventRow {
    pub lsn: u64,
    pub time_ns: i64,
    pub type_name: String,
    pub version: u16,
    pub writer: u32,
    /// The full run id and its short form.
    pub run: Option<(String, String)>,
    pub experiment: Option<String>,
    pub payload: Value,
    /// The values of a metric event: label, step, value.
    pub values: Vec<(String, i64, f64)>,
}

impl EventRow {
    /// In the order of [`FIELDS`].
    pub fn item(&self) -> Vec<Value> {
        vec![
            self.lsn.into(),
            rfc3339(self.time_ns).into(),
            self.type_name.as_str().into(),
            self.version.into(),
            self.writer.into(),
            self.run.as_ref().map(|(id, _)| id.as_str()).into(),
            self.experiment.as_deref().into(),
            self.payload.clone(),
        ]
    }

    /// `12:01:07  a3f9f00d  loss=0.2141 acc=0.9 @1790`
    pub fn people_line(&self) -> String {
        let run = self.run.as_ref().map_or("-", |(_, short)| short.as_str());
        format!("{}  {run:8}  {}", clock(self.time_ns), self.summary())
    }

    /// What happened, in few words.
    pub fn summary(&self) -> String {
        if self.values.is_empty() {
            return format!("{} {}", self.type_name, told(&self.payload))
                .trim_end()
                .to_owned();
        }
        let mut text = String::new();
        for (name, _, value) in &self.values {
            write!(text, "{name}={} ", short_number(*value))
                .expect("writing to a string cannot fail");
        }
        let steps = (self.values[0].1, self.values[self.values.len() - 1].1);
        match steps {
            (first, last) if first == last => format!("{text}@{first}"),
            (first, last) => format!("{text}@{first}..{last}"),
        }
    }
}

/// The parts of a payload that a person looks for, without ids that stand elsewhere in the line.
fn told(payload: &Value) -> String {
    let Value::Object(members) = payload else {
        return String::new();
    };
    if let Some(lines) = members.get("lines").and_then(Value::as_array) {
        let texts = lines.iter().filter_map(|line| line["text"].as_str());
        return texts.collect::<Vec<_>>().join(" / ");
    }
    let is_told = |key: &str| !matches!(key, "run" | "actor" | "command" | "host" | "pid" | "id");
    let parts = members
        .iter()
        .filter(|(key, value)| is_told(key) && !is_empty(value));
    let parts: Vec<String> = parts
        .map(|(key, value)| format!("{key}={}", crate::output::items::plain(value)))
        .collect();
    parts.join(" ")
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// A line of the caller's own making, such as `%o %t %r %n=%v`.
#[derive(Clone, Debug)]
pub struct LineFormat(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Sign(char),
}

const SIGNS: &str = "otTrxenvswp";

impl std::str::FromStr for LineFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<LineFormat, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                plain.push(character);
                continue;
            }
            match characters.next() {
                Some('%') => plain.push('%'),
                Some(sign) if SIGNS.contains(sign) => {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    pieces.push(Piece::Sign(sign));
                }
                other => {
                    let sign = other.map(String::from).unwrap_or_default();
                    return Err(format!(
                        "%{sign} is no sign of a format: `mltrack help formats` lists them"
                    ));
                }
            }
        }
        pieces.push(Piece::Text(plain));
        Ok(LineFormat(pieces))
    }
}

impl LineFormat {
    /// One line a value for metrics, one line for everything else.
    pub fn lines(&self, event: &EventRow) -> String {
        if event.values.is_empty() {
            return self.line(event, None);
        }
        event
            .values
            .iter()
            .map(|value| self.line(event, Some(value)))
            .collect()
    }

    fn line(&self, event: &EventRow, value: Option<&(String, i64, f64)>) -> String {
        let mut line = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => line.push_str(text),
                Piece::Sign(sign) => line.push_str(&expanded(*sign, event, value)),
            }
        }
        line.push('\n');
        line
    }
}

fn expanded(sign: char, event: &EventRow, value: Option<&(String, i64, f64)>) -> String {
    match sign {
        'o' => event.lsn.to_string(),
        't' => rfc3339(event.time_ns),
        'T' => clock(event.time_ns),
        'r' => event
            .run
            .as_ref()
            .map_or_else(|| "-".to_owned(), |(_, short)| short.clone()),
        'x' => event.experiment.clone().unwrap_or_else(|| "-".to_owned()),
        'e' => event.type_name.clone(),
        'n' => value.map_or_else(|| event.type_name.clone(), |(name, ..)| name.clone()),
        'v' => value.map_or_else(|| told(&event.payload), |(.., value)| value.to_string()),
        's' => value.map_or_else(|| "-".to_owned(), |(_, step, _)| step.to_string()),
        'w' => event.writer.to_string(),
        'p' => event.payload.to_string(),
        _ => unreachable!("only signs of the list are kept"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metrics() -> EventRow {
        EventRow {
            lsn: 9,
            time_ns: 3_600_000_000_000,
            type_name: "metrics_logged".to_owned(),
            version: 1,
            writer: 2,
            run: Some(("00".repeat(12) + "a3f9f00d", "a3f9f00d".to_owned())),
            experiment: Some("resnet".to_owned()),
            payload: json!({"step": 7}),
            values: vec![("loss".to_owned(), 7, 0.25), ("acc".to_owned(), 7, 1.0)],
        }
    }

    #[test]
    fn a_metric_event_is_one_line_for_people_and_one_line_a_value_in_a_format() {
        assert_eq!(
            metrics().people_line(),
            "01:00:00  a3f9f00d  loss=0.2500 acc=1 @7"
        );
        let format: LineFormat = "%o %T %r %x %n=%v @%s 5%%".parse().unwrap();
        assert_eq!(
            format.lines(&metrics()),
            "9 01:00:00 a3f9f00d resnet loss=0.25 @7 5%\n9 01:00:00 a3f9f00d resnet acc=1 @7 5%\n"
        );
    }

    #[test]
    fn other_events_show_what_their_payload_tells() {
        let event = EventRow {
            type_name: "run_ended".to_owned(),
            payload: json!({"run": "x", "state": "failed", "error": {"message": "oom"}, "actor": "me"}),
            values: Vec::new(),
            ..metrics()
        };
        assert_eq!(
            event.summary(),
            r#"run_ended error={"message":"oom"} state=failed"#
        );
        let format: LineFormat = "%e %v".parse().unwrap();
        assert!(format.lines(&event).starts_with("run_ended error="));
    }

    #[test]
    fn log_lines_show_their_text() {
        let event = EventRow {
            type_name: "log_line".to_owned(),
            payload: json!({"lines": [{"text": "hello"}, {"text": "you"}]}),
            values: Vec::new(),
            ..metrics()
        };
        assert_eq!(event.summary(), "log_line hello / you");
    }

    #[test]
    fn unknown_signs_are_refused() {
        assert!("%z".parse::<LineFormat>().unwrap_err().contains("%z"));
        assert!("100%".parse::<LineFormat>().is_err());
    }
}
