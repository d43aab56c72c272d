//! What a later backup copies, and what becomes of it when segments are packed, kept copies thinned out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use mltrack_backup::prune;
use mltrack_log::{CompactOptions, Log, OpenOptions, PlainPacker, compact};

use crate::support::{Stage, files, options, push, read, restored, restored_at, until};

fn size(stage: &Stage) -> u64 {
    files(&stage.path("backups"))
        .iter()
        .map(|(_, len)| len)
        .sum()
}

#[test]
fn a_second_backup_copies_only_what_is_new() {
    let stage = Stage::new();
    // A writer that closes has its segments sealed, a few at a time.
    for _ in 0..40 {
        stage.write(100);
    }
    let place = stage.place();
    let first = stage.back_up(&place).expect("it is taken");
    let after_first = size(&stage);
    stage.write(20);
    let second = stage.back_up(&place).expect("it is taken");
    let grown = size(&stage) - after_first;
    assert!(first.new_parts > 20, "{first:?}");
    // The segment that was active, the ones begun since, and the list of artifacts is the same.
    assert!(second.new_parts <= 4, "{second:?}");
    assert!(second.read_bytes < first.read_bytes / 10, "{second:?}");
    let manifest = 2 * u64::from(u16::MAX);
    assert!(grown < second.read_bytes + manifest, "{grown} more bytes");
    assert!(second.new_bytes <= grown);
    let third = stage.back_up(&place).expect("it is taken");
    assert_eq!(third.new_bytes, 0, "nothing was written since: {third:?}");
}

#[test]
fn every_backup_restores_to_its_own_moment() {
    let stage = Stage::new();
    let place = stage.place();
    let mut taken = Vec::new();
    for _ in 0..4 {
        stage.write(150);
        let report = stage.back_up(&place).expect("it is taken");
        taken.push((
            report.id.expect("a name"),
            report.last.expect("records").get(),
        ));
    }
    let all = read(&stage.store());
    for (number, (id, lsn)) in taken.iter().enumerate() {
        let into = stage.path(&format!("at-{number}"));
        restored_at(&place, &into, Some(id.as_str())).expect("it is restored");
        assert_eq!(read(&into), until(all.clone(), *lsn), "{id}");
    }
}

#[test]
fn segments_that_are_packed_between_two_backups_are_restored_from_either() {
    let stage = Stage::new();
    let place = stage.place();
    stage.write(2000);
    let first = stage.back_up(&place).expect("it is taken");
    let before = read(&stage.store());
    let packed = compact(
        &stage.store(),
        OpenOptions::default(),
        &CompactOptions::new(Arc::new(PlainPacker)),
    )
    .expect("it is packed");
    assert!(packed.packed > 0, "{packed:?}");
    stage.write(30);
    let second = stage.back_up(&place).expect("it is taken");
    let (old, new) = (stage.path("old"), stage.path("new"));
    let id = first.id.expect("a name");
    restored_at(&place, &old, Some(id.as_str())).expect("it is restored");
    assert_eq!(read(&old), before);
    restored(&place, &new).expect("it is restored");
    assert_eq!(read(&new), read(&stage.store()));
    let names = files(&new);
    let is_pack = |path: &std::path::Path| path.to_string_lossy().contains("/pack-");
    assert!(names.iter().any(|(path, _)| is_pack(path)), "{names:?}");
    assert_eq!(second.segments as usize, segments(&new).len());
    assert_eq!(segments(&new), segments(&stage.store()));
}

/// The files that hold a log. A segment stays beside its packed form for a while; the packed one counts then.
fn segments(store: &Path) -> Vec<String> {
    let mut by_base = BTreeMap::new();
    for (path, _) in files(store) {
        let name = path.file_name().expect("a name").to_string_lossy();
        let Some((form, rest)) = name.split_once('-') else {
            continue;
        };
        if form == "pack" || form == "seg" {
            // "pack" sorts before "seg".
            let base = rest[..20].to_owned();
            by_base.entry(base).or_insert_with(|| name.into_owned());
        }
    }
    by_base.into_values().collect()
}

#[test]
fn writing_goes_on_in_a_restored_store_with_lsns_of_its_own() {
    let stage = Stage::new();
    stage.write(300);
    let report = stage.back_up(&stage.place()).expect("it is taken");
    let into = stage.path("again");
    restored(&stage.place(), &into).expect("it is restored");
    let last = report.last.expect("records").get();
    let (log, _) = Log::open(&into, options()).expect("it opens");
    push(&log, 0);
    log.close().expect("closes");
    let seen = read(&into);
    assert_eq!(until(seen.clone(), last), read(&stage.store()));
    assert_eq!(seen.len(), read(&stage.store()).len() + 1);
    assert!(seen.last().expect("records").0 > last);
    // And it can be backed up in its turn, beside the one that it comes from.
    let second = Stage::new();
    std::fs::rename(&into, second.store()).expect("it is moved");
    second.back_up(&stage.place()).expect("it is taken");
}

#[test]
fn pruning_keeps_the_newest_and_frees_what_only_the_others_needed() {
    let stage = Stage::new();
    let place = stage.place();
    let old = stage.put(&"old weights ".repeat(1000));
    stage.write(500);
    stage.back_up(&place).expect("it is taken");
    stage.root().purge(&old).expect("it is freed in the store");
    stage.put("new weights");
    stage.write(500);
    stage.back_up(&place).expect("it is taken");
    let full = size(&stage);
    let planned = prune(&place, 1, true, false, &|_| {}).expect("it is counted");
    assert_eq!(size(&stage), full, "a dry run frees nothing");
    let done = prune(&place, 1, false, false, &|_| {}).expect("it is done");
    assert_eq!(planned.removed, done.removed);
    assert_eq!((done.removed.len(), done.kept), (1, 1));
    assert!(
        done.objects > 0 && done.objects == planned.objects,
        "{done:?}"
    );
    assert!(size(&stage) < full);
    let into = stage.path("again");
    restored(&place, &into).expect("the newest is whole");
    assert_eq!(read(&into), read(&stage.store()));
    let again = prune(&place, 1, false, false, &|_| {}).expect("it is done");
    assert_eq!((again.removed.len(), again.objects), (0, 0));
}
