//! `verify`, `repair`, `replay` and `export`.

use std::fs;

use serde_json::Value;

use super::support::{Folder, lines_of};

fn folder() -> Folder {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let lines = lines_of(3000, |step| format!("step={step} loss={step}"));
    assert_eq!(folder.run_with(&["run", "log", &run], &lines).code, 0);
    folder.ok(&["run", "end", &run]);
    folder
}

/// The first segment of the store.
fn segment(folder: &Folder) -> std::path::PathBuf {
    let names = fs::read_dir(folder.path().join(".mltrack")).unwrap();
    let mut paths: Vec<_> = names.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        path.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("seg-")
    });
    paths.sort();
    paths.remove(0)
}

#[test]
fn a_healthy_store_is_found_healthy_with_figures() {
    let folder = folder();
    for words in [&["verify"][..], &["verify", "--deep"]] {
        let item = &folder.json(&[words, &["--json"]].concat())["items"][0];
        assert!(item["records"].as_u64().unwrap() >= 3000, "{item}");
        assert_eq!(item["damages"], serde_json::json!([]));
    }
}

#[test]
fn a_flipped_bit_is_found_and_named_and_repair_lets_the_rest_be_read() {
    let folder = folder();
    let path = segment(&folder);
    let mut bytes = fs::read(&path).unwrap();
    let middle = 40_000;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let said = folder.run(&["verify", "--deep"]);
    assert_eq!(said.code, 5, "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("error[CORRUPT]"), "{}", said.stderr);
    assert!(said.stderr.contains("mltrack repair"), "{}", said.stderr);
    folder.ok(&["repair", "--dry-run"]);
    assert_eq!(folder.run(&["verify", "--deep"]).code, 5);
    let repaired = folder.run(&["repair", "--yes"]);
    assert_eq!(repaired.code, 0, "{}", repaired.stderr);
    assert_eq!(folder.ok(&["runs"]).lines().count(), 1);
}

#[test]
fn replay_finds_the_answers_the_same_and_rebuilds_them() {
    let folder = folder();
    let check = |folder: &Folder| folder.json(&["replay", "--check", "--json"])["items"][0].clone();
    assert_eq!(check(&folder)["index"], "none");
    let written = folder.json(&["replay", "--json"])["items"][0].clone();
    assert!(written["rows_written"].as_u64().unwrap() > 0, "{written}");
    let checked = check(&folder);
    assert_eq!(
        (&checked["index"], &checked["same"]),
        (&Value::from("same"), &Value::from(true))
    );
    assert!(checked["events"].as_u64().unwrap() > 3000, "{checked}");
    // An index that is behind is not wrong: it is the fold up to where it stands.
    folder.start_run("b");
    assert_eq!(check(&folder)["same"], true);
}

#[test]
fn export_events_writes_every_event_once_and_in_order() {
    let folder = folder();
    for words in [
        &["export", "events"][..],
        &["export", "events", "--format", "ndjson"],
    ] {
        let lsns: Vec<u64> = folder
            .ok(words)
            .lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["lsn"]
                    .as_u64()
                    .unwrap()
            })
            .collect();
        assert!(lsns.len() > 3000);
        assert!(lsns.windows(2).all(|pair| pair[0] < pair[1]));
    }
    let one: Value = serde_json::from_str(
        folder
            .ok(&["export", "events", "--type", "run_created"])
            .trim(),
    )
    .unwrap();
    assert_eq!(one["type"], "run_created");
    assert_eq!(one["experiment"], "a");
    assert_eq!(one["payload"]["experiment"], 1);
    assert_eq!(one["run"], one["payload"]["run"]);
}

#[test]
fn export_csv_has_one_header_and_every_point() {
    let folder = folder();
    let text = folder.ok(&["export", "metrics", "--format", "csv"]);
    assert_eq!(text.lines().count(), 3001);
    assert!(
        text.starts_with("run,experiment,name,step,time,value,context\n"),
        "{text:.200}"
    );
    let some = folder.ok(&["export", "metrics", "--metrics", "acc*", "--format", "csv"]);
    assert_eq!(some.lines().count(), 1);
    let runs = folder.ok(&["export", "runs", "--format", "csv"]);
    assert_eq!(runs.lines().count(), 2);
    folder.ok(&["export", "runs", "-o", "runs.ndjson"]);
    assert!(
        fs::read_to_string(folder.path().join("runs.ndjson"))
            .unwrap()
            .contains("\"a\"")
    );
}

#[test]
fn a_copy_of_the_folder_passes_verify() {
    let folder = folder();
    let copied = std::process::Command::new("cp")
        .args(["-r", ".mltrack", "copy"])
        .current_dir(folder.path())
        .status();
    assert!(copied.unwrap().success());
    folder.ok(&["-C", "copy", "verify", "--deep"]);
    assert_eq!(folder.ok(&["-C", "copy", "runs"]), folder.ok(&["runs"]));
}

#[test]
fn the_log_is_browsed_newest_first_without_points_unless_asked() {
    let folder = folder();
    let text = folder.ok(&["log"]);
    let types: Vec<&str> = text
        .lines()
        .map(|line| line.split('\t').nth(2).unwrap())
        .collect();
    assert_eq!(types.first(), Some(&"run_ended"));
    assert!(!types.contains(&"metrics_logged"));
    assert_eq!(
        folder.ok(&["log", "--points", "-n", "20"]).lines().count(),
        20
    );
    assert_eq!(
        folder
            .ok(&["log", "a", "--type", "run_created"])
            .lines()
            .count(),
        1
    );
}

#[test]
fn a_prune_that_has_nothing_to_remove_is_no_dry_run() {
    let folder = folder();
    folder.ok(&["backup", "place"]);
    let prune = |words: &[&str]| {
        let all = ["backup", "prune", "place", "--keep", "1", "--json"];
        let document = folder.json(&[&all[..], words].concat());
        let item = &document["items"][0];
        (
            item["removed"].as_array().unwrap().len(),
            item["dry_run"].clone(),
        )
    };
    assert_eq!(prune(&[]), (0, false.into()));
    assert_eq!(prune(&["--yes"]), (0, false.into()));
    assert_eq!(prune(&["--dry-run"]), (0, true.into()));
    let run = folder.start_run("b");
    folder.ok(&["run", "end", &run]);
    folder.ok(&["backup", "place"]);
    assert_eq!(prune(&["--dry-run"]), (1, true.into()));
    assert_eq!(prune(&["--yes"]), (1, false.into()));
}
