//! Questions to a block that lies in a file: what is in it, and single columns, without reading the rest.

use std::sync::Arc;

use mltrack_event::{ColumnsId, RunKey};
use mltrack_projector::{Lsn, PackRecord};

use super::bytes::Cursor;
use super::directory::{
    Directory, FACTS, Group, HEADER_LEN, Header, Member, Residue, STEPS, Section, TIMES, VALUES,
};
use super::facts::Facts;
use super::fault::{BlockFault, damaged};
use super::residue::Part;
use super::source::{ReadAt, read, read_section};
use super::table::{decode_steps, decode_times, for_each_row, row_times_ns};
use super::{floats, nodes};
use crate::buckets::Bucket;

/// Enough for the header and most directories, so that one read does.
const FIRST_READ_LEN: u64 = 16 << 10;

pub(super) fn read_directory(source: &dyn ReadAt) -> Result<Directory, BlockFault> {
    let first = read(source, 0, FIRST_READ_LEN.min(source.len()))?;
    let Some((header, rest)) = first.split_first_chunk::<HEADER_LEN>() else {
        return Err(damaged(0, format!("{} bytes are no block", first.len())));
    };
    let header = Header::decode(header)?;
    if let Some(bytes) = rest.get(..header.directory_len) {
        return Directory::decode(&header, bytes, source.len());
    }
    let len = header.directory_len as u64;
    let bytes = read(source, HEADER_LEN as u64, len)?;
    Directory::decode(&header, &bytes, source.len())
}

/// What is in a block, without the values. Made once for each block, and kept.
#[derive(Clone, Debug)]
pub struct BlockIndex {
    records: usize,
    lsn_first: Lsn,
    lsn_last: Lsn,
    /// By run, then columns, then width.
    chunks: Vec<ChunkInfo>,
    residue: Vec<ResidueInfo>,
}

/// The points of one run with the same columns, in the order of the log.
#[derive(Clone, Debug)]
pub struct ChunkInfo {
    /// The run.
    pub run: RunKey,
    /// What the values stand for.
    pub columns: ColumnsId,
    /// How many values a row has.
    pub width: usize,
    /// How many rows there are: steps with their values.
    pub rows: usize,
    /// No row has a lower lsn. This and the other bounds are exact for a chunk that has nodes; those of short chunks
    /// may be wider, because short chunks share them.
    pub lsn_first: Lsn,
    /// No row has a higher lsn.
    pub lsn_last: Lsn,
    /// No row has a lower step.
    pub step_min: i64,
    /// No row has a higher step.
    pub step_max: i64,
    /// No row has an earlier time.
    pub time_min_ns: i64,
    /// No row has a later time.
    pub time_max_ns: i64,
    /// Whether the steps never go down.
    pub is_sorted_by_step: bool,
    lsn_base: Lsn,
    group: Arc<Group>,
    first_row: usize,
}

/// Records that are no points.
#[derive(Clone, Debug)]
pub struct ResidueInfo {
    /// How many.
    pub records: usize,
    /// The lowest lsn.
    pub lsn_first: Lsn,
    /// The highest lsn. Lsns in between may be those of points.
    pub lsn_last: Lsn,
    lsn_base: Lsn,
    residue: Residue,
}

/// What to read beside values and steps.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Want {
    /// The time of each row.
    pub times: bool,
    /// The lsn of each row.
    pub lsns: bool,
}

/// Rows as columns of one length, in the order of the log.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Rows {
    /// The step of each.
    pub steps: Vec<i64>,
    /// The value of each, bit for bit.
    pub values: Vec<f64>,
    /// The time of each in ns since 1970; empty when not wanted.
    pub times_ns: Vec<i64>,
    /// The record of each, the same for all rows of a batch; empty when not wanted.
    pub lsns: Vec<Lsn>,
}

impl BlockIndex {
    /// Reads the directory, with one or two reads.
    pub fn open(source: &dyn ReadAt) -> Result<BlockIndex, BlockFault> {
        let directory = read_directory(source)?;
        let base = directory.lsn_first;
        let members = directory.groups.iter();
        let chunks = members.flat_map(|(group, members)| chunk_infos(group, members, base));
        let mut chunks: Vec<ChunkInfo> = chunks.collect();
        chunks.sort_by_key(|chunk| (chunk.run, chunk.columns, chunk.width));
        let residue = directory.residue.into_iter().map(|residue| ResidueInfo {
            records: residue.records,
            lsn_first: base.plus(residue.lsns.0),
            lsn_last: base.plus(residue.lsns.1),
            lsn_base: base,
            residue,
        });
        Ok(BlockIndex {
            records: directory.records,
            lsn_first: base,
            lsn_last: directory.lsn_last,
            residue: residue.collect(),
            chunks,
        })
    }

    /// How many records the block has.
    #[must_use]
    pub fn records(&self) -> usize {
        self.records
    }

    /// The first record's lsn.
    #[must_use]
    pub fn lsn_first(&self) -> Lsn {
        self.lsn_first
    }

    /// The last record's lsn.
    #[must_use]
    pub fn lsn_last(&self) -> Lsn {
        self.lsn_last
    }

    /// The chunks of a run, by their columns.
    pub fn chunks(&self, run: RunKey) -> impl ExactSizeIterator<Item = &ChunkInfo> + use<'_> {
        let start = self.chunks.partition_point(|chunk| chunk.run < run);
        let end = self.chunks.partition_point(|chunk| chunk.run <= run);
        self.chunks[start..end].iter()
    }

    /// The chunks of all runs, by run.
    pub fn all_chunks(&self) -> impl ExactSizeIterator<Item = &ChunkInfo> + use<'_> {
        self.chunks.iter()
    }

    /// The records that are no points, in parts.
    pub fn residue(&self) -> impl ExactSizeIterator<Item = &ResidueInfo> + use<'_> {
        self.residue.iter()
    }
}

fn chunk_infos(group: &Arc<Group>, members: &[Member], lsn_base: Lsn) -> Vec<ChunkInfo> {
    let bounds = group.bounds;
    let mut first_row = 0;
    let mut chunks = Vec::with_capacity(members.len());
    for member in members {
        chunks.push(ChunkInfo {
            run: member.run,
            columns: member.columns,
            width: group.width,
            rows: member.rows,
            lsn_first: lsn_base.plus(bounds.lsns.0),
            lsn_last: lsn_base.plus(bounds.lsns.1),
            step_min: bounds.steps.0,
            step_max: bounds.steps.1,
            time_min_ns: bounds.times_ns.0,
            time_max_ns: bounds.times_ns.1,
            is_sorted_by_step: member.is_sorted_by_step,
            lsn_base,
            group: Arc::clone(group),
            first_row,
        });
        first_row += member.rows;
    }
    chunks
}

impl ChunkInfo {
    /// How many levels of nodes there are; 0 for a chunk that is read as fast without.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.group.levels.len()
    }

    /// A node of this level is 2^n steps wide. Level 0 is the finest.
    #[must_use]
    pub fn level_shift(&self, level: usize) -> Option<u32> {
        self.group.levels.get(level).map(|level| level.shift)
    }

    /// How many nodes a column has at this level.
    #[must_use]
    pub fn level_nodes(&self, level: usize) -> Option<usize> {
        self.group.levels.get(level).map(|level| level.nodes)
    }

    /// Whether no other chunk shares its columns, and each of its records is one row.
    pub(super) fn is_alone(&self) -> bool {
        self.rows == self.group.rows && self.rows == self.group.records
    }

    pub(super) fn section(&self, at: usize) -> Result<Section, BlockFault> {
        self.group.section(at)
    }

    /// The lsn that is so far above the block's first.
    pub(super) fn lsn_above(&self, above: i64) -> Option<i64> {
        let base = i64::try_from(self.lsn_base.get()).ok()?;
        base.checked_add(above)
    }

    pub(super) fn check_column(&self, column: usize) -> Result<(), BlockFault> {
        let width = self.width;
        if column < width {
            Ok(())
        } else {
            Err(BlockFault::NoColumn { column, width })
        }
    }

    /// This chunk's part of a column that has one value for each row of the group.
    fn own_rows<T>(&self, mut of_group: Vec<T>) -> Vec<T> {
        of_group.truncate(self.first_row + self.rows);
        of_group.drain(..self.first_row);
        of_group
    }
}

/// The values of one column, a row each.
pub fn read_values(
    source: &dyn ReadAt,
    chunk: &ChunkInfo,
    column: usize,
) -> Result<Vec<f64>, BlockFault> {
    chunk.check_column(column)?;
    let section = chunk.group.section(VALUES + column)?;
    let bytes = read_section(source, section)?;
    let mut cursor = Cursor::new(&bytes, section.offset);
    let values = floats::decode(&mut cursor, chunk.group.rows)?;
    Ok(chunk.own_rows(values))
}

/// One column with its steps, and what else is wanted.
pub fn read_rows(
    source: &dyn ReadAt,
    chunk: &ChunkInfo,
    column: usize,
    want: Want,
) -> Result<Rows, BlockFault> {
    let values = read_values(source, chunk, column)?;
    let axes = read_axes(source, chunk, want)?;
    Ok(Rows { values, ..axes })
}

/// What the columns of a chunk have in common: rows without values.
pub fn read_axes(source: &dyn ReadAt, chunk: &ChunkInfo, want: Want) -> Result<Rows, BlockFault> {
    let group = &chunk.group;
    let section = group.section(STEPS)?;
    let bytes = read_section(source, section)?;
    let mut cursor = Cursor::new(&bytes, section.offset);
    let (shapes, steps) = decode_steps(&mut cursor, group.records, group.rows)?;
    let mut rows = Rows::default();
    if want.times {
        let section = group.section(TIMES)?;
        let bytes = read_section(source, section)?;
        let mut cursor = Cursor::new(&bytes, section.offset);
        let (times_ns, own_times_ns) = decode_times(&mut cursor, &shapes)?;
        rows.times_ns = chunk.own_rows(row_times_ns(&shapes, &times_ns, &own_times_ns));
    }
    if want.lsns {
        let section = group.section(FACTS)?;
        let bytes = read_section(source, section)?;
        let mut cursor = Cursor::new(&bytes, section.offset);
        let lsns = Facts::decode_lsns(&mut cursor, group.records, chunk.lsn_base)?;
        rows.lsns = chunk.own_rows(for_each_row(&shapes, lsns));
    }
    rows.steps = chunk.own_rows(steps);
    Ok(rows)
}

/// The nodes of one column at a level, in the order of their steps.
pub fn read_nodes(
    source: &dyn ReadAt,
    chunk: &ChunkInfo,
    column: usize,
    level: usize,
) -> Result<Vec<Bucket>, BlockFault> {
    chunk.check_column(column)?;
    let levels = chunk.levels();
    let Some(found) = chunk.group.levels.get(level) else {
        return Err(BlockFault::NoLevel { level, levels });
    };
    let at = chunk.group.nodes_at(level);
    let (shared, own) = (
        chunk.group.section(at)?,
        chunk.group.section(at + 1 + column)?,
    );
    let shared_bytes = read_section(source, shared)?;
    let own_bytes = read_section(source, own)?;
    nodes::decode(
        &mut Cursor::new(&shared_bytes, shared.offset),
        &mut Cursor::new(&own_bytes, own.offset),
        *found,
    )
}

/// Hands over the records of a part of the residue, in lsn order.
pub fn read_residue(
    source: &dyn ReadAt,
    residue: &ResidueInfo,
    each: &mut dyn FnMut(PackRecord<'_>),
) -> Result<(), BlockFault> {
    let part = Part::read(source, &residue.residue)?;
    for at in 0..part.len() {
        let record = part.record(at, residue.lsn_base);
        each(record.ok_or_else(|| damaged(0, "the facts of a record are out of range"))?);
    }
    Ok(())
}

/// The types of the records in a part of the residue, without their payloads.
pub fn residue_types(source: &dyn ReadAt, residue: &ResidueInfo) -> Result<Vec<u16>, BlockFault> {
    super::residue::read_types(source, &residue.residue)
}
