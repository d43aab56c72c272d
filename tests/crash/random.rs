//! Kills at random moments, everybody at once, and the orders of deaths that named points do not reach by themselves.

use std::time::Duration;

use mltrack_log::door;

use crate::check::Store;
use crate::process::{Process, ROUNDS_MIN, rounds_per_point, until};

/// Lets the victims write for a moment of random length.
fn let_write() {
    let limit = Duration::from_micros(door::random_u64() % 6_000);
    let start = door::monotonic();
    until(Duration::from_secs(10), "a moment has passed", || {
        start.elapsed() >= limit
    });
}

fn kill_one_after_the_other(rounds: u64) {
    let mut store = Store::new();
    let kinds: [&[&str]; 3] = [&["big=1", "interval_ms=2"], &["sync=7"], &["fork=sleep"]];
    let mut writers = kinds.map(|kind| store.open_writer(kind));
    let tailer = store.tailer();
    for round in 0..rounds {
        for writer in &mut writers {
            writer.tell("go 60");
        }
        let_write();
        let victim = round as usize % 3;
        writers[victim].kill();
        for (number, writer) in writers.iter_mut().enumerate() {
            if number != victim {
                writer.expect("done");
            }
        }
        writers[victim] = store.open_writer(kinds[victim]);
    }
    writers.into_iter().for_each(Process::close);
    tailer.close();
    store.judge();
}

fn kill_everybody(rounds: u64) {
    let mut store = Store::new();
    let kinds: [&[&str]; 3] = [&["big=1", "interval_ms=2"], &["sync=3"], &[]];
    let mut tailer = None;
    for _ in 0..rounds {
        let mut writers = kinds.map(|kind| store.open_writer(kind));
        tailer.get_or_insert_with(|| store.tailer());
        for writer in &mut writers {
            writer.tell("go 500");
        }
        let_write();
        writers.iter_mut().for_each(Process::kill);
    }
    // An orderly writer last, so that the tailer and the judgement look at the same epoch.
    store.open_writer(&[]).close();
    tailer.expect("there was a round").close();
    store.judge();
}

#[test]
fn nothing_is_lost_when_one_of_three_writers_is_killed_at_any_moment() {
    (0..rounds_per_point().div_ceil(ROUNDS_MIN)).for_each(|_| kill_one_after_the_other(ROUNDS_MIN));
}

#[test]
fn nothing_is_lost_when_everybody_is_killed_at_once_and_the_store_is_opened_again() {
    (0..rounds_per_point().div_ceil(ROUNDS_MIN)).for_each(|_| kill_everybody(ROUNDS_MIN / 2));
}

/// Fills about half of a small segment, and has a victim die with a whole small frame behind the published end.
fn leave_a_ghost(store: &mut Store, point: &str) -> Process {
    let mut writer = store.open_writer(&[]);
    writer.run("go 8");
    let mut ghost = store.writer(&[], Some(&format!("{point}:1:kill")));
    ghost.expect_open();
    ghost.tell(if point.starts_with("roll") {
        "big"
    } else {
        "go 1"
    });
    assert!(ghost.is_killed(), "it met {point}");
    writer
}

#[test]
fn a_frame_of_a_dead_writer_at_a_segment_s_end_does_not_hide_the_next_segment() {
    for point in ["append.copied", "slot.half_written", "slot.written"] {
        let mut store = Store::new();
        let mut writer = leave_a_ghost(&mut store, point);
        // Too large for what is left, though the dead writer's frame was not.
        writer.run("big");
        writer.run("go 3");
        writer.kill();
        store.judge();
    }
}

#[test]
fn a_segment_of_a_dead_writer_that_was_never_published_does_not_replace_what_came_after() {
    for point in ["roll.created", "roll.renamed", "append.copied"] {
        let mut store = Store::new();
        let mut writer = store.open_writer(&[]);
        writer.run("go 8");
        let mut ghost = store.writer(&[], Some(&format!("{point}:1:kill")));
        ghost.expect_open();
        ghost.tell("big");
        assert!(ghost.is_killed(), "it met {point}");
        // Still fits where the dead writer's batch did not.
        writer.run("go 1");
        writer.kill();
        store.judge();
    }
}
