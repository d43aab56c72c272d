//! Every named point times many kills: writers and a tailer go on, a sleeping child holds nothing, nothing is lost.

use mltrack_log::{OpenOptions, Reader, failpoint::POINTS};

use crate::check::Store;
use crate::copies::check_copy;
use crate::process::{Process, ROUNDS_MIN, rounds_per_point, until};
use std::time::Duration;

/// A dead writer is known to be dead within this time.
const LIVENESS_LIMIT: Duration = Duration::from_secs(1);
/// A victim that has appended this much without meeting its point never will.
const BATCHES_MAX: u64 = 3_000;

/// Whether a point is met while others have the store open.
fn is_met_in_company(point: &str) -> bool {
    !matches!(point, "open.recovered" | "close.synced")
}

pub fn group(point: &str) -> &str {
    point.split('.').next().expect("a point has a group")
}

/// What makes a writer meet the point often.
fn arguments(point: &str) -> &'static [&'static str] {
    match group(point) {
        "roll" => &["big=1"],
        "sync" => &["sync=2"],
        "seal" => &["big=1", "interval_ms=1"],
        _ => &[],
    }
}

/// Which pass of the point to die at, different from round to round.
fn pass(point: &str, round: u64) -> u64 {
    match group(point) {
        "open" | "close" => 1,
        "seal" | "sync" | "roll" => 1 + round % 4,
        _ => 1 + round % 13,
    }
}

/// One victim's life. Whether it was killed at its point.
fn sacrifice(store: &mut Store, point: &str, round: u64) -> bool {
    let action = if round.is_multiple_of(3) {
        "orphan"
    } else {
        "kill"
    };
    let fail = format!("{point}:{}:{action}", pass(point, round));
    let mut victim = store.writer(arguments(point), Some(&fail));
    let writer = match victim.answer() {
        Some(line) => line.split(' ').nth(1).and_then(|word| word.parse().ok()),
        None => None,
    };
    victim.tell(&format!(
        "go {}",
        if group(point) == "close" {
            3
        } else {
            BATCHES_MAX
        }
    ));
    victim.end_input();
    if !victim.is_killed() {
        return false;
    }
    if let Some(writer) = writer {
        let reader = Reader::open(&store.path(), &OpenOptions::default()).expect("it opens");
        let is_gone = || {
            !reader
                .is_alive(mltrack_log::WriterId(writer))
                .expect("the kernel says")
        };
        until(LIVENESS_LIMIT, "a killed writer counts as gone", is_gone);
    }
    true
}

/// Kills in company: two writers and a tailer are there all the time, and go on after each kill.
fn kill_in_company(point: &str, kills: u64) {
    let mut store = Store::new();
    let mut others = [store.open_writer(&[]), store.open_writer(&["big=1"])];
    let tailer = store.tailer();
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        round += 1;
        assert!(
            round <= 10 + 3 * kills,
            "{point}: {killed} kills in {round} rounds"
        );
        for other in &mut others {
            other.tell("go 3");
        }
        killed += u64::from(sacrifice(&mut store, point, round));
        for other in &mut others {
            other.expect("done");
            other.run("go 1");
        }
        if round % 16 == 5 {
            for other in &mut others {
                other.tell("go 20");
            }
            check_copy(&store, round / 16);
            for other in &mut others {
                drop(other.expect("done"));
            }
        }
        if round % 32 == 20 {
            // Everybody dies; whoever comes next recovers.
            others.iter_mut().for_each(Process::kill);
            others = [store.open_writer(&[]), store.open_writer(&["big=1"])];
        }
    }
    others.into_iter().for_each(Process::close);
    tailer.close();
    store.judge();
}

/// Kills alone: every victim recovers what the one before it left, every third after an orderly stop.
fn kill_alone(point: &str, kills: u64) {
    let mut store = Store::new();
    store.open_writer(&[]).close();
    let tailer = store.tailer();
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        round += 1;
        assert!(
            round <= 10 + 3 * kills,
            "{point}: {killed} kills in {round} rounds"
        );
        if round.is_multiple_of(3) {
            let mut other = store.open_writer(&["big=1"]);
            other.run("go 2");
            other.close();
        }
        killed += u64::from(sacrifice(&mut store, point, round));
        if round % 16 == 7 {
            check_copy(&store, round / 16);
        }
    }
    tailer.close();
    store.judge();
}

fn kill_at_points_of(groups: &[&str]) {
    for point in POINTS
        .into_iter()
        .filter(|point| groups.contains(&group(point)))
    {
        for _ in 0..rounds_per_point().div_ceil(ROUNDS_MIN) {
            if is_met_in_company(point) {
                kill_in_company(point, ROUNDS_MIN - ROUNDS_MIN / 3);
                kill_alone(point, ROUNDS_MIN / 3);
            } else {
                kill_alone(point, ROUNDS_MIN);
            }
        }
    }
}

#[test]
fn nothing_is_lost_when_writers_are_killed_while_they_open_and_close() {
    kill_at_points_of(&["open", "close"]);
}

#[test]
fn nothing_is_lost_when_writers_are_killed_around_the_lock_and_the_wake() {
    kill_at_points_of(&["lock", "wake"]);
}

#[test]
fn nothing_is_lost_when_writers_are_killed_while_they_append_and_publish() {
    kill_at_points_of(&["append", "slot"]);
}

#[test]
fn nothing_is_lost_when_writers_are_killed_while_they_roll() {
    kill_at_points_of(&["roll"]);
}

#[test]
fn nothing_is_lost_when_writers_are_killed_while_they_sync_and_seal() {
    kill_at_points_of(&["sync", "seal"]);
}

#[test]
fn every_point_belongs_to_a_group_that_is_killed() {
    let groups = [
        "open", "close", "lock", "wake", "append", "slot", "roll", "sync", "seal", "compact",
    ];
    assert!(POINTS.iter().all(|point| groups.contains(&group(point))));
}
