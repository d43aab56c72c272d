//! The packer of records that nobody knows more about: what repeats from one record to the next is left out.
//!
//! A record is a head byte that says which fields follow, those fields, and the payload. Every reader knows this
//! packer, so a store can be packed, and read again, by a program that knows no event at all.

use super::{BLOCK_RECORDS_MAX, PackFault, PackRecord, Packer};
use crate::codec::bytes::{push_varint, split_varint};
use crate::ids::{Lsn, WriterId};

/// The packer's number in a packed segment.
const ID: u32 = 1;

/// The lsn is not the one after the record before.
const LSN: u8 = 1;
/// The type or version differs from that of the record before.
const KIND: u8 = 2;
/// The writer differs.
const WRITER: u8 = 4;
/// The commit time differs.
const COMMIT: u8 = 8;
/// The record carried a time of its own.
const HAS_TIME: u8 = 16;
/// The time is not the commit time.
const TIME: u8 = 32;
const KNOWN: u8 = 63;

/// Packs records without knowing what their payloads mean.
#[derive(Clone, Copy, Default, Debug)]
pub struct PlainPacker;

/// The fields that a record repeats from the one before it.
#[derive(Clone, Copy)]
struct Before {
    next_lsn: u64,
    type_id: u16,
    version: u16,
    writer: u32,
    commit: i64,
}

const START: Before = Before {
    next_lsn: 1,
    type_id: 0,
    version: 1,
    writer: 0,
    commit: 0,
};

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

impl Packer for PlainPacker {
    fn id(&self) -> u32 {
        ID
    }

    fn pack(&self, records: &[PackRecord<'_>]) -> Vec<u8> {
        let payload_len: usize = records.iter().map(|record| record.payload.len()).sum();
        let mut out = Vec::with_capacity(payload_len + records.len() * 8 + 10);
        push_varint(&mut out, records.len() as u64);
        let mut before = START;
        for record in records {
            push(&mut out, &mut before, record);
        }
        out
    }

    fn unpack(&self, block: &[u8], each: &mut dyn FnMut(PackRecord<'_>)) -> Result<(), PackFault> {
        let mut rest = Rest { block, rest: block };
        let count = rest.varint()?;
        if count > BLOCK_RECORDS_MAX as u64 {
            return Err(rest.fault("too many records are announced"));
        }
        let mut before = START;
        for _ in 0..count {
            each(rest.record(&mut before)?);
        }
        if rest.rest.is_empty() {
            Ok(())
        } else {
            Err(rest.fault("bytes are left over"))
        }
    }
}

fn push(out: &mut Vec<u8>, before: &mut Before, record: &PackRecord<'_>) {
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    let lsn = record.lsn.get();
    let is_other_kind = (record.type_id, record.version) != (before.type_id, before.version);
    let head = flag(lsn != before.next_lsn, LSN)
        | flag(is_other_kind, KIND)
        | flag(record.writer.0 != before.writer, WRITER)
        | flag(record.commit_time_ns != before.commit, COMMIT)
        | flag(record.has_time, HAS_TIME)
        | flag(record.time_ns != record.commit_time_ns, TIME);
    out.push(head);
    if head & LSN != 0 {
        push_varint(out, lsn.wrapping_sub(before.next_lsn));
    }
    if head & KIND != 0 {
        out.extend_from_slice(&record.type_id.to_le_bytes());
        out.extend_from_slice(&record.version.to_le_bytes());
    }
    if head & WRITER != 0 {
        push_varint(out, u64::from(record.writer.0));
    }
    if head & COMMIT != 0 {
        let step = record.commit_time_ns.wrapping_sub(before.commit);
        push_varint(out, zigzag(step));
    }
    if head & TIME != 0 {
        let step = record.time_ns.wrapping_sub(record.commit_time_ns);
        push_varint(out, zigzag(step));
    }
    push_varint(out, record.payload.len() as u64);
    out.extend_from_slice(record.payload);
    *before = Before {
        next_lsn: lsn.wrapping_add(1),
        type_id: record.type_id,
        version: record.version,
        writer: record.writer.0,
        commit: record.commit_time_ns,
    };
}

/// What of a block has not been read yet.
struct Rest<'a> {
    block: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Rest<'a> {
    fn fault(&self, what: &'static str) -> PackFault {
        let offset = (self.block.len() - self.rest.len()) as u64;
        PackFault { what, offset }
    }

    fn varint(&mut self) -> Result<u64, PackFault> {
        let (value, rest) = split_varint(self.rest).ok_or(self.fault("a number is cut off"))?;
        self.rest = rest;
        Ok(value)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], PackFault> {
        let split = self.rest.split_first_chunk();
        let (bytes, rest) = split.ok_or(self.fault("a field is cut off"))?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn record(&mut self, before: &mut Before) -> Result<PackRecord<'a>, PackFault> {
        let [head] = self.bytes()?;
        if head & !KNOWN != 0 {
            return Err(self.fault("a record has unknown flags"));
        }
        let mut now = *before;
        if head & LSN != 0 {
            now.next_lsn = before.next_lsn.wrapping_add(self.varint()?);
        }
        if head & KIND != 0 {
            now.type_id = u16::from_le_bytes(self.bytes()?);
            now.version = u16::from_le_bytes(self.bytes()?);
        }
        if head & WRITER != 0 {
            let writer = self.varint()?;
            now.writer = u32::try_from(writer).or(Err(self.fault("a writer is out of range")))?;
        }
        if head & COMMIT != 0 {
            now.commit = before.commit.wrapping_add(unzigzag(self.varint()?));
        }
        let mut time_ns = now.commit;
        if head & TIME != 0 {
            time_ns = now.commit.wrapping_add(unzigzag(self.varint()?));
        }
        let len = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        let split = self.rest.split_at_checked(len);
        let (payload, rest) = split.ok_or(self.fault("a payload is cut off"))?;
        self.rest = rest;
        let lsn = Lsn::new(now.next_lsn).ok_or(self.fault("a record has lsn 0"))?;
        now.next_lsn = now.next_lsn.wrapping_add(1);
        *before = now;
        Ok(PackRecord {
            lsn,
            type_id: now.type_id,
            version: now.version,
            writer: WriterId(now.writer),
            time_ns,
            has_time: head & HAS_TIME != 0,
            commit_time_ns: now.commit,
            payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Parts = (u64, u16, u16, u32, i64, bool, i64, Vec<u8>);

    fn record(parts: &Parts) -> PackRecord<'_> {
        let (lsn, type_id, version, writer, time_ns, has_time, commit_time_ns, payload) = parts;
        PackRecord {
            lsn: Lsn::new(*lsn).expect("at least 1"),
            type_id: *type_id,
            version: *version,
            writer: WriterId(*writer),
            time_ns: *time_ns,
            has_time: *has_time,
            commit_time_ns: *commit_time_ns,
            payload,
        }
    }

    fn unpacked(block: &[u8]) -> Result<Vec<Parts>, PackFault> {
        let mut all = Vec::new();
        PlainPacker.unpack(block, &mut |record| {
            all.push((
                record.lsn.get(),
                record.type_id,
                record.version,
                record.writer.0,
                record.time_ns,
                record.has_time,
                record.commit_time_ns,
                record.payload.to_vec(),
            ));
        })?;
        Ok(all)
    }

    fn parts() -> impl Strategy<Value = Parts> {
        let payload = proptest::collection::vec(any::<u8>(), 0..40);
        (
            1..1u64 << 62,
            0..3u16,
            0..3u16,
            any::<u32>(),
            any::<i64>(),
            any::<bool>(),
            any::<i64>(),
            payload,
        )
    }

    proptest! {
        #[test]
        fn any_records_come_back_exactly(all in proptest::collection::vec(parts(), 0..20)) {
            let records: Vec<_> = all.iter().map(record).collect();
            prop_assert_eq!(unpacked(&PlainPacker.pack(&records)), Ok(all));
        }

        #[test]
        fn any_bytes_are_unpacked_or_refused(block in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(all) = unpacked(&block) {
                prop_assert!(all.len() <= block.len());
            }
        }
    }

    #[test]
    fn a_block_that_is_cut_short_is_refused() {
        let payload = vec![7; 9];
        let first = (5, 1, 1, 3, -4, true, 9, payload.clone());
        let second = (6, 2, 1, 4, 9, false, 9, payload);
        let block = PlainPacker.pack(&[record(&first), record(&second)]);
        for len in 0..block.len() {
            assert!(unpacked(&block[..len]).is_err(), "cut to {len}");
        }
    }
}
