//! `rm`, `restore`, `op log` and `undo`.

use serde_json::{Value, json};

use super::support::Folder;

/// Two runs of `a`, one of them with a point.
fn folder() -> Folder {
    let folder = Folder::with_store();
    for name in ["one", "two"] {
        folder.ok(&["run", "start", "a", "--name", name, "-p", "lr=0.1", "-q"]);
    }
    folder.ok(&["run", "log", "one", "loss=1"]);
    folder
}

fn names(folder: &Folder, words: &[&str]) -> Vec<String> {
    let document = folder.json(&[&["runs", "--json"], words].concat());
    let items = document["items"].as_array().unwrap().iter();
    items
        .map(|run| run["name"].as_str().unwrap().to_owned())
        .collect()
}

fn operations(folder: &Folder, words: &[&str]) -> Vec<Value> {
    let document = folder.json(&[&["op", "log", "--json"], words].concat());
    document["items"].as_array().unwrap().clone()
}

#[test]
fn a_deleted_run_is_hidden_and_comes_back_as_it_was() {
    let folder = folder();
    // When it was heard of last is when it was brought back.
    let shown = || {
        let mut run = folder.json(&["run", "show", "one", "--json"])["items"][0].clone();
        run.as_object_mut().unwrap().remove("heard");
        run
    };
    let before = shown();
    let id = before["id"].as_str().unwrap();
    assert_eq!(folder.run(&["rm", "one"]).code, 2, "nobody was asked");
    folder.ok(&["rm", "one", "--dry-run"]);
    assert_eq!(names(&folder, &[]), ["two", "one"]);
    let said = folder.run(&["rm", "one", "--yes", "--json"]);
    let removed: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        (&removed["items"][0]["id"], &removed["items"][0]["kind"]),
        (&json!(id), &json!("run"))
    );
    assert!(
        said.stderr.contains(&format!("undo: mltrack restore {id}")),
        "{}",
        said.stderr
    );
    assert_eq!(names(&folder, &[]), ["two"]);
    assert_eq!(folder.run(&["rm", "one", "--yes"]).code, 3);
    assert_eq!(folder.run(&["restore", "two"]).code, 3);
    folder.ok(&["restore", "one", "--dry-run"]);
    assert_eq!(names(&folder, &[]), ["two"]);
    folder.ok(&["restore", &id[24..30]]);
    assert_eq!(shown(), before);
}

#[test]
fn a_deleted_experiment_takes_its_runs_along_and_brings_them_back() {
    let folder = folder();
    folder.ok(&["rm", "a", "--yes"]);
    assert_eq!(names(&folder, &[]), Vec::<String>::new());
    assert_eq!(folder.json(&["exp", "ls", "--json"])["total"], 0);
    folder.ok(&["restore", "a"]);
    assert_eq!(names(&folder, &["a"]), ["two", "one"]);
}

#[test]
fn a_name_of_two_things_deletes_neither() {
    let folder = folder();
    folder.ok(&["run", "start", "a", "--name", "a", "-q"]);
    let said = folder.run(&["rm", "a", "--yes"]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(said.stderr.contains("--exp a"), "{}", said.stderr);
    assert_eq!(names(&folder, &[]).len(), 3);
    folder.ok(&["rm", "--exp", "a", "--yes"]);
    assert_eq!(names(&folder, &[]), Vec::<String>::new());
    assert_eq!(folder.run(&["rm", "nothing", "--yes"]).code, 3);
}

#[test]
fn the_operation_log_tells_what_was_done_and_what_was_taken_back() {
    let folder = folder();
    folder.ok(&["rm", "one", "--yes"]);
    let done = operations(&folder, &[]);
    let last = &done[0];
    assert_eq!(
        (&last["kind"], &last["undone_by"]),
        (&json!("run_deleted"), &Value::Null)
    );
    assert!(last["what"].as_str().unwrap().contains("one"), "{last}");
    assert_eq!(last["experiment"], "a");
    let lsn = last["lsn"].to_string();
    folder.ok(&["undo", &lsn]);
    assert_eq!(names(&folder, &[]), ["two", "one"]);
    let done = operations(&folder, &[]);
    assert_eq!(
        (&done[0]["undoes"], &done[1]["undone_by"]),
        (&last["lsn"], &done[0]["lsn"])
    );
    assert_eq!(operations(&folder, &["--top", "1"]).len(), 1);
    assert!(operations(&folder, &["--all"]).len() >= done.len());
    assert_eq!(operations(&folder, &["--since", "1h"]).len(), done.len());
    let two = operations(&folder, &["two", "--all"]);
    assert!(
        !two.is_empty()
            && two
                .iter()
                .all(|one| one["what"].to_string().contains("two")),
        "{two:?}"
    );
}

#[test]
fn undo_takes_back_what_was_done_last_and_an_undo_is_taken_back_itself() {
    let folder = folder();
    folder.ok(&["exp", "archive", "a", "--yes"]);
    folder.ok(&["undo", "--dry-run"]);
    assert_eq!(
        folder.json(&["exp", "show", "a", "--json"])["items"][0]["state"],
        "archived"
    );
    let said = folder.run(&["undo", "--json"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let undone: Value = serde_json::from_str(&said.stdout).unwrap();
    let lsn = undone["items"][0]["lsn"].to_string();
    assert!(
        said.stderr.contains(&format!("undo: mltrack undo {lsn}")),
        "{}",
        said.stderr
    );
    assert_eq!(
        folder.json(&["exp", "show", "a", "--json"])["items"][0]["state"],
        "active"
    );
    folder.ok(&["undo", &lsn]);
    assert_eq!(
        folder.json(&["exp", "show", "a", "--json"])["items"][0]["state"],
        "archived"
    );
}

#[test]
fn what_cannot_be_undone_says_why() {
    let empty = Folder::with_store();
    assert_eq!(empty.run(&["undo"]).code, 3);
    let folder = folder();
    assert_eq!(folder.run(&["undo", "99999"]).code, 3);
    assert_eq!(folder.run(&["undo", "yesterday"]).code, 2);
    folder.ok(&["rm", "one", "--yes"]);
    let lsn = operations(&folder, &["--top", "1"])[0]["lsn"].to_string();
    folder.ok(&["restore", "one"]);
    let said = folder.run(&["undo", &lsn]);
    assert_eq!(said.code, 8, "{}", said.stderr);
}

#[test]
fn a_deleted_run_can_be_looked_at_as_it_was() {
    let folder = folder();
    let shown = folder.json(&["run", "show", "one", "--json"]);
    let then = shown["lsn"].to_string();
    folder.ok(&["rm", "one", "--yes"]);
    assert_eq!(folder.run(&["run", "show", "one"]).code, 3);
    let id = shown["items"][0]["id"].as_str().unwrap();
    for name in ["one", "a/1", id, &id[24..30]] {
        let past = folder.json(&["run", "show", name, "--at", &then, "--json"]);
        assert_eq!(past["items"][0]["id"], id, "{name}");
    }
    assert_eq!(
        folder.json(&["metrics", "one", "--at", &then, "--json"])["total"],
        1
    );
}
