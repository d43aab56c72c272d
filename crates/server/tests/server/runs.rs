//! Runs as `MLflow`'s clients make, look at, end, rename, delete and restore them.

use mltrack::{RunState, Tracker};
use serde_json::{Value, json};

use crate::support::Served;

const BASE: &str = "/api/2.0/mlflow/runs";

fn post(served: &Served, call: &str, body: &Value) -> (u16, Value) {
    served.post(&format!("{BASE}/{call}"), body)
}

fn create(served: &Served, body: &Value) -> Value {
    let (status, made) = post(served, "create", body);
    assert_eq!(status, 200, "{made}");
    made["run"].clone()
}

fn id_of(run: &Value) -> String {
    run["info"]["run_id"].as_str().unwrap().to_owned()
}

fn show(served: &Served, id: &str) -> Value {
    let (status, body) = served.get(&format!("{BASE}/get?run_id={id}"));
    assert_eq!(status, 200, "{body}");
    body["run"].clone()
}

fn refused(answer: &(u16, Value), status: u16, text: &str) {
    assert_eq!(answer.0, status, "{}", answer.1);
    let message = answer.1["message"].as_str().unwrap();
    assert!(message.contains(text), "{message}");
}

fn tag(run: &Value, key: &str) -> Value {
    let tags = run["data"]["tags"].as_array().unwrap().iter();
    let mut found = tags.filter(|tag| tag["key"] == key);
    found.next().map_or(Value::Null, |tag| tag["value"].clone())
}

#[test]
fn a_run_is_made_with_what_the_client_says() {
    let served = Served::start();
    let body = json!({
        "experiment_id": "0", "start_time": 1_700_000_000_123_i64, "run_name": "kind elk", "user_id": "ada",
        "tags": [{"key": "mlflow.user", "value": "ada"}, {"key": "team", "value": "vision"}],
    });
    let run = create(&served, &body);
    let (id, info) = (id_of(&run), &run["info"]);
    assert_eq!(info["run_uuid"], info["run_id"]);
    assert_eq!(
        (id.len(), &info["run_name"], &info["user_id"]),
        (32, &json!("kind elk"), &json!("ada"))
    );
    assert_eq!(
        (&info["status"], &info["lifecycle_stage"]),
        (&json!("RUNNING"), &json!("active"))
    );
    assert_eq!(info["start_time"], 1_700_000_000_123_i64);
    assert_eq!(
        info["artifact_uri"],
        format!("mlflow-artifacts:/0/{id}/artifacts")
    );
    assert!(info.get("end_time").is_none());
    assert_eq!(tag(&run, "mlflow.runName"), "kind elk");
    assert_eq!(tag(&run, "team"), "vision");
    // A run that was made just now says nothing about outputs.
    assert_eq!(run.get("outputs"), None);
    let mut shown = show(&served, &id);
    assert_eq!(
        shown.as_object_mut().unwrap().remove("outputs"),
        Some(json!({}))
    );
    assert_eq!(shown, run);
}

#[test]
fn a_run_is_made_in_an_experiment_that_is_named_and_with_tags_of_any_name() {
    let served = Served::start();
    let (status, body) = served.post("/api/2.0/mlflow/runs/create", &json!({}));
    assert_eq!(
        (status, &body["error_code"]),
        (400, &json!("INVALID_PARAMETER_VALUE"))
    );
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .contains("'experiment_id'")
    );
    let tags = [json!({"key": "a*b", "value": "odd"})];
    let run = create(&served, &json!({"experiment_id": "0", "tags": tags}));
    assert_eq!(tag(&run, "a*b"), "odd");
}

#[test]
fn a_run_without_a_name_gets_one_and_the_tag_says_it() {
    let served = Served::start();
    let run = create(&served, &json!({"experiment_id": "0"}));
    let name = run["info"]["run_name"].as_str().unwrap();
    assert!(name.split('-').count() >= 2, "{name}");
    assert_eq!(tag(&run, "mlflow.runName"), name);
    let tags = json!([{"key": "mlflow.runName", "value": "given"}]);
    let tagged = create(&served, &json!({"experiment_id": "0", "tags": tags}));
    assert_eq!(tagged["info"]["run_name"], "given");
    let both = json!({"experiment_id": "0", "tags": tags, "run_name": "other"});
    refused(
        &post(&served, "create", &both),
        400,
        "Both 'run_name' argument and 'mlflow.runName' tag are specified",
    );
}

#[test]
fn a_run_of_a_client_has_no_owner_and_is_never_lost() {
    let served = Served::start();
    let id = id_of(&create(&served, &json!({"experiment_id": "0"})));
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let run = tracker.run_summary(id.parse().unwrap()).unwrap();
    assert_eq!((run.state, run.is_detached), (RunState::Running, true));
}

#[test]
fn a_nested_run_has_its_parent() {
    let served = Served::start();
    let parent = id_of(&create(&served, &json!({"experiment_id": "0"})));
    let tags = json!([{"key": "mlflow.parentRunId", "value": parent}]);
    let child = id_of(&create(
        &served,
        &json!({"experiment_id": "0", "tags": tags}),
    ));
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let child = tracker.run_summary(child.parse().unwrap()).unwrap();
    assert_eq!(child.parent.unwrap().to_string(), parent);
    let tags = json!([{"key": "mlflow.parentRunId", "value": "0".repeat(32)}]);
    create(&served, &json!({"experiment_id": "0", "tags": tags}));
}

#[test]
fn a_run_ends_runs_again_and_ends_otherwise() {
    let served = Served::start();
    let id = id_of(&create(
        &served,
        &json!({"experiment_id": "0", "start_time": 1000}),
    ));
    let update = |body: Value| {
        let (status, body) = post(&served, "update", &body);
        assert_eq!(status, 200, "{body}");
        body["run_info"].clone()
    };
    let ended = update(json!({"run_id": id, "status": "FINISHED", "end_time": 5000}));
    assert_eq!(
        (&ended["status"], &ended["end_time"]),
        (&json!("FINISHED"), &json!(5000))
    );
    assert_eq!(ended["run_id"], id.as_str());
    let again = update(json!({"run_id": id, "status": "RUNNING"}));
    assert_eq!(again["status"], "RUNNING");
    assert_eq!(again["start_time"], 1000);
    let failed = update(json!({"run_id": id, "status": "FAILED", "end_time": 6000}));
    assert_eq!(
        (&failed["status"], &failed["end_time"]),
        (&json!("FAILED"), &json!(6000))
    );
    let killed = update(json!({"run_uuid": id, "status": "KILLED", "end_time": 7000}));
    assert_eq!(
        (&killed["status"], &killed["end_time"]),
        (&json!("KILLED"), &json!(7000))
    );
    let later = update(json!({"run_id": id, "end_time": 8000}));
    assert_eq!(
        (&later["status"], &later["end_time"]),
        (&json!("KILLED"), &json!(8000))
    );
    refused(
        &post(&served, "update", &json!({"run_id": id, "status": "DONE"})),
        400,
        "Invalid value \"DONE\" for parameter 'status'",
    );
}

#[test]
fn the_name_and_its_tag_are_one_thing() {
    let served = Served::start();
    let id = id_of(&create(
        &served,
        &json!({"experiment_id": "0", "run_name": "a"}),
    ));
    let both = |name: &str| {
        let run = show(&served, &id);
        assert_eq!(
            (&run["info"]["run_name"], tag(&run, "mlflow.runName")),
            (&json!(name), json!(name))
        );
    };
    both("a");
    assert_eq!(
        post(&served, "update", &json!({"run_id": id, "run_name": "b"})).0,
        200
    );
    both("b");
    let body = json!({"run_id": id, "key": "mlflow.runName", "value": "c"});
    assert_eq!(post(&served, "set-tag", &body).0, 200);
    both("c");
    let body = json!({"run_id": id, "tags": [{"key": "mlflow.runName", "value": "d"}]});
    assert_eq!(post(&served, "log-batch", &body).0, 200);
    both("d");
}

#[test]
fn a_deleted_run_takes_nothing_and_a_restored_one_everything() {
    let served = Served::start();
    let id = id_of(&create(&served, &json!({"experiment_id": "0"})));
    let writes = [
        (
            "log-metric",
            json!({"run_id": id, "key": "m", "value": 1.0, "timestamp": 1}),
        ),
        (
            "log-parameter",
            json!({"run_id": id, "key": "p", "value": "1"}),
        ),
        ("set-tag", json!({"run_id": id, "key": "t", "value": "1"})),
        ("delete-tag", json!({"run_id": id, "key": "t"})),
        (
            "log-batch",
            json!({"run_id": id, "metrics": [{"key": "m", "value": 1.0, "timestamp": 1}]}),
        ),
        ("update", json!({"run_id": id, "status": "FINISHED"})),
    ];
    for (call, body) in &writes {
        assert_eq!(post(&served, call, body).0, 200, "{call}");
    }
    for _ in 0..2 {
        assert_eq!(post(&served, "delete", &json!({"run_id": id})).0, 200);
    }
    assert_eq!(show(&served, &id)["info"]["lifecycle_stage"], "deleted");
    let text = format!("The run {id} must be in the 'active' state. Current state is deleted.");
    for (call, body) in &writes {
        refused(&post(&served, call, body), 400, &text);
    }
    for _ in 0..2 {
        assert_eq!(post(&served, "restore", &json!({"run_id": id})).0, 200);
    }
    for (call, body) in writes.iter().filter(|(call, _)| *call != "delete-tag") {
        assert_eq!(post(&served, call, body).0, 200, "{call}");
    }
}

#[test]
fn what_another_process_deletes_is_refused_too() {
    let served = Served::start();
    let id = id_of(&create(&served, &json!({"experiment_id": "0"})));
    let body = json!({"run_id": id, "key": "m", "value": 1.0, "timestamp": 1});
    assert_eq!(post(&served, "log-metric", &body).0, 200);
    let other = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    other.delete_run(id.parse().unwrap()).unwrap();
    // It is noticed by the first call that comes a few milliseconds later.
    let began = mltrack::door::monotonic();
    while post(&served, "log-metric", &body).0 == 200 {
        assert!(began.elapsed().as_secs() < 10, "nobody noticed");
    }
    other.restore_run(id.parse().unwrap()).unwrap();
    while post(&served, "log-metric", &body).0 != 200 {
        assert!(began.elapsed().as_secs() < 10, "nobody noticed");
    }
}

#[test]
fn what_is_wrong_about_a_run_is_said_in_the_interfaces_words() {
    let served = Served::start();
    let none = "0".repeat(32);
    let text = format!("Run with id={none} not found");
    refused(
        &served.get(&format!("{BASE}/get?run_id={none}")),
        404,
        &text,
    );
    refused(
        &served.get(&format!("{BASE}/get?run_id=abc")),
        404,
        "Run with id=abc not found",
    );
    refused(
        &served.get(&format!("{BASE}/get")),
        400,
        "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.",
    );
    for call in ["update", "delete", "restore"] {
        refused(&post(&served, call, &json!({"run_id": none})), 404, &text);
        refused(
            &post(&served, call, &json!({})),
            400,
            "Missing value for required parameter 'run_id'",
        );
    }
    refused(
        &post(&served, "create", &json!({"experiment_id": "77"})),
        404,
        "No Experiment with id=77 exists",
    );
    let unnamed = json!({"experiment_id": "0", "tags": [{"value": "x"}]});
    refused(
        &post(&served, "create", &unnamed),
        400,
        "Missing value for required parameter 'tags[0].key'",
    );
}
