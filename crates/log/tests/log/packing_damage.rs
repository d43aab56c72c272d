//! Damage in packed segments: every flipped byte is noticed or harmless, nothing invented is read, and the rest stays.

use std::sync::Arc;
use std::time::Duration;

use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{
    CompactOptions, CompactReport, Depth, Log, LogError, OwnedRecord, Packer, Reader, SegmentInfo,
    VerifyOptions, repair_on, verify_on,
};

use crate::packing::{Strange, at_once, compact, grown, plain};
use crate::support::{Dice, options, read_rest, read_rest_into, read_store, rounds};

fn packs(disk: &MemoryDisk) -> Vec<String> {
    let mut names = disk.names();
    names.retain(|name| name.starts_with("pack-") && name.contains(".log"));
    names
}

fn is_sound(disk: &MemoryDisk) -> bool {
    let options = VerifyOptions {
        depth: Depth::Deep,
        ..VerifyOptions::default()
    };
    let report = verify_on(&disk.handle(), &options).expect("verify runs on a damaged store");
    report.is_sound()
}

/// Everything that can be read, stepping over damage; and whether there was any.
fn read_around(disk: &MemoryDisk) -> (Vec<OwnedRecord>, bool) {
    let mut reader = Reader::on(disk.handle()).expect("the store opens");
    let (mut records, mut is_damaged) = (Vec::new(), false);
    while let Err(error) = read_rest_into(&mut reader, &mut records) {
        assert!(matches!(error, LogError::Corrupt { .. }), "{error}");
        reader.skip_damage().expect("damage can be stepped over");
        is_damaged = true;
    }
    (records, is_damaged)
}

/// A closed store with packed segments alone but for the newest two.
fn packed(seed: u64) -> (MemoryDisk, CompactReport) {
    let disk = grown(seed);
    let report = compact(&disk, &at_once());
    (disk, report)
}

fn assert_subset(found: &[OwnedRecord], all: &[OwnedRecord], context: &str) {
    let mut rest = all.iter();
    for record in found {
        let is_there = rest.any(|other| other == record);
        assert!(is_there, "{context}: {record:?} is invented");
    }
}

#[test]
fn every_flipped_byte_of_a_packed_segment_is_noticed() {
    let (disk, _) = packed(31);
    let (records, _) = read_store(&disk).expect("the store reads");
    let name = &packs(&disk)[1];
    let len = disk.bytes(name).len();
    let step = 1 + len / (400 * rounds() as usize);
    for at in (0..len).step_by(step) {
        let mut original = Vec::new();
        disk.corrupt(name, |bytes| {
            original.clone_from(bytes);
            bytes[at] ^= 1 << (at % 8);
        });
        assert!(!is_sound(&disk), "byte {at} of {name} is not noticed");
        let (found, is_damaged) = read_around(&disk);
        assert_subset(&found, &records, name);
        assert_eq!(is_damaged, found.len() < records.len(), "byte {at}");
        disk.corrupt(name, |bytes| *bytes = original);
    }
    assert_eq!(read_store(&disk).expect("reads").0, records);
}

#[test]
fn a_packed_segment_that_was_cut_or_filled_with_noise_is_named_and_hides_only_itself() {
    let (disk, _) = packed(32);
    let (records, reader) = read_store(&disk).expect("the store reads");
    let name = packs(&disk)[2].clone();
    let mut segments = reader.segments().into_iter();
    let is_named = |segment: &SegmentInfo| name.contains(&format!("{:020}", segment.base.get()));
    let segment = segments.find(is_named).expect("a packed segment is one");
    let mut dice = Dice(5);
    let whole = disk.bytes(&name);
    for round in 0..60 {
        disk.corrupt(&name, |bytes| {
            bytes.clone_from(&whole);
            let at = dice.below(bytes.len() as u64) as usize;
            if round % 2 == 0 {
                bytes.truncate(at);
            } else {
                bytes[at..]
                    .iter_mut()
                    .for_each(|byte| *byte = dice.word() as u8);
            }
        });
        let (found, is_damaged) = read_around(&disk);
        assert!(is_damaged && !is_sound(&disk), "round {round}");
        let is_other =
            |record: &&OwnedRecord| record.lsn < segment.base || record.lsn >= segment.next;
        let others: Vec<_> = records.iter().filter(is_other).cloned().collect();
        assert_subset(&found, &records, &name);
        assert_subset(&others, &found, &name);
    }
}

#[test]
fn repair_quarantines_a_damaged_packed_segment_and_what_follows_is_read_without_asking() {
    for at_end in [false, true] {
        let (disk, _) = packed(33);
        let (records, _) = read_store(&disk).expect("the store reads");
        let name = packs(&disk)[3].clone();
        disk.corrupt(&name, |bytes| {
            let at = if at_end { bytes.len() - 30 } else { 400 };
            bytes[at] ^= 8;
        });
        let (around, _) = read_around(&disk);
        let repaired = repair_on(&disk.handle(), options()).expect("repairs");
        assert_eq!(repaired.quarantined.len(), 1, "{:?}", repaired.quarantined);
        assert!(is_sound(&disk), "what is quarantined is known");
        let (found, _) = read_store(&disk).expect("the rest reads");
        assert!(found.len() < records.len());
        assert_eq!(found, around);
        let again = compact(&disk, &at_once());
        assert_eq!(again.packed, 0, "{again:?}");
        let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
        log.close().expect("closes");
    }
}

#[test]
fn as_long_as_the_segment_is_there_damage_to_its_packed_form_loses_nothing() {
    for at_end in [false, true] {
        let disk = grown(34);
        let (records, _) = read_store(&disk).expect("the store reads");
        compact(&disk, &plain());
        let name = packs(&disk)[3].clone();
        disk.corrupt(&name, |bytes| {
            let at = if at_end { bytes.len() - 30 } else { 400 };
            bytes[at] ^= 8;
        });
        assert!(!is_sound(&disk), "it is named");
        let swept = compact(&disk, &at_once());
        assert!(
            swept.bytes_freed > 0 && !is_sound(&disk),
            "the original stays"
        );
        repair_on(&disk.handle(), options()).expect("repairs");
        assert!(is_sound(&disk), "at_end {at_end}");
        assert_eq!(read_store(&disk).expect("reads").0, records);
        assert!(!packs(&disk).contains(&name), "it was set aside");
        let again = compact(&disk, &at_once());
        assert_eq!(again.packed, 1, "{again:?}");
        assert_eq!(read_store(&disk).expect("reads").0, records);
        assert!(is_sound(&disk));
    }
}

#[test]
fn damage_is_found_and_quarantined_without_the_packer_too() {
    let disk = grown(35);
    let (records, reader) = read_store(&disk).expect("the store reads");
    let strange: Arc<dyn Packer> = Arc::new(Strange);
    let packing = CompactOptions {
        keep_replaced: Duration::ZERO,
        ..CompactOptions::new(Arc::clone(&strange))
    };
    compact(&disk, &packing);
    let name = packs(&disk)[0].clone();
    disk.corrupt(&name, |bytes| bytes[330] ^= 1);
    assert!(!is_sound(&disk));
    let repaired = repair_on(&disk.handle(), options()).expect("repairs");
    assert_eq!(repaired.quarantined.len(), 1, "{:?}", repaired.quarantined);
    let mut known = Reader::on_with(disk.handle(), vec![strange]).expect("opens");
    let rest = read_rest(&mut known).expect("what is left reads");
    let segments = reader.segments();
    let is_named = |segment: &&SegmentInfo| name.contains(&format!("{:020}", segment.base.get()));
    let lost = segments.iter().find(is_named).expect("it is one of them");
    let is_left = |record: &&OwnedRecord| !(lost.base..lost.next).contains(&record.lsn);
    let left: Vec<_> = records.iter().filter(is_left).cloned().collect();
    assert_eq!(rest, left);
}
