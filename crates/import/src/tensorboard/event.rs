//! Events and the summaries in them.
//!
//! Invariants: a field that is not known is passed by, as readers of the format must; of an event that is a lone number,
//! as nearly all are, nothing is allocated.

use super::wire::{Fields, Malformed, Read, Value, varint};

/// An event.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Event<'a> {
    pub wall_time_s: f64,
    pub step: i64,
    pub what: What<'a>,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum What<'a> {
    /// The first of a file: the version of the format.
    #[default]
    Nothing,
    Version(&'a [u8]),
    /// Values; the message.
    Summary(&'a [u8]),
    /// Something there is no place for, as people call it.
    Other(&'static str),
}

impl<'a> Event<'a> {
    #[inline]
    pub fn read(message: &'a [u8]) -> Read<Event<'a>> {
        let mut event = Event::default();
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => event.wall_time_s = value.double()?,
                2 => event.step = value.varint()? as i64,
                3 => event.what = What::Version(value.bytes()?),
                5 => event.what = What::Summary(value.bytes()?),
                4 => event.what = What::Other("graph"),
                6 => event.what = What::Other("log message"),
                8 => event.what = What::Other("metadata of a TensorFlow session"),
                9 => event.what = What::Other("meta graph"),
                // The start of a session, and who wrote the file.
                _ => {}
            }
        }
        Ok(event)
    }
}

/// An event that is a lone number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scalar<'a> {
    pub wall_time_s: f64,
    pub step: i64,
    pub tag: &'a [u8],
    pub number: f32,
}

impl<'a> Scalar<'a> {
    /// An event in the order in which everybody writes the fields of one; `None` for all others, which
    /// [`Event::read`] reads.
    #[inline]
    pub fn read(message: &'a [u8]) -> Option<Scalar<'a>> {
        let (wall_time, mut rest) = message.strip_prefix(&[0x09])?.split_first_chunk()?;
        let mut step = 0;
        if let Some(behind) = rest.strip_prefix(&[0x10]) {
            rest = behind;
            step = varint(&mut rest).ok()? as i64;
        }
        // The lengths of a summary with one value, of that, and of its tag: all of a byte.
        let ([0x2a, summary, 0x0a, value, 0x0a, tag], rest) = rest.split_first_chunk()? else {
            return None;
        };
        let (tag_len, is_short) = (usize::from(*tag), *summary < 0x80);
        let (tag, number) = rest.split_at_checked(tag_len)?;
        let bits = <[u8; 4]>::try_from(number.strip_prefix(&[0x15])?).ok()?;
        let fits = usize::from(*value) == tag_len + 7 && usize::from(*summary) == tag_len + 9;
        (fits && is_short).then(|| Scalar {
            wall_time_s: f64::from_le_bytes(*wall_time),
            step,
            tag,
            number: f32::from_le_bytes(bits),
        })
    }
}

/// A value of a summary.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct SummaryValue<'a> {
    pub tag: &'a [u8],
    pub metadata: Option<&'a [u8]>,
    pub data: Data<'a>,
}

/// What a value is; the messages of all but numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Data<'a> {
    #[default]
    Nothing,
    Number(f32),
    Image(&'a [u8]),
    Histogram(&'a [u8]),
    Audio(&'a [u8]),
    Tensor(&'a [u8]),
}

/// The values of a summary, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a> {
    fields: Fields<'a>,
}

impl<'a> Values<'a> {
    pub fn of(summary: &'a [u8]) -> Values<'a> {
        Values {
            fields: Fields::of(summary),
        }
    }

    #[inline]
    pub fn next(&mut self) -> Read<Option<SummaryValue<'a>>> {
        while let Some((number, value)) = self.fields.next()? {
            if number == 1 {
                return SummaryValue::read(value.bytes()?).map(Some);
            }
        }
        Ok(None)
    }
}

impl<'a> SummaryValue<'a> {
    #[inline]
    fn read(message: &'a [u8]) -> Read<SummaryValue<'a>> {
        let mut read = SummaryValue::default();
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                (1, _) => read.tag = value.bytes()?,
                (2, Value::Fixed32(bits)) => read.data = Data::Number(f32::from_bits(bits)),
                (2, _) => return Err(Malformed),
                (4, _) => read.data = Data::Image(value.bytes()?),
                (5, _) => read.data = Data::Histogram(value.bytes()?),
                (6, _) => read.data = Data::Audio(value.bytes()?),
                (8, _) => read.data = Data::Tensor(value.bytes()?),
                (9, _) => read.metadata = Some(value.bytes()?),
                _ => {}
            }
        }
        Ok(read)
    }
}

/// What the metadata of a value say: which plugin it is for, and what that wrote.
pub(crate) fn plugin(metadata: &[u8]) -> Read<(&[u8], &[u8])> {
    let mut plugin = (&[][..], &[][..]);
    let mut fields = Fields::of(metadata);
    while let Some((number, value)) = fields.next()? {
        if number != 1 {
            continue;
        }
        let mut data = Fields::of(value.bytes()?);
        while let Some((number, value)) = data.next()? {
            match number {
                1 => plugin.0 = value.bytes()?,
                2 => plugin.1 = value.bytes()?,
                _ => {}
            }
        }
    }
    Ok(plugin)
}

/// Seconds as nanoseconds since the epoch; `None` for what is no time.
#[inline]
pub(crate) fn time_ns(seconds: f64) -> Option<i64> {
    let ns = (seconds * 1e9).round();
    (ns.abs() < 9.2e18).then_some(ns as i64)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Both ways of reading: what is a scalar is the same event, and of that the only value.
    fn agree(message: &[u8]) {
        let Some(scalar) = Scalar::read(message) else {
            return;
        };
        let event = Event::read(message).expect("it is an event");
        assert_eq!(event.wall_time_s.to_bits(), scalar.wall_time_s.to_bits());
        assert_eq!(event.step, scalar.step);
        let What::Summary(summary) = event.what else {
            panic!("{message:?} is no summary");
        };
        let mut values = Values::of(summary);
        let value = values.next().expect("it is a value").expect("there is one");
        assert_eq!((value.tag, value.metadata), (scalar.tag, None));
        let Data::Number(number) = value.data else {
            panic!("{message:?} is no number");
        };
        assert_eq!(number.to_bits(), scalar.number.to_bits());
        assert_eq!(values.next(), Ok(None));
    }

    fn field(number: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2];
        let mut len = body.len();
        while len >= 0x80 {
            bytes.push(len as u8 | 0x80);
            len >>= 7;
        }
        bytes.push(len as u8);
        bytes.extend(body);
        bytes
    }

    fn written(time_s: f64, step: &[u8], tag: &[u8], number: f32) -> Vec<u8> {
        let mut value = field(1, tag);
        value.push(0x15);
        value.extend(number.to_le_bytes());
        let mut message = vec![0x09];
        message.extend(time_s.to_le_bytes());
        message.extend(step);
        message.extend(field(5, &field(1, &value)));
        message
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_lone_number_is_read_at_once_as_it_is_field_by_field(
            (time_s, number) in (any::<u64>(), any::<u32>()),
            step in prop_oneof![Just(vec![]), vec(any::<u8>(), 0..11)],
            tag in vec(any::<u8>(), 0..140),
            (at, changed) in (any::<prop::sample::Index>(), any::<u8>()),
        ) {
            let (time_s, number) = (f64::from_bits(time_s), f32::from_bits(number));
            let step: Vec<u8> = step.iter().enumerate().map(|(at, byte)| match at {
                0 => 0x10,
                at if at + 1 == step.len() => byte & 0x7f,
                _ => byte | 0x80,
            }).collect();
            let mut message = written(time_s, &step, &tag, number);
            agree(&message);
            let is_scalar = Scalar::read(&message).is_some();
            prop_assert_eq!(is_scalar, tag.len() <= 0x7f - 9 && step.len() != 1, "{:?}", message);
            let at = at.index(message.len());
            message[at] = changed;
            agree(&message);
            agree(&message[..at]);
        }
    }
}
