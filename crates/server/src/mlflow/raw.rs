//! The bodies of the calls that come by the ten thousand: read in place, straight into what they mean.
//!
//! Invariant: what is read here means the same as what [`Fields`] would find; a body that does not fit is given to
//! `Fields`, which says what is wrong with it.

use std::borrow::Cow;
use std::fmt;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::de::{Deserialize, Deserializer, Visitor};

use super::error::MlflowError;
use crate::fields::Fields;
use crate::shared::Shared;

/// A body that says it is JSON, unread.
#[derive(Debug)]
pub struct Body(pub Bytes);

impl Body {
    /// The same as named values, for exact errors.
    pub fn fields(&self) -> Fields {
        Fields::new(serde_json::from_slice(&self.0).unwrap_or_default())
    }
}

impl FromRequest<Shared> for Body {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Shared) -> Result<Body, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok());
        let is_json = kind.is_some_and(|kind| kind.split(';').next() == Some("application/json"));
        let bytes = Bytes::from_request(request, shared).await;
        let bytes = bytes.map_err(axum::response::IntoResponse::into_response)?;
        if !is_json && !bytes.is_empty() {
            let text = "Bad Request. Content-Type must be one of ['application/json'].";
            return Err(MlflowError::invalid(text).into_response());
        }
        Ok(Body(bytes))
    }
}

/// A text, borrowed from the body unless it has escapes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text<'a>, D::Error> {
        deserializer.deserialize_option(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_none<E>(self) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

/// A number, or the text that stands for one that JSON has no form for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value(pub f64);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl Visitor<'_> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value(value as f64))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        number(text)
            .map(Value)
            .ok_or_else(|| E::custom("no number"))
    }
}

/// A number that is written as a text.
pub fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        text => text.parse().ok().filter(|value: &f64| value.is_finite()),
    }
}

/// A whole number, also as a text or with a fraction of nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Integer(pub i64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Integer, D::Error> {
        deserializer.deserialize_any(IntegerVisitor)
    }
}

struct IntegerVisitor;

impl Visitor<'_> for IntegerVisitor {
    type Value = Integer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E>(self, value: i64) -> Result<Integer, E> {
        Ok(Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Integer, E> {
        let value = i64::try_from(value).map_err(E::custom)?;
        Ok(Integer(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Integer, E> {
        if value.fract() == 0.0 && value.abs() < 9.0e15 {
            return Ok(Integer(value as i64));
        }
        Err(E::custom("no whole number"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Integer, E> {
        text.parse().map(Integer).map_err(E::custom)
    }
}

/// Reads a body whose run may have either of two names.
pub fn named<'a>(run_id: &'a Text<'_>, run_uuid: &'a Text<'_>) -> &'a str {
    if run_id.0.is_empty() {
        &run_uuid.0
    } else {
        &run_id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_escapes_is_borrowed_and_null_is_an_empty_one() {
        let read = |json| serde_json::from_str::<Text<'_>>(json);
        assert!(matches!(read("\"abc\"").unwrap().0, Cow::Borrowed("abc")));
        assert_eq!(read(r#""a\n""#).unwrap().0, "a\n");
        assert_eq!(read("null").unwrap().0, "");
        assert!(read("1").is_err());
    }

    #[test]
    fn numbers_come_in_every_form_that_the_wire_has() {
        let read = |json: &str| {
            serde_json::from_str::<Value>(json)
                .ok()
                .map(|value| value.0)
        };
        assert_eq!(read("1"), Some(1.0));
        assert_eq!(read("-2.5e3"), Some(-2500.0));
        assert_eq!(read("\"Infinity\""), Some(f64::INFINITY));
        assert!(read("\"NaN\"").unwrap().is_nan());
        assert_eq!(
            (read("\"inf\""), read("true"), read("\"x\"")),
            (None, None, None)
        );
        let whole = |json: &str| {
            serde_json::from_str::<Integer>(json)
                .ok()
                .map(|value| value.0)
        };
        assert_eq!(
            (whole("7"), whole("\"-7\""), whole("7.0")),
            (Some(7), Some(-7), Some(7))
        );
        assert_eq!((whole("7.5"), whole("18446744073709551615")), (None, None));
    }
}
