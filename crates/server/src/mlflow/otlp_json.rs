//! Spans sent in the JSON encoding of the public OpenTelemetry protocol.
//!
//! Invariant: a name means the same in camel case and with underscores.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::otlp_message::{DEPTH_MAX, OtlpError, Sent, finished, kind_name, put_rest};

/// The spans of a request in JSON: ids are hex digits, names are in either case.
pub fn read_json(bytes: &[u8]) -> Result<Vec<Sent>, OtlpError> {
    let request: Value = serde_json::from_slice(bytes).map_err(|_| OtlpError::Format)?;
    if !request.is_object() {
        return Err(OtlpError::Format);
    }
    let mut spans = Vec::new();
    for part in list(&request, "resourceSpans") {
        let resource = json_pairs(list(field(part, "resource"), "attributes"), 0)?;
        for scope in list(part, "scopeSpans") {
            for span in list(scope, "spans") {
                spans.push(json_sent(span, &resource)?);
            }
        }
    }
    Ok(spans)
}

fn json_sent(span: &Value, resource: &Value) -> Result<Sent, OtlpError> {
    let (trace, id) = (id_of(span, "traceId")?, id_of(span, "spanId")?);
    let parent = id_of(span, "parentSpanId")?;
    let mut body = json!({
        "trace_id": BASE64_STANDARD.encode(&trace),
        "span_id": BASE64_STANDARD.encode(&id),
        "name": field(span, "name").as_str().unwrap_or_default(),
        "start_time_unix_nano": integer(field(span, "startTimeUnixNano"))?,
        "attributes": json_pairs(list(span, "attributes"), 0)?,
    });
    let end = integer(field(span, "endTimeUnixNano"))?;
    if end > 0 {
        body["end_time_unix_nano"] = json!(end);
    }
    if !parent.is_empty() {
        body["parent_span_id"] = json!(BASE64_STANDARD.encode(&parent));
    }
    match field(span, "kind") {
        Value::String(name) => body["kind"] = json!(name),
        kind => {
            if let Some(kind) = kind.as_i64().filter(|kind| *kind != 0) {
                body["kind"] = json!(kind_name(kind));
            }
        }
    }
    let mut events = Vec::new();
    for event in list(span, "events") {
        events.push(json!({
            "time_unix_nano": integer(field(event, "timeUnixNano"))?,
            "name": field(event, "name").as_str().unwrap_or_default(),
            "attributes": json_pairs(list(event, "attributes"), 0)?,
        }));
    }
    let mut links = Vec::new();
    for link in list(span, "links") {
        links.push(json!({
            "trace_id": BASE64_STANDARD.encode(id_of(link, "traceId")?),
            "span_id": BASE64_STANDARD.encode(id_of(link, "spanId")?),
            "attributes": json_pairs(list(link, "attributes"), 0)?,
        }));
    }
    let status = field(span, "status");
    let code = match field(status, "code") {
        Value::String(name) if name == "STATUS_CODE_OK" => 1,
        Value::String(name) if name == "STATUS_CODE_ERROR" => 2,
        code => code.as_i64().unwrap_or(0),
    };
    let message = field(status, "message").as_str().unwrap_or_default();
    put_rest(&mut body, events, links, (code, message));
    finished(body, &trace, &id, parent.is_empty(), resource)
}

/// A field under its name in camel case, or with underscores.
fn field<'a>(of: &'a Value, name: &str) -> &'a Value {
    match &of[name] {
        Value::Null => {
            let snake = name.chars().fold(String::new(), |mut snake, letter| {
                if letter.is_ascii_uppercase() {
                    snake.push('_');
                }
                snake.push(letter.to_ascii_lowercase());
                snake
            });
            &of[snake.as_str()]
        }
        value => value,
    }
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    field(of, name).as_array().map_or(&[], Vec::as_slice)
}

/// An id in hex digits; empty when there is none.
fn id_of(of: &Value, name: &str) -> Result<Vec<u8>, OtlpError> {
    let text = field(of, name).as_str().unwrap_or_default();
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(OtlpError::Format);
    }
    let pairs = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16));
    pairs
        .map(|byte| byte.map_err(|_| OtlpError::Format))
        .collect()
}

/// A whole number, which JSON has as a text too.
fn integer(value: &Value) -> Result<u64, OtlpError> {
    match value {
        Value::Null => Ok(0),
        Value::String(text) => text.parse().map_err(|_| OtlpError::Format),
        value => value.as_u64().ok_or(OtlpError::Format),
    }
}

fn json_pairs(list: &[Value], depth: usize) -> Result<Value, OtlpError> {
    let pair = |pair: &Value| {
        let value = json_any(field(pair, "value"), depth)?;
        Ok(json!({ "key": field(pair, "key").as_str().unwrap_or_default(), "value": value }))
    };
    list.iter().map(pair).collect()
}

fn json_any(value: &Value, depth: usize) -> Result<Value, OtlpError> {
    if depth > DEPTH_MAX {
        return Err(OtlpError::Depth);
    }
    let has = |name| !field(value, name).is_null();
    if has("arrayValue") {
        let values = list(field(value, "arrayValue"), "values").iter();
        let values = values.map(|value| json_any(value, depth + 1));
        return Ok(
            json!({ "array_value": { "values": values.collect::<Result<Value, OtlpError>>()? } }),
        );
    }
    if has("kvlistValue") {
        let values = json_pairs(list(field(value, "kvlistValue"), "values"), depth + 1)?;
        return Ok(json!({ "kvlist_value": { "values": values } }));
    }
    if has("intValue") {
        let number = match field(value, "intValue") {
            Value::String(text) => text.parse::<i64>().ok(),
            number => number.as_i64(),
        };
        return Ok(json!({ "int_value": number.ok_or(OtlpError::Format)? }));
    }
    let mut plain = Map::new();
    let names = [
        ("stringValue", "string_value"),
        ("boolValue", "bool_value"),
        ("doubleValue", "double_value"),
        ("bytesValue", "bytes_value"),
    ];
    if let Some((camel, snake)) = names.iter().find(|(camel, _)| has(camel)) {
        plain.insert((*snake).to_owned(), field(value, camel).clone());
    }
    Ok(Value::Object(plain))
}
