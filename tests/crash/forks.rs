//! Forks of a process that has the store open.

use std::time::Duration;

use mltrack_log::{OpenOptions, Reader, WriterId};

use crate::check::Store;
use crate::process::{Process, number, until};

#[test]
fn a_forked_child_appends_as_a_writer_of_its_own_and_its_parent_goes_on() {
    let mut store = Store::new();
    let mut parent = store.writer(&[], None);
    let writer = parent.expect_open();
    let child_client = store.take_client();
    parent.run("go 3");
    parent.tell("fork");
    let (mut child, mut is_done) = (None, false);
    while child.is_none() || !is_done {
        let line = parent.answer().expect("the parent lives");
        let words: Vec<&str> = line.split(' ').collect();
        match words[0] {
            "child" => child = Some((WriterId(number(words[1])), number::<u64>(words[2]))),
            "done" => is_done = true,
            _ => panic!("{line}"),
        }
    }
    let (child, lsn) = child.expect("just seen");
    assert_ne!(child, writer);
    let reader = Reader::open(&store.path(), &OpenOptions::default()).expect("it opens");
    until(Duration::from_secs(1), "the child is gone", || {
        !reader.is_alive(child).expect("asked")
    });
    assert!(
        reader.is_alive(writer).expect("asked"),
        "the parent is there"
    );
    parent.run("go 3");
    parent.close();
    let seen = store.judge();
    let of_child: Vec<_> = seen
        .iter()
        .filter(|record| record.client == u64::from(child_client))
        .collect();
    assert_eq!(of_child.len(), 1);
    assert_eq!(of_child[0].lsn, lsn);
}

#[test]
fn a_sleeping_child_of_a_killed_process_holds_neither_its_liveness_nor_the_lock() {
    let mut store = Store::new();
    let mut other = store.open_writer(&["wait_ms=1000"]);
    for fail in [
        "append.copied:3:orphan",
        "lock.taken:2:orphan",
        "sync.segments:1:orphan",
    ] {
        let mut parent = store.writer(&["fork=sleep", "sync=2"], Some(fail));
        let writer = parent.expect_open();
        parent.tell("go 10");
        assert!(parent.is_killed(), "{fail}");
        let reader = Reader::open(&store.path(), &OpenOptions::default()).expect("it opens");
        let is_gone = || !reader.is_alive(writer).expect("the kernel says");
        until(Duration::from_secs(1), "the parent counts as gone", is_gone);
        other.run("go 5");
        other.run("sync");
    }
    assert_eq!(store.deferred(1), 0, "nobody had to wait for a child");
    Process::close(other);
    store.judge();
}
