//! Any `Serialize` as parameters: nested names joined by dots, types kept.
//!
//! Invariants: a float keeps every bit, NaN and the infinities included (an `f32` becomes the `f64` that prints the
//! same); a whole number beyond `i64` is kept as JSON text, digits and all; a list is JSON text; `None` is JSON `null`.

use mltrack_event::{NameKind, ParamValue, canonical_json};
use serde::ser::{self, Serialize};

use crate::code::Code;
use crate::error::{Error, Result};

mod compound;
mod scalar;

/// The parameters of a struct or map.
pub(crate) fn flatten(value: &(impl Serialize + ?Sized)) -> Result<Vec<(String, ParamValue)>> {
    flatten_under(String::new(), value)
}

/// The parameters of a value that has a name: one of this name, or many below it.
pub(crate) fn flatten_under(
    name: String,
    value: &(impl Serialize + ?Sized),
) -> Result<Vec<(String, ParamValue)>> {
    let mut params = Vec::new();
    value
        .serialize(Flattener {
            name,
            params: &mut params,
        })
        .map_err(|error| error.0)?;
    params
        .iter()
        .try_for_each(|(name, _)| NameKind::Param.check(name))?;
    Ok(params)
}

/// Serialises one value under its name.
pub(crate) struct Flattener<'a> {
    pub name: String,
    pub params: &'a mut Vec<(String, ParamValue)>,
}

impl Flattener<'_> {
    fn put(self, value: ParamValue) -> Result<(), FlattenError> {
        if self.name.is_empty() {
            let what = "a single value has no name: pass a struct or a map, or use log_param";
            return Err(FlattenError(Error::new(Code::SerializationError, what)));
        }
        self.params.push((self.name, value));
        Ok(())
    }
}

/// Joins names by dots.
fn join(name: &str, field: &str) -> String {
    if name.is_empty() {
        field.to_owned()
    } else {
        format!("{name}.{field}")
    }
}

/// A list's element, or a map's key, as JSON.
fn to_json(value: &(impl Serialize + ?Sized)) -> Result<serde_json::Value, FlattenError> {
    serde_json::to_value(value).map_err(ser::Error::custom)
}

fn json_text(value: &serde_json::Value) -> ParamValue {
    ParamValue::Json(canonical_json(value))
}

/// serde's error around ours.
#[derive(Debug)]
pub(crate) struct FlattenError(pub Error);

impl std::fmt::Display for FlattenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for FlattenError {}

impl ser::Error for FlattenError {
    fn custom<T: std::fmt::Display>(message: T) -> FlattenError {
        let what = format!("the parameters cannot be read: {message}");
        FlattenError(Error::new(Code::SerializationError, what))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    struct Model {
        kind: Kind,
        layers: Vec<u32>,
        dropout: Option<f32>,
        name: Option<&'static str>,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Linear,
        Mlp { hidden: usize },
    }

    #[derive(Serialize)]
    struct Hyper {
        lr: f64,
        seed: u64,
        shuffle: bool,
        model: Model,
        extra: BTreeMap<u8, char>,
    }

    fn check(value: &impl Serialize, expected: &[(&str, ParamValue)]) {
        let params = flatten(value).unwrap();
        assert_eq!(params.len(), expected.len(), "{params:?}");
        for ((name, value), (expected_name, expected)) in params.iter().zip(expected) {
            assert_eq!(name, expected_name);
            assert!(
                value.same(expected),
                "{name}: {value:?} is not {expected:?}"
            );
        }
    }

    #[test]
    fn nested_structs_become_dotted_names_with_their_types() {
        let model = Model {
            kind: Kind::Mlp { hidden: 64 },
            layers: vec![1, 2],
            dropout: Some(0.1),
            name: None,
        };
        let extra = BTreeMap::from([(7, 'x')]);
        let hyper = Hyper {
            lr: 3e-4,
            seed: u64::MAX,
            shuffle: true,
            model,
            extra,
        };
        check(
            &hyper,
            &[
                ("lr", ParamValue::Float(3e-4)),
                ("seed", ParamValue::Json("18446744073709551615".into())),
                ("shuffle", ParamValue::Bool(true)),
                ("model.kind.mlp.hidden", ParamValue::Int(64)),
                ("model.layers", ParamValue::Json("[1,2]".into())),
                ("model.dropout", ParamValue::Float(0.1)),
                ("model.name", ParamValue::Json("null".into())),
                ("extra.7", ParamValue::Text("x".into())),
            ],
        );
    }

    #[test]
    fn floats_that_json_has_no_number_for_are_kept() {
        let odd = BTreeMap::from([("a", f64::NAN), ("b", f64::NEG_INFINITY), ("c", -0.0)]);
        let expected = [("a", f64::NAN), ("b", f64::NEG_INFINITY), ("c", -0.0)];
        check(
            &odd,
            &expected.map(|(name, value)| (name, ParamValue::Float(value))),
        );
    }

    #[test]
    fn variants_without_fields_are_texts_and_empty_maps_stay() {
        let plain = BTreeMap::from([("kind", Kind::Linear)]);
        check(&plain, &[("kind", ParamValue::Text("linear".into()))]);
        let empty = BTreeMap::from([("options", BTreeMap::<String, u8>::new())]);
        check(&empty, &[("options", ParamValue::Json("{}".into()))]);
    }

    #[test]
    fn a_value_without_a_name_is_refused() {
        let error = flatten(&3).unwrap_err();
        assert_eq!(error.code(), Code::SerializationError);
        let named = flatten_under("lr".into(), &3).unwrap();
        assert_eq!(named, [("lr".to_owned(), ParamValue::Int(3))]);
    }
}
