//! The bytes of datasets: stored once, read again, materialised, sampled by a column.

use std::fs;
use std::io::Read as _;
use std::sync::Mutex;
use std::time::Duration;

use mltrack::{BlobId, Checkout, Code, DatasetVersion, Found, Sampling, Split, Take};
use serde_json::{Value, json};

use crate::artifacts::start;
use crate::support::{Store, code};

const ROWS: &str = "x,label\n1,a\n2,b\n3,a\n4,b\n";

#[test]
fn files_are_one_version_wherever_they_lie_and_their_columns_are_known() {
    let store = Store::new();
    let tracker = &store.tracker;
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("a/deep")).unwrap();
    fs::write(folder.path().join("a/deep/train.csv"), ROWS).unwrap();
    let dataset = tracker.dataset("d").unwrap();
    let first = dataset
        .version()
        .path(folder.path().join("a"))
        .add()
        .unwrap();
    assert!(first.digest.starts_with("blake3:"));
    assert_eq!((first.len, first.rows), (Some(ROWS.len() as u64), Some(4)));
    let schema: Value = serde_json::from_str(&first.schema).unwrap();
    assert_eq!(
        schema["columns"][1],
        json!({ "name": "label", "type": "text" })
    );
    let figures: Value = serde_json::from_str(&first.profile).unwrap();
    assert_eq!(figures["columns"]["x"]["mean"], 2.5);
    let again = dataset
        .version()
        .bytes("deep/train.csv", ROWS)
        .add()
        .unwrap();
    assert_eq!((again.number, again.is_new()), (1, false));
    let by_name = [("deep/train.csv", folder.path().join("a/deep/train.csv"))];
    assert!(!dataset.version().files(by_name).add().unwrap().is_new());
    let other = dataset
        .version()
        .bytes("deep/train.csv", "x\n1\n")
        .add()
        .unwrap();
    assert_eq!((other.number, other.is_new()), (2, true));
}

#[test]
fn a_version_is_read_file_by_file_and_as_a_folder() {
    let store = Store::new();
    let tracker = &store.tracker;
    let dataset = tracker.dataset("d").unwrap();
    let large = vec![7_u8; 5 << 20];
    let new = dataset
        .version()
        .bytes("a/rows.csv", ROWS)
        .bytes("large.bin", large.clone());
    new.add().unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    let used = run.use_dataset("d", Split::Train).unwrap();
    let names: Vec<String> = used
        .files()
        .unwrap()
        .into_iter()
        .map(|file| file.path)
        .collect();
    assert_eq!(names, ["a/rows.csv", "large.bin"]);
    let mut text = String::new();
    used.open("a/rows.csv")
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, ROWS);
    assert_eq!(
        used.open("nothing").map(drop).unwrap_err().code(),
        Code::NotFound
    );
    let folder = used.path().unwrap();
    assert_eq!(fs::read(folder.join("large.bin")).unwrap(), large);
    fs::write(folder.join("large.bin"), "cut").unwrap();
    let folder = used.path().unwrap();
    assert_eq!(
        fs::read(folder.join("large.bin")).unwrap(),
        large,
        "it is made again"
    );
    run.finish().unwrap();
}

#[test]
fn whoever_asks_first_for_the_folder_of_a_version_it_is_never_taken_away_from_others() {
    let store = Store::new();
    let dataset = store.tracker.dataset("d").unwrap();
    for round in 0..20 {
        let rows = format!("{ROWS}{round},c\n");
        let version = dataset.version().bytes("a/rows.csv", rows.clone());
        let version = version.add().unwrap();
        let at = version.selector();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let version = store.tracker.dataset_version(&at).unwrap();
                    let folder = version.path().unwrap();
                    for _ in 0..50 {
                        assert_eq!(fs::read_to_string(folder.join("a/rows.csv")).unwrap(), rows);
                    }
                });
            }
        });
    }
}

#[test]
fn a_checkout_says_what_is_there_and_leaves_what_is_right_alone() {
    let store = Store::new();
    let dataset = store.tracker.dataset("d").unwrap();
    let large: Vec<u8> = (0..9_u32 << 18).flat_map(u32::to_le_bytes).collect();
    let new = dataset.version().bytes("a/rows.csv", ROWS);
    let version = new.bytes("large.bin", large.clone()).add().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("into");
    let checkout = version.checkout(&into).unwrap();
    let found = |checkout: &Checkout| -> Vec<Found> {
        let files = checkout.files().unwrap().into_iter();
        files.map(|file| file.found).collect()
    };
    assert_eq!(found(&checkout), [Found::Nothing; 2]);
    assert!(!into.exists(), "nothing is written before it is asked for");
    let told = Mutex::new((0, 0, 0));
    let tell = |done, total| {
        let mut told = told.lock().unwrap();
        *told = (told.0.max(done), total, told.2 + 1);
    };
    let written = checkout.write(&tell).unwrap();
    assert_eq!(written, [into.join("a/rows.csv"), into.join("large.bin")]);
    let (done, total, count) = *told.lock().unwrap();
    assert_eq!((done, total), ((large.len() + ROWS.len()) as u64, done));
    assert!(count > 3, "a large file is told in parts: {count}");
    assert_eq!(found(&checkout), [Found::Same; 2]);
    let time = |name: &str| fs::metadata(into.join(name)).unwrap().modified().unwrap();
    let before = time("a/rows.csv");
    fs::write(into.join("large.bin"), &large[1..]).unwrap();
    assert_eq!(found(&checkout), [Found::Same, Found::Other]);
    checkout.write(&|_, _| {}).unwrap();
    assert_eq!(fs::read(into.join("large.bin")).unwrap(), large);
    assert_eq!(time("a/rows.csv"), before, "it is not written again");
    std::os::unix::fs::symlink(folder.path(), folder.path().join("link")).unwrap();
    fs::remove_dir_all(into.join("a")).unwrap();
    std::os::unix::fs::symlink(folder.path(), into.join("a")).unwrap();
    let refused = checkout.write(&|_, _| {}).unwrap_err();
    assert_eq!(refused.code(), Code::ValidationError, "{refused}");
    assert!(!folder.path().join("rows.csv").exists());
}

#[test]
fn a_version_of_one_file_is_checked_out_under_the_name_that_is_asked_for() {
    let store = Store::new();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("data")).unwrap();
    fs::write(at("data/digits"), ROWS).unwrap();
    let dataset = store.tracker.dataset("d").unwrap();
    let of_file = dataset.version().path(at("data/digits")).add().unwrap();
    let paths = |version: &DatasetVersion, to: &str| {
        let checkout = version.checkout(at(to)).unwrap();
        checkout.paths().remove(0)
    };
    assert_eq!(paths(&of_file, "copy"), at("copy"));
    assert_eq!(paths(&of_file, "copy.csv"), at("copy.csv"));
    assert_eq!(paths(&of_file, "copy/"), at("copy/digits"));
    assert_eq!(paths(&of_file, "data"), at("data/digits"));
    let below = of_file.checkout_below(at("copy.csv")).unwrap().paths();
    assert_eq!(below, [at("copy.csv/digits")]);
    let other = store.tracker.dataset("other").unwrap();
    let of_folder = other.version().path(at("data")).add().unwrap();
    assert_eq!(paths(&of_folder, "copy"), at("copy/digits"));
    of_folder
        .checkout(at("a/b.csv"))
        .unwrap()
        .write(&|_, _| {})
        .unwrap();
    assert_eq!(fs::read_to_string(at("a/b.csv")).unwrap(), ROWS);
}

#[test]
fn a_stratified_sample_reads_its_groups_from_the_stored_rows() {
    let store = Store::new();
    let tracker = &store.tracker;
    tracker
        .dataset("d")
        .unwrap()
        .version()
        .bytes("rows.csv", ROWS)
        .add()
        .unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    let half = Sampling::stratified(Take::Percent(50.0), "label").seed(1);
    let used = run.dataset("d").sample(&half).take().unwrap();
    let parity: Vec<u64> = used.rows().unwrap().iter().map(|row| row % 2).collect();
    assert_eq!(parity.iter().sum::<u64>(), 1, "one of each label");
    let unknown = Sampling::stratified(Take::All, "colour");
    let error = run.dataset("d").sample(&unknown).take().unwrap_err();
    assert!(
        error.to_string().contains("no column \"colour\""),
        "{error}"
    );
    run.finish().unwrap();
}

#[test]
fn what_cannot_be_stored_is_refused_and_what_is_not_kept_says_where_it_is() {
    let store = Store::new();
    let dataset = store.tracker.dataset("d").unwrap();
    let missing = dataset.version().path(store.path().join("nothing"));
    assert_eq!(code(missing.add()), Code::NotFound);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(
        code(dataset.version().path(empty.path()).add()),
        Code::ValidationError
    );
    let outside = dataset.version().bytes("../x", "1");
    assert_eq!(code(outside.add()), Code::ValidationError);
    let both = dataset
        .version()
        .bytes("x", "1")
        .reference("s3://x", "md5:1");
    assert_eq!(code(both.add()), Code::ValidationError);
    let version = dataset
        .version()
        .reference("s3://x/y", "md5:1")
        .add()
        .unwrap();
    let error = version.path().unwrap_err();
    assert_eq!(error.code(), Code::InvalidState);
    assert!(
        error.to_string().contains("they are at s3://x/y"),
        "{error}"
    );
}

/// A version of two files that were added by their folder.
fn by_path(store: &Store) -> DatasetVersion {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rows.csv"), ROWS).unwrap();
    fs::write(folder.path().join("notes.txt"), "by hand").unwrap();
    let dataset = store.tracker.dataset("d").unwrap();
    dataset.version().path(folder.path()).add().unwrap()
}

fn text_of(version: &DatasetVersion, file: &str) -> String {
    let mut text = String::new();
    let mut opened = version.open(file).unwrap();
    opened.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn collection_leaves_what_a_version_needs_when_all_else_is_gone() {
    let store = Store::new();
    let version = by_path(&store);
    let run = start(&store.tracker);
    run.log_artifact_bytes("own", vec![7; 5000])
        .unwrap()
        .wait()
        .unwrap();
    // The same bytes as a file of the dataset.
    run.log_artifact_bytes("rows", ROWS)
        .unwrap()
        .wait()
        .unwrap();
    run.finish().unwrap();
    let logged = store.tracker.artifacts().run(run.id()).fetch().unwrap();
    store.tracker.remove_artifacts(&logged.items).unwrap();
    let gc = || store.tracker.gc().older_than(Duration::ZERO);
    let dry = gc().dry_run(true).run().unwrap().unwrap().artifacts;
    let done = gc().run().unwrap().unwrap().artifacts;
    assert_eq!(
        (done.purged.len(), done.blobs(), dry.blobs()),
        (2, 1, 1),
        "only what the run alone had"
    );
    let found = store.another().dataset_version("d@v1").unwrap();
    assert_eq!(text_of(&found, "rows.csv"), ROWS);
    assert_eq!(text_of(&version, "notes.txt"), "by hand");
    let check = store.another().verify_artifacts().run().unwrap();
    assert!(check.is_sound(), "{check:?}");
}

#[test]
fn verify_names_the_file_of_a_version_that_is_damaged() {
    let store = Store::new();
    let version = by_path(&store);
    let file = |blob: BlobId| {
        let hex = blob.to_string();
        let blobs = store.path().join("artifacts/blobs");
        blobs.join(&hex[..2]).join(&hex)
    };
    let files = version.files().unwrap();
    let place = file(files[1].blob);
    let mut bytes = fs::read(&place).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&place, bytes).unwrap();
    let check = store.another().verify_artifacts().run().unwrap();
    let told: Vec<_> = check
        .damages
        .iter()
        .map(|damage| (damage.path.as_str(), damage.is_missing, damage.lsn))
        .collect();
    assert_eq!(told, [("dataset d v1, rows.csv", false, version.lsn)]);
    let list = version.content.unwrap();
    fs::remove_file(file(list)).unwrap();
    let check = store.another().verify_artifacts().run().unwrap();
    let told: Vec<_> = check
        .damages
        .iter()
        .map(|damage| (damage.path.as_str(), damage.is_missing))
        .collect();
    assert_eq!(told, [("dataset d v1", true)]);
    let swept = store.tracker.gc().older_than(Duration::ZERO).run();
    let roots = swept.unwrap().unwrap().artifacts.roots;
    assert!(
        roots.iter().all(|root| root.error.is_some()),
        "nothing goes while a list cannot be read: {roots:?}"
    );
    assert!(file(files[0].blob).exists());
}
