//! What can happen to a store's folder: several handles, moved, deleted, replaced, of another version.

use std::path::Path;

use mltrack_log::codec::identity::Format;
use mltrack_log::{Appended, Batch, Log, LogError, OpenOptions, Reader};

use crate::check::test_folder;

fn small() -> OpenOptions {
    OpenOptions {
        segment_len: 4096,
        ..OpenOptions::default()
    }
}

fn open(path: &Path) -> Log {
    Log::open(path, small()).expect("the store opens").0
}

fn append(log: &Log, payload: &[u8]) -> u64 {
    let mut batch = Batch::new();
    batch.push(1, 1, None, payload).expect("it fits");
    match log.append(&mut batch).expect("it is appended") {
        Appended::Visible { first, .. } => first.get(),
        Appended::Deferred => panic!("nobody holds the lock"),
    }
}

fn payloads(path: &Path) -> Vec<Vec<u8>> {
    let mut reader = Reader::open(path, &OpenOptions::default()).expect("the store opens");
    let mut all = Vec::new();
    while let Some(batch) = reader.next_batch().expect("every record can be read") {
        all.extend(batch.map(|record| record.payload.to_vec()));
    }
    all
}

#[test]
fn two_handles_and_two_stores_in_one_process_do_not_disturb_each_other() {
    let folder = test_folder();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let logs = [open(&first), open(&first), open(&second), open(&second)];
    assert_ne!(
        logs[0].writer().expect("open"),
        logs[1].writer().expect("open")
    );
    std::thread::scope(|scope| {
        for (number, log) in logs.iter().enumerate() {
            scope.spawn(move || {
                for round in 0..500u16 {
                    append(log, &[number as u8, round as u8, (round >> 8) as u8]);
                }
            });
        }
    });
    let [one, other, third, fourth] = logs;
    one.close().expect("closed");
    // Closing one handle takes no lock from the other.
    append(&other, b"\x01last");
    drop((other, third, fourth));
    let (left, right) = (payloads(&first), payloads(&second));
    assert_eq!((left.len(), right.len()), (1001, 1000));
    for number in 0..4u8 {
        let all = if number < 2 { &left } else { &right };
        let rounds = all
            .iter()
            .filter(|payload| payload[0] == number && payload.len() == 3);
        let rounds: Vec<u16> = rounds.map(|p| u16::from_le_bytes([p[1], p[2]])).collect();
        assert_eq!(rounds, (0..500).collect::<Vec<u16>>(), "handle {number}");
    }
}

#[test]
fn a_moved_folder_is_reported_at_the_next_sync_and_keeps_everything() {
    let folder = test_folder();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let log = open(&here);
    append(&log, b"before");
    std::fs::rename(&here, &there).expect("moved");
    append(&log, b"after");
    assert!(matches!(log.sync(), Err(LogError::Gone { .. })));
    assert_eq!(payloads(&there), [b"before".to_vec(), b"after".to_vec()]);
    std::fs::rename(&there, &here).expect("moved back");
    log.sync().expect("it is where it was");
    log.close().expect("closed");
    assert_eq!(payloads(&here).len(), 2);
}

#[test]
fn a_deleted_folder_is_reported_and_stops_nobody() {
    let folder = test_folder();
    let path = folder.path().join("store");
    let log = open(&path);
    append(&log, b"before");
    std::fs::remove_dir_all(&path).expect("deleted");
    assert!(matches!(log.sync(), Err(LogError::Gone { .. })));
    // Until a segment is full nothing needs the folder; then every append says what is wrong, and none hangs.
    let mut batch = Batch::new();
    let failed = (0..200).find_map(|_| {
        batch.clear();
        batch.push(1, 1, None, &[7; 100]).expect("it fits");
        log.append(&mut batch).err()
    });
    assert!(matches!(failed, Some(LogError::Gone { .. })), "{failed:?}");
    assert!(matches!(log.close(), Err(LogError::Gone { .. })));
}

#[test]
fn a_store_made_where_another_was_deleted_is_not_touched_by_the_old_one_s_handle() {
    let folder = test_folder();
    let path = folder.path().join("store");
    let old = open(&path);
    append(&old, b"old");
    std::fs::remove_dir_all(&path).expect("deleted");
    let new = open(&path);
    append(&new, b"new");
    append(&old, b"old again");
    assert!(matches!(old.sync(), Err(LogError::Gone { .. })));
    drop(old);
    append(&new, b"new again");
    new.close().expect("closed");
    assert_eq!(payloads(&path), [b"new".to_vec(), b"new again".to_vec()]);
}

/// Rewrites FORMAT of a store with one record.
fn with_format(change: impl FnOnce(&mut Format)) -> tempfile::TempDir {
    let folder = test_folder();
    append(&open(folder.path()), b"record");
    let path = folder.path().join("FORMAT");
    let mut format = Format::decode(&std::fs::read(&path).expect("read")).expect("ours");
    change(&mut format);
    std::fs::write(&path, format.encode()).expect("written");
    folder
}

#[test]
fn a_folder_of_something_else_is_refused_for_reading_and_writing() {
    let folder = test_folder();
    std::fs::write(folder.path().join("FORMAT"), [b'x'; 64]).expect("written");
    let refused = |error: Option<LogError>| matches!(error, Some(LogError::Format { .. }));
    assert!(refused(Log::open(folder.path(), small()).err()));
    assert!(refused(Reader::open(folder.path(), &small()).err()));
    let empty = test_folder();
    let reader = Reader::open(empty.path(), &small());
    assert!(matches!(reader.err(), Some(LogError::NotAStore { .. })));
}

#[test]
fn a_newer_store_is_opened_as_far_as_its_feature_bits_allow() {
    let newer = with_format(|format| format.minor = 7);
    append(
        &open(newer.path()),
        b"a higher minor version alone announces nothing",
    );
    let compatible = with_format(|format| format.compatible = 1 << 9);
    append(&open(compatible.path()), b"more");

    let read_only = with_format(|format| format.read_only_compatible = 1 << 3);
    assert_eq!(payloads(read_only.path()), [b"record".to_vec()]);
    let written = Log::open(read_only.path(), small()).err();
    assert!(matches!(written, Some(LogError::Format { .. })));

    let incompatible = with_format(|format| format.incompatible = 1 << 5);
    let read = Reader::open(incompatible.path(), &small())
        .err()
        .expect("refused");
    let text = with_causes(&read);
    assert!(text.contains("feature bit 5"), "the bit is named: {text}");
}

/// An error and what caused it, as a user sees it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[test]
fn a_first_batch_longer_than_the_first_segment_is_appended() {
    let folder = test_folder();
    let (log, _) = Log::open(folder.path(), OpenOptions::default()).expect("it opens");
    let large = vec![5; 3 << 20];
    append(&log, &large);
    append(&log, b"small");
    drop(log);
    assert_eq!(payloads(folder.path()), [large, b"small".to_vec()]);
    let report = mltrack_log::verify(folder.path(), &mltrack_log::VerifyOptions::default());
    assert!(report.expect("verify runs").is_sound());
}
