//! The named values of a request, whether they came as JSON or as a query.
//!
//! Invariant: what is absent, null or empty as the wire has it (`""`, `0` are values) is told apart from what is wrong.

use serde_json::{Map, Value};

use crate::mlflow::{MlflowError, wrong_type};

/// The named values of a request.
#[derive(Debug, Default)]
pub struct Fields {
    values: Map<String, Value>,
    /// Whether all values came as texts, so that numbers are read from them.
    is_query: bool,
}

impl Fields {
    /// The fields of a JSON object.
    pub fn new(values: Map<String, Value>) -> Fields {
        Fields {
            values,
            is_query: false,
        }
    }

    /// The fields of a query: a name that stands several times is a list.
    pub fn of_query(query: &str) -> Fields {
        let mut values: Map<String, Value> = Map::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = Value::String(value.into_owned());
            match values.get_mut(name.as_ref()) {
                None => drop(values.insert(name.into_owned(), value)),
                Some(Value::Array(several)) => several.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
            }
        }
        Fields {
            values,
            is_query: true,
        }
    }

    /// The value, when there is one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// A text that must be there and not be empty.
    pub fn text(&self, name: &str) -> Result<&str, MlflowError> {
        match self.optional_text(name)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(MlflowError::required(name)),
        }
    }

    /// A text that may be left out.
    pub fn optional_text(&self, name: &str) -> Result<Option<&str>, MlflowError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(name, other)),
        }
    }

    /// A whole number that may be left out.
    pub fn optional_integer(&self, name: &str) -> Result<Option<i64>, MlflowError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        // The wire of protocol buffers writes 64-bit numbers as texts as well.
        let number = match value {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| wrong_type(name, value))
    }

    /// A yes or no; no when left out.
    pub fn flag(&self, name: &str) -> Result<bool, MlflowError> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(is_set)) => Ok(*is_set),
            Some(Value::String(text)) if self.is_query => {
                Ok(matches!(text.as_str(), "true" | "True" | "1"))
            }
            Some(other) => Err(wrong_type(name, other)),
        }
    }

    /// A list; empty when left out. A query's single value is a list of one.
    pub fn list(&self, name: &str) -> Result<Vec<&Value>, MlflowError> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => Ok(values.iter().collect()),
            Some(value) if self.is_query => Ok(vec![value]),
            Some(other) => Err(wrong_type(name, other)),
        }
    }

    /// A list of texts; empty when left out.
    pub fn texts(&self, name: &str) -> Result<Vec<&str>, MlflowError> {
        let values = self.list(name)?;
        let texts = values
            .into_iter()
            .map(|value| value.as_str().ok_or_else(|| wrong_type(name, value)));
        texts.collect()
    }
}

/// The number, when it has no fraction and fits.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9.0e15).then_some(number as i64)
}
