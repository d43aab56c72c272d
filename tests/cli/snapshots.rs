//! `snapshot`: written, listed, checked, removed, and no answer changes.

use std::fs;

use serde_json::{Value, json};

use super::support::Folder;

fn folder() -> Folder {
    let folder = Folder::with_store();
    for loss in ["loss=1", "loss=2"] {
        folder.start_run("a");
        folder.ok(&["run", "log", "@last", loss]);
    }
    folder
}

fn lsns(folder: &Folder) -> Vec<u64> {
    let document = folder.json(&["snapshot", "ls", "--json"]);
    let items = document["items"].as_array().unwrap().iter();
    items.map(|item| item["lsn"].as_u64().unwrap()).collect()
}

#[test]
fn a_snapshot_goes_up_to_the_end_and_changes_no_answer() {
    let folder = folder();
    assert_eq!(lsns(&folder), Vec::<u64>::new());
    let before = folder.json(&["runs", "--json=id,metrics,state"]);
    let made = &folder.json(&["snapshot", "create", "--json"])["items"][0];
    assert_eq!((&made["lsn"], &made["runs"]), (&before["lsn"], &json!(2)));
    assert_eq!(lsns(&folder), [before["lsn"].as_u64().unwrap()]);
    let path = made["path"].as_str().unwrap();
    assert_eq!(
        fs::metadata(folder.path().join(path)).unwrap().len(),
        made["bytes"].as_u64().unwrap()
    );
    assert_eq!(folder.json(&["runs", "--json=id,metrics,state"]), before);
}

#[test]
fn the_past_is_answered_from_a_snapshot_before_it() {
    let folder = folder();
    folder.ok(&["snapshot", "create"]);
    let then = folder.json(&["runs", "--json"])["lsn"].to_string();
    folder.ok(&["run", "log", "@last", "loss=9"]);
    folder.start_run("a");
    let document = folder.json(&["runs", "--at", &then, "--json"]);
    assert_eq!(document["total"], 2);
    assert_eq!(document["items"][0]["metrics"], json!({"loss": 2.0}));
}

#[test]
fn a_snapshot_that_is_not_what_the_log_says_is_found_and_not_believed() {
    let folder = folder();
    let before = folder.json(&["runs", "--json"]);
    let made = folder.json(&["snapshot", "create", "--json"]);
    assert_eq!(
        folder.json(&["snapshot", "verify", "--json"])["items"][0]["same"],
        true
    );
    let path = folder
        .path()
        .join(made["items"][0]["path"].as_str().unwrap());
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let said = folder.run(&["snapshot", "verify", "--json"]);
    assert_eq!(said.code, 5, "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("CORRUPT"), "{}", said.stderr);
    assert_eq!(folder.json(&["runs", "--json"])["items"], before["items"]);
}

#[test]
fn snapshots_are_removed_when_asked_with_consent() {
    let folder = folder();
    folder.ok(&["snapshot", "create"]);
    folder.ok(&["run", "log", "@last", "loss=3"]);
    folder.ok(&["snapshot", "create"]);
    let both = lsns(&folder);
    assert_eq!(both.len(), 2);
    assert_eq!(folder.run(&["snapshot", "rm", "--all"]).code, 2);
    assert_eq!(folder.run(&["snapshot", "rm"]).code, 2);
    assert_eq!(folder.run(&["snapshot", "rm", "999", "--yes"]).code, 3);
    folder.ok(&["snapshot", "rm", "--all", "--dry-run"]);
    assert_eq!(lsns(&folder), both);
    folder.ok(&["snapshot", "rm", &both[1].to_string(), "--yes"]);
    assert_eq!(lsns(&folder), both[..1]);
    let runs = folder.json(&["runs", "--json"])["items"].clone();
    folder.ok(&["snapshot", "rm", "--all", "--yes"]);
    assert_eq!(lsns(&folder), Vec::<u64>::new());
    assert_eq!(folder.json(&["runs", "--json"])["items"], runs);
    assert_ne!(runs, Value::Null);
}

#[test]
fn a_store_of_the_past_answers_as_this_one_did() {
    let folder = folder();
    let then = folder.json(&["runs", "--json"]);
    let lsn = then["lsn"].to_string();
    folder.ok(&["run", "log", "@last", "loss=9"]);
    folder.start_run("late");
    let made = folder.json(&["replay", "--to", &lsn, "--into", "past", "--json"]);
    assert_eq!(made["items"][0]["lsn"], then["lsn"]);
    let past = folder.json(&["-C", "past", "runs", "--json"]);
    assert_eq!(
        (&past["items"], &past["lsn"]),
        (&then["items"], &then["lsn"])
    );
    let events = |words: &[&str]| folder.ok(&[words, &["export", "events"]].concat());
    let all = events(&[]);
    let count = then["lsn"].as_u64().unwrap() as usize;
    let kept: Vec<&str> = all.lines().take(count).collect();
    assert_eq!(events(&["-C", "past"]).lines().collect::<Vec<_>>(), kept);
    folder.ok(&["-C", "past", "verify", "--deep"]);
    // It is a store like any other, and has nothing to do with the one it comes from.
    folder.ok(&["-C", "past", "run", "log", "@last", "loss=3"]);
    assert_eq!(events(&[]), all);
    assert_eq!(
        folder.run(&["replay", "--to", &lsn, "--into", "past"]).code,
        8
    );
    assert_eq!(folder.run(&["replay", "--to", &lsn]).code, 2);
    folder.ok(&["replay", "--to", "-1h", "--into", "empty"]);
    assert_eq!(folder.json(&["-C", "empty", "runs", "--json"])["total"], 0);
}

#[test]
fn replay_checks_each_thing_that_is_kept() {
    let folder = folder();
    let checked = |words: &[&str]| -> Vec<(String, String)> {
        let document = folder.json(&[&["replay", "--check", "--json"], words].concat());
        let items = document["items"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        items
            .map(|item| (text(&item["projector"]), text(&item["index"])))
            .collect()
    };
    let pair = |name: &str, state: &str| (name.to_owned(), state.to_owned());
    assert_eq!(
        checked(&[]),
        [
            pair("index", "none"),
            pair("snapshots", "none"),
            pair("series", "same"),
            pair("lineage", "none")
        ]
    );
    folder.ok(&["replay"]);
    folder.ok(&["snapshot", "create"]);
    assert_eq!(
        checked(&["--jobs", "1"]),
        [
            pair("index", "same"),
            pair("snapshots", "same"),
            pair("series", "same"),
            pair("lineage", "none")
        ]
    );
    assert_eq!(
        checked(&["--projector", "snapshots"]),
        [pair("snapshots", "same")]
    );
    let snapshot = folder.json(&["snapshot", "ls", "--json"])["items"][0]["path"].clone();
    let path = folder.path().join(snapshot.as_str().unwrap());
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(folder.run(&["replay", "--check"]).code, 1);
    assert_eq!(
        folder
            .run(&["replay", "--check", "--projector", "index"])
            .code,
        0
    );
}
