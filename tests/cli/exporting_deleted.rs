//! `export` of what is deleted: left out unless it is asked for, and then it says that it is.

use rusqlite::Connection;
use serde_json::Value;

use super::exporting::{column, points_of, texts};
use super::support::Folder;

/// A run that is kept, one that is deleted, and an experiment that is deleted and has a namesake since.
fn with_deleted() -> Folder {
    let folder = Folder::with_store();
    let run = |experiment: &str, name: &str| {
        let words = ["run", "start", experiment, "-q", "--name", name];
        let run = folder.ok(&words).trim().to_owned();
        for (step, value) in [("0", "1.0"), ("1", "2.0")] {
            folder.ok(&["run", "log", &run, &format!("loss={value}"), "--step", step]);
        }
        folder.ok(&["run", "end", &run]);
    };
    run("kept", "first");
    run("kept", "bad");
    run("gone", "lost");
    folder.ok(&["rm", "bad", "--yes"]);
    folder.ok(&["rm", "gone", "--yes"]);
    run("gone", "namesake");
    folder
}

/// What is told of runs, sorted: name, and whether it is deleted.
fn told(lines: &str) -> Vec<(String, bool)> {
    let items = lines.lines().map(|line| {
        let item: Value = serde_json::from_str(line).unwrap();
        (
            item["name"].as_str().unwrap().to_owned(),
            item["deleted"].is_string(),
        )
    });
    let mut items: Vec<_> = items.collect();
    items.sort();
    items
}

#[test]
fn deleted_runs_come_out_when_they_are_asked_for_and_say_that_they_are() {
    let folder = with_deleted();
    let kept = [("first", false), ("namesake", false)];
    let all = [
        ("bad", true),
        ("first", false),
        ("lost", true),
        ("namesake", false),
    ];
    let named = |runs: &[(&str, bool)]| -> Vec<(String, bool)> {
        runs.iter()
            .map(|(name, is)| ((*name).to_owned(), *is))
            .collect()
    };
    assert_eq!(told(&folder.ok(&["export", "runs"])), named(&kept));
    assert_eq!(
        told(&folder.ok(&["export", "runs", "--deleted"])),
        named(&all)
    );
    let words = [
        "export",
        "runs",
        "--deleted",
        "-f",
        "metrics.loss > 1",
        "--format",
    ];
    let csv = folder.ok(&[&words[..], &["csv"]].concat());
    assert!(csv.lines().next().unwrap().ends_with(",deleted"), "{csv}");
    assert_eq!(csv.lines().count(), 5, "{csv}");
    for format in ["md", "latex"] {
        let page = folder.ok(&[&words[..], &[format]].concat());
        assert!(page.contains("deleted") && page.contains("lost"), "{page}");
        let page = folder.ok(&["export", "runs", "--format", format]);
        assert!(!page.contains("deleted"), "{page}");
    }
    folder.ok(&[&words[..], &["parquet", "-o", "runs.parquet"]].concat());
    let path = folder.path().join("runs.parquet");
    assert_eq!(texts(&path, "name"), ["first", "bad", "lost", "namesake"]);
    // What is null is left out.
    let deleted = column::<parquet::data_type::Int64Type>(&path, "deleted");
    assert_eq!(deleted.len(), 2);
    let points = folder.ok(&["export", "metrics", "--deleted"]);
    assert_eq!(points.lines().count(), 8);
    assert_eq!(folder.ok(&["export", "metrics"]).lines().count(), 4);
}

#[test]
fn points_of_two_experiments_of_one_name_share_their_file() {
    let folder = with_deleted();
    let words = ["export", "metrics", "--deleted", "--format", "parquet"];
    folder.ok(&[&words[..], &["--partition", "exp", "-o", "parts"]].concat());
    for name in ["kept", "gone"] {
        let file = format!("parts/exp={name}/part-0.parquet");
        assert_eq!(points_of(&folder.path().join(file)).len(), 4, "{name}");
    }
}

#[test]
fn everything_has_what_is_deleted_when_it_is_asked_for() {
    let folder = with_deleted();
    folder.ok(&["export", "all", "--deleted", "-o", "all.sqlite"]);
    folder.ok(&["export", "all", "-o", "kept.sqlite"]);
    let count = |base: &str, sql: &str| -> i64 {
        let base = Connection::open(folder.path().join(base)).unwrap();
        base.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    for (sql, all, kept) in [
        ("SELECT count(*) FROM runs", 4, 2),
        (
            "SELECT count(*) FROM runs WHERE deleted_ns IS NOT NULL",
            2,
            0,
        ),
        ("SELECT count(*) FROM experiments", 3, 2),
        (
            "SELECT count(*) FROM experiments WHERE deleted_ns > created_ns",
            1,
            0,
        ),
        ("SELECT count(*) FROM points", 8, 4),
        ("SELECT count(*) FROM curves WHERE run = 'lost'", 2, 0),
        // The best of an experiment is none of the deleted ones.
        ("SELECT count(*) FROM best", 4, 4),
    ] {
        assert_eq!(
            (count("all.sqlite", sql), count("kept.sqlite", sql)),
            (all, kept),
            "{sql}"
        );
    }
    folder.ok(&["export", "all", "--deleted", "-o", "all"]);
    let path = folder.path().join("all");
    assert_eq!(points_of(&path.join("points.parquet")).len(), 8);
    let deleted = |name: &str| column::<parquet::data_type::Int64Type>(&path.join(name), "deleted");
    assert_eq!(deleted("runs.parquet").len(), 2);
    assert_eq!(deleted("experiments.parquet").len(), 1);
    // As of before, nothing was deleted.
    let before = folder.ok(&["export", "events", "--type", "run_deleted"]);
    let event: Value = serde_json::from_str(before.lines().next().unwrap()).unwrap();
    let at = (event["lsn"].as_u64().unwrap() - 1).to_string();
    let then = told(&folder.ok(&["export", "runs", "--at", &at]));
    assert_eq!(then.len(), 3);
    assert!(then.iter().all(|(_, is_deleted)| !is_deleted));
}
