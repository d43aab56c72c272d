//! Events and the summaries in them.
//!
//! Invariants: a field that is not known is passed by, as readers of the format must; of an event that is a lone number,
//! as nearly all are, nothing is allocated.

use super::wire::{Fields, Malformed, Read, Value};

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
