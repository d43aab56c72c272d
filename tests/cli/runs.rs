//! `run start|show|end` and the table of `runs`.

use serde_json::{Value, json};

use super::support::Folder;

fn runs(folder: &Folder, words: &[&str]) -> Vec<Value> {
    let document = folder.json(&[&["runs", "--json"], words].concat());
    document["items"].as_array().unwrap().clone()
}

fn names(folder: &Folder, words: &[&str]) -> Vec<String> {
    runs(folder, words)
        .iter()
        .map(|run| run["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Three runs of `a`, one of `b`; two have ended.
fn folder() -> Folder {
    let folder = Folder::with_store();
    for (experiment, name, lr, loss) in [
        ("a", "first", "0.1", "3"),
        ("a", "second", "0.2", "1"),
        ("a", "third", "\"0.2\"", "2"),
        ("b", "other", "1", "9"),
    ] {
        let lr = format!("lr={lr}");
        folder.ok(&[
            "run", "start", experiment, "--name", name, "-p", &lr, "-p", "wd=0", "-q",
        ]);
        let loss = format!("loss={loss}");
        folder.ok(&["run", "log", "@last", &loss, "--step", "1"]);
        folder.ok(&["run", "log", "@last", "loss=5", "--step", "2"]);
    }
    folder.ok(&["run", "end", "first"]);
    folder.ok(&[
        "run",
        "end",
        "second",
        "--state",
        "failed",
        "--error",
        "out of memory",
    ]);
    folder
}

#[test]
fn a_run_has_what_it_was_started_with() {
    let folder = Folder::with_store();
    let id = folder.ok(&[
        "run",
        "start",
        "resnet",
        "-p",
        "lr=3e-4",
        "-p",
        "name=adam",
        "-p",
        "bold=true",
        "-t",
        "paper=v2",
        "--name",
        "kind-elk",
        "-q",
    ]);
    assert_eq!(id.trim().len(), 32, "{id}");
    let run = &runs(&folder, &[])[0];
    assert_eq!(run["id"], id.trim());
    assert_eq!(
        run["params"],
        json!({"lr": 3e-4, "name": "adam", "bold": true})
    );
    assert_eq!(run["tags"]["paper"], "v2");
    assert_eq!(
        (&run["name"], &run["experiment"], &run["state"]),
        (&json!("kind-elk"), &json!("resnet"), &json!("running"))
    );
    assert_eq!(run["ended"], Value::Null);
    assert!(run["started"].as_str().unwrap().ends_with('Z'));
    assert!(run["pid"].is_u64() && run["host"].is_string());
}

#[test]
fn a_child_run_knows_its_parent() {
    let folder = Folder::with_store();
    let parent = folder.start_run("a");
    folder.ok(&["run", "start", "a", "--parent", &parent[..12], "-q"]);
    assert_eq!(runs(&folder, &[])[0]["parent"], parent.as_str());
}

#[test]
fn the_piped_columns_are_the_documented_ones() {
    let folder = folder();
    let text = folder.ok(&["runs", "b"]);
    let cells: Vec<&str> = text.trim_end_matches('\n').split('\t').collect();
    assert_eq!(cells[0].len(), 32);
    assert_eq!(&cells[1..4], ["other", "b", "running"]);
    assert_eq!(cells[6], r#"{"lr":1,"wd":0}"#);
    assert_eq!(cells[7], r#"{"loss":5.0}"#);
    let fields = folder.ok(&["runs", "--json=?"]);
    let expected = [
        "id",
        "name",
        "experiment",
        "state",
        "started",
        "ended",
        "params",
        "metrics",
        "tags",
        "pid",
        "host",
    ];
    assert_eq!(fields.lines().take(11).collect::<Vec<_>>(), expected);
}

#[test]
fn runs_are_picked_by_experiment_state_and_filter() {
    let folder = folder();
    assert_eq!(names(&folder, &["b"]), ["other"]);
    assert_eq!(names(&folder, &["a", "--state", "failed"]), ["second"]);
    assert_eq!(
        names(&folder, &["-f", "attributes.run_name = 'third'"]),
        ["third"]
    );
    assert_eq!(names(&folder, &["-f", "params.lr = '0.1'"]), ["first"]);
    assert_eq!(names(&folder, &["--since", "1h"]).len(), 4);
    assert_eq!(folder.ok(&["runs", "a", "--state", "lost"]), "");
}

#[test]
fn runs_sort_by_any_form_of_column_and_top_cuts() {
    let folder = folder();
    assert_eq!(
        names(&folder, &["a", "--sort", "loss.min"]),
        ["second", "third", "first"]
    );
    assert_eq!(
        names(&folder, &["a", "--sort", "-loss.min", "--top", "1"]),
        ["first"]
    );
    assert_eq!(
        names(&folder, &["a", "--sort", ".number"]),
        ["first", "second", "third"]
    );
    let document = folder.json(&["runs", "a", "--top", "1", "--json"]);
    assert_eq!(
        (
            document["total"].as_u64(),
            document["items"].as_array().unwrap().len()
        ),
        (Some(3), 1)
    );
}

#[test]
fn markdown_shows_the_table_with_chosen_and_with_changed_columns() {
    let folder = folder();
    let table = folder.ok(&["runs", "a", "--md", "--cols", "=lr,loss.min@step,.state"]);
    let first = table.lines().next().unwrap();
    assert_eq!(first, "| run | =lr | loss.min@step | .state |");
    assert!(table.contains("| 0.1 | 3@1 | completed |"), "{table}");
    let changed = folder.ok(&["runs", "a", "--md", "--only-changed"]);
    assert!(
        changed.contains("=lr") && !changed.contains("=wd"),
        "{changed}"
    );
}

#[test]
fn a_point_of_the_past_shows_the_runs_of_then() {
    let folder = Folder::with_store();
    folder.start_run("a");
    let lsn = folder.json(&["runs", "--json"])["lsn"].to_string();
    folder.start_run("a");
    folder.ok(&["run", "log", "@last", "loss=1"]);
    assert_eq!(runs(&folder, &["--at", &lsn]).len(), 1);
    assert_eq!(runs(&folder, &[]).len(), 2);
}

#[test]
fn a_run_is_found_by_every_kind_of_name() {
    let folder = folder();
    let id = runs(&folder, &["-f", "attributes.run_name = 'third'"])[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for name in [
        &id,
        &id[..20],
        &id[24..],
        &id[24..30],
        "third",
        "a/3",
        "a/@last",
        "a/@running",
    ] {
        let shown = folder.json(&["run", "show", name, "--json"]);
        assert_eq!(shown["items"][0]["id"], id.as_str(), "{name}");
    }
    folder.ok(&["exp", "new", "c", "--goal", "loss:min"]);
    assert_eq!(folder.run(&["run", "show", "c/@best"]).code, 3);
}

#[test]
fn the_best_run_is_the_one_nearest_to_the_goal() {
    let folder = Folder::with_store();
    folder.ok(&["exp", "new", "a", "--goal", "loss:min"]);
    for (name, loss) in [("x", "loss=3"), ("y", "loss=1"), ("z", "loss=2")] {
        folder.ok(&["run", "start", "a", "--name", name, "-q"]);
        folder.ok(&["run", "log", "@last", loss]);
    }
    assert_eq!(
        folder.json(&["run", "show", "@best", "--json"])["items"][0]["name"],
        "y"
    );
}

#[test]
fn show_tells_the_end_and_the_error() {
    let folder = folder();
    let item = &folder.json(&["run", "show", "second", "--json"])["items"][0];
    assert_eq!(item["state"], "failed");
    assert!(
        item["error"].to_string().contains("out of memory"),
        "{item}"
    );
    assert!(item["ended"].is_string());
    assert_eq!(item["metrics"]["loss"], 5.0);
}

#[test]
fn a_run_ends_once_in_the_state_that_was_given() {
    let folder = Folder::with_store();
    for (state, expected) in [
        ("completed", "completed"),
        ("failed", "failed"),
        ("cancelled", "cancelled"),
    ] {
        let id = folder.start_run("a");
        folder.ok(&["run", "end", &id, "--state", state]);
        assert_eq!(
            folder.json(&["run", "show", &id, "--json"])["items"][0]["state"],
            expected
        );
        assert_eq!(folder.run(&["run", "end", &id]).code, 8);
    }
    assert_eq!(
        folder
            .run(&["run", "end", "@last", "--state", "great"])
            .code,
        2
    );
    let id = folder.start_run("a");
    folder.ok(&["run", "end", &id, "--dry-run"]);
    assert_eq!(
        folder.json(&["run", "show", &id, "--json"])["items"][0]["state"],
        "running"
    );
}
