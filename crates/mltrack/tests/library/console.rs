//! What programs print, as lines of a run: through writers, from this process's own outputs, and found again.

use std::io::Write as _;
use std::process::Command;

use mltrack::{Code, Level, LoggedLine, Run, Tracker};

use crate::support::{Process, Store, code, role, say, wait_for_the_end};

fn run_of(tracker: &Tracker) -> Run {
    tracker.experiment("resnet").unwrap().start_run().unwrap()
}

fn texts(lines: &[LoggedLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

#[test]
fn what_is_written_are_lines_with_source_and_level_when_the_run_ends() {
    let store = Store::new();
    let run = run_of(&store.tracker);
    let console = run.console();
    let (mut out, mut error) = (console.writer("stdout"), console.writer("stderr"));
    out.write_all(b"epoch 1\r\nno end").unwrap();
    error
        .write_all(b"WARNING: password=hunter2 \xff\n")
        .unwrap();
    run.finish().unwrap();
    let lines = store.tracker.lines(run.id()).fetch().unwrap();
    let of = |source: &str| {
        let lines = lines.iter().filter(|line| line.source == source);
        lines
            .map(|line| (line.level, line.text.as_str()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of("stdout"),
        [(Level::Info, "epoch 1"), (Level::Info, "no end")]
    );
    assert_eq!(
        of("stderr"),
        [(Level::Warn, "WARNING: password=*** \u{fffd}")]
    );
    let told = "stderr: bytes that are no UTF-8 stand as U+FFFD";
    assert_eq!(of("mltrack"), [(Level::Warn, told)]);
    // After the end it still may be written to, without effect.
    out.write_all(b"late\n").unwrap();
    drop(console);
    assert_eq!(store.tracker.lines(run.id()).fetch().unwrap().len(), 4);
}

#[test]
fn very_many_lines_are_all_logged_in_order() {
    let store = Store::new();
    let run = run_of(&store.tracker);
    let console = run.console();
    let mut writer = console.writer("stdout");
    // Twice what may wait, so who prints has to wait for who logs.
    for at in 0..20_000 {
        writeln!(writer, "line {at} {}", "x".repeat(400)).unwrap();
    }
    run.finish().unwrap();
    let lines = store.tracker.lines(run.id()).fetch().unwrap();
    let is_it = |(at, line): (usize, &LoggedLine)| line.text.starts_with(&format!("line {at} "));
    assert!(lines.len() == 20_000 && lines.iter().enumerate().all(is_it));
}

#[test]
fn a_console_that_is_let_go_of_has_logged_everything() {
    let store = Store::new();
    let run = run_of(&store.tracker);
    let console = run.console();
    console.writer("tool").write_all(b"one\ntwo").unwrap();
    drop(console);
    let lines = store.tracker.lines(run.id()).fetch().unwrap();
    assert_eq!(texts(&lines), ["one", "two"]);
    run.finish().unwrap();
}

/// Twelve lines of three records, then one of another run.
fn with_lines() -> (Store, Run) {
    let store = Store::new();
    let run = run_of(&store.tracker);
    let other = run_of(&store.tracker);
    for record in 0..3 {
        let lines = (0..4).map(|at| mltrack::Line {
            level: if at == 3 { Level::Error } else { Level::Info },
            source: if at % 2 == 0 { "stdout" } else { "stderr" }.to_owned(),
            text: format!("{record}.{at}"),
            time: Some(mltrack::WallTime(record * 10 + at)),
        });
        run.log_lines(lines.collect()).unwrap();
        other.log_line(Level::Info, "0.0").unwrap();
    }
    run.log_metric("loss", 1.0).unwrap();
    (store, run)
}

#[test]
fn lines_are_found_by_pattern_source_level_time_and_place() {
    let (store, run) = with_lines();
    let lines = || store.tracker.lines(run.id());
    let found = |query: mltrack::LinesQuery| {
        let lines = query.fetch().unwrap();
        texts(&lines).join(" ")
    };
    assert_eq!(found(lines().grep("[.]2$")), "0.2 1.2 2.2");
    assert_eq!(found(lines().source("stderr").first(3)), "0.1 0.3 1.1");
    assert_eq!(found(lines().level(Level::Warn)), "0.3 1.3 2.3");
    assert_eq!(found(lines().times_ns(12..=20)), "1.2 1.3 2.0");
    assert_eq!(found(lines().last(5)), "1.3 2.0 2.1 2.2 2.3");
    assert_eq!(found(lines().last(0)), "");
    assert_eq!(
        found(lines().grep("^1.[13]").around(1, 0)),
        "1.0 1.1 1.2 1.3"
    );
    assert_eq!(
        found(lines().grep("0$").around(1, 1).last(2)),
        "0.3 1.0 1.1 1.3 2.0 2.1"
    );
    assert_eq!(
        found(lines().grep("0$").around(0, 1).first(2)),
        "0.0 0.1 1.0 1.1"
    );
    let all = lines().fetch().unwrap();
    assert_eq!((all.len(), all[5].index), (12, 1));
    assert_eq!(found(lines().from(all[8].lsn)), "2.0 2.1 2.2 2.3");
    assert_eq!(found(lines().at(all[4].lsn).last(1)), "1.3");
    assert_eq!(code(lines().grep("(").fetch()), Code::ValidationError);
    let nobody = "019f0000000070008000000000000000".parse().unwrap();
    assert_eq!(code(store.tracker.lines(nobody).fetch()), Code::NotFound);
}

#[test]
fn the_last_lines_of_a_log_of_many_segments_are_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let tracker = Tracker::builder(folder.path())
        .segment_size(1 << 14)
        .open()
        .unwrap();
    let run = run_of(&tracker);
    for at in 0..2000 {
        run.log_line(Level::Info, format!("{at} {}", "x".repeat(50)))
            .unwrap();
    }
    let lines = tracker.lines(run.id());
    let last = lines.grep("00 ").last(3).fetch().unwrap();
    let firsts: Vec<&str> = last.iter().map(|line| &line.text[..4]).collect();
    assert_eq!(firsts, ["1700", "1800", "1900"]);
    run.finish().unwrap();
}

/// A process of its own, because the outputs belong to all of one.
fn capture(how: &str) {
    let (_, tracker) = role().expect("only a capturer comes here");
    let run = run_of(&tracker);
    say(run.id());
    let capture = run.capture_console().unwrap();
    assert_eq!(code(run.capture_console()), Code::Conflict);
    println!("printed by Rust");
    let printed = Command::new("sh")
        .args(["-c", "printf 'by a child\\n'; echo oops >&2"])
        .status();
    assert!(printed.unwrap().success());
    say("captured");
    match how {
        "end" => run.finish().unwrap(),
        "panic" => {
            // Short, because what this process says on purpose stands in the log of all tests.
            std::panic::set_hook(Box::new(|panic| {
                eprintln!("{}", panic.payload_as_str().unwrap_or_default());
            }));
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let _capture = capture;
                panic!("on purpose");
            }));
            assert!(caught.is_err());
        }
        _ => drop(capture),
    }
    println!("after it");
    say("over");
    wait_for_the_end();
}

fn captured(how: &str, test: &str) -> (Store, Vec<LoggedLine>) {
    let store = Store::new();
    let mut process = Process::start(test, how, store.path());
    let id = process.hear().parse().unwrap();
    // What was captured reached where it went before.
    assert_eq!(process.hear(), "captured");
    assert_eq!(process.hear(), "over");
    let lines = store.tracker.lines(id).fetch().unwrap();
    (store, lines)
}

fn check_captured(lines: &[LoggedLine]) {
    let has = |source: &str, text: &str| {
        let mut lines = lines.iter();
        lines.any(|line| line.source == source && line.text.contains(text))
    };
    assert!(has("stdout", "printed by Rust"), "{lines:?}");
    assert!(
        has("stdout", "by a child") && has("stderr", "oops"),
        "{lines:?}"
    );
    assert!(
        !lines.iter().any(|line| line.text.contains("after it")),
        "{lines:?}"
    );
}

#[test]
fn the_console_is_captured_until_the_guard_goes() {
    if let Some((how, _)) = role() {
        return capture(&how);
    }
    let (_store, lines) = captured(
        "drop",
        "console::the_console_is_captured_until_the_guard_goes",
    );
    check_captured(&lines);
}

#[test]
fn the_console_is_captured_until_the_run_ends() {
    if let Some((how, _)) = role() {
        return capture(&how);
    }
    let (_store, lines) = captured("end", "console::the_console_is_captured_until_the_run_ends");
    check_captured(&lines);
}

#[test]
fn the_console_is_captured_until_a_panic_unwinds_and_with_its_message() {
    if let Some((how, _)) = role() {
        return capture(&how);
    }
    let test = "console::the_console_is_captured_until_a_panic_unwinds_and_with_its_message";
    let (_store, lines) = captured("panic", test);
    check_captured(&lines);
    assert!(
        lines.iter().any(|line| line.text.contains("on purpose")),
        "{lines:?}"
    );
}
