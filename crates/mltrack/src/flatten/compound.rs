//! Fields of structs and maps, which get names of their own, and elements of lists, which become one JSON text.

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};
use serde_json::Value;

use super::{FlattenError, Flattener, join, json_text, to_json};

/// The fields of a struct or the entries of a map.
pub(crate) struct Fields<'a> {
    flattener: Flattener<'a>,
    len_before: usize,
    key: Option<String>,
}

impl<'a> Fields<'a> {
    pub fn new(flattener: Flattener<'a>) -> Fields<'a> {
        let len_before = flattener.params.len();
        Fields {
            flattener,
            len_before,
            key: None,
        }
    }

    fn put<T: Serialize + ?Sized>(&mut self, field: &str, value: &T) -> Result<(), FlattenError> {
        let name = join(&self.flattener.name, field);
        value.serialize(Flattener {
            name,
            params: self.flattener.params,
        })
    }

    /// One without fields would leave no trace; where it has a name, it leaves an empty object.
    fn finish(self) -> Result<(), FlattenError> {
        if self.flattener.params.len() > self.len_before || self.flattener.name.is_empty() {
            return Ok(());
        }
        self.flattener
            .put(json_text(&Value::Object(serde_json::Map::new())))
    }
}

impl SerializeMap for Fields<'_> {
    type Ok = ();
    type Error = FlattenError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), FlattenError> {
        self.key = Some(match to_json(key)? {
            Value::String(key) => key,
            Value::Number(key) => key.to_string(),
            Value::Bool(key) => key.to_string(),
            _ => {
                return Err(ser::Error::custom(
                    "a map's keys are texts, numbers or booleans",
                ));
            }
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FlattenError> {
        let key = self.key.take();
        self.put(&key.ok_or_else(FlattenError::without_key)?, value)
    }

    fn end(self) -> Result<(), FlattenError> {
        self.finish()
    }
}

impl FlattenError {
    fn without_key() -> FlattenError {
        ser::Error::custom("a map gave a value without a key")
    }
}

/// Structs and variants alike.
macro_rules! fields {
    ($($kind:ident),+) => {$(
        impl $kind for Fields<'_> {
            type Ok = ();
            type Error = FlattenError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                field: &'static str,
                value: &T,
            ) -> Result<(), FlattenError> {
                self.put(field, value)
            }

            fn end(self) -> Result<(), FlattenError> {
                self.finish()
            }
        }
    )+};
}

fields!(SerializeStruct, SerializeStructVariant);

/// The elements of a list.
pub(crate) struct Elements<'a> {
    flattener: Flattener<'a>,
    elements: Vec<Value>,
}

impl<'a> Elements<'a> {
    pub fn new(flattener: Flattener<'a>) -> Elements<'a> {
        Elements {
            flattener,
            elements: Vec::new(),
        }
    }
}

/// Lists and tuples of every kind alike.
macro_rules! elements {
    ($($kind:ident $method:ident),+) => {$(
        impl $kind for Elements<'_> {
            type Ok = ();
            type Error = FlattenError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FlattenError> {
                self.elements.push(to_json(value)?);
                Ok(())
            }

            fn end(self) -> Result<(), FlattenError> {
                self.flattener.put(json_text(&Value::Array(self.elements)))
            }
        }
    )+};
}

elements!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);
