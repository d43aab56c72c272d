//! Processes that stop without dying: nobody waits for them for ever, nothing is lost, order is kept.

use std::time::Duration;

use crate::check::Store;
use crate::process::{PATIENCE, Process, until};

/// What others may take at most while somebody stands still: an opener waits for ten seconds, then says who is busy.
const BOUND: Duration = Duration::from_secs(30);
const IMPATIENT: &[&str] = &["wait_ms=20"];

/// A writer that is stopped at a point, with the append lock or another one in its hands.
fn stopped_at(store: &mut Store, fail: &str, arguments: &[&str]) -> Process {
    let mut holder = store.writer(arguments, Some(&format!("{fail}:stop")));
    holder.expect_open();
    holder.tell("go 10");
    until(PATIENCE, "the holder stands still", || holder.is_stopped());
    holder
}

fn stalled_by(writer: &mut Process) -> u32 {
    writer.tell("stalled");
    crate::process::number(&writer.expect("stalled")[0])
}

/// Waits until the spool is drained, which the background does without being asked.
fn wait_until_drained(writer: &mut Process) {
    until(PATIENCE, "the spool is drained", || stalled_by(writer) == 0);
}

#[test]
fn others_defer_while_the_holder_of_the_lock_is_stopped_and_nothing_is_lost_when_it_goes_on() {
    let mut store = Store::new();
    let mut others = [store.open_writer(IMPATIENT), store.open_writer(IMPATIENT)];
    let tailer = store.tailer();
    for other in &mut others {
        other.run("go 3");
    }
    let holder = stopped_at(&mut store, "append.copied:5", &[]);
    for other in &mut others {
        other.run("go 20");
        assert_eq!(
            stalled_by(other),
            holder.id(),
            "the warning names who stands still"
        );
    }
    assert_eq!([store.deferred(1), store.deferred(2)], [20, 20]);
    holder.signal("CONT");
    holder.expect("done");
    // Who drains holds the lock as well.
    for other in &mut others {
        wait_until_drained(other);
    }
    for other in &mut others {
        other.run("go 3");
    }
    assert_eq!(
        [store.deferred(1), store.deferred(2)],
        [20, 20],
        "the lock is back"
    );
    others.into_iter().for_each(Process::close);
    holder.close();
    tailer.close();
    store.judge();
}

#[test]
fn others_take_the_lock_when_a_stopped_holder_is_killed() {
    for point in [
        "lock.taken:2",
        "append.half_copied:3",
        "slot.written:3",
        "append.published:3",
    ] {
        let mut store = Store::new();
        let mut other = store.open_writer(IMPATIENT);
        let mut holder = stopped_at(&mut store, point, &[]);
        other.run("go 5");
        assert_eq!(stalled_by(&mut other), holder.id());
        holder.kill();
        wait_until_drained(&mut other);
        other.run("go 5");
        assert_eq!(store.deferred(1), 5, "{point}");
        other.close();
        store.judge();
    }
}

#[test]
fn the_spool_of_a_killed_process_is_merged_once_even_when_a_merger_is_killed() {
    let mut store = Store::new();
    let mut spooling = store.open_writer(IMPATIENT);
    spooling.run("go 2");
    let mut holder = stopped_at(&mut store, "append.copied:5", &[]);
    spooling.run("go 12");
    spooling.kill();
    holder.kill();
    // Two mergers die in the middle of it, while they open.
    for _ in 0..2 {
        let mut merger = store.writer(&[], Some("append.published:4:kill"));
        assert_eq!(merger.answer(), None, "it dies before it is open");
        assert!(merger.is_killed());
    }
    for left in [4, 0] {
        let opener = store.writer(&[], None);
        assert_eq!(opener.expect("open")[1], left.to_string(), "batches merged");
        opener.close();
    }
    assert_eq!(store.deferred(1), 12);
    store.judge();
}

#[test]
fn a_process_that_closes_while_it_spools_leaves_its_spool_to_the_next_opener() {
    let mut store = Store::new();
    let mut spooling = store.open_writer(IMPATIENT);
    let mut holder = stopped_at(&mut store, "append.copied:5", &[]);
    spooling.run("go 6");
    spooling.close();
    holder.kill();
    let opener = store.writer(&[], None);
    assert_eq!(opener.expect("open")[1], "6", "batches merged");
    opener.close();
    store.judge();
}

#[test]
fn a_stopped_sync_leader_holds_up_no_append_and_no_close() {
    let mut store = Store::new();
    let mut other = store.open_writer(&["interval_ms=5"]);
    let leader = stopped_at(&mut store, "sync.segments:1", &["sync=2"]);
    other.run("go 20");
    assert_eq!(store.deferred(1), 0);
    other.end_input();
    let answer = other
        .answer_within(BOUND)
        .expect("closing does not wait for a stopped process");
    assert_eq!(answer.as_deref(), Some("closed"));
    leader.signal("CONT");
    leader.expect("done");
    leader.close();
    store.judge();
}

#[test]
fn a_stopped_opener_holds_up_no_append_and_is_reported_to_other_openers() {
    let mut store = Store::new();
    let mut writer = store.open_writer(&[]);
    let opener = store.writer(&[], Some("open.locked:1:stop"));
    until(PATIENCE, "the opener stands still", || opener.is_stopped());
    writer.run("go 20");
    assert_eq!(store.deferred(1), 0);
    let second = store.writer(&["fails=1"], None);
    let answer = second
        .answer_within(BOUND)
        .expect("opening does not wait for ever");
    assert!(
        answer
            .as_deref()
            .is_some_and(|line| line.starts_with("failed Busy")),
        "{answer:?}"
    );
    opener.signal("CONT");
    opener.expect_open();
    opener.close();
    writer.close();
    store.judge();
}
