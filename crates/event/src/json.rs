//! Payloads as JSON, for `export events` and `tail`: a view for people and scripts, not a format.
//!
//! Invariants: NaN and the infinities are the strings "NaN", "Infinity" and "-Infinity"; ids have
//! their text form; params, tags and contexts are objects; JSON that was logged is nested as it is.

use std::fmt::Write as _;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::event::Event;

/// The payload of an event as a JSON object.
#[must_use]
pub fn payload_json(event: &Event) -> Value {
    match event {
        Event::Unknown {
            type_id,
            version,
            payload,
        } => {
            json!({ "type_id": type_id.0, "version": version.0, "payload_hex": hex(payload) })
        }
        known => known.known_json(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
        hex
    })
}

/// A JSON number, or a string where JSON has no number.
struct Float(f64);

impl Serialize for Float {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            value if value.is_finite() => serializer.serialize_f64(value),
            value if value.is_nan() => serializer.serialize_str("NaN"),
            value if value > 0.0 => serializer.serialize_str("Infinity"),
            _ => serializer.serialize_str("-Infinity"),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
pub(crate) fn float<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    Float(*value).serialize(serializer)
}

pub(crate) fn floats<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|value| Float(*value)))
}

pub(crate) fn float_pairs<S: Serializer>(
    pairs: &[(f64, f64)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(
        pairs
            .iter()
            .map(|(key, value)| [Float(*key), Float(*value)]),
    )
}

/// Pairs as an object. A key that comes twice shows its last value, the one that counts.
pub(crate) fn pairs<V: Serialize, S: Serializer>(
    pairs: &[(String, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(pairs.len()))?;
    for (key, value) in pairs {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

/// JSON text as the value it describes, or as a string where it is not JSON.
pub(crate) fn embedded<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => value.serialize(serializer),
        Err(_) => serializer.serialize_str(text),
    }
}

#[expect(
    clippy::ref_option,
    reason = "serde calls it with a reference to the field"
)]
pub(crate) fn embedded_option<S: Serializer>(
    text: &Option<String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match text {
        Some(text) => embedded(text, serializer),
        None => serializer.serialize_none(),
    }
}

/// A known payload as JSON. Serialising cannot fail: no map has a key that is not a string.
pub(crate) fn to_value<P: Serialize>(payload: &P) -> Value {
    serde_json::to_value(payload).expect("every map of a payload has strings for keys")
}
