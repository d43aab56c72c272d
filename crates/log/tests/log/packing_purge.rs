//! Records that are dropped on purpose, and blocks that are read without their records.

use mltrack_log::{CompactOptions, Lsn, OwnedRecord, PackRecord, Packer, PlainPacker, Reader};

use crate::packing::{at_once, compact, grown, verified};
use crate::support::read_store;

/// Records with this payload byte at their start are meant.
fn is_marked(record: &PackRecord<'_>) -> bool {
    record.payload.first().is_some_and(|byte| *byte < 60)
}

#[test]
fn dropped_records_are_gone_and_all_others_keep_their_lsns() {
    let disk = grown(7);
    compact(&disk, &at_once());
    let (before, _) = read_store(&disk).expect("the store reads");
    let floor = Lsn::new(77);
    let dropping = CompactOptions {
        drop: Some(&is_marked),
        floor,
        ..at_once()
    };
    let said = compact(
        &disk,
        &CompactOptions {
            is_dry_run: true,
            ..dropping.clone()
        },
    );
    let done = compact(&disk, &dropping);
    assert!(done.packed > 5, "{done:?}");
    assert_eq!(said.dropped_records, done.dropped_records);
    let (after, reader) = read_store(&disk).expect("the store reads");
    let last_old = reader
        .segments()
        .into_iter()
        .rev()
        .nth(1)
        .expect("segments")
        .base;
    let is_left = |record: &OwnedRecord| {
        record.payload.first().is_none_or(|byte| *byte >= 60) || record.lsn >= last_old
    };
    let left: Vec<_> = before
        .iter()
        .filter(|record| is_left(record))
        .cloned()
        .collect();
    assert_eq!(after, left);
    assert_eq!(before.len() - after.len(), done.dropped_records as usize);
    let report = verified(&disk);
    let purged: u64 = report.purged.iter().map(|purged| purged.count).sum();
    assert_eq!(purged, done.dropped_records);
    assert_eq!(reader.purged().expect("reads"), report.purged);
    assert_eq!(reader.floor().expect("reads"), floor);
    let again = compact(&disk, &dropping);
    assert_eq!((again.packed, again.dropped_records), (0, 0), "{again:?}");
    let all = |_: &PackRecord<'_>| true;
    let emptied = compact(
        &disk,
        &CompactOptions {
            drop: Some(&all),
            ..at_once()
        },
    );
    assert!(emptied.packed >= done.packed, "{emptied:?}");
    let (rest, reader) = read_store(&disk).expect("a store without old records reads");
    let is_new = |record: &&OwnedRecord| record.lsn >= last_old;
    let new: Vec<_> = before.iter().filter(is_new).cloned().collect();
    assert_eq!(rest, new);
    assert_eq!(reader.floor().expect("reads"), floor);
    verified(&disk);
}

#[test]
fn blocks_tile_the_packed_segments_and_can_be_read_without_their_names() {
    let disk = grown(9);
    compact(&disk, &at_once());
    let reader = Reader::on(disk.handle()).expect("opens");
    let blocks = reader.packed().expect("reads");
    let segments = reader.segments();
    let packed = segments.iter().filter(|segment| segment.is_packed);
    let ends: Vec<_> = packed.map(|segment| (segment.base, segment.next)).collect();
    let found: Vec<_> = blocks
        .iter()
        .map(|block| (block.first_lsn, block.next_lsn))
        .collect();
    assert_eq!(found, ends, "small segments have one block each");
    let everything = |_: &PackRecord<'_>| true;
    let emptying = CompactOptions {
        drop: Some(&everything),
        ..at_once()
    };
    compact(&disk, &emptying);
    for block in &blocks {
        let mut bytes = vec![0; block.len() as usize];
        block
            .read_at(0, &mut bytes)
            .expect("its file is still open");
        let mut lsns = Vec::new();
        PlainPacker
            .unpack(&bytes, &mut |record| lsns.push(record.lsn))
            .expect("unpacks");
        assert_eq!(lsns.len(), block.record_count as usize);
        assert_eq!(lsns.first(), Some(&block.first_lsn));
        assert!(block.is_whole().expect("reads"));
        assert!(block.read_at(1, &mut bytes).is_err(), "ends before");
    }
}
