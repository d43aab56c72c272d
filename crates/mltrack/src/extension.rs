//! What makes long runs quick to read is written while they are: their points to series files, and a snapshot behind them.
//!
//! Invariants: no logging call and no end of a run waits for any of it; who closes the store waits [`GRACE`] for what is
//! under way, which stops at its next whole piece then; one thread of a writer does it, and of the processes of a store
//! one at a time; nothing depends on it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use mltrack_log::{LogError, Lsn, OpenOptions, Reader, door};
use mltrack_projector::Follower;
use mltrack_projector_metrics::SeriesFolder;
use mltrack_projector_runs::Runs;
use mltrack_projector_runs::snapshot::Shelf;

use crate::compact::packers;
use crate::error::Result;
use crate::keeper::{Keeper, write_in_background};
use crate::lock::guard;
use crate::store::{Session, Store};
use crate::warning::{Warning, Warnings};

/// While points are logged, an extension begins after so many records: to read these from the log takes some hundredths
/// of a second.
pub(crate) const STRETCH: u64 = 1 << 18;
/// At the end of a run one begins for so many.
const STRETCH_AT_END: u64 = 1 << 16;
/// How long closing a store waits for an extension before it tells it to stop at the next block.
const GRACE: Duration = Duration::from_millis(500);
/// How often a process that is second looks whether the first one is done, and how many times.
const SECOND_LOOK: Duration = Duration::from_millis(20);
const SECOND_LOOKS_MAX: usize = 50;

/// Records folded between two looks whether to stop.
const FOLDED_AT_ONCE: u64 = 1 << 16;
/// A fold that takes less is no reason for a snapshot, at the end of a run and under way.
const FOLDING_MIN: Duration = Duration::from_millis(5);
const FOLDING_MIN_UNDER_WAY: Duration = Duration::from_millis(40);
/// How long writing a snapshot takes for each byte of the one before: as long as folding may take that it saves.
const WRITING_NS_PER_BYTE: u64 = 10;

/// The extensions of one writer.
pub(crate) struct Extensions {
    folder: Arc<SeriesFolder>,
    /// The record at which the next one begins.
    next: AtomicU64,
    latest: Mutex<Option<Extension>>,
}

/// An extension that goes on in the background.
struct Extension {
    thread: JoinHandle<()>,
    turn: Arc<Mutex<Turn>>,
    should_stop: Arc<AtomicBool>,
    is_done: Receiver<()>,
    process: u32,
}

/// Whether the thread has more to do.
#[derive(Default)]
struct Turn {
    next: Option<Why>,
    is_over: bool,
}

/// Why an extension begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// Somebody had to wait for an answer.
    Asked,
    /// A run that goes on has become long.
    Long,
    /// A long run has ended, and is looked at next.
    Ended,
}

impl Extensions {
    /// From the present end of the log on.
    pub fn new(folder: Arc<SeriesFolder>, end: Lsn) -> Extensions {
        Extensions {
            folder,
            next: AtomicU64::new(end.get().saturating_add(STRETCH)),
            latest: Mutex::default(),
        }
    }

    /// Whether so many records were appended since the last one that the next one is due.
    #[inline]
    pub fn are_due(&self, end: Lsn) -> bool {
        end.get() >= self.next.load(Relaxed)
    }

    /// Takes note that one begins which knows everything before `end`; false when another thread was faster.
    fn begin(&self, end: u64, least: u64) -> bool {
        let next = self.next.load(Relaxed);
        let since = next.saturating_sub(STRETCH);
        end.saturating_sub(since) >= least
            && (self.next)
                .compare_exchange(next, end.saturating_add(STRETCH), Relaxed, Relaxed)
                .is_ok()
    }
}

impl Store {
    /// After an append that made an extension due.
    #[cold]
    pub fn extend_under_way(&self, session: &Session, end: Lsn) {
        if session.desk.extensions.begin(end.get(), STRETCH) {
            self.extend_in_background(session, Why::Long);
        }
    }

    /// After the end of a run: what this writer, or all that came before it, logged in numbers is asked for next.
    pub fn extend_at_end(&self, session: &Session, end: Lsn) {
        let extensions = &session.desk.extensions;
        let known = extensions.folder.end().map_or(1, Lsn::get);
        let is_tail_long = end.get().saturating_sub(known) >= STRETCH;
        let least = if is_tail_long { 0 } else { STRETCH_AT_END };
        if extensions.begin(end.get(), least) {
            self.extend_in_background(session, Why::Ended);
        }
    }

    /// After an answer that was slow.
    pub fn extend_after_answer(&self, session: &Session) {
        self.extend_in_background(session, Why::Asked);
    }

    fn extend_in_background(&self, session: &Session, why: Why) {
        let extensions = &session.desk.extensions;
        let mut latest = guard(&extensions.latest);
        if let Some(under_way) = &*latest {
            let mut turn = guard(&under_way.turn);
            if !turn.is_over && !under_way.thread.is_finished() {
                turn.next = Some(why);
                return;
            }
        }
        let writes_snapshots = why != Why::Asked && self.keeper().is_ok_and(Keeper::writes);
        let work = Work {
            folder: Arc::clone(&extensions.folder),
            path: self.path.clone(),
            snapshots: writes_snapshots.then(|| self.snapshot_folder().to_owned()),
            turn: Arc::default(),
            should_stop: Arc::default(),
            warnings: Arc::clone(&self.warnings),
        };
        *latest = work.begin(why);
    }
}

/// What an extension in the background needs: not the store, which may be closed before it is done.
struct Work {
    folder: Arc<SeriesFolder>,
    path: PathBuf,
    /// Where snapshots are, if one shall be written.
    snapshots: Option<PathBuf>,
    turn: Arc<Mutex<Turn>>,
    should_stop: Arc<AtomicBool>,
    warnings: Arc<Warnings>,
}

impl Work {
    /// `None` for a process that cannot have another thread: it goes without.
    fn begin(self, why: Why) -> Option<Extension> {
        let (turn, should_stop) = (Arc::clone(&self.turn), Arc::clone(&self.should_stop));
        let (done, is_done) = channel();
        let thread = std::thread::Builder::new().name("mltrack-series".into());
        let spawned = thread.spawn(move || {
            self.run(why);
            // Nobody waits any more when this fails.
            done.send(()).ok();
        });
        Some(Extension {
            thread: spawned.ok()?,
            turn,
            should_stop,
            is_done,
            process: std::process::id(),
        })
    }

    fn run(&self, mut why: Why) {
        if why == Why::Long {
            // What is trained is worth more than what may be looked at later.
            door::let_others_go_first();
        }
        loop {
            if let Err(error) = self.extend(why) {
                self.warnings.tell(&Warning::SeriesNotWritten { error });
            }
            let snapshot = |folder: &PathBuf| self.write_snapshot(folder, why);
            // The next reader folds what it has to, and nothing is lost by it.
            self.snapshots.as_ref().map(snapshot);
            let mut turn = guard(&self.turn);
            match turn.next.take() {
                Some(next) if !self.should_stop.load(Relaxed) => why = next,
                _ => {
                    turn.is_over = true;
                    return;
                }
            }
        }
    }

    fn open(&self) -> std::result::Result<Reader, LogError> {
        let options = OpenOptions {
            packers: packers(),
            ..OpenOptions::default()
        };
        Reader::open(&self.path, &options)
    }

    /// Extends the series files. Where another process does, it may have begun before the end of this one's run.
    fn extend(&self, why: Why) -> Result<()> {
        for _ in 0..SECOND_LOOKS_MAX {
            let extended = self
                .folder
                .extend_alone(&|| self.open(), &self.should_stop)?;
            if extended.is_some() || why != Why::Ended || self.should_stop.load(Relaxed) {
                break;
            }
            std::thread::park_timeout(SECOND_LOOK);
        }
        Ok(())
    }

    /// Writes a snapshot of runs, when folding takes longer than writing it.
    fn write_snapshot(&self, folder: &Path, why: Why) -> Result<()> {
        let kept = Shelf::new(folder.to_owned());
        let mut reader = self.open()?;
        let state = kept.find(&mut reader, None)?.state;
        let mut follower: Follower<Runs> = match state {
            Some((state, cursor)) => Follower::resume(reader, state, cursor)?,
            None => Follower::new(reader),
        };
        let end = follower.reader().end().get();
        let begun = door::monotonic();
        let mut at = follower.next_lsn().get();
        while at < end {
            if self.should_stop.load(Relaxed) {
                return Ok(());
            }
            // Not before what is folded, which would be folded again.
            at = (at + FOLDED_AT_ONCE)
                .max(follower.next_lsn().get())
                .min(end);
            let last = Lsn::new(at - 1).unwrap_or(Lsn::FIRST);
            follower.to(last)?;
        }
        let folding = door::monotonic().saturating_duration_since(begun);
        let before = kept.list().first().map_or(0, |newest| newest.bytes);
        let writing = Duration::from_nanos(before.saturating_mul(WRITING_NS_PER_BYTE));
        let least = match why {
            Why::Ended => FOLDING_MIN,
            Why::Long | Why::Asked => FOLDING_MIN_UNDER_WAY,
        };
        if follower.state().fault().is_none() && folding >= least.max(writing) {
            let cursor = follower.checkpoint();
            // What cannot be written now is written by the next one who notices.
            write_in_background(&kept, &follower.state_mut().share(), cursor).ok();
        }
        Ok(())
    }
}

impl Drop for Extensions {
    fn drop(&mut self) {
        let latest = self.latest.get_mut();
        let latest = latest.unwrap_or_else(PoisonError::into_inner);
        let Some(extension) = latest.take() else {
            return;
        };
        if extension.process != std::process::id() {
            // In a forked child there is no such thread to wait for.
            std::mem::forget(extension);
            return;
        }
        extension.is_done.recv_timeout(GRACE).ok();
        extension.should_stop.store(true, Relaxed);
        extension.thread.thread().unpark();
        // A panic in there has been printed, and nothing depends on what it did.
        extension.thread.join().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Run, Tracker};

    fn begin(folder: &Path) -> (Tracker, Run) {
        let tracker = Tracker::open(folder).unwrap();
        let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
        (tracker, run)
    }

    fn log(run: &Run, count: u64) {
        for step in 0..count as i64 {
            run.log_metrics(step, [("loss", 1.0)]).unwrap();
        }
    }

    /// How many files with such a name a folder of a store holds.
    fn files(store: &Path, folder: &str, ending: &str) -> usize {
        let entries = std::fs::read_dir(store.join(folder)).into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(ending)).count()
    }

    /// Waits for what is under way, for as long as it takes.
    fn wait(tracker: &Tracker) {
        let store = tracker.store().unwrap();
        let extensions = &store.session().unwrap().desk.extensions;
        let latest = guard(&extensions.latest).take();
        latest.unwrap().thread.join().unwrap();
    }

    fn written(store: &Path) -> (usize, usize) {
        (
            files(store, "series", ".blocks"),
            files(store, "snapshots", ".snap"),
        )
    }

    #[test]
    fn an_extension_in_the_background_is_done_when_the_store_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let (tracker, run) = begin(folder.path());
        log(&run, 100);
        run.finish().unwrap();
        let store = tracker.store().unwrap();
        store.extend_after_answer(store.session().unwrap());
        store.extend_after_answer(store.session().unwrap());
        // Two are not begun at once, and closing waits for the one.
        drop((run, tracker));
        assert_eq!(written(folder.path()), (1, 0));
    }

    #[test]
    fn a_long_run_is_quick_to_read_when_its_program_is_over_and_a_short_one_leaves_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let (tracker, run) = begin(folder.path());
        log(&run, 1_000);
        run.finish().unwrap();
        drop((run, tracker));
        assert_eq!(written(folder.path()), (0, 0));
        let (tracker, run) = begin(folder.path());
        log(&run, STRETCH_AT_END);
        run.finish().unwrap();
        let id = run.id();
        wait(&tracker);
        drop((run, tracker));
        assert_eq!(written(folder.path()), (1, 1));
        let builder = Tracker::builder(folder.path()).read_only(true);
        let tracker = builder.open().unwrap();
        let steps = tracker.history(id, "loss").fetch().unwrap().steps;
        assert_eq!(steps.len() as u64, STRETCH_AT_END);
        let known = tracker.snapshots()[0].next;
        assert!(known.get() > STRETCH_AT_END, "{known} records");
    }

    #[test]
    fn a_run_that_goes_on_is_extended_under_way() {
        let folder = tempfile::tempdir().unwrap();
        let (tracker, run) = begin(folder.path());
        let store = tracker.store().unwrap();
        let extensions = &store.session().unwrap().desk.extensions;
        let soon = store.log().unwrap().end().unwrap().get() + 500;
        extensions.next.store(soon, Relaxed);
        log(&run, 499);
        assert!(guard(&extensions.latest).is_none());
        extensions.next.store(STRETCH, Relaxed);
        let end = Lsn::new(STRETCH).unwrap();
        assert!(extensions.are_due(end) && !extensions.are_due(Lsn::FIRST));
        store.extend_under_way(store.session().unwrap(), end);
        assert!(!extensions.are_due(end), "the next one is due later");
        wait(&tracker);
        drop((run, tracker));
        assert_eq!(files(folder.path(), "series", ".blocks"), 1);
    }

    #[test]
    fn of_two_threads_that_find_an_extension_due_one_begins_it() {
        let folder = Arc::new(SeriesFolder::new(PathBuf::from("nowhere")));
        let extensions = Extensions::new(folder, Lsn::FIRST);
        let begun = || extensions.begin(STRETCH + 1, STRETCH);
        assert_eq!([begun(), begun()], [true, false]);
    }

    #[test]
    fn a_snapshot_is_not_written_for_a_program_that_wants_none() {
        let folder = tempfile::tempdir().unwrap();
        let builder = Tracker::builder(folder.path()).snapshots(false);
        let tracker = builder.open().unwrap();
        let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
        log(&run, STRETCH_AT_END);
        run.finish().unwrap();
        wait(&tracker);
        drop((run, tracker));
        assert_eq!(written(folder.path()), (1, 0));
    }
}
