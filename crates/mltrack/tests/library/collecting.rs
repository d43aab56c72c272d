//! What was deleted goes for good, its bytes too, and every other answer stays.

use std::time::Duration;

use mltrack::{AutoCompact, Code, Cursor, Lsn, Run, RunId, Stays, Tracker, Verify, WallTime};
use tempfile::TempDir;

use crate::support::code;

/// A store with small segments, so that there is something to pack.
struct Small {
    folder: TempDir,
    tracker: Tracker,
}

impl Small {
    fn new() -> Small {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Small::open(&folder);
        Small { folder, tracker }
    }

    fn open(folder: &TempDir) -> Tracker {
        let builder = Tracker::builder(folder.path()).segment_size(16 << 10);
        builder.actor("tester").open().unwrap()
    }

    fn run(&self, experiment: &str) -> RunId {
        let run = self.tracker.experiment(experiment).unwrap().run();
        let run: Run = run.param("lr", 0.1).tag("secret", "s").start().unwrap();
        for step in 0..300 {
            let loss = 1.0 / (step + 1) as f64;
            run.log_metrics(step, [("loss", loss), ("acc", f64::NAN)])
                .unwrap();
        }
        run.log_json("table", 0, &["s"]).unwrap();
        run.finish().unwrap();
        run.id()
    }

    /// A second look, without what the first one keeps in memory.
    fn another(&self) -> Tracker {
        Small::open(&self.folder)
    }

    fn gc(&self) -> mltrack::GcReport {
        let gc = self.tracker.gc().older_than(Duration::ZERO);
        gc.free_at_once(true).run().unwrap().unwrap()
    }
}

/// Everything that can be asked about what is there.
fn told(tracker: &Tracker) -> String {
    let runs = tracker.runs().with_deleted().fetch().unwrap().items;
    let experiments = tracker.experiments().with_archived().with_deleted();
    let experiments = experiments.fetch().unwrap().items;
    let histories: Vec<String> = runs
        .iter()
        .map(|run| {
            let history = tracker.history(run.id, "loss").fetch().unwrap();
            format!("{:?} {:?}", history.steps, history.times_ns)
        })
        .collect();
    format!("{runs:#?} {experiments:#?} {histories:?}")
}

/// How many records are about a run.
fn records_of(tracker: &Tracker, run: RunId) -> usize {
    let mut events = tracker.tail().from(Cursor::Start).follow();
    let mut count = 0;
    while let Some(event) = events.next_within(Duration::ZERO).unwrap() {
        count += usize::from(event.event.run() == Some(run.key()));
    }
    count
}

#[test]
fn a_compaction_changes_no_answer_and_makes_the_store_smaller() {
    let store = Small::new();
    for name in ["a", "b", "a"] {
        store.run(name);
    }
    let before = told(&store.tracker);
    let tried = store
        .tracker
        .compact()
        .dry_run(true)
        .run()
        .unwrap()
        .unwrap();
    let report = store.tracker.compact().run().unwrap().unwrap();
    assert!(report.packed > 1, "{report:?}");
    assert_eq!(tried.packed, report.packed);
    let off_by = tried.bytes_after.abs_diff(report.bytes_after);
    assert!(off_by * 10 < report.bytes_after, "the dry run is true");
    assert!(report.bytes_after < report.bytes_before / 2, "{report:?}");
    assert_eq!(report.dropped_records, 0);
    assert_eq!(told(&store.another()), before);
    let verified = store.another().verify(Verify::Deep).unwrap();
    assert!(verified.damages.is_empty(), "{verified:?}");
    assert_eq!(store.tracker.history_floor().unwrap(), None);
}

#[test]
fn old_snapshots_that_the_new_one_makes_needless_are_no_obstacle_to_a_purge() {
    let store = Small::new();
    let gone = store.run("a");
    for _ in 0..3 {
        store.tracker.snapshot().unwrap();
        store.run("a");
    }
    let kept = store.tracker.snapshots().len();
    assert!(kept >= 3, "{kept} snapshots");
    store.tracker.delete_run(gone).unwrap();
    store.run("a");
    let report = store.gc();
    assert_eq!((report.purged.len(), report.snapshots_removed), (1, kept));
    let left = records_of(&store.another(), gone);
    assert!(left <= 2, "{left} records are there, deleting and purging");
    let newest = store.another().snapshots();
    assert_eq!(newest.len(), 1, "{newest:?}");
}

#[test]
fn what_was_deleted_is_purged_and_its_bytes_go() {
    let store = Small::new();
    let stays = store.run("a");
    let gone = [store.run("a"), store.run("b"), store.run("b")];
    store.run("a");
    let early = store.tracker.runs().fetch().unwrap().lsn.unwrap();
    store.tracker.snapshot().unwrap();
    let deleted = store.tracker.delete_run(gone[0]).unwrap().lsn().unwrap();
    let experiment = store.tracker.experiment("b").unwrap();
    experiment.delete().unwrap();
    store.run("a");
    let gc = store.tracker.gc().older_than(Duration::ZERO);
    let tried = gc.dry_run(true).run().unwrap().unwrap();
    let gc = store.tracker.gc().older_than(Duration::ZERO);
    let purged = gc.without_bytes().run().unwrap().unwrap();
    assert_eq!(tried.purged, purged.purged);
    let whats: Vec<(&str, u64, u64)> = purged
        .purged
        .iter()
        .map(|known| (known.name.as_str(), known.runs, known.points))
        .collect();
    assert_eq!((whats.len(), whats[1]), (2, ("b", 2, 1200)));
    let before = told(&store.another());
    assert!(
        gone.iter()
            .all(|run| records_of(&store.tracker, *run) > 300)
    );
    let report = store.gc();
    assert!(report.purged.is_empty() && report.compacted.dropped_records > 900);
    assert!(
        report
            .compacted
            .bytes_after
            .abs_diff(tried.compacted.bytes_after)
            * 10
            < report.compacted.bytes_after
    );
    assert_eq!(report.snapshots_removed, 1);
    let fresh = store.another();
    for run in gone {
        assert_eq!(code(fresh.run_summary(run)), Code::NotFound);
        assert_eq!(records_of(&fresh, run), 1, "the purge itself");
        assert_eq!(code(fresh.restore_run(run)), Code::NotFound);
    }
    assert_eq!(told(&fresh), before);
    let verified = fresh.verify(Verify::Deep).unwrap();
    assert!(verified.damages.is_empty(), "{verified:?}");
    assert_eq!(code(fresh.undo(deleted).apply()), Code::InvalidState);
    ask_below_the_floor(&fresh, stays, early);
    let next = fresh.experiment("a").unwrap().start_run().unwrap();
    assert_eq!(next.number(), 5, "no number is given again");
    assert!(fresh.experiment("c").unwrap().id() > experiment.id());
}

fn ask_below_the_floor(tracker: &Tracker, stays: RunId, early: Lsn) {
    let floor = tracker.history_floor().unwrap().unwrap();
    let error = tracker.runs().at(early).fetch().unwrap_err();
    assert_eq!(
        (error.code(), error.code().exit_code()),
        (Code::HistoryFloor, 8)
    );
    assert!(error.to_string().contains(&floor.to_string()), "{error}");
    tracker.runs().at(floor).fetch().unwrap();
    let history = tracker.history(stays, "loss").at(early).fetch().unwrap();
    assert_eq!(history.steps.len(), 300, "it is still there");
}

#[test]
fn what_can_still_be_undone_stays() {
    let store = Small::new();
    let run = store.run("a");
    store.tracker.delete_run(run).unwrap();
    let report = store.tracker.gc().run().unwrap().unwrap();
    assert!(report.purged.is_empty());
    assert!(
        matches!(report.kept[0].stays, Some(Stays::Undoable(left)) if left > Duration::from_hours(700))
    );
    let month = Duration::from_hours(31 * 24).as_nanos() as i64;
    let later = WallTime(report.kept[0].deleted.0 + month);
    let wrong_clock = store.tracker.gc().now(later).run().unwrap().unwrap();
    assert_eq!(wrong_clock.kept[0].stays, Some(Stays::LogIsYoung));
    store.tracker.undo_last().apply().unwrap();
    assert!(store.gc().purged.is_empty(), "it came back");

    let running = store.tracker.experiment("a").unwrap().start_run().unwrap();
    store.tracker.delete_run(running.id()).unwrap();
    assert_eq!(store.gc().kept[0].stays, Some(Stays::Running));
    running.finish().unwrap();
    assert_eq!(store.gc().purged[0].run, Some(running.id()));
}

#[test]
fn a_restore_and_a_purge_at_once_never_both_happen() {
    let store = Small::new();
    for _ in 0..10 {
        let run = store.run("a");
        store.tracker.delete_run(run).unwrap();
        let other = store.another();
        let restored = std::thread::scope(|scope| {
            let restoring = scope.spawn(|| other.restore_run(run));
            let gc = store.tracker.gc().older_than(Duration::ZERO);
            gc.without_bytes().run().unwrap();
            restoring.join().unwrap()
        });
        let found = store.another().run_summary(run);
        match restored {
            Ok(_) => assert!(!found.unwrap().is_deleted),
            Err(error) => {
                assert_eq!(error.code(), Code::NotFound);
                assert_eq!(code(found), Code::NotFound);
            }
        }
    }
}

/// Packed segments in the folder.
fn packs(store: &Small) -> usize {
    let entries = std::fs::read_dir(store.folder.path()).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    names
        .filter(|name| name.starts_with("pack-") && !name.contains("tmp"))
        .count()
}

#[test]
fn the_store_is_packed_without_being_asked_when_that_pays() {
    let store = Small::new();
    let when = AutoCompact {
        segments_min: 3,
        age_min: Duration::ZERO,
        first_look: Duration::ZERO,
        look_interval: Duration::from_millis(5),
        ..AutoCompact::default()
    };
    for _ in 0..8 {
        store.run("a");
    }
    let builder = || Tracker::builder(store.folder.path());
    let off = builder().auto_compact(None).open().unwrap();
    let hasty = builder().auto_compact(Some(when)).open().unwrap();
    let deadline = mltrack::door::monotonic() + Duration::from_mins(1);
    while packs(&store) < 3 {
        assert!(mltrack::door::monotonic() < deadline, "nothing was packed");
        std::thread::yield_now();
    }
    assert_eq!(hasty.runs().fetch().unwrap().total, 8);
    assert_eq!(told(&off), told(&store.another()));
    drop(hasty);
    let verified = off.verify(Verify::Deep).unwrap();
    assert!(verified.damages.is_empty(), "{verified:?}");
}

#[test]
fn a_store_is_not_packed_before_that_pays() {
    let store = Small::new();
    let when = AutoCompact {
        first_look: Duration::ZERO,
        look_interval: Duration::ZERO,
        ..AutoCompact::default()
    };
    let builder = Tracker::builder(store.folder.path());
    let young = builder.auto_compact(Some(when)).open().unwrap();
    for _ in 0..4 {
        store.run("a");
    }
    young.close().unwrap();
    assert_eq!(packs(&store), 0, "its records are not an hour old");
}
