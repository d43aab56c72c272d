//! Values inside events: parameters, and the levels of log lines.
//!
//! Invariant: the order of the variants is part of the byte format (their discriminants are
//! written), so variants are only ever appended. Nothing here is recursive: nested parameters are
//! flattened to `a.b.c` before, and a list is kept as canonical JSON text.

use std::fmt;
use std::str::FromStr;

use bincode::{Decode, Encode};
use serde::{Deserialize, Serialize, Serializer};

/// A parameter's value, with its type kept. Floats keep every bit.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub enum ParamValue {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list, or null: the canonical JSON text of anything that is none of the above.
    Json(String),
}

impl ParamValue {
    /// Keeps a JSON value: scalars by their type, everything else as canonical text (keys sorted, no
    /// blanks). A whole number beyond i64 is kept as JSON text, digits and all, not as a float.
    #[must_use]
    pub fn from_json(value: &serde_json::Value) -> ParamValue {
        match value {
            serde_json::Value::Bool(value) => ParamValue::Bool(*value),
            serde_json::Value::String(value) => ParamValue::Text(value.clone()),
            serde_json::Value::Number(number) => match (number.as_i64(), number.is_u64()) {
                (Some(value), _) => ParamValue::Int(value),
                (None, true) => ParamValue::Json(number.to_string()),
                (None, false) => number
                    .as_f64()
                    .map_or_else(|| ParamValue::Json(number.to_string()), ParamValue::Float),
            },
            other => ParamValue::Json(canonical_json(other)),
        }
    }

    /// The name of the value's type.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            ParamValue::Bool(_) => "bool",
            ParamValue::Int(_) => "int",
            ParamValue::Float(_) => "float",
            ParamValue::Text(_) => "text",
            ParamValue::Json(_) => "json",
        }
    }

    /// Equal as parameters are: NaN equals the same NaN, and 0.0 is not -0.0, so that logging the
    /// same value twice is never a conflict.
    #[must_use]
    pub fn same(&self, other: &ParamValue) -> bool {
        match (self, other) {
            (ParamValue::Float(a), ParamValue::Float(b)) => a.to_bits() == b.to_bits(),
            (a, b) => a == b,
        }
    }
}

/// Text without quotes, as a table shows it; a float always shows that it is one.
impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParamValue::Bool(value) => value.fmt(f),
            ParamValue::Int(value) => value.fmt(f),
            ParamValue::Float(value) => write!(f, "{value:?}"),
            ParamValue::Text(value) | ParamValue::Json(value) => f.write_str(value),
        }
    }
}

impl Serialize for ParamValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ParamValue::Bool(value) => serializer.serialize_bool(*value),
            ParamValue::Int(value) => serializer.serialize_i64(*value),
            ParamValue::Float(value) => crate::json::float(value, serializer),
            ParamValue::Text(value) => serializer.serialize_str(value),
            ParamValue::Json(text) => crate::json::embedded(text, serializer),
        }
    }
}

impl From<bool> for ParamValue {
    fn from(value: bool) -> ParamValue {
        ParamValue::Bool(value)
    }
}

impl From<i64> for ParamValue {
    fn from(value: i64) -> ParamValue {
        ParamValue::Int(value)
    }
}

impl From<i32> for ParamValue {
    fn from(value: i32) -> ParamValue {
        ParamValue::Int(value.into())
    }
}

impl From<u32> for ParamValue {
    fn from(value: u32) -> ParamValue {
        ParamValue::Int(value.into())
    }
}

impl From<f64> for ParamValue {
    fn from(value: f64) -> ParamValue {
        ParamValue::Float(value)
    }
}

impl From<&str> for ParamValue {
    fn from(value: &str) -> ParamValue {
        ParamValue::Text(value.to_owned())
    }
}

impl From<String> for ParamValue {
    fn from(value: String) -> ParamValue {
        ParamValue::Text(value)
    }
}

/// JSON text of `value` with the keys of every object sorted by bytes and no blanks between tokens.
#[must_use]
pub fn canonical_json(value: &serde_json::Value) -> String {
    let mut value = value.clone();
    // Another crate of the program may switch on serde_json's `preserve_order`.
    value.sort_all_objects();
    value.to_string()
}

/// How much a log line matters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Of use while a program is written.
    Trace,
    /// Of use while a fault is looked for.
    Debug,
    /// What a user wants to see.
    Info,
    /// Something is odd, the run goes on.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// Every level, least important first.
    pub const ALL: [Level; 5] = [
        Level::Trace,
        Level::Debug,
        Level::Info,
        Level::Warn,
        Level::Error,
    ];

    /// The level's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text is not a level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a level: pass trace, debug, info, warn or error")]
pub struct LevelError(String);

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Level, LevelError> {
        let level = Level::ALL
            .into_iter()
            .find(|level| level.name().eq_ignore_ascii_case(text));
        level.ok_or_else(|| LevelError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_scalars_keep_their_type_and_the_rest_becomes_canonical_text() {
        let keep = |value: serde_json::Value| ParamValue::from_json(&value);
        assert_eq!(keep(json!(true)), ParamValue::Bool(true));
        assert_eq!(keep(json!(-3)), ParamValue::Int(-3));
        assert_eq!(keep(json!(3.0)), ParamValue::Float(3.0));
        assert_eq!(keep(json!("x")), ParamValue::Text("x".into()));
        assert_eq!(keep(json!(null)), ParamValue::Json("null".into()));
        assert_eq!(
            keep(json!(u64::MAX)),
            ParamValue::Json(u64::MAX.to_string())
        );
        let nested = json!([1, {"b": 2, "a": [null]}]);
        assert_eq!(
            keep(nested),
            ParamValue::Json(r#"[1,{"a":[null],"b":2}]"#.into())
        );
    }

    #[test]
    fn a_float_shows_that_it_is_one() {
        assert_eq!(ParamValue::Float(3.0).to_string(), "3.0");
        assert_eq!(ParamValue::Int(3).to_string(), "3");
        assert_eq!(ParamValue::Float(3e-4).to_string(), "0.0003");
    }

    #[test]
    fn the_same_nan_is_the_same_value_and_the_two_zeros_are_not() {
        assert!(ParamValue::Float(f64::NAN).same(&ParamValue::Float(f64::NAN)));
        assert!(!ParamValue::Float(0.0).same(&ParamValue::Float(-0.0)));
        assert!(!ParamValue::Int(1).same(&ParamValue::Float(1.0)));
        assert!(ParamValue::from("a").same(&ParamValue::Text("a".into())));
    }

    #[test]
    fn a_level_parses_in_any_case_and_orders_by_weight() {
        assert_eq!("WARN".parse(), Ok(Level::Warn));
        assert!(Level::Warn < Level::Error);
        assert!(
            "loud"
                .parse::<Level>()
                .unwrap_err()
                .to_string()
                .contains("trace, debug, info")
        );
    }
}
