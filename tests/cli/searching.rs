//! `search`, `stats`, and every looking command asked about the past.

use mltrack::{Split, Tracker};
use serde_json::{Value, json};

use super::support::Folder;

/// Two experiments, three runs, notes.
fn folder() -> Folder {
    let folder = Folder::with_store();
    folder.ok(&["exp", "new", "resnet", "-t", "team=vision"]);
    for (name, lr, optimizer) in [
        ("kind-elk", "lr=0.1", "optimizer=adam"),
        ("red-oak", "lr=0.2", "optimizer=adam"),
        ("shy-fox", "lr=0.1", "optimizer=sgd"),
    ] {
        folder.ok(&[
            "run", "start", "resnet", "--name", name, "-p", lr, "-p", optimizer, "-t", "paper=v2",
            "-q",
        ]);
        folder.ok(&["run", "log", "@last", "train/loss=1", "--step", "1"]);
    }
    folder.ok(&[
        "run",
        "end",
        "shy-fox",
        "--state",
        "failed",
        "--error",
        "CUDA out of memory",
    ]);
    folder
}

fn note(folder: &Folder, run: &str, text: &str) {
    let tracker = Tracker::open(folder.path()).unwrap();
    let id = tracker.find_run(run).unwrap();
    tracker.attach(id).unwrap().note(text).unwrap();
}

/// `kind name value runs` of each thing found.
fn found(folder: &Folder, words: &[&str]) -> Vec<String> {
    let document = folder.json(&[&["search", "--json"], words].concat());
    let line = |item: &Value| {
        let value = item["value"].as_str().unwrap_or("-");
        let name = item["name"]
            .as_str()
            .unwrap()
            .split(' ')
            .next_back()
            .unwrap();
        format!(
            "{} {name} {value} {}",
            item["kind"].as_str().unwrap(),
            item["runs"]
        )
    };
    document["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(line)
        .collect()
}

#[test]
fn words_are_found_in_everything_that_has_a_text() {
    let folder = folder();
    assert_eq!(found(&folder, &["RESNET"]), ["experiment resnet - 3"]);
    assert_eq!(found(&folder, &["vision"]), ["experiment resnet - 3"]);
    assert_eq!(found(&folder, &["kind", "ELK"]), ["run kind-elk running 1"]);
    assert_eq!(
        found(&folder, &["out of memory"]),
        ["run shy-fox failed: CUDA out of memory 1"]
    );
    assert_eq!(found(&folder, &["lr"]), ["param lr - 3"]);
    assert_eq!(found(&folder, &["adam"]), ["param optimizer adam 2"]);
    assert_eq!(found(&folder, &["v2"]), ["tag paper v2 3"]);
    assert_eq!(found(&folder, &["loss"]), ["metric train/loss - 3"]);
    assert_eq!(found(&folder, &["elephant"]), Vec::<String>::new());
}

#[test]
fn datasets_models_and_artifacts_are_found_with_their_runs_as_they_were() {
    let folder = folder();
    let tracker = Tracker::open(folder.path()).unwrap();
    let run = tracker
        .attach(tracker.find_run("kind-elk").unwrap())
        .unwrap();
    let digits = tracker.dataset("digits-clean").unwrap();
    let rows = digits.version().bytes("rows.csv", "x\n1\n");
    rows.source("s3://lake/pixels").add().unwrap();
    run.use_dataset("digits-clean@latest", Split::Train)
        .unwrap();
    let model = tracker.model("reader").unwrap();
    let version = model.version().source("s3://lake/reader.pt");
    version.run(&run).add().unwrap();
    model.set_alias("champion", 1).unwrap();
    let then = folder.json(&["runs", "--json"])["lsn"].to_string();
    run.log_artifact_bytes("plots/loss.png", "a picture")
        .unwrap();
    run.log_artifact_bytes("plots/loss.png", "another").unwrap();

    assert_eq!(found(&folder, &["DIGITS"]), ["dataset digits-clean - 1"]);
    assert_eq!(found(&folder, &["lake"]), ["dataset digits-clean - 1"]);
    assert_eq!(found(&folder, &["champion"]), ["model reader - 0"]);
    let plots = ["artifact plots/loss.png v2 of kind-elk 1"];
    assert_eq!(found(&folder, &["loss", "png"]), plots);
    assert_eq!(found(&folder, &["png", "--kind", "artifact"]), plots);
    assert!(found(&folder, &["png", "--at", &then]).is_empty());
    tracker
        .find_dataset("digits-clean")
        .unwrap()
        .delete()
        .unwrap();
    assert!(found(&folder, &["digits"]).is_empty());
}

#[test]
fn notes_are_found_whether_a_run_has_one_or_several() {
    let folder = folder();
    note(&folder, "kind-elk", "looks like overfitting");
    assert_eq!(
        found(&folder, &["overfitting"]),
        ["note kind-elk looks like overfitting 1"]
    );
    note(&folder, "kind-elk", "or not");
    note(&folder, "red-oak", "no overfitting here");
    assert_eq!(
        found(&folder, &["overfitting", "--kind", "note"]),
        [
            "note red-oak no overfitting here 1",
            "note kind-elk looks like overfitting 1"
        ]
    );
}

#[test]
fn the_ids_are_those_of_the_runs_that_have_it() {
    let folder = folder();
    let ids = folder.ok(&["search", "adam", "-q"]);
    let expected = folder.ok(&["runs", "-f", "params.optimizer = 'adam'", "-q"]);
    assert_eq!(ids, expected);
    assert_eq!(ids.lines().count(), 2);
}

#[test]
fn kinds_and_numbers_narrow_a_search_and_nothing_may_be_a_no() {
    let folder = folder();
    let one = found(&folder, &["a", "--top", "1"]);
    let kinds: Vec<&str> = one
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(kinds, ["experiment", "run", "param", "tag", "metric"]);
    assert_eq!(folder.run(&["search", "elephant"]).code, 0);
    assert_eq!(folder.run(&["search", "elephant", "--exit-status"]).code, 1);
    assert_eq!(folder.run(&["search", " "]).code, 2);
    assert_eq!(folder.run(&["search"]).code, 2);
}

#[test]
fn stats_count_what_the_store_holds_and_takes() {
    let folder = folder();
    let document = folder.json(&["stats", "--json"]);
    let item = &document["items"][0];
    assert_eq!(item["events"], document["lsn"]);
    assert_eq!(
        (&item["experiments"], &item["runs"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(item["states"], json!({"failed": 1, "running": 2}));
    assert_eq!((&item["points"], &item["metrics"]), (&json!(3), &json!(1)));
    for last in ["events_last_minute", "events_last_hour", "events_last_day"] {
        assert_eq!(item[last], item["events"], "{last}");
    }
    let parts = item["parts"].as_object().unwrap();
    let sum: u64 = parts.values().map(|part| part.as_u64().unwrap()).sum();
    assert_eq!(item["bytes"], sum);
    assert!(parts["log"].as_u64().unwrap() > 0, "{item}");
    assert_eq!(item["largest"].as_array().unwrap().len(), 3);
    let few = folder.json(&["stats", "--top", "1", "--json"]);
    assert_eq!(few["items"][0]["largest"].as_array().unwrap().len(), 1);
}

#[test]
fn an_empty_store_has_statistics() {
    let folder = Folder::with_store();
    let item = &folder.json(&["stats", "--json"])["items"][0];
    assert_eq!((&item["events"], &item["runs"]), (&json!(0), &json!(0)));
    assert_eq!(
        (&item["first"], &item["bytes_per_point"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn every_looking_command_answers_about_the_past() {
    let folder = folder();
    let then = folder.json(&["runs", "--json"])["lsn"].to_string();
    folder.ok(&[
        "run", "start", "resnet", "--name", "late", "-p", "lr=9", "-q",
    ]);
    folder.ok(&["run", "log", "kind-elk", "train/loss=7", "--step", "2"]);
    folder.ok(&["exp", "new", "later"]);
    let total = |words: &[&str]| folder.json(&[words, &["--json"]].concat())["total"].clone();
    let at = |words: &[&str]| total(&[words, &["--at", &then]].concat());
    for (words, was, is) in [
        (&["runs"][..], 3, 4),
        (&["exp", "ls"], 1, 2),
        (&["metrics", "kind-elk"], 1, 2),
        (&["search", "late"], 0, 2),
    ] {
        assert_eq!(
            (at(words), total(words)),
            (json!(was), json!(is)),
            "{words:?}"
        );
    }
    let stats = &folder.json(&["stats", "--at", &then, "--json"])["items"][0];
    assert_eq!((&stats["runs"], &stats["bytes"]), (&json!(3), &Value::Null));
    let run = &folder.json(&["run", "show", "kind-elk", "--at", &then, "--json"])["items"][0];
    assert_eq!(run["metrics"], json!({"train/loss": 1.0}));
    let experiment = &folder.json(&["exp", "show", "resnet", "--at", &then, "--json"])["items"][0];
    assert_eq!(experiment["runs"], 3);
    assert_eq!(folder.run(&["run", "show", "late", "--at", &then]).code, 3);
    // By a time and by a length, too.
    assert_eq!(total(&["runs", "--at", "-1h"]), 0);
    assert_eq!(total(&["runs", "--at", "2000-01-01T00:00:00Z"]), 0);
    assert_eq!(folder.run(&["stats", "--at", "yesterday"]).code, 2);
}

#[test]
fn gaps_in_the_numbers_and_what_was_purged_are_no_events() {
    let folder = folder();
    let counted = |folder: &Folder| {
        let document = folder.json(&["stats", "--json"]);
        let item = document["items"][0].clone();
        let lines = folder.ok(&["export", "events"]).lines().count();
        assert_eq!(
            (&item["events"], &item["events_last_day"]),
            (&json!(lines), &json!(lines))
        );
        assert!(item["last"].is_string(), "{item}");
        (lines, document["lsn"].as_u64().unwrap())
    };
    let (before, _) = counted(&folder);
    // As after a crash: a copy goes on at numbers that the original cannot have reached.
    let copy = Folder::empty();
    let copied = std::process::Command::new("cp")
        .args(["-r", ".mltrack"])
        .arg(copy.path())
        .current_dir(folder.path())
        .status();
    assert!(copied.unwrap().success());
    copy.ok(&["run", "log", "kind-elk", "train/loss=3"]);
    let (after, lsn) = counted(&copy);
    assert_eq!(after, before + 1);
    assert!(lsn > after as u64, "{lsn}");
}
