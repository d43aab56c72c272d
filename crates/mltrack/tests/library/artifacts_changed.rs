//! Artifacts that are removed, brought back, taken back, purged; and the bytes that go with them.

use std::time::Duration;

use mltrack::{Artifact, ArtifactQuery, Code, Tracker, WallTime, door};

use crate::artifacts::start;
use crate::support::{Store, code};

fn names(query: ArtifactQuery) -> Vec<String> {
    let items = query.fetch().unwrap().items;
    items.iter().map(Artifact::reference).collect()
}

/// A run with artifacts of these names, each with bytes of its own.
fn with_artifacts(tracker: &Tracker, names: &[&str]) -> Vec<Artifact> {
    let run = start(tracker);
    for name in names {
        run.log_artifact_bytes(*name, *name).unwrap();
    }
    run.finish().unwrap();
    tracker.artifacts().run(run.id()).fetch().unwrap().items
}

/// So much later, by the wall clock.
fn later(length: Duration) -> WallTime {
    WallTime(door::wall_time_ns() + i64::try_from(length.as_nanos()).unwrap())
}

#[test]
fn removed_artifacts_are_in_no_list_and_come_back() {
    let store = Store::new();
    let artifacts = with_artifacts(&store.tracker, &["a", "b", "c"]);
    store.tracker.remove_artifacts(&artifacts[..2]).unwrap();
    assert_eq!(names(store.another().artifacts()), ["c@v1"]);
    assert_eq!(names(store.tracker.artifacts().with_removed()).len(), 3);
    assert_eq!(
        code(store.tracker.artifact(artifacts[0].run, "a")),
        Code::NotFound
    );
    assert_eq!(
        code(store.tracker.remove_artifacts(&artifacts)),
        Code::InvalidState
    );
    assert_eq!(names(store.tracker.artifacts()), ["c@v1"], "all or none");
    store.tracker.restore_artifacts(&artifacts[..2]).unwrap();
    assert_eq!(names(store.tracker.artifacts()).len(), 3);
    assert_eq!(
        code(store.tracker.restore_artifacts(&artifacts[..1])),
        Code::InvalidState
    );
    assert_eq!(
        code(store.tracker.remove_artifacts(&[])),
        Code::ValidationError
    );
}

#[test]
fn a_removal_is_undone_and_redone() {
    let store = Store::new();
    let artifacts = with_artifacts(&store.tracker, &["a", "b"]);
    let removed = store
        .tracker
        .remove_artifacts(&artifacts)
        .unwrap()
        .lsn()
        .unwrap();
    let dry = store
        .tracker
        .undo(removed)
        .dry_run(true)
        .apply()
        .unwrap()
        .unwrap();
    assert!(
        dry.what.contains("brought back 2 of the artifacts"),
        "{}",
        dry.what
    );
    assert!(names(store.tracker.artifacts()).is_empty());
    let undone = store.tracker.undo_last().apply().unwrap().unwrap();
    assert_eq!(names(store.tracker.artifacts()).len(), 2);
    store.tracker.undo(undone.lsn.unwrap()).apply().unwrap();
    assert!(names(store.tracker.artifacts()).is_empty());
    store.tracker.restore_artifacts(&artifacts[..1]).unwrap();
    let conflict = store.tracker.undo(removed).apply().unwrap_err();
    assert!(
        matches!(conflict.code(), Code::Conflict | Code::NotFound),
        "{conflict:?}"
    );
}

#[test]
fn an_artifact_that_was_logged_from_outside_is_taken_back() {
    let store = Store::new();
    let run = start(&store.tracker);
    let outside = store.another();
    outside
        .new_artifact(run.id(), "notes")
        .bytes("one")
        .unwrap()
        .wait()
        .unwrap();
    let second = outside
        .new_artifact(run.id(), "notes")
        .bytes("two")
        .unwrap()
        .wait()
        .unwrap();
    let undone = outside.undo_last().apply().unwrap().unwrap();
    assert_eq!(
        undone.operation.what,
        format!("logged notes to run {} ({})", run.name(), run.id().short())
    );
    assert_eq!(
        store.tracker.artifact(run.id(), "notes").unwrap().version,
        1
    );
    outside.undo_last().apply().unwrap();
    assert!(names(store.tracker.artifacts()).is_empty());
    let conflict = outside.undo(second[0].lsn).apply().unwrap_err();
    assert_eq!(conflict.code(), Code::NotFound, "{conflict:?}");
    run.finish().unwrap();
}

#[test]
fn gc_frees_exactly_the_bytes_that_nothing_needs_any_more() {
    let store = Store::new();
    let keep = start(&store.tracker);
    keep.log_artifact_bytes("shared", vec![1; 5000]).unwrap();
    let gone = start(&store.tracker);
    gone.log_artifact_bytes("also shared", vec![1; 5000])
        .unwrap();
    gone.log_artifact_bytes("own", vec![2; 5000])
        .unwrap()
        .wait()
        .unwrap();
    keep.log_artifact_bytes("removed", vec![3; 5000])
        .unwrap()
        .wait()
        .unwrap();
    keep.finish().unwrap();
    gone.finish().unwrap();
    let removed = store.tracker.artifact(keep.id(), "removed").unwrap();
    store
        .tracker
        .remove_artifacts(std::slice::from_ref(&removed))
        .unwrap();
    store.tracker.delete_run(gone.id()).unwrap();
    start(&store.tracker).finish().unwrap();

    let early = store.tracker.gc().run().unwrap().unwrap().artifacts;
    assert_eq!(
        (early.kept.len(), early.purged.len(), early.blobs()),
        (1, 0, 0)
    );
    let gc = || store.tracker.gc().older_than(Duration::ZERO);
    let dry = gc().dry_run(true).run().unwrap().unwrap().artifacts;
    assert_eq!((dry.purged.len(), dry.blobs()), (1, 2));
    assert_eq!(
        store.tracker.artifact_bytes(&removed).unwrap().len(),
        5000,
        "nothing has happened"
    );
    let done = gc().run().unwrap().unwrap().artifacts;
    assert_eq!(
        (done.purged[0].path.as_str(), done.blobs(), done.bytes()),
        ("removed", 2, dry.bytes())
    );
    assert_eq!(code(store.tracker.artifact_bytes(&removed)), Code::NotFound);
    assert_eq!(
        code(store.tracker.restore_artifacts(&[removed])),
        Code::NotFound
    );
    let shared = store.another().artifact(keep.id(), "shared").unwrap();
    assert_eq!(
        store.another().artifact_bytes(&shared).unwrap(),
        vec![1; 5000]
    );
    assert!(store.tracker.verify_artifacts().run().unwrap().is_sound());
    let again = gc().run().unwrap().unwrap().artifacts;
    assert_eq!((again.purged.len(), again.blobs()), (0, 0));
}

#[test]
fn gc_takes_no_bytes_from_those_who_put_the_same_meanwhile() {
    let store = Store::new();
    let rounds = 25;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|_| {
                let tracker = store.another();
                scope.spawn(move || {
                    let run = start(&tracker);
                    for round in 0..rounds {
                        // The same bytes by all of them, removed again by each: what one removes another needs.
                        let bytes = vec![round; 3000];
                        let logged = run
                            .log_artifact_bytes("same", bytes.clone())
                            .unwrap()
                            .wait()
                            .unwrap();
                        assert_eq!(tracker.artifact_bytes(&logged[0]).unwrap(), bytes);
                        if round % 2 == 0 {
                            tracker.remove_artifacts(&logged).unwrap();
                        }
                    }
                    run.finish().unwrap();
                })
            })
            .collect();
        let collector = store.another();
        while writers.iter().any(|writer| !writer.is_finished()) {
            let report = collector
                .gc()
                .older_than(Duration::ZERO)
                .run()
                .unwrap()
                .unwrap();
            let failed: Vec<_> = report
                .artifacts
                .roots
                .iter()
                .filter_map(|root| root.error.as_ref())
                .collect();
            assert!(failed.is_empty(), "{failed:?}");
        }
    });
    let check = store.tracker.verify_artifacts().run().unwrap();
    assert!(check.is_sound(), "{:?}", check.damages);
    assert_eq!(
        store
            .tracker
            .artifacts()
            .all_versions()
            .fetch()
            .unwrap()
            .total,
        3 * 12
    );
    store.tracker.gc().older_than(Duration::ZERO).run().unwrap();
    assert!(store.tracker.verify_artifacts().run().unwrap().is_sound());
}

#[test]
fn artifacts_go_when_their_run_keeps_them_for_so_many_days_only() {
    let store = Store::new();
    let tracker = Tracker::builder(store.path())
        .artifact_retention_days(30)
        .open()
        .unwrap();
    let experiment = tracker.experiment("resnet").unwrap();
    let short = experiment.start_run().unwrap();
    let long = experiment
        .run()
        .artifact_retention_days(90)
        .start()
        .unwrap();
    for run in [&short, &long] {
        run.log_artifact_bytes("model.pt", "weights")
            .unwrap()
            .wait()
            .unwrap();
        run.log_artifact_bytes("mltrack/environment.json", "{}")
            .unwrap()
            .wait()
            .unwrap();
        run.finish().unwrap();
    }
    let day = Duration::from_hours(24);
    let gc = |days: u32| {
        tracker
            .gc()
            .now(later(day * days))
            .run()
            .unwrap()
            .unwrap()
            .artifacts
    };
    // The log has nothing that is younger, so a clock alone removes nothing.
    assert!(gc(60).expired.is_empty());
    let report = tracker.gc().now(later(day)).run().unwrap().unwrap();
    assert!(report.artifacts.expired.is_empty());
    assert_eq!(names(tracker.artifacts()).len(), 4);
    assert_eq!(
        code(
            Tracker::builder(store.path())
                .artifact_retention_days(0)
                .open()
        ),
        Code::ValidationError
    );
}

/// A store with three artifacts of which the first is damaged and the second gone, and a folder that has all of them.
fn damaged() -> (Store, Vec<Artifact>, std::path::PathBuf) {
    let store = Store::new();
    let artifacts = with_artifacts(&store.tracker, &["a", "b", "c"]);
    let root = store.path().join("artifacts");
    let spare = store.path().join("spare");
    copy(&root, &spare);
    let file = |artifact: &Artifact| {
        let hex = artifact.blob.to_string();
        root.join("blobs").join(&hex[..2]).join(&hex)
    };
    let mut bytes = std::fs::read(file(&artifacts[0])).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(file(&artifacts[0]), bytes).unwrap();
    std::fs::remove_file(file(&artifacts[1])).unwrap();
    (store, artifacts, spare)
}

#[test]
fn verify_names_the_run_and_the_path_whose_bytes_are_wrong() {
    let (store, artifacts, _) = damaged();
    let check = store.another().verify_artifacts().run().unwrap();
    assert_eq!(
        (check.artifacts, check.sound, check.is_sound()),
        (3, 1, false)
    );
    let damages = check.damages.iter();
    let told: Vec<_> = damages
        .map(|damage| {
            (
                damage.path.as_str(),
                damage.run.unwrap(),
                damage.lsn,
                damage.is_missing,
            )
        })
        .collect();
    let run = artifacts[0].run;
    let expected = [
        ("a", run, artifacts[0].lsn, false),
        ("b", run, artifacts[1].lsn, true),
    ];
    assert_eq!(told, expected);
    assert_eq!(
        code(store.tracker.artifact_bytes(&artifacts[0])),
        Code::ArtifactMismatch
    );
    let since = store
        .tracker
        .verify_artifacts()
        .since(artifacts[2].lsn)
        .run()
        .unwrap();
    assert_eq!((since.artifacts, since.is_sound()), (1, true));
    let of_a = store
        .tracker
        .verify_artifacts()
        .of_run(run)
        .path("a")
        .run()
        .unwrap();
    assert_eq!(of_a.damages.len(), 1);
}

#[test]
fn what_is_wrong_or_missing_is_repaired_from_another_root() {
    let (store, artifacts, spare) = damaged();
    let repair = |url: &str| store.tracker.verify_artifacts().repair_from(url).run();
    let repaired = repair(spare.to_str().unwrap()).unwrap();
    assert_eq!((repaired.sound, repaired.damages.len()), (3, 2));
    assert!(repaired.is_sound() && repaired.damages.iter().all(|damage| damage.is_repaired));
    let check = store.tracker.verify_artifacts().run().unwrap();
    assert!(
        check.is_sound() && check.damages.is_empty(),
        "{:?}",
        check.damages
    );
    assert_eq!(store.tracker.artifact_bytes(&artifacts[0]).unwrap(), b"a");
    assert_eq!(code(repair("s3://me:secret@bucket")), Code::ValidationError);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
