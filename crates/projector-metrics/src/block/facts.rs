//! What is known of each record beside its payload, as columns.

use mltrack_projector::{Lsn, PackRecord, WriterId};

use super::bytes::{Cursor, push_varint};
use super::fault::BlockFault;
use super::integers;

/// Commit times follow the records' times more closely than each other.
const COMMIT_AFTER_TIME: u8 = 0;
/// Commit times are the same for many records, as those of one frame are.
const COMMIT_ALONE: u8 = 1;

/// Columns of one length.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct Facts {
    /// Lsns above the block's first, minus that.
    lsns: Vec<i64>,
    writers: Vec<i64>,
    has_times: Vec<i64>,
    commits_ns: Vec<i64>,
    pub times_ns: Vec<i64>,
}

/// One record's facts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Fact {
    pub lsn: Lsn,
    pub writer: WriterId,
    pub has_time: bool,
    pub time_ns: i64,
    pub commit_time_ns: i64,
}

impl Facts {
    pub(super) fn len(&self) -> usize {
        self.lsns.len()
    }

    pub(super) fn clear(&mut self) {
        let Facts {
            lsns,
            writers,
            has_times,
            commits_ns,
            times_ns,
        } = self;
        for column in [lsns, writers, has_times, commits_ns, times_ns] {
            column.clear();
        }
    }

    pub(super) fn push(&mut self, record: &PackRecord<'_>, lsn_base: Lsn) {
        self.lsns.push((record.lsn.get() - lsn_base.get()) as i64);
        self.writers.push(record.writer.0.into());
        self.has_times.push(record.has_time.into());
        self.commits_ns.push(record.commit_time_ns);
        self.times_ns.push(record.time_ns);
    }

    /// The lowest and the highest lsn, from the base on.
    pub(super) fn lsn_range(&self) -> (u64, u64) {
        let (first, last) = (self.lsns.iter().min(), self.lsns.iter().max());
        let plain = |lsn: Option<&i64>| lsn.copied().unwrap_or(0) as u64;
        (plain(first), plain(last))
    }

    /// Everything but the times.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        push_column(&self.lsns, out);
        push_column(&self.writers, out);
        push_column(&self.has_times, out);
        let pairs = self.commits_ns.iter().zip(&self.times_ns);
        let delays: Vec<i64> = pairs
            .map(|(commit, time)| commit.wrapping_sub(*time))
            .collect();
        if integers::bits_of_each(&delays) <= integers::bits_of_each(&self.commits_ns) {
            out.push(COMMIT_AFTER_TIME);
            push_column(&delays, out);
        } else {
            out.push(COMMIT_ALONE);
            push_column(&self.commits_ns, out);
        }
    }

    pub(super) fn decode(cursor: &mut Cursor<'_>, times_ns: Vec<i64>) -> Result<Facts, BlockFault> {
        let count = times_ns.len();
        let lsns = take_column(cursor, count)?;
        let writers = take_column(cursor, count)?;
        let has_times = take_column(cursor, count)?;
        let start = *cursor;
        let form = cursor.u8()?;
        let mut commits_ns = take_column(cursor, count)?;
        match form {
            COMMIT_ALONE => {}
            COMMIT_AFTER_TIME => {
                let pairs = commits_ns.iter_mut().zip(&times_ns);
                pairs.for_each(|(commit, time)| *commit = commit.wrapping_add(*time));
            }
            _ => return Err(start.fault(format!("{form} is no form of commit times"))),
        }
        Ok(Facts {
            lsns,
            writers,
            has_times,
            commits_ns,
            times_ns,
        })
    }

    /// The lsns alone, which come first.
    pub(super) fn decode_lsns(
        cursor: &mut Cursor<'_>,
        count: usize,
        lsn_base: Lsn,
    ) -> Result<Vec<Lsn>, BlockFault> {
        let start = *cursor;
        let lsns = take_column(cursor, count)?;
        let lsns = lsns.into_iter().map(|lsn| lsn_at(lsn_base, lsn));
        lsns.collect::<Option<_>>()
            .ok_or_else(|| start.fault("a record's number is out of range"))
    }

    pub(super) fn lsn(&self, at: usize, lsn_base: Lsn) -> Option<Lsn> {
        lsn_at(lsn_base, self.lsns[at])
    }

    /// The facts at an index below the length; `None` when they cannot be a record's.
    pub(super) fn get(&self, at: usize, lsn_base: Lsn) -> Option<Fact> {
        Some(Fact {
            lsn: lsn_at(lsn_base, self.lsns[at])?,
            writer: WriterId(self.writers[at].try_into().ok()?),
            has_time: match self.has_times[at] {
                0 => false,
                1 => true,
                _ => return None,
            },
            time_ns: self.times_ns[at],
            commit_time_ns: self.commits_ns[at],
        })
    }
}

fn lsn_at(base: Lsn, above: i64) -> Option<Lsn> {
    let above = u64::try_from(above).ok()?;
    base.get().checked_add(above).and_then(Lsn::new)
}

/// Appends a column of integers behind its length in bytes.
pub(super) fn push_column(values: &[i64], out: &mut Vec<u8>) {
    push_sized(out, |column| integers::encode(values, column));
}

/// Appends whatever `write` writes behind its length in bytes.
pub(super) fn push_sized(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let mut column = Vec::new();
    write(&mut column);
    push_varint(column.len() as u64, out);
    out.extend_from_slice(&column);
}

/// Reads what [`push_column`] wrote.
pub(super) fn take_column(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<i64>, BlockFault> {
    integers::decode(&mut take_sized(cursor)?, count)
}

/// The same into as many places as there are values.
pub(super) fn take_column_into(cursor: &mut Cursor<'_>, out: &mut [i64]) -> Result<(), BlockFault> {
    integers::decode_into(&mut take_sized(cursor)?, out)
}

/// The bytes that [`push_sized`] wrote.
pub(super) fn take_sized<'a>(cursor: &mut Cursor<'a>) -> Result<Cursor<'a>, BlockFault> {
    let len = cursor.count(cursor.len(), "bytes of a column")?;
    cursor.split(len)
}
