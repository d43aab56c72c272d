//! The header and the directory of a block: what is in it and where, without a value.
//!
//! Invariants: what `decode` accepts fits into the source: sections lie one after another behind the directory and end
//! where the source ends; counts are bounded by the bytes that stand for them and by what a block may hold.
#![deny(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;

use mltrack_event::{ColumnsId, RunKey};
use mltrack_projector::Lsn;

use super::bytes::{Cursor, push_varint, push_zigzag};
use super::fault::{BlockFault, damaged};
use super::{PAYLOAD_LEN_MAX, RECORDS_MAX};

pub(super) const HEADER_LEN: usize = 40;
const MAGIC: [u8; 4] = *b"MLBK";
const VERSION: u8 = 1;

/// Sections of every group, before those of its values and its nodes.
pub(super) const FACTS: usize = 0;
pub(super) const TIMES: usize = 1;
pub(super) const STEPS: usize = 2;
pub(super) const VALUES: usize = 3;
/// A section's entry is a length and a crc.
const SECTION_LEN_MIN: usize = 5;
const MEMBER_LEN_MIN: usize = 10;
pub(super) const LEVELS_MAX: usize = 2;

/// A stretch of the block with its crc.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Section {
    /// From the block's start; a writer counts from the end of the directory until it knows that.
    pub offset: u64,
    pub len: u64,
    pub crc: u32,
}

/// A level of nodes of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Level {
    /// Nodes are 2^shift steps wide.
    pub shift: u32,
    pub nodes: usize,
}

/// The lowest and highest of what the rows of a group have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bounds {
    pub lsns: (u64, u64),
    pub steps: (i64, i64),
    pub times_ns: (i64, i64),
}

/// Chunks whose columns are stored together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    pub width: usize,
    pub records: usize,
    pub rows: usize,
    pub bounds: Bounds,
    pub levels: Vec<Level>,
    /// Facts, times, steps, a column of values each; then for each level the shared part and one for each column.
    pub sections: Vec<Section>,
}

/// One chunk of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Member {
    pub run: RunKey,
    pub columns: ColumnsId,
    pub records: usize,
    pub rows: usize,
    pub is_sorted_by_step: bool,
}

/// Groups with their chunks.
pub(super) type Groups = Vec<(Arc<Group>, Vec<Member>)>;

/// Records that are no points, stored together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Residue {
    pub records: usize,
    pub payload_len: usize,
    pub lsns: (u64, u64),
    /// Facts, times, payloads.
    pub sections: Vec<Section>,
}

/// Everything but the sections themselves. Lsns in it are from the first one on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Directory {
    pub records: usize,
    pub lsn_first: Lsn,
    pub lsn_last: Lsn,
    pub groups: Groups,
    pub residue: Vec<Residue>,
}

impl Group {
    pub(super) fn section_count(width: usize, levels: usize) -> usize {
        VALUES + width + levels * (1 + width)
    }

    /// Which section holds what the nodes of a level share; those of the columns follow.
    pub(super) fn nodes_at(&self, level: usize) -> usize {
        VALUES + self.width + level * (1 + self.width)
    }

    pub(super) fn section(&self, at: usize) -> Result<Section, BlockFault> {
        let found = self.sections.get(at).copied();
        found.ok_or_else(|| damaged(0, format!("section {at} is missing")))
    }
}

/// What the header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    records: usize,
    lsn_first: Lsn,
    lsn_last: Lsn,
    pub directory_len: usize,
    directory_crc: u32,
}

impl Directory {
    /// The header and the directory.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut directory = Vec::new();
        let columns = self.columns();
        push_varint(columns.len() as u64, &mut directory);
        for id in &columns {
            directory.extend_from_slice(&id.to_bytes());
        }
        push_varint(self.groups.len() as u64, &mut directory);
        for (group, members) in &self.groups {
            encode_group(group, members, &columns, &mut directory);
        }
        push_varint(self.residue.len() as u64, &mut directory);
        for residue in &self.residue {
            push_varint(residue.records as u64, &mut directory);
            push_varint(residue.payload_len as u64, &mut directory);
            push_range(residue.lsns, &mut directory);
            encode_sections(&residue.sections, &mut directory);
        }
        let mut block = Vec::with_capacity(HEADER_LEN + directory.len());
        block.extend_from_slice(&MAGIC);
        block.extend_from_slice(&[VERSION, 0, 0, 0]);
        block.extend_from_slice(&self.lsn_first.get().to_le_bytes());
        block.extend_from_slice(&self.lsn_last.get().to_le_bytes());
        block.extend_from_slice(&(self.records as u32).to_le_bytes());
        block.extend_from_slice(&(directory.len() as u32).to_le_bytes());
        block.extend_from_slice(&crc32fast::hash(&directory).to_le_bytes());
        let crc = crc32fast::hash(&block);
        block.extend_from_slice(&crc.to_le_bytes());
        block.extend_from_slice(&directory);
        block
    }

    /// The ids that members name by their index here.
    fn columns(&self) -> Vec<ColumnsId> {
        let members = self.groups.iter().flat_map(|(_, members)| members);
        let mut columns: Vec<ColumnsId> = members.map(|member| member.columns).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

fn encode_group(group: &Group, members: &[Member], columns: &[ColumnsId], out: &mut Vec<u8>) {
    push_varint(group.width as u64, out);
    let has_batches = group.records < group.rows;
    let flags = (group.levels.len() as u8) << 1 | u8::from(has_batches);
    out.push(flags);
    push_varint(members.len() as u64, out);
    for member in members {
        out.extend_from_slice(&member.run.to_bytes());
        let column = columns.binary_search(&member.columns);
        push_varint(
            column.expect("the table has the ids of all members") as u64,
            out,
        );
        let rows = (member.rows as u64) << 1 | u64::from(member.is_sorted_by_step);
        push_varint(rows, out);
        if has_batches {
            push_varint(member.records as u64, out);
        }
    }
    push_range(group.bounds.lsns, out);
    for (low, high) in [group.bounds.steps, group.bounds.times_ns] {
        push_zigzag(low, out);
        push_varint(high.wrapping_sub(low) as u64, out);
    }
    for level in &group.levels {
        out.push(level.shift as u8);
        push_varint(level.nodes as u64, out);
    }
    encode_sections(&group.sections, out);
}

fn push_range((first, last): (u64, u64), out: &mut Vec<u8>) {
    push_varint(first, out);
    push_varint(last - first, out);
}

fn encode_sections(sections: &[Section], out: &mut Vec<u8>) {
    for section in sections {
        push_varint(section.len, out);
        out.extend_from_slice(&section.crc.to_le_bytes());
    }
}

impl Header {
    pub(super) fn decode(bytes: &[u8; HEADER_LEN]) -> Result<Header, BlockFault> {
        let mut cursor = Cursor::new(bytes, 0);
        if cursor.array()? != MAGIC {
            return Err(damaged(0, "this is no block: it does not begin with MLBK"));
        }
        let [version, _reserved @ ..] = cursor.array::<4>()?;
        if version != VERSION {
            let what = format!("a block of version {version} needs a newer program");
            return Err(damaged(4, what));
        }
        let (lsn_first, lsn_last) = (cursor.u64()?, cursor.u64()?);
        let records = cursor.u32()? as usize;
        let directory_len = cursor.u32()? as usize;
        let directory_crc = cursor.u32()?;
        let (checked, _) = bytes.split_at(HEADER_LEN - 4);
        if cursor.u32()? != crc32fast::hash(checked) {
            return Err(damaged(0, "the header does not match its crc"));
        }
        let lsns = Lsn::new(lsn_first).zip(Lsn::new(lsn_last));
        let Some((lsn_first, lsn_last)) = lsns.filter(|(first, last)| first <= last) else {
            return Err(damaged(8, "the lsns are no range"));
        };
        if records == 0 || records > RECORDS_MAX {
            return Err(damaged(24, format!("{records} records")));
        }
        Ok(Header {
            records,
            lsn_first,
            lsn_last,
            directory_len,
            directory_crc,
        })
    }
}

impl Directory {
    /// Reads the directory that lies behind the header of a block of `block_len` bytes.
    pub(super) fn decode(
        header: &Header,
        bytes: &[u8],
        block_len: u64,
    ) -> Result<Directory, BlockFault> {
        if crc32fast::hash(bytes) != header.directory_crc {
            let what = "the directory does not match its crc";
            return Err(damaged(HEADER_LEN as u64, what));
        }
        let mut reader = Reader {
            cursor: Cursor::new(bytes, HEADER_LEN as u64),
            section_offset: (HEADER_LEN + bytes.len()) as u64,
            block_len,
            lsn_span: header.lsn_last.get() - header.lsn_first.get(),
            records_left: header.records,
            payload_left: PAYLOAD_LEN_MAX,
        };
        let directory = Directory {
            records: header.records,
            lsn_first: header.lsn_first,
            lsn_last: header.lsn_last,
            groups: reader.groups()?,
            residue: reader.residue()?,
        };
        reader.finish()?;
        Ok(directory)
    }
}

/// A directory being read, and what may still come.
struct Reader<'a> {
    cursor: Cursor<'a>,
    section_offset: u64,
    block_len: u64,
    lsn_span: u64,
    records_left: usize,
    payload_left: usize,
}

impl Reader<'_> {
    fn groups(&mut self) -> Result<Groups, BlockFault> {
        let count = self.cursor.count(self.cursor.len() / 8, "ids of columns")?;
        let mut columns = Vec::with_capacity(count);
        for _ in 0..count {
            columns.push(ColumnsId::from_bytes(self.cursor.array()?));
        }
        let count = self
            .cursor
            .count(self.cursor.len() / MEMBER_LEN_MIN, "groups")?;
        let mut groups = Vec::with_capacity(count);
        for _ in 0..count {
            let (group, members) = self.group(&columns)?;
            groups.push((Arc::new(group), members));
        }
        Ok(groups)
    }

    fn group(&mut self, columns: &[ColumnsId]) -> Result<(Group, Vec<Member>), BlockFault> {
        let start = self.cursor;
        let sections_max = self.cursor.len() / SECTION_LEN_MIN;
        let width = self.cursor.count(sections_max, "columns of values")?;
        let flags = self.cursor.u8()?;
        let level_count = usize::from(flags >> 1);
        if width == 0 || level_count > LEVELS_MAX {
            return Err(start.fault("a group has no columns or too many levels of nodes"));
        }
        let members = self.members(columns, flags & 1 == 1)?;
        let sum = |of: fn(&Member) -> usize| members.iter().map(of).fold(0, usize::saturating_add);
        let records = sum(|member| member.records);
        let rows = sum(|member| member.rows);
        // In a payload a row takes at least a byte for its step and 8 for each of its values.
        let payload_len = rows.saturating_mul(width.saturating_mul(8).saturating_add(1));
        self.spend(start, records, payload_len)?;
        let bounds = self.bounds()?;
        let mut levels = Vec::with_capacity(level_count);
        for _ in 0..level_count {
            levels.push(self.level(rows)?);
        }
        let sections = self.sections(Group::section_count(width, level_count))?;
        let group = Group {
            width,
            records,
            rows,
            bounds,
            levels,
            sections,
        };
        Ok((group, members))
    }

    fn members(
        &mut self,
        columns: &[ColumnsId],
        has_batches: bool,
    ) -> Result<Vec<Member>, BlockFault> {
        let count_max = self.cursor.len() / MEMBER_LEN_MIN;
        let count = self.cursor.count(count_max, "chunks")?;
        let mut members = Vec::with_capacity(count);
        for _ in 0..count {
            let start = self.cursor;
            let run = RunKey::from_bytes(self.cursor.array()?);
            let column = columns.get(self.cursor.count(columns.len(), "as index of columns")?);
            let rows = self.cursor.count(2 * PAYLOAD_LEN_MAX, "rows")?;
            let (rows, is_sorted_by_step) = (rows >> 1, rows & 1 == 1);
            let records = if has_batches {
                self.cursor.count(rows, "records")?
            } else {
                rows
            };
            let Some(columns) = column.copied().filter(|_| records > 0) else {
                return Err(start.fault("a chunk has no records or no columns"));
            };
            members.push(Member {
                run,
                columns,
                records,
                rows,
                is_sorted_by_step,
            });
        }
        Ok(members)
    }

    fn bounds(&mut self) -> Result<Bounds, BlockFault> {
        Ok(Bounds {
            lsns: self.lsns()?,
            steps: self.range()?,
            times_ns: self.range()?,
        })
    }

    fn lsns(&mut self) -> Result<(u64, u64), BlockFault> {
        let start = self.cursor;
        let (first, span) = (self.cursor.varint()?, self.cursor.varint()?);
        let last = first
            .checked_add(span)
            .filter(|last| *last <= self.lsn_span);
        let last = last.ok_or_else(|| start.fault("lsns behind the block's last"))?;
        Ok((first, last))
    }

    fn range(&mut self) -> Result<(i64, i64), BlockFault> {
        let start = self.cursor;
        let (low, span) = (self.cursor.zigzag()?, self.cursor.varint()?);
        let high = low.checked_add_unsigned(span);
        let high = high.ok_or_else(|| start.fault("a range ends beyond 64 bits"))?;
        Ok((low, high))
    }

    fn level(&mut self, rows: usize) -> Result<Level, BlockFault> {
        let start = self.cursor;
        let shift = u32::from(self.cursor.u8()?);
        if shift > u64::BITS {
            return Err(start.fault(format!("nodes of 2^{shift} steps")));
        }
        let nodes = self.cursor.count(rows, "nodes")?;
        Ok(Level { shift, nodes })
    }

    fn sections(&mut self, count: usize) -> Result<Vec<Section>, BlockFault> {
        if count > self.cursor.len() / SECTION_LEN_MIN {
            return Err(self.cursor.fault(format!("{count} sections do not fit")));
        }
        let mut sections = Vec::with_capacity(count);
        for _ in 0..count {
            let start = self.cursor;
            let (len, crc) = (self.cursor.varint()?, self.cursor.u32()?);
            let offset = self.section_offset;
            let end = offset.checked_add(len).filter(|end| *end <= self.block_len);
            self.section_offset =
                end.ok_or_else(|| start.fault("a section ends behind the block"))?;
            sections.push(Section { offset, len, crc });
        }
        Ok(sections)
    }

    fn residue(&mut self) -> Result<Vec<Residue>, BlockFault> {
        let count_max = self.cursor.len() / (3 * SECTION_LEN_MIN);
        let count = self.cursor.count(count_max, "parts of residue")?;
        let mut parts = Vec::with_capacity(count);
        for _ in 0..count {
            let start = self.cursor;
            let records = self.cursor.count(RECORDS_MAX, "records")?;
            let payload_len = self.cursor.count(PAYLOAD_LEN_MAX, "bytes of payload")?;
            self.spend(start, records, payload_len)?;
            let lsns = self.lsns()?;
            let sections = self.sections(3)?;
            parts.push(Residue {
                records,
                payload_len,
                lsns,
                sections,
            });
        }
        Ok(parts)
    }

    fn spend(
        &mut self,
        at: Cursor<'_>,
        records: usize,
        payload_len: usize,
    ) -> Result<(), BlockFault> {
        let left = self.records_left.checked_sub(records);
        let payload_left = self.payload_left.checked_sub(payload_len);
        let Some((records_left, payload_left)) = left.zip(payload_left) else {
            return Err(at.fault("more records or more payload than a block holds"));
        };
        (self.records_left, self.payload_left) = (records_left, payload_left);
        Ok(())
    }

    fn finish(&self) -> Result<(), BlockFault> {
        self.cursor.finish()?;
        if self.records_left > 0 {
            let what = format!("{} records are missing", self.records_left);
            return Err(self.cursor.fault(what));
        }
        if self.section_offset != self.block_len {
            return Err(damaged(self.section_offset, "bytes are left over"));
        }
        Ok(())
    }
}
