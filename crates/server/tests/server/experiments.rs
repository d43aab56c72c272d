//! Experiments as `MLflow`'s clients make, find, change, delete and restore them.

use mltrack::Tracker;
use mltrack_server::Options;
use serde_json::{Value, json};

use crate::support::Served;

const BASE: &str = "/api/2.0/mlflow/experiments";

fn post(served: &Served, call: &str, body: &Value) -> (u16, Value) {
    served.post(&format!("{BASE}/{call}"), body)
}

fn create(served: &Served, name: &str) -> String {
    let (status, body) = post(served, "create", &json!({"name": name}));
    assert_eq!(status, 200, "{body}");
    body["experiment_id"].as_str().unwrap().to_owned()
}

fn show(served: &Served, id: &str) -> (u16, Value) {
    served.get(&format!("{BASE}/get?experiment_id={id}"))
}

fn refused(answer: &(u16, Value), status: u16, code: &str, text: &str) {
    assert_eq!(answer.0, status, "{}", answer.1);
    assert_eq!(answer.1["error_code"], code);
    let message = answer.1["message"].as_str().unwrap();
    assert!(message.contains(text), "{message}");
}

#[test]
fn a_fresh_store_has_the_experiment_default_with_id_0() {
    let served = Served::start();
    let (status, body) = show(&served, "0");
    assert_eq!(status, 200);
    assert_eq!(body["experiment"]["name"], "Default");
    assert_eq!(
        body["experiment"]["artifact_location"],
        "mlflow-artifacts:/0"
    );
    assert_eq!(body["experiment"]["lifecycle_stage"], "active");
}

#[test]
fn two_servers_of_one_store_make_one_default_experiment() {
    let served = Served::start();
    let store = served.folder.path().join(".mltrack");
    let other = Tracker::open(&store).unwrap();
    assert!(!other.make_default_experiment(&[]).unwrap());
    let names = other.experiments().fetch().unwrap();
    assert_eq!(names.items.len(), 1);
}

#[test]
fn a_default_experiment_that_was_deleted_is_not_made_again() {
    let served = Served::start();
    assert_eq!(
        post(&served, "delete", &json!({"experiment_id": "0"})).0,
        200
    );
    let store = served.folder.path().join(".mltrack");
    let other = Tracker::open(&store).unwrap();
    assert!(!other.make_default_experiment(&[]).unwrap());
    assert_eq!(
        show(&served, "0").1["experiment"]["lifecycle_stage"],
        "deleted"
    );
}

#[test]
fn an_experiment_is_made_and_found_by_id_and_by_name() {
    let served = Served::start();
    let tags = json!([{"key": "team", "value": "vision"}]);
    let body = json!({"name": "résnet 50", "artifact_location": "s3://b/x", "tags": tags});
    let (status, made) = post(&served, "create", &body);
    assert_eq!(status, 200, "{made}");
    let id = made["experiment_id"].as_str().unwrap();
    let (_, by_id) = show(&served, id);
    assert_eq!(by_id["experiment"]["artifact_location"], "s3://b/x");
    assert_eq!(
        by_id["experiment"]["tags"], tags,
        "the server's own tags stay inside"
    );
    assert!(by_id["experiment"]["creation_time"].as_i64().unwrap() > 1_600_000_000_000);
    let by_name = served.get(&format!(
        "{BASE}/get-by-name?experiment_name=r%C3%A9snet+50"
    ));
    assert_eq!(by_name, (200, by_id));
}

#[test]
fn places_for_artifacts_lie_below_the_root_that_the_host_gives() {
    let served = Served::start_with(&Options {
        artifact_root: Some("s3://bucket/runs/".into()),
        ..Options::default()
    });
    let id = create(&served, "resnet");
    let place = |id: &str| show(&served, id).1["experiment"]["artifact_location"].clone();
    assert_eq!(place("0"), "s3://bucket/runs/0");
    assert_eq!(place(&id), format!("s3://bucket/runs/{id}"));
}

#[test]
fn a_folder_for_artifacts_is_below_the_one_that_the_server_was_started_in() {
    let served = Served::start();
    let here = std::env::current_dir().unwrap();
    for (given, kept) in [
        (
            "models/here",
            here.join("models/here").display().to_string(),
        ),
        ("/models/there", "/models/there".to_owned()),
        ("file:///models", "file:///models".to_owned()),
    ] {
        let body = json!({"name": given, "artifact_location": given});
        let (_, made) = post(&served, "create", &body);
        let (_, shown) = show(&served, made["experiment_id"].as_str().unwrap());
        assert_eq!(shown["experiment"]["artifact_location"], kept.as_str());
    }
}

#[test]
fn the_name_of_a_deleted_experiment_stays_taken() {
    let served = Served::start();
    let id = create(&served, "e1");
    let again = || post(&served, "create", &json!({"name": "e1"}));
    refused(
        &again(),
        400,
        "RESOURCE_ALREADY_EXISTS",
        "Experiment(name=e1) already exists.",
    );
    assert_eq!(
        post(&served, "delete", &json!({"experiment_id": id})).0,
        200
    );
    refused(
        &again(),
        400,
        "RESOURCE_ALREADY_EXISTS",
        "Experiment(name=e1) already exists.",
    );
    let by_name = served.get(&format!("{BASE}/get-by-name?experiment_name=e1"));
    assert_eq!(by_name.1["experiment"]["lifecycle_stage"], "deleted");
}

#[test]
fn an_experiment_is_deleted_and_restored_with_its_runs() {
    let served = Served::start();
    let id = create(&served, "e1");
    let runs = "/api/2.0/mlflow/runs";
    let (_, made) = served.post(&format!("{runs}/create"), &json!({"experiment_id": id}));
    let run = made["run"]["info"]["run_id"].as_str().unwrap().to_owned();
    let log = || {
        let body = json!({"run_id": run, "key": "m", "value": 1.0, "timestamp": 1});
        served.post(&format!("{runs}/log-metric"), &body)
    };
    assert_eq!(log().0, 200);
    assert_eq!(
        post(&served, "delete", &json!({"experiment_id": id})).0,
        200
    );
    refused(
        &log(),
        400,
        "INVALID_PARAMETER_VALUE",
        "Current state is deleted.",
    );
    let create = served.post(&format!("{runs}/create"), &json!({"experiment_id": id}));
    let text =
        format!("The experiment {id} must be in the 'active' state. Current state is deleted.");
    refused(&create, 400, "INVALID_PARAMETER_VALUE", &text);
    let twice = post(&served, "delete", &json!({"experiment_id": id}));
    refused(
        &twice,
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "No Experiment with id=",
    );
    assert_eq!(
        post(&served, "restore", &json!({"experiment_id": id})).0,
        200
    );
    assert_eq!(log().0, 200);
}

#[test]
fn an_experiment_is_renamed_unless_the_name_is_taken() {
    let served = Served::start();
    let (id, _) = (create(&served, "a"), create(&served, "b"));
    let rename = |name: &str| {
        post(
            &served,
            "update",
            &json!({"experiment_id": id, "new_name": name}),
        )
    };
    assert_eq!(rename("c").0, 200);
    assert_eq!(show(&served, &id).1["experiment"]["name"], "c");
    assert_eq!(rename("c").0, 200);
    refused(
        &rename("b"),
        400,
        "RESOURCE_ALREADY_EXISTS",
        "already exists",
    );
    assert_eq!(
        post(&served, "delete", &json!({"experiment_id": id})).0,
        200
    );
    refused(
        &rename("d"),
        500,
        "INVALID_STATE",
        "Cannot rename a non-active experiment.",
    );
}

#[test]
fn tags_of_an_experiment_are_set_and_removed() {
    let served = Served::start();
    let tag = |call: &str, body: &Value| post(&served, call, body);
    let body = json!({"experiment_id": "0", "key": "a/b", "value": "1"});
    assert_eq!(tag("set-experiment-tag", &body).0, 200);
    let tags = show(&served, "0").1["experiment"]["tags"].clone();
    assert_eq!(tags, json!([{"key": "a/b", "value": "1"}]));
    let body = json!({"experiment_id": "0", "key": "a/b"});
    assert_eq!(tag("delete-experiment-tag", &body).0, 200);
    refused(
        &tag("delete-experiment-tag", &body),
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "No tag with name: a/b",
    );
    let long = json!({"experiment_id": "0", "key": "k".repeat(251), "value": ""});
    refused(
        &tag("set-experiment-tag", &long),
        400,
        "INVALID_PARAMETER_VALUE",
        "'key' exceeds the maximum length of 250 characters",
    );
    let ours = json!({"experiment_id": "0", "key": "mltrack.mlflow.x", "value": ""});
    refused(
        &tag("set-experiment-tag", &ours),
        400,
        "INVALID_PARAMETER_VALUE",
        "belongs to the server",
    );
}

#[test]
fn what_is_wrong_about_an_experiment_is_said_in_the_interfaces_words() {
    let served = Served::start();
    refused(
        &show(&served, "77"),
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "No Experiment with id=77 exists",
    );
    refused(
        &show(&served, "abc"),
        400,
        "INVALID_PARAMETER_VALUE",
        "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.",
    );
    refused(
        &served.get(&format!("{BASE}/get")),
        400,
        "INVALID_PARAMETER_VALUE",
        "Missing value for required parameter 'experiment_id'.",
    );
    refused(
        &served.get(&format!("{BASE}/get-by-name?experiment_name=x")),
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "Could not find experiment with name 'x'",
    );
    refused(
        &post(&served, "create", &json!({})),
        400,
        "INVALID_PARAMETER_VALUE",
        "Missing value for required parameter 'name'.",
    );
    refused(
        &post(&served, "create", &json!({"name": 7})),
        400,
        "INVALID_PARAMETER_VALUE",
        "Invalid value 7 for parameter 'name' supplied",
    );
    let long = json!({"name": "n".repeat(501)});
    refused(
        &post(&served, "create", &long),
        400,
        "INVALID_PARAMETER_VALUE",
        "'name' exceeds the maximum length of 500 characters",
    );
    let place = json!({"name": "n", "artifact_location": "s3://b/x#y"});
    refused(
        &post(&served, "create", &place),
        400,
        "INVALID_PARAMETER_VALUE",
        "can't include fragments or params",
    );
}
