//! The figures of one column, taken value by value.
//!
//! Invariant: a column's type is the narrowest that holds all its values; a value that is missing says nothing about it.

use serde_json::{Value, json};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Type {
    /// No value yet.
    #[default]
    Nothing,
    Bool,
    Int,
    Float,
    Text,
    Json,
}

impl Type {
    pub const fn name(self) -> &'static str {
        match self {
            Type::Nothing => "missing",
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Float => "float",
            Type::Text => "text",
            Type::Json => "json",
        }
    }

    /// The narrowest type that holds values of both.
    fn with(self, other: Type) -> Type {
        match (self, other) {
            (Type::Nothing, known) | (known, Type::Nothing) => known,
            (a, b) if a == b => a,
            (Type::Int | Type::Float, Type::Int | Type::Float) => Type::Float,
            (Type::Json, _) | (_, Type::Json) => Type::Json,
            _ => Type::Text,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Column {
    kind: Type,
    count: u64,
    missing: u64,
    /// Of numbers that are finite.
    numbers: u64,
    min: f64,
    max: f64,
    sum: f64,
}

impl Column {
    /// A column without a value in so many rows.
    pub fn missing(count: u64) -> Column {
        Column {
            missing: count,
            ..Column::default()
        }
    }

    pub fn kind(&self) -> Type {
        self.kind
    }

    /// A cell of a text file. Empty is missing.
    pub fn take_text(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            self.missing += 1;
            return;
        }
        let kind = if text.parse::<i64>().is_ok() {
            Type::Int
        } else if is_number(text) {
            Type::Float
        } else if matches!(text, "true" | "false" | "True" | "False" | "TRUE" | "FALSE") {
            Type::Bool
        } else {
            Type::Text
        };
        self.take(kind, text.parse().ok());
    }

    pub fn take_json(&mut self, value: &Value) {
        match value {
            Value::Null => self.missing += 1,
            Value::Bool(_) => self.take(Type::Bool, None),
            Value::Number(number) if number.is_f64() => self.take(Type::Float, number.as_f64()),
            Value::Number(number) => self.take(Type::Int, number.as_f64()),
            Value::String(_) => self.take(Type::Text, None),
            _ => self.take(Type::Json, None),
        }
    }

    /// A number of an array; NaN counts as missing.
    pub fn take_number(&mut self, kind: Type, number: f64) {
        if number.is_nan() {
            self.missing += 1;
        } else {
            self.take(kind, Some(number));
        }
    }

    fn take(&mut self, kind: Type, number: Option<f64>) {
        self.kind = self.kind.with(kind);
        self.count += 1;
        let is_number = matches!(kind, Type::Int | Type::Float);
        if let Some(number) = number.filter(|number| is_number && number.is_finite()) {
            let is_first = self.numbers == 0;
            self.min = if is_first {
                number
            } else {
                self.min.min(number)
            };
            self.max = if is_first {
                number
            } else {
                self.max.max(number)
            };
            self.sum += number;
            self.numbers += 1;
        }
    }

    /// Takes in a column of the same name.
    pub fn add(&mut self, other: &Column) {
        self.kind = self.kind.with(other.kind);
        self.count += other.count;
        self.missing += other.missing;
        if other.numbers > 0 {
            let is_first = self.numbers == 0;
            self.min = if is_first {
                other.min
            } else {
                self.min.min(other.min)
            };
            self.max = if is_first {
                other.max
            } else {
                self.max.max(other.max)
            };
        }
        self.sum += other.sum;
        self.numbers += other.numbers;
    }

    pub fn figures(&self) -> Value {
        let mut figures = json!({ "count": self.count, "missing": self.missing });
        if matches!(self.kind, Type::Int | Type::Float) && self.numbers > 0 {
            figures["min"] = self.min.into();
            figures["max"] = self.max.into();
            figures["mean"] = (self.sum / self.numbers as f64).into();
        }
        figures
    }
}

/// Whether a text is a number as data files write one: no `inf` or `nan` of Rust's.
fn is_number(text: &str) -> bool {
    let begins = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    begins && text.parse::<f64>().is_ok_and(f64::is_finite)
}
