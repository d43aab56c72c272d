//! The messages of the public OpenTelemetry protocol that carry spans, and the JSON form that spans are kept in.
//!
//! Invariant: both encodings of a request, protocol buffers here and JSON in `otlp_json.rs`, give the same spans.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use prost::Message as _;
use serde_json::{Value, json};

/// Values of attributes are nested at most so deep. Each level takes four of the JSON form that spans are kept in, and a
/// reader of JSON goes 127 down: a span that is kept can be read.
pub const DEPTH_MAX: usize = 30;

/// Why a request cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OtlpError {
    /// Not the message that it should be.
    #[error("Invalid OpenTelemetry format")]
    Format,
    /// Values in values in values.
    #[error("Invalid OpenTelemetry format - values are nested more than {DEPTH_MAX} deep")]
    Depth,
    /// An id that identifies nothing.
    #[error("Cannot convert OpenTelemetry span to MLflow span")]
    Id,
}

/// A span with what its sender says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// 32 hex digits.
    pub trace: String,
    /// 16 hex digits.
    pub span: String,
    /// Whether no span is above it.
    pub is_root: bool,
    /// The span in the JSON form.
    pub body: Value,
    /// Attributes of the sender, in the JSON form.
    pub resource: Vec<(String, Value)>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, prost::Message)]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the public message"
)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, repeated, tag = "11")]
    events: Vec<SpanEvent>,
    #[prost(message, repeated, tag = "13")]
    links: Vec<SpanLink>,
    #[prost(message, optional, tag = "15")]
    status: Option<SpanStatus>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SpanEvent {
    #[prost(fixed64, tag = "1")]
    time_unix_nano: u64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "3")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SpanLink {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(message, repeated, tag = "4")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SpanStatus {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct AnyValue {
    #[prost(oneof = "Any", tags = "1, 2, 3, 4, 5, 6, 7")]
    value: Option<Any>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Any {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Flag(bool),
    #[prost(int64, tag = "3")]
    Integer(i64),
    #[prost(double, tag = "4")]
    Number(f64),
    #[prost(message, tag = "5")]
    Array(ArrayValue),
    #[prost(message, tag = "6")]
    Pairs(KeyValueList),
    #[prost(bytes = "vec", tag = "7")]
    Bytes(Vec<u8>),
}

#[derive(Clone, PartialEq, prost::Message)]
struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    values: Vec<AnyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct KeyValueList {
    #[prost(message, repeated, tag = "1")]
    values: Vec<KeyValue>,
}

/// The spans of a request in protocol buffers.
pub fn read_protobuf(bytes: &[u8]) -> Result<Vec<Sent>, OtlpError> {
    let request = Request::decode(bytes).map_err(|_| OtlpError::Format)?;
    let mut spans = Vec::new();
    for part in request.resource_spans {
        let resource = part.resource.unwrap_or_default();
        let resource = attributes(&resource.attributes)?;
        for span in part.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            spans.push(sent(&span, &resource)?);
        }
    }
    Ok(spans)
}

fn sent(span: &Span, resource: &Value) -> Result<Sent, OtlpError> {
    let mut body = json!({
        "trace_id": BASE64_STANDARD.encode(&span.trace_id),
        "span_id": BASE64_STANDARD.encode(&span.span_id),
        "name": span.name,
        "start_time_unix_nano": span.start_time_unix_nano,
        "attributes": attributes(&span.attributes)?,
    });
    if span.end_time_unix_nano > 0 {
        body["end_time_unix_nano"] = json!(span.end_time_unix_nano);
    }
    if !span.parent_span_id.is_empty() {
        body["parent_span_id"] = json!(BASE64_STANDARD.encode(&span.parent_span_id));
    }
    if span.kind != 0 {
        body["kind"] = json!(kind_name(i64::from(span.kind)));
    }
    let mut events = Vec::new();
    for event in &span.events {
        events.push(json!({
            "time_unix_nano": event.time_unix_nano,
            "name": event.name,
            "attributes": attributes(&event.attributes)?,
        }));
    }
    let mut links = Vec::new();
    for link in &span.links {
        links.push(json!({
            "trace_id": BASE64_STANDARD.encode(&link.trace_id),
            "span_id": BASE64_STANDARD.encode(&link.span_id),
            "attributes": attributes(&link.attributes)?,
        }));
    }
    let status = span.status.clone().unwrap_or_default();
    put_rest(
        &mut body,
        events,
        links,
        (i64::from(status.code), &status.message),
    );
    finished(
        body,
        &span.trace_id,
        &span.span_id,
        span.parent_span_id.is_empty(),
        resource,
    )
}

/// Puts what a span need not have into its JSON form.
pub fn put_rest(
    body: &mut Value,
    events: Vec<Value>,
    links: Vec<Value>,
    (code, message): (i64, &str),
) {
    if !events.is_empty() {
        body["events"] = Value::Array(events);
    }
    if !links.is_empty() {
        body["links"] = Value::Array(links);
    }
    let mut status = json!({});
    if !message.is_empty() {
        status["message"] = json!(message);
    }
    match code {
        1 => status["code"] = json!("STATUS_CODE_OK"),
        2 => status["code"] = json!("STATUS_CODE_ERROR"),
        _ => {}
    }
    body["status"] = status;
}

/// The span, when its ids are some.
pub fn finished(
    body: Value,
    trace: &[u8],
    span: &[u8],
    is_root: bool,
    resource: &Value,
) -> Result<Sent, OtlpError> {
    if trace.len() != 16 || span.len() != 8 {
        return Err(OtlpError::Id);
    }
    let list = resource.as_array().into_iter().flatten();
    let pair = |pair: &Value| {
        (
            pair["key"].as_str().unwrap_or_default().to_owned(),
            pair["value"].clone(),
        )
    };
    Ok(Sent {
        trace: hex(trace),
        span: hex(span),
        is_root,
        body,
        resource: list.map(pair).collect(),
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
        hex
    })
}

/// The name of a kind of spans.
pub fn kind_name(kind: i64) -> &'static str {
    match kind {
        1 => "SPAN_KIND_INTERNAL",
        2 => "SPAN_KIND_SERVER",
        3 => "SPAN_KIND_CLIENT",
        4 => "SPAN_KIND_PRODUCER",
        5 => "SPAN_KIND_CONSUMER",
        _ => "SPAN_KIND_UNSPECIFIED",
    }
}

fn attributes(list: &[KeyValue]) -> Result<Value, OtlpError> {
    pairs(list, 0)
}

fn pairs(list: &[KeyValue], depth: usize) -> Result<Value, OtlpError> {
    let pair = |pair: &KeyValue| {
        let value = any(pair.value.as_ref(), depth)?;
        Ok(json!({ "key": pair.key, "value": value }))
    };
    list.iter().map(pair).collect()
}

fn any(value: Option<&AnyValue>, depth: usize) -> Result<Value, OtlpError> {
    if depth > DEPTH_MAX {
        return Err(OtlpError::Depth);
    }
    Ok(match value.and_then(|value| value.value.as_ref()) {
        None => json!({}),
        Some(Any::Text(text)) => json!({ "string_value": text }),
        Some(Any::Flag(flag)) => json!({ "bool_value": flag }),
        Some(Any::Integer(number)) => json!({ "int_value": number }),
        Some(Any::Number(number)) if number.is_finite() => json!({ "double_value": number }),
        Some(Any::Number(number)) => json!({ "double_value": not_finite(*number) }),
        Some(Any::Bytes(bytes)) => json!({ "bytes_value": BASE64_STANDARD.encode(bytes) }),
        Some(Any::Array(array)) => {
            let values = array.values.iter().map(|value| any(Some(value), depth + 1));
            json!({ "array_value": { "values": values.collect::<Result<Value, OtlpError>>()? } })
        }
        Some(Any::Pairs(list)) => {
            json!({ "kvlist_value": { "values": pairs(&list.values, depth + 1)? } })
        }
    })
}

fn not_finite(number: f64) -> &'static str {
    match number {
        number if number.is_nan() => "NaN",
        number if number > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event of a span, which is the deepest place, with pairs in pairs.
    fn nested(depth: usize) -> Vec<u8> {
        let value = (0..depth).fold(Any::Text("end".to_owned()), |inner, _| {
            let value = Some(AnyValue { value: Some(inner) });
            let key = "k".to_owned();
            let values = vec![KeyValue { key, value }];
            Any::Pairs(KeyValueList { values })
        });
        let attribute = KeyValue {
            key: "deep".to_owned(),
            value: Some(AnyValue { value: Some(value) }),
        };
        let event = SpanEvent {
            attributes: vec![attribute],
            ..SpanEvent::default()
        };
        let span = Span {
            trace_id: vec![1; 16],
            span_id: vec![1; 8],
            events: vec![event],
            ..Span::default()
        };
        let scope_spans = vec![ScopeSpans { spans: vec![span] }];
        let resource_spans = vec![ResourceSpans {
            resource: None,
            scope_spans,
        }];
        Request { resource_spans }.encode_to_vec()
    }

    #[test]
    fn a_span_that_is_taken_can_be_read_again_however_deep_it_is() {
        let taken = read_protobuf(&nested(DEPTH_MAX)).unwrap();
        let kept = taken[0].body.to_string();
        assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), taken[0].body);
        let refused = read_protobuf(&nested(DEPTH_MAX + 1));
        assert!(matches!(refused, Err(OtlpError::Depth)));
    }
}
