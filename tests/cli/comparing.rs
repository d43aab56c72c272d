//! `compare`: what differs between runs, and whether groups of replicates do.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::support::Folder;

/// Five seeds of each learning rate, of which the second is better; the runs of one are `lr-SEED`.
fn folder() -> Folder {
    let folder = Folder::with_store();
    folder.ok(&["exp", "new", "a", "--goal", "acc:max"]);
    for (lr, values) in [
        ("0.1", [0.926, 0.924, 0.927, 0.928, 0.925]),
        ("0.2", [0.931, 0.929, 0.934, 0.930, 0.932]),
    ] {
        for (seed, value) in values.into_iter().enumerate() {
            let (name, seed) = (format!("{lr}-{seed}"), format!("seed={seed}"));
            let rate = format!("lr={lr}");
            folder.ok(&[
                "run", "start", "a", "--name", &name, "-p", &rate, "-p", &seed, "-p", "wd=0", "-q",
            ]);
            let acc = format!("acc={value}");
            folder.ok(&["run", "log", &name, &acc, "same=1", "--step", "1"]);
            folder.ok(&["run", "end", &name]);
        }
    }
    folder
}

fn items(folder: &Folder, words: &[&str]) -> Vec<Value> {
    let document = folder.json(&[&["compare", "--json"], words].concat());
    document["items"].as_array().unwrap().clone()
}

fn named<'a>(items: &'a [Value], name: &str) -> &'a Value {
    let found = items.iter().find(|item| item["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {items:?}"))
}

#[test]
fn two_runs_show_what_differs_and_by_how_much() {
    let folder = folder();
    let items = items(&folder, &["0.1-0", "0.2-0"]);
    let names: Vec<&str> = items
        .iter()
        .filter_map(|item| item["name"].as_str())
        .collect();
    assert_eq!(names, ["lr", "acc"]);
    let acc = named(&items, "acc");
    assert_eq!(acc["direction"], "max");
    assert_eq!(
        (&acc["groups"][0]["baseline"], &acc["groups"][1]["best"]),
        (&true.into(), &true.into())
    );
    let difference = acc["groups"][1]["difference"].as_f64().unwrap();
    assert!((difference - 0.005).abs() < 1e-12, "{difference}");
    assert_eq!(acc["groups"][1]["better"], true);
}

#[test]
fn a_run_stands_for_its_replicates_and_the_difference_is_tested() {
    let folder = folder();
    let items = items(
        &folder,
        &[
            "0.2-3",
            "0.1-1",
            "--baseline",
            "0.1-1",
            "--by",
            "seed",
            "--test",
            "welch",
        ],
    );
    let group = &named(&items, "acc")["groups"][0];
    assert_eq!(group["runs"].as_array().unwrap().len(), 5);
    // scipy.stats.ttest_ind(equal_var=False)
    let p = group["test"]["p"].as_f64().unwrap();
    assert!((p - 0.001_768_664_796_848).abs() < 1e-11, "{p}");
    assert_eq!(group["test"]["significant"], true);
    assert_eq!(
        group["test"]["p_corrected"], group["test"]["p"],
        "one test is a family of one"
    );
    assert_eq!(group["test"]["n"], serde_json::json!([5, 5]));
}

#[test]
fn every_test_answers_over_replicates() {
    let folder = folder();
    for test in [
        "t",
        "welch",
        "paired",
        "signed-rank",
        "wilcoxon",
        "bootstrap",
    ] {
        let items = items(&folder, &["0.1-0", "0.2-0", "--test", test]);
        let found = &named(&items, "acc")["groups"][1]["test"];
        assert!(found["p"].is_f64(), "{test}: {found}");
    }
    for test in ["anova", "kruskal"] {
        let items = items(&folder, &["0.1-0", "0.2-0", "--test", test]);
        let found = &named(&items, "acc")["test"];
        assert!(found["p"].is_f64(), "{test}: {found}");
    }
}

#[test]
fn the_exit_code_answers_where_it_is_asked_for() {
    let folder = folder();
    let code = |words: &[&str]| folder.run(&[&["compare"], words].concat()).code;
    assert_eq!(code(&["0.1-0", "0.2-0"]), 0);
    assert_eq!(code(&["0.1-0", "0.2-0", "--exit-code"]), 1);
    assert_eq!(code(&["0.1-0", "0.2-0", "--test", "t", "--exit-code"]), 1);
    assert_eq!(
        code(&[
            "0.1-0",
            "0.2-0",
            "--test",
            "t",
            "--alpha",
            "1e-9",
            "--exit-code"
        ]),
        0
    );
}

#[test]
fn too_few_runs_are_told_what_to_select() {
    let folder = folder();
    for words in [
        &["compare"][..],
        &["compare", "0.1-0"],
        &["compare", "0.1-0", "0.1-1", "--by", "seed"],
    ] {
        let said = folder.run(words);
        assert_eq!(said.code, 2, "{words:?}");
        assert!(said.stderr.contains("hint:"), "{}", said.stderr);
    }
    let said = folder.run(&["compare", "0.1-0", "0.2-0", "--test", "magic"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("kruskal"), "{}", said.stderr);
    assert!(
        said.stderr.contains("hint: mltrack compare --help"),
        "{}",
        said.stderr
    );
}

#[test]
fn one_run_is_offered_its_parent_the_one_before_it_and_the_best() {
    let folder = folder();
    let id = |name: &str| {
        let item = folder.json(&["run", "show", name, "--json=id"]);
        item["items"][0]["id"].as_str().unwrap()[24..].to_owned()
    };
    let child = folder.ok(&["run", "start", "a", "--parent", "0.1-0", "-q"]);
    let child = child.trim();
    folder.ok(&["run", "end", child]);
    let said = folder.run(&["compare", child]);
    assert_eq!(said.code, 2);
    for (what, name) in [
        ("its parent", "0.1-0"),
        ("the run before it", "0.2-4"),
        ("the best of its experiment", "0.2-2"),
    ] {
        let line = format!("with {what}: mltrack compare {} ", id(name));
        assert!(said.stderr.contains(&line), "{line}\n{}", said.stderr);
    }
    let line = said.stderr.lines().find(|line| line.contains("parent"));
    let (_, command) = line.unwrap().split_once("mltrack ").unwrap();
    folder.ok(&command.split(' ').collect::<Vec<_>>());
}

#[test]
fn the_past_is_compared_as_it_was() {
    let folder = folder();
    let live = folder.start_run("a");
    folder.ok(&["run", "log", &live, "acc=0.5", "--step", "1"]);
    let then = folder.json(&["exp", "ls", "--json"])["lsn"].to_string();
    folder.ok(&["run", "log", &live, "acc=0.1", "--step", "2"]);
    let value = |words: &[&str]| {
        let items = items(&folder, &[&[live.as_str(), "0.2-0"], words].concat());
        let value = &named(&items, "acc")["groups"][0]["values"][0];
        value.as_f64().unwrap()
    };
    assert_eq!((value(&[]), value(&["--at", &then])), (0.1, 0.5));
    let tested = items(&folder, &["0.1-0", "0.2-0", "--test", "t", "--at", &then]);
    let group = &named(&tested, "acc")["groups"][0];
    assert_eq!(group["runs"].as_array().unwrap().len(), 5);
    let said = folder.run(&["compare", "0.1-0", "0.2-0", "--at", "2"]);
    assert_eq!(said.code, 3, "{}", said.stderr);
    assert!(said.stderr.contains("then"), "{}", said.stderr);
}

#[test]
fn metrics_of_the_machine_stand_behind_the_others() {
    let folder = folder();
    let runs = ["1", "2"].map(|value| {
        let run = folder.start_run("a");
        let cpu = format!("system/cpu={value}");
        folder.ok(&["run", "log", &run, &cpu, "zeta=1", "--step", "3"]);
        run
    });
    let items = items(&folder, &[&runs[0], &runs[1], "--all"]);
    let metrics = items.iter().filter(|item| item["kind"] == "metric");
    let names: Vec<&str> = metrics.filter_map(|item| item["name"].as_str()).collect();
    assert_eq!(names, ["zeta", "system/cpu"]);
}

fn git(folder: &Folder, words: &[&str]) {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder.path())
        .args(["-c", "user.name=a", "-c", "user.email=a@b"]);
    let done = command.args(words).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// Two runs of one commit, each with changes of its own: `train.py` in both, `extra.py` in the second only.
fn changed_code() -> Folder {
    let folder = Folder::with_store();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let train = |threads: &str| {
        let mut command = folder.command(&["run", "exec", "train", "--", "true"]);
        command.env("MLTRACK_CAPTURE", "full");
        command.env("OMP_NUM_THREADS", threads);
        let done = command.output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&folder, &["init", "-q"]);
    write("train.py", "rate = 1\nepochs = 2\n");
    git(&folder, &["add", "train.py"]);
    git(&folder, &["commit", "-q", "-m", "a"]);
    write("train.py", "rate = 2\nepochs = 2\n");
    train("2");
    write("train.py", "rate = 3\nepochs = 2\n");
    write("extra.py", "pass\n");
    train("3");
    folder
}

#[test]
fn patches_are_compared_file_by_file_and_line_by_line() {
    let folder = changed_code();
    let items = items(&folder, &["train/1", "train/2", "--code"]);
    let train = &named(&items, "patch train.py")["groups"];
    assert!(
        train[0]["values"][0]
            .as_str()
            .unwrap()
            .contains("+rate = 2")
    );
    let diff = train[1]["diff"].as_str().unwrap();
    assert!(diff.contains("\n-+rate = 2\n++rate = 3\n"), "{diff}");
    let extra = &named(&items, "patch extra.py")["groups"];
    assert_eq!(extra[0]["values"][0], Value::Null);
    assert!(
        extra[1]["diff"].as_str().unwrap().contains("++pass"),
        "{extra}"
    );
    assert!(items.iter().all(|item| item["kind"] == "code"), "{items:?}");
    let text = folder.ok(&["compare", "train/1", "train/2", "--code", "--md"]);
    assert!(
        text.contains("```diff") && text.contains("++rate = 3"),
        "{text}"
    );
    assert!(text.contains("does not change extra.py"), "{text}");
}

#[test]
fn long_patches_are_cut_and_all_shows_them() {
    let folder = changed_code();
    let long: Vec<String> = (0..500).map(|line| format!("line {line}\n")).collect();
    fs::write(folder.path().join("long.py"), long.concat()).unwrap();
    let mut command = folder.command(&["run", "exec", "train", "--", "true"]);
    command.env("MLTRACK_CAPTURE", "full");
    assert!(command.output().unwrap().status.success());
    let text = |words: &[&str]| {
        folder.ok(&[&["compare", "train/2", "train/3", "--code", "--md"], words].concat())
    };
    let cut = text(&[]);
    assert!(cut.contains("lines more of the patches: --all"), "{cut}");
    assert!(!cut.contains("line 499"));
    assert!(text(&["--all"]).contains("line 499"));
}

#[test]
fn environments_differ_in_what_was_set() {
    let folder = changed_code();
    let items = items(&folder, &["train/1", "train/2", "--env"]);
    let threads = items.iter().find(|item| {
        let name = item["name"].as_str().unwrap_or_default();
        name.ends_with("OMP_NUM_THREADS")
    });
    let groups = &threads.expect("it differs")["groups"];
    let values = [&groups[0]["values"][0], &groups[1]["values"][0]];
    assert_eq!(values, ["2", "3"]);
}

#[test]
fn a_goal_that_no_run_has_is_noted() {
    let folder = folder();
    let compare = ["compare", "0.1-0", "0.2-0", "--json"];
    let said = folder.run(&[&compare[..], &["--goal", "nope:min", "--goal", "same:max"]].concat());
    assert_eq!(said.code, 0, "{}", said.stderr);
    let note = "note: --goal nope: none of the runs has this metric";
    assert!(said.stderr.starts_with(note), "{}", said.stderr);
    assert_eq!(said.stderr.lines().count(), 1, "{}", said.stderr);
    let said = folder.run(&[&compare[..], &["--goal", "acc:min"]].concat());
    assert_eq!(said.stderr, "");
}
