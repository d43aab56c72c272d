//! A record with its meaning: what a projector is given.
//!
//! Invariants: decoding a metric point allocates nothing; a payload that cannot be decoded is an entry all the same,
//! so that it is counted instead of stopping the fold.

use mltrack_event::{
    DecodeError, Event, ExperimentId, MetricsView, RunKey, TypeId, decode, decode_metrics,
};
use mltrack_log::{Lsn, Record, WriterId};

/// One record of the log, decoded.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry<'a> {
    /// Its number.
    pub lsn: Lsn,
    /// When it happened, in ns since 1970.
    pub time_ns: i64,
    /// When it was appended, in ns since 1970; never decreases along the log.
    pub commit_time_ns: i64,
    /// Who appended it.
    pub writer: WriterId,
    /// What it says.
    pub body: Body<'a>,
}

/// What a record says.
#[derive(Clone, PartialEq, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack for one record; a box would be an allocation for each event"
)]
pub enum Body<'a> {
    /// Metrics of one step, read in place: by far the most frequent event.
    Metrics(MetricsView<'a>),
    /// Any other event. Types that this program does not know are [`Event::Unknown`].
    Event(Event),
    /// A payload that breaks its type's layout. Its crc was right, so the log keeps it; a fold counts and skips it.
    Unreadable(DecodeError),
}

/// The one version of `metrics_logged` that is read in place.
const METRICS_VERSION: u16 = 1;

impl<'a> Entry<'a> {
    /// Decodes a record.
    #[must_use]
    pub fn decode(record: &Record<'a>) -> Entry<'a> {
        Entry {
            lsn: record.lsn,
            time_ns: record.time_ns,
            commit_time_ns: record.commit_time_ns,
            writer: record.writer,
            body: Body::decode(record.type_id, record.version, record.payload),
        }
    }

    /// The run that the entry is about.
    #[must_use]
    pub fn run(&self) -> Option<RunKey> {
        match &self.body {
            Body::Metrics(view) => Some(view.run),
            Body::Event(event) => event.run(),
            Body::Unreadable(_) => None,
        }
    }

    /// The experiment that the entry itself names: events of a run after its creation name none.
    #[must_use]
    pub fn experiment(&self) -> Option<ExperimentId> {
        match &self.body {
            Body::Event(event) => event.experiment(),
            Body::Metrics(_) | Body::Unreadable(_) => None,
        }
    }
}

impl<'a> Body<'a> {
    fn decode(type_id: u16, version: u16, payload: &'a [u8]) -> Body<'a> {
        if type_id == TypeId::METRICS_LOGGED.0 && version == METRICS_VERSION {
            return match decode_metrics(version, payload) {
                Ok(view) => Body::Metrics(view),
                Err(error) => Body::Unreadable(error),
            };
        }
        match decode(type_id, version, payload) {
            Ok(event) => Body::Event(event),
            Err(error) => Body::Unreadable(error),
        }
    }
}
