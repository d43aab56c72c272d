//! Looking through `/api/v1`: what was logged is what is answered, pages are whole, and every error has one body.

use mltrack::Tracker;
use serde_json::{Value, json};

use crate::support::Served;

/// Three ended runs with `lr` 1, 2, 3 and ten points of `loss` each.
pub fn fill(served: &Served) -> Vec<String> {
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let experiment = tracker.experiment("resnet").unwrap();
    let mut ids = Vec::new();
    for number in 1..=3_i64 {
        let run = experiment.run().param("lr", number).start().unwrap();
        for step in 0..10 {
            let loss = (number * 100 - step) as f64;
            run.log_metrics(step, [("loss", loss)]).unwrap();
        }
        ids.push(run.id().to_string());
        run.finish().unwrap();
    }
    ids
}

#[test]
fn pages_of_runs_cover_all_of_them_once() {
    let served = Served::start();
    let ids = fill(&served);
    let (status, first) = served.get("/api/v1/runs?experiment=resnet&sort=%3Dlr&limit=2");
    assert_eq!(status, 200, "{first}");
    assert_eq!(first["total"], 3);
    let cursor = first["next"].as_str().unwrap();
    let path = format!("/api/v1/runs?experiment=resnet&sort=%3Dlr&limit=2&cursor={cursor}");
    let (_, second) = served.get(&path);
    let items = [&first["items"], &second["items"]];
    let seen: Vec<&Value> = items
        .iter()
        .flat_map(|page| page.as_array().unwrap())
        .collect();
    let seen: Vec<&str> = seen.iter().map(|run| run["id"].as_str().unwrap()).collect();
    assert_eq!(seen, ids);
    assert_eq!(second["next"], Value::Null);
}

#[test]
fn a_run_has_its_params_and_the_extremes_of_its_metrics() {
    let served = Served::start();
    let ids = fill(&served);
    let (status, run) = served.get(&format!("/api/v1/runs/{}", ids[0]));
    assert_eq!(status, 200);
    assert_eq!(run["params"], json!({"lr": 1}));
    assert_eq!(run["state"], "completed");
    assert_eq!(run["metrics"]["loss"]["min"]["value"], 91.0);
    assert_eq!(run["metrics"]["loss"]["min"]["step"], 9);
}

#[test]
fn columns_and_fields_say_what_of_each_run_is_wanted() {
    let served = Served::start();
    fill(&served);
    let path =
        "/api/v1/runs?fields=name,columns&columns=loss.min&columns=%3Dlr&columns=.state&sort=%3Dlr";
    let (status, page) = served.get(path);
    assert_eq!(status, 200, "{page}");
    let first = &page["items"][0];
    assert_eq!(first.as_object().unwrap().len(), 2);
    assert_eq!(
        first["columns"],
        json!({"loss.min": 91.0, "=lr": 1, ".state": "completed"})
    );
    assert_eq!(served.get("/api/v1/runs?fields=colour").0, 400);
}

#[test]
fn a_search_in_a_body_is_the_same_question() {
    let served = Served::start();
    fill(&served);
    let body = json!({"experiment": "resnet", "filter": ["params.lr >= 2"], "sort": ["-=lr"]});
    let (status, page) = served.post("/api/v1/runs/search", &body);
    assert_eq!(status, 200, "{page}");
    assert_eq!(page["total"], 2);
    assert_eq!(page["items"][0]["params"]["lr"], 3);
}

#[test]
fn the_past_is_answered_as_it_was() {
    let served = Served::start();
    let ids = fill(&served);
    let (_, run) = served.get(&format!("/api/v1/runs/{}", ids[0]));
    let ended = run["lsn"].as_u64().unwrap();
    let before = ended - 1;
    let (status, then) = served.get(&format!("/api/v1/runs/{}?at={before}", ids[0]));
    assert_eq!(status, 200);
    assert_eq!(then["state"], "running");
    let (status, error) = served.get(&format!("/api/v1/runs/{}?at={before}", ids[2]));
    assert_eq!((status, &error["code"]), (404, &json!("NOT_FOUND")));
}

#[test]
fn a_history_has_every_point_or_true_extremes() {
    let served = Served::start();
    let ids = fill(&served);
    let path = format!("/api/v1/runs/{}/metrics/loss", ids[0]);
    let (_, exact) = served.get(&format!("{path}?from=2&to=4"));
    let points = &exact["items"][0]["points"];
    assert_eq!(points["step"], json!([2, 3, 4]));
    assert_eq!(points["value"], json!([98.0, 97.0, 96.0]));
    let (_, coarse) = served.get(&format!("{path}?buckets=1"));
    let buckets = &coarse["items"][0]["buckets"];
    assert_eq!(buckets["count"], json!([10]));
    assert_eq!(
        (&buckets["min"], &buckets["min_step"]),
        (&json!([91.0]), &json!([9]))
    );
    let (status, error) = served.get(&format!("/api/v1/runs/{}/metrics/los", ids[0]));
    assert_eq!(status, 404);
    assert_eq!(error["hint"], "it has loss");
}

#[test]
fn histories_of_several_runs_come_in_one_answer() {
    let served = Served::start();
    let ids = fill(&served);
    let body = json!({"runs": ids, "metrics": ["lo*"], "buckets": 4});
    let (status, answer) = served.post("/api/v1/history", &body);
    assert_eq!(status, 200, "{answer}");
    let items = answer["items"].as_array().unwrap();
    let runs: Vec<&str> = items
        .iter()
        .map(|item| item["run"].as_str().unwrap())
        .collect();
    assert_eq!(runs, ids);
}

#[test]
fn columns_of_bytes_are_laid_out_as_documented() {
    let served = Served::start();
    let ids = fill(&served);
    let path = format!("/api/v1/runs/{}/metrics/loss", ids[1]);
    let bytes = served.bytes(&path, "application/vnd.mltrack.columns");
    assert_eq!(&bytes[..8], b"MLTCOL\x00\x01");
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!((word(8), word(12)), (1, 0));
    let (head_len, rows) = (word(16), word(20));
    let head: Value = serde_json::from_slice(&bytes[24..24 + head_len]).unwrap();
    assert_eq!(head["columns"][2], json!({"name": "value", "type": "f64"}));
    let begin = 24 + head_len + 2 * 8 * rows;
    assert_eq!(begin % 8, 0);
    let value = f64::from_le_bytes(bytes[begin..begin + 8].try_into().unwrap());
    assert_eq!((rows, value.to_bits()), (10, 200.0_f64.to_bits()));
    assert_eq!(bytes.len(), 24 + head_len + 4 * 8 * rows);
    let text = String::from_utf8(served.bytes(&path, "text/csv")).unwrap();
    assert_eq!(text.lines().count(), 11);
}

#[test]
fn every_error_below_the_interface_has_one_body() {
    let served = Served::start();
    fill(&served);
    for (path, status, code) in [
        ("/api/v1/nothing", 404, "NOT_FOUND"),
        ("/api/v1/runs/nobody", 404, "NOT_FOUND"),
        ("/api/v1/runs?limit=0", 400, "VALIDATION_ERROR"),
        ("/api/v1/runs?colour=red", 400, "VALIDATION_ERROR"),
        ("/api/v1/runs?filter=lr%20%3E%3E", 400, "VALIDATION_ERROR"),
        ("/api/v1/runs?cursor=x", 400, "VALIDATION_ERROR"),
        ("/api/v1/runs/search", 405, "VALIDATION_ERROR"),
        ("/api/v1/experiments?at=soon", 400, "VALIDATION_ERROR"),
        ("/api/v1/runs?limit=", 400, "VALIDATION_ERROR"),
        (
            "/api/v1/lineage/exp:resnet?limit=0",
            400,
            "VALIDATION_ERROR",
        ),
        (
            "/api/v1/lineage/exp:resnet?depth=2147483648",
            400,
            "VALIDATION_ERROR",
        ),
        (
            "/api/v1/runs/@last/console?from=9223372036854775808",
            400,
            "VALIDATION_ERROR",
        ),
    ] {
        let (answered, body) = served.get(path);
        assert_eq!(
            (answered, &body["code"]),
            (status, &json!(code)),
            "{path}: {body}"
        );
        assert!(
            body["error"].is_string() && body["request_id"].is_string(),
            "{body}"
        );
    }
    for list in [json!([]), json!([["x"], null])] {
        let (status, body) = served.post("/api/v1/runs/@last/log", &list);
        assert_eq!((status, &body["code"]), (400, &json!("VALIDATION_ERROR")));
    }
    let large = json!({"filter": ["x".repeat(33 << 20)]});
    let (status, body) = served.post("/api/v1/runs/search", &large);
    assert_eq!((status, &body["code"]), (413, &json!("VALIDATION_ERROR")));
}

#[test]
fn the_document_of_the_interface_is_the_one_in_docs() {
    let served = Served::start();
    let text = served.bytes("/api/v1/openapi.json", "application/json");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    if std::env::var_os("MLTRACK_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(path, &text).unwrap();
    }
    let is_same = std::fs::read(path).is_ok_and(|committed| committed == text);
    assert!(
        is_same,
        "docs/openapi.json is not what the server serves: run this test with MLTRACK_BLESS=1"
    );
}

#[test]
fn experiments_are_found_by_name_and_by_id() {
    let served = Served::start();
    fill(&served);
    let (_, page) = served.get("/api/v1/experiments");
    let mut experiments = page["items"].as_array().unwrap().iter();
    let experiment = experiments.find(|known| known["name"] == "resnet").unwrap();
    assert_eq!(experiment["runs_by_state"], json!({"completed": 3}));
    let id = experiment["id"].as_u64().unwrap();
    assert_eq!(
        &served.get(&format!("/api/v1/experiments/{id}")).1,
        experiment
    );
    assert_eq!(&served.get("/api/v1/experiments/resnet").1, experiment);
}
