//! A folder that is not whole is not written to, and no store is begun over a log.

use std::fs;
use std::path::Path;

use mltrack_log::{Batch, Log, LogError, OpenOptions, Reader, VerifyOptions, verify};

fn options(create: bool) -> OpenOptions {
    OpenOptions {
        segment_len: 4096,
        create,
        ..OpenOptions::default()
    }
}

/// A store with a record.
fn store(path: &Path) {
    let (log, _) = Log::open(path, options(true)).expect("the store opens");
    let mut batch = Batch::new();
    batch.push(1, 1, None, b"only").expect("small");
    log.append(&mut batch).expect("appends");
    log.close().expect("closes");
}

fn refused(path: &Path) -> Vec<LogError> {
    let made = Log::open(path, options(true)).map(drop);
    let found = Log::open(path, options(false)).map(drop);
    [made, found].into_iter().filter_map(Result::err).collect()
}

fn segments(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).expect("a folder");
    let names = entries.map(|entry| entry.expect("a file").file_name());
    let mut names: Vec<String> = names
        .map(|name| name.into_string().expect("text"))
        .collect();
    names.retain(|name| name.starts_with("seg-"));
    names
}

#[test]
fn a_log_whose_format_is_missing_is_not_replaced_by_an_empty_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    store(path);
    let format = fs::read(path.join("FORMAT")).expect("it is there");
    let before = segments(path);
    fs::remove_file(path.join("FORMAT")).expect("it goes");
    let mut errors = refused(path);
    errors.extend(Reader::open(path, &options(false)).map(drop).err());
    errors.extend(verify(path, &VerifyOptions::default()).map(drop).err());
    assert_eq!(errors.len(), 4);
    for error in errors {
        let is_named =
            matches!(&error, LogError::FormatMissing { found, .. } if *found == before[0]);
        assert!(is_named, "{error}");
    }
    assert!(mltrack_log::holds_log(path));
    assert_eq!(segments(path), before);
    fs::write(path.join("FORMAT"), format).expect("it comes back");
    let mut reader = Reader::open(path, &options(false)).expect("it is a store again");
    let batch = reader.next_batch().expect("it reads").expect("a record");
    assert_eq!(batch.into_iter().count(), 1);
}

#[test]
fn a_folder_that_a_backup_is_restored_to_is_opened_by_no_writer() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    fs::write(path.join("RESTORING"), "1\n").expect("a file");
    let is_unfinished = |error: &LogError| matches!(error, LogError::Unfinished { .. });
    assert!(refused(path).iter().all(is_unfinished) && refused(path).len() == 2);
    assert!(!path.join("FORMAT").exists());
    fs::remove_file(path.join("RESTORING")).expect("it goes");
    store(path);
    fs::write(path.join("RESTORING"), "1\n").expect("a file");
    // It is whole but for the proof of it: who only reads may.
    assert!(refused(path).iter().all(is_unfinished) && refused(path).len() == 2);
    Reader::open(path, &options(false)).expect("it can be read");
}

#[test]
fn what_a_killed_creation_left_is_gone_on_with() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("FORMAT.tmp"), "half").expect("a file");
    assert!(!mltrack_log::holds_log(folder.path()));
    store(folder.path());
    assert!(mltrack_log::holds_log(folder.path()));
}
