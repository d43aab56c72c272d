//! Damage in the active segment of a copied store: it is said, and what lies behind it is read.

use std::fs;
use std::path::{Path, PathBuf};

use mltrack_log::{
    Appended, Batch, Depth, Log, LogError, OpenOptions, Reader, Verdict, VerifyOptions,
    VerifyReport, repair, verify,
};

const COUNT: usize = 1000;

fn options() -> OpenOptions {
    OpenOptions::default()
}

/// A store of records with a number each, and a copy of its files.
fn copied(folder: &Path) -> PathBuf {
    let (from, to) = (folder.join("from"), folder.join("to"));
    let (log, _) = Log::open(&from, options()).expect("a store can be made");
    for number in 0..COUNT {
        let mut batch = Batch::new();
        let text = format!("record {number} of a run that trains");
        batch
            .push(1, 1, None, text.as_bytes())
            .expect("it is small");
        let appended = log.append(&mut batch).expect("appends");
        assert!(matches!(appended, Appended::Visible { .. }));
    }
    fs::create_dir(&to).expect("a folder can be made");
    for entry in fs::read_dir(&from).expect("it can be listed") {
        let path = entry.expect("it can be listed").path();
        if path.is_file() {
            let name = path.file_name().expect("a file has a name");
            fs::copy(&path, to.join(name)).expect("it can be copied");
        }
    }
    log.close().expect("closes");
    to
}

fn segment(store: &Path) -> PathBuf {
    let entries = fs::read_dir(store).expect("it can be listed");
    let mut names: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.retain(|path| {
        let name = path.file_name().expect("a name").to_string_lossy();
        name.starts_with("seg-")
    });
    assert_eq!(names.len(), 1, "one segment is enough");
    names.remove(0)
}

fn overwrite(path: &Path, offset: usize, with: impl Fn(u8) -> u8, len: usize) {
    let mut bytes = fs::read(path).expect("it can be read");
    for byte in &mut bytes[offset..offset + len] {
        *byte = with(*byte);
    }
    fs::write(path, bytes).expect("it can be written");
}

fn looked_at(store: &Path) -> VerifyReport {
    let options = VerifyOptions {
        depth: Depth::Deep,
        ..VerifyOptions::default()
    };
    verify(store, &options).expect("it can be read")
}

/// The records that can be read, stepping over damage, and how often that was met.
fn read(store: &Path) -> (usize, usize) {
    let mut reader = Reader::open(store, &options()).expect("it opens");
    let (mut records, mut faults) = (0, 0);
    loop {
        match reader.next_batch() {
            Ok(Some(batch)) => records += batch.count(),
            Ok(None) => return (records, faults),
            Err(LogError::Corrupt { .. }) => {
                reader.skip_damage().expect("it goes on behind it");
                faults += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn flipped_bytes_in_the_active_segment_of_a_copy_are_said_and_the_rest_is_read() {
    for offset in [300, 20_003, 40_000] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = copied(folder.path());
        overwrite(&segment(&store), offset, |byte| !byte, 16);
        let report = looked_at(&store);
        assert!(!report.is_sound(), "16 bytes at {offset} were flipped");
        assert_eq!(report.verdict, Some(Verdict::Copy));
        let (records, faults) = read(&store);
        assert_eq!(faults, 1, "at {offset}");
        assert!(
            (COUNT - 2..COUNT).contains(&records),
            "{records} at {offset}"
        );
        repair(&store).expect("it can be repaired");
        assert!(looked_at(&store).is_sound());
        assert_eq!(read(&store), (records, 0), "readers step over it");
        let (log, _) = Log::open(&store, options()).expect("it opens for writing");
        let mut batch = Batch::new();
        batch.push(1, 1, None, b"behind").expect("it is small");
        log.append(&mut batch).expect("appends");
        log.close().expect("closes");
        assert_eq!(read(&store), (records + 1, 0));
    }
}

#[test]
fn a_stretch_that_was_not_copied_ends_the_copy_without_a_word() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = copied(folder.path());
    // A program that copies by 4,096 bytes read these before they were written, and those behind them after.
    overwrite(&segment(&store), 20_480, |_| 0, 4096);
    let report = looked_at(&store);
    assert!(report.is_sound(), "{:?}", report.damages);
    let (records, faults) = read(&store);
    assert_eq!(faults, 0);
    assert!((100..COUNT / 2).contains(&records), "{records}");
}

#[test]
fn a_copy_that_is_cut_short_is_no_damage() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = copied(folder.path());
    let path = segment(&store);
    let bytes = fs::read(&path).expect("it can be read");
    fs::write(&path, &bytes[..20_001]).expect("it can be written");
    assert!(looked_at(&store).is_sound());
    let (records, faults) = read(&store);
    assert_eq!(faults, 0);
    assert!((100..COUNT / 2).contains(&records), "{records}");
}
