//! Histories that clients are reading in pages, in the order of the pages: a page takes its own time and not that of
//! the whole history.
//!
//! Invariants: a page is the one that a fresh look at all points gives, since what was logged in the meantime is asked
//! for with every page; what is kept is bounded in points, and soon forgotten when nobody asks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mltrack::{HistoryMark, RunId, Tracker, door};
use tokio::time::{MissedTickBehavior, interval};

use super::error::Answer;
use super::points::{WirePoint, part};
use crate::blocking::blocking;
use crate::shared::Shared;

/// The time between two looks for what can be forgotten.
const BEAT: Duration = Duration::from_secs(10);
/// Who reads pages asks for the next one sooner.
const FORGET_AFTER: Duration = Duration::from_secs(30);

/// How much is kept.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Histories.
    count_max: usize,
    /// Points in all: 24 bytes each. Each history has an equal share; of one that is longer, the points behind the page
    /// that was asked for are kept, so that many who read long histories at once all get on.
    points_max: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            count_max: 64,
            points_max: 4 << 20,
        }
    }
}

/// The histories that are kept, the one that was asked for last at the end.
#[derive(Debug, Default)]
pub struct KeptHistories {
    slots: Mutex<Vec<Slot>>,
    bounds: Bounds,
}

#[derive(Debug)]
struct Slot {
    run: RunId,
    key: String,
    /// Locked while it is read, so that it is read once for all who ask.
    kept: Arc<Mutex<Option<Kept>>>,
    len: usize,
    used: Instant,
}

/// A history, or a stretch of one.
#[derive(Debug)]
struct Kept {
    mark: Option<HistoryMark>,
    /// How many points come before the stretch.
    start: usize,
    points: Vec<WirePoint>,
    /// Whether points come behind it.
    has_more: bool,
}

/// A part of a history.
#[derive(Debug)]
pub struct Page {
    /// Its points.
    pub points: Vec<WirePoint>,
    /// How many points come before the next page, when there is one.
    pub next: Option<usize>,
}

impl KeptHistories {
    /// So many points behind the first `offset`, by time. A run or a metric that is not there has none.
    pub fn page(
        &self,
        tracker: &Tracker,
        (run, key): (RunId, &str),
        (offset, limit): (usize, usize),
    ) -> Answer<Page> {
        let (slot, share) = self.slot(run, key);
        let mut kept = guard(&slot);
        let page = match grown(kept.take(), tracker, (run, key))? {
            Some(grown) if grown.has(offset, limit) => grown,
            _ => whole(tracker, (run, key))?,
        };
        let (page, left) = page.page((offset, limit), share);
        *kept = left;
        let len = kept.as_ref().map_or(0, |kept| kept.points.len());
        drop(kept);
        self.settle(&slot, len);
        Ok(page)
    }

    /// Forgets what nobody has asked for lately.
    fn forget_old(&self) {
        let now = door::monotonic();
        let is_new = |slot: &Slot| now.saturating_duration_since(slot.used) < FORGET_AFTER;
        let mut slots = guard(&self.slots);
        let count = slots.len();
        slots.retain(is_new);
        if slots.len() < count {
            door::give_back_memory();
        }
    }

    /// What is kept of a history, and how many points of it may be.
    fn slot(&self, run: RunId, key: &str) -> (Arc<Mutex<Option<Kept>>>, usize) {
        let mut slots = guard(&self.slots);
        let known = slots
            .iter()
            .position(|slot| slot.run == run && slot.key == key);
        let slot = match known {
            Some(at) => slots.remove(at),
            None => Slot {
                run,
                key: key.to_owned(),
                kept: Arc::default(),
                len: 0,
                used: door::monotonic(),
            },
        };
        let kept = Arc::clone(&slot.kept);
        slots.push(slot);
        (kept, self.bounds.points_max / slots.len())
    }

    /// Notes how much is kept now, and forgets as much as is too much: what was asked for longest ago first.
    fn settle(&self, kept: &Arc<Mutex<Option<Kept>>>, len: usize) {
        let mut slots = guard(&self.slots);
        if let Some(slot) = slots.iter_mut().find(|slot| Arc::ptr_eq(&slot.kept, kept)) {
            slot.len = len;
            slot.used = door::monotonic();
        }
        // One that is being read is nothing yet, and its reader settles it.
        slots.retain(|slot| slot.len > 0 || Arc::strong_count(&slot.kept) > 1);
        let mut sum: usize = slots.iter().map(|slot| slot.len).sum();
        let mut count = slots.len();
        slots.retain(|slot| {
            let is_too_much = sum > self.bounds.points_max || count > self.bounds.count_max;
            if is_too_much {
                sum -= slot.len;
                count -= 1;
            }
            !is_too_much
        });
    }
}

/// Looks for ever what can be forgotten.
pub async fn forget(shared: Shared) {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let shared = shared.clone();
        blocking(move || shared.histories().forget_old()).await;
    }
}

impl Kept {
    /// Whether the points of a page, as far as there are any, are in the stretch.
    fn has(&self, offset: usize, limit: usize) -> bool {
        let end = self.start + self.points.len();
        offset >= self.start && (!self.has_more || offset.saturating_add(limit) <= end)
    }

    /// A page of it, and what is to be kept for the next one: nothing of a history that fits into one page, which is
    /// read again as fast.
    fn page(mut self, (offset, limit): (usize, usize), share: usize) -> (Page, Option<Kept>) {
        let from = offset.saturating_sub(self.start).min(self.points.len());
        let to = from.saturating_add(limit).min(self.points.len());
        let has_next = to < self.points.len() || self.has_more;
        let page = Page {
            points: self.points[from..to].to_vec(),
            next: has_next.then_some(self.start + to),
        };
        let is_one_page = self.start + from == 0 && !has_next;
        if self.points.len() > share {
            let end = to.saturating_add(share).min(self.points.len());
            self.has_more |= end < self.points.len();
            self.points = self.points[to..end].to_vec();
            self.start += to;
        }
        (page, (!is_one_page).then_some(self))
    }

    /// Adds what was logged since. False when it comes before the stretch, whose place is not known then.
    fn add(&mut self, mut new: Vec<WirePoint>) -> bool {
        if self.has_more {
            let last = self.points.last();
            new.retain(|point| last.is_some_and(|last| point.by_time(last).is_lt()));
        }
        let Some(first) = new.first() else {
            return true;
        };
        let is_before = |point: &WirePoint| point.by_time(first).is_lt();
        let at = self.points.partition_point(is_before);
        if at == 0 && self.start > 0 {
            return false;
        }
        // What comes late comes near the end, most of the time: only that is moved.
        new.extend(self.points.drain(at..));
        new.sort_by(WirePoint::by_time);
        new.dedup_by(|one, other| one.by_time(other).is_eq());
        if self.points.capacity() < self.points.len() + new.len() {
            // Not twice as much: it is a bound on memory that is counted in points.
            let reserve = self.points.len() / 8;
            self.points.reserve_exact(new.len() + reserve);
        }
        self.points.append(&mut new);
        true
    }
}

/// What is kept, with what was logged since; `None` when it cannot be gone on from.
fn grown(kept: Option<Kept>, tracker: &Tracker, of: (RunId, &str)) -> Answer<Option<Kept>> {
    let Some(mut kept) = kept.filter(|kept| kept.mark.is_some()) else {
        return Ok(None);
    };
    let new = part(tracker, of, kept.mark)?;
    kept.mark = new.mark;
    Ok((!new.is_whole && kept.add(new.points)).then_some(kept))
}

fn whole(tracker: &Tracker, of: (RunId, &str)) -> Answer<Kept> {
    let all = part(tracker, of, None)?;
    Ok(Kept {
        mark: all.mark,
        start: 0,
        points: all.points,
        has_more: false,
    })
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panic left behind is a history, or none.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use mltrack::{RemotePoint, RemoteRun, WallTime};

    use super::super::points::points;
    use super::*;

    const SMALL: Bounds = Bounds {
        count_max: 4,
        points_max: 120,
    };

    /// Numbers that look random and are the same each time.
    fn number(state: &mut u64, below: u64) -> u64 {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % below
    }

    /// Logs at about `at`, mostly in order, at times late, at times what is there already.
    fn grow(run: &RemoteRun, at: u64, state: &mut u64) {
        for more in 0..number(state, 9) {
            let late = if number(state, 5) == 0 {
                number(state, 40)
            } else {
                0
            };
            let step = (at + more / 2).saturating_sub(late);
            let time = WallTime(1_700_000_000_000_000_000 + step as i64 * 1_000_000);
            let point = RemotePoint {
                name: "loss",
                value: (step % 3) as f64,
                step: step as i64,
                time,
            };
            run.log_points(&[point]).unwrap();
        }
    }

    #[test]
    fn a_page_is_the_stretch_of_all_points_however_they_come_and_however_little_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::open(folder.path()).unwrap();
        let experiment = tracker.experiment("resnet").unwrap();
        let runs = [(); 3].map(|()| tracker.new_remote_run(experiment.id()).create().unwrap());
        let kept = KeptHistories {
            bounds: SMALL,
            ..KeptHistories::default()
        };
        let mut state = 7;
        for at in 0..600 {
            let run = &runs[number(&mut state, 3) as usize];
            grow(run, at / 3, &mut state);
            let id = run.id();
            let all = points(&tracker, id, "loss", WirePoint::by_time).unwrap();
            let offset = number(&mut state, all.len() as u64 + 3) as usize;
            let limit = 1 + number(&mut state, 40) as usize;
            let page = kept.page(&tracker, (id, "loss"), (offset, limit)).unwrap();
            let (from, to) = (offset.min(all.len()), (offset + limit).min(all.len()));
            assert_eq!(
                page.points,
                all[from..to.max(from)],
                "{at}: {offset} {limit}"
            );
            let next = (to < all.len()).then_some(to);
            assert_eq!(page.next, next, "{at}: {offset} {limit}");
            let slots = guard(&kept.slots);
            let sum: usize = slots.iter().map(|slot| slot.len).sum();
            assert!(sum <= SMALL.points_max && slots.len() <= SMALL.count_max);
        }
    }

    #[test]
    fn what_was_asked_for_lately_is_not_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::open(folder.path()).unwrap();
        let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
        for step in 0..9 {
            run.log_metrics(step, [("loss", 1.0)]).unwrap();
        }
        let kept = KeptHistories::default();
        kept.page(&tracker, (run.id(), "loss"), (0, 5)).unwrap();
        kept.forget_old();
        assert_eq!(guard(&kept.slots).len(), 1);
        guard(&kept.slots)[0].used -= FORGET_AFTER;
        kept.forget_old();
        assert!(guard(&kept.slots).is_empty());
        run.finish().unwrap();
    }
}
