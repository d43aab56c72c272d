//! A store under test: its folder, who was told what, and the judgement over what is there in the end.
//!
//! Judged: a client's records are there in order, each once, with no number missing; whatever was acknowledged is
//! there, at its lsn; lsns have no gap inside an epoch; a tailer noted exactly the log; verify finds no damage.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use mltrack_log::{Log, OpenOptions, Reader, VerifyOptions};
use tempfile::TempDir;

use crate::process::Process;

/// A record as the victims wrote it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    pub lsn: u64,
    pub client: u64,
    pub number: u64,
}

pub struct Store {
    folder: TempDir,
    clients: u32,
    tailers: u32,
}

/// Memory-backed when there is some: kills lose no page, so a disk would only make the rounds slower.
pub fn test_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    };
    folder.expect("a temporary folder")
}

impl Drop for Store {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // What was found is worth a look.
            self.folder.disable_cleanup(true);
            println!("kept: {}", self.path().display());
        }
    }
}

impl Store {
    pub fn new() -> Store {
        Store::in_folder(test_folder())
    }

    pub fn in_folder(folder: TempDir) -> Store {
        Store {
            folder,
            clients: 0,
            tailers: 0,
        }
    }

    /// The folder that holds the store and the notes.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The store.
    pub fn path(&self) -> PathBuf {
        self.folder().join("store")
    }

    /// Starts a writer with a client number of its own; it may be killed before it says that it is open.
    pub fn writer(&mut self, extra: &[&str], fail: Option<&str>) -> Process {
        self.clients += 1;
        let acks = self.acks_path(self.clients);
        let mut arguments = vec![
            "write".to_owned(),
            self.path().display().to_string(),
            format!("client={}", self.clients),
            format!("acks={}", acks.display()),
        ];
        arguments.extend(extra.iter().map(|word| (*word).to_owned()));
        Process::start(&arguments, fail)
    }

    /// Starts a writer and waits until it is open.
    pub fn open_writer(&mut self, extra: &[&str]) -> Process {
        let writer = self.writer(extra, None);
        writer.expect_open();
        writer
    }

    /// Starts a tailer on a store that exists.
    pub fn tailer(&mut self) -> Process {
        self.tailers += 1;
        let out = self.tail_path(self.tailers).display().to_string();
        let store = self.path().display().to_string();
        let tailer = Process::start(&["tail".into(), store, format!("out={out}")], None);
        tailer.expect_open();
        tailer
    }

    /// Starts a compactor on a store that exists.
    pub fn compactor(&self, extra: &[&str], fail: Option<&str>) -> Process {
        let mut arguments = vec!["compact".to_owned(), self.path().display().to_string()];
        arguments.extend(extra.iter().map(|word| (*word).to_owned()));
        let compactor = Process::start(&arguments, fail);
        compactor.expect_open();
        compactor
    }

    /// The number the next client takes, for records written by a child of the last one.
    pub fn take_client(&mut self) -> u32 {
        self.clients += 1;
        self.clients
    }

    /// How many batches of a client were deferred.
    pub fn deferred(&self, client: u32) -> usize {
        words(&self.acks_path(client))
            .iter()
            .filter(|[first, ..]| *first == 0)
            .count()
    }

    fn acks_path(&self, client: u32) -> PathBuf {
        self.folder().join(format!("acks-{client}"))
    }

    fn tail_path(&self, tailer: u32) -> PathBuf {
        self.folder().join(format!("tail-{tailer}"))
    }

    /// Judges everything. All writers are gone, closed or killed; tailers have ended.
    pub fn judge(&self) -> Vec<Seen> {
        // Whatever was deferred comes back with the next opener.
        let options = OpenOptions {
            create: false,
            ..OpenOptions::default()
        };
        let (log, report) = Log::open(&self.path(), options).expect("the store opens");
        assert_eq!(report.unmerged, None, "a spool was left behind");
        log.close().expect("the store closes");
        let seen = read(&self.path());
        check_order(&self.path(), &seen);
        for client in 1..=self.clients {
            check_acks(&seen, client, &words(&self.acks_path(client)));
        }
        for tailer in 1..=self.tailers {
            check_tail(&seen, &words(&self.tail_path(tailer)));
        }
        let report = mltrack_log::verify(&self.path(), &VerifyOptions::default());
        let report = report.expect("verify runs");
        assert!(report.is_sound(), "{:?}", report.damages);
        seen
    }
}

/// All records, read without a right to write.
pub fn read(path: &Path) -> Vec<Seen> {
    let mut reader = Reader::open(path, &OpenOptions::default()).expect("the store opens to read");
    let mut seen = Vec::new();
    while let Some(batch) = reader.next_batch().expect("every record can be read") {
        for record in batch {
            let payload = record.payload;
            seen.push(Seen {
                lsn: record.lsn.get(),
                client: u32::from_le_bytes(payload[..4].try_into().expect("a client")).into(),
                number: u64::from_le_bytes(payload[4..12].try_into().expect("a number")),
            });
        }
    }
    seen
}

/// Lsns are without a gap but where an epoch begins; each client's numbers count up from 0.
pub fn check_order(path: &Path, seen: &[Seen]) {
    let reader = Reader::open(path, &OpenOptions::default()).expect("the store opens to read");
    let mut begins = BTreeSet::from([1]);
    for pair in reader.segments().windows(2) {
        if pair[0].epoch != pair[1].epoch {
            begins.insert(pair[1].base.get());
        }
    }
    let mut next_lsn = 0;
    let mut numbers: HashMap<u64, u64> = HashMap::new();
    for record in seen {
        let is_next = record.lsn == next_lsn;
        let is_behind = record.lsn > next_lsn && begins.contains(&record.lsn);
        assert!(
            is_next || is_behind,
            "lsn {next_lsn} should be next, found {record:?}"
        );
        next_lsn = record.lsn + 1;
        let number = numbers.entry(record.client).or_default();
        assert_eq!(
            record.number, *number,
            "out of order, twice or missing: {record:?}"
        );
        *number += 1;
    }
}

/// What was acknowledged is there; what was not acknowledged is at most the last batch.
fn check_acks(seen: &[Seen], client: u32, acks: &[[u64; 3]]) {
    let by_lsn: BTreeMap<u64, &Seen> = seen.iter().map(|record| (record.lsn, record)).collect();
    let count = seen
        .iter()
        .filter(|record| record.client == u64::from(client))
        .count() as u64;
    let mut acknowledged = 0;
    for [first, number, len] in acks {
        acknowledged = number + len;
        for at in (0..*len).filter(|_| *first != 0) {
            let record = by_lsn.get(&(first + at)).copied().copied();
            let expected = Seen {
                lsn: first + at,
                client: client.into(),
                number: number + at,
            };
            assert_eq!(record, Some(expected), "an acknowledged record");
        }
    }
    assert!(
        count >= acknowledged,
        "client {client}: {acknowledged} acknowledged, {count} there"
    );
    assert!(
        count <= acknowledged + 5,
        "client {client}: more than one batch is unacknowledged"
    );
}

/// A tailer noted exactly the log.
fn check_tail(seen: &[Seen], noted: &[[u64; 3]]) {
    let noted = noted.iter().map(|&[lsn, client, number]| Seen {
        lsn,
        client,
        number,
    });
    let noted: Vec<Seen> = noted.collect();
    let at = noted
        .iter()
        .zip(seen)
        .position(|(left, right)| left != right);
    let at = at.unwrap_or(noted.len().min(seen.len()));
    assert!(
        noted.len() == seen.len() && at == seen.len(),
        "a tailer saw {} of {} records and differs at {at}: {:?} instead of {:?}",
        noted.len(),
        seen.len(),
        noted.get(at),
        seen.get(at)
    );
}

/// Lines of three words; a victim killed before it made its file has none.
fn words(path: &Path) -> Vec<[u64; 3]> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    bytes
        .chunks_exact(24)
        .map(|line| [word(&line[..8]), word(&line[8..16]), word(&line[16..])])
        .collect()
}
