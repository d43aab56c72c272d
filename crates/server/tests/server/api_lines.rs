//! Histories as lines over an axis, smoothed lines, and groups of runs.

use mltrack::Tracker;
use serde_json::{Value, json};

use crate::support::Served;

/// A run with `count` points of `loss`, and an `epoch` every tenth step.
fn run_of(served: &Served, count: i64, offset: f64) -> String {
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let run = tracker.experiment("cats").unwrap().start_run().unwrap();
    for step in 0..count {
        if step % 10 == 0 {
            let epoch = (step / 10) as f64;
            run.log_metrics(step, [("loss", step as f64 + offset), ("epoch", epoch)])
                .unwrap();
        } else {
            run.log_metrics(step, [("loss", step as f64 + offset)])
                .unwrap();
        }
    }
    let id = run.id().to_string();
    run.finish().unwrap();
    id
}

fn numbers(column: &Value) -> Vec<f64> {
    let column = column.as_array().unwrap().iter();
    column.map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn a_line_has_its_smoothed_line_beside_the_true_extremes() {
    let served = Served::start();
    let run = run_of(&served, 100, 0.0);
    let path = format!("/api/v1/runs/{run}/metrics/loss?buckets=10");
    let (status, answer) = served.get(&format!("{path}&smoothing=0.9"));
    assert_eq!(status, 200, "{answer}");
    let curve = &answer["items"][0]["curve"];
    assert_eq!(numbers(&curve["count"]), [10.0; 10]);
    assert_eq!(
        (numbers(&curve["min"])[3], numbers(&curve["max_x"])[3]),
        (30.0, 39.0)
    );
    let smooth = numbers(&curve["smooth"]);
    let last = numbers(&curve["last"]);
    assert!(
        smooth
            .iter()
            .zip(&last)
            .all(|(smooth, last)| smooth <= last)
    );
    assert!(smooth[9] > 90.0 && smooth[9] < 99.0, "{smooth:?}");
    // However near one looks, the line is the same.
    let (_, near) = served.get(&format!("{path}&smoothing=0.9&x_from=90&x_to=99"));
    let near = numbers(&near["items"][0]["curve"]["smooth"]);
    assert_eq!(near.len(), 10);
    assert_eq!(near[9].to_bits(), smooth[9].to_bits());
    // A span of the whole axis is what is taken without one.
    let (_, same) = served.get(&format!("{path}&smoothing=0.9&span=99"));
    assert_eq!(numbers(&same["items"][0]["curve"]["smooth"]), smooth);
}

#[test]
fn a_line_can_be_over_times_and_over_another_metric() {
    let served = Served::start();
    let run = run_of(&served, 100, 0.0);
    let path = format!("/api/v1/runs/{run}/metrics/loss?buckets=50");
    let (_, by_epoch) = served.get(&format!("{path}&x=metrics.epoch"));
    let curve = &by_epoch["items"][0]["curve"];
    let epochs: Vec<f64> = (0..10).map(f64::from).collect();
    // As many buckets as fit, and none where the axis has nothing.
    assert_eq!(numbers(&curve["x_first"]), epochs);
    assert_eq!(numbers(&curve["mean"])[2..3], [24.5]);
    assert_eq!(curve["smooth"], json!([]));
    let (_, relative) = served.get(&format!("{path}&x=relative"));
    let xs = numbers(&relative["items"][0]["curve"]["x_last"]);
    assert!(xs.is_sorted() && xs[0] >= 0.0, "{xs:?}");
    let (_, time) = served.get(&format!("{path}&x=time"));
    let times = numbers(&time["items"][0]["curve"]["x_first"]);
    assert!(times[0] > 1.6e12, "{times:?}");
    let (_, log) = served.get(&format!("{path}&scale=log&x_to=9"));
    let xs = numbers(&log["items"][0]["curve"]["x_first"]);
    assert_eq!(xs, (1..10).map(f64::from).collect::<Vec<f64>>());
}

#[test]
fn what_cannot_be_drawn_is_refused_with_what_can() {
    let served = Served::start();
    let run = run_of(&served, 3, 0.0);
    let path = format!("/api/v1/runs/{run}/metrics/loss");
    for (query, part) in [
        ("smoothing=0.5", "needs buckets"),
        ("buckets=5&x=epoch", "metrics.NAME"),
        ("buckets=5&scale=cubic", "linear or log"),
        ("buckets=5&smoothing=1", "below 1"),
        ("buckets=5&smoothing=0.5&span=0", "above 0"),
    ] {
        let (status, error) = served.get(&format!("{path}?{query}"));
        let text = error["error"].as_str().unwrap_or_default();
        assert!(status == 400 && text.contains(part), "{query}: {error}");
    }
    let (status, none) = served.get(&format!("{path}?buckets=5&x=metrics.none"));
    assert_eq!((status, &none["items"]), (200, &json!([])));
}

#[test]
fn a_chart_takes_only_the_columns_that_it_draws() {
    let served = Served::start();
    let run = run_of(&served, 20, 0.0);
    let body = json!({"runs": [run], "metrics": ["loss"], "buckets": 5, "smoothing": 0.5,
        "columns": ["x_first", "smooth"]});
    let request = served.http().post(served.url("/api/v1/history"));
    let request = request
        .header("content-type", "application/json")
        .header("accept", "application/vnd.mltrack.columns");
    let (_, _, bytes) = served.raw(request.body(body.to_string()));
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let head: Value = serde_json::from_slice(&bytes[24..24 + word(16)]).unwrap();
    assert_eq!(head["kind"], "curve");
    let columns = json!([{"name": "x_first", "type": "f64"}, {"name": "smooth", "type": "f64"}]);
    assert_eq!(head["columns"], columns);
    assert_eq!(bytes.len(), 24 + word(16) + 2 * 8 * 5);
}

#[test]
fn a_group_of_runs_is_a_line_with_what_a_band_needs() {
    let served = Served::start();
    let runs: Vec<String> = [0.0, 10.0, 20.0]
        .iter()
        .map(|offset| run_of(&served, 8, *offset))
        .collect();
    let body = json!({"groups": [{"name": "all", "runs": runs}, {"name": "one", "runs": [runs[0]]}],
        "metrics": ["loss"], "buckets": 8});
    let (status, answer) = served.post("/api/v1/history/groups", &body);
    assert_eq!(status, 200, "{answer}");
    let all = &answer["items"][0];
    assert_eq!((&all["group"], &all["runs"]), (&json!("all"), &json!(3)));
    let spread = &all["spread"];
    assert_eq!(
        numbers(&spread["step_first"]),
        (0..8).map(f64::from).collect::<Vec<f64>>()
    );
    assert_eq!(numbers(&spread["n"]), [3.0; 8]);
    assert_eq!(
        (numbers(&spread["mean"])[4], numbers(&spread["std"])[4]),
        (14.0, 10.0)
    );
    assert_eq!(
        (numbers(&spread["min"])[4], numbers(&spread["max"])[4]),
        (4.0, 24.0)
    );
    let one = &answer["items"][1]["spread"];
    assert_eq!(one["std"][0], Value::Null);
    let (status, error) = served.post("/api/v1/history/groups", &json!({"groups": []}));
    assert_eq!(status, 400, "{error}");
}
