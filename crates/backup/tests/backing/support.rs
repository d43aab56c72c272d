//! A store with records and blobs, and what is read of one.

use std::path::{Path, PathBuf};

use mltrack_artifact::{BlobHash, BlobStore, StoreUrl};
use mltrack_backup::{
    Error, Options, Place, Report, RestoreOptions, Restored, Root, back_up, restore,
};
use mltrack_log::{Batch, Log, OpenOptions, Reader, door};

/// A store, and a folder for everything else.
pub struct Stage {
    folder: tempfile::TempDir,
}

/// A record as tests compare it.
pub type Seen = (u64, u16, u32, i64, Vec<u8>);

impl Stage {
    pub fn new() -> Stage {
        Stage {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn store(&self) -> PathBuf {
        self.path("store")
    }

    pub fn log(&self) -> Log {
        let (log, _) = Log::open(&self.store(), options()).expect("the store opens");
        log
    }

    /// Appends so many records of about a hundred bytes.
    pub fn write(&self, count: usize) {
        let log = self.log();
        for number in 0..count {
            push(&log, number);
        }
        log.close().expect("closes");
    }

    pub fn place(&self) -> Place {
        let path = self.path("backups");
        Place::open(path.to_str().expect("a path in UTF-8")).expect("a folder is a place")
    }

    pub fn root(&self) -> BlobStore {
        root_at(&StoreUrl::folder(self.store().join("artifacts")))
    }

    pub fn put(&self, text: &str) -> BlobHash {
        self.root()
            .put_bytes(text.as_bytes())
            .expect("it is stored")
            .id
    }

    pub fn back_up(&self, place: &Place) -> Result<Report, Error> {
        self.back_up_with(place, false)
    }

    pub fn back_up_with(&self, place: &Place, is_dry_run: bool) -> Result<Report, Error> {
        let folder = self.store().join("artifacts");
        let roots = [Root {
            url: folder.display().to_string(),
            folder: Some(folder),
        }];
        let options = Options {
            roots: &roots,
            with_artifacts: true,
            with_secrets: true,
            is_dry_run,
            takes_over: false,
            packers: Vec::new(),
            on_progress: &|_| {},
        };
        back_up(&self.store(), place, &options)
    }
}

/// The blobs of a folder.
pub fn root_at(url: &StoreUrl) -> BlobStore {
    let options = mltrack_artifact::Options::new(door::random_bytes::<16>, door::wall_time_ns);
    BlobStore::open(url, options).expect("a folder is a root")
}

/// Small segments, so that there are many.
pub fn options() -> OpenOptions {
    OpenOptions {
        segment_len: 16_384,
        ..OpenOptions::default()
    }
}

pub fn push(log: &Log, number: usize) {
    let mut batch = Batch::new();
    let text = format!("{number:08} {}", "of a run that trains ".repeat(4));
    batch
        .push(1, 1, None, text.as_bytes())
        .expect("it is small");
    log.append(&mut batch).expect("appends");
}

pub fn restored(place: &Place, into: &Path) -> Result<Restored, Error> {
    restored_at(place, into, None)
}

pub fn restored_at(place: &Place, into: &Path, at: Option<&str>) -> Result<Restored, Error> {
    let options = RestoreOptions {
        at,
        with_artifacts: true,
        is_dry_run: false,
        packers: Vec::new(),
        on_progress: &|_| {},
    };
    restore(place, into, &options)
}

/// Everything in a log.
pub fn read(store: &Path) -> Vec<Seen> {
    let mut reader = Reader::open(store, &OpenOptions::default()).expect("it opens");
    let mut seen = Vec::new();
    while let Some(batch) = reader.next_batch().expect("it is whole") {
        for record in batch {
            seen.push((
                record.lsn.get(),
                record.type_id,
                record.writer.0,
                record.commit_time_ns,
                record.payload.to_vec(),
            ));
        }
    }
    seen
}

/// The records before and up to `lsn`.
pub fn until(mut seen: Vec<Seen>, lsn: u64) -> Vec<Seen> {
    seen.retain(|record| record.0 <= lsn);
    seen
}

/// Every file below a folder, with its length.
pub fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("it can be listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let len = path.metadata().expect("it is there").len();
                found.push((path, len));
            }
        }
    }
    found.sort();
    found
}
