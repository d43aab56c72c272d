//! The histories of metrics, whole, in pages, of several runs at once, and sampled.

use mltrack::{PastRun, RunId, WallTime};
use serde_json::{Value, json};

use super::made::{BEGUN_MS, Made};
use super::support::Served;

/// A server over a run with these points: ms after the beginning, step, value.
fn over(points: &[(i64, i64, f64)]) -> (Served, RunId) {
    let made = Made::new();
    let experiment = made.experiment("resnet");
    let mut import = experiment.import().unwrap();
    let mut past = PastRun::new("elk", WallTime(BEGUN_MS * 1_000_000));
    past.is_detached = true;
    let run = import.begin(&past).unwrap();
    let columns = import.columns(["loss"]).unwrap();
    for (at_ms, step, value) in points {
        let time = WallTime((BEGUN_MS + at_ms) * 1_000_000);
        import.log(run, columns, *step, time, &[*value]).unwrap();
    }
    import.flush().unwrap();
    drop((import, experiment));
    let served = Served::on(made.close(), &mltrack_server::Options::default());
    (served, run)
}

fn path(query: &str) -> String {
    format!("/api/2.0/mlflow/metrics/get-history?{query}")
}

/// Steps and values of an answer.
fn rows(body: &Value) -> Vec<(i64, Value)> {
    let metrics = body["metrics"].as_array().cloned().unwrap_or_default();
    let row = |metric: &Value| (metric["step"].as_i64().unwrap(), metric["value"].clone());
    metrics.iter().map(row).collect()
}

#[test]
fn points_come_by_time_then_step_then_value_and_each_once() {
    let points = [
        (20, 2, 0.5),
        (10, 7, 0.25),
        (10, 1, 3.0),
        (10, 1, -1.0),
        (20, 2, 0.5),
    ];
    let (served, run) = over(&points);
    let (status, body) = served.get(&path(&format!("run_id={run}&metric_key=loss")));
    assert_eq!(status, 200);
    let expected = [
        (1, json!(-1.0)),
        (1, json!(3.0)),
        (7, json!(0.25)),
        (2, json!(0.5)),
    ];
    assert_eq!(rows(&body), expected);
    let first = json!({"key": "loss", "value": -1.0, "timestamp": BEGUN_MS + 10, "step": 1});
    assert_eq!(body["metrics"][0], first);
    assert!(body.get("next_page_token").is_none());
}

#[test]
fn nan_is_a_text_and_what_is_infinite_the_largest_number() {
    let points = [
        (1, 0, f64::NAN),
        (2, 1, f64::INFINITY),
        (3, 2, f64::NEG_INFINITY),
    ];
    let (served, run) = over(&points);
    let (_, body) = served.get(&path(&format!("run_id={run}&metric_key=loss")));
    let expected = [
        (0, json!("NaN")),
        (1, json!(f64::MAX)),
        (2, json!(f64::MIN)),
    ];
    assert_eq!(rows(&body), expected);
}

#[test]
fn a_run_or_a_metric_that_is_not_there_has_no_points() {
    let (served, run) = over(&[(1, 1, 1.0)]);
    let empty = (200, json!({}));
    let other = "0123456789abcdef0123456789abcdef";
    for query in [
        format!("run_id={other}&metric_key=loss"),
        "run_id=nonsense&metric_key=loss".to_owned(),
        format!("run_id={run}&metric_key=none"),
    ] {
        assert_eq!(served.get(&path(&query)), empty, "{query}");
    }
    let alias = served.get(&path(&format!("run_uuid={run}&metric_key=loss")));
    assert_eq!(rows(&alias.1).len(), 1);
}

#[test]
fn what_is_missing_is_named() {
    let (served, run) = over(&[(1, 1, 1.0)]);
    let cases = [
        (
            "metric_key=loss".to_owned(),
            "Missing value for required parameter 'run_id'",
        ),
        (
            format!("run_id={run}"),
            "Missing value for required parameter 'metric_key'",
        ),
        (
            format!("run_id={run}&metric_key=loss&max_results=0"),
            "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer.",
        ),
        (
            format!("run_id={run}&metric_key=loss&page_token=%21"),
            "Invalid page token, could not base64-decode",
        ),
    ];
    for (query, expected) in cases {
        let (status, body) = served.get(&path(&query));
        assert_eq!(status, 400, "{query}");
        let message = body["message"].as_str().unwrap();
        assert!(message.starts_with(expected), "{query}: {message}");
    }
}

#[test]
fn pages_hold_every_point_once() {
    let points: Vec<(i64, i64, f64)> = (0..250).map(|at| (at, at, at as f64)).collect();
    let (served, run) = over(&points);
    let (mut steps, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let query = format!("run_id={run}&metric_key=loss&max_results=100&page_token={token}");
        let (status, body) = served.get(&path(&query));
        assert_eq!(status, 200, "{body}");
        steps.extend(rows(&body).into_iter().map(|(step, _)| step));
        pages += 1;
        match body["next_page_token"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    assert_eq!((steps, pages), ((0..250).collect::<Vec<i64>>(), 3));
}

#[test]
fn a_long_history_comes_in_one_answer() {
    let points: Vec<(i64, i64, f64)> = (0..30_000).map(|at| (at, at, at as f64 / 8.0)).collect();
    let (served, run) = over(&points);
    let (status, body) = served.get(&path(&format!("run_id={run}&metric_key=loss")));
    assert_eq!(status, 200);
    let rows = rows(&body);
    assert_eq!(rows.len(), 30_000);
    let is_right = |(at, (step, value)): (usize, &(i64, Value))| {
        *step == at as i64 && *value == json!(at as f64 / 8.0)
    };
    assert!(rows.iter().enumerate().all(is_right));
}
