//! `backup`: taken beside writers and killed anywhere, restored, and refused where something is wrong.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use mltrack::door;
use serde_json::Value;

use super::support::{Folder, feed, lines_of};

/// A store with segments so small that there are many.
pub fn folder() -> Folder {
    let folder = Folder::empty();
    folder.ok(&["init", "--segment-size", "65536"]);
    folder
}

fn log(folder: &Folder, run: &str, steps: usize) {
    let lines = lines_of(steps, |step| {
        format!("{{\"loss\":{step}.5,\"acc\":0.{step}}}")
    });
    let said = folder.run_with(&["run", "log", run, "--ndjson"], &lines);
    assert_eq!(said.code, 0, "{}", said.stderr);
}

/// The events of a store up to an lsn, as lines.
fn events(folder: &Folder, store: &str, lsn: u64) -> Vec<String> {
    let text = folder.ok(&["-C", store, "export", "events", "--from", "start"]);
    let of = |line: &str| -> Value { serde_json::from_str(line).expect("JSON lines") };
    let lines = text.lines().map(str::to_owned);
    lines
        .filter(|line| of(line)["lsn"].as_u64().expect("an lsn") <= lsn)
        .collect()
}

fn taken(folder: &Folder) -> Value {
    folder.json(&["backup", "backups", "--json"])["items"][0].clone()
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_backup_is_taken_listed_checked_and_restored() {
    let folder = folder();
    let run = folder.start_run("resnet");
    log(&folder, &run, 500);
    fs::write(folder.path().join("model.pt"), "weights").unwrap();
    folder.ok(&["artifact", "put", &run, "model.pt"]);
    let planned = folder.json(&["backup", "backups", "--dry-run", "--json"]);
    assert_eq!(planned["items"][0]["id"], Value::Null);
    assert!(!folder.path().join("backups").exists());
    let report = taken(&folder);
    let listed = folder.json(&["backup", "ls", "backups", "--json"]);
    assert_eq!(listed["items"][0]["id"], report["id"]);
    assert_eq!(listed["items"][0]["lsn"], report["lsn"]);
    let checked = folder.json(&["backup", "verify", "backups", "--json"]);
    assert_eq!(checked["items"][0]["sound"], true);
    let dry = [
        "backup",
        "restore",
        "backups",
        "again",
        "--dry-run",
        "--json",
    ];
    assert_eq!(folder.json(&dry)["items"][0]["lsn"], report["lsn"]);
    assert!(!folder.path().join("again").exists());
    folder.ok(&["backup", "restore", "backups", "again"]);
    let lsn = report["lsn"].as_u64().unwrap();
    assert_eq!(
        events(&folder, "again", lsn),
        events(&folder, ".mltrack", lsn)
    );
    folder.ok(&["-C", "again", "verify", "--deep", "--artifacts"]);
    let cat = ["-C", "again", "artifact", "cat", &run, "model.pt"];
    assert_eq!(folder.ok(&cat), "weights");
    folder.ok(&["-C", "again", "run", "log", &run, "loss=1"]);
    let second = taken(&folder);
    assert!(second["read_bytes"].as_u64() < Some(66_000), "{second}");
    assert_eq!(second["new_bytes"], 0, "{second}");
}

/// What each writer is given beside one backup.
const LINES_A_ROUND: usize = 1500;

/// Feeds a writer in rounds, and remembers what it acknowledged. It ends when nobody can begin another round: also when
/// the test fails.
fn write_rounds(mut child: Child, rounds: &Receiver<()>, acknowledged: &AtomicU64) {
    let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for line in BufReader::new(stdout).lines() {
                let line = line.unwrap();
                // On a busy machine a batch may wait in a spool: it is no part of the log yet.
                if line != "deferred" {
                    acknowledged.fetch_max(line.parse().unwrap(), Ordering::AcqRel);
                }
            }
        });
        while rounds.recv().is_ok() {
            for step in 0..LINES_A_ROUND {
                writeln!(stdin, "{{\"loss\":{step}}}").unwrap();
            }
        }
        drop(stdin);
    });
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_backup_beside_three_writers_is_a_beginning_with_all_that_was_acknowledged() {
    let folder = folder();
    let runs = ["a", "b", "c"].map(|name| folder.start_run(name));
    let acknowledged = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let writers = runs.map(|run| {
            let child = folder.spawn_fed(&["run", "log", &run, "--ndjson", "--ack"]);
            let (begin, rounds) = channel();
            let acknowledged = &acknowledged;
            scope.spawn(move || write_rounds(child, &rounds, acknowledged));
            begin
        });
        for round in 0..4 {
            for writer in &writers {
                writer.send(()).unwrap();
            }
            let before = acknowledged.load(Ordering::Acquire);
            let lsn = taken(&folder)["lsn"].as_u64().unwrap();
            assert!(lsn >= before, "{lsn} of {before}");
            let into = format!("round-{round}");
            folder.ok(&["backup", "restore", "backups", &into]);
            let copy = events(&folder, &into, u64::MAX);
            assert_eq!(copy, events(&folder, ".mltrack", lsn), "round {round}");
        }
    });
    assert!(acknowledged.load(Ordering::Acquire) > 0);
}

/// Waits until a backup has made so many files, or has ended.
fn wait_for_files(child: &mut Child, place: &Path, count: usize) {
    let deadline = door::monotonic() + Duration::from_mins(1);
    while files(place).len() < count && child.try_wait().unwrap().is_none() {
        assert!(door::monotonic() < deadline, "it makes no files");
        std::thread::yield_now();
    }
}

#[test]
fn a_killed_backup_leaves_the_last_one_whole_and_is_gone_on_from() {
    let folder = folder();
    let run = folder.start_run("resnet");
    let place = folder.path().join("backups");
    let mut complete = BTreeSet::new();
    for round in 0..12 {
        log(&folder, &run, 600);
        let mut command = folder.command(&["backup", "backups", "--progress", "none"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let begun = files(&place).len();
        let mut child = command.spawn().unwrap();
        wait_for_files(&mut child, &place, begun + 1 + round * 3 % 14);
        child.kill().unwrap();
        child.wait().unwrap();
        let listed = folder.json(&["backup", "ls", "backups", "--json"]);
        for item in listed["items"].as_array().unwrap() {
            assert_eq!(item["damage"], Value::Null, "{item}");
            complete.insert(item["id"].as_str().unwrap().to_owned());
        }
        assert_eq!(listed["total"], complete.len(), "none goes");
    }
    let report = taken(&folder);
    folder.ok(&["backup", "verify", "backups"]);
    for (number, id) in complete.iter().enumerate() {
        let into = format!("at-{number}");
        folder.ok(&["backup", "restore", "backups", &into, "--at", id]);
        folder.ok(&["-C", &into, "verify", "--deep"]);
    }
    let lsn = report["lsn"].as_u64().unwrap();
    folder.ok(&["backup", "restore", "backups", "again"]);
    assert_eq!(
        events(&folder, "again", lsn),
        events(&folder, ".mltrack", lsn)
    );
}

#[test]
fn a_killed_restoration_is_gone_on_with() {
    let folder = folder();
    let run = folder.start_run("resnet");
    log(&folder, &run, 4000);
    taken(&folder);
    let into = folder.path().join("again");
    for count in [1, 3, 5] {
        let mut command = folder.command(&["backup", "restore", "backups", "again"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        wait_for_files(&mut child, &into, count);
        child.kill().unwrap();
        child.wait().unwrap();
        if !into.join("RESTORING").exists() {
            fs::remove_dir_all(&into).ok();
        }
    }
    folder.ok(&["backup", "restore", "backups", "again"]);
    assert_eq!(
        events(&folder, "again", u64::MAX),
        events(&folder, ".mltrack", u64::MAX)
    );
    let again = folder.run(&["backup", "restore", "backups", "again"]);
    assert_eq!(again.code, 8, "{}", again.stderr);
    assert!(again.stderr.contains("hint:"), "{}", again.stderr);
}

#[test]
fn damage_is_named_and_ends_with_5() {
    let folder = folder();
    let run = folder.start_run("resnet");
    log(&folder, &run, 500);
    taken(&folder);
    // The log, which is restored when the folder has been begun.
    let parts = files(&folder.path().join("backups/blobs")).into_iter();
    let part = parts.max_by_key(|path| path.metadata().unwrap().len());
    let part = part.unwrap();
    let mut bytes = fs::read(&part).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 4;
    fs::write(&part, bytes).unwrap();
    let name = part.file_name().unwrap().to_string_lossy().into_owned();
    let verify = ["backup", "verify", "backups"];
    for words in [&verify[..], &["backup", "restore", "backups", "again"]] {
        let said = folder.run(words);
        assert_eq!(said.code, 5, "{}", said.stderr);
        assert!(said.stderr.contains("error[CORRUPT]"), "{}", said.stderr);
        assert!(said.stderr.contains(&name), "{}", said.stderr);
    }
    // It is no store yet, and none is begun there.
    for words in [&["runs"][..], &["run", "start", "resnet"]] {
        let said = folder.run(&[&["-C", "again"], words].concat());
        assert_eq!(said.code, 8, "{}", said.stderr);
        let is_named = said.stderr.contains("mltrack backup restore");
        assert!(is_named, "{}", said.stderr);
    }
    let manifest = files(&folder.path().join("backups/backups")).remove(0);
    fs::write(&manifest, "{").unwrap();
    let said = folder.run(&["backup", "restore", "backups", "other"]);
    assert_eq!(said.code, 5, "{}", said.stderr);
}

#[test]
fn what_cannot_be_done_is_said_with_its_code() {
    let folder = folder();
    let run = folder.start_run("resnet");
    log(&folder, &run, 10);
    let code = |words: &[&str]| folder.run(words).code;
    assert_eq!(code(&["backup"]), 2);
    assert_eq!(code(&["backup", ".mltrack/backups"]), 2);
    assert_eq!(code(&["backup", "s3://key:hunter2@bucket"]), 2);
    assert_eq!(code(&["backup", "verify", "nowhere"]), 3);
    assert_eq!(code(&["backup", "restore", "nowhere", "again"]), 3);
    assert_eq!(code(&["-C", "nowhere", "backup", "backups"]), 3);
    taken(&folder);
    let place = folder.path().join("backups");
    let lock = fs::File::options()
        .write(true)
        .open(place.join("backup.lock"))
        .unwrap();
    lock.lock().unwrap();
    let said = folder.run(&["backup", "backups"]);
    assert_eq!(said.code, 4, "{}", said.stderr);
    assert_eq!(
        code(&["backup", "prune", "backups", "--keep", "1", "--yes"]),
        0,
        "nothing to do"
    );
    drop(lock);
    log(&folder, &run, 10);
    folder.ok(&["backup", "backups"]);
    assert_eq!(
        code(&["backup", "prune", "backups", "--keep", "1"]),
        2,
        "nobody was asked"
    );
    folder.ok(&["backup", "prune", "backups", "--keep", "1", "--dry-run"]);
    assert_eq!(
        folder.json(&["backup", "ls", "backups", "--json"])["total"],
        2
    );
    log(&folder, &run, 10);
    let kept = folder.json(&["backup", "backups", "--keep", "1", "--json"]);
    assert_eq!(kept["items"][0]["removed"].as_array().unwrap().len(), 2);
    assert_eq!(
        folder.json(&["backup", "ls", "backups", "--json"])["total"],
        1
    );
    folder.ok(&["backup", "restore", "backups", "again"]);
}

fn mount(arguments: &[&str]) -> bool {
    let mut command = Command::new("mount");
    let status = command.args(arguments).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Unmounts when dropped.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        Command::new("umount").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_leaves_the_last_backup_whole() {
    let folder = folder();
    let point = folder.path().join("backups");
    fs::create_dir(&point).unwrap();
    let text = point.display().to_string();
    if !mount(&["-t", "tmpfs", "-o", "size=1m", "tmpfs", &text]) {
        println!("skipped: a mount needs root");
        return;
    }
    let mounted = Mounted(point);
    let run = folder.start_run("resnet");
    log(&folder, &run, 100);
    taken(&folder);
    let random: Vec<u8> = (0..24_000)
        .flat_map(|_| door::random_u64().to_le_bytes())
        .collect();
    for number in 0..12 {
        let name = format!("weights-{number}");
        let bytes: Vec<u8> = random.iter().map(|byte| byte ^ number).collect();
        fs::write(folder.path().join(&name), bytes).unwrap();
        folder.ok(&["artifact", "put", &run, &name]);
    }
    let said = folder.run(&["backup", "backups"]);
    assert_eq!(said.code, 9, "{}", said.stderr);
    assert!(said.stderr.contains("DISK_FULL"), "{}", said.stderr);
    folder.ok(&["backup", "verify", "backups"]);
    folder.ok(&["backup", "restore", "backups", "again"]);
    drop(mounted);
}

#[test]
fn a_store_that_cannot_be_written_is_backed_up() {
    let folder = folder();
    let run = folder.start_run("resnet");
    log(&folder, &run, 200);
    let point = folder.path().join("look");
    fs::create_dir(&point).unwrap();
    let (store, text) = (folder.path().join(".mltrack"), point.display().to_string());
    if !mount(&["--bind", &store.display().to_string(), &text]) {
        println!("skipped: a bind mount needs root");
        return;
    }
    let mounted = Mounted(point);
    if !mount(&["-o", "remount,ro,bind", &text]) {
        println!("skipped: a bind mount cannot be made read-only here");
        return;
    }
    folder.ok(&["-C", "look", "backup", "backups"]);
    folder.ok(&["backup", "restore", "backups", "again"]);
    assert_eq!(
        events(&folder, "again", u64::MAX),
        events(&folder, ".mltrack", u64::MAX)
    );
    drop(mounted);
}

#[test]
fn keys_are_for_their_owner_alone_and_can_be_left_out() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let server = folder.path().join(".mltrack/server");
    fs::create_dir_all(&server).unwrap();
    fs::write(
        server.join("secrets.json"),
        "{\"webhooks\":{\"a\":\"hush\"}}",
    )
    .unwrap();
    folder.ok(&["backup", "backups"]);
    folder.ok(&["backup", "restore", "backups", "with"]);
    let with = folder.path().join("with/server/secrets.json");
    assert_eq!(with.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    folder.ok(&["backup", "other", "--no-keys"]);
    folder.ok(&["backup", "restore", "other", "without"]);
    assert!(!folder.path().join("without/server/secrets.json").exists());
    let all = files(&folder.path().join("other"));
    let has = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap()).contains("hush");
    assert!(!all.iter().any(has));
}

#[test]
fn progress_is_told_and_nothing_else_is_on_stdout() {
    let folder = folder();
    let mut child = folder.spawn_fed(&["backup", "backups", "--json", "--progress", "json"]);
    feed(&mut child, "");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["schema"], 1);
}
