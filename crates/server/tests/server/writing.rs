//! Points, params, tags, inputs and outputs as `MLflow`'s clients log them.

use std::thread;

use mltrack::Tracker;
use serde_json::{Value, json};

use crate::support::Served;

const BASE: &str = "/api/2.0/mlflow/runs";

pub fn post(served: &Served, call: &str, body: &Value) -> (u16, Value) {
    served.post(&format!("{BASE}/{call}"), body)
}

pub fn run(served: &Served) -> String {
    let (_, made) = post(served, "create", &json!({"experiment_id": "0"}));
    made["run"]["info"]["run_id"].as_str().unwrap().to_owned()
}

pub fn show(served: &Served, id: &str) -> Value {
    served.get(&format!("{BASE}/get?run_id={id}")).1["run"].clone()
}

pub fn good(served: &Served, call: &str, body: &Value) {
    assert_eq!(post(served, call, body), (200, json!({})), "{call}");
}

pub fn refused(answer: &(u16, Value), status: u16, text: &str) {
    assert_eq!(answer.0, status, "{}", answer.1);
    let message = answer.1["message"].as_str().unwrap();
    assert!(message.contains(text), "{message}");
}

pub fn value_of(list: &Value, key: &str) -> Value {
    let list = list.as_array().cloned().unwrap_or_default();
    let found = list.into_iter().find(|pair| pair["key"] == key);
    found.map_or(Value::Null, |pair| pair["value"].clone())
}

#[test]
fn the_latest_value_of_a_metric_is_that_of_the_highest_step_then_time_then_value() {
    let served = Served::start();
    let id = run(&served);
    for (step, time, value) in [
        (5, 10, 1.0),
        (5, 30, 2.0),
        (5, 20, 9.0),
        (5, 30, 1.5),
        (4, 99, 7.0),
    ] {
        let body =
            json!({"run_id": id, "key": "m", "value": value, "timestamp": time, "step": step});
        good(&served, "log-metric", &body);
    }
    let metrics = show(&served, &id)["data"]["metrics"].clone();
    assert_eq!(
        metrics,
        json!([{"key": "m", "value": 2.0, "timestamp": 30, "step": 5}])
    );
}

#[test]
fn a_value_comes_in_every_form_of_the_wire() {
    let served = Served::start();
    let id = run(&served);
    for (key, value, seen) in [
        ("nan", json!("NaN"), json!("NaN")),
        ("up", json!("Infinity"), json!(f64::MAX)),
        ("down", json!("-Infinity"), json!(-f64::MAX)),
        ("whole", json!(3), json!(3.0)),
        ("text", json!("2.5"), json!(2.5)),
    ] {
        let body = json!({"run_id": id, "key": key, "value": value, "timestamp": "7"});
        good(&served, "log-metric", &body);
        let metrics = show(&served, &id)["data"]["metrics"].clone();
        assert_eq!(value_of(&metrics, key), seen, "{key}");
    }
}

#[test]
fn a_run_that_has_ended_takes_everything() {
    let served = Served::start();
    let id = run(&served);
    good_update(
        &served,
        &json!({"run_id": id, "status": "FINISHED", "end_time": 5}),
    );
    good(
        &served,
        "log-metric",
        &json!({"run_id": id, "key": "m", "value": 1.0, "timestamp": 9, "step": -3}),
    );
    good(
        &served,
        "log-parameter",
        &json!({"run_id": id, "key": "p", "value": "1"}),
    );
    good(
        &served,
        "set-tag",
        &json!({"run_id": id, "key": "t", "value": "1"}),
    );
    let data = show(&served, &id)["data"].clone();
    assert_eq!(value_of(&data["metrics"], "m"), 1.0);
    assert_eq!(value_of(&data["params"], "p"), "1");
    assert_eq!(value_of(&data["tags"], "t"), "1");
    assert_eq!(show(&served, &id)["info"]["status"], "FINISHED");
}

fn good_update(served: &Served, body: &Value) {
    let (status, answer) = post(served, "update", body);
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn a_point_that_is_none_is_refused_in_the_interfaces_words() {
    let served = Served::start();
    let id = run(&served);
    let mut whole = json!({"run_id": id, "key": "m", "value": 1.0, "timestamp": 1});
    for field in ["run_id", "key", "value", "timestamp"] {
        let kept = whole.as_object_mut().unwrap().remove(field).unwrap();
        let text = format!(
            "Missing value for required parameter '{field}'. See the API docs for more information about request parameters."
        );
        refused(&post(&served, "log-metric", &whole), 400, &text);
        whole[field] = kept;
    }
    let with = |field: &str, value: Value| {
        let mut body = whole.clone();
        body[field] = value;
        post(&served, "log-metric", &body)
    };
    refused(
        &with("key", json!("a*b")),
        400,
        "Invalid value \"a*b\" for parameter 'name' supplied: Names may only contain alphanumerics",
    );
    refused(
        &with("key", json!("../x")),
        400,
        "This name would resolve to '../x'",
    );
    refused(
        &with("key", json!("k".repeat(251))),
        400,
        "'Metric name' exceeds the maximum length of 250 characters",
    );
    refused(
        &with("timestamp", json!(-1)),
        400,
        "Invalid value -1 for parameter 'timestamp' supplied: metric 'm' (value=1.0). Timestamp must be a nonnegative long",
    );
    refused(
        &with("value", json!("abc")),
        400,
        "Invalid value \"abc\" for parameter 'value' supplied",
    );
    refused(
        &with("value", json!(true)),
        400,
        "Invalid value true for parameter 'value' supplied",
    );
    refused(
        &with("step", json!(1.5)),
        400,
        "Invalid value 1.5 for parameter 'step' supplied",
    );
    refused(&with("run_id", json!("0".repeat(32))), 404, "not found");
    assert_eq!(show(&served, &id)["data"].get("metrics"), None);
}

#[test]
fn a_body_of_another_kind_is_refused_and_one_that_is_no_json_is_empty() {
    let served = Served::start();
    let http = reqwest::Client::new();
    let url = served.url(&format!("{BASE}/log-metric"));
    let plain = http
        .post(&url)
        .header("content-type", "text/plain")
        .body("{}");
    refused(
        &served.send(plain),
        400,
        "Bad Request. Content-Type must be one of ['application/json'].",
    );
    let broken = http
        .post(&url)
        .header("content-type", "application/json")
        .body("{");
    refused(
        &served.send(broken),
        400,
        "Missing value for required parameter 'run_id'",
    );
}

#[test]
fn a_param_keeps_its_value() {
    let served = Served::start();
    let id = run(&served);
    let log = |key: &str, value: &str| {
        post(
            &served,
            "log-parameter",
            &json!({"run_id": id, "key": key, "value": value}),
        )
    };
    assert_eq!(log("p", "1").0, 200);
    assert_eq!(log("p", "1").0, 200);
    let text = format!(
        "Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID='{id}'. Attempted logging new value '2'."
    );
    refused(&log("p", "2"), 400, &text);
    assert_eq!(log("empty", "").0, 200);
    assert_eq!(log("long", &"é".repeat(7000)).0, 200);
    let params = show(&served, &id)["data"]["params"].clone();
    assert_eq!(value_of(&params, "long"), "é".repeat(6000));
    assert_eq!(value_of(&params, "empty"), "");
    refused(
        &log(&"k".repeat(251), "1"),
        400,
        "'Param key' exceeds the maximum length of 250 characters",
    );
    refused(&log("a*b", "1"), 400, "for parameter 'key' supplied");
}

#[test]
fn a_param_that_the_library_logged_is_the_same_when_it_prints_the_same() {
    let served = Served::start();
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let local = tracker.experiment("local").unwrap().start_run().unwrap();
    local.log_param("lr", 0.5).unwrap();
    let id = local.id().to_string();
    let log = |value: &str| {
        post(
            &served,
            "log-parameter",
            &json!({"run_id": id, "key": "lr", "value": value}),
        )
    };
    assert_eq!(log("0.5").0, 200);
    refused(&log("0.6"), 400, "was already logged with value='0.5'");
    assert_eq!(value_of(&show(&served, &id)["data"]["params"], "lr"), "0.5");
    local.finish().unwrap();
}

#[test]
fn tags_are_set_cut_and_removed() {
    let served = Served::start();
    let id = run(&served);
    let set = |key: &str, value: &str| {
        post(
            &served,
            "set-tag",
            &json!({"run_id": id, "key": key, "value": value}),
        )
    };
    assert_eq!(set("t", "1").0, 200);
    assert_eq!(set("t", "2").0, 200);
    assert_eq!(set("long", &"x".repeat(9000)).0, 200);
    let tags = show(&served, &id)["data"]["tags"].clone();
    assert_eq!(
        (value_of(&tags, "t"), value_of(&tags, "long")),
        (json!("2"), json!("x".repeat(8000)))
    );
    let remove = || post(&served, "delete-tag", &json!({"run_id": id, "key": "t"}));
    assert_eq!(remove().0, 200);
    let text = format!("No tag with name: t in run with id {id}");
    refused(&remove(), 404, &text);
    refused(
        &set(&"k".repeat(251), "1"),
        400,
        "'key' exceeds the maximum length of 250 characters",
    );
    refused(&set("mltrack.mlflow.x", "1"), 400, "belongs to the server");
}

#[test]
fn of_many_who_give_one_param_different_values_one_wins() {
    let served = Served::start();
    let id = run(&served);
    let url = served.url(&format!("{BASE}/log-parameter"));
    let statuses: Vec<u16> = thread::scope(|scope| {
        let write = |value: usize| {
            let (url, id) = (url.clone(), id.clone());
            scope.spawn(move || {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                let body = json!({"run_id": id, "key": "p", "value": value.to_string()});
                let request = reqwest::Client::new()
                    .post(url)
                    .header("content-type", "application/json");
                let answer = runtime
                    .block_on(request.body(body.to_string()).send())
                    .unwrap();
                answer.status().as_u16()
            })
        };
        let writers: Vec<_> = (0..4).map(write).collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
}

#[test]
fn what_a_run_takes_in_and_gives_out_is_shown_with_it() {
    let served = Served::start();
    let id = run(&served);
    let dataset = json!({"name": "iris", "digest": "a1b2c3d4", "source_type": "local", "source": "{\"uri\": \"x\"}", "schema": "{}"});
    let tags = json!([{"key": "mlflow.data.context", "value": "training"}]);
    let body = json!({"run_id": id, "datasets": [{"tags": tags, "dataset": dataset}], "models": [{"model_id": "m-1"}]});
    good(&served, "log-inputs", &body);
    good(&served, "log-inputs", &body);
    good(
        &served,
        "outputs",
        &json!({"run_id": id, "models": [{"model_id": "m-2", "step": 3}]}),
    );
    let run = show(&served, &id);
    assert_eq!(
        run["inputs"],
        json!({"dataset_inputs": [{"tags": tags, "dataset": dataset}], "model_inputs": [{"model_id": "m-1"}]})
    );
    assert_eq!(
        run["outputs"],
        json!({"model_outputs": [{"model_id": "m-2", "step": 3}]})
    );
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let taken = tracker
        .datasets_of_run(id.parse::<mltrack::RunId>().unwrap().key())
        .unwrap();
    assert_eq!(taken.len(), 1, "the library knows it too");
    assert_eq!(
        (taken[0].name.as_str(), taken[0].digest.as_str()),
        ("iris", "mlflow:a1b2c3d4")
    );
}

#[test]
fn inputs_that_are_none_are_refused() {
    let served = Served::start();
    let id = run(&served);
    let with = |dataset: Value| {
        post(
            &served,
            "log-inputs",
            &json!({"run_id": id, "datasets": [{"dataset": dataset}]}),
        )
    };
    refused(
        &with(json!({"digest": "d", "source_type": "l", "source": "s"})),
        400,
        "'dataset.name'",
    );
    refused(
        &with(json!({"name": "n", "digest": "d".repeat(37), "source_type": "l", "source": "s"})),
        400,
        "'digest' exceeds the maximum length of 36 characters",
    );
    refused(
        &post(
            &served,
            "log-inputs",
            &json!({"run_id": id, "datasets": [{}]}),
        ),
        400,
        "Dataset cannot be None",
    );
    refused(
        &post(&served, "outputs", &json!({"run_id": id})),
        400,
        "Missing value for required parameter 'models'",
    );
    assert_eq!(show(&served, &id)["inputs"], json!({}));
}
