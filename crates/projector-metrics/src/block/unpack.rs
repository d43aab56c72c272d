//! From a block back to its records, in the order of the log.

use mltrack_projector::{Lsn, PackRecord};

use super::bytes::Cursor;
use super::directory::{Directory, FACTS, Group, Member, STEPS, Section, TIMES, VALUES};
use super::facts::Facts;
use super::fault::{BlockFault, damaged};
use super::gather::ChunkKey;
use super::read::read_directory;
use super::residue::Part;
use super::source::{ReadAt, read_section};
use super::table::{Places, Table, decode_steps, decode_times};
use super::{PAYLOAD_LEN_MAX, floats};

/// Hands every record of a block over, in lsn order.
pub fn unpack(source: &dyn ReadAt, each: &mut dyn FnMut(PackRecord<'_>)) -> Result<(), BlockFault> {
    let directory = read_directory(source)?;
    let mut unpacked = Unpacked {
        lsn_first: directory.lsn_first,
        tables: Vec::new(),
        chunks: Vec::new(),
        parts: Vec::new(),
        homes: Vec::with_capacity(directory.records),
    };
    for (group, members) in &directory.groups {
        unpacked.add_group(source, group, members)?;
    }
    for residue in &directory.residue {
        unpacked.add_part(Part::read(source, residue)?)?;
    }
    unpacked.sort(&directory)?;
    unpacked.hand_over(each)
}

/// Where a record is: small, because they are sorted.
#[derive(Clone, Copy)]
struct Home {
    lsn: Lsn,
    /// A chunk, or behind all chunks a part of the residue.
    source: u32,
    /// In the table of the chunk, or in the part.
    record: u32,
}

struct Unpacked {
    lsn_first: Lsn,
    tables: Vec<(Table, Places)>,
    /// Which table a chunk is in, and its key.
    chunks: Vec<(usize, ChunkKey)>,
    parts: Vec<Part>,
    homes: Vec<Home>,
}

fn no_record() -> BlockFault {
    damaged(0, "the facts of a record are out of range")
}

impl Unpacked {
    fn add_group(
        &mut self,
        source: &dyn ReadAt,
        group: &Group,
        members: &[Member],
    ) -> Result<(), BlockFault> {
        let table = read_table(source, group)?;
        let places = Places::of(&table.shapes);
        let (mut record, mut row) = (0, 0);
        for member in members {
            let key = ChunkKey {
                width: group.width,
                columns: member.columns,
                run: member.run,
            };
            let chunk = self.chunks.len() as u32;
            self.chunks.push((self.tables.len(), key));
            for at in record..record + member.records {
                let lsn = table.facts.lsn(at, self.lsn_first);
                self.homes.push(Home {
                    lsn: lsn.ok_or_else(no_record)?,
                    source: chunk,
                    record: at as u32,
                });
            }
            record += member.records;
            row += member.rows;
            if places.get(record).row != row {
                return Err(damaged(0, "a chunk's records have other rows than it says"));
            }
        }
        self.tables.push((table, places));
        Ok(())
    }

    /// To be called when all groups are there.
    fn add_part(&mut self, part: Part) -> Result<(), BlockFault> {
        let source = (self.chunks.len() + self.parts.len()) as u32;
        for at in 0..part.len() {
            let fact = part.fact(at, self.lsn_first).ok_or_else(no_record)?;
            self.homes.push(Home {
                lsn: fact.lsn,
                source,
                record: at as u32,
            });
        }
        self.parts.push(part);
        Ok(())
    }

    fn sort(&mut self, directory: &Directory) -> Result<(), BlockFault> {
        // Stable, because that sort is fast on what consists of sorted stretches.
        self.homes.sort_by_key(|home| home.lsn);
        let is_strict = self.homes.is_sorted_by(|a, b| a.lsn < b.lsn);
        let ends = self.homes.first().zip(self.homes.last());
        let ends = ends.map(|(first, last)| (first.lsn, last.lsn));
        if !is_strict || ends != Some((directory.lsn_first, directory.lsn_last)) {
            return Err(damaged(8, "the records' lsns are not those of the header"));
        }
        Ok(())
    }

    fn hand_over(&self, each: &mut dyn FnMut(PackRecord<'_>)) -> Result<(), BlockFault> {
        let (mut values, mut payload) = (Vec::new(), Vec::new());
        let mut payload_left = PAYLOAD_LEN_MAX;
        let mut hand_over = |record: PackRecord<'_>| {
            let left = payload_left.checked_sub(record.payload.len());
            payload_left = left.ok_or_else(|| damaged(0, "more payload than a block holds"))?;
            each(record);
            Ok(())
        };
        for home in &self.homes {
            let (source, at) = (home.source as usize, home.record as usize);
            let Some((table, key)) = self.chunks.get(source) else {
                let part = &self.parts[source - self.chunks.len()];
                hand_over(part.record(at, self.lsn_first).ok_or_else(no_record)?)?;
                continue;
            };
            let (table, places) = &self.tables[*table];
            let fact = table.facts.get(at, self.lsn_first);
            let type_id = table.write_payload(key, places.get(at), &mut values, &mut payload);
            let (fact, type_id) = fact.zip(type_id).ok_or_else(no_record)?;
            hand_over(PackRecord {
                lsn: fact.lsn,
                type_id: type_id.0,
                version: 1,
                writer: fact.writer,
                time_ns: fact.time_ns,
                has_time: fact.has_time,
                commit_time_ns: fact.commit_time_ns,
                payload: &payload,
            })?;
        }
        Ok(())
    }
}

fn read_table(source: &dyn ReadAt, group: &Group) -> Result<Table, BlockFault> {
    let read = |section: Section| Ok((read_section(source, section)?, section.offset));
    let (bytes, offset) = read(group.section(STEPS)?)?;
    let mut cursor = Cursor::new(&bytes, offset);
    let (shapes, steps) = decode_steps(&mut cursor, group.records, group.rows)?;
    let (bytes, offset) = read(group.section(TIMES)?)?;
    let (times_ns, own_times_ns) = decode_times(&mut Cursor::new(&bytes, offset), &shapes)?;
    let (bytes, offset) = read(group.section(FACTS)?)?;
    let mut cursor = Cursor::new(&bytes, offset);
    let facts = Facts::decode(&mut cursor, times_ns)?;
    cursor.finish()?;
    let mut values = Vec::with_capacity(group.width);
    for column in 0..group.width {
        let (bytes, offset) = read(group.section(VALUES + column)?)?;
        values.push(floats::decode(
            &mut Cursor::new(&bytes, offset),
            group.rows,
        )?);
    }
    Ok(Table {
        facts,
        shapes,
        steps,
        own_times_ns,
        values,
    })
}
