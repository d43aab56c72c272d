//! Artifacts and processes that die or fork in the midst of storing them.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use mltrack::Tracker;

use crate::artifacts::start;
use crate::support::{Process, Store, role, say};

/// More than one chunk, of which each round shares a part with the one before.
fn bytes(round: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut bytes: Vec<u8> = (0..5 << 20)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as u8
        })
        .collect();
    let at = (round * 400_000) % bytes.len();
    bytes[at..]
        .iter_mut()
        .take(100_000)
        .for_each(|byte| *byte ^= round as u8 + 1);
    bytes
}

/// Stores until it is killed: small ones, large ones and folders.
fn train(tracker: &Tracker) {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..50 {
        std::fs::write(folder.path().join(format!("{number}")), format!("{number}")).unwrap();
    }
    let run = start(tracker);
    for round in 0.. {
        run.log_artifact_bytes("large", bytes(round)).unwrap();
        run.log_artifact_bytes("small", format!("{round}")).unwrap();
        let folder = run
            .artifact(format!("folder/{round}"))
            .folder(folder.path())
            .unwrap();
        say(round);
        folder.wait().unwrap();
    }
}

#[test]
fn a_process_that_is_killed_leaves_no_event_without_its_bytes() {
    if let Some((_, tracker)) = role() {
        return train(&tracker);
    }
    let test = "artifacts_killed::a_process_that_is_killed_leaves_no_event_without_its_bytes";
    let store = Store::new();
    let mut found = 0;
    for kill in 0..8_u32 {
        let mut process = Process::start(test, "trainer", store.path());
        for _ in 0..=kill % 3 {
            process.hear();
        }
        // Killed wherever it is then: while it hashes, writes, renames or appends.
        let until = mltrack::door::monotonic() + Duration::from_millis(u64::from(kill * 7 % 20));
        while mltrack::door::monotonic() < until {
            std::hint::spin_loop();
        }
        process.kill();
        let check = store.another().verify_artifacts().run().unwrap();
        assert!(check.is_sound(), "{:?}", check.damages);
        found = check.artifacts;
    }
    assert!(found > 100, "{found}");
    // What the killed ones left half done is taken away, and nothing else.
    let report = store
        .tracker
        .gc()
        .older_than(Duration::ZERO)
        .run()
        .unwrap()
        .unwrap();
    assert!(
        report
            .artifacts
            .roots
            .iter()
            .all(|root| root.error.is_none())
    );
    let check = store.tracker.verify_artifacts().run().unwrap();
    assert!(
        check.is_sound() && check.artifacts == found,
        "{:?}",
        check.damages
    );
}

/// Puts the same few contents as everybody else, and removes them again.
fn put_and_remove(tracker: &Tracker) {
    let run = start(tracker);
    say("begun");
    for round in 0..30_u8 {
        let logged = run
            .log_artifact_bytes("same", vec![round % 5; 4000])
            .unwrap()
            .wait()
            .unwrap();
        assert_eq!(
            tracker.artifact_bytes(&logged[0]).unwrap(),
            vec![round % 5; 4000]
        );
        tracker.remove_artifacts(&logged).unwrap();
        run.log_artifact_bytes(format!("kept/{round}"), vec![round % 5; 4000])
            .unwrap();
    }
    run.finish().unwrap();
    say("ended");
}

/// Ends what goes on beside a test, also when the test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(false, Relaxed);
    }
}

#[test]
fn gc_takes_no_bytes_from_other_processes_that_put_the_same() {
    if let Some((_, tracker)) = role() {
        return put_and_remove(&tracker);
    }
    let test = "artifacts_killed::gc_takes_no_bytes_from_other_processes_that_put_the_same";
    let store = Store::new();
    let mut processes: Vec<Process> = (0..2)
        .map(|_| Process::start(test, "writer", store.path()))
        .collect();
    for process in &mut processes {
        assert_eq!(process.hear(), "begun");
    }
    let collecting = AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while collecting.load(Relaxed) {
                let report = store
                    .tracker
                    .gc()
                    .older_than(Duration::ZERO)
                    .run()
                    .unwrap()
                    .unwrap();
                assert!(
                    report
                        .artifacts
                        .roots
                        .iter()
                        .all(|root| root.error.is_none())
                );
            }
        });
        let stop = Stop(&collecting);
        let ended: Vec<String> = processes.iter_mut().map(Process::hear).collect();
        drop(stop);
        assert_eq!(ended, ["ended", "ended"]);
    });
    store.tracker.gc().older_than(Duration::ZERO).run().unwrap();
    let check = store.tracker.verify_artifacts().run().unwrap();
    assert!(check.is_sound(), "{:?}", check.damages);
    assert_eq!((check.artifacts, check.blobs), (60, 5));
}
