//! The fast path of batches of points: whole columns at once, and the very bytes of the general codec.
//!
//! Invariants: `encode_metric_batch` writes what bincode writes for the same batch; `take_batch` gives what bincode reads, and
//! nothing where bincode would refuse, so that errors are told by one of them only (property tests compare them).
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

use crate::codec::PAYLOAD_LEN_MAX;
use crate::error::EncodeError;
use crate::event::{TypeId, Version};
use crate::hot::{
    VARINT_U16, VARINT_U32, VARINT_U64, push_varint, take, take_varint, unzigzag, zigzag,
};
use crate::ids::{ColumnsId, RunKey};
use crate::metric::MetricBatchLoggedV1;
use crate::upcast::Payload;

// Both ways know version 1 only: a version 2 needs its own branch in `codec.rs`.
pub(crate) const VERSION: Version = Version(<MetricBatchLoggedV1 as Payload>::VERSION);
const _: () = assert!(VERSION.0 == 1);

/// A number takes at most so many bytes.
const NUMBER_LEN_MAX: usize = 9;

/// Appends the payload of a `metric_batch_logged` event whose columns belong to somebody else; `out` is left as it was
/// when that is too long.
pub fn encode_metric_batch(
    run: RunKey,
    columns: ColumnsId,
    steps: &[i64],
    times: &[i64],
    values: &[f64],
    out: &mut Vec<u8>,
) -> Result<(TypeId, Version), EncodeError> {
    let start = out.len();
    out.extend_from_slice(&run.to_bytes());
    out.extend_from_slice(&columns.to_bytes());
    push_numbers(steps, out);
    push_numbers(times, out);
    push_values(values, out);
    let payload_len = out.len() - start;
    if payload_len > PAYLOAD_LEN_MAX {
        out.truncate(start);
        return Err(EncodeError {
            type_id: TypeId::METRIC_BATCH_LOGGED,
            payload_len,
        });
    }
    Ok((TypeId::METRIC_BATCH_LOGGED, VERSION))
}

fn push_numbers(numbers: &[i64], out: &mut Vec<u8>) {
    push_varint(numbers.len() as u64, out);
    let mut end = out.len();
    out.resize(end + NUMBER_LEN_MAX * numbers.len(), 0);
    for number in numbers {
        let number = zigzag(*number);
        let (marker, len) = match number {
            0..=0xfa => (number as u8, 1),
            0xfb..=0xffff => (VARINT_U16, 3),
            0x1_0000..=0xffff_ffff => (VARINT_U32, 5),
            _ => (VARINT_U64, 9),
        };
        let room = out.get_mut(end..).and_then(<[u8]>::first_chunk_mut);
        let room: &mut [u8; NUMBER_LEN_MAX] = room.expect("there is room for the longest");
        // What is written behind a short number is overwritten by the next one, or cut off.
        let [first, rest @ ..] = room;
        (*first, *rest) = (marker, number.to_le_bytes());
        end += len;
    }
    out.truncate(end);
}

fn push_values(values: &[f64], out: &mut Vec<u8>) {
    push_varint(values.len() as u64, out);
    let begin = out.len();
    out.resize(begin + size_of_val(values), 0);
    let room = out.get_mut(begin..).unwrap_or_default();
    for (room, value) in room.as_chunks_mut().0.iter_mut().zip(values) {
        *room = value.to_le_bytes();
    }
}

/// A payload of a batch; `None` for what is none, whose error the general codec knows.
pub(crate) fn take_batch(payload: &[u8]) -> Option<MetricBatchLoggedV1> {
    if payload.len() > PAYLOAD_LEN_MAX {
        return None;
    }
    let mut rest = payload;
    let batch = MetricBatchLoggedV1 {
        run: RunKey::from_bytes(*take(&mut rest).ok()?),
        columns: ColumnsId::from_bytes(*take(&mut rest).ok()?),
        steps: take_numbers(&mut rest)?,
        times: take_numbers(&mut rest)?,
        values: take_values(&mut rest)?,
    };
    rest.is_empty().then_some(batch)
}

fn take_numbers(rest: &mut &[u8]) -> Option<Vec<i64>> {
    let count = take_varint(rest).ok()?;
    // Each takes a byte at least, so a length that is a lie costs nothing.
    let count = usize::try_from(count)
        .ok()
        .filter(|count| *count <= rest.len())?;
    let mut numbers = Vec::with_capacity(count);
    for _ in 0..count {
        numbers.push(unzigzag(take_varint(rest).ok()?));
    }
    Some(numbers)
}

fn take_values(rest: &mut &[u8]) -> Option<Vec<f64>> {
    let count = take_varint(rest).ok()?;
    let (values, odd) = rest.as_chunks();
    if !odd.is_empty() || count != values.len() as u64 {
        return None;
    }
    *rest = odd;
    Some(
        values
            .iter()
            .map(|value| f64::from_le_bytes(*value))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use bincode::de::read::Reader as _;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::codec::{PayloadReader, decode, encode, write_value};
    use crate::event::Event;
    use crate::upcast::read_value;

    /// What bincode makes of the same bytes.
    fn general(payload: &[u8]) -> Option<MetricBatchLoggedV1> {
        let mut reader = PayloadReader::new(payload);
        let batch = read_value(&mut reader).ok()?;
        reader.peek_read(1).is_none().then_some(batch)
    }

    fn written(batch: &MetricBatchLoggedV1) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_value(batch, &mut bytes);
        bytes
    }

    fn agree(payload: &[u8]) {
        // By their bytes, since NaN is unlike itself.
        let fast = take_batch(payload);
        assert_eq!(fast.is_some(), general(payload).is_some(), "{payload:?}");
        let bytes = |batch: Option<MetricBatchLoggedV1>| batch.as_ref().map(written);
        assert_eq!(bytes(fast), bytes(general(payload)));
    }

    fn number() -> impl Strategy<Value = i64> {
        let edges = [
            0,
            125,
            126,
            32_767,
            32_768,
            i64::from(i32::MAX),
            1 << 31,
            i64::MAX,
        ];
        prop_oneof![
            any::<i64>(),
            -300..300_i64,
            prop::sample::select(edges.to_vec()).prop_map(i64::wrapping_neg),
            prop::sample::select(edges.to_vec()),
        ]
    }

    fn batch() -> impl Strategy<Value = MetricBatchLoggedV1> {
        let value = any::<u64>().prop_map(f64::from_bits);
        (
            any::<[u8; 8]>(),
            any::<u64>(),
            vec(number(), 0..300),
            vec(number(), 0..9),
            vec(value, 0..300),
        )
            .prop_map(|(run, columns, steps, times, values)| MetricBatchLoggedV1 {
                run: RunKey::from_bytes(run),
                columns: ColumnsId(columns),
                steps,
                times,
                values,
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_fast_path_writes_and_reads_the_bytes_of_the_general_one(batch in batch()) {
            let general = written(&batch);
            let mut fast = b"before".to_vec();
            let MetricBatchLoggedV1 { run, columns, steps, times, values } = &batch;
            encode_metric_batch(*run, *columns, steps, times, values, &mut fast).unwrap();
            prop_assert_eq!(&fast[6..], &general[..]);
            agree(&general);
            let mut by_event = Vec::new();
            let (type_id, version) = encode(&Event::MetricBatchLogged(batch), &mut by_event).unwrap();
            prop_assert_eq!(&by_event, &general);
            let read = decode(type_id.0, version.0, &general).unwrap();
            prop_assert!(matches!(&read, Event::MetricBatchLogged(read) if written(read) == general));
        }

        #[test]
        fn the_fast_path_refuses_what_the_general_one_refuses(
            batch in batch(),
            at in any::<prop::sample::Index>(),
            marker in prop_oneof![any::<u8>(), 240..=255u8],
            cut in any::<prop::sample::Index>(),
        ) {
            let mut payload = written(&batch);
            let at = at.index(payload.len());
            payload[at] = marker;
            agree(&payload);
            agree(&payload[..cut.index(payload.len())]);
            payload.push(marker);
            agree(&payload);
        }

        #[test]
        fn the_fast_path_agrees_on_any_bytes(
            payload in vec(prop_oneof![any::<u8>(), 250..=255u8, 0..4u8], 0..60),
        ) {
            agree(&payload);
        }
    }

    #[test]
    fn a_batch_that_is_too_long_leaves_what_was_there() {
        let values = vec![0.0; PAYLOAD_LEN_MAX / 8];
        let mut out = b"before".to_vec();
        let run = RunKey::from_bytes([1; 8]);
        let refused = encode_metric_batch(run, ColumnsId(2), &[], &[], &values, &mut out);
        assert_eq!(refused.unwrap_err().type_id, TypeId::METRIC_BATCH_LOGGED);
        assert_eq!(out, b"before");
    }
}
