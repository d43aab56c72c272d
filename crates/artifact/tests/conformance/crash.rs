//! Processes that are killed amid a put, and disks that fill up: never a blob that can be found without its bytes.

use std::collections::HashSet;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use mltrack_artifact::{BlobHash, BlobStore, ErrorKind, Options, StoreUrl};
use mltrack_log::door;

use crate::backend::noise;

const MIB: usize = 1 << 20;
const CONTENT_LEN: usize = 40 * MIB;
/// Which part the child plays, and in which folder.
const ROLE: &str = "MLTRACK_BLOBS_ROLE";
const FOLDER: &str = "MLTRACK_BLOBS_FOLDER";

fn store(folder: &Path) -> BlobStore {
    let mut options = Options::new(door::random_bytes::<16>, door::wall_time_ns);
    options.locks = Some(folder.join("locks"));
    BlobStore::open(&StoreUrl::folder(folder.join("blobs")), options).expect("a folder opens")
}

/// This program again, running [`child`] only.
fn start(role: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().expect("a program"))
        .args(["crash::child", "--exact", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts again")
}

/// What the children of the other tests do; nothing when no role is given.
#[test]
fn child() {
    let (Some(role), Some(folder)) = (std::env::var_os(ROLE), std::env::var_os(FOLDER)) else {
        return;
    };
    let store = store(Path::new(&folder));
    match role.to_str() {
        Some("put") => {
            let content = Told(&noise(70, CONTENT_LEN), 0);
            store
                .put_reader(content)
                .expect("it is stored, or this process is gone");
        }
        Some("stream") => {
            let id = store.put_reader(Stream::new()).expect("it is stored").id;
            let mut reader = store.open_blob(&id).expect("it opens");
            io::copy(&mut reader, &mut io::sink()).expect("it is read");
            let out = Path::new(&folder).join("out");
            store.get_to_file(&id, &out).expect("it is written");
            store.verify(&id).expect("it is right");
            tell(&format!("peak {}", peak_kib()));
        }
        other => panic!("no role {other:?}"),
    }
}

/// A line of its own for the parent, past what the test runner prints.
fn tell(line: &str) {
    let mut out = io::stdout().lock();
    writeln!(out, "\n{line}")
        .and_then(|()| out.flush())
        .expect("the parent listens");
}

/// A reader that tells after every read how far it is.
struct Told<'a>(&'a [u8], usize);

impl Read for Told<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(MIB);
        let count = self.0.read(&mut buffer[..len])?;
        self.1 += count;
        tell(&format!("read {}", self.1));
        Ok(count)
    }
}

#[test]
fn a_put_that_is_killed_leaves_nothing_to_find_and_is_finished_by_the_next() {
    let content = noise(70, CONTENT_LEN);
    let id = BlobHash::of(&content);
    for read_mib in [1, 9, 17, 26, 39] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut child = start("put", folder.path());
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let is_reached = |line: String| {
            let read_len = line.strip_prefix("read ").and_then(|len| len.parse().ok());
            read_len.is_some_and(|read_len: usize| read_len >= read_mib * MIB)
        };
        let reached = lines.map_while(Result::ok).any(is_reached);
        assert!(reached, "the child ended before it had read {read_mib} MiB");
        child.kill().expect("it is killed");
        child.wait().expect("it is gone");

        let store = store(folder.path());
        assert!(!store.contains(&id).expect("it is looked for"));
        assert_eq!(store.list().expect("it lists").count(), 0);
        let stored = store.put_bytes(&content).expect("it is stored");
        assert!(!stored.was_there && stored.new_bytes <= stored.len + 100_000);
        if read_mib > 20 {
            // The first block at least was on its way before the last was read.
            assert!(stored.new_bytes < stored.len, "{}", stored.new_bytes);
        }
        assert_eq!(store.verify(&id).expect("it is right"), stored.len);
        drop(stored);
        store.sweep(|| Ok(HashSet::from([id]))).expect("it sweeps");
        let drafts = fs::read_dir(folder.path().join("blobs/drafts")).expect("a folder");
        assert_eq!(drafts.count(), 0);
        store.verify(&id).expect("it is right");
    }
}

/// A long content that nobody holds.
struct Stream(blake3::OutputReader, usize);

impl Stream {
    const LEN: usize = 320 * MIB;

    fn new() -> Stream {
        Stream(blake3::Hasher::new().finalize_xof(), Stream::LEN)
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.1);
        self.0.fill(&mut buffer[..count]);
        self.1 -= count;
        Ok(count)
    }
}

/// The most memory that this process ever had.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.expect("Linux tells").trim().trim_end_matches(" kB");
    number.parse().expect("a number")
}

#[test]
fn content_longer_than_memory_should_be_needs_little_of_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut child = start("stream", folder.path());
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    // To its end: a child whose lines nobody reads would fail at them.
    let lines: Vec<String> = lines.map_while(Result::ok).collect();
    let mut peaks = lines.iter().filter_map(|line| line.strip_prefix("peak "));
    let peak = peaks.next().and_then(|peak| peak.parse::<u64>().ok());
    assert!(child.wait().expect("it ends").success());
    let peak = peak.expect("the child tells");
    assert!(
        peak < 80 * 1024,
        "{peak} KiB for {} KiB",
        Stream::LEN / 1024
    );
}

/// A filesystem of this size, for as long as it lives; `None` where mounting is not allowed.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Option<Small> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "none"])
            .arg(folder.path())
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Small(folder))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

#[test]
fn a_full_disk_is_told_as_such_and_leaves_nothing_to_find() {
    let Some(disk) = Small::mount() else {
        println!("not run: mounting a small filesystem is not allowed here");
        return;
    };
    let store = store(disk.0.path());
    for len in [20 * MIB, 40 * MIB] {
        let content = noise(71, len);
        let error = store
            .put_bytes(&content)
            .expect_err("the disk is too small");
        assert_eq!(error.kind(), ErrorKind::DiskFull, "{error}");
        assert!(error.to_string().contains("free space"), "{error}");
        assert!(
            !store
                .contains(&BlobHash::of(&content))
                .expect("it is looked for")
        );
    }
    assert_eq!(store.list().expect("it lists").count(), 0);
    let swept = store.sweep(|| Ok(HashSet::new())).expect("it sweeps");
    assert!(swept.freed_len > 8 * MIB as u64);
    let content = noise(72, 8 * MIB);
    let id = store.put_bytes(&content).expect("there is space again").id;
    store.verify(&id).expect("it is right");
    let error = store.get_to_file(&id, &disk.0.path().join("out"));
    assert!(error.is_err_and(|error| error.is_disk_full()));
    assert!(!disk.0.path().join("out").exists());
}
