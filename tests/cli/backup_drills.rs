//! The drills of `docs/backup.md`, performed as they stand there.
//!
//! Invariant: every drill of the page has a case here and every case a drill, so neither can drift from the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::backing_up::files;
use super::support::Folder;

const PAGE: &str = include_str!("../../docs/backup.md");
const FENCE: &str = "```sh drill=";

/// The commands of each drill, by its name.
fn drills() -> BTreeMap<&'static str, &'static str> {
    let parts = PAGE.split(FENCE).skip(1);
    let drill = |part: &'static str| {
        let (name, rest) = part.split_once('\n').expect("a drill has lines");
        (name, rest.split("```").next().expect("a fence is closed"))
    };
    parts.map(drill).collect()
}

/// A store as the page says: a run with an artifact, and one backup.
fn stage() -> Folder {
    let folder = Folder::empty();
    folder.ok(&["init", "--segment-size", "4096"]);
    let run = folder.start_run("resnet");
    for step in 0..60 {
        let point = format!("loss={}", 1.0 / f64::from(step + 1));
        folder.ok(&["run", "log", &run, &point, "--step", &step.to_string()]);
    }
    fs::write(folder.path().join("model.pt"), "weights").unwrap();
    folder.ok(&["artifact", "put", &run, "model.pt"]);
    fs::remove_file(folder.path().join("model.pt")).unwrap();
    folder.ok(&["run", "end", &run]);
    folder.ok(&["backup", "backups"]);
    folder
}

fn perform(folder: &Folder, name: &str) -> String {
    let commands = drills()[name];
    let binary = Path::new(env!("CARGO_BIN_EXE_mltrack"));
    let programs = binary
        .parent()
        .expect("a binary lies in a folder")
        .display();
    let path = std::env::var("PATH").unwrap_or_default();
    // The environment of every other command of these tests, with a shell instead.
    let template = folder.command(&[]);
    let mut shell = Command::new("sh");
    shell
        .args(["-e", "-c", commands])
        .current_dir(folder.path());
    for (key, value) in template.get_envs() {
        match value {
            Some(value) => shell.env(key, value),
            None => shell.env_remove(key),
        };
    }
    shell.env("PATH", format!("{programs}:{path}"));
    let output = shell.output().expect("a shell runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}{error}");
    said
}

fn runs(folder: &Folder, store: &str) -> Value {
    folder.json(&["-C", store, "runs", "--json"])["items"].clone()
}

#[test]
fn the_page_has_exactly_these_drills() {
    let names: Vec<&str> = drills().into_keys().collect();
    assert_eq!(names, ["backup", "collected", "lost", "machine", "segment"]);
}

#[test]
fn the_disk_with_the_store_is_lost() {
    let folder = stage();
    let before = runs(&folder, ".mltrack");
    let said = perform(&folder, "lost");
    assert!(said.ends_with("weights"), "{said}");
    assert_eq!(runs(&folder, ".mltrack"), before);
}

#[test]
fn a_run_was_deleted_and_collected() {
    let folder = stage();
    perform(&folder, "collected");
    assert_eq!(
        folder.run(&["run", "show", "resnet/1"]).code,
        3,
        "it is gone here"
    );
    let saved = fs::read_to_string(folder.path().join("saved.pt")).unwrap();
    assert_eq!(saved, "weights");
    let curve = fs::read_to_string(folder.path().join("saved.csv")).unwrap();
    assert_eq!(curve.lines().count(), 61, "{curve}");
}

#[test]
fn a_segment_of_the_store_is_damaged() {
    let folder = stage();
    let before = runs(&folder, ".mltrack");
    let segment = folder.path().join(".mltrack/seg-00000000000000000001.log");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[400..416].iter_mut().for_each(|byte| *byte = !*byte);
    fs::write(&segment, bytes).unwrap();
    let said = folder.run(&["verify", "--deep"]);
    assert_eq!(said.code, 5, "{}", said.stderr);
    perform(&folder, "segment");
    assert_eq!(runs(&folder, ".mltrack"), before);
}

#[test]
fn the_store_moves_to_another_machine() {
    let folder = stage();
    perform(&folder, "machine");
    assert_eq!(runs(&folder, "machine").as_array().unwrap().len(), 2);
    assert_eq!(runs(&folder, ".mltrack").as_array().unwrap().len(), 1);
}

#[test]
fn the_backup_itself_is_damaged() {
    let folder = stage();
    for part in files(&folder.path().join("backups/blobs")) {
        let mut bytes = fs::read(&part).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&part, bytes).unwrap();
    }
    assert_eq!(folder.run(&["backup", "verify", "backups"]).code, 5);
    perform(&folder, "backup");
    folder.ok(&["backup", "restore", "backups", "again"]);
    assert_eq!(runs(&folder, "again"), runs(&folder, ".mltrack"));
}
