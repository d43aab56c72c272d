//! `tail`: what came last, what comes next, and where to go on.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use super::support::Folder;

#[test]
fn without_follow_it_shows_the_last_events_and_ends() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    for _ in 0..5 {
        folder.ok(&["run", "log", &run, "loss=1"]);
    }
    let text = folder.ok(&["tail", "-n", "2"]);
    assert_eq!(text.lines().count(), 2);
    let all = folder.ok(&["tail", "--from", "start"]);
    assert!(all.ends_with(&text), "{all}\n{text}");
    assert_eq!(
        all.lines().count(),
        folder.ok(&["export", "events"]).lines().count()
    );
    assert_eq!(folder.ok(&["tail", "--from", "-1h"]), all);
    let cells: Vec<&str> = text.lines().next().unwrap().split('\t').collect();
    assert_eq!(
        (cells.len(), cells[2], cells[6]),
        (8, "metrics_logged", "a")
    );
    assert_eq!(cells[5], run);
}

#[test]
fn run_experiment_type_and_until_choose() {
    let folder = Folder::with_store();
    let one = folder.start_run("a");
    folder.start_run("b");
    folder.ok(&["run", "log", &one, "loss=1"]);
    let lines = |words: &[&str]| {
        folder
            .ok(&[&["tail", "--from", "start"], words].concat())
            .lines()
            .count()
    };
    let all = lines(&[]);
    assert_eq!(
        lines(&["a"]) + lines(&["b"]) + 1,
        all,
        "a definition belongs to no run"
    );
    assert_eq!(lines(&["--type", "run_created"]), 2);
    assert_eq!(lines(&[&one, "--type", "metrics_logged"]), 1);
    assert_eq!(lines(&["--until", "2"]), 2);
    assert_eq!(folder.run(&["tail", "--type", "nonsense"]).code, 2);
    assert_eq!(folder.run(&["tail", "nobody"]).code, 3);
}

#[test]
fn a_format_shows_one_line_a_value() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    folder.ok(&["run", "log", &run, "loss=0.5", "acc=1", "--step", "7"]);
    let text = folder.ok(&[
        "tail",
        "-n",
        "1",
        "--format",
        "%r %x %n=%v @%s %%",
        "--type",
        "metrics_logged",
    ]);
    let short = &run[24..];
    assert_eq!(
        text,
        format!("{short} a loss=0.5 @7 %\n{short} a acc=1 @7 %\n")
    );
    assert_eq!(folder.run(&["tail", "--format", "%z"]).code, 2);
}

#[test]
fn it_follows_live_and_says_where_to_resume_when_interrupted() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let mut child = folder.spawn_fed(&[
        "tail",
        &run,
        "-f",
        "--from",
        "start",
        "--format",
        "%o %n=%v",
        "--type",
        "metrics_logged",
    ]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = String::new();
    for value in 0..5 {
        folder.ok(&["run", "log", &run, &format!("loss={value}")]);
        last = lines.next().unwrap().unwrap();
        assert!(last.ends_with(&format!("loss={value}")), "{last}");
    }
    interrupt(child.id());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{stderr}");
    let lsn: u64 = last.split(' ').next().unwrap().parse().unwrap();
    assert!(
        stderr.contains(&format!("resume with --from {}", lsn + 1)),
        "{stderr}"
    );
}

#[test]
fn a_cursor_file_goes_on_where_it_stopped() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let words = ["tail", "--cursor-file", "cursor", "--from", "start"];
    let first = folder.ok(&words);
    assert!(first.lines().count() > 1);
    assert_eq!(folder.ok(&words), "");
    folder.ok(&["run", "log", &run, "loss=1"]);
    let next = folder.ok(&words);
    assert!(
        next.contains("metrics_logged") && !next.contains("run_created"),
        "{next}"
    );
    assert_eq!(folder.ok(&words), "");
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let mut child = folder.spawn_fed(&["tail", "-f", "--from", "start"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    drop(lines);
    // The next event finds the pipe closed.
    folder.ok(&["run", "log", &run, "loss=1"]);
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

fn interrupt(pid: u32) {
    let status = Command::new("kill")
        .args(["-INT", &pid.to_string()])
        .stdin(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}
