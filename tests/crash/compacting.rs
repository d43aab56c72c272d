//! Compaction beside everything else: killed at every step, among writers and tailers, while the folder is copied.

use mltrack_log::failpoint::POINTS;
use mltrack_log::{Depth, OpenOptions, Reader, VerifyOptions};

use crate::check::Store;
use crate::copies::check_copy;
use crate::points::group;
use crate::process::{Process, ROUNDS_MIN, number, rounds_per_point};

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

fn kill_compactors(point: &str, kills: u64) {
    let mut store = Store::new();
    let mut writers = [store.open_writer(&["big=1"]), store.open_writer(&[])];
    let tailer = store.tailer();
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        round += 1;
        assert!(
            round <= 20 + 4 * kills,
            "{point}: {killed} kills in {round} rounds"
        );
        for writer in &mut writers {
            writer.tell("go 5");
        }
        let action = if round % 3 == 0 { "orphan" } else { "kill" };
        let fail = format!("{point}:{}:{action}", 1 + round % 3);
        let mut victim = store.compactor(&["keep_ms=0"], Some(&fail));
        victim.tell("go 1");
        victim.end_input();
        killed += u64::from(victim.is_killed());
        for writer in &mut writers {
            writer.expect("done");
        }
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
    compactor.close();
    assert!(packed > 100, "only {packed} segments were packed");
    writers.into_iter().for_each(Process::close);
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
    assert!(packed > 100, "only {packed} segments were packed");
    compactor.close();
    check_copy(&store, 2);
    writers.into_iter().for_each(Process::close);
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
