//! What `/api/v1/activity` counts.

use mltrack::Tracker;
use serde_json::{Value, json};

use crate::support::Served;

/// Three runs of one experiment, one of them failed, and one of another.
fn fill(served: &Served) {
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let cats = tracker.experiment("cats").unwrap();
    for lr in [1_i64, 2, 2] {
        let run = cats.run().param("lr", lr).start().unwrap();
        run.log_metrics(
            0,
            [
                ("system/gpu.0.memory.bytes", 1.0),
                ("system/gpu.1.memory.bytes", 1.0),
            ],
        )
        .unwrap();
        run.finish().unwrap();
    }
    let run = tracker
        .experiment("dogs")
        .unwrap()
        .run()
        .param("lr", 1_i64)
        .start()
        .unwrap();
    run.fail(&std::io::Error::other("out of memory")).unwrap();
}

fn sum(numbers: &Value) -> f64 {
    numbers
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_f64)
        .sum()
}

#[test]
fn runs_are_counted_by_experiment_and_by_how_they_stand() {
    let served = Served::start();
    fill(&served);
    let (status, told) = served.get("/api/v1/activity?from=-7d&by=experiment");
    assert_eq!(status, 200, "{told}");
    let days = told["edges"].as_array().unwrap().len() - 1;
    assert!((8..=9).contains(&days), "{days}");
    let whole = &told["whole"];
    assert_eq!((&whole["total"], sum(&whole["runs"])), (&json!(4), 4.0));
    assert!((sum(&whole["states"]["completed"]) - 3.0).abs() < 1e-9);
    assert!((sum(&whole["states"]["failed"]) - 1.0).abs() < 1e-9);
    let series = told["items"].as_array().unwrap();
    let names: Vec<&str> = series
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        (names, &told["keys_total"]),
        (vec!["cats", "dogs"], &json!(2))
    );
    // Each of the three runs had two devices for as long as it ran.
    let (run_s, gpu_s) = (
        sum(&series[0]["run_seconds"]),
        sum(&series[0]["gpu_seconds"]),
    );
    assert!(
        run_s > 0.0 && (gpu_s / run_s - 2.0).abs() < 1e-6,
        "{gpu_s} of {run_s}"
    );
    assert!(sum(&series[1]["gpu_seconds"]) < 1e-12);
    assert!(
        series[0]["took_median"]
            .as_array()
            .unwrap()
            .iter()
            .any(Value::is_number)
    );
    assert_eq!(told["settings"], Value::Null);
}

#[test]
fn edges_of_ones_own_filters_and_settings_narrow_and_widen_it() {
    let served = Served::start();
    fill(&served);
    let far = 4_102_444_800_000_i64;
    let question = json!({"edges": [0, 86_400_000, far], "settings": true, "by": "state"});
    let (status, told) = served.post("/api/v1/activity", &question);
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["whole"]["runs"], json!([0, 4]));
    assert_eq!(
        (&told["settings"], &told["coverage"]),
        (&json!([0, 2]), &json!([0.0, 1.0]))
    );
    assert_eq!(told["items"][0]["key"], "completed");
    let question = json!({"edges": [0, far], "experiment": ["dogs"], "filter": ["params.lr = 1"], "settings": true});
    let (_, told) = served.post("/api/v1/activity", &question);
    assert_eq!(
        (&told["whole"]["total"], &told["settings"]),
        (&json!(1), &json!([1]))
    );
    let question = json!({"edges": [0, far], "state": ["failed"]});
    assert_eq!(
        served.post("/api/v1/activity", &question).1["whole"]["total"],
        1
    );
    // Before the first run was created.
    let question = json!({"edges": [0, far], "at": "1"});
    assert_eq!(
        served.post("/api/v1/activity", &question).1["whole"]["total"],
        0
    );
}

#[test]
fn a_question_without_sense_is_refused() {
    let served = Served::start();
    for path in [
        "from=-1h&to=-2h",
        "offset=Berlin",
        "edges=5&edges=4",
        "edges=5",
        "edges=1&edges=2&bucket=day",
        "keys=0",
        "by=colour",
        "experiment=nobody",
        "from=1970-01-01T00:00:00Z&bucket=hour",
    ] {
        let (status, told) = served.get(&format!("/api/v1/activity?{path}"));
        assert!(matches!(status, 400 | 404), "{path}: {status} {told}");
        assert!(told["error"].is_string(), "{path}: {told}");
    }
}
