//! The golden stores: folders that this version of the format wrote once, read by the log and by `reader.py` alike.
//!
//! Invariants: the files below `tests/golden/stores` and `tests/golden/log` never change once a release has written
//! them, so every later version must read them. `MLTRACK_BLESS=1` makes those that are missing and touches no other.
//! A test reads a copy, never the golden folder itself.

#[path = "golden_stores/bytes.rs"]
mod bytes;
#[path = "golden_stores/make.rs"]
mod make;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mltrack_event::{WallTime, decode, payload_json};
use mltrack_log::{Batch, Depth, Log, OpenOptions, Reader, Record, Verdict, VerifyOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

use make::{Kind, STORES, copy_store, settle};

/// `tests/golden`, where what never changes is kept.
fn golden(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(path)
}

/// Whether missing golden files are to be made.
fn is_blessing() -> bool {
    std::env::var_os("MLTRACK_BLESS").is_some_and(|value| value == "1")
}

/// A copy of a golden store that can be opened; it counts as the same folder unless it is the store of a copy.
fn copy_of(kind: Kind) -> TempDir {
    let source = golden("stores").join(kind.name());
    assert!(
        source.is_dir(),
        "{} is missing; MLTRACK_BLESS=1 makes it",
        source.display()
    );
    let copy = tempfile::tempdir().unwrap();
    copy_store(&source, copy.path());
    if kind != Kind::Copied {
        settle(copy.path());
    }
    copy
}

/// A record as both readers show it.
fn line(record: &Record<'_>) -> Value {
    let event = decode(record.type_id, record.version, record.payload).unwrap();
    json!({
        "lsn": record.lsn.get(),
        "time": WallTime(record.time_ns).to_string(),
        "type": event.type_name(),
        "version": record.version,
        "writer": record.writer.0,
        "payload": payload_json(&event),
    })
}

/// Every record of a store, as the log reads it, and how it found the end.
fn read_with_log(folder: &Path) -> (Vec<Value>, Option<Verdict>) {
    let mut reader = Reader::open(folder, &OpenOptions::default()).unwrap();
    let mut lines = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        lines.extend(batch.map(|record| line(&record)));
    }
    (lines, reader.verdict())
}

/// What the second reader said: exit status, records, and its notes.
fn read_with_python(folder: &Path, option: &str) -> (Option<i32>, Vec<Value>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reader.py");
    let output = Command::new("python3")
        .args([
            "-B".as_ref(),
            script.as_os_str(),
            option.as_ref(),
            folder.as_os_str(),
        ])
        .output()
        .expect("the second reader needs python3 in the path");
    let lines = parse_lines(&String::from_utf8(output.stdout).unwrap());
    (
        output.status.code(),
        lines,
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn parse_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The records that a golden store holds for ever.
fn expected(kind: Kind) -> Vec<Value> {
    let path = golden("stores").join(format!("{}.ndjson", kind.name()));
    parse_lines(&fs::read_to_string(path).unwrap())
}

#[test]
fn golden_stores_that_are_missing_are_made_when_asked() {
    let kinds = STORES.into_iter().chain([Kind::Packed]);
    for kind in kinds.filter(|_| is_blessing()) {
        let folder = golden("stores").join(kind.name());
        if !folder.exists() {
            make::store(kind, &folder);
            let (lines, _) = read_with_log(copy_of(kind).path());
            let text: Vec<String> = lines.iter().map(Value::to_string).collect();
            fs::write(folder.with_extension("ndjson"), text.join("\n") + "\n").unwrap();
        }
        assert!(!expected(kind).is_empty());
    }
}

#[test]
fn both_readers_see_in_every_golden_store_what_was_written_down() {
    for kind in STORES {
        let (copy, expected) = (copy_of(kind), expected(kind));
        let (lines, verdict) = read_with_log(copy.path());
        assert_eq!(lines, expected, "{kind:?}, the log");
        assert_eq!(verdict, Some(kind.verdict()), "{kind:?}");
        let (status, lines, notes) = read_with_python(copy.path(), "--seals");
        assert_eq!(status, Some(0), "{kind:?}: {notes}");
        assert_eq!(lines, expected, "{kind:?}, reader.py");
        assert_eq!(
            notes.contains("the log is cut"),
            kind.is_cut(),
            "{kind:?}: {notes}"
        );
    }
}

#[test]
fn a_packed_golden_store_reads_as_before_goes_on_and_is_refused_by_name_elsewhere() {
    let (copy, mut expected) = (copy_of(Kind::Packed), expected(Kind::Packed));
    let (lines, verdict) = read_with_log(copy.path());
    assert_eq!(
        (lines, verdict),
        (expected.clone(), Some(Verdict::Clean)),
        "the log"
    );
    let deep = VerifyOptions {
        depth: Depth::Deep,
        ..VerifyOptions::default()
    };
    let report = mltrack_log::verify(copy.path(), &deep).unwrap();
    assert!(report.is_sound() && report.packed > 2, "{report:?}");
    let (status, _, notes) = read_with_python(copy.path(), "--seals");
    assert_eq!(status, Some(9), "{notes}");
    assert!(
        notes.contains("pack-00000000000000000001-0000000001.log"),
        "{notes}"
    );
    let (log, _) = Log::open(copy.path(), OpenOptions::default()).unwrap();
    let mut batch = Batch::new();
    let (type_id, payload) = &make::payloads()[0];
    batch.push(*type_id, 1, Some(-1), payload).unwrap();
    log.append(&mut batch).unwrap();
    log.close().unwrap();
    let (lines, _) = read_with_log(copy.path());
    expected.push(lines.last().unwrap().clone());
    assert_eq!(lines, expected);
}

#[test]
fn a_store_with_several_epochs_has_several_segments_and_seals() {
    let (_, lines, _) = read_with_python(copy_of(Kind::Epochs).path(), "--summary");
    let summary = &lines[0];
    assert_eq!(summary["epochs"], 3, "{summary}");
    assert!(summary["segments"].as_u64() > Some(4), "{summary}");
    assert!(summary["sealed"].as_u64() > Some(2), "{summary}");
}

#[test]
fn a_golden_store_that_goes_on_being_written_still_reads_the_same() {
    for kind in STORES {
        let (copy, mut expected) = (copy_of(kind), expected(kind));
        let options = OpenOptions {
            create: false,
            ..OpenOptions::default()
        };
        let (log, _) = Log::open(copy.path(), options).unwrap();
        let mut batch = Batch::new();
        let (type_id, payload) = &make::payloads()[0];
        batch.push(*type_id, 1, Some(-1), payload).unwrap();
        log.append(&mut batch).unwrap();
        let (status, while_open, notes) = read_with_python(copy.path(), "--seals");
        assert_eq!(status, Some(0), "{kind:?}, while it is open: {notes}");
        log.close().unwrap();
        let (lines, verdict) = read_with_log(copy.path());
        assert_eq!(verdict, Some(Verdict::Clean), "{kind:?}");
        assert_eq!(lines, while_open, "{kind:?}, while it is open");
        expected.push(lines.last().unwrap().clone());
        assert_eq!(lines, expected, "{kind:?}");
        let (status, lines, notes) = read_with_python(copy.path(), "--seals");
        assert_eq!((status, lines), (Some(0), expected), "{kind:?}: {notes}");
    }
}

#[test]
fn a_bit_that_flipped_is_damage_and_hides_only_its_batch() {
    let (copy, expected) = (copy_of(Kind::Epochs), expected(Kind::Epochs));
    let path = copy.path().join("seg-00000000000000000001.log");
    let mut bytes = fs::read(&path).unwrap();
    bytes[256 + 40] ^= 4;
    fs::write(&path, bytes).unwrap();
    let (status, lines, notes) = read_with_python(copy.path(), "--seals");
    assert_eq!(status, Some(5), "{notes}");
    let count_lost = expected.len() - lines.len();
    assert!((1..=make::BATCH_COUNT_MAX).contains(&count_lost), "{notes}");
    assert_eq!(lines, expected[count_lost..]);
}
