//! Records of the log from any place on, backwards and forwards, and what time it was along it.
//!
//! Invariants: every record that is asked for comes once, in the order of the direction; damage is stepped over and
//! named, never passed over in silence; one question reads a bounded number of records, and says where the next goes on.

use mltrack_event::{RunId, TypeId, WallTime};
use mltrack_log::{LogError, Lost, Lsn, OwnedRecord, Reader, SegmentInfo};

use crate::error::Result;
use crate::lens::{Lens, TailEvent};
use crate::newest::Newest;
use crate::tail::{TailBuilder, Wanted};
use crate::tracker::Tracker;

/// Records of the first stretch that is read backwards, and of the longest.
const STRETCH_MIN: u64 = 512;
const STRETCH_MAX: u64 = 1 << 16;
/// So many records are read for one answer when nothing else is said.
const SCANNED_MAX: u64 = 200_000;
/// An answer ends when its payloads have so many bytes: one record can be very long.
const HELD_LEN_MAX: usize = 32 << 20;
/// Where the text of every record is looked at, so many bytes of payloads are, and stretches are short.
const SEARCHED_LEN_MAX: usize = 64 << 20;
const STRETCH_SEARCHED_MAX: u64 = 4_096;

/// Which way the log is read, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordPlace {
    /// What lies before this record, the newest first.
    Before(Lsn),
    /// This record and what lies behind it, the oldest first.
    From(Lsn),
    /// The end of the log, the newest first.
    End,
}

/// Events that name what others only refer to.
const NAMING: [TypeId; 3] = [
    TypeId::RUN_CREATED,
    TypeId::METRIC_DEFINED,
    TypeId::METRIC_SET_DEFINED,
];

/// A question about records; see [`Tracker::records`].
#[must_use = "nothing is asked before `fetch`"]
pub struct RecordQuery {
    tail: TailBuilder,
    place: RecordPlace,
    limit: usize,
    scanned_max: u64,
    last: Option<u64>,
    admits: Option<Admits>,
}

type Admits = Box<dyn Fn(&TailEvent) -> bool + Send + Sync>;

/// Some records.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RecordPage {
    /// In the order of the direction.
    pub items: Vec<TailEvent>,
    /// Where the next answer begins: for [`RecordPlace::Before`] or [`RecordPlace::From`], as this one. `None` at the
    /// beginning of the log, or at its end.
    pub next: Option<Lsn>,
    /// The last record of the log; `None` in an empty store.
    pub lsn: Option<Lsn>,
    /// How many records were read for it.
    pub scanned: u64,
    /// What was met that cannot be read.
    pub lost: Vec<Lost>,
}

impl Tracker {
    /// Records of the log, from its end backwards unless said otherwise.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// # tracker.run("resnet", |run| Ok(run.log_metric("loss", 0.5)?))?;
    /// let page = tracker.records().types(["metrics_logged", "run_ended"]).limit(10).fetch()?;
    /// assert_eq!(page.items[0].type_name(), "run_ended");
    /// # Ok(())
    /// # }
    /// ```
    pub fn records(&self) -> RecordQuery {
        RecordQuery {
            tail: self.tail(),
            place: RecordPlace::End,
            limit: 100,
            scanned_max: SCANNED_MAX,
            last: None,
            admits: None,
        }
    }

    /// About so many records spread evenly over the log, with the time when each was appended, oldest first. What cannot
    /// be read is left out.
    pub fn log_times(&self, count: usize) -> Result<Vec<(Lsn, WallTime)>> {
        let Some(store) = self.store() else {
            return Ok(Vec::new());
        };
        let mut reader = store.log_reader()?;
        let segments = reader.segments();
        let total: u64 = segments.iter().map(length).sum();
        let mut times: Vec<(Lsn, WallTime)> = Vec::new();
        for number in 0..count.min(usize::try_from(total).unwrap_or(usize::MAX)) as u64 {
            let place = number * total.saturating_sub(1) / (count as u64 - 1).max(1);
            let Some(wanted) = record_at(&segments, place) else {
                continue;
            };
            if let Some(time) = time_at(&mut reader, &segments, wanted)?
                && times.last().is_none_or(|(last, _)| *last < time.0)
            {
                times.push(time);
            }
        }
        Ok(times)
    }

    /// The first records of the segments that are sealed: nothing is appended to them any more, and a hash says what they
    /// hold.
    pub fn sealed_segments(&self) -> Result<Vec<Lsn>> {
        match self.store() {
            Some(store) => Ok(store.log_reader()?.sealed()?),
            None => Ok(Vec::new()),
        }
    }
}

impl RecordQuery {
    /// Which way, and from where.
    pub fn place(mut self, place: RecordPlace) -> RecordQuery {
        self.place = place;
        self
    }

    /// Only records about this run.
    pub fn run(mut self, run: RunId) -> RecordQuery {
        self.tail = self.tail.run(run);
        self
    }

    /// Only records about the experiment of this name, or about its runs.
    pub fn experiment(mut self, name: impl Into<String>) -> RecordQuery {
        self.tail = self.tail.experiment(name);
        self
    }

    /// Only records of these types, such as `metrics_logged`.
    pub fn types(mut self, names: impl IntoIterator<Item: Into<String>>) -> RecordQuery {
        self.tail = self.tail.types(names);
        self
    }

    /// Only records that this admits.
    pub fn matching(
        mut self,
        admits: impl Fn(&TailEvent) -> bool + Send + Sync + 'static,
    ) -> RecordQuery {
        self.admits = Some(Box::new(admits));
        self
    }

    /// As if this were the last record of the log; 0: as if there were none.
    pub fn until(mut self, last: u64) -> RecordQuery {
        self.last = Some(last);
        self
    }

    /// At most so many.
    pub fn limit(mut self, limit: usize) -> RecordQuery {
        self.limit = limit;
        self
    }

    /// Reads at most about so many records for one answer, which then says where to go on.
    pub fn scan_at_most(mut self, records: u64) -> RecordQuery {
        self.scanned_max = records.max(1);
        self
    }

    /// Asks. Errors: `VALIDATION_ERROR` for a type, `NOT_FOUND` for a run or an experiment.
    pub fn fetch(self) -> Result<RecordPage> {
        let Some((reader, wanted, lens)) = self.tail.open_at(true)? else {
            return Ok(RecordPage::default());
        };
        let mut scan = Scan {
            reader,
            lens,
            wanted,
            admits: self.admits,
            scanned: 0,
            scanned_max: self.scanned_max,
            searched_len: 0,
            lost: Vec::new(),
        };
        let end = scan.reader.refresh()?;
        let until = self.last.and_then(|last| Lsn::new(last.saturating_add(1)));
        let end = until.map_or(end, |until| until.min(end));
        let segments = scan.reader.segments();
        let mut page = match self.place {
            RecordPlace::From(from) => scan.forwards((from, end), self.limit)?,
            RecordPlace::Before(until) => scan.backwards(&segments, until.min(end), self.limit)?,
            RecordPlace::End => scan.backwards(&segments, end, self.limit)?,
        };
        page.lsn = Lsn::new(end.get() - 1);
        page.scanned = scan.scanned;
        page.lost = scan.lost;
        Ok(page)
    }
}

/// Reading under way.
struct Scan {
    reader: Reader,
    lens: Lens,
    wanted: Wanted,
    admits: Option<Admits>,
    scanned: u64,
    scanned_max: u64,
    /// Bytes of payloads whose text was looked at.
    searched_len: usize,
    lost: Vec<Lost>,
}

impl Scan {
    /// Whether enough was read for one answer.
    fn is_spent(&self) -> bool {
        self.scanned >= self.scanned_max || self.searched_len >= SEARCHED_LEN_MAX
    }

    fn forwards(&mut self, (from, end): (Lsn, Lsn), limit: usize) -> Result<RecordPage> {
        let (mut items, mut held_len) = (Vec::new(), 0);
        let next = self.stretch((from, end), |scan, event| {
            held_len += event.as_ref().map_or(0, |event| event.payload_len);
            items.extend(event);
            items.len() < limit && held_len < HELD_LEN_MAX && !scan.is_spent()
        })?;
        Ok(RecordPage {
            items,
            next: next.filter(|next| *next < end),
            ..RecordPage::default()
        })
    }

    fn backwards(
        &mut self,
        segments: &[SegmentInfo],
        until: Lsn,
        limit: usize,
    ) -> Result<RecordPage> {
        let (mut items, mut left_len): (Vec<TailEvent>, usize) = (Vec::new(), HELD_LEN_MAX);
        let searched = self.admits.as_ref().map(|_| STRETCH_SEARCHED_MAX);
        let longest = searched.unwrap_or(STRETCH_MAX);
        let (mut until, mut length) = (until, STRETCH_MIN.min(self.scanned_max));
        while let Some((from, to)) = stretch_before(segments, until, length) {
            let mut newest = Newest::new(limit - items.len(), left_len);
            self.stretch((from, to), |_, event| {
                if let Some(event) = event {
                    newest.push(event);
                }
                true
            })?;
            // Where the page is full, the next one goes on before its last record, not before the stretch.
            until = match newest.events.front() {
                Some(first) if newest.is_full() => first.lsn,
                _ => from,
            };
            let is_full = newest.is_full();
            left_len = left_len.saturating_sub(newest.len);
            items.extend(newest.events.into_iter().rev());
            if is_full || left_len == 0 || self.is_spent() {
                break;
            }
            let left = self.scanned_max - self.scanned;
            length = (length * 4).min(longest).min(left);
        }
        let is_more = stretch_before(segments, until, 1).is_some();
        Ok(RecordPage {
            items,
            next: is_more.then_some(until),
            ..RecordPage::default()
        })
    }

    /// Hands over each record of a range, `None` for one that is not wanted, as long as more are. Answers the record behind
    /// the last one that was read, unless the range is over.
    fn stretch(
        &mut self,
        (from, until): (Lsn, Lsn),
        mut each: impl FnMut(&Scan, Option<TailEvent>) -> bool,
    ) -> Result<Option<Lsn>> {
        self.reader.seek(from);
        let mut batch: Vec<OwnedRecord> = Vec::new();
        while self.reader.next_lsn() < until {
            match self.reader.next_batch() {
                Ok(Some(records)) => batch.extend(
                    records
                        .filter(|record| (from..until).contains(&record.lsn))
                        .map(OwnedRecord::from),
                ),
                Ok(None) => break,
                Err(error) => {
                    self.step_over(error)?;
                    continue;
                }
            }
            for record in batch.drain(..) {
                self.scanned += 1;
                let event = self.look(&record);
                if !each(self, event) {
                    return Ok(Some(record.lsn.plus(1)));
                }
            }
        }
        Ok(None)
    }

    fn look(&mut self, record: &OwnedRecord) -> Option<TailEvent> {
        if self.admits.is_some() {
            self.searched_len += record.payload.len();
        }
        let types = &self.wanted.types;
        // What is neither wanted nor names something need not be decoded.
        let is_wanted = types.is_empty() || types.contains(&record.type_id);
        if !is_wanted && !NAMING.contains(&TypeId(record.type_id)) {
            return None;
        }
        let event = self.lens.look(record, &self.wanted)?;
        let is_admitted = self.admits.as_ref().is_none_or(|admits| admits(&event));
        is_admitted.then_some(event)
    }

    fn step_over(&mut self, error: LogError) -> Result<()> {
        if !matches!(error, LogError::Corrupt { .. } | LogError::NoPacker { .. }) {
            return Err(error.into());
        }
        let lost = self.reader.skip_damage()?;
        if !self.lost.contains(&lost) {
            self.lost.push(lost);
        }
        Ok(())
    }
}

fn length(segment: &SegmentInfo) -> u64 {
    segment.next.get() - segment.base.get()
}

/// The record that stands behind so many others, of those that segments can hold.
fn record_at(segments: &[SegmentInfo], mut place: u64) -> Option<Lsn> {
    for segment in segments {
        if place < length(segment) {
            return Some(segment.base.plus(place));
        }
        place -= length(segment);
    }
    None
}

/// A range of at most so many records that ends at `until` or at the last record before it, within one segment: between
/// segments there can be lsns that no record has.
fn stretch_before(segments: &[SegmentInfo], until: Lsn, length: u64) -> Option<(Lsn, Lsn)> {
    let at = segments.partition_point(|segment| segment.base < until);
    let held = segments[..at]
        .iter()
        .rev()
        .find(|held| held.base < held.next)?;
    let to = until.min(held.next);
    let from = to.get().saturating_sub(length).max(held.base.get());
    Some((Lsn::new(from)?, to))
}

/// The first record at `wanted` or behind it, and when it was appended. The reader steps on where it stands near before.
fn time_at(
    reader: &mut Reader,
    segments: &[SegmentInfo],
    wanted: Lsn,
) -> Result<Option<(Lsn, WallTime)>> {
    let last = segments.last().map_or(Lsn::FIRST, |last| last.base);
    // The last segment has no index yet: from its beginning, all of it would be read for each.
    if reader.next_lsn() < last || wanted < reader.next_lsn() {
        reader.seek(wanted);
    }
    loop {
        let found = match reader.next_batch() {
            Ok(Some(mut batch)) => batch.find(|record| record.lsn >= wanted),
            Ok(None) => return Ok(None),
            Err(LogError::Corrupt { .. } | LogError::NoPacker { .. }) => {
                reader.skip_damage()?;
                None
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(record) = found {
            return Ok(Some((record.lsn, WallTime(record.commit_time_ns))));
        }
    }
}

#[cfg(test)]
#[path = "records_test.rs"]
mod tests;
