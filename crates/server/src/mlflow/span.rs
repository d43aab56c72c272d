//! Spans as they are kept: the JSON form of the public OpenTelemetry message, which is also what the wire answers.
//!
//! Invariant: a span is kept as it was sent, but for its attribute `mlflow.traceRequestId`, which always names its trace.

use mltrack::Document;
use serde_json::{Map, Value, json};

use super::trace::SPAN_KIND;
use super::{Answer, MlflowError, Reason};
use crate::shared::Shared;

/// The spans of a trace, by their beginning.
pub fn spans(shared: &Shared, trace: &str) -> Answer<Vec<Value>> {
    let documents = shared.tracker().documents(SPAN_KIND);
    let found = documents.list(&format!("{trace}/"), None, usize::MAX)?;
    let mut spans = found.iter().map(parse).collect::<Answer<Vec<Value>>>()?;
    spans.sort_by_key(|span| span["start_time_unix_nano"].as_u64());
    Ok(spans)
}

fn parse(document: &Document) -> Answer<Value> {
    serde_json::from_str(&document.body).map_err(|error| {
        let what = format!(
            "The document of span {} cannot be read: {error}",
            document.id
        );
        MlflowError::new(Reason::InternalError, what)
    })
}

/// An attribute of a span, as the value that it stands for.
pub fn attribute(span: &Value, key: &str) -> Option<Value> {
    let attributes = span["attributes"].as_array()?;
    let found = attributes
        .iter()
        .find(|attribute| attribute["key"] == key)?;
    Some(plain(&found["value"]))
}

/// The value that a message stands for: `{"int_value": 7}` is 7.
pub fn plain(any: &Value) -> Value {
    let Some((kind, value)) = any.as_object().and_then(|any| any.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "array_value" => {
            let values = value["values"].as_array().into_iter().flatten();
            values.map(plain).collect()
        }
        "kvlist_value" => {
            let pairs = value["values"].as_array().into_iter().flatten();
            let pair = |pair: &Value| {
                let key = pair["key"].as_str().unwrap_or_default().to_owned();
                (key, plain(&pair["value"]))
            };
            Value::Object(pairs.map(pair).collect())
        }
        _ => value.clone(),
    }
}

/// The message that stands for a value.
pub fn message(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(flag) => json!({ "bool_value": flag }),
        Value::Number(number) if number.is_f64() => json!({ "double_value": number }),
        Value::Number(number) => json!({ "int_value": number }),
        Value::String(text) => json!({ "string_value": text }),
        Value::Array(values) => {
            let values: Vec<Value> = values.iter().map(message).collect();
            json!({ "array_value": { "values": values } })
        }
        Value::Object(pairs) => {
            let pair =
                |(key, value): (&String, &Value)| json!({ "key": key, "value": message(value) });
            let values: Vec<Value> = pairs.iter().map(pair).collect();
            json!({ "kvlist_value": { "values": values } })
        }
    }
}

/// `OK`, `ERROR` or `UNSET`.
pub fn status(span: &Value) -> &str {
    let code = span["status"]["code"].as_str().unwrap_or_default();
    match code.trim_start_matches("STATUS_CODE_") {
        "" => "UNSET",
        code => code,
    }
}

/// The span in `MLflow`'s own form, as `traces.json` and full-text searches have it: attributes are texts of JSON.
pub fn content(span: &Value) -> Value {
    let attributes = |of: &Value| -> Map<String, Value> {
        let list = of["attributes"].as_array().into_iter().flatten();
        let pair = |attribute: &Value| {
            let key = attribute["key"].as_str().unwrap_or_default().to_owned();
            (key, Value::String(dumped(&plain(&attribute["value"]))))
        };
        list.map(pair).collect()
    };
    let events = span["events"].as_array().into_iter().flatten();
    let event = |event: &Value| {
        let list = event["attributes"].as_array().into_iter().flatten();
        let pair = |attribute: &Value| {
            let key = attribute["key"].as_str().unwrap_or_default().to_owned();
            (key, plain(&attribute["value"]))
        };
        let attributes: Map<String, Value> = list.map(pair).collect();
        json!({ "name": event["name"], "time_unix_nano": event["time_unix_nano"], "attributes": attributes })
    };
    json!({
        "trace_id": span["trace_id"],
        "span_id": span["span_id"],
        "parent_span_id": span["parent_span_id"],
        "name": span["name"],
        "start_time_unix_nano": span["start_time_unix_nano"],
        "end_time_unix_nano": span["end_time_unix_nano"],
        "events": events.map(event).collect::<Vec<_>>(),
        "status": {
            "code": format!("STATUS_CODE_{}", status(span)),
            "message": span["status"]["message"].as_str().unwrap_or_default(),
        },
        "attributes": attributes(span),
        "links": span["links"].as_array().cloned().unwrap_or_default(),
    })
}

/// JSON text with blanks behind commas and colons, as `MLflow` writes it: filters of texts are compared with it.
pub fn dumped(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Spaced);
    serde::Serialize::serialize(value, &mut serializer).expect("a value has a JSON form");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_survives_being_a_message() {
        let value = json!({"a": [1, 2.5, null, true], "b": {"c": "d"}});
        assert_eq!(plain(&message(&value)), value);
        assert_eq!(
            dumped(&value),
            r#"{"a": [1, 2.5, null, true], "b": {"c": "d"}}"#
        );
    }
}
