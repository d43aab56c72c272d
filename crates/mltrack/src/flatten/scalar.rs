//! The serializer: scalars become values, everything else a collector of fields or elements.

use mltrack_event::ParamValue;
use serde::ser::{Serialize, Serializer};

use super::compound::{Elements, Fields};
use super::{FlattenError, Flattener, join, json_text, to_json};

/// Whole numbers that an `i64` holds for sure.
macro_rules! small_numbers {
    ($($method:ident: $number:ty),+) => {$(
        fn $method(self, value: $number) -> Result<(), FlattenError> {
            self.put(ParamValue::Int(value.into()))
        }
    )+};
}

/// Whole numbers that may be too large for an `i64`: then their digits are kept.
macro_rules! large_numbers {
    ($($method:ident: $number:ty),+) => {$(
        fn $method(self, value: $number) -> Result<(), FlattenError> {
            self.put(match i64::try_from(value) {
                Ok(value) => ParamValue::Int(value),
                Err(_) => ParamValue::Json(value.to_string()),
            })
        }
    )+};
}

impl<'a> Serializer for Flattener<'a> {
    type Ok = ();
    type Error = FlattenError;
    type SerializeSeq = Elements<'a>;
    type SerializeTuple = Elements<'a>;
    type SerializeTupleStruct = Elements<'a>;
    type SerializeTupleVariant = Elements<'a>;
    type SerializeMap = Fields<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    small_numbers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32);
    large_numbers!(serialize_u64: u64, serialize_i128: i128, serialize_u128: u128);

    fn serialize_bool(self, value: bool) -> Result<(), FlattenError> {
        self.put(ParamValue::Bool(value))
    }

    fn serialize_f32(self, value: f32) -> Result<(), FlattenError> {
        // 0.1_f32 was written as 0.1 and is shown as 0.1: the shortest decimal, not the nearest binary fraction.
        let same_text = value
            .is_finite()
            .then(|| value.to_string().parse().ok())
            .flatten();
        self.put(ParamValue::Float(same_text.unwrap_or(f64::from(value))))
    }

    fn serialize_f64(self, value: f64) -> Result<(), FlattenError> {
        self.put(ParamValue::Float(value))
    }

    fn serialize_char(self, value: char) -> Result<(), FlattenError> {
        self.put(ParamValue::Text(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result<(), FlattenError> {
        self.put(ParamValue::Text(value.to_owned()))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), FlattenError> {
        self.put(json_text(&to_json(value)?))
    }

    fn serialize_none(self) -> Result<(), FlattenError> {
        self.put(ParamValue::Json("null".into()))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), FlattenError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), FlattenError> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), FlattenError> {
        self.serialize_none()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), FlattenError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), FlattenError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), FlattenError> {
        value.serialize(Flattener {
            name: join(&self.name, variant),
            params: self.params,
        })
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Elements<'a>, FlattenError> {
        Ok(Elements::new(self))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Elements<'a>, FlattenError> {
        Ok(Elements::new(self))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Elements<'a>, FlattenError> {
        Ok(Elements::new(self))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Elements<'a>, FlattenError> {
        Ok(Elements::new(Flattener {
            name: join(&self.name, variant),
            params: self.params,
        }))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Fields<'a>, FlattenError> {
        Ok(Fields::new(self))
    }

    fn serialize_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Fields<'a>, FlattenError> {
        Ok(Fields::new(self))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Fields<'a>, FlattenError> {
        Ok(Fields::new(Flattener {
            name: join(&self.name, variant),
            params: self.params,
        }))
    }
}
