//! Records of the peer: which kind one is, and the messages in it that are of use here.
//!
//! Invariant: fields that are not known are passed by, as readers of the format must; nothing is copied but a key that is
//! nested.

use crate::wire::{Fields, Malformed, Read, Value};

/// What a record is about; its message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Record<'a> {
    History(&'a [u8]),
    Summary(&'a [u8]),
    Config(&'a [u8]),
    Files(&'a [u8]),
    Stats(&'a [u8]),
    Artifact(&'a [u8]),
    TensorBoard(&'a [u8]),
    Alert(&'a [u8]),
    Metric(&'a [u8]),
    /// A piece of what the run printed.
    OutputRaw(&'a [u8]),
    /// A line of it.
    Output(&'a [u8]),
    Run(&'a [u8]),
    Exit(&'a [u8]),
    UseArtifact(&'a [u8]),
    Environment(&'a [u8]),
    /// The first of a file, and what the peer's parts tell each other.
    Nothing,
    /// A kind that is not known here.
    Strange(u32),
}

impl<'a> Record<'a> {
    pub fn read(message: &'a [u8]) -> Read<Record<'a>> {
        let mut fields = Fields::of(message);
        let mut record = Record::Nothing;
        while let Some((number, value)) = fields.next()? {
            let kind = match number {
                2 => Record::History,
                3 => Record::Summary,
                4 => Record::Output,
                5 => Record::Config,
                6 => Record::Files,
                7 => Record::Stats,
                8 => Record::Artifact,
                9 => Record::TensorBoard,
                10 => Record::Alert,
                12 => Record::Metric,
                13 => Record::OutputRaw,
                17 => Record::Run,
                18 => Record::Exit,
                25 => Record::UseArtifact,
                26 => Record::Environment,
                // Numbers, how the record was sent, telemetry, the ends of files, a line that was also printed.
                1 | 11 | 16 | 19..=24 | 27 | 100 | 200 => continue,
                strange => {
                    record = Record::Strange(strange);
                    continue;
                }
            };
            record = kind(value.bytes()?);
        }
        Ok(record)
    }
}

/// A key and a value of history, summary, configuration or system metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Item<'a> {
    pub value: ItemValue<'a>,
}

/// A value as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ItemValue<'a> {
    /// JSON text, with `NaN` and `Infinity` as numbers.
    Json(&'a [u8]),
    Number(f64),
    Text(&'a [u8]),
    Nothing,
}

/// Parts the parts of a nested key; no text of a key has it.
pub(crate) const PART_END: u8 = 0;

impl<'a> Item<'a> {
    /// Reads an item; the parts of its key, each with [`PART_END`] behind it, are put into `key`.
    #[inline]
    pub fn read(message: &'a [u8], key: &mut Vec<u8>) -> Read<Item<'a>> {
        key.clear();
        let mut item = Item {
            value: ItemValue::Nothing,
        };
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                (1, Value::Bytes([])) => {}
                (1 | 2, Value::Bytes(part)) => {
                    key.extend_from_slice(part);
                    key.push(PART_END);
                }
                (16 | 8, Value::Bytes(json)) => item.value = ItemValue::Json(json),
                (4, Value::Varint(truth)) => {
                    item.value = ItemValue::Number(f64::from(u8::from(truth != 0)));
                }
                (5, Value::Varint(whole)) => {
                    let whole = (whole >> 1) as i64 ^ -((whole & 1) as i64);
                    item.value = ItemValue::Number(whole as f64);
                }
                (6, Value::Fixed64(bits)) => item.value = ItemValue::Number(f64::from_bits(bits)),
                (7, Value::Bytes(text)) => item.value = ItemValue::Text(text),
                (1 | 2 | 4..=8 | 16, _) => return Err(Malformed),
                _ => {}
            }
        }
        Ok(item)
    }
}

/// Which step a history record says it is of, beside its items.
pub(crate) fn step(message: &[u8]) -> Read<i64> {
    let mut step = 0;
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            step = value.varint()? as i64;
        }
    }
    Ok(step)
}

/// A `google.protobuf.Timestamp` in nanoseconds.
pub(crate) fn time_ns(message: &[u8]) -> Read<i64> {
    let (mut seconds, mut nanos) = (0_i64, 0_i64);
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => seconds = value.varint()? as i64,
            2 => nanos = value.varint()? as i64,
            _ => {}
        }
    }
    Ok(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}

/// How a run ended: its exit code and whether it goes on elsewhere.
pub(crate) fn exit(message: &[u8]) -> Read<(i32, u32, bool)> {
    let (mut code, mut runtime_s, mut goes_on) = (0, 0, false);
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => code = value.varint()? as i32,
            2 => runtime_s = u32::try_from(value.varint()?).unwrap_or(0),
            3 => goes_on = value.varint()? != 0,
            _ => {}
        }
    }
    Ok((code, runtime_s, goes_on))
}

/// Something that was printed: whether to standard output, when, and what.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Printed<'a> {
    pub is_output: bool,
    pub time_ns: Option<i64>,
    pub text: &'a [u8],
}

impl<'a> Printed<'a> {
    pub fn read(message: &'a [u8]) -> Read<Printed<'a>> {
        let mut printed = Printed::default();
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => printed.is_output = value.varint()? == 1,
                2 => printed.time_ns = Some(time_ns(value.bytes()?)?),
                3 => printed.text = value.bytes()?,
                _ => {}
            }
        }
        Ok(printed)
    }
}

/// The texts of a message by the numbers of their fields; other fields are passed by.
pub(crate) fn texts<const N: usize>(message: &[u8], numbers: [u32; N]) -> Read<[String; N]> {
    let mut texts = [const { String::new() }; N];
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        if let (Some(at), Value::Bytes(_)) = (numbers.iter().position(|one| *one == number), value)
        {
            texts[at] = value.text()?;
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_record_is_known_and_a_strange_one_named() {
        // num: 5, control: empty, and then what it is about.
        let record = |key: &[u8]| [&[0x08, 5, 0x82, 0x01, 0][..], key, &[1, 7]].concat();
        assert_eq!(Record::read(&record(&[0x12])), Ok(Record::History(&[7])));
        assert_eq!(Record::read(&record(&[0x8a, 0x01])), Ok(Record::Run(&[7])));
        assert_eq!(
            Record::read(&record(&[0xaa, 0x01])),
            Ok(Record::Nothing),
            "the header"
        );
        assert_eq!(
            Record::read(&record(&[0xe2, 0x12])),
            Ok(Record::Strange(300))
        );
        assert_eq!(Record::read(&[0x12, 9]), Err(Malformed));
    }

    #[test]
    fn keys_are_joined_and_values_of_each_type_read() {
        let mut key = Vec::new();
        let number = [
            &[0x12, 1, b'a', 0x12, 1, b'b', 0x31][..],
            &0.5_f64.to_le_bytes(),
        ]
        .concat();
        assert_eq!(
            Item::read(&number, &mut key).unwrap().value,
            ItemValue::Number(0.5)
        );
        assert_eq!(key, b"a\0b\0");
        for (message, value) in [
            (
                &[0x0a, 1, b'x', 0x82, 0x01, 1, b'1'][..],
                ItemValue::Json(b"1"),
            ),
            (&[0x0a, 1, b'x', 0x28, 3], ItemValue::Number(-2.0)),
            (&[0x0a, 1, b'x', 0x20, 1], ItemValue::Number(1.0)),
            (&[0x0a, 1, b'x', 0x3a, 1, b't'], ItemValue::Text(b"t")),
            (&[0x0a, 1, b'x', 0x18, 0], ItemValue::Nothing),
        ] {
            assert_eq!(Item::read(message, &mut key).unwrap().value, value);
            assert_eq!(key, b"x\0");
        }
        assert!(Item::read(&[0x08, 1], &mut key).is_err());
    }

    #[test]
    fn a_time_is_nanoseconds_and_no_number_is_too_large() {
        assert_eq!(time_ns(&[0x08, 2, 0x10, 5]), Ok(2_000_000_005));
        let huge = [
            0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x10, 1,
        ];
        assert_eq!(time_ns(&huge), Ok(i64::MAX));
        assert_eq!(exit(&[0x08, 3, 0x10, 9]), Ok((3, 9, false)));
    }
}
