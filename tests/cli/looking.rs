//! `metrics`, its plot and its buckets.

use serde_json::{Value, json};

use super::support::{Folder, lines_of};

fn folder() -> (Folder, String) {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let lines = lines_of(1000, |step| {
        format!("step={step} loss={} acc={step}", 1000 - step)
    });
    assert_eq!(folder.run_with(&["run", "log", &run], &lines).code, 0);
    (folder, run)
}

#[test]
fn every_point_is_there_in_order() {
    let (folder, run) = folder();
    let text = folder.ok(&["metrics", &run]);
    assert_eq!(text.lines().count(), 2000);
    let loss = folder.ok(&["metrics", &run, "loss"]);
    let first: Vec<&str> = loss.lines().next().unwrap().split('\t').collect();
    assert_eq!(
        (first[0], first[1], first[3], first[4]),
        ("loss", "0", "1000.0", "{}")
    );
    assert!(first[2].ends_with('Z'));
}

#[test]
fn globs_and_steps_choose() {
    let (folder, run) = folder();
    let items =
        folder.json(&["metrics", &run, "l*", "--steps", "10..12", "--json"])["items"].clone();
    let steps: Vec<&Value> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["step"])
        .collect();
    assert_eq!(steps, [&json!(10), &json!(11), &json!(12)]);
    assert_eq!(folder.ok(&["metrics", &run, "none*"]), "");
    assert_eq!(folder.run(&["metrics", &run, "--steps", "12..10"]).code, 2);
}

#[test]
fn fewer_points_keep_the_extremes() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let lines = lines_of(5000, |step| {
        let value = if step == 1234 { 99 } else { step % 7 };
        format!("step={step} x={value}")
    });
    assert_eq!(folder.run_with(&["run", "log", &run], &lines).code, 0);
    let text = folder.ok(&["metrics", &run, "x", "--max-points", "100"]);
    assert!(
        (20..=100).contains(&text.lines().count()),
        "{}",
        text.lines().count()
    );
    assert!(
        text.lines()
            .any(|line| line.split('\t').nth(3) == Some("99.0")),
        "{text}"
    );
}

#[test]
fn a_plot_names_every_metric_and_its_range() {
    let (folder, run) = folder();
    let plot = folder.ok(&["metrics", &run, "--plot"]);
    assert!(plot.contains("loss") && plot.contains("acc"), "{plot}");
    assert!(plot.lines().count() > 10, "{plot}");
    assert!(
        plot.lines().all(|line| line.chars().count() <= 80),
        "{plot}"
    );
}

#[test]
fn values_that_json_cannot_hold_are_words() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    folder.ok(&["run", "log", &run, "x=NaN", "y=inf", "z=-inf"]);
    let items = folder.json(&["metrics", &run, "--json=name,value"])["items"].clone();
    assert_eq!(
        items,
        json!([
            {"name": "x", "value": "NaN"},
            {"name": "y", "value": "Infinity"},
            {"name": "z", "value": "-Infinity"},
        ])
    );
}
