//! Damage in a place and in the store: named, refused, and mended by the next backup.

use std::fs;
use std::path::{Path, PathBuf};

use mltrack_backup::{Error, Place, check, prune};
use mltrack_log::{Log, LogError};

use crate::support::{Stage, files, options, push, read, restored};

/// The files that hold parts.
fn objects(stage: &Stage) -> Vec<PathBuf> {
    let all = files(&stage.path("backups"));
    let mut paths: Vec<PathBuf> = all.into_iter().map(|(path, _)| path).collect();
    paths.retain(|path| {
        let text = path.to_string_lossy();
        ["/blobs/", "/chunks/", "/manifests/"]
            .iter()
            .any(|folder| text.contains(folder))
    });
    paths
}

fn manifest(stage: &Stage) -> PathBuf {
    let mut found = files(&stage.path("backups/backups"));
    assert_eq!(found.len(), 1);
    found.remove(0).0
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("it is there");
    let at = bytes.len() * 2 / 3;
    bytes[at] ^= 1;
    fs::write(path, bytes).expect("it can be written");
}

/// Of a long part each look finds the first chunk that is wrong.
fn take_damage_away(place: &Place) {
    for _ in 0..100 {
        let checked = check(place, None, true, &|_| {}).expect("all is read");
        if checked.removed == 0 {
            return;
        }
    }
    panic!("after 100 looks there is still something to take away");
}

fn taken() -> Stage {
    let stage = Stage::new();
    stage.write(400);
    stage.put("weights");
    stage.put(&"abcdefgh".repeat(700_000));
    stage.back_up(&stage.place()).expect("it is taken");
    stage
}

#[test]
fn every_flipped_bit_and_every_missing_part_is_named_and_refused() {
    let stage = taken();
    let place = stage.place();
    for (number, object) in objects(&stage).iter().enumerate() {
        let whole = fs::read(object).expect("it is there");
        let hash = object
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        for is_gone in [false, true] {
            if is_gone {
                fs::remove_file(object).expect("it can be removed");
            } else {
                flip(object);
            }
            let checked = check(&place, None, false, &|_| {}).expect("all is read");
            assert!(!checked.is_sound(), "{}", object.display());
            let said = checked.damages.join("\n");
            assert!(said.contains(&hash[..16]), "{said}");
            let into = stage.path(&format!("into-{number}-{is_gone}"));
            let refused = restored(&place, &into).expect_err("it is damaged");
            assert!(refused.is_damage(), "{refused}");
            assert!(!into.join("FORMAT").exists(), "no store is left behind");
        }
        fs::write(object, whole).expect("it can be written");
    }
    restored(&place, &stage.path("again")).expect("all is whole again");
}

#[test]
fn what_is_damaged_is_taken_away_when_asked_and_stored_again_by_the_next_backup() {
    let stage = taken();
    let place = stage.place();
    for object in objects(&stage) {
        flip(&object);
    }
    let checked = check(&place, None, true, &|_| {}).expect("all is read");
    assert!(checked.removed > 0 && !checked.is_sound());
    take_damage_away(&place);
    stage.back_up(&place).expect("it is stored again");
    let checked = check(&place, None, true, &|_| {}).expect("all is read");
    assert!(checked.is_sound(), "{:?}", checked.damages);
    restored(&place, &stage.path("again")).expect("it is whole");
}

#[test]
fn what_a_killed_backup_left_is_read_before_the_next_one_takes_it_for_whole() {
    let stage = taken();
    let place = stage.place();
    let kept = place.ids().expect("they can be listed");
    stage.write(400);
    stage.put("left behind");
    stage.back_up(&place).expect("it is taken");
    // Its parts are there and its manifest is not.
    let newest = files(&stage.path("backups/backups"));
    let is_kept = |path: &Path| {
        let name = path.file_name().expect("a name").to_string_lossy();
        kept.iter().any(|id| name.starts_with(id.as_str()))
    };
    let (left, _) = newest.iter().find(|(path, _)| !is_kept(path)).expect("it");
    fs::remove_file(left).expect("it can be removed");
    for object in objects(&stage) {
        flip(&object);
    }
    take_damage_away(&place);
    stage.back_up(&place).expect("all of it is stored again");
    restored(&place, &stage.path("again")).expect("it is whole");
    assert_eq!(read(&stage.path("again")), read(&stage.store()));
}

#[test]
fn a_manifest_that_is_cut_short_is_told_from_one_that_is_not_there() {
    let stage = taken();
    let place = stage.place();
    let path = manifest(&stage);
    let whole = fs::read(&path).expect("it is there");
    for len in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..len]).expect("it can be written");
        let refused = restored(&place, &stage.path("into")).expect_err("it is cut");
        assert!(matches!(refused, Error::Manifest { .. }), "{refused}");
        let kept = place.list().expect("it can be listed");
        assert!(kept[0].manifest.is_none() && kept[0].flaw.is_some());
        let pruned = prune(&place, 1, false, false, &|_| {});
        assert!(
            matches!(pruned, Err(Error::State { .. })),
            "nothing goes then"
        );
    }
    fs::write(&path, whole).expect("it can be written");
    restored(&place, &stage.path("into")).expect("it is whole again");
}

#[test]
fn damage_in_the_log_is_not_backed_up_before_somebody_has_said_that_it_is_known() {
    let stage = Stage::new();
    stage.write(400);
    let names = files(&stage.store());
    let is_segment = |path: &Path| path.to_string_lossy().contains("/seg-");
    let (first, _) = names
        .iter()
        .find(|(path, _)| is_segment(path))
        .expect("a segment");
    let mut bytes = fs::read(first).expect("it is there");
    bytes[600] ^= 0x55;
    fs::write(first, bytes).expect("it can be written");
    let refused = stage.back_up(&stage.place()).expect_err("it is damaged");
    assert!(refused.is_damage(), "{refused}");
    assert!(refused.to_string().contains("seg-00000000000000000001.log"));
    mltrack_log::repair(&stage.store()).expect("it is written down");
    stage.back_up(&stage.place()).expect("it is taken");
    let into = stage.path("again");
    restored(&stage.place(), &into).expect("it is restored");
    assert_eq!(read(&into), read(&stage.store()));
}

#[test]
fn a_damaged_artifact_is_left_out_and_said() {
    let stage = Stage::new();
    stage.write(10);
    let (fine, wrong) = (stage.put("fine"), stage.put("wrong"));
    let path = files(&stage.store().join("artifacts/blobs"));
    let wrong = wrong.to_string();
    let (path, _) = path
        .iter()
        .find(|(path, _)| path.to_string_lossy().ends_with(&wrong))
        .expect("it is there");
    flip(path);
    let report = stage.back_up(&stage.place()).expect("the rest is taken");
    assert_eq!(report.damaged, [wrong]);
    assert_eq!(report.blobs, 1);
    let into = stage.path("again");
    restored(&stage.place(), &into).expect("it is restored");
    let found = files(&into.join("artifacts/blobs"));
    assert!(found[0].0.to_string_lossy().ends_with(&fine.to_string()));
}

#[test]
fn a_folder_with_something_in_it_is_not_restored_into() {
    let stage = taken();
    let into = stage.path("into");
    fs::create_dir(&into).expect("a folder");
    fs::write(into.join("mine"), "mine").expect("a file");
    let refused = restored(&stage.place(), &into).expect_err("it is not empty");
    assert!(matches!(refused, Error::State { .. }), "{refused}");
    assert_eq!(files(&into).len(), 1);
    fs::remove_file(into.join("mine")).expect("it can be removed");
    restored(&stage.place(), &into).expect("an empty one is filled");
}

#[test]
fn a_restoration_that_was_killed_is_gone_on_with() {
    let stage = taken();
    let place = stage.place();
    let into = stage.path("into");
    fs::create_dir(&into).expect("a folder");
    fs::write(into.join("RESTORING.tmp"), "2026").expect("a file");
    // It was killed when half of its files were there, and one was only begun.
    restored(&place, &into).expect("it was killed at once and is begun again");
    let id = place.ids().expect("they can be listed").remove(0);
    fs::write(into.join("RESTORING"), format!("{id}\n")).expect("a file");
    fs::remove_file(into.join("FORMAT")).expect("it can be removed");
    let segments = files(&into);
    let (first, _) = &segments[segments.len() - 1];
    fs::write(first, "begun").expect("a file");
    restored(&place, &into).expect("it is finished");
    assert_eq!(read(&into), read(&stage.store()));
    assert!(!into.join("RESTORING").exists());
}

#[test]
fn nobody_writes_to_a_store_that_is_being_restored() {
    let stage = taken();
    let place = stage.place();
    let into = stage.path("into");
    restored(&place, &into).expect("it is restored");
    let id = place.ids().expect("they can be listed").remove(0);
    fs::write(into.join("RESTORING"), format!("{id}\n")).expect("a file");
    for is_whole in [true, false] {
        if !is_whole {
            fs::remove_file(into.join("FORMAT")).expect("it can be removed");
        }
        let opened = Log::open(&into, options()).map(drop);
        let refused = opened.expect_err("it is not whole");
        assert!(matches!(refused, LogError::Unfinished { .. }), "{refused}");
    }
    restored(&place, &into).expect("it is finished");
    assert_eq!(read(&into), read(&stage.store()));
}

#[test]
fn a_store_is_restored_neither_into_another_nor_among_the_backups() {
    let stage = taken();
    let place = stage.place();
    let backups = place.folder().expect("it is one").to_owned();
    for into in [stage.store().join("inner"), backups.join("deep/inner")] {
        let refused = restored(&place, &into).expect_err("it would go with it");
        assert!(refused.to_string().contains("lies inside"), "{refused}");
        assert!(!into.exists());
    }
}

#[test]
fn a_half_verified_store_that_somebody_wrote_to_is_left_alone() {
    let stage = taken();
    let place = stage.place();
    let into = stage.path("into");
    restored(&place, &into).expect("it is restored");
    // It was killed before it took the marker away, and somebody used the store as it was.
    let id = place.ids().expect("they can be listed").remove(0);
    let (log, _) = Log::open(&into, options()).expect("it opens");
    push(&log, 0);
    log.close().expect("closes");
    fs::write(into.join("RESTORING"), format!("{id}\n")).expect("a file");
    let before = read(&into);
    let refused = restored(&place, &into).expect_err("it is a store by now");
    assert!(matches!(refused, Error::State { .. }), "{refused}");
    assert_eq!(read(&into), before);
}
