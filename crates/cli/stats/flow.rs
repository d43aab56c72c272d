//! How many events came lately.
//!
//! Invariant: nothing is read but a few places of the log: events are counted by their numbers, gaps left out.

use std::time::Duration;

use mltrack::{Cursor, Lsn, Tracker, WallTime};

use crate::failure::Outcome;
use crate::moment::before;
use crate::output::quantity::grouped;

/// Counts up to some lsn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flow {
    pub first_ns: Option<i64>,
    pub last_ns: Option<i64>,
    pub last_minute: u64,
    pub last_hour: u64,
    pub last_day: u64,
}

impl Flow {
    /// Of the events up to `last`, which a minute, an hour and a day before `now_ns` had not seen.
    pub fn until(tracker: &Tracker, last: u64, now_ns: i64) -> Outcome<Flow> {
        // Behind an unclean stop the log's end is beyond its last record.
        let segments = tracker.segments()?;
        let ends = segments
            .iter()
            .filter(|segment| segment.base < segment.next && segment.base.get() <= last)
            .map(|segment| last.min(segment.next.get() - 1));
        let Some(end) = ends.max().and_then(Lsn::new) else {
            return Ok(Flow::default());
        };
        let since = |length: Duration| -> Outcome<u64> {
            let from = Cursor::At(WallTime(before(now_ns, length)));
            let position = tracker.tail().from(from).follow().position();
            let next = position.map_or(last + 1, |position| position.next.get());
            Ok(tracker.count_records(next..=last)?)
        };
        Ok(Flow {
            first_ns: committed_ns(tracker, Cursor::Start)?,
            last_ns: committed_ns(tracker, Cursor::Lsn(end))?,
            last_minute: since(Duration::from_mins(1))?,
            last_hour: since(Duration::from_hours(1))?,
            last_day: since(Duration::from_hours(24))?,
        })
    }

    pub fn text(&self) -> String {
        format!(
            "{} events in the last minute, {} in the last hour, {} in the last day",
            grouped(self.last_minute),
            grouped(self.last_hour),
            grouped(self.last_day)
        )
    }
}

fn committed_ns(tracker: &Tracker, from: Cursor) -> Outcome<Option<i64>> {
    let event = tracker
        .tail()
        .from(from)
        .follow()
        .next_within(Duration::ZERO)?;
    Ok(event.map(|event| event.committed.0))
}
