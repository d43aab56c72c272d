//! Bulk ingest: batches are acknowledged, bad lines refuse only themselves, and any number of lines fits.

use serde_json::{Value, json};

use crate::support::Served;

fn ingest(served: &Served, body: String) -> Vec<Value> {
    let request = reqwest::Client::new().post(served.url("/api/v1/ingest"));
    let request = request
        .header("content-type", "application/x-ndjson")
        .body(body);
    let text = served.text(request);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn new_run(served: &Served) -> String {
    served.post("/api/v1/experiments", &json!({"name": "bulk"}));
    let (_, run) = served.post("/api/v1/runs", &json!({"experiment": "bulk"}));
    run["id"].as_str().unwrap().to_owned()
}

#[test]
fn every_line_is_acknowledged_with_the_record_it_is_in() {
    let served = Served::start();
    let run = new_run(&served);
    let line = |step: i64| {
        format!(
            "{}\n",
            json!({"run": run, "metric": "loss", "value": step, "step": step})
        )
    };
    let told = ingest(&served, (0..20_000).map(line).collect());
    let last = told.last().unwrap();
    assert_eq!(
        (&last["line"], &last["done"]),
        (&json!(20_000), &json!(true)),
        "{last}"
    );
    let accepted: u64 = told
        .iter()
        .map(|batch| batch["accepted"].as_u64().unwrap())
        .sum();
    assert_eq!(accepted, 20_000);
    let (_, known) = served.get(&format!("/api/v1/runs/{run}"));
    assert_eq!(known["metrics"]["loss"]["count"], 20_000);
    assert!(told.iter().filter_map(|batch| batch["lsn"].as_u64()).max() <= known["lsn"].as_u64());
}

#[test]
fn a_line_that_cannot_be_used_is_named_and_harms_no_other() {
    let served = Served::start();
    let run = new_run(&served);
    let lines = [
        json!({"run": run, "metric": "loss", "value": 1.0, "step": 1}).to_string(),
        "{nonsense".to_owned(),
        json!({"run": run, "metric": "", "value": 2.0, "step": 2}).to_string(),
        json!({"run": "nobody", "metric": "loss", "value": 3.0, "step": 3}).to_string(),
        json!({"run": run, "params": {"lr": 0.1}, "tags": {"a": "b"}}).to_string(),
        json!({"run": run, "metric": "loss", "value": 4.0, "step": 4}).to_string(),
    ];
    let told = ingest(&served, lines.join("\n"));
    let refused: Vec<u64> = told
        .iter()
        .flat_map(|batch| batch["errors"].as_array().unwrap())
        .map(|error| error["line"].as_u64().unwrap())
        .collect();
    assert_eq!(refused, [2, 3, 4], "{told:?}");
    let (_, known) = served.get(&format!("/api/v1/runs/{run}"));
    assert_eq!(known["metrics"]["loss"]["count"], 2);
    assert_eq!(known["params"], json!({"lr": 0.1}));
}

#[test]
fn a_line_is_taken_that_is_longer_than_a_batch_and_one_beyond_the_limit_is_refused() {
    let served = Served::start();
    let run = new_run(&served);
    let line = json!({"run": run, "metric": "loss", "value": 1.0, "step": 1});
    let long = |len: usize| format!("{line}{}\n{line}\n", " ".repeat(len));
    let told = ingest(&served, long(3 << 20));
    let accepted = told.iter().map(|batch| batch["accepted"].as_u64().unwrap());
    assert_eq!(accepted.sum::<u64>(), 2, "{told:?}");
    assert_eq!(told.last().unwrap()["done"], true);
    let told = ingest(&served, long((4 << 20) + 1_000));
    let last = told.last().unwrap();
    assert_eq!((&last["line"], &last["done"]), (&json!(0), &json!(true)));
    let error = last["errors"][0]["error"].as_str().unwrap();
    assert!(error.contains("4194304"), "{error}");
}
