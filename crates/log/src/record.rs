//! A record as readers see it: the frame's facts joined with the record's own.

use crate::codec::frame::{Frame, Records};
use crate::ids::{Lsn, StreamId, WriterId};

/// One record of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// Its number.
    pub lsn: Lsn,
    /// What kind of event the payload is.
    pub type_id: u16,
    /// Version of the payload's layout.
    pub version: u16,
    /// Who appended it.
    pub writer: WriterId,
    /// When it happened, ns since 1970.
    pub time_ns: i64,
    /// When it was appended, ns since 1970; never decreases along the log.
    pub commit_time_ns: i64,
    /// The event's own bytes.
    pub payload: &'a [u8],
}

/// The records of one batch.
#[derive(Clone, Debug)]
pub struct BatchRecords<'a> {
    records: Records<'a>,
    next_lsn: Lsn,
    writer: WriterId,
    default_time_ns: i64,
    commit_time_ns: i64,
    /// The stream, when the batch is a control batch.
    pub stream: Option<StreamId>,
}

impl<'a> BatchRecords<'a> {
    pub(crate) fn new(frame: &Frame<'a>) -> Option<BatchRecords<'a>> {
        Some(BatchRecords {
            records: frame.records(),
            next_lsn: Lsn::new(frame.first_lsn)?,
            writer: WriterId(frame.header.writer),
            default_time_ns: frame.default_time(),
            commit_time_ns: frame.header.commit_time,
            stream: frame.header.control.map(|control| StreamId(control.stream)),
        })
    }
}

impl<'a> Iterator for BatchRecords<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let raw = self.records.next()?;
        let lsn = self.next_lsn;
        self.next_lsn = lsn.plus(1);
        Some(Record {
            lsn,
            type_id: raw.type_id,
            version: raw.version,
            writer: self.writer,
            time_ns: raw.time.unwrap_or(self.default_time_ns),
            commit_time_ns: self.commit_time_ns,
            payload: raw.payload,
        })
    }
}
