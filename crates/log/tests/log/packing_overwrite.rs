//! Records that are written over: everything of them stays but their bytes.

use std::collections::BTreeMap;

use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{Batch, CompactOptions, Log, Lsn, OwnedRecord, StreamId};

use crate::packing::{at_once, compact, grown, verified};
use crate::support::{options, read_store};

/// Bytes of all files of a store, where nothing packs them: the plain packer copies.
fn holds(disk: &MemoryDisk, needle: &[u8]) -> bool {
    disk.names().iter().any(|name| {
        let file = disk.handle().open(name, mltrack_log::medium::Mode::Read);
        let file = file.expect("a file that is listed opens");
        let mut bytes = vec![0; file.len().expect("it has a length") as usize];
        file.read_at(&mut bytes, 0).expect("it reads");
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[test]
fn what_is_written_over_is_gone_from_every_file_and_all_else_stays() {
    let disk = grown(11);
    let secret = b"correct horse battery staple";
    let (log, _) = Log::on(disk.handle(), options()).expect("opens");
    let mut batch = Batch::new();
    batch.push(7, 1, Some(5), b"before").expect("small");
    batch.push(7, 2, Some(6), secret).expect("small");
    batch.push(7, 1, None, b"behind").expect("small");
    let first = match log.append(&mut batch).expect("appends") {
        mltrack_log::Appended::Visible { first, .. } => first,
        mltrack_log::Appended::Deferred => panic!("nothing is in the way"),
    };
    let (before, _) = read_store(&disk).expect("reads");
    for _ in 0..2 {
        batch.push(9, 1, None, b"scrubbed").expect("small");
        log.append_rolled(&mut batch, StreamId(1)).expect("rolls");
    }
    assert!(holds(&disk, secret));
    let payloads = BTreeMap::from([(first.plus(1), Some(b"***".to_vec()))]);
    let overwriting = CompactOptions {
        overwrite: Some(&payloads),
        floor: Some(first.plus(3)),
        ..at_once()
    };
    let done = log.compact(&overwriting).expect("compacts");
    assert_eq!((done.packed, done.overwritten_records), (1, 1), "{done:?}");
    assert!(!holds(&disk, secret));
    log.close().expect("closes");
    let (after, reader) = read_store(&disk).expect("reads");
    assert_eq!(after.len(), before.len() + 2);
    for (old, new) in before.iter().zip(&after) {
        if old.lsn == first.plus(1) {
            let expected = OwnedRecord {
                payload: b"***".to_vec(),
                ..old.clone()
            };
            assert_eq!(*new, expected);
        } else {
            assert_eq!(new, old);
        }
    }
    let report = verified(&disk);
    assert_eq!(report.purged.len(), 1);
    assert_eq!(report.purged[0].count, 0);
    assert_eq!(report.purged[0].first, first.plus(1));
    assert_eq!(reader.floor().expect("reads"), Some(first.plus(3)));
    compact(&disk, &at_once());
    assert_eq!(read_store(&disk).expect("reads").0, after);
}

#[test]
fn a_segment_that_is_packed_already_is_written_over_too() {
    let disk = grown(12);
    compact(&disk, &at_once());
    let (before, _) = read_store(&disk).expect("reads");
    let chosen: Vec<Lsn> = before.iter().step_by(97).map(|record| record.lsn).collect();
    let payloads: BTreeMap<Lsn, Option<Vec<u8>>> =
        chosen.iter().map(|lsn| (*lsn, Some(vec![42; 3]))).collect();
    let overwriting = CompactOptions {
        overwrite: Some(&payloads),
        ..at_once()
    };
    let said = compact(
        &disk,
        &CompactOptions {
            is_dry_run: true,
            ..overwriting.clone()
        },
    );
    let done = compact(&disk, &overwriting);
    assert_eq!(said.overwritten_records, done.overwritten_records);
    let (after, _) = read_store(&disk).expect("reads");
    assert_eq!(after.len(), before.len());
    let changed = before.iter().zip(&after).filter(|(old, new)| old != new);
    assert_eq!(changed.count(), done.overwritten_records as usize);
    assert!(done.overwritten_records > 5);
    verified(&disk);
    let gone: BTreeMap<Lsn, Option<Vec<u8>>> = payloads
        .into_keys()
        .take(2)
        .map(|lsn| (lsn, None))
        .collect();
    let done = compact(
        &disk,
        &CompactOptions {
            overwrite: Some(&gone),
            ..at_once()
        },
    );
    assert_eq!((done.dropped_records, done.overwritten_records), (2, 0));
    let (rest, _) = read_store(&disk).expect("reads");
    let expected = after
        .into_iter()
        .filter(|record| !gone.contains_key(&record.lsn));
    assert_eq!(rest, expected.collect::<Vec<_>>());
    verified(&disk);
}

#[test]
fn an_append_that_rolls_begins_a_segment_unless_it_stands_at_one_s_start() {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), options()).expect("opens");
    let roll = || {
        let mut batch = Batch::new();
        batch.push(9, 1, None, b"x").expect("small");
        log.append_rolled(&mut batch, StreamId(1)).expect("rolls");
        log.reader().expect("opens").segments().len()
    };
    assert_eq!([roll(), roll(), roll()], [1, 2, 3]);
    log.close().expect("closes");
    let (records, _) = read_store(&disk).expect("reads");
    assert_eq!(records.len(), 3);
    verified(&disk);
}
