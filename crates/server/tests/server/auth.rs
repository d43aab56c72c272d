//! Tokens: who gets in with what, and who does not.

use base64::Engine as _;
use mltrack::Tracker;
use mltrack_server::keys::{self, NewKey};
use mltrack_server::{Options, Role};
use serde_json::{Value, json};

use super::support::Served;

const CREATE: &str = "/api/2.0/mlflow/runs/create";
const SEARCH: &str = "/api/2.0/mlflow/runs/search";

fn guarded() -> (Served, Tracker) {
    let served = Served::start_with(&Options {
        is_token_needed: true,
        ..Options::default()
    });
    // As another process does, which opens the store for itself.
    let tracker = Tracker::open(served.folder.path()).unwrap();
    (served, tracker)
}

fn key(tracker: &Tracker, name: &str, role: Role) -> String {
    let new = NewKey {
        name: name.to_owned(),
        role,
        scope: Vec::new(),
        expires_ns: None,
    };
    keys::make(tracker, &new).unwrap()
}

fn post(served: &Served, path: &str, authorization: &str, body: &Value) -> u16 {
    let request = reqwest::Client::new().post(served.url(path));
    let request = request
        .header("content-type", "application/json")
        .header("authorization", authorization);
    served.send(request.body(body.to_string())).0
}

fn search(served: &Served, authorization: &str) -> u16 {
    post(
        served,
        SEARCH,
        authorization,
        &json!({"experiment_ids": ["0"]}),
    )
}

#[test]
fn nobody_gets_in_without_a_token_and_everybody_may_ask_for_health() {
    let (served, _) = guarded();
    let (status, body) = served.post(SEARCH, &json!({}));
    assert_eq!(
        (status, &body["error_code"]),
        (401, &json!("UNAUTHENTICATED"))
    );
    assert_eq!(served.get("/").0, 401);
    assert_eq!(served.get("/metrics").0, 401);
    for path in ["/health", "/version", "/api/3.0/mlflow/server-info"] {
        assert_eq!(served.get(path).0, 200, "{path}");
    }
}

#[test]
fn a_token_is_taken_as_bearer_and_as_either_half_of_basic() {
    let (served, tracker) = guarded();
    let token = key(&tracker, "anna", Role::Writer);
    let basic = |text: String| format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(text));
    for authorization in [
        format!("Bearer {token}"),
        basic(format!("anna:{token}")),
        basic(format!("{token}:")),
    ] {
        assert_ne!(search(&served, &authorization), 401, "{authorization}");
    }
    for authorization in [
        "Bearer mlt_wrong".to_owned(),
        basic("anna:wrong".to_owned()),
    ] {
        assert_eq!(search(&served, &authorization), 401, "{authorization}");
    }
}

#[test]
fn a_role_allows_what_it_says_and_no_more() {
    let (served, tracker) = guarded();
    let viewer = format!("Bearer {}", key(&tracker, "eye", Role::Viewer));
    let writer = format!("Bearer {}", key(&tracker, "hand", Role::Writer));
    let admin = format!("Bearer {}", key(&tracker, "head", Role::Admin));
    let hook = "/api/2.0/mlflow/webhooks";
    assert_ne!(search(&served, &viewer), 403);
    assert_eq!(post(&served, CREATE, &viewer, &json!({})), 403);
    assert_ne!(post(&served, CREATE, &writer, &json!({})), 403);
    assert_eq!(post(&served, hook, &writer, &json!({})), 403);
    assert_ne!(post(&served, hook, &admin, &json!({})), 403);
}

#[test]
fn who_asks_what_the_store_is_hears_what_he_may_do() {
    let (served, tracker) = guarded();
    let token = format!("Bearer {}", key(&tracker, "eye", Role::Viewer));
    let request = reqwest::Client::new().get(served.url("/api/v1/store"));
    let (_, told) = served.send(request.header("authorization", token));
    assert_eq!(
        (&told["role"], &told["caller"]),
        (&json!("viewer"), &json!("eye"))
    );
}

#[test]
fn a_key_that_another_process_revokes_lets_nobody_in_and_no_undo_brings_it_back() {
    let (served, tracker) = guarded();
    let token = format!("Bearer {}", key(&tracker, "gone", Role::Writer));
    assert_ne!(search(&served, &token), 401);
    assert!(keys::revoke(&tracker, "gone").unwrap());
    let deadline = std::time::Duration::from_secs(1);
    let begun = mltrack::door::monotonic();
    loop {
        let asked = begun.elapsed();
        if search(&served, &token) == 401 {
            break;
        }
        assert!(asked < deadline, "the key still lets in");
    }
    // What an undo does: the document as it was before.
    let body = tracker.documents("key").get("gone").unwrap().unwrap().body;
    let before = body.replace(",\"revoked\":true", "");
    assert_ne!(before, *body);
    tracker.documents("key").put("gone", &before).unwrap();
    assert!(keys::find(&tracker, "gone").unwrap().is_revoked);
    assert_eq!(search(&served, &token), 401);
    assert!(!keys::revoke(&tracker, "gone").unwrap());
}

#[test]
fn a_key_ends_when_it_expires() {
    let (served, tracker) = guarded();
    let new = NewKey {
        name: "past".to_owned(),
        role: Role::Admin,
        scope: Vec::new(),
        expires_ns: Some(mltrack::door::wall_time_ns() - 1),
    };
    let token = keys::make(&tracker, &new).unwrap();
    assert_eq!(search(&served, &format!("Bearer {token}")), 401);
}

#[test]
fn guessing_is_slowed_and_who_has_a_key_is_not() {
    let (served, tracker) = guarded();
    let token = format!("Bearer {}", key(&tracker, "anna", Role::Viewer));
    let statuses: Vec<u16> = (0..12)
        .map(|number| search(&served, &format!("Bearer mlt_{number}")))
        .collect();
    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[10..], [429; 2]);
    assert!(!matches!(search(&served, &token), 401 | 429));
}

#[test]
fn what_is_stored_is_no_token_and_a_name_is_given_once() {
    let folder = tempfile::tempdir().unwrap();
    let tracker = Tracker::open(folder.path()).unwrap();
    let token = key(&tracker, "ci", Role::Writer);
    let body = tracker.documents("key").get("ci").unwrap().unwrap().body;
    assert!(!body.contains(&token[4..]), "{body}");
    assert!(body.contains(&blake3::hash(token.as_bytes()).to_string()));
    assert_ne!(token, key(&tracker, "other", Role::Writer));
    keys::revoke(&tracker, "ci").unwrap();
    let new = NewKey {
        name: "ci".to_owned(),
        role: Role::Admin,
        scope: Vec::new(),
        expires_ns: None,
    };
    let error = keys::make(&tracker, &new).unwrap_err();
    assert_eq!(error.code(), mltrack::Code::Conflict);
}

#[test]
fn a_key_with_a_scope_reaches_its_experiments_and_nothing_else() {
    let (served, tracker) = guarded();
    let mine = tracker.experiment("mine").unwrap().id().to_string();
    let other = tracker.experiment("other").unwrap().id().to_string();
    let new = NewKey {
        name: "guest".to_owned(),
        role: Role::Writer,
        scope: vec!["mine".to_owned()],
        expires_ns: None,
    };
    let token = format!("Bearer {}", keys::make(&tracker, &new).unwrap());
    let allowed = |path: &str, body: Value| post(&served, path, &token, &body) != 403;
    assert!(allowed(SEARCH, json!({"experiment_ids": [mine]})));
    assert!(!allowed(SEARCH, json!({"experiment_ids": [mine, other]})));
    assert!(!allowed(SEARCH, json!({})));
    assert!(allowed(CREATE, json!({"experiment_id": mine})));
    assert!(!allowed(CREATE, json!({"experiment_id": other})));
    assert!(!allowed(
        "/api/2.0/mlflow/registered-models/create",
        json!({"experiment_id": mine})
    ));
    let run = tracker
        .find_experiment("other")
        .unwrap()
        .start_run()
        .unwrap();
    let run = json!({"run_id": run.id().to_string(), "key": "a", "value": "b"});
    assert!(!allowed("/api/2.0/mlflow/runs/set-tag", run));
    let fetched = |path: &str| {
        let request = reqwest::Client::new().get(served.url(path));
        served.send(request.header("authorization", &token)).0
    };
    assert_eq!(fetched("/"), 403);
    let listing = "/api/2.0/mlflow-artifacts/artifacts?path=";
    assert_ne!(fetched(&format!("{listing}{mine}/x")), 403);
    assert_eq!(fetched(&format!("{listing}{other}/x")), 403);
    assert_eq!(fetched(&format!("{listing}{mine}/../{other}")), 403);
}

#[test]
fn a_key_with_a_scope_writes_to_no_model_of_another_experiment_and_reads_none_of_its_artifacts() {
    let (served, tracker) = guarded();
    let admin = format!("Bearer {}", key(&tracker, "head", Role::Admin));
    let mine = tracker.experiment("mine").unwrap();
    let run = mine.start_run().unwrap().id().to_string();
    let scope = vec!["mine".to_owned()];
    let new = NewKey {
        name: "guest".to_owned(),
        role: Role::Writer,
        scope,
        expires_ns: None,
    };
    let token = format!("Bearer {}", keys::make(&tracker, &new).unwrap());
    let send = |path: &str, token: &str, body: &Value| {
        let request = served
            .http()
            .post(served.url(&format!("/api/2.0/mlflow/{path}")));
        let request = request.header("content-type", "application/json");
        let request = request.header("authorization", token);
        served.send(request.body(body.to_string()))
    };
    let model = |experiment: &str| {
        let body = json!({"experiment_id": experiment, "name": "net"});
        let (_, made) = send("logged-models", &admin, &body);
        made["model"]["info"]["model_id"].clone()
    };
    // Its artifacts lie within the folder of the experiment that the key is for.
    let deep = format!("mlflow-artifacts:/{}/deep", mine.id());
    let body = json!({"name": "other", "artifact_location": deep});
    let (_, other) = send("experiments/create", &admin, &body);
    let other = other["experiment_id"].as_str().unwrap().to_owned();
    for (model, expected) in [
        (model(&mine.id().to_string()), 200),
        (json!(""), 200),
        (model(&other), 403),
        (json!("m-unknown"), 403),
    ] {
        let point = json!({"key": "acc", "value": 1.0, "timestamp": 1, "model_id": model});
        let mut alone = point.clone();
        alone["run_id"] = json!(run);
        assert_eq!(
            send("runs/log-metric", &token, &alone).0,
            expected,
            "{alone}"
        );
        let batch = json!({"run_id": run, "metrics": [point]});
        assert_eq!(
            send("runs/log-batch", &token, &batch).0,
            expected,
            "{batch}"
        );
    }
    let body = json!({"experiment_id": other});
    let (_, theirs) = send("runs/create", &admin, &body);
    let theirs = theirs["run"]["info"]["run_id"].as_str().unwrap();
    let listed = |run: &str| {
        let folder = format!("{}/deep/{run}/artifacts", mine.id());
        let path = format!("/api/2.0/mlflow-artifacts/artifacts?path={folder}");
        let request = served.http().get(served.url(&path));
        served.send(request.header("authorization", &token)).0
    };
    assert_eq!((listed(theirs), listed(&run)), (403, 200));
}

#[test]
fn what_is_done_with_a_key_is_recorded_in_its_name() {
    let (served, tracker) = guarded();
    let token = format!("Bearer {}", key(&tracker, "anna", Role::Writer));
    let begun = tracker.operations().fetch().unwrap().len();
    let api = "/api/2.0/mlflow";
    for (path, body) in [
        ("experiments/create", json!({"name": "hers"})),
        (
            "runs/create",
            json!({"experiment_id": "0", "user_id": "mallory",
                "tags": [{"key": "mlflow.user", "value": "mallory"}]}),
        ),
        (
            "logged-models",
            json!({"experiment_id": "0", "name": "model"}),
        ),
        ("registered-models/create", json!({"name": "registered"})),
    ] {
        let status = post(&served, &format!("{api}/{path}"), &token, &body);
        assert_eq!(status, 200, "{path}");
    }
    let run = tracker.runs().fetch().unwrap().items[0].id;
    for place in [
        format!("0/{run}/artifacts/of.txt"),
        "0/models/m-1/artifacts/x".to_owned(),
    ] {
        let url = served.url(&format!("/api/2.0/mlflow-artifacts/artifacts/{place}"));
        let put = served.http().put(url).header("authorization", &token);
        assert_eq!(served.send(put.body("bytes")).0, 200, "{place}");
    }
    let operations = tracker.operations().fetch().unwrap();
    assert!(operations.len() >= begun + 6, "{operations:?}");
    let hers = |path: &str| {
        operations
            .iter()
            .any(|operation| operation.actor == "anna" && operation.command.contains(path))
    };
    for path in [
        "POST /api/2.0/mlflow/experiments/create",
        "POST /api/2.0/mlflow/runs/create",
        "POST /api/2.0/mlflow/logged-models",
        "POST /api/2.0/mlflow/registered-models/create",
        "/artifacts/of.txt",
        "/models/m-1/artifacts/x",
    ] {
        assert!(hers(path), "{path}: {operations:?}");
    }
    let is_other =
        |operation: &mltrack::Operation| matches!(&*operation.actor, "server" | "mallory");
    assert!(!operations.iter().any(is_other), "{operations:?}");
}
