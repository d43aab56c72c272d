//! The fast path of metric points: no allocation, and the very bytes of the general codec.
//!
//! Invariants: `encode_metrics` writes what `encode` writes for the same event, and `decode_metrics`
//! accepts and refuses what `decode` does (property tests compare them). Values stay bytes until
//! somebody asks for one, so that a replay that skips a run never reads them.
#![deny(clippy::unwrap_used, clippy::indexing_slicing)]

use crate::codec::PAYLOAD_LEN_MAX;
use crate::error::{DecodeCause, DecodeError, EncodeError};
use crate::event::{TypeId, Version};
use crate::ids::{ColumnsId, RunKey};
use crate::metric::MetricsLoggedV1;
use crate::upcast::Payload;

// The view reads version 1 only: a version 2 needs its own branch in `decode_metrics`.
const VERSION: Version = Version(<MetricsLoggedV1 as Payload>::VERSION);
const _: () = assert!(VERSION.0 == 1);

/// Varints from here on have a marker and a fixed width.
pub(crate) const VARINT_U16: u8 = 251;
pub(crate) const VARINT_U32: u8 = 252;
pub(crate) const VARINT_U64: u8 = 253;

/// Appends the payload of a `metrics_logged` event; allocates only where `out` must grow.
pub fn encode_metrics(
    run: RunKey,
    columns: ColumnsId,
    step: i64,
    values: &[f64],
    out: &mut Vec<u8>,
) -> Result<(TypeId, Version), EncodeError> {
    let start = out.len();
    out.extend_from_slice(&run.to_bytes());
    out.extend_from_slice(&columns.to_bytes());
    push_varint(zigzag(step), out);
    push_varint(values.len() as u64, out);
    let payload_len = out.len() - start + size_of_val(values);
    if payload_len > PAYLOAD_LEN_MAX {
        out.truncate(start);
        return Err(EncodeError {
            type_id: TypeId::METRICS_LOGGED,
            payload_len,
        });
    }
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
    Ok((TypeId::METRICS_LOGGED, VERSION))
}

/// A `metrics_logged` payload, read in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsView<'a> {
    /// The run.
    pub run: RunKey,
    /// What the values stand for.
    pub columns: ColumnsId,
    /// The step.
    pub step: i64,
    values: &'a [[u8; 8]],
}

impl<'a> MetricsView<'a> {
    /// How many values there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// One value, bit for bit.
    #[must_use]
    pub fn value(&self, index: usize) -> Option<f64> {
        self.values.get(index).copied().map(f64::from_le_bytes)
    }

    /// The values, bit for bit.
    pub fn values(&self) -> impl ExactSizeIterator<Item = f64> + use<'a> {
        self.values.iter().copied().map(f64::from_le_bytes)
    }
}

/// Reads a `metrics_logged` payload in place. Records of another version go to
/// [`decode`](crate::decode).
pub fn decode_metrics(version: u16, payload: &[u8]) -> Result<MetricsView<'_>, DecodeError> {
    let mut rest = payload;
    let view = match version {
        _ if payload.len() > PAYLOAD_LEN_MAX => Err(DecodeCause::PayloadTooLong),
        1 => read_view(&mut rest),
        _ => Err(DecodeCause::NoSuchVersion),
    };
    view.map_err(|cause| DecodeError {
        type_id: TypeId::METRICS_LOGGED,
        version: Version(version),
        offset: payload.len() - rest.len(),
        payload_len: payload.len(),
        cause,
    })
}

fn read_view<'a>(rest: &mut &'a [u8]) -> Result<MetricsView<'a>, DecodeCause> {
    let run = RunKey::from_bytes(*take(rest)?);
    let columns = ColumnsId::from_bytes(*take(rest)?);
    let step = unzigzag(take_varint(rest)?);
    let count = take_varint(rest)?;
    let (values, odd) = rest.as_chunks::<8>();
    let trailing_len = rest.len() as u64;
    match count.checked_mul(8) {
        None => Err(DecodeCause::LengthTooLarge),
        Some(len) if len > PAYLOAD_LEN_MAX as u64 => Err(DecodeCause::LengthTooLarge),
        Some(len) if len > trailing_len => Err(DecodeCause::Truncated),
        Some(len) if len < trailing_len || !odd.is_empty() => {
            *rest = rest.get(len as usize..).unwrap_or_default();
            Err(DecodeCause::Trailing { len: rest.len() })
        }
        Some(_) => Ok(MetricsView {
            run,
            columns,
            step,
            values,
        }),
    }
}

#[inline]
pub(crate) fn take<'a, const LEN: usize>(
    rest: &mut &'a [u8],
) -> Result<&'a [u8; LEN], DecodeCause> {
    let (head, tail) = rest.split_first_chunk().ok_or(DecodeCause::Truncated)?;
    *rest = tail;
    Ok(head)
}

#[inline]
pub(crate) fn take_varint(rest: &mut &[u8]) -> Result<u64, DecodeCause> {
    let [first] = *take(rest)?;
    match first {
        VARINT_U16 => take(rest).map(|bytes| u16::from_le_bytes(*bytes).into()),
        VARINT_U32 => take(rest).map(|bytes| u32::from_le_bytes(*bytes).into()),
        VARINT_U64 => take(rest).map(|bytes| u64::from_le_bytes(*bytes)),
        small if small < VARINT_U16 => Ok(small.into()),
        marker => Err(DecodeCause::Malformed(format!(
            "{marker} starts no number of 64 bits"
        ))),
    }
}

pub(crate) fn push_varint(value: u64, out: &mut Vec<u8>) {
    if value < u64::from(VARINT_U16) {
        out.push(value as u8);
    } else if let Ok(value) = u16::try_from(value) {
        out.push(VARINT_U16);
        out.extend_from_slice(&value.to_le_bytes());
    } else if let Ok(value) = u32::try_from(value) {
        out.push(VARINT_U32);
        out.extend_from_slice(&value.to_le_bytes());
    } else {
        out.push(VARINT_U64);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// Signed to unsigned, so that small negative numbers are short too: 0, -1, 1, -2 become 0, 1, 2, 3.
pub(crate) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub(crate) const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
