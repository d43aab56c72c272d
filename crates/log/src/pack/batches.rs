//! The batches of one block in memory: gathered from frames to be packed, or unpacked to be read as frames again.
//!
//! Invariant: `bodies` holds the records of all batches, encoded as in a frame, one batch behind the other; the records
//! of a batch have lsns that count up by one, so a batch of which some were dropped has become several.

use super::{BLOCK_LEN_MAX, BLOCK_RECORDS_MAX, PackFault, PackRecord, Packer};
use crate::codec::facts::{Extensions, Facts};
use crate::codec::frame::{Frame, FrameHeader};
use crate::codec::record::{RawRecord, push_record};
use crate::ids::{Lsn, WriterId};

/// No block that was packed from frames unpacks to more.
const BODIES_LEN_MAX: usize = 2 * BLOCK_LEN_MAX;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct BatchAt {
    first_lsn: u64,
    commit_time: i64,
    writer: u32,
    /// Where its records end in `bodies`.
    end: u32,
    count: u16,
}

/// What becomes of a record.
#[derive(Clone, Copy)]
pub enum Fate<'a> {
    Stays,
    Goes,
    /// It stays, with this payload.
    Becomes(&'a [u8]),
}

/// Batches in lsn order.
#[derive(Default)]
pub struct Batches {
    bodies: Vec<u8>,
    places: Vec<BatchAt>,
    extensions: Vec<(u32, Extensions)>,
    records: usize,
}

impl Batches {
    /// Forgets all, and keeps the memory.
    pub fn clear(&mut self) {
        self.bodies.clear();
        self.places.clear();
        self.extensions.clear();
        self.records = 0;
    }

    /// How many batches there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// How many records they have.
    pub fn record_count(&self) -> usize {
        self.records
    }

    /// Whether a frame still belongs into the same block.
    pub fn has_room(&self, frame: &Frame<'_>) -> bool {
        self.records + usize::from(frame.header.count) <= BLOCK_RECORDS_MAX
            && self.bodies.len() + frame.body.len() <= BLOCK_LEN_MAX
    }

    /// First commit time and last; zeros when there is no batch.
    pub fn commit_times(&self) -> (i64, i64) {
        let time = |batch: Option<&BatchAt>| batch.map_or(0, |batch| batch.commit_time);
        (time(self.places.first()), time(self.places.last()))
    }

    /// Adds a frame's records.
    pub fn push(&mut self, frame: &Frame<'_>) {
        self.bodies.extend_from_slice(frame.body);
        self.end_batch(frame, frame.first_lsn, frame.header.count);
    }

    /// Adds a frame's records, each as `fate` says.
    pub fn push_kept<'a>(
        &mut self,
        frame: &Frame<'_>,
        mut fate: impl FnMut(&PackRecord<'_>) -> Fate<'a>,
    ) {
        let (mut first, mut count) = (frame.first_lsn, 0);
        for (raw, record) in frame.records().zip(records_of(frame)) {
            let lsn = record.lsn.get();
            let fate = fate(&record);
            if matches!(fate, Fate::Goes) {
                if count > 0 {
                    self.end_batch(frame, first, count);
                }
                (first, count) = (lsn + 1, 0);
                continue;
            }
            let payload = match fate {
                Fate::Becomes(payload) => payload,
                _ => raw.payload,
            };
            push_record(&mut self.bodies, &RawRecord { payload, ..raw });
            count += 1;
        }
        if count > 0 {
            self.end_batch(frame, first, count);
        }
    }

    fn end_batch(&mut self, frame: &Frame<'_>, first_lsn: u64, count: u16) {
        if let Some(extensions) = Extensions::of(&frame.header) {
            self.extensions.push((self.places.len() as u32, extensions));
        }
        self.records += usize::from(count);
        self.places.push(BatchAt {
            first_lsn,
            commit_time: frame.header.commit_time,
            writer: frame.header.writer,
            end: self.bodies.len() as u32,
            count,
        });
    }

    /// One batch as the frame that it was. Its crc and its place are gone.
    pub fn frame(&self, number: usize, base: u64) -> Frame<'_> {
        let batch = self.places[number];
        let start = number
            .checked_sub(1)
            .map_or(0, |before| self.places[before].end);
        let mut header = FrameHeader {
            lsn_low: batch.first_lsn.wrapping_sub(base) as u32,
            previous_crc: 0,
            commit_time: batch.commit_time,
            writer: batch.writer,
            batch_id: 0,
            count: batch.count,
            control: None,
            spooled: None,
            clock: None,
        };
        let found = self
            .extensions
            .binary_search_by_key(&(number as u32), |(batch, _)| *batch);
        if let Ok(at) = found {
            self.extensions[at].1.put_into(&mut header);
        }
        Frame {
            header,
            first_lsn: batch.first_lsn,
            crc: 0,
            padded_len: 0,
            body: &self.bodies[start as usize..batch.end as usize],
        }
    }

    /// All records, for a packer, in memory that was used before.
    pub fn records_in<'a>(&'a self, mut all: Vec<PackRecord<'a>>) -> Vec<PackRecord<'a>> {
        all.reserve(self.records);
        for number in 0..self.places.len() {
            all.extend(records_of(&self.frame(number, 0)));
        }
        all
    }

    /// What the records do not say of their batches.
    pub fn facts(&self) -> Facts {
        Facts {
            counts: self.places.iter().map(|batch| batch.count).collect(),
            extensions: self.extensions.clone(),
        }
    }

    /// Whether these are the same batches with the same records, whatever form their numbers were encoded in.
    pub fn is_same(&self, other: &Batches) -> bool {
        let facts = |batch: &BatchAt| {
            (
                batch.first_lsn,
                batch.commit_time,
                batch.writer,
                batch.count,
            )
        };
        let is_alike = self.extensions == other.extensions
            && self.places.len() == other.places.len()
            && self
                .places
                .iter()
                .zip(&other.places)
                .all(|(left, right)| facts(left) == facts(right));
        is_alike
            && (self.bodies == other.bodies
                || self.records_in(Vec::new()) == other.records_in(Vec::new()))
    }

    /// Reads a block whose facts and lsn range are known. On a fault nothing is there.
    pub fn unpack(
        &mut self,
        packer: &dyn Packer,
        block: &[u8],
        facts: Facts,
        lsns: (u64, u64),
    ) -> Result<(), PackFault> {
        self.clear();
        let mut filler = Filler {
            batches: self,
            facts: &facts,
            next_lsn: lsns.0,
            end_lsn: lsns.1,
            left: 0,
            clock: None,
            extended: 0,
            wrong: None,
        };
        let unpacked = packer.unpack(block, &mut |record| filler.take(&record));
        let result = unpacked.and_then(|()| filler.finish());
        if result.is_ok() {
            self.extensions = facts.extensions;
        } else {
            self.clear();
        }
        result
    }
}

/// The records of a frame as packers see them.
pub fn records_of<'a>(frame: &Frame<'a>) -> impl Iterator<Item = PackRecord<'a>> + use<'a> {
    let (header, default_time) = (frame.header, frame.default_time());
    let lsns = frame.first_lsn..;
    lsns.zip(frame.records())
        .map(move |(lsn, record)| pack_record(&header, default_time, lsn, &record))
}

fn pack_record<'a>(
    header: &FrameHeader,
    default_time: i64,
    lsn: u64,
    record: &RawRecord<'a>,
) -> PackRecord<'a> {
    PackRecord {
        lsn: Lsn::new(lsn).expect("a record in a segment has an lsn of at least 1"),
        type_id: record.type_id,
        version: record.version,
        writer: WriterId(header.writer),
        time_ns: record.time.unwrap_or(default_time),
        has_time: record.time.is_some(),
        commit_time_ns: header.commit_time,
        payload: record.payload,
    }
}

/// Puts unpacked records back into batches, and stops at the first that does not belong where it comes.
struct Filler<'a> {
    batches: &'a mut Batches,
    facts: &'a Facts,
    next_lsn: u64,
    end_lsn: u64,
    /// Records that the batch under way still lacks.
    left: u16,
    clock: Option<i64>,
    /// How many extensions have been met.
    extended: usize,
    wrong: Option<&'static str>,
}

impl Filler<'_> {
    fn take(&mut self, record: &PackRecord<'_>) {
        if self.wrong.is_none() {
            self.wrong = self.try_take(record).err();
        }
    }

    fn try_take(&mut self, record: &PackRecord<'_>) -> Result<(), &'static str> {
        let lsn = record.lsn.get();
        if self.left == 0 {
            self.begin(record)?;
        }
        let batch = self.batches.places.last_mut().expect("a batch was begun");
        let is_next = lsn == self.next_lsn && lsn < self.end_lsn;
        if !is_next || record.writer.0 != batch.writer || record.commit_time_ns != batch.commit_time
        {
            return Err("a record does not belong to its batch");
        }
        let default_time = self.clock.unwrap_or(batch.commit_time);
        if !record.has_time && record.time_ns != default_time {
            return Err("a record has a time that its batch does not give it");
        }
        push_record(
            &mut self.batches.bodies,
            &RawRecord {
                type_id: record.type_id,
                version: record.version,
                time: record.has_time.then_some(record.time_ns),
                payload: record.payload,
            },
        );
        let len = self.batches.bodies.len();
        if len > BODIES_LEN_MAX {
            return Err("the records are longer than any block");
        }
        batch.end = len as u32;
        self.batches.records += 1;
        self.next_lsn = lsn + 1;
        self.left -= 1;
        Ok(())
    }

    fn begin(&mut self, record: &PackRecord<'_>) -> Result<(), &'static str> {
        let number = self.batches.places.len();
        let count = self.facts.counts.get(number).copied();
        let count = count.ok_or("there are more records than the block announces")?;
        if record.lsn.get() < self.next_lsn {
            return Err("the lsns do not rise");
        }
        self.next_lsn = record.lsn.get();
        self.left = count;
        let extensions = self.facts.extensions.get(self.extended);
        let extensions = extensions.filter(|(batch, _)| *batch as usize == number);
        self.clock = extensions.and_then(|(_, extensions)| extensions.clock);
        self.extended += usize::from(extensions.is_some());
        self.batches.places.push(BatchAt {
            first_lsn: record.lsn.get(),
            commit_time: record.commit_time_ns,
            writer: record.writer.0,
            end: self.batches.bodies.len() as u32,
            count,
        });
        Ok(())
    }

    fn finish(self) -> Result<(), PackFault> {
        let is_full = self.left == 0 && self.batches.places.len() == self.facts.counts.len();
        let lacking = (!is_full).then_some("there are fewer records than the block announces");
        match self.wrong.or(lacking) {
            Some(what) => Err(PackFault { what, offset: 0 }),
            None => Ok(()),
        }
    }
}
