//! The routes without a socket, which Python calls.

use std::fs;
use std::sync::Arc;

use mltrack::Tracker;
use mltrack_server::{Called, InProcess, Metric, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Routes {
    folder: TempDir,
    routes: InProcess,
}

impl Routes {
    fn new() -> Routes {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::builder(folder.path().join(".mltrack"))
            .actor("ada")
            .open()
            .unwrap();
        let routes = InProcess::new(tracker, Options::default()).unwrap();
        Routes { folder, routes }
    }

    fn post(&self, path: &str, body: &Value) -> Called {
        let kind = [("content-type".to_owned(), "application/json".to_owned())];
        let path = format!("/api/2.0/mlflow/{path}");
        let body = body.to_string().into_bytes();
        self.routes.call("POST", &path, &kind, body).unwrap()
    }

    fn get(&self, path: &str) -> (u16, Value) {
        let called = self.routes.call("GET", path, &[], Vec::new()).unwrap();
        (called.status, serde_json::from_slice(&called.body).unwrap())
    }

    fn run(&self) -> String {
        let made = self.post("runs/create", &json!({"experiment_id": "0"}));
        let made: Value = serde_json::from_slice(&made.body).unwrap();
        made["run"]["info"]["run_id"].as_str().unwrap().to_owned()
    }
}

fn metric(key: &str, value: f64, timestamp_ms: i64) -> Metric<'_> {
    Metric {
        key,
        value,
        timestamp_ms,
        step: 3,
    }
}

#[test]
fn routes_answer_without_a_server_as_with_one() {
    let routes = Routes::new();
    let run = routes.run();
    let (status, answer) = routes.get(&format!("/api/2.0/mlflow/runs/get?run_id={run}"));
    assert_eq!(
        (status, &answer["run"]["info"]["status"]),
        (200, &json!("RUNNING"))
    );
    let (status, answer) = routes.get("/api/2.0/mlflow/runs/get?run_id=nothing");
    assert_eq!(
        (status, &answer["error_code"]),
        (404, &json!("RESOURCE_DOES_NOT_EXIST"))
    );
    assert_eq!(routes.get("/no/such/path").0, 404);
    assert_eq!(routes.get("/api/2.0/mlflow/runs/get?run_id= x").0, 400);
}

#[test]
fn a_change_is_recorded_in_the_name_of_whoever_opened_the_store() {
    let routes = Routes::new();
    let made = routes.post("registered-models/create", &json!({"name": "resnet"}));
    assert_eq!(made.status, 200);
    let newest = routes
        .routes
        .tracker()
        .operations()
        .limit(1)
        .fetch()
        .unwrap()
        .remove(0);
    let command = "POST /api/2.0/mlflow/registered-models/create";
    assert_eq!(
        (newest.actor.as_str(), newest.command.as_str()),
        ("ada", command)
    );
}

#[test]
fn direct_calls_are_refused_in_the_words_of_their_routes() {
    let routes = Routes::new();
    let run = routes.run();
    let (known, gone) = (run.as_str(), "0".repeat(32));
    for (run, key, time) in [
        (known, "a*b", 1),
        (known, "", 1),
        (known, "../up", 1),
        (known, "late", -1),
        (known, &*"k".repeat(251), 1),
        ("", "loss", 1),
        ("no id", "loss", 1),
        (&*gone, "loss", 1),
    ] {
        let body = json!({"run_id": run, "key": key, "value": 0.5, "timestamp": time, "step": 3});
        let by_route = routes.post("runs/log-metric", &body);
        let direct = routes
            .routes
            .log_metric(run, &metric(key, 0.5, time))
            .unwrap();
        assert_eq!(direct.unwrap_err(), by_route, "metric {key:?} of {run:?}");

        let batch = json!({"run_id": run, "metrics": [{"key": key, "value": 0.5, "timestamp": time, "step": 3}]});
        let by_route = routes.post("runs/log-batch", &batch);
        let direct = routes
            .routes
            .log_batch(run, &[metric(key, 0.5, time)], &[], &[])
            .unwrap();
        assert_eq!(direct.unwrap_err(), by_route, "batch {key:?} of {run:?}");
        if time < 0 {
            continue;
        }
        let pair = json!({"run_id": run, "key": key, "value": "v"});
        let by_route = routes.post("runs/log-parameter", &pair);
        let direct = routes.routes.log_param(run, key, "v").unwrap();
        assert_eq!(direct.unwrap_err(), by_route, "param {key:?} of {run:?}");
        let by_route = routes.post("runs/set-tag", &pair);
        let direct = routes.routes.set_tag(run, key, "v").unwrap();
        assert_eq!(direct.unwrap_err(), by_route, "tag {key:?} of {run:?}");
    }
}

#[test]
fn direct_calls_write_what_their_routes_write() {
    let routes = Routes::new();
    let run = routes.run();
    routes
        .routes
        .log_metric(&run, &metric("loss", 0.25, 7))
        .unwrap()
        .unwrap();
    let batch = [metric("loss", f64::NAN, 8), metric("acc", 1.0, 8)];
    let pairs = [("lr", "0.1")];
    routes
        .routes
        .log_batch(&run, &batch, &pairs, &[("t", "v")])
        .unwrap()
        .unwrap();
    routes
        .routes
        .log_param(&run, "layers", "3")
        .unwrap()
        .unwrap();
    routes
        .routes
        .set_tag(&run, "mlflow.runName", "named")
        .unwrap()
        .unwrap();
    let (_, answer) = routes.get(&format!("/api/2.0/mlflow/runs/get?run_id={run}"));
    let (info, data) = (&answer["run"]["info"], &answer["run"]["data"]);
    assert_eq!(info["run_name"], "named");
    let mut params: Vec<&str> = data["params"]
        .as_array()
        .unwrap()
        .iter()
        .map(|param| param["key"].as_str().unwrap())
        .collect();
    params.sort_unstable();
    assert_eq!(params, ["layers", "lr"]);
    let path = format!("/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key=loss");
    let (_, history) = routes.get(&path);
    let points = history["metrics"].as_array().unwrap();
    assert_eq!(points.len(), 2);
    assert_eq!(
        (&points[0]["timestamp"], &points[0]["step"]),
        (&json!(7), &json!(3))
    );
    let again = routes
        .routes
        .log_param(&run, "lr", "0.2")
        .unwrap()
        .unwrap_err();
    assert!(String::from_utf8_lossy(&again.body).contains("Changing param values is not allowed"));
}

#[test]
fn a_file_goes_up_and_comes_down_whole_and_a_refusal_leaves_none() {
    let routes = Routes::new();
    let run = routes.run();
    let place = |name: &str| routes.folder.path().join(name);
    let bytes: Vec<u8> = (0..1_000_003_u32)
        .map(|number| number.to_le_bytes()[1])
        .collect();
    fs::write(place("up"), &bytes).unwrap();
    let path = format!("/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/a/b.bin");
    assert_eq!(
        routes.routes.upload(&path, &place("up")).unwrap().status,
        200
    );
    assert_eq!(
        routes
            .routes
            .download(&path, &place("down"))
            .unwrap()
            .status,
        200
    );
    assert_eq!(fs::read(place("down")).unwrap(), bytes);
    let refused = routes
        .routes
        .download(&format!("{path}.none"), &place("none"))
        .unwrap();
    assert_eq!(refused.status, 404);
    assert!(!place("none").exists());
    let missing = routes.routes.upload(&path, &place("missing")).unwrap_err();
    assert!(missing.to_string().contains("missing"), "{missing}");
}

#[test]
fn threads_call_at_once() {
    let routes = Arc::new(Routes::new());
    let run = routes.run();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (routes, run) = (&routes, &run);
            scope.spawn(move || {
                for number in 0..50 {
                    let key = format!("m{thread}");
                    routes
                        .routes
                        .log_metric(run, &metric(&key, 1.0, number))
                        .unwrap()
                        .unwrap();
                    assert_eq!(
                        routes
                            .get("/api/2.0/mlflow/experiments/get?experiment_id=0")
                            .0,
                        200
                    );
                }
            });
        }
    });
    let (_, answer) = routes.get(&format!("/api/2.0/mlflow/runs/get?run_id={run}"));
    assert_eq!(
        answer["run"]["data"]["metrics"].as_array().unwrap().len(),
        4
    );
}
