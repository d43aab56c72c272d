//! From records to a block.
//!
//! A chunk of many rows is a group of its own; short chunks share groups, so that a store of many short runs pays for
//! columns once and not once for each run. Groups of short chunks stay small, because reading one chunk reads its group.

use std::sync::Arc;

use mltrack_projector::{Lsn, PackRecord};

use super::directory::{Bounds, Directory, Group, Groups, Level, Member, Residue, Section};
use super::facts::Facts;
use super::gather::{Chunk, Gathered, gather};
use super::table::Table;
use super::{PAYLOAD_LEN_MAX, RECORDS_MAX, floats, nodes, residue};

/// A chunk of at least as many rows is a group of its own.
const ALONE_ROWS_MIN: usize = 256;
/// A group of shorter chunks has about as many rows.
const SHARED_ROWS: usize = 4096;

/// Turns records into a block: in lsn order, at least one, at most [`RECORDS_MAX`] with [`PAYLOAD_LEN_MAX`] bytes of
/// payload; anything else is a mistake of the caller, and panics.
pub fn pack(records: &[PackRecord<'_>]) -> Vec<u8> {
    assert!(
        (1..=RECORDS_MAX).contains(&records.len()),
        "a block has between 1 and {RECORDS_MAX} records, not {}",
        records.len()
    );
    assert!(
        records.is_sorted_by(|a, b| a.lsn < b.lsn),
        "records are packed in the order of the log"
    );
    let payload_len: usize = records.iter().map(|record| record.payload.len()).sum();
    assert!(
        payload_len <= PAYLOAD_LEN_MAX,
        "a block has at most {PAYLOAD_LEN_MAX} bytes of payload, not {payload_len}"
    );
    let mut writer = Writer {
        records,
        lsn_first: records[0].lsn,
        body: Vec::with_capacity(payload_len / 2),
        groups: Vec::new(),
        residue: Vec::new(),
        table: Table::default(),
    };
    let gathered = gather(records);
    writer.write_groups(&gathered);
    writer.write_residue(&gathered.residue);
    writer.finish()
}

struct Writer<'a> {
    records: &'a [PackRecord<'a>],
    lsn_first: Lsn,
    /// The sections so far.
    body: Vec<u8>,
    groups: Groups,
    residue: Vec<Residue>,
    /// The columns of the group in the making; kept for their memory.
    table: Table,
}

impl Writer<'_> {
    fn write_groups(&mut self, gathered: &Gathered) {
        let mut shared: Vec<&Chunk> = Vec::new();
        let mut rows = 0;
        for chunk in &gathered.chunks {
            if chunk.rows >= ALONE_ROWS_MIN {
                self.write_group(&[chunk]);
                continue;
            }
            let is_other = shared
                .first()
                .is_some_and(|c| c.key.width != chunk.key.width);
            if is_other || rows >= SHARED_ROWS {
                self.write_group(&shared);
                shared.clear();
                rows = 0;
            }
            shared.push(chunk);
            rows += chunk.rows;
        }
        if !shared.is_empty() {
            self.write_group(&shared);
        }
    }

    /// Writes chunks of one width as one group.
    fn write_group(&mut self, chunks: &[&Chunk]) {
        let width = chunks[0].key.width;
        let mut table = std::mem::take(&mut self.table);
        table.reset(width);
        let mut members = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            let first_row = table.steps.len();
            for at in &chunk.records {
                table.push(&self.records[*at as usize], self.lsn_first);
            }
            members.push(Member {
                run: chunk.key.run,
                columns: chunk.key.columns,
                records: chunk.records.len(),
                rows: chunk.rows,
                is_sorted_by_step: table.steps[first_row..].is_sorted(),
            });
        }
        let mut sections = vec![
            self.section(|out| table.facts.encode(out)),
            self.section(|out| table.encode_times(out)),
            self.section(|out| table.encode_steps(out)),
        ];
        for column in &table.values {
            sections.push(self.section(|out| floats::encode(column, out)));
        }
        let mut levels = Vec::new();
        if chunks.len() == 1 && table.steps.len() >= nodes::ROWS_MIN {
            levels = self.write_nodes(&table, &mut sections);
        }
        let group = Group {
            width,
            records: table.facts.len(),
            rows: table.steps.len(),
            bounds: bounds(&table),
            levels,
            sections,
        };
        self.groups.push((Arc::new(group), members));
        self.table = table;
    }

    fn write_nodes(&mut self, table: &Table, sections: &mut Vec<Section>) -> Vec<Level> {
        let plan = nodes::Plan::new(&table.steps);
        let columns = table.values.iter();
        let columns: Vec<_> = columns
            .map(|column| plan.levels(&table.steps, column))
            .collect();
        let mut levels = Vec::new();
        for (at, (shift, first)) in columns[0].iter().enumerate() {
            levels.push(Level {
                shift: *shift,
                nodes: first.len(),
            });
            sections.push(self.section(|out| nodes::encode_shared(first, out)));
            for column in &columns {
                sections.push(self.section(|out| nodes::encode_column(&column[at].1, out)));
            }
        }
        levels
    }

    fn write_residue(&mut self, indices: &[u32]) {
        let mut rest = indices;
        while !rest.is_empty() {
            let mut payload_len = 0;
            let len = |at: &u32| self.records[*at as usize].payload.len();
            let fits = rest.iter().take_while(|at| {
                let is_room = payload_len < residue::PART_LEN;
                payload_len += len(at);
                is_room
            });
            let (part, later) = rest.split_at(fits.count());
            rest = later;
            let records: Vec<_> = part.iter().map(|at| self.records[*at as usize]).collect();
            self.write_part(&records);
        }
    }

    fn write_part(&mut self, records: &[PackRecord<'_>]) {
        let mut facts = Facts::default();
        for record in records {
            facts.push(record, self.lsn_first);
        }
        let encoded = residue::encode(records, &facts);
        let parts = [encoded.facts, encoded.times, encoded.payloads];
        let sections = parts
            .iter()
            .map(|part| self.section(|out| out.extend_from_slice(part)));
        let sections = sections.collect();
        self.residue.push(Residue {
            records: records.len(),
            payload_len: records.iter().map(|record| record.payload.len()).sum(),
            lsns: facts.lsn_range(),
            sections,
        });
    }

    /// Appends what `write` writes as a section.
    fn section(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Section {
        let start = self.body.len();
        write(&mut self.body);
        Section {
            offset: start as u64,
            len: (self.body.len() - start) as u64,
            crc: crc32fast::hash(&self.body[start..]),
        }
    }

    fn finish(self) -> Vec<u8> {
        let directory = Directory {
            records: self.records.len(),
            lsn_first: self.lsn_first,
            lsn_last: self.records[self.records.len() - 1].lsn,
            groups: self.groups,
            residue: self.residue,
        };
        let mut block = directory.encode();
        block.extend_from_slice(&self.body);
        block
    }
}

fn bounds(table: &Table) -> Bounds {
    let range = |values: &[i64]| {
        let (low, high) = (values.iter().min(), values.iter().max());
        let plain = |value: Option<&i64>| *value.expect("a group has rows");
        (plain(low), plain(high))
    };
    Bounds {
        lsns: table.facts.lsn_range(),
        steps: range(&table.steps),
        times_ns: range(&table.row_times_ns()),
    }
}
