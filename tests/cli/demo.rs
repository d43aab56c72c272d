//! `demo`: real training in processes of its own, and the truth about those that are killed.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Command;

use serde_json::Value;

use super::support::Folder;

#[test]
fn a_demo_trains_in_an_empty_folder_and_shows_what_came_of_it() {
    let folder = Folder::empty();
    let said = folder.run(&["demo", "--runs", "2", "--epochs", "3", "--seed", "5"]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    for word in [
        "softmax-careful",
        "softmax-bold",
        "best",
        "validation_loss",
        "mltrack runs digits",
    ] {
        assert!(said.stdout.contains(word), "{word}\n{}", said.stdout);
    }
    let runs = folder.json(&["runs", "digits", "--sort", ".number", "--json"])["items"].clone();
    assert_eq!(runs.as_array().unwrap().len(), 2);
    for run in runs.as_array().unwrap() {
        assert_eq!(run["state"], "completed");
        assert_eq!(run["params"]["model.kind"], "softmax");
        assert!(
            run["metrics"]["validation_accuracy"].as_f64().unwrap() > 0.5,
            "{run}"
        );
    }
    assert_ne!(runs[0]["pid"], runs[1]["pid"]);
    let id = runs[0]["id"].as_str().unwrap();
    for name in ["loss", "accuracy", "gradient_norm"] {
        assert_eq!(
            folder.ok(&["metrics", id, name]).lines().count(),
            3 * 45,
            "{name}"
        );
    }
    assert_eq!(
        folder
            .ok(&["metrics", id, "validation_loss"])
            .lines()
            .count(),
        3
    );
    // What is no single number is there, too, and every kind of chart has something to draw.
    for (name, kind, count) in [("weights", "histograms", 3), ("confusion", "json", 1)] {
        let logged = folder.ok(&["metrics", id, name, "--kind", kind]);
        assert_eq!(logged.lines().count(), count, "{name}");
    }
    folder.ok(&["verify", "--deep"]);
}

#[test]
fn a_scale_makes_a_large_store_of_runs_that_happened_in_the_past() {
    for manner in [&[][..], &["--single"], &["--f64"]] {
        let folder = Folder::empty();
        let counts = "runs=40,params=5,metrics=3,points=60";
        let words = [&["demo", "--scale", counts, "--seed", "1"], manner].concat();
        let said = folder.run(&words);
        assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
        assert!(
            said.stdout
                .starts_with("made 40 runs in 1 experiment with ")
        );
        let runs = folder.json(&["runs", "scale-1", "--sort", ".number", "--json"]);
        let runs = runs["items"].as_array().unwrap();
        assert_eq!(runs.len(), 40);
        for run in runs {
            assert_eq!(run["params"].as_object().unwrap().len(), 5, "{run}");
            assert_eq!(run["metrics"].as_object().unwrap().len(), 3, "{run}");
        }
        let started = |at: usize| runs[at]["started"].as_str().unwrap().to_owned();
        assert!(started(0) < started(39));
        folder.ok(&["verify", "--deep"]);
    }
}

#[test]
fn a_wrong_scale_is_a_usage_error() {
    let folder = Folder::empty();
    for words in [
        &["demo", "--scale", "runs=0"][..],
        &["demo", "--scale", "steps=4"],
        &["demo", "--scale", "runs=3", "--runs", "2"],
        &["demo", "--single"],
    ] {
        let said = folder.run(words);
        assert_eq!(said.code, 2, "{words:?} {}", said.stderr);
    }
}

#[test]
fn a_second_demo_adds_runs_to_the_same_experiment_and_equal_seeds_train_alike() {
    let folder = Folder::empty();
    for _ in 0..2 {
        folder.ok(&[
            "demo",
            "--runs",
            "1",
            "--epochs",
            "2",
            "--store",
            "there",
            "--progress",
            "none",
        ]);
    }
    let list = folder.ok(&["-C", "there", "exp", "ls"]);
    assert_eq!(list.lines().count(), 1, "{list}");
    let runs = folder.json(&["-C", "there", "runs", "--json"])["items"].clone();
    let numbers: Vec<&Value> = runs
        .as_array()
        .unwrap()
        .iter()
        .map(|run| &run["number"])
        .collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(runs[0]["metrics"], runs[1]["metrics"]);
}

#[test]
fn a_killed_trainer_is_lost_in_the_table_and_the_demo_ends_with_7() {
    let folder = Folder::empty();
    let mut child = folder.spawn_fed(&["demo", "--runs", "2", "--epochs", "40"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let started = lines
        .find(|line| line.contains("softmax-bold") && line.contains("pid "))
        .unwrap();
    let pid = started
        .split("pid ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    assert!(
        Command::new("kill")
            .args(["-9", pid])
            .status()
            .unwrap()
            .success()
    );
    let rest: Vec<String> = lines.collect();
    let mut stdout = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7), "{rest:?}");
    assert!(
        rest.iter().any(|line| line.starts_with("error[PARTIAL]")),
        "{rest:?}"
    );
    let row = stdout
        .lines()
        .find(|line| line.contains("softmax-bold"))
        .unwrap();
    assert!(row.contains("lost"), "{stdout}");
    let states: Vec<String> = ["softmax-careful", "softmax-bold"]
        .iter()
        .map(|name| {
            folder.json(&["run", "show", name, "--json"])["items"][0]["state"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(states, ["completed", "lost"]);
}

#[test]
fn a_demo_that_is_interrupted_cancels_its_runs() {
    let folder = Folder::empty();
    let mut child = folder.spawn_fed(&[
        "demo",
        "--runs",
        "1",
        "--epochs",
        "1000000",
        "--progress",
        "none",
    ]);
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    lines.find(|line| line.contains("pid ")).unwrap();
    assert!(
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(
        folder.json(&["run", "show", "@last", "--json"])["items"][0]["state"],
        "cancelled"
    );
}

#[test]
fn progress_for_programs_is_one_object_a_line() {
    let folder = Folder::empty();
    let said = folder.run(&[
        "demo",
        "--runs",
        "1",
        "--epochs",
        "20",
        "--progress",
        "json",
    ]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    for line in said.stderr.lines().filter(|line| line.starts_with('{')) {
        let object: Value = serde_json::from_str(line).unwrap();
        assert!(object["progress"].as_f64().unwrap() <= 1.0);
    }
}

#[test]
fn a_demo_can_be_reproduced_to_the_bit_and_says_what_it_was_made_of() {
    let folder = Folder::empty();
    let run = |words: &[&str]| {
        let mut command = folder.command(words);
        command.env("MLTRACK_CAPTURE", "full").output().unwrap()
    };
    let made = run(&[
        "demo",
        "--runs",
        "1",
        "--epochs",
        "12",
        "--progress",
        "none",
    ]);
    assert!(made.status.success(), "{made:?}");
    let text = String::from_utf8(made.stdout).unwrap();
    for word in ["lineage", "reproduce", "artifact verify", "env show"] {
        assert!(text.contains(word), "{word}\n{text}");
    }
    let again = run(&["reproduce", "@last", "--check", "--json"]);
    assert!(again.status.success(), "{again:?}");
    let answer: Value = serde_json::from_slice(&again.stdout).unwrap();
    let items = answer["items"].as_array().unwrap();
    assert_eq!(items.len(), 5);
    assert!(
        items.iter().all(|item| item["result"] == "bit_equal"),
        "{answer}"
    );
    folder.ok(&["artifact", "verify", "@last"]);
    folder.ok(&["env", "diff", "@last", "@last", "--exit-status"]);
    let kept = folder.ok(&["artifact", "ls", "@last", "ckpt/*"]);
    assert_eq!(kept.lines().count(), 3, "the last ones stay: {kept}");
    let lineage = folder.ok(&["lineage", "@last"]);
    for node in ["digits v1", "model.bin", "mltrack/environment.json"] {
        assert!(lineage.contains(node), "{node}\n{lineage}");
    }
    assert_eq!(folder.ok(&["runs", "-q"]).lines().count(), 1);
}
