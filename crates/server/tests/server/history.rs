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

/// Logs points of a run by the server: ms after the beginning, step, value.
fn log(served: &Served, run: RunId, points: &[(i64, i64, f64)]) {
    let point = |(at_ms, step, value): &(i64, i64, f64)| json!({"key": "loss", "value": value, "timestamp": BEGUN_MS + at_ms, "step": step});
    let metrics: Vec<Value> = points.iter().map(point).collect();
    let body = json!({"run_id": run.to_string(), "metrics": metrics});
    let (status, answer) = served.post("/api/2.0/mlflow/runs/log-batch", &body);
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn each_page_is_that_stretch_of_the_whole_while_points_are_appended() {
    let points: Vec<(i64, i64, f64)> = (0..600).map(|at| (at * 10, at, at as f64)).collect();
    let (served, run) = over(&points[..300]);
    let (mut steps, mut token) = (Vec::new(), String::new());
    for round in 0.. {
        // Some are sent twice and count once, and one comes late: it sorts before another that is there already.
        let new = 300 + round * 30;
        if new + 30 <= points.len() {
            log(&served, run, &points[new..new + 30]);
            log(&served, run, &points[new + 28..new + 30]);
            let (at_ms, step, _) = points[new + 29];
            log(&served, run, &[(at_ms, step, -1.0)]);
        }
        let (_, whole) = served.get(&path(&format!("run_id={run}&metric_key=loss")));
        let query = format!("run_id={run}&metric_key=loss&max_results=70&page_token={token}");
        let (status, body) = served.get(&path(&query));
        assert_eq!(status, 200, "{body}");
        let (all, page) = (rows(&whole), rows(&body));
        assert_eq!(page, all[steps.len()..(steps.len() + 70).min(all.len())]);
        steps.extend(page);
        match body["next_page_token"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    let (_, whole) = served.get(&path(&format!("run_id={run}&metric_key=loss")));
    assert_eq!(steps, rows(&whole));
}

#[test]
fn a_page_can_be_asked_for_again_and_one_behind_the_end_is_empty() {
    let points: Vec<(i64, i64, f64)> = (0..20).map(|at| (at, at, at as f64)).collect();
    let (served, run) = over(&points);
    let query = format!("run_id={run}&metric_key=loss&max_results=7");
    let (_, first) = served.get(&path(&query));
    let token = first["next_page_token"].as_str().unwrap();
    let next = path(&format!("{query}&page_token={token}"));
    assert_eq!(rows(&served.get(&next).1).len(), 7);
    assert_eq!(rows(&served.get(&next).1)[0].0, 7, "asked again");
    let far = path(&format!("{query}&page_token=eyJvZmZzZXQiOiAiOTkifQ=="));
    assert_eq!(served.get(&far), (200, json!({})));
}

/// The path of a question about several runs.
fn bulk_path(name: &str, query: &str) -> String {
    format!("/ajax-api/2.0/mlflow/metrics/{name}?{query}")
}

/// A server over two runs with ten points each.
fn over_two() -> (Served, [RunId; 2]) {
    let made = Made::new();
    let experiment = made.experiment("resnet");
    let mut import = experiment.import().unwrap();
    let columns = import.columns(["loss"]).unwrap();
    let mut runs = [1, 2].map(|which| {
        let time = WallTime(BEGUN_MS * 1_000_000);
        let mut past = PastRun::new("elk", time);
        past.is_detached = true;
        let run = import.begin(&past).unwrap();
        for step in 0..10 {
            let value = f64::from(which) * step as f64;
            import.log(run, columns, step, time, &[value]).unwrap();
        }
        run
    });
    import.flush().unwrap();
    runs.sort_by_key(ToString::to_string);
    drop((import, experiment));
    let served = Served::on(made.close(), &mltrack_server::Options::default());
    (served, runs)
}

#[test]
fn several_runs_are_answered_in_the_order_of_their_ids() {
    let (served, [first, second]) = over_two();
    let query = format!("run_id={second}&run_id={first}&metric_key=loss");
    let (status, body) = served.get(&bulk_path("get-history-bulk", &query));
    assert_eq!(status, 200);
    let runs: Vec<Value> = body["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["run_id"].clone())
        .collect();
    let expected = [vec![first.to_string(); 10], vec![second.to_string(); 10]].concat();
    assert_eq!(json!(runs), json!(expected));
    let (_, body) = served.get(&bulk_path(
        "get-history-bulk",
        &format!("{query}&max_results=12"),
    ));
    assert_eq!(rows(&body).len(), 12);
    let none = bulk_path("get-history-bulk", "run_id=nonsense&metric_key=loss");
    assert_eq!(served.get(&none), (200, json!({"metrics": []})));
}

#[test]
fn samples_keep_the_first_and_the_last_point() {
    let (served, [first, second]) = over_two();
    let ask = |more: &str| {
        let query = format!("run_ids={first}&run_ids={second}&metric_key=loss{more}");
        served.get(&bulk_path("get-history-bulk-interval", &query))
    };
    let steps = |body: &Value| -> Vec<i64> { rows(body).iter().map(|row| row.0).collect() };
    let whole: Vec<i64> = (0..10).chain(0..10).collect();
    assert_eq!(steps(&ask("").1), whole);
    assert_eq!(steps(&ask("&max_results=3").1), [0, 4, 9, 0, 4, 9]);
    let part = ask("&start_step=2&end_step=3").1;
    assert_eq!(steps(&part), [2, 3, 2, 3]);
    assert_eq!(ask("&start_step=20&end_step=30"), (200, json!({})));
    for (more, expected) in [
        ("&max_results=0", "max_results must be between 1 and 2500."),
        (
            "&max_results=2501",
            "max_results must be between 1 and 2500.",
        ),
        (
            "&start_step=1",
            "If either start step or end step are specified",
        ),
        (
            "&start_step=5&end_step=1",
            "end_step must be greater than start_step.",
        ),
    ] {
        let (status, body) = ask(more);
        assert_eq!(status, 400, "{more}");
        let message = body["message"].as_str().unwrap();
        assert!(message.starts_with(expected), "{more}: {message}");
    }
}

#[test]
fn questions_about_no_or_too_many_runs_are_refused() {
    let (served, run) = over(&[(1, 1, 1.0)]);
    let many: Vec<String> = (0..101)
        .map(|at| format!("run_id={at}&run_ids={at}"))
        .collect();
    let many = format!("{}&", many.join("&"));
    for (name, query, expected) in [
        (
            "get-history-bulk",
            "metric_key=loss".to_owned(),
            "GetMetricHistoryBulk request must specify at least one run_id.",
        ),
        (
            "get-history-bulk",
            format!("{many}metric_key=loss"),
            "GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received 101 run_ids.",
        ),
        (
            "get-history-bulk",
            format!("run_id={run}"),
            "GetMetricHistoryBulk request must specify a metric_key.",
        ),
        (
            "get-history-bulk-interval",
            "metric_key=loss".to_owned(),
            "Missing value for required parameter 'run_ids'",
        ),
        (
            "get-history-bulk-interval",
            format!("{many}metric_key=loss"),
            "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received 101 run_ids.",
        ),
    ] {
        let (status, body) = served.get(&bulk_path(name, &query));
        assert_eq!(status, 400, "{name} {expected}");
        let message = body["message"].as_str().unwrap();
        assert!(message.starts_with(expected), "{message}");
    }
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
