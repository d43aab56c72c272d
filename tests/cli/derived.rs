//! What is folded from the log may go at any moment, and no answer changes.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Folder, lines_of};

const WRITERS: usize = 2;
const POINTS: usize = 10_000;
const ROUNDS: usize = 24;

/// One process after the other is started that makes what the next rounds delete; some are killed over it.
const MAKERS: [&[&str]; 3] = [&["snapshot", "create"], &["replay"], &["compact"]];

#[test]
fn index_series_and_snapshots_are_deleted_beside_writers_and_makers_and_no_answer_changes() {
    let folder = Folder::with_store();
    let old: Vec<String> = (0..3).map(|_| folder.start_run("old")).collect();
    for run in &old {
        folder.ok(&["run", "log", run, "loss=1", "acc=0.5"]);
        folder.ok(&["run", "end", run]);
    }
    let runs: Vec<String> = (0..WRITERS).map(|_| folder.start_run("live")).collect();
    let mut writers = Vec::new();
    for run in &runs {
        let mut child = folder.spawn_fed(&["run", "log", run]);
        let lines = lines_of(POINTS, |step| format!("step={step} loss={step}"));
        let mut stdin = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
        writers.push((child, feeder));
    }
    let mut makers = Vec::new();
    for round in 0..ROUNDS {
        let derived = ["index", "series", "snapshots"][round % 3];
        // Somebody may be writing there just now: then the folder comes back, which is as good.
        fs::remove_dir_all(folder.path().join(".mltrack").join(derived)).ok();
        let mut maker = folder.command(MAKERS[round / 3 % 3]);
        let mut maker = maker
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let found = folder.ok(&["runs", "-f", "metrics.acc = 0.5", "--sort", ".number", "-q"]);
        assert_eq!(found.lines().collect::<Vec<_>>(), old, "round {round}");
        if round % 4 == 0 {
            maker.kill().ok();
        }
        makers.push(maker);
    }
    for mut maker in makers {
        maker.wait().unwrap();
    }
    for (mut child, feeder) in writers {
        feeder.join().unwrap().unwrap();
        assert!(child.wait().unwrap().success());
    }
    for run in &runs {
        assert_eq!(folder.ok(&["metrics", run, "loss"]).lines().count(), POINTS);
    }
    folder.ok(&["snapshot", "create"]);
    folder.ok(&["replay", "--check"]);
    folder.ok(&["verify", "--deep"]);
}
