//! `run log`: points from words, patterns and JSON lines, acknowledged and kept.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;

use serde_json::Value;

use super::support::{Folder, feed, lines_of};

/// Step and value of every point of a metric.
fn points(folder: &Folder, run: &str, name: &str) -> Vec<(i64, f64)> {
    let text = folder.ok(&["metrics", run, name, "--ndjson"]);
    let point = |line: &str| {
        let item: Value = serde_json::from_str(line).unwrap();
        (
            item["step"].as_i64().unwrap(),
            item["value"].as_f64().unwrap_or(f64::NAN),
        )
    };
    text.lines().map(point).collect()
}

#[test]
fn words_are_points_of_one_step() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    folder.ok(&["run", "log", &run, "loss=0.5", "acc=1", "--step", "7"]);
    folder.ok(&["run", "log", &run, "loss=0.25"]);
    assert_eq!(points(&folder, &run, "loss"), [(7, 0.5), (8, 0.25)]);
    assert_eq!(points(&folder, &run, "acc"), [(7, 1.0)]);
}

#[test]
fn a_pattern_takes_points_from_a_programs_output() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let output = "starting\nstep=1 loss=0.5\nnoise\nstep=2 loss=0.25\n";
    let said = folder.run_with(
        &["run", "log", &run, "--parse", r"step=(\d+) loss=(\S+)"],
        output,
    );
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(said.stdout, "");
    assert_eq!(points(&folder, &run, "loss"), [(1, 0.5), (2, 0.25)]);
}

#[test]
fn json_lines_keep_nan_and_nested_names() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let lines = "{\"step\":3,\"loss\":\"NaN\",\"val\":{\"acc\":0.5}}\n";
    let said = folder.run_with(&["run", "log", &run, "--ndjson"], lines);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let item: Value =
        serde_json::from_str(folder.ok(&["metrics", &run, "loss", "--ndjson"]).trim()).unwrap();
    assert_eq!(item["value"], "NaN");
    assert_eq!(points(&folder, &run, "val.acc"), [(3, 0.5)]);
}

#[test]
fn a_line_that_is_wrong_is_counted_and_the_others_are_kept() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let said = folder.run_with(
        &["run", "log", &run, "--ndjson"],
        "{\"loss\":1}\n{\n{\"loss\":2}\n",
    );
    assert_eq!(said.code, 7, "{}", said.stderr);
    assert!(
        said.stderr.contains("error[PARTIAL]: 1 of 3 lines"),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("line 2"), "{}", said.stderr);
    assert_eq!(points(&folder, &run, "loss"), [(0, 1.0), (1, 2.0)]);
}

#[test]
fn every_accepted_line_is_acknowledged_with_its_lsn_before_the_next_is_awaited() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let mut child = folder.spawn_fed(&["run", "log", &run, "--ack"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = 0;
    for step in 0..50 {
        writeln!(stdin, "step={step} loss={step}").unwrap();
        let lsn: u64 = lines.next().unwrap().unwrap().parse().unwrap();
        assert!(lsn > last, "{lsn} after {last}");
        last = lsn;
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(points(&folder, &run, "loss").len(), 50);
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = Folder::with_store();
    for round in 0..8_usize {
        let run = folder.start_run("a");
        let mut child = folder.spawn_fed(&["run", "log", &run, "--ack"]);
        let mut stdin = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || {
            // The pipe breaks when the reader is killed.
            (0..200_000)
                .try_for_each(|step| writeln!(stdin, "step={step} loss={step}"))
                .is_err()
        });
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut acknowledged = Vec::new();
        for _ in 0..=round * 700 {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            acknowledged.push(line);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        acknowledged.extend(rest.split_inclusive('\n').map(str::to_owned));
        assert!(
            feeder.join().unwrap(),
            "the child was killed before it had read everything"
        );
        check_kept(&folder, &run, &acknowledged);
    }
}

/// Every whole line is the lsn of a record that is in the log; the steps are those fed, in order.
fn check_kept(folder: &Folder, run: &str, acknowledged: &[String]) {
    let kept: BTreeSet<u64> = folder
        .ok(&[
            "export",
            "events",
            "--format",
            "ndjson",
            "--type",
            "metrics_logged",
        ])
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["lsn"]
                .as_u64()
                .unwrap()
        })
        .collect();
    let whole: Vec<&str> = acknowledged
        .iter()
        .filter_map(|line| line.strip_suffix('\n'))
        .collect();
    for lsn in &whole {
        assert!(
            kept.contains(&lsn.parse().unwrap()),
            "lsn {lsn} was acknowledged and is gone"
        );
    }
    let points = points(folder, run, "loss");
    assert!(
        points.len() >= whole.len(),
        "{} of {}",
        points.len(),
        whole.len()
    );
    for (index, (step, value)) in points.iter().enumerate() {
        assert_eq!((*step, *value), (index as i64, index as f64));
    }
}

#[test]
fn forty_thousand_points_from_eight_processes_at_once_are_all_there() {
    const PROCESSES: usize = 8;
    const POINTS: usize = 5_000;
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let mut children = Vec::new();
    for process in 0..PROCESSES {
        let mut child = folder.spawn_fed(&["run", "log", &run]);
        let lines = lines_of(POINTS, |step| format!("step={step} m{process}={step}"));
        let mut stdin = child.stdin.take().unwrap();
        children.push((
            child,
            std::thread::spawn(move || stdin.write_all(lines.as_bytes())),
        ));
    }
    for (mut child, feeder) in children {
        feeder.join().unwrap().unwrap();
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(
        folder.ok(&["metrics", &run]).lines().count(),
        PROCESSES * POINTS
    );
    for process in 0..PROCESSES {
        let points = points(&folder, &run, &format!("m{process}"));
        let expected: Vec<(i64, f64)> =
            (0..POINTS).map(|step| (step as i64, step as f64)).collect();
        assert_eq!(points, expected, "process {process}");
    }
    let verified = folder.run(&["verify", "--deep"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[test]
fn bad_words_and_patterns_are_refused_before_anything_is_logged() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    for words in [
        &["loss=low"][..],
        &["loss"],
        &["--parse", "("],
        &["--parse", r"(\d+)"],
        &["--parse", "x=(.)", "--ndjson"],
        &["loss=1", "--ndjson"],
    ] {
        let said = folder.run(&[&["run", "log", &run], words].concat());
        assert_eq!(said.code, 2, "{words:?}: {}", said.stderr);
    }
    assert_eq!(folder.ok(&["metrics", &run]), "");
}

#[test]
fn an_ended_run_takes_no_points() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    folder.ok(&["run", "end", &run]);
    let said = folder.run(&["run", "log", &run, "loss=1"]);
    assert_eq!(said.code, 8, "{}", said.stderr);
    assert!(
        said.stderr.contains("error[INVALID_STATE]"),
        "{}",
        said.stderr
    );
}

#[test]
fn whoever_ends_a_run_ends_it_for_a_process_that_logs_to_it() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let mut child = folder.spawn_fed(&["run", "log", &run, "--ack"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    writeln!(stdin, "loss=1").unwrap();
    lines.next().unwrap().unwrap();
    folder.ok(&["run", "end", &run]);
    let feeder = std::thread::spawn(move || {
        // Points that slip in before the end is seen are kept; then the pipe breaks.
        while writeln!(stdin, "loss=1").is_ok() {}
    });
    lines.by_ref().for_each(drop);
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(8), "{stderr}");
    feeder.join().unwrap();
}

#[test]
fn a_reader_that_leaves_early_ends_the_command_quietly() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let lines = lines_of(20_000, |step| format!("step={step} loss=1"));
    assert_eq!(folder.run_with(&["run", "log", &run], &lines).code, 0);
    let mut command = folder.command(&["metrics", &run]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.starts_with("loss\t0\t"), "{first}");
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(
        (child.wait().unwrap().code(), stderr.as_str()),
        (Some(0), "")
    );
}

#[test]
fn a_terminated_reader_of_lines_keeps_what_it_was_given() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let mut child = folder.spawn_fed(&["run", "log", &run]);
    feed(&mut child, "loss=1\nloss=2");
    assert!(child.wait().unwrap().success());
    assert_eq!(points(&folder, &run, "loss"), [(0, 1.0), (1, 2.0)]);
}
