//! Compaction beside everything else: killed at every step, among writers and tailers, while the folder is copied.

use mltrack_log::failpoint::POINTS;
use mltrack_log::{Depth, OpenOptions, Reader, VerifyOptions, door};

use crate::check::Store;
use crate::copies::check_copy;
use crate::points::group;
use crate::process::{PATIENCE, Process, ROUNDS_MIN, number, rounds_per_point};

/// Every byte of every packed segment, beside what `judge` looks at.
fn judge_deep(store: &Store) {
    store.judge();
    let options = VerifyOptions {
        depth: Depth::Deep,
        ..VerifyOptions::default()
    };
    let report = mltrack_log::verify(&store.path(), &options).expect("verify runs");
    assert!(report.is_sound(), "{:?}", report.damages);
    assert!(report.packed > 0, "nothing was packed");
}

/// Compacts over and over beside the writers until the victim dies at its point, however late segments are sealed.
fn compact_until_killed(victim: &mut Process, writers: &mut [Process], fail: &str) {
    let start = door::monotonic();
    loop {
        for writer in &mut *writers {
            writer.tell("go 5");
        }
        victim.tell("go 1");
        let answer = victim.answer_while_alive();
        for writer in &mut *writers {
            writer.expect("done");
        }
        if answer.is_none() {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{fail}: never met");
    }
    assert!(victim.is_killed(), "{fail}: ended in another way");
}

fn kill_compactors(point: &str, kills: u64) {
    let mut store = Store::new();
    let mut writers = [store.open_writer(&["big=1"]), store.open_writer(&[])];
    let tailer = store.tailer();
    for round in 1..=kills {
        let action = if round % 3 == 0 { "orphan" } else { "kill" };
        let fail = format!("{point}:{}:{action}", 1 + round % 3);
        let mut victim = store.compactor(&["keep_ms=0"], Some(&fail));
        compact_until_killed(&mut victim, &mut writers, &fail);
        if round % 16 == 9 {
            // Everybody dies; whoever comes next recovers beside what was half packed.
            writers.iter_mut().for_each(Process::kill);
            writers = [store.open_writer(&["big=1"]), store.open_writer(&[])];
        }
    }
    let mut last = store.compactor(&["keep_ms=0"], None);
    last.run("go 1");
    last.close();
    writers.into_iter().for_each(Process::close);
    tailer.close();
    judge_deep(&store);
    let names = std::fs::read_dir(store.path()).expect("the store is there");
    let names = names.map(|entry| entry.expect("the folder lists").file_name());
    let left = names.filter(|name| name.to_string_lossy().ends_with(".tmp"));
    assert_eq!(left.count(), 0, "a killed compaction left something behind");
}

#[test]
fn nothing_is_lost_when_compactors_are_killed_at_any_step() {
    for point in POINTS.into_iter().filter(|point| group(point) == "compact") {
        for _ in 0..rounds_per_point().div_ceil(ROUNDS_MIN) {
            kill_compactors(point, ROUNDS_MIN);
        }
    }
}

/// Packs what was sealed too late for the rounds, which is much where the disk is slow.
fn pack_the_rest(mut compactor: Process) -> u64 {
    compactor.tell("go 1");
    let packed = number(&compactor.expect("done")[0]);
    compactor.close();
    packed
}

#[test]
fn four_writers_and_four_tailers_miss_nothing_while_segments_are_packed() {
    let mut store = Store::new();
    let mut writers: Vec<Process> = (0..4).map(|_| store.open_writer(&[])).collect();
    let tailers: Vec<Process> = (0..4).map(|_| store.tailer()).collect();
    let mut compactor = store.compactor(&["keep_ms=0"], None);
    let mut packed = 0;
    for _ in 0..30 {
        for writer in &mut writers {
            writer.tell("go 60");
        }
        compactor.tell("go 3");
        packed += number::<u64>(&compactor.expect("done")[0]);
        for writer in &mut writers {
            writer.expect("done");
        }
    }
    assert!(packed > 0, "nothing was packed beside the writers");
    writers.into_iter().for_each(Process::close);
    packed += pack_the_rest(compactor);
    assert!(packed > 100, "only {packed} segments were packed");
    tailers.into_iter().for_each(Process::close);
    judge_deep(&store);
}

#[test]
fn copies_taken_while_segments_are_packed_hold_what_was_visible() {
    let mut store = Store::new();
    let mut writers = [store.open_writer(&[]), store.open_writer(&["big=1"])];
    let mut compactor = store.compactor(&[], None);
    let mut packed = 0;
    for round in 0..20 {
        for writer in &mut writers {
            writer.run("go 30");
            writer.tell("go 30");
        }
        compactor.tell("go 3");
        check_copy(&store, round);
        packed += number::<u64>(&compactor.expect("done")[0]);
        for writer in &mut writers {
            writer.expect("done");
        }
    }
    assert!(packed > 0, "nothing was packed beside the writers");
    check_copy(&store, 2);
    writers.into_iter().for_each(Process::close);
    packed += pack_the_rest(compactor);
    assert!(packed > 100, "only {packed} segments were packed");
    judge_deep(&store);
}

#[test]
fn a_reader_that_stood_in_a_segment_reads_on_when_it_is_packed_and_removed() {
    let mut store = Store::new();
    let mut writer = store.open_writer(&[]);
    writer.run("go 400");
    let mut reader = Reader::open(&store.path(), &OpenOptions::default()).expect("it opens");
    let mut count = reader
        .next_batch()
        .expect("reads")
        .expect("a batch")
        .count();
    let mut compactor = store.compactor(&["keep_ms=0"], None);
    compactor.run("go 1");
    compactor.close();
    while let Some(batch) = reader.next_batch().expect("what was there is still read") {
        count += batch.count();
    }
    writer.close();
    assert_eq!(store.judge().len(), count);
}
