//! `compact` and `gc`: smaller folders, the same answers.

use serde_json::{Value, json};

use super::support::{Folder, lines_of};

/// A store of small segments with two runs, the first of which has most of the points.
fn folder() -> Folder {
    let folder = Folder::empty();
    folder.ok(&["init", "--segment-size", "65536"]);
    for name in ["large", "small"] {
        folder.ok(&["run", "start", "a", "--name", name, "-q"]);
    }
    for round in 0..4 {
        let lines = lines_of(2000, |step| {
            let step = round * 2000 + step;
            format!(
                "step={step} loss={} acc={}",
                1.0 / (step + 1) as f64,
                step % 10
            )
        });
        assert_eq!(folder.run_with(&["run", "log", "large"], &lines).code, 0);
        let lines = lines_of(100, |step| format!("step={} x={step}", round * 100 + step));
        assert_eq!(folder.run_with(&["run", "log", "small"], &lines).code, 0);
    }
    folder
}

fn compacted(folder: &Folder, words: &[&str]) -> Value {
    folder.json(&[&["compact", "--json"], words].concat())["items"][0].clone()
}

/// Answers of every kind.
fn answers(folder: &Folder) -> Vec<String> {
    let asked: [&[&str]; 6] = [
        &["runs", "--ndjson"],
        &["metrics", "large"],
        &["metrics", "small", "--steps", "50..250"],
        &["export", "events"],
        &["search", "loss", "--ndjson"],
        &["op", "log", "--all"],
    ];
    asked.iter().map(|words| folder.ok(words)).collect()
}

#[test]
fn compacting_changes_no_answer_and_a_dry_run_tells_the_truth() {
    let folder = folder();
    let before = answers(&folder);
    let planned = compacted(&folder, &["--dry-run"]);
    assert!(planned["packed"].as_u64().unwrap() > 2, "{planned}");
    assert_eq!(answers(&folder), before);
    let done = compacted(&folder, &["--free-now"]);
    assert_eq!(
        (&done["packed"], &done["dry_run"]),
        (&planned["packed"], &json!(false))
    );
    let bytes = |report: &Value| report["bytes_after"].as_f64().unwrap();
    assert!(
        (bytes(&planned) / bytes(&done) - 1.0).abs() < 0.1,
        "{planned} {done}"
    );
    assert!(
        bytes(&done) < done["bytes_before"].as_f64().unwrap() / 2.0,
        "{done}"
    );
    assert_eq!(answers(&folder), before);
    folder.ok(&["verify", "--deep"]);
    let checked = folder.json(&["replay", "--check", "--projector", "series", "--json"]);
    let item = &checked["items"][0];
    assert_eq!(
        (&item["same"], &item["rows"]),
        (&json!(true), &json!(16_400))
    );
    let parts = folder.json(&["stats", "--json"])["items"][0]["parts"].clone();
    assert!(parts["packs"].as_u64().unwrap() > 0, "{parts}");
    assert_eq!(compacted(&folder, &[])["packed"], 0);
}

#[test]
fn a_store_of_the_past_is_cut_out_of_packed_segments_too() {
    let folder = folder();
    let then = folder.json(&["runs", "--json"])["lsn"].as_u64().unwrap() / 2;
    let then = then.to_string();
    compacted(&folder, &["--free-now"]);
    let at = folder.json(&["runs", "--at", &then, "--json"])["items"].clone();
    let made = folder.json(&["replay", "--to", &then, "--into", "past", "--json"]);
    let last = made["items"][0]["lsn"].to_string();
    let past = folder.json(&["-C", "past", "runs", "--json"])["items"].clone();
    if last == then {
        assert_eq!(past, at);
    }
    assert_eq!(
        past,
        folder.json(&["runs", "--at", &last, "--json"])["items"]
    );
    folder.ok(&["-C", "past", "verify", "--deep"]);
}

#[test]
fn nothing_is_collected_that_can_be_undone() {
    let folder = folder();
    folder.ok(&["rm", "large", "--yes"]);
    let document = folder.json(&["gc", "--yes", "--json"]);
    let item = &document["items"][0];
    assert_eq!(
        (&item["kind"], &item["purged"]),
        (&json!("run"), &json!(false))
    );
    assert!(item["stays"].as_str().unwrap().contains("undone"), "{item}");
    folder.ok(&["undo"]);
    assert_eq!(
        folder.json(&["metrics", "large", "--json"])["total"],
        16_000
    );
}

#[test]
fn what_is_collected_is_gone_for_good_and_the_past_says_so() {
    let folder = folder();
    folder.ok(&["run", "end", "large"]);
    let id = folder.json(&["run", "show", "large", "--json"])["items"][0]["id"].clone();
    let then = folder.json(&["runs", "--json"])["lsn"].to_string();
    folder.ok(&["rm", "large", "--yes"]);
    folder.start_run("b");
    let words = ["gc", "--older-than", "0s", "--free-now", "--json"];
    let planned = folder.json(&[&words[..], &["--dry-run"]].concat());
    let item = &planned["items"][0];
    assert_eq!(
        (&item["id"], &item["purged"], &item["points"]),
        (&id, &json!(false), &json!(16_000))
    );
    assert_eq!(folder.run(&words).code, 2, "nobody was asked");
    let done = folder.json(&[&words[..], &["--yes"]].concat());
    assert_eq!(done["items"][0]["purged"], true);
    assert_eq!(folder.run(&["restore", id.as_str().unwrap()]).code, 3);
    assert_eq!(folder.run(&["run", "show", id.as_str().unwrap()]).code, 3);
    assert_eq!(folder.json(&["metrics", "small", "--json"])["total"], 400);
    folder.ok(&["verify", "--deep"]);
    let said = folder.run(&["runs", "--at", &then]);
    assert_eq!(said.code, 8, "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("HISTORY_FLOOR"), "{}", said.stderr);
    let said = folder.run(&["replay", "--to", &then, "--into", "past"]);
    assert_eq!(said.code, 8, "{}{}", said.stdout, said.stderr);
    let document = folder.json(&["runs", "--json"]);
    assert_eq!(document["total"], 2);
}
