//! Events to bytes and back: pure functions, the same for the writer, a tail, a fuzzer and repair.
//!
//! Invariants: every byte of a payload is consumed, or it is refused; no input makes decoding panic
//! or allocate more than `DECODED_LEN_MAX`; what `encode` accepts, `decode` accepts; unknown types
//! and newer versions are kept as they are. bincode is named in this crate's payload types and here,
//! nowhere above.
#![deny(clippy::unwrap_used, clippy::indexing_slicing)]

use bincode::Encode;
use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::de::read::Reader;
use bincode::enc::write::Writer;

use crate::error::{DecodeCause, DecodeError, EncodeError};
use crate::event::{Event, TypeId, Version};
use crate::hot_batch::{self, encode_metric_batch, take_batch};
use crate::upcast::Payload;

/// No payload is longer, in bytes.
pub const PAYLOAD_LEN_MAX: usize = 1 << 20;

/// What a decoded payload may take in memory, as bincode counts it: a length is checked against it
/// before anything is allocated.
///
/// It is larger than a payload because values grow when decoded: the worst, a pair of two empty
/// texts, from 2 bytes to 48. A smaller limit would refuse payloads that were acknowledged.
const DECODED_LEN_MAX: usize = 32 << 20;
const _: () = assert!(size_of::<(String, String)>() / 2 * PAYLOAD_LEN_MAX < DECODED_LEN_MAX);

pub(crate) type Config = Configuration<LittleEndian, Varint, Limit<DECODED_LEN_MAX>>;

pub(crate) const CONFIG: Config = bincode::config::standard().with_limit::<DECODED_LEN_MAX>();

/// Appends the payload of `event` to `out` and says under which type and version to store it. When
/// the payload is too long, `out` is left as it was.
pub fn encode(event: &Event, out: &mut Vec<u8>) -> Result<(TypeId, Version), EncodeError> {
    if let Event::MetricBatchLogged(batch) = event {
        let (steps, times) = (&batch.steps, &batch.times);
        return encode_metric_batch(batch.run, batch.columns, steps, times, &batch.values, out);
    }
    let start = out.len();
    event.write_payload(out);
    let payload_len = out.len() - start;
    if payload_len > PAYLOAD_LEN_MAX {
        out.truncate(start);
        return Err(EncodeError {
            type_id: event.type_id(),
            payload_len,
        });
    }
    Ok((event.type_id(), event.version()))
}

/// The event of a record. An unknown type, or a version newer than this program's, is
/// [`Event::Unknown`].
pub fn decode(type_id: u16, version: u16, payload: &[u8]) -> Result<Event, DecodeError> {
    let (type_id, version) = (TypeId(type_id), Version(version));
    if (type_id, version) == (TypeId::METRIC_BATCH_LOGGED, hot_batch::VERSION)
        && let Some(batch) = take_batch(payload)
    {
        return Ok(Event::MetricBatchLogged(batch));
    }
    let mut reader = PayloadReader::new(payload);
    let event = if payload.len() > PAYLOAD_LEN_MAX {
        Err(DecodeCause::PayloadTooLong)
    } else {
        Event::read_payload(type_id, version, &mut reader)
    };
    let trailing_len = reader.rest.len();
    let checked = match event {
        Ok(_) if trailing_len > 0 => Err(DecodeCause::Trailing { len: trailing_len }),
        other => other,
    };
    let offset = payload.len() - trailing_len;
    checked.map_err(|cause| DecodeError {
        type_id,
        version,
        offset,
        payload_len: payload.len(),
        cause,
    })
}

/// Appends a payload's bytes.
pub(crate) fn write_value<P: Encode>(payload: &P, out: &mut Vec<u8>) {
    bincode::encode_into_writer(payload, VecWriter(out), CONFIG)
        .expect("growing a vector does not fail and no payload holds a value without a form");
}

/// Reads `version` of a known type: newer ones are kept unread.
pub(crate) fn read_known<P: Payload>(
    (type_id, version): (TypeId, Version),
    reader: &mut PayloadReader<'_>,
    known: impl FnOnce(P) -> Event,
) -> Result<Event, DecodeCause> {
    if version.0 > P::VERSION {
        return Ok(reader.take_unknown(type_id, version));
    }
    P::read(version.0, reader).map(known)
}

struct VecWriter<'a>(&'a mut Vec<u8>);

impl Writer for VecWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// A payload that is read from its start. It knows what is left, which is how errors get an offset.
pub(crate) struct PayloadReader<'a> {
    rest: &'a [u8],
}

impl<'a> PayloadReader<'a> {
    pub(crate) fn new(payload: &'a [u8]) -> PayloadReader<'a> {
        PayloadReader { rest: payload }
    }

    /// Everything that is left, as an event that this program does not know.
    pub(crate) fn take_unknown(&mut self, type_id: TypeId, version: Version) -> Event {
        let payload = std::mem::take(&mut self.rest).to_vec();
        Event::Unknown {
            type_id,
            version,
            payload,
        }
    }
}

impl Reader for PayloadReader<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), bincode::error::DecodeError> {
        let Some((head, rest)) = self.rest.split_at_checked(bytes.len()) else {
            let additional = bytes.len() - self.rest.len();
            return Err(bincode::error::DecodeError::UnexpectedEnd { additional });
        };
        bytes.copy_from_slice(head);
        self.rest = rest;
        Ok(())
    }

    fn peek_read(&mut self, len: usize) -> Option<&[u8]> {
        self.rest.get(..len)
    }

    fn consume(&mut self, len: usize) {
        self.rest = self.rest.get(len..).unwrap_or_default();
    }
}
