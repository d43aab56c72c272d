//! From a block back to its records, in the order of the log.

use std::cmp::Ordering;

use mltrack_projector::{Lsn, PackRecord};

use super::bytes::Cursor;
use super::directory::{Directory, FACTS, Group, Member, STEPS, Section, TIMES, VALUES};
use super::facts::Facts;
use super::fault::{BlockFault, damaged};
use super::floats;
use super::gather::ChunkKey;
use super::read::read_directory;
use super::residue::Part;
use super::source::{ReadAt, read_section};
use super::table::{Place, Table, decode_steps, decode_times};

/// Hands every record of a block over, in lsn order.
pub fn unpack(source: &dyn ReadAt, each: &mut dyn FnMut(PackRecord<'_>)) -> Result<(), BlockFault> {
    let directory = read_directory(source)?;
    let mut unpacked = Unpacked {
        lsn_first: directory.lsn_first,
        ..Unpacked::default()
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

/// Where a record is.
#[derive(Clone, Copy)]
enum Home {
    /// In a chunk of a table.
    Chunk { chunk: u32, place: Place },
    /// In a part of the residue.
    Part { part: u32, at: u32 },
}

struct Unpacked {
    lsn_first: Lsn,
    tables: Vec<Table>,
    /// Which table a chunk is in, and its key.
    chunks: Vec<(usize, ChunkKey)>,
    parts: Vec<Part>,
    homes: Vec<(Lsn, Home)>,
}

impl Default for Unpacked {
    fn default() -> Unpacked {
        Unpacked {
            lsn_first: Lsn::FIRST,
            tables: Vec::new(),
            chunks: Vec::new(),
            parts: Vec::new(),
            homes: Vec::new(),
        }
    }
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
        let mut place = Place {
            record: 0,
            row: 0,
            own_time: 0,
        };
        for member in members {
            let key = ChunkKey {
                width: group.width,
                columns: member.columns,
                run: member.run,
            };
            let chunk = self.chunks.len() as u32;
            self.chunks.push((self.tables.len(), key));
            let end_row = place.row + member.rows;
            for _ in 0..member.records {
                let fact = table.facts.get(place.record, self.lsn_first);
                let lsn = fact.ok_or_else(no_record)?.lsn;
                self.homes.push((lsn, Home::Chunk { chunk, place }));
                place = place.next(table.shapes[place.record]);
            }
            if place.row != end_row {
                return Err(damaged(0, "a chunk's records have other rows than it says"));
            }
        }
        self.tables.push(table);
        Ok(())
    }

    fn add_part(&mut self, part: Part) -> Result<(), BlockFault> {
        let number = self.parts.len() as u32;
        for at in 0..part.len() {
            let fact = part.fact(at, self.lsn_first).ok_or_else(no_record)?;
            let home = Home::Part {
                part: number,
                at: at as u32,
            };
            self.homes.push((fact.lsn, home));
        }
        self.parts.push(part);
        Ok(())
    }

    fn sort(&mut self, directory: &Directory) -> Result<(), BlockFault> {
        // Stable, because that sort is fast on what consists of sorted stretches.
        self.homes.sort_by_key(|(lsn, _)| *lsn);
        let is_strict = self
            .homes
            .is_sorted_by(|(a, _), (b, _)| a.cmp(b) == Ordering::Less);
        let ends = self.homes.first().zip(self.homes.last());
        let ends = ends.map(|((first, _), (last, _))| (*first, *last));
        if !is_strict || ends != Some((directory.lsn_first, directory.lsn_last)) {
            return Err(damaged(8, "the records' lsns are not those of the header"));
        }
        Ok(())
    }

    fn hand_over(&self, each: &mut dyn FnMut(PackRecord<'_>)) -> Result<(), BlockFault> {
        let (mut values, mut payload) = (Vec::new(), Vec::new());
        for (_, home) in &self.homes {
            match *home {
                Home::Part { part, at } => {
                    let part = &self.parts[part as usize];
                    let record = part.record(at as usize, self.lsn_first);
                    each(record.ok_or_else(no_record)?);
                }
                Home::Chunk { chunk, place } => {
                    let (table, key) = &self.chunks[chunk as usize];
                    let table = &self.tables[*table];
                    let fact = table.facts.get(place.record, self.lsn_first);
                    let type_id = table.write_payload(key, place, &mut values, &mut payload);
                    let (fact, type_id) = fact.zip(type_id).ok_or_else(no_record)?;
                    each(PackRecord {
                        lsn: fact.lsn,
                        type_id: type_id.0,
                        version: 1,
                        writer: fact.writer,
                        time_ns: fact.time_ns,
                        has_time: fact.has_time,
                        commit_time_ns: fact.commit_time_ns,
                        payload: &payload,
                    });
                }
            }
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
