//! Batches of points, params and tags as `MLflow`'s clients log them: whole or not at all.

use mltrack::Tracker;
use serde_json::{Value, json};

use crate::support::Served;
use crate::writing::{good, post, refused, run, show, value_of};

#[test]
fn a_batch_is_written_whole() {
    let served = Served::start();
    let id = run(&served);
    let metrics: Vec<Value> = (0..500)
        .flat_map(|step| ["a", "b"].map(|key| json!({"key": key, "value": f64::from(step), "timestamp": 1000 + step, "step": step})))
        .collect();
    good(
        &served,
        "log-batch",
        &json!({"run_id": id, "metrics": metrics}),
    );
    let body = json!({
        "run_id": id,
        "metrics": [{"key": "c", "value": "NaN", "timestamp": 1}],
        "params": [{"key": "p", "value": "1"}, {"key": "q", "value": "2"}],
        "tags": [{"key": "t", "value": "x"}],
    });
    good(&served, "log-batch", &body);
    good(&served, "log-batch", &body);
    let data = show(&served, &id)["data"].clone();
    assert_eq!(value_of(&data["metrics"], "a"), 499.0);
    assert_eq!(value_of(&data["metrics"], "b"), 499.0);
    assert_eq!(value_of(&data["metrics"], "c"), "NaN");
    assert_eq!(value_of(&data["params"], "q"), "2");
    assert_eq!(value_of(&data["tags"], "t"), "x");
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let history = tracker.history(id.parse().unwrap(), "a").fetch().unwrap();
    assert_eq!(history.steps.len(), 500);
    assert_eq!(history.times_ns[7], 1_007_000_000);
}

#[test]
fn a_batch_with_anything_wrong_writes_nothing() {
    let served = Served::start();
    let id = run(&served);
    good(
        &served,
        "log-parameter",
        &json!({"run_id": id, "key": "p", "value": "1"}),
    );
    let metric = json!({"key": "m", "value": 1.0, "timestamp": 1});
    let batch = |params: Value| {
        post(
            &served,
            "log-batch",
            &json!({"run_id": id, "metrics": [metric], "params": params, "tags": [{"key": "t", "value": "x"}]}),
        )
    };
    let text = format!(
        "Changing param values is not allowed. Params were already logged='[{{'key': 'p', 'old_value': '1', 'new_value': '2'}}]' for run ID='{id}'."
    );
    refused(
        &batch(json!([{"key": "n", "value": "1"}, {"key": "p", "value": "2"}])),
        400,
        &text,
    );
    refused(
        &batch(json!([{"key": "d", "value": "1"}, {"key": "d", "value": "1"}])),
        400,
        "Duplicate parameter keys have been submitted: ['d']. Please ensure",
    );
    refused(
        &batch(json!([{"key": "a*b", "value": "1"}])),
        400,
        "for parameter 'params[0].key' supplied",
    );
    refused(
        &batch(json!([{"value": "1"}])),
        400,
        "Missing value for required parameter 'params[0].key'",
    );
    let data = show(&served, &id)["data"].clone();
    assert_eq!(
        (data.get("metrics"), value_of(&data["tags"], "t")),
        (None, Value::Null)
    );
}

#[test]
fn a_batch_has_limits() {
    let served = Served::start();
    let id = run(&served);
    let metrics = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|step| json!({"key": "m", "value": 1.0, "timestamp": 1, "step": step}))
            .collect()
    };
    let pairs = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|at| json!({"key": format!("k{at}"), "value": ""}))
            .collect()
    };
    let body = json!({"run_id": id, "metrics": metrics(1001)});
    refused(
        &post(&served, "log-batch", &body),
        400,
        "A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up metrics across multiple requests and try again.",
    );
    let body = json!({"run_id": id, "params": pairs(101)});
    refused(
        &post(&served, "log-batch", &body),
        400,
        "at most 100 params. Got 101 params.",
    );
    let body = json!({"run_id": id, "tags": pairs(101)});
    refused(
        &post(&served, "log-batch", &body),
        400,
        "at most 100 tags. Got 101 tags.",
    );
    let body = json!({"run_id": id, "metrics": metrics(950), "params": pairs(51)});
    refused(
        &post(&served, "log-batch", &body),
        400,
        "at most 1000 metrics, params, and tags. Got 1001 metrics, params, and tags.",
    );
    let body = json!({"run_id": id, "tags": [{"key": "t", "value": "x".repeat(1_000_000)}]});
    refused(
        &post(&served, "log-batch", &body),
        400,
        "Batched logging API requests must be at most 1000000 bytes, got a request of size",
    );
    let body = json!({"run_id": id, "metrics": [{"key": "m", "timestamp": 1}]});
    refused(
        &post(&served, "log-batch", &body),
        400,
        "Missing value for required parameter 'metrics[0].value'",
    );
    let body = json!({"run_id": id, "metrics": [{"key": "m", "value": 1.0, "timestamp": 1}, {"key": "/m", "value": 1.0, "timestamp": 1}]});
    refused(
        &post(&served, "log-batch", &body),
        400,
        "for parameter 'metrics[1].name' supplied",
    );
    refused(
        &post(&served, "log-batch", &json!({"run_id": "a b"})),
        400,
        "Invalid value \"a b\" for parameter 'run_id' supplied.",
    );
    refused(
        &post(&served, "log-batch", &json!({})),
        400,
        "Missing value for required parameter 'run_id'",
    );
    good(&served, "log-batch", &json!({"run_id": id}));
}

#[test]
fn a_value_about_a_logged_model_is_kept_with_the_model_and_with_the_run() {
    let served = Served::start();
    let id = run(&served);
    let base = "/api/2.0/mlflow/logged-models";
    let (_, made) = served.post(base, &json!({"experiment_id": "0", "name": "m"}));
    let model = made["model"]["info"]["model_id"].clone();
    let about =
        |key: &str| json!({"key": key, "value": 0.5, "timestamp": 1, "step": 2, "model_id": model});
    let mut alone = about("acc");
    alone["run_id"] = json!(id);
    good(&served, "log-metric", &alone);
    good(
        &served,
        "log-batch",
        &json!({"run_id": id, "metrics": [about("loss")]}),
    );
    let model = model.as_str().unwrap();
    let kept = served.get(&format!("{base}/{model}")).1["model"]["data"]["metrics"].clone();
    let of_run = show(&served, &id)["data"]["metrics"].clone();
    for metrics in [&kept, &of_run] {
        assert_eq!(value_of(metrics, "acc"), 0.5, "{metrics}");
        assert_eq!(value_of(metrics, "loss"), 0.5, "{metrics}");
    }
    let mut unknown = alone;
    unknown["model_id"] = json!("m-0");
    refused(
        &post(&served, "log-metric", &unknown),
        404,
        "'m-0' not found",
    );
}

#[test]
fn models_that_are_logged_the_former_way_are_listed_in_a_tag() {
    let served = Served::start();
    let id = run(&served);
    let model = |path: &str| json!({"artifact_path": path, "flavors": {}, "utc_time_created": "now", "run_id": id});
    let log = |text: String| {
        post(
            &served,
            "log-model",
            &json!({"run_id": id, "model_json": text}),
        )
    };
    assert_eq!(log(model("a").to_string()).0, 200);
    assert_eq!(log(model("b").to_string()).0, 200);
    let tags = show(&served, &id)["data"]["tags"].clone();
    let list = value_of(&tags, "mlflow.log-model.history");
    let list: Value = serde_json::from_str(list.as_str().unwrap()).unwrap();
    assert_eq!(list, json!([model("a"), model("b")]));
    refused(&log("{".into()), 400, "Malformed model info.");
    refused(
        &log("{}".into()),
        400,
        "Model json is missing mandatory fields",
    );
    refused(
        &log(model(&"p".repeat(9000)).to_string()),
        400,
        "too many for the tag",
    );
}
