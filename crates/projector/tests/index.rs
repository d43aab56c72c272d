//! The driver of indexes, with a projector of somebody else: rows and checkpoint together, and nothing stops the caller.

use std::path::Path;

use mltrack_log::{Batch, Log, OpenOptions};
use mltrack_projector::index::{self, Index, Rows, Stored, TakeChange};
use mltrack_projector::{Body, Entry, Follower, Projector};

/// Counts entries by what can be done with them.
struct Counter;

#[derive(Default)]
struct State {
    unreadable: u64,
    others: u64,
    /// The next asking for changes panics, once.
    is_armed: bool,
}

impl Projector for Counter {
    const NAME: &'static str = "counter";
    const VERSION: u32 = 1;
    type State = State;

    fn apply(state: &mut State, entry: &Entry<'_>) {
        match &entry.body {
            Body::Unreadable(_) => state.unreadable += 1,
            _ => state.others += 1,
        }
    }
}

impl Stored for Counter {
    fn rows(state: &State, row: &mut dyn FnMut(&[u8], Vec<u8>)) {
        row(b"unreadable", state.unreadable.to_le_bytes().to_vec());
        row(b"others", state.others.to_le_bytes().to_vec());
    }

    fn restore(rows: &Rows) -> Result<State, String> {
        let number = |key: &[u8]| {
            let bytes = rows.get(key).and_then(|row| row.as_slice().try_into().ok());
            bytes.map(u64::from_le_bytes).ok_or("a count is missing")
        };
        Ok(State {
            unreadable: number(b"unreadable")?,
            others: number(b"others")?,
            is_armed: false,
        })
    }

    fn changes(state: &mut State, _: &mut TakeChange<'_>) -> bool {
        assert!(!std::mem::take(&mut state.is_armed), "somebody's mistake");
        false
    }
}

/// A log of so many records that nobody understands.
fn log(folder: &Path, count: usize) -> Log {
    let (log, _) = Log::open(&folder.join("store"), OpenOptions::default()).unwrap();
    append(&log, count);
    log
}

fn append(log: &Log, count: usize) {
    let mut batch = Batch::new();
    for _ in 0..count {
        batch.push(0xFFF0, 1, None, b"?").unwrap();
    }
    log.append(&mut batch).unwrap();
}

#[test]
fn a_state_is_kept_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (log, path) = (log(folder.path(), 3), folder.path().join("counter"));
    for (new, folded) in [(1, 4), (5, 5), (2, 2)] {
        append(&log, new);
        let (mut index, set_aside) = Index::<Counter>::open(&path).unwrap();
        assert_eq!(set_aside, None);
        let reader = log.reader().unwrap();
        let mut follower = match index.load().unwrap().found {
            Some((state, cursor)) => Follower::<Counter>::resume(reader, state, cursor).unwrap(),
            None => Follower::new(reader),
        };
        follower.catch_up().unwrap();
        assert_eq!(follower.counts().folded, folded);
        let cursor = follower.checkpoint();
        index.update(follower.state_mut(), cursor).unwrap();
        assert_eq!(index.checkpoint().unwrap(), Some(cursor));
        drop(index);
        let check = index::check::<Counter>(&path, log.reader().unwrap()).unwrap();
        assert!(check.is_same() && check.rows == 2, "{check:?}");
    }
}

#[test]
fn a_panic_while_rows_are_written_sets_the_folder_aside_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (log, path) = (log(folder.path(), 3), folder.path().join("counter"));
    let mut follower = Follower::<Counter>::new(log.reader().unwrap());
    follower.catch_up().unwrap();
    let cursor = follower.checkpoint();
    {
        let (mut index, _) = Index::<Counter>::open(&path).unwrap();
        index.update(follower.state_mut(), cursor).unwrap();
        follower.state_mut().is_armed = true;
        let written = index.update(follower.state_mut(), cursor).unwrap();
        let set_aside = written.set_aside.unwrap();
        assert!(set_aside.why.contains("somebody's mistake"), "{set_aside}");
        assert_eq!(set_aside.to, folder.path().join("counter.set-aside-1"));
        assert_eq!(written.rows_written, 2);
    }
    let check = index::check::<Counter>(&path, log.reader().unwrap()).unwrap();
    assert!(check.is_same(), "{check:?}");
}

#[test]
fn rows_that_make_no_state_are_damage() {
    let folder = tempfile::tempdir().unwrap();
    let (log, path) = (log(folder.path(), 1), folder.path().join("counter"));
    index::rebuild::<Counter>(&path, log.reader().unwrap(), |_| {}).unwrap();
    {
        // The lock of a database that was closed comes free a moment later.
        let config = sled::Config::new().path(&path);
        let database = std::iter::repeat_with(|| config.open()).find_map(Result::ok);
        let database = database.unwrap();
        database.remove(b"others").unwrap();
        database.flush().unwrap();
    }
    let loaded = index::load::<Counter>(&path).unwrap();
    assert!(loaded.found.is_none());
    assert_eq!(loaded.set_aside.unwrap().why, "a count is missing");
    assert!(!path.exists());
}
