//! What `metrics` picks, thins, sums up and draws, and values that are no single number.

use mltrack::{RunId, Tracker};
use serde_json::{Value, json};

use super::support::{Folder, lines_of};

/// A run with 20,000 points, one of which is a spike, and a metric in two contexts.
fn folder() -> (Folder, RunId) {
    let folder = Folder::with_store();
    let tracker = Tracker::open(folder.path()).unwrap();
    let run = tracker
        .experiment("a")
        .unwrap()
        .run()
        .detached(true)
        .start()
        .unwrap();
    for step in 0..20_000_i32 {
        let loss = if step == 12_345 {
            77.0
        } else {
            1.0 / f64::from(step + 1)
        };
        run.log_metrics(step.into(), [("loss", loss)]).unwrap();
    }
    (folder, run.id())
}

fn logged(lines: &str) -> (Folder, String) {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    assert_eq!(folder.run_with(&["run", "log", &run], lines).code, 0);
    (folder, run)
}

fn items(document: &Value) -> &Vec<Value> {
    document["items"].as_array().unwrap()
}

#[test]
fn thinned_points_are_few_and_hold_the_spike_and_a_short_curve_is_whole() {
    let (folder, run) = folder();
    let run = run.to_string();
    for count_max in ["1", "2", "5", "40", "1000"] {
        let document = folder.json(&["metrics", &run, "--max-points", count_max, "--json"]);
        let items = items(&document);
        let limit: usize = count_max.parse().unwrap();
        assert!(
            items.len() <= limit && items.len() >= limit / 5,
            "{count_max}: {}",
            items.len()
        );
        assert!(items.iter().all(|item| item["time"].is_null()));
        assert!(
            limit < 5 || items.iter().any(|item| item["value"] == 77.0),
            "{count_max}"
        );
    }
    let whole = folder.json(&["metrics", &run, "--max-points", "20000", "--json"]);
    assert_eq!(items(&whole).len(), 20_000);
    // Few points of a long curve are whole, too.
    let short = folder.json(&[
        "metrics",
        &run,
        "--steps",
        "5..9",
        "--max-points",
        "40",
        "--json",
    ]);
    assert_eq!(items(&short).len(), 5);
    assert!(items(&short).iter().all(|item| item["time"].is_string()));
}

#[test]
fn a_spike_is_in_every_plot_of_a_long_curve() {
    let (folder, run) = folder();
    let run = run.to_string();
    for words in [
        &[][..],
        &["--smooth", "0.99"],
        &["--log"],
        &["--log", "--smooth", "0.9"],
    ] {
        let plot = folder.ok(&[&["metrics", &run, "--plot"], words].concat());
        assert!(plot.trim_start().starts_with("77"), "{words:?}\n{plot}");
        assert!(plot.contains("max 77"), "{words:?}\n{plot}");
        assert!(
            plot.lines().all(|line| line.chars().count() <= 80),
            "{plot}"
        );
    }
    assert_eq!(folder.run(&["metrics", &run, "--smooth", "0.9"]).code, 2);
    assert_eq!(
        folder
            .run(&["metrics", &run, "--plot", "--smooth", "1"])
            .code,
        2
    );
}

#[test]
fn numbers_about_a_metric_are_exact() {
    let (folder, run) = logged(&lines_of(101, |step| {
        format!("step={step} x={} y=NaN", step * 2)
    }));
    let document = folder.json(&["metrics", &run, "--stats", "--json"]);
    let expected = json!({
        "name": "x", "count": 101, "nan": 0, "min": 0.0, "min_step": 0, "max": 200.0, "max_step": 100,
        "mean": 100.0, "median": 100.0, "p95": 190.0, "p99": 198.0, "context": {},
    });
    let mut first = items(&document)[0].clone();
    let deviation = first.as_object_mut().unwrap().remove("std").unwrap();
    assert_eq!(first, expected);
    // The numbers from 0 to 100 have the variance (101^2 - 1) / 12.
    assert!((deviation.as_f64().unwrap() - 2.0 * 850_f64.sqrt()).abs() < 1e-9);
    let other = &items(&document)[1];
    assert_eq!((&other["nan"], &other["mean"]), (&json!(101), &Value::Null));
    let range = folder.json(&["metrics", &run, "x", "--stats", "--steps", "..10", "--json"]);
    assert_eq!(items(&range)[0]["max"], 20.0);
    assert_eq!(folder.run(&["metrics", &run, "--stats", "--plot"]).code, 2);
}

#[test]
fn points_are_picked_by_time() {
    let (folder, run) = logged("x=1\n");
    folder.ok(&["run", "log", &run, "x=2"]);
    folder.ok(&["run", "log", &run, "x=3"]);
    let document = folder.json(&["metrics", &run, "--json"]);
    let time = |index: usize| items(&document)[index]["time"].as_str().unwrap();
    let values = |words: &[&str]| -> Vec<f64> {
        let document = folder.json(&[&["metrics", &run, "--json"], words].concat());
        items(&document)
            .iter()
            .map(|item| item["value"].as_f64().unwrap())
            .collect()
    };
    assert_eq!(values(&["--since", time(1)]), [2.0, 3.0]);
    assert_eq!(values(&["--until", time(1)]), [1.0, 2.0]);
    assert_eq!(values(&["--since", time(1), "--until", time(1)]), [2.0]);
    assert_eq!(values(&["--since", "1h"]).len(), 3);
    assert_eq!(values(&["--until", "-1h"]).len(), 0);
}

#[test]
fn an_empty_answer_names_the_metrics_that_the_run_has() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let said = folder.run(&["metrics", &run]);
    assert_eq!((said.code, said.stdout.as_str()), (0, ""));
    assert!(said.stderr.contains("no metrics"), "{}", said.stderr);
    folder.ok(&["run", "log", &run, "loss=1"]);
    for words in [
        &["metrics", &run, "lss"][..],
        &["metrics", &run, "lss", "--stats"],
    ] {
        let said = folder.run(words);
        assert_eq!((said.code, said.stdout.as_str()), (0, ""));
        assert!(said.stderr.contains("the run has loss"), "{}", said.stderr);
    }
    assert_eq!(folder.run(&["metrics", &run, "l*"]).stderr, "");
}

#[test]
fn metrics_are_picked_by_their_context() {
    let folder = Folder::with_store();
    let tracker = Tracker::open(folder.path()).unwrap();
    let run = tracker
        .experiment("a")
        .unwrap()
        .run()
        .detached(true)
        .start()
        .unwrap();
    for (subset, value) in [("train", 1.0), ("val", 2.0)] {
        run.metric("loss")
            .context("subset", subset)
            .log(value, 0)
            .unwrap();
    }
    let run = run.id().to_string();
    let document = folder.json(&["metrics", &run, "--context", "subset=val", "--json"]);
    let expected = json!([{"context": {"subset": "val"}, "value": 2.0}]);
    let picked: Vec<Value> = items(&document)
        .iter()
        .map(|item| json!({"context": item["context"], "value": item["value"]}))
        .collect();
    assert_eq!(json!(picked), expected);
    assert_eq!(
        folder.run(&["metrics", &run, "--context", "subset"]).code,
        2
    );
}

#[test]
fn distributions_and_json_are_kinds_of_their_own() {
    let folder = Folder::with_store();
    let tracker = Tracker::open(folder.path()).unwrap();
    let run = tracker
        .experiment("a")
        .unwrap()
        .run()
        .detached(true)
        .start()
        .unwrap();
    let values: Vec<f64> = (0..1000).map(f64::from).collect();
    run.log_histogram("grad/conv", 1, &[0.0, 1.0]).unwrap();
    run.log_histogram("grad/conv", 2, &values).unwrap();
    run.log_histogram("grad/head", 1, &[5.0, f64::NAN]).unwrap();
    run.log_json("confusion", 3, &[[9, 1], [2, 8]]).unwrap();
    let run = run.id().to_string();
    let asked = |words: &[&str]| folder.json(&[&["metrics", &run, "--json"], words].concat());
    let all = asked(&["--kind", "histograms"]);
    assert_eq!(items(&all).len(), 3);
    let picked = asked(&["grad/c*", "--kind", "histograms", "--steps", "2.."]);
    let last = &items(&picked)[0]["value"];
    assert_eq!(
        (&last["count"], &last["min"], &last["max"]),
        (&json!(1000), &json!(0.0), &json!(999.0))
    );
    let counts = last["counts"].as_array().unwrap();
    assert_eq!(
        counts
            .iter()
            .map(|count| count.as_u64().unwrap())
            .sum::<u64>(),
        1000
    );
    let matrix = asked(&["--kind", "json"]);
    assert_eq!(items(&matrix)[0]["value"], json!([[9, 1], [2, 8]]));
    let plot = folder.ok(&["metrics", &run, "--kind", "histograms", "--plot"]);
    assert!(
        plot.contains("grad/conv step 2: 1,000 values, the last of 2 from step 1"),
        "{plot}"
    );
    assert!(
        plot.contains("grad/head step 1: 1 value, 1 not finite"),
        "{plot}"
    );
    assert!(
        plot.lines().filter(|line| line.contains("..")).count() >= 17,
        "{plot}"
    );
}
