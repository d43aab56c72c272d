//! One record inside a frame: tag, optional version and time, length, payload. Knows nothing of what a type means.

use super::bytes::{push_varint, split_varint};

const HAS_TIME: u64 = 1;
const HAS_VERSION: u64 = 2;
const TYPE_SHIFT: u32 = 2;
const COMMON_VERSION: u16 = 1;

/// A record's parts, borrowed from a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RawRecord<'a> {
    /// What kind of event the payload is.
    pub type_id: u16,
    /// Version of the payload's layout.
    pub version: u16,
    /// Event time, when the caller gave one.
    pub time: Option<i64>,
    /// The event's own bytes.
    pub payload: &'a [u8],
}

/// Appends everything of a record but its payload.
pub fn push_record_head(
    out: &mut Vec<u8>,
    type_id: u16,
    version: u16,
    time: Option<i64>,
    payload_len: usize,
) {
    let mut tag = u64::from(type_id) << TYPE_SHIFT;
    if version != COMMON_VERSION {
        tag |= HAS_VERSION;
    }
    if time.is_some() {
        tag |= HAS_TIME;
    }
    push_varint(out, tag);
    if version != COMMON_VERSION {
        push_varint(out, u64::from(version));
    }
    if let Some(time) = time {
        out.extend_from_slice(&time.to_le_bytes());
    }
    push_varint(out, payload_len as u64);
}

/// Appends a record.
pub fn push_record(out: &mut Vec<u8>, record: &RawRecord) {
    push_record_head(
        out,
        record.type_id,
        record.version,
        record.time,
        record.payload.len(),
    );
    out.extend_from_slice(record.payload);
}

/// Splits the first record off `bytes`; `None` when it is cut off or a field is out of range.
#[inline]
pub fn split_record(bytes: &[u8]) -> Option<(RawRecord<'_>, &[u8])> {
    // Almost every record is this short: a type below 32, version 1, no time, fewer than 128 bytes.
    if let [tag, len, rest @ ..] = bytes
        && tag & 0x83 == 0
        && *len < 0x80
    {
        let (payload, rest) = rest.split_at_checked(usize::from(*len))?;
        let (type_id, version) = (u16::from(tag >> TYPE_SHIFT), COMMON_VERSION);
        return Some((
            RawRecord {
                type_id,
                version,
                time: None,
                payload,
            },
            rest,
        ));
    }
    split_any_record(bytes)
}

fn split_any_record(bytes: &[u8]) -> Option<(RawRecord<'_>, &[u8])> {
    let (tag, bytes) = split_varint(bytes)?;
    let type_id = u16::try_from(tag >> TYPE_SHIFT).ok()?;
    let (version, bytes) = if tag & HAS_VERSION == 0 {
        (COMMON_VERSION, bytes)
    } else {
        let (version, bytes) = split_varint(bytes)?;
        (u16::try_from(version).ok()?, bytes)
    };
    let (time, bytes) = if tag & HAS_TIME == 0 {
        (None, bytes)
    } else {
        let (time, bytes) = bytes.split_first_chunk()?;
        (Some(i64::from_le_bytes(*time)), bytes)
    };
    let (len, bytes) = split_varint(bytes)?;
    let (payload, bytes) = bytes.split_at_checked(usize::try_from(len).ok()?)?;
    Some((
        RawRecord {
            type_id,
            version,
            time,
            payload,
        },
        bytes,
    ))
}

#[test]
fn records_read_back_in_order() {
    let records = [
        RawRecord {
            type_id: 1,
            version: 1,
            time: None,
            payload: b"loss",
        },
        RawRecord {
            type_id: u16::MAX,
            version: 7,
            time: Some(i64::MIN),
            payload: b"",
        },
    ];
    let mut bytes = Vec::new();
    for record in &records {
        push_record(&mut bytes, record);
    }
    assert_eq!(
        bytes[..2],
        [4, 4],
        "a common record has two bytes of overhead"
    );
    let (first, rest) = split_record(&bytes).unwrap();
    let (second, rest) = split_record(rest).unwrap();
    assert_eq!([first, second], records);
    assert!(rest.is_empty());
    assert_eq!(split_record(&bytes[..3]), None);
}
