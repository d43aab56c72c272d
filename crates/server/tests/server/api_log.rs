//! The log as `/api/v1` tells it: its records from any place on, its times, its segments, and whether its bytes are what
//! was written.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use mltrack::Tracker;
use mltrack_server::Options;
use serde_json::{Value, json};

use crate::api_looking::fill;
use crate::support::Served;

fn lsns(page: &Value) -> Vec<u64> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["lsn"].as_u64().unwrap())
        .collect()
}

#[test]
fn records_are_told_in_both_directions_without_a_gap() {
    let served = Served::start();
    fill(&served);
    let (status, newest) = served.get("/api/v1/records?limit=10");
    assert_eq!(status, 200, "{newest}");
    let (end, next) = (
        newest["lsn"].as_u64().unwrap(),
        newest["next"].as_u64().unwrap(),
    );
    let first: Vec<u64> = (end - 9..=end).rev().collect();
    assert_eq!((lsns(&newest), next), (first, end - 9));
    let (_, older) = served.get(&format!("/api/v1/records?limit=10&before={next}"));
    assert_eq!(lsns(&older)[0], next - 1);
    let (_, forwards) = served.get(&format!("/api/v1/records?limit=1000&from={next}"));
    assert_eq!(lsns(&forwards), (next..=end).collect::<Vec<u64>>());
    assert_eq!(forwards["next"], Value::Null);
    let (_, oldest) = served.get("/api/v1/records?before=3");
    assert_eq!((lsns(&oldest), &oldest["next"]), (vec![2, 1], &Value::Null));
    // As it was then.
    let (_, then) = served.get("/api/v1/records?at=7&limit=2");
    assert_eq!((lsns(&then), &then["lsn"]), (vec![7, 6], &json!(7)));
    let (status, both) = served.get("/api/v1/records?before=3&from=1");
    assert_eq!((status, &both["code"]), (400, &json!("VALIDATION_ERROR")));
}

#[test]
fn records_are_found_by_type_run_and_text() {
    let served = Served::start();
    let ids = fill(&served);
    let (_, page) = served.get(&format!(
        "/api/v1/records?types=run_created,run_ended&run={}",
        ids[1]
    ));
    let types: Vec<&str> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["run_ended", "run_created"]);
    assert_eq!(page["items"][0]["experiment"], "resnet");
    let (_, points) = served.get("/api/v1/records?text=LOSS&types=metrics_logged&limit=1000");
    assert_eq!(lsns(&points).len(), 30);
    assert_eq!(points["items"][0]["labels"], json!(["loss"]));
    let (_, none) = served.get("/api/v1/records?text=no+such+words");
    assert_eq!((lsns(&none), &none["next"]), (vec![], &Value::Null));
    let (status, wrong) = served.get("/api/v1/records?types=metric_loged");
    assert_eq!(status, 400, "{wrong}");
}

#[test]
fn a_huge_record_is_left_out_of_a_list_and_told_alone() {
    let served = Served::start();
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    let long = "long ".repeat(20_000);
    run.note(&long).unwrap();
    let (_, page) = served.get("/api/v1/records?types=note_added");
    let note = &page["items"][0];
    assert_eq!(
        (&note["payload"], &note["payload_left_out"]),
        (&Value::Null, &json!(true))
    );
    assert!(note["payload_bytes"].as_u64().unwrap() >= 100_000, "{note}");
    let (status, whole) = served.get(&format!("/api/v1/records/{}", note["lsn"]));
    assert_eq!((status, &whole["payload_left_out"]), (200, &json!(false)));
    assert!(whole["payload"].to_string().contains(long.trim_end()));
    assert_eq!(served.get("/api/v1/records/99999").0, 404);
    assert_eq!(served.get("/api/v1/records/0").0, 400);
}

#[test]
fn times_lead_from_the_first_record_to_the_last() {
    let served = Served::start();
    fill(&served);
    let (status, times) = served.get("/api/v1/log/times?count=5");
    assert_eq!(status, 200, "{times}");
    let (_, newest) = served.get("/api/v1/records?limit=1");
    let lsns = lsns(&times);
    assert_eq!((lsns.len(), lsns[0]), (5, 1));
    assert_eq!(lsns[4], newest["lsn"].as_u64().unwrap());
    assert_eq!(served.get("/api/v1/log/times?count=1").0, 400);
}

/// The lines of a check of the log.
fn verify(served: &Served, deep: bool) -> Vec<Value> {
    let url = served.url(&format!("/api/v1/log/verify?deep={deep}"));
    let text = served.text(served.http().get(url));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_check_tells_how_far_it_is_and_what_it_found() {
    let served = Served::start();
    fill(&served);
    assert_eq!(served.get("/api/v1/log").1["verified"], Value::Null);
    let lines = verify(&served, true);
    assert_eq!(lines[0]["progress"], json!({"done": 1, "total": 1}));
    let report = &lines.last().unwrap()["report"];
    assert_eq!(
        (&report["sound"], &report["deep"]),
        (&json!(true), &json!(true)),
        "{report}"
    );
    let (_, log) = served.get("/api/v1/log");
    assert_eq!(&log["verified"], report);
    assert_eq!(log["segments"][0]["sealed"], false);
}

#[test]
fn damage_is_named_and_what_lies_around_it_is_still_told() {
    let served = Served::start();
    fill(&served);
    let (_, newest) = served.get("/api/v1/records?limit=1");
    let end = newest["lsn"].as_u64().unwrap();
    let folder = served.stop();
    break_a_byte(&folder.path().join(".mltrack"));
    let tracker = Tracker::builder(folder.path().join(".mltrack"));
    let tracker = tracker.read_only(true).open().unwrap();
    let options = Options {
        is_read_only: true,
        ..Options::default()
    };
    let served = Served::over(folder, tracker, &options);
    let lines = verify(&served, true);
    let report = &lines.last().unwrap()["report"];
    let damage = &report["damages"][0];
    assert_eq!(
        (&report["sound"], &damage["skipped"]),
        (&json!(false), &json!(false)),
        "{report}"
    );
    let (first, after) = (
        damage["first"].as_u64().unwrap(),
        damage["end"].as_u64().unwrap(),
    );
    let (status, page) = served.get("/api/v1/records?from=1&limit=1000");
    assert_eq!(status, 200, "{page}");
    assert_eq!(page["lost"], json!([{"first": first, "end": after}]));
    // What runs tell of their machines may have come behind it.
    let end = page["lsn"].as_u64().filter(|last| *last >= end).unwrap();
    let expected: Vec<u64> = (1..first).chain(after..=end).collect();
    assert_eq!(lsns(&page), expected);
    let (status, lost) = served.get(&format!("/api/v1/records/{first}"));
    assert_eq!((status, &lost["code"]), (500, &json!("CORRUPT")), "{lost}");
}

/// Turns a bit in the middle of what the only segment holds.
fn break_a_byte(store: &std::path::Path) {
    let mut files = std::fs::read_dir(store)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let segment = files
        .find(|path| path.extension().is_some_and(|end| end == "log"))
        .unwrap();
    let mut file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(segment)
        .unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    let at = used / 2;
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(&[bytes[at] ^ 0x10]).unwrap();
}
