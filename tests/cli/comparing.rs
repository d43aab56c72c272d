//! `compare`: what differs between runs, and whether groups of replicates do.

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
}

#[test]
fn runs_of_several_experiments_are_compared_on_request_only() {
    let folder = folder();
    let other = folder.start_run("b");
    assert_eq!(folder.run(&["compare", "0.1-0", &other]).code, 2);
    assert_eq!(
        folder.run(&["compare", "0.1-0", &other, "--across"]).code,
        0
    );
}
