//! Records that are no points: their facts as columns, their payloads as one stretch of bytes.

use mltrack_projector::{Lsn, PackRecord};

use super::bytes::Cursor;
use super::directory::{FACTS, Residue, TIMES};
use super::facts::{Fact, Facts, push_column, take_column};
use super::fault::BlockFault;
use super::integers;
use super::source::{ReadAt, read_section};

/// Where the payloads are, among a part's sections.
pub(super) const PAYLOADS: usize = 2;
/// Records are cut into parts of about this many bytes, so that a look at a few does not read all.
pub(super) const PART_LEN: usize = 4 << 20;

const RAW: u8 = 0;
const ZSTD: u8 = 1;
const LEVEL: i32 = 3;

/// A part's sections.
pub(super) struct Encoded {
    pub facts: Vec<u8>,
    pub times: Vec<u8>,
    pub payloads: Vec<u8>,
}

pub(super) fn encode(records: &[PackRecord<'_>], facts: &Facts) -> Encoded {
    let mut encoded = Encoded {
        facts: Vec::new(),
        times: Vec::new(),
        payloads: Vec::new(),
    };
    let column = |of: fn(&PackRecord<'_>) -> i64| records.iter().map(of).collect::<Vec<_>>();
    facts.encode(&mut encoded.facts);
    push_column(&column(|record| record.type_id.into()), &mut encoded.facts);
    push_column(&column(|record| record.version.into()), &mut encoded.facts);
    let lens = column(|record| record.payload.len() as i64);
    push_column(&lens, &mut encoded.facts);
    integers::encode(&facts.times_ns, &mut encoded.times);
    let parts: Vec<&[u8]> = records.iter().map(|record| record.payload).collect();
    let payloads = parts.concat();
    match zstd::bulk::compress(&payloads, LEVEL) {
        Ok(shorter) if shorter.len() < payloads.len() => {
            encoded.payloads.push(ZSTD);
            encoded.payloads.extend_from_slice(&shorter);
        }
        _ => {
            encoded.payloads.push(RAW);
            encoded.payloads.extend_from_slice(&payloads);
        }
    }
    encoded
}

/// A part, read.
pub(super) struct Part {
    facts: Facts,
    types: Vec<i64>,
    versions: Vec<i64>,
    /// Where each payload ends; one longer than the records, from 0 on.
    ends: Vec<usize>,
    payloads: Vec<u8>,
}

impl Part {
    pub(super) fn read(source: &dyn ReadAt, residue: &Residue) -> Result<Part, BlockFault> {
        let count = residue.records;
        let bytes = read_section(source, residue.sections[TIMES])?;
        let mut cursor = Cursor::new(&bytes, residue.sections[TIMES].offset);
        let times_ns = integers::decode(&mut cursor, count)?;
        let bytes = read_section(source, residue.sections[FACTS])?;
        let mut cursor = Cursor::new(&bytes, residue.sections[FACTS].offset);
        let facts = Facts::decode(&mut cursor, times_ns)?;
        let types = take_column(&mut cursor, count)?;
        let versions = take_column(&mut cursor, count)?;
        let ends = ends(&mut cursor, count, residue.payload_len)?;
        cursor.finish()?;
        let section = residue.sections[PAYLOADS];
        let bytes = read_section(source, section)?;
        let payloads = payloads(Cursor::new(&bytes, section.offset), residue.payload_len)?;
        Ok(Part {
            facts,
            types,
            versions,
            ends,
            payloads,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }

    pub(super) fn fact(&self, at: usize, lsn_base: Lsn) -> Option<Fact> {
        self.facts.get(at, lsn_base)
    }

    /// The record at an index below the length; `None` when it cannot be one.
    pub(super) fn record(&self, at: usize, lsn_base: Lsn) -> Option<PackRecord<'_>> {
        let fact = self.fact(at, lsn_base)?;
        Some(PackRecord {
            lsn: fact.lsn,
            type_id: self.types[at].try_into().ok()?,
            version: self.versions[at].try_into().ok()?,
            writer: fact.writer,
            time_ns: fact.time_ns,
            has_time: fact.has_time,
            commit_time_ns: fact.commit_time_ns,
            payload: &self.payloads[self.ends[at]..self.ends[at + 1]],
        })
    }
}

/// Checks that the lengths add up to `total`.
fn ends(cursor: &mut Cursor<'_>, count: usize, total: usize) -> Result<Vec<usize>, BlockFault> {
    let start = *cursor;
    let mut ends = Vec::with_capacity(count + 1);
    let mut end = 0usize;
    ends.push(end);
    for len in take_column(cursor, count)? {
        let next = usize::try_from(len)
            .ok()
            .and_then(|len| end.checked_add(len));
        end = next
            .filter(|end| *end <= total)
            .ok_or_else(|| start.fault("a payload's length is out of range"))?;
        ends.push(end);
    }
    if end != total {
        return Err(start.fault(format!("{end} bytes of payload instead of {total}")));
    }
    Ok(ends)
}

fn payloads(mut cursor: Cursor<'_>, len: usize) -> Result<Vec<u8>, BlockFault> {
    let start = cursor;
    let form = cursor.u8()?;
    let bytes = cursor.take_rest();
    let payloads = match form {
        RAW => bytes.to_vec(),
        ZSTD => {
            zstd::bulk::decompress(bytes, len).map_err(|error| start.fault(error.to_string()))?
        }
        _ => return Err(start.fault(format!("{form} is no form of payloads"))),
    };
    if payloads.len() != len {
        let found = payloads.len();
        return Err(start.fault(format!("{found} bytes of payload instead of {len}")));
    }
    Ok(payloads)
}

/// The type of each record of a part, without the payloads.
pub(super) fn read_types(source: &dyn ReadAt, residue: &Residue) -> Result<Vec<u16>, BlockFault> {
    let count = residue.records;
    let bytes = read_section(source, residue.sections[TIMES])?;
    let mut cursor = Cursor::new(&bytes, residue.sections[TIMES].offset);
    let times_ns = integers::decode(&mut cursor, count)?;
    let bytes = read_section(source, residue.sections[FACTS])?;
    let mut cursor = Cursor::new(&bytes, residue.sections[FACTS].offset);
    Facts::decode(&mut cursor, times_ns)?;
    let start = cursor;
    let types = take_column(&mut cursor, count)?.into_iter();
    types
        .map(|type_id| u16::try_from(type_id).map_err(|_| start.fault("a type is out of range")))
        .collect()
}
