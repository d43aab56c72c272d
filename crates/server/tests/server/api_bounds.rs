//! Questions that ask for too much, or in lists without end: refused before they cost anything, or answered in parts.

use mltrack::Tracker;
use serde_json::{Value, json};

use crate::api_looking::fill;
use crate::support::Served;

fn refused(served: &Served, path: &str, body: &Value, word: &str) {
    let (status, error) = served.post(&format!("/api/v1{path}"), body);
    assert!(matches!(status, 400 | 413), "{path}: {status} {error}");
    assert_eq!(error["code"], "VALIDATION_ERROR", "{path}: {error}");
    let text = error["error"].as_str().unwrap();
    assert!(text.contains(word), "{path}: {error}");
    assert!(error["hint"].is_string(), "{path}: {error}");
}

#[test]
fn lists_that_are_longer_than_any_question_needs_are_refused() {
    let served = Served::start();
    fill(&served);
    let many = |text: &str, count: usize| vec![text.to_owned(); count];
    let search = "/runs/search";
    refused(
        &served,
        search,
        &json!({"filter": many("lr > 0", 101)}),
        "101 filters",
    );
    refused(
        &served,
        search,
        &json!({"columns": many("loss", 2_001)}),
        "2001 columns",
    );
    refused(
        &served,
        search,
        &json!({"sort": many("loss", 101)}),
        "101 columns to sort by",
    );
    let long = format!("lr in ({})", vec!["1"; 200_000].join(","));
    refused(
        &served,
        search,
        &json!({"filter": [long]}),
        "the filter has",
    );
}

#[test]
fn more_runs_groups_patterns_and_series_than_any_question_needs_are_refused() {
    let served = Served::start();
    let ids = fill(&served);
    let many = |text: &str, count: usize| vec![text.to_owned(); count];
    let names = many(&ids[0], 10_001);
    let change = json!({"tags": {"a": "b"}});
    refused(
        &served,
        "/runs/bulk",
        &json!({"runs": names, "change": change}),
        "10001 runs",
    );
    let names = many("resnet/1", 257);
    let bulk = json!({"runs": names, "change": change});
    refused(
        &served,
        "/runs/bulk",
        &bulk,
        "something else than their whole ids",
    );
    refused(
        &served,
        "/history",
        &json!({"runs": names}),
        "something else than their whole ids",
    );
    let patterns = many("*", 1_001);
    refused(
        &served,
        "/history",
        &json!({"runs": [ids[0]], "metrics": patterns}),
        "1001 names",
    );
    let group = json!({"name": "a", "runs": [ids[0]]});
    let groups = json!({"groups": vec![group; 5_001]});
    refused(&served, "/history/groups", &groups, "5001 groups");
    refused(
        &served,
        "/activity",
        &json!({"experiment": many("resnet", 1_001)}),
        "experiments",
    );
    let edges: Vec<i64> = (0..20_000).collect();
    let wide = json!({"edges": edges, "by": "host", "keys": 1_000});
    refused(&served, "/activity", &wide, "1000 series");
    refused(
        &served,
        "/activity",
        &json!({"filter": many("lr > 0", 101)}),
        "101 filters",
    );
}

#[test]
fn a_note_is_not_multiplied_by_thousands_of_runs() {
    let served = Served::start();
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let experiment = tracker.experiment("e").unwrap();
    for _ in 0..40 {
        experiment.start_run().unwrap().finish().unwrap();
    }
    let note = "x".repeat(1 << 20);
    let bulk = json!({"experiment": "e", "change": {"note": note}});
    refused(&served, "/runs/bulk", &bulk, "for each of 40 runs");
    let bulk = json!({"experiment": "e", "change": {"note": "short"}});
    let (status, done) = served.post("/api/v1/runs/bulk", &bulk);
    assert_eq!((status, &done["changed"]), (200, &json!(40)), "{done}");
}

#[test]
fn one_run_that_is_named_often_is_one_run() {
    let served = Served::start();
    let ids = fill(&served);
    let runs = vec![ids[0].clone(); 3];
    let bulk = json!({"runs": runs, "change": {"tags": {"a": "b"}}, "expected": 1});
    let (status, done) = served.post("/api/v1/runs/bulk", &bulk);
    assert_eq!((status, &done["runs"]), (200, &json!(1)), "{done}");
}

#[test]
fn an_answer_with_long_records_ends_early_and_goes_on_without_a_gap() {
    let served = Served::start();
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    let long = "x".repeat(1_000_000);
    for _ in 0..40 {
        run.note(&long).unwrap();
    }
    run.finish().unwrap();
    let of = |place: &str| served.get(&format!("/api/v1/records?limit=1000{place}")).1;
    let mut lsns = Vec::new();
    let mut page = of("");
    let end = page["lsn"].as_u64().unwrap();
    loop {
        let items = page["items"].as_array().unwrap();
        assert!(
            items
                .iter()
                .filter(|item| item["type"] == "note_added")
                .count()
                < 40
        );
        lsns.extend(items.iter().map(|item| item["lsn"].as_u64().unwrap()));
        let Some(next) = page["next"].as_u64() else {
            break;
        };
        page = of(&format!("&before={next}"));
    }
    let all: Vec<u64> = (1..=end).rev().collect();
    assert_eq!(lsns, all);
    let mut lsns = Vec::new();
    let mut next = Some(1);
    while let Some(from) = next {
        let page = of(&format!("&from={from}"));
        let items = page["items"].as_array().unwrap();
        lsns.extend(items.iter().map(|item| item["lsn"].as_u64().unwrap()));
        next = page["next"].as_u64();
    }
    lsns.reverse();
    assert_eq!(lsns, all);
}
