//! A backup that version 1 of the manifest wrote once: every later version lists, checks and restores it.
//!
//! Invariants: the files below `tests/golden/backups` never change. `MLTRACK_BLESS=1` makes them when they are missing and
//! touches none that is there. A test reads a copy, never the golden folder itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use mltrack_artifact::BlobHash;
use mltrack_backup::{check, prune};

use crate::support::{Stage, files, read, restored, root_at, until};

const NAME: &str = "20261122T132716Z-a42400ff9f70d6dd";
static BLESSING: Once = Once::new();
const BLOB: &str = "the bytes of an artifact";
const KEY: &[u8] = b"no real key\n";

fn golden(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    root.join(path)
}

fn copy(from: &Path, to: &Path) {
    for (path, _) in files(from) {
        let target = to.join(path.strip_prefix(from).expect("it is below"));
        fs::create_dir_all(target.parent().expect("a folder")).expect("it is made");
        fs::copy(&path, &target).expect("it is copied");
    }
}

/// A stage whose place is a copy of the golden one.
fn stage() -> Stage {
    let (stage, source) = (Stage::new(), golden("backups/v1"));
    BLESSING.call_once(|| {
        let is_asked = std::env::var_os("MLTRACK_BLESS").is_some_and(|value| value == "1");
        if is_asked && !source.exists() {
            make(&source);
        }
    });
    assert!(
        source.is_dir(),
        "MLTRACK_BLESS=1 makes {}",
        source.display()
    );
    copy(&source, &stage.path("backups"));
    stage
}

/// Backs up a golden store that has an artifact and a key, and lets the manifest name no machine.
fn make(target: &Path) {
    let stage = Stage::new();
    copy(&golden("stores/v1_epochs"), &stage.store());
    stage.put(BLOB);
    fs::create_dir(stage.store().join("server")).expect("it is made");
    fs::write(stage.store().join("server/links.key"), KEY).expect("it is written");
    let report = stage.back_up(&stage.place()).expect("it is taken");
    let kept = stage.place().list().expect("it is listed").remove(0);
    let manifest = kept.manifest.expect("it is whole");
    let notes = stage.path("backups/backups");
    let note = notes.join(format!("{}.json", report.id.expect("a name")));
    let text = fs::read_to_string(&note).expect("it is there");
    let text = text
        .replace(&format!("{:?}", manifest.path), "\"/data/.mltrack\"")
        .replace(&format!("{:?}", manifest.host), "\"node-1\"");
    let hash = BlobHash::of(text.as_bytes()).to_string();
    let (time, _) = kept.id.as_str().split_once('-').expect("a time and a hash");
    let renamed = notes.join(format!("{time}-{}.json", &hash[..16]));
    fs::write(renamed, text).expect("it is written");
    fs::remove_file(note).expect("it is removed");
    fs::remove_file(stage.path("backups/backup.lock")).expect("it is removed");
    copy(&stage.path("backups"), target);
}

#[test]
fn the_golden_backup_is_listed_checked_and_restored_whole() {
    let stage = stage();
    let place = stage.place();
    let kept = place.list().expect("it is listed");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].id.as_str(), NAME);
    let manifest = kept[0].manifest.as_ref().expect("it is whole");
    assert_eq!(
        (manifest.host.as_str(), manifest.path.as_str()),
        ("node-1", "/data/.mltrack")
    );
    let checked = check(&place, None, false, &|_| {}).expect("it is read");
    assert!(checked.is_sound() && checked.bytes > 0, "{checked:?}");
    let into = stage.path("into");
    let report = restored(&place, &into).expect("it is restored");
    assert_eq!(report.last.expect("records").get(), manifest.lsn);
    copy(&golden("stores/v1_epochs"), &stage.store());
    assert_eq!(read(&into), until(read(&stage.store()), manifest.lsn));
    assert_eq!(
        fs::read(into.join("server/links.key")).expect("it came"),
        KEY
    );
    let blob = BlobHash::of(BLOB.as_bytes());
    let url = mltrack_artifact::StoreUrl::folder(into.join("artifacts"));
    let root = root_at(&url);
    assert_eq!(
        &root.get_bytes(&blob).expect("it came")[..],
        BLOB.as_bytes()
    );
}

#[test]
fn a_later_backup_of_the_same_store_shares_what_the_golden_one_has() {
    let stage = stage();
    copy(&golden("stores/v1_epochs"), &stage.store());
    let report = stage.back_up(&stage.place()).expect("it is taken");
    // Sealed segments are known by the marks of the golden manifest.
    assert!(report.segments > 4, "{report:?}");
    assert!(report.new_parts <= 1, "{report:?}");
    let pruned = prune(&stage.place(), 1, false, false, &|_| {}).expect("it is pruned");
    assert_eq!(pruned.removed[0].as_str(), NAME);
    restored(&stage.place(), &stage.path("into")).expect("what is shared stayed");
}
