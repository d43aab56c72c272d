//! Values as the peer writes them: JSON in which `NaN` and `Infinity` are numbers.
//!
//! Invariants: a plain number is read without anything being allocated, to the nearest double; what is no JSON is `None`;
//! a number that JSON does not know is a [`Leaf::Number`] and, inside of a value that is kept whole, its name as a text.

use serde_json::Value;

/// Stands before the names of numbers that JSON does not know, while a value is looked at. No text has it by chance.
const STRANGE: &str = "\u{f8ff}\u{f8fe}number:";

/// A plain number.
#[inline]
pub(crate) fn number(json: &[u8]) -> Option<f64> {
    let digits = json.strip_prefix(b"-").unwrap_or(json);
    match digits {
        [b'0'..=b'9', rest @ ..] if rest.len() < 15 && rest.iter().all(u8::is_ascii_digit) => {
            let whole = digits
                .iter()
                .fold(0_i64, |whole, digit| whole * 10 + i64::from(digit - b'0'));
            let whole = whole as f64;
            Some(if digits.len() < json.len() {
                -whole
            } else {
                whole
            })
        }
        [b'0'..=b'9', ..] => std::str::from_utf8(json).ok()?.parse().ok(),
        _ => strange(json),
    }
}

#[cold]
fn strange(json: &[u8]) -> Option<f64> {
    match json {
        b"NaN" => Some(f64::NAN),
        b"Infinity" => Some(f64::INFINITY),
        b"-Infinity" => Some(f64::NEG_INFINITY),
        b"true" => Some(1.0),
        b"false" => Some(0.0),
        _ => None,
    }
}

/// Any value; names of numbers that JSON does not know are texts that [`leaf`] knows.
pub(crate) fn value(json: &[u8]) -> Option<Value> {
    serde_json::from_slice(json)
        .ok()
        .or_else(|| serde_json::from_str(&quoted(std::str::from_utf8(json).ok()?)).ok())
}

/// The text with names of numbers in quotes.
fn quoted(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 64);
    let mut rest = json;
    let mut is_in_text = false;
    while let Some(first) = rest.chars().next() {
        let names = ["-Infinity", "Infinity", "NaN"];
        let name = names.iter().find(|name| rest.starts_with(**name));
        let len = match name {
            Some(name) if !is_in_text => {
                text.push('"');
                text.push_str(STRANGE);
                text.push_str(name);
                text.push('"');
                rest = &rest[name.len()..];
                continue;
            }
            _ if is_in_text && first == '\\' => {
                rest.chars().take(2).map(char::len_utf8).sum::<usize>()
            }
            _ => first.len_utf8(),
        };
        is_in_text ^= first == '"';
        text.push_str(&rest[..len]);
        rest = &rest[len..];
    }
    text
}

/// What a value is that is neither an object nor nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Leaf {
    Number(f64),
    Text(String),
    /// A list.
    Json(Value),
}

/// A value that is no object; `None` for one, and for nothing.
pub(crate) fn leaf(value: Value) -> Option<Leaf> {
    Some(match value {
        Value::Null | Value::Object(_) => return None,
        Value::Bool(truth) => Leaf::Number(f64::from(u8::from(truth))),
        Value::Number(number) => Leaf::Number(number.as_f64()?),
        Value::String(text) => match text.strip_prefix(STRANGE) {
            Some(name) => Leaf::Number(strange(name.as_bytes())?),
            None => Leaf::Text(text),
        },
        list @ Value::Array(_) => Leaf::Json(plain(list)),
    })
}

/// A value that is kept whole.
pub(crate) fn plain(value: Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(STRANGE) {
            Some(name) => Value::String(name.to_owned()),
            None => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(items) => {
            let items = items.into_iter().map(|(key, value)| (key, plain(value)));
            Value::Object(items.collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_numbers_are_the_nearest_doubles() {
        for (json, number) in [
            ("0", 0.0),
            ("-0", -0.0),
            ("7", 7.0),
            ("-123456789012345", -123_456_789_012_345.0),
            ("1234567890123456789", 1_234_567_890_123_456_789.0),
            ("0.1", 0.1),
            ("1.7953269408921328e+09", 1_795_326_940.892_132_8),
            ("-5e-324", -5e-324),
            ("1e999", f64::INFINITY),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("true", 1.0),
        ] {
            let read = super::number(json.as_bytes()).unwrap();
            assert_eq!(read.to_bits(), f64::to_bits(number), "{json}");
        }
        assert!(super::number(b"NaN").unwrap().is_nan());
        for other in ["", "-", "inf", "nan", "\"1\"", "null", "[1]", "1x", "--1"] {
            assert_eq!(super::number(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn numbers_that_json_does_not_know_are_found_and_texts_left_alone() {
        let read = value(br#"{"a": NaN, "b": ["-Infinity", -Infinity, "x\"NaN"], "c": "NaN"}"#);
        let Some(Value::Object(mut items)) = read else {
            panic!("it is an object")
        };
        let Some(Leaf::Number(number)) = leaf(items.remove("a").unwrap()) else {
            panic!("it is a number")
        };
        assert!(number.is_nan());
        assert_eq!(
            leaf(items.remove("c").unwrap()),
            Some(Leaf::Text("NaN".into()))
        );
        let list = serde_json::json!(["-Infinity", "-Infinity", "x\"NaN"]);
        assert_eq!(leaf(items.remove("b").unwrap()), Some(Leaf::Json(list)));
    }

    #[test]
    fn what_is_no_json_is_nothing() {
        for text in ["", "{", "NaN NaN", "\"", "\\", "[NaN", "nul"] {
            assert_eq!(value(text.as_bytes()), None, "{text}");
        }
        assert_eq!(value(&[0xff, 0xfe]), None);
    }
}
