//! What blobs cost beside a plain copy, measured in the same run: `cargo bench -p mltrack-artifact --bench blobs [-- --dir DIR --mib N --rounds N]`.
//!
//! Prints one line for each figure: what, the median of the rounds, the target. The file is like a checkpoint: weights as
//! random `f32`, which do not compress. Every round makes new folders below DIR and removes them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use mltrack_artifact::{BlobStore, Options, StoreUrl, Sync};
use mltrack_log::door;
use object_store::local::LocalFileSystem;

const MIB: u64 = 1 << 20;
/// Makes this program the child of [`memory`].
const ONE_PUT: &str = "--one-put";

struct Arguments {
    folder: PathBuf,
    len: u64,
    rounds: usize,
}

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().collect();
    if let [_, first, checkpoint, blobs] = words.as_slice()
        && first == ONE_PUT
    {
        return one_put(checkpoint, blobs);
    }
    let arguments = arguments();
    let folder = tempfile::tempdir_in(&arguments.folder)?;
    let checkpoint = folder.path().join("checkpoint");
    write_weights(&checkpoint, arguments.len)?;
    println!(
        "{} MiB, medians of {} rounds",
        arguments.len / MIB,
        arguments.rounds
    );
    for sync in [Sync::Data, Sync::None] {
        beside_a_copy(&arguments, folder.path(), &checkpoint, sync)?;
    }
    reading(&arguments, folder.path(), &checkpoint)?;
    edits(folder.path(), &checkpoint)?;
    memory(folder.path(), &checkpoint)?;
    Ok(())
}

fn arguments() -> Arguments {
    let words: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1)
    };
    let number =
        |name: &str, usual: u64| after(name).map_or(usual, |word| word.parse().expect("a number"));
    Arguments {
        folder: after("--dir").map_or_else(std::env::temp_dir, PathBuf::from),
        len: number("--mib", 1024) * MIB,
        rounds: number("--rounds", 5) as usize,
    }
}

/// Weights around zero, as training leaves them.
fn write_weights(path: &Path, len: u64) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut noise = blake3::Hasher::new().finalize_xof();
    let mut block = vec![0; 1 << 20];
    let mut weights = Vec::with_capacity(block.len() / 2);
    for _ in 0..len / (block.len() as u64 / 2) {
        noise.fill(&mut block);
        weights.clear();
        for eight in block.chunks_exact(8) {
            let sum: i32 = eight
                .chunks_exact(2)
                .map(|two| i32::from(i16::from_le_bytes([two[0], two[1]])))
                .sum();
            weights.extend_from_slice(&(sum as f32 / 1_638_400.0).to_le_bytes());
        }
        file.write_all(&weights)?;
    }
    file.into_inner()?.sync_all()
}

fn store(folder: &Path, sync: Sync) -> BlobStore {
    let mut options = Options::new(door::random_bytes::<16>, door::wall_time_ns);
    options.sync = sync;
    options.max_len = u64::MAX;
    BlobStore::open(&StoreUrl::folder(folder), options).expect("a folder opens")
}

/// The same chunks through `object_store`'s own folder.
fn store_of_object_store(folder: &Path, sync: Sync) -> BlobStore {
    fs::create_dir_all(folder).expect("a folder");
    let client = LocalFileSystem::new_with_prefix(folder).expect("a folder");
    let client = client.with_fsync(sync == Sync::Data);
    let mut options = Options::new(door::random_bytes::<16>, door::wall_time_ns);
    options.parallel = Some(4);
    BlobStore::over(Arc::new(client), "object_store", options).expect("a client")
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = door::monotonic();
    let kept = work();
    let took = start.elapsed();
    drop(kept);
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Nothing of the last measurement is still being written when the next begins.
fn settle(path: &Path) -> io::Result<()> {
    rustix::fs::syncfs(File::open(path)?)?;
    Ok(())
}

/// What a put is measured against: the same bytes, kept as safely.
fn plain_copy(checkpoint: &Path, copy: &Path, sync: Sync) {
    fs::copy(checkpoint, copy).expect("it is copied");
    if sync == Sync::Data {
        let folder = copy.parent().expect("it is in a folder");
        File::open(copy)
            .and_then(|file| file.sync_data())
            .expect("it is synced");
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .expect("it is synced");
    }
}

fn beside_a_copy(
    arguments: &Arguments,
    folder: &Path,
    checkpoint: &Path,
    sync: Sync,
) -> io::Result<()> {
    let (mut copies, mut puts, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..arguments.rounds {
        // Each put goes to a root of its own that stays until the end: ext4 makes files slowly for as long as inodes
        // are kept back that were freed a moment ago, and nobody deletes thousands of chunks before each checkpoint.
        let named = |what: &str| folder.join(format!("{what}-{sync:?}-{round}"));
        let (copy, blobs, other) = (named("copy"), named("blobs"), named("other"));
        settle(folder)?;
        copies.push(timed(|| plain_copy(checkpoint, &copy, sync)));
        fs::remove_file(&copy)?;
        settle(folder)?;
        puts.push(timed(|| {
            store(&blobs, sync)
                .put_file(checkpoint)
                .expect("it is stored")
        }));
        settle(folder)?;
        others.push(timed(|| {
            store_of_object_store(&other, sync)
                .put_file(checkpoint)
                .expect("it is stored")
        }));
    }
    let name = if sync == Sync::Data {
        "synced"
    } else {
        "not synced"
    };
    compare(arguments.len, name, median(copies), median(puts));
    let rate = rate(arguments.len, median(others));
    line(
        &format!("put through object_store's folder, {name}"),
        &rate,
        "",
    );
    Ok(())
}

fn compare(len: u64, name: &str, copy: Duration, put: Duration) {
    line(&format!("plain copy, {name}"), &rate(len, copy), "");
    line(&format!("put, {name}"), &rate(len, put), "");
    let share = 100.0 * copy.as_secs_f64() / put.as_secs_f64();
    line(
        &format!("put beside the copy, {name}"),
        &format!("{share:.0} %"),
        ">= 60 %",
    );
}

fn reading(arguments: &Arguments, folder: &Path, checkpoint: &Path) -> io::Result<()> {
    let (blobs, out) = (folder.join("blobs"), folder.join("out"));
    let store = store(&blobs, Sync::None);
    let id = store.put_file(checkpoint).expect("it is stored").id;
    let mut verifies = Vec::new();
    let (mut gets, mut agains) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        settle(folder)?;
        verifies.push(timed(|| store.verify(&id).expect("it is right")));
        gets.push(timed(|| {
            store.get_to_file(&id, &out).expect("it is written")
        }));
        agains.push(timed(|| store.put_file(checkpoint).expect("it is there")));
        fs::remove_file(&out)?;
    }
    line(
        "verify, from the page cache",
        &rate(arguments.len, median(verifies)),
        ">= 1 GB/s",
    );
    line(
        "get to a file, not synced",
        &rate(arguments.len, median(gets)),
        "",
    );
    line(
        "put of what is there",
        &rate(arguments.len, median(agains)),
        "",
    );
    fs::remove_dir_all(&blobs)
}

/// A next checkpoint that differs in 5 % of its bytes.
fn edits(folder: &Path, checkpoint: &Path) -> io::Result<()> {
    let blobs = folder.join("blobs");
    let store = store(&blobs, Sync::None);
    let mut content = fs::read(checkpoint)?;
    store.put_bytes(&content).expect("it is stored");
    let original = content.clone();
    let changed_len = content.len() / 20;
    for (name, places) in [("three tensors", 3), ("64 places", 64)] {
        content.copy_from_slice(&original);
        let (every, each_len) = (content.len() / places, changed_len / places);
        for place in 0..places {
            let at = place * every + every / 3;
            content[at..at + each_len]
                .iter_mut()
                .for_each(|byte| *byte ^= 0x55);
        }
        let stored = store.put_bytes(&content).expect("it is stored");
        let share = 100.0 * stored.new_bytes as f64 / content.len() as f64;
        line(
            &format!("5 % changed in {name} adds"),
            &format!("{share:.1} %"),
            "<= 10 %",
        );
    }
    fs::remove_dir_all(&blobs)
}

/// The most memory that a process of its own needs: this one holds whole files.
fn memory(folder: &Path, checkpoint: &Path) -> io::Result<()> {
    let child = Command::new(std::env::current_exe()?)
        .args([
            OsStr::new(ONE_PUT),
            checkpoint.as_os_str(),
            folder.join("blobs").as_os_str(),
        ])
        .output()?;
    let peak_kib = String::from_utf8_lossy(&child.stdout).trim().parse::<u64>();
    let mib = peak_kib.expect("the child tells") / 1024;
    line(
        "memory of a process that puts it",
        &format!("{mib} MiB"),
        "",
    );
    fs::remove_dir_all(folder.join("blobs"))
}

/// What the child does: one put, then it tells the most memory that it had, in KiB.
fn one_put(checkpoint: &str, blobs: &str) -> io::Result<()> {
    store(Path::new(blobs), Sync::None)
        .put_file(Path::new(checkpoint))
        .expect("it is stored");
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!(
        "{}",
        peak.expect("Linux tells").trim().trim_end_matches(" kB")
    );
    Ok(())
}

fn rate(len: u64, took: Duration) -> String {
    let rate = len as f64 / took.as_secs_f64() / 1e9;
    format!("{rate:.2} GB/s ({:.0} ms)", took.as_secs_f64() * 1e3)
}

fn line(what: &str, reached: &str, target: &str) {
    println!("{what:<50} {reached:<22} {target}");
}
