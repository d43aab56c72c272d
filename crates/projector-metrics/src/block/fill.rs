//! The rows of a long chunk, read straight into the columns of an answer.
//!
//! Invariant: what is written is what [`read_rows`] gives; an error leaves the places with anything in them.

use super::bytes::Cursor;
use super::directory::{FACTS, STEPS, TIMES, VALUES};
use super::facts::{take_column_into, take_sized};
use super::fault::{BlockFault, damaged};
use super::read::{ChunkInfo, Rows, Want, read_rows};
use super::source::{ReadAt, read_section};
use super::table::SHAPE_ONE;
use super::{floats, integers};
use crate::source::RowsInto;

/// Reads a chunk whose columns have as many places as it has rows.
pub fn read_rows_into(
    source: &dyn ReadAt,
    chunk: &ChunkInfo,
    column: usize,
    mut into: RowsInto<'_>,
) -> Result<(), BlockFault> {
    chunk.check_column(column)?;
    let steps_section = chunk.section(STEPS)?;
    let steps = read_section(source, steps_section)?;
    let mut steps = Cursor::new(&steps, steps_section.offset);
    let shapes = take_sized(&mut steps)?;
    let is_plain = chunk.is_alone() && integers::constant(shapes) == Some(SHAPE_ONE);
    if !is_plain {
        let want = Want {
            times: true,
            lsns: true,
        };
        return copy(&read_rows(source, chunk, column, want)?, &mut into);
    }
    take_column_into(&mut steps, into.steps)?;
    let section = chunk.section(VALUES + column)?;
    let bytes = read_section(source, section)?;
    floats::decode_into(&mut Cursor::new(&bytes, section.offset), into.values)?;
    let section = chunk.section(TIMES)?;
    let bytes = read_section(source, section)?;
    take_column_into(&mut Cursor::new(&bytes, section.offset), into.times_ns)?;
    let section = chunk.section(FACTS)?;
    let bytes = read_section(source, section)?;
    take_column_into(&mut Cursor::new(&bytes, section.offset), into.lsns)?;
    for lsn in into.lsns {
        let above = (*lsn >= 0).then_some(*lsn);
        let found = above.and_then(|above| chunk.lsn_above(above));
        *lsn = found.ok_or_else(|| damaged(section.offset, "a record's number is out of range"))?;
    }
    Ok(())
}

fn copy(rows: &Rows, into: &mut RowsInto<'_>) -> Result<(), BlockFault> {
    if rows.steps.len() != into.steps.len() {
        return Err(damaged(0, "a chunk has more or fewer rows than it says"));
    }
    into.steps.copy_from_slice(&rows.steps);
    into.values.copy_from_slice(&rows.values);
    into.times_ns.copy_from_slice(&rows.times_ns);
    for (slot, lsn) in into.lsns.iter_mut().zip(&rows.lsns) {
        *slot = lsn.get() as i64;
    }
    Ok(())
}
