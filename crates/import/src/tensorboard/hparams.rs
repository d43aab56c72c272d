//! What the hparams plugin writes: the parameters of a session, and how it ended.
//!
//! Invariant: a parameter is kept with its type; a whole number, which the plugin knows only as one with a point, is whole.

use std::collections::BTreeMap;

use mltrack::{EndState, ParamValue};

use super::wire::{Fields, Read, Value};

/// What one message of the plugin says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Said {
    pub params: BTreeMap<String, ParamValue>,
    pub tags: BTreeMap<&'static str, String>,
    pub start_s: Option<f64>,
    pub end: Option<(EndState, f64)>,
}

/// Numbers from here on have no ones place any more.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

pub(crate) fn read(content: &[u8]) -> Read<Said> {
    let mut said = Said::default();
    let mut fields = Fields::of(content);
    while let Some((number, value)) = fields.next()? {
        match number {
            2 => experiment(value.bytes()?, &mut said)?,
            3 => start(value.bytes()?, &mut said)?,
            4 => end(value.bytes()?, &mut said)?,
            _ => {}
        }
    }
    Ok(said)
}

fn experiment(message: &[u8], said: &mut Said) -> Read<()> {
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        let key = match number {
            1 => "hparams.experiment",
            2 => "hparams.description",
            3 => "hparams.user",
            _ => continue,
        };
        keep(said, key, value)?;
    }
    Ok(())
}

fn keep(said: &mut Said, key: &'static str, value: Value<'_>) -> Read<()> {
    let text = value.text()?;
    if !text.is_empty() {
        said.tags.insert(key, text);
    }
    Ok(())
}

fn start(message: &[u8], said: &mut Said) -> Read<()> {
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => {
                let (name, value) = entry(value.bytes()?)?;
                said.params.insert(name, value);
            }
            2 => keep(said, "hparams.model_uri", value)?,
            3 => keep(said, "hparams.monitor_url", value)?,
            4 => keep(said, "hparams.group", value)?,
            5 => said.start_s = Some(value.double()?),
            _ => {}
        }
    }
    Ok(())
}

fn entry(message: &[u8]) -> Read<(String, ParamValue)> {
    let (mut name, mut kept) = (String::new(), ParamValue::Json("null".into()));
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => name = value.text()?,
            2 => kept = json(value.bytes()?)?,
            _ => {}
        }
    }
    Ok((name, kept))
}

/// A `google.protobuf.Value`. Lists and objects, which the plugin does not write, are null.
fn json(message: &[u8]) -> Read<ParamValue> {
    let mut kept = ParamValue::Json("null".into());
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        kept = match number {
            2 => of_number(value.double()?),
            3 => ParamValue::Text(value.text()?),
            4 => ParamValue::Bool(value.varint()? != 0),
            _ => continue,
        };
    }
    Ok(kept)
}

fn of_number(number: f64) -> ParamValue {
    let is_whole = number.fract() == 0.0 && number.abs() < WHOLE_MAX;
    if is_whole && !(number == 0.0 && number.is_sign_negative()) {
        ParamValue::Int(number as i64)
    } else {
        ParamValue::Float(number)
    }
}

fn end(message: &[u8], said: &mut Said) -> Read<()> {
    let (mut status, mut time_s) = (0, 0.0);
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => status = value.varint()?,
            2 => time_s = value.double()?,
            _ => {}
        }
    }
    said.end = match status {
        1 => Some((EndState::Completed, time_s)),
        2 => Some((EndState::Failed, time_s)),
        // Unknown, or running: that is no end.
        _ => None,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_each_type_are_read() {
        let number = [&[0x11][..], &0.5_f64.to_le_bytes()].concat();
        let whole = [&[0x11][..], &32_f64.to_le_bytes()].concat();
        for (message, value) in [
            (number, ParamValue::Float(0.5)),
            (whole, ParamValue::Int(32)),
            (vec![0x1a, 2, b'h', b'i'], ParamValue::Text("hi".into())),
            (vec![0x20, 1], ParamValue::Bool(true)),
            (vec![0x08, 0], ParamValue::Json("null".into())),
        ] {
            assert_eq!(json(&message), Ok(value));
        }
        assert_eq!(of_number(-0.0), ParamValue::Float(-0.0));
        assert_eq!(of_number(1e300), ParamValue::Float(1e300));
    }

    #[test]
    fn an_end_is_one_only_when_it_says_how() {
        for (status, state) in [
            (0, None),
            (1, Some(EndState::Completed)),
            (2, Some(EndState::Failed)),
            (3, None),
        ] {
            let message = [&[0x22, 11, 0x08, status, 0x11][..], &7_f64.to_le_bytes()].concat();
            let end = read(&message).unwrap().end;
            assert_eq!(end, state.map(|state| (state, 7.0)));
        }
    }
}
