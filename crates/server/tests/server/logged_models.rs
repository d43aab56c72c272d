//! Logged models as clients meet them: made, finished, tagged, searched page by page, deleted.

use serde_json::{Value, json};

use crate::support::Served;

const MODELS: &str = "/api/2.0/mlflow/logged-models";

fn experiment(served: &Served) -> String {
    let tracker = mltrack::Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    tracker.experiment("models").unwrap().id().to_string()
}

fn create(served: &Served, fields: &Value) -> String {
    let (status, body) = served.post(MODELS, fields);
    assert_eq!(status, 200, "{body}");
    body["model"]["info"]["model_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn patch(served: &Served, path: &str, body: &Value) -> (u16, Value) {
    let request = reqwest::Client::new().patch(served.url(path));
    let request = request.header("content-type", "application/json");
    served.send(request.body(body.to_string()))
}

fn delete(served: &Served, path: &str) -> (u16, Value) {
    served.send(reqwest::Client::new().delete(served.url(path)))
}

fn names(served: &Served, question: &Value) -> Vec<String> {
    let (status, body) = served.post(&format!("{MODELS}/search"), question);
    assert_eq!(status, 200, "{question}: {body}");
    let empty = Vec::new();
    let models = body["models"].as_array().unwrap_or(&empty);
    models
        .iter()
        .map(|model| model["info"]["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_model_is_made_finished_tagged_and_deleted() {
    let served = Served::start();
    let experiment = experiment(&served);
    let made = json!({
        "experiment_id": experiment, "name": "alpha", "model_type": "agent",
        "params": [{"key": "p", "value": "1"}], "tags": [{"key": "t", "value": "x"}],
    });
    let id = create(&served, &made);
    let path = format!("{MODELS}/{id}");
    let (_, body) = served.get(&path);
    let info = &body["model"]["info"];
    assert_eq!(info["status"], "LOGGED_MODEL_PENDING");
    assert_eq!(
        info["artifact_uri"],
        format!("mlflow-artifacts:/{experiment}/models/{id}/artifacts")
    );
    assert_eq!(
        body["model"]["data"]["params"],
        json!([{"key": "p", "value": "1"}])
    );
    let (status, _) = patch(&served, &path, &json!({"status": "LOGGED_MODEL_READY"}));
    assert_eq!(status, 400);
    let ready = json!({"model_id": id, "status": "LOGGED_MODEL_READY"});
    let (_, body) = patch(&served, &path, &ready);
    assert_eq!(body["model"]["info"]["status"], "LOGGED_MODEL_READY");
    let tags = json!({"tags": [{"key": "t", "value": "y"}, {"key": "u", "value": "z"}]});
    assert_eq!(
        patch(&served, &format!("{path}/tags"), &tags),
        (200, json!({}))
    );
    assert_eq!(delete(&served, &format!("{path}/tags/u")).0, 200);
    assert_eq!(delete(&served, &format!("{path}/tags/u")).0, 404);
    let params = json!({"model_id": id, "params": [{"key": "q", "value": "2"}]});
    assert_eq!(served.post(&format!("{path}/params"), &params).0, 200);
    let other = json!({"model_id": id, "params": [{"key": "q", "value": "3"}]});
    assert_eq!(served.post(&format!("{path}/params"), &other).0, 400);
    assert_eq!(delete(&served, &path), (200, json!({})));
    let (status, body) = served.get(&path);
    assert_eq!(
        (status, &body["error_code"]),
        (404, &json!("RESOURCE_DOES_NOT_EXIST"))
    );
    let (_, body) = served.get(&format!("{path}?allow_deleted=true"));
    assert_eq!(
        body["model"]["info"]["tags"],
        json!([{"key": "t", "value": "y"}])
    );
    assert_eq!(delete(&served, &path).0, 200);
}

#[test]
fn what_cannot_be_a_model_is_refused() {
    let served = Served::start();
    let experiment = experiment(&served);
    let code = |fields: Value| {
        let (status, body) = served.post(MODELS, &fields);
        (
            status,
            body["error_code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let invalid = (400, "INVALID_PARAMETER_VALUE".to_owned());
    assert_eq!(code(json!({})), invalid);
    assert_eq!(
        code(json!({"experiment_id": experiment, "name": "a/b"})),
        invalid
    );
    assert_eq!(code(json!({"experiment_id": "x"})), invalid);
    assert_eq!(code(json!({"experiment_id": "999"})).0, 404);
    assert_eq!(served.get(&format!("{MODELS}/m-none")).0, 404);
}

#[test]
fn models_are_found_by_what_is_said_of_them_and_in_any_order() {
    let served = Served::start();
    let experiment = experiment(&served);
    for (name, kind) in [("alpha", "agent"), ("beta", "llm"), ("gamma", "agent")] {
        let tags = json!([{"key": "of", "value": name}]);
        let fields =
            json!({"experiment_id": experiment, "name": name, "model_type": kind, "tags": tags});
        create(&served, &fields);
    }
    let ask = |filter: &str| {
        let order = json!([{"field_name": "name"}]);
        names(
            &served,
            &json!({"experiment_ids": [experiment], "filter": filter, "order_by": order}),
        )
    };
    assert_eq!(ask(""), ["alpha", "beta", "gamma"]);
    assert_eq!(ask("model_type = 'agent'"), ["alpha", "gamma"]);
    assert_eq!(
        ask("tags.`of` LIKE '%a' AND attributes.name != 'beta'"),
        ["alpha", "gamma"]
    );
    assert_eq!(ask("name IN ('beta')"), ["beta"]);
    assert_eq!(
        ask("creation_time > 0 AND status = 'PENDING'"),
        ["alpha", "beta", "gamma"]
    );
    let reversed = json!([{"field_name": "name", "ascending": false}]);
    let question = json!({"experiment_ids": [experiment], "order_by": reversed});
    assert_eq!(names(&served, &question), ["gamma", "beta", "alpha"]);
    assert_eq!(
        names(&served, &json!({"experiment_ids": ["77"]})),
        Vec::<String>::new()
    );
    let search = format!("{MODELS}/search");
    for filter in [
        "params.p > 1",
        "foo = 'a'",
        "name = 'a' OR name = 'b'",
        "metrics.a = 'x'",
    ] {
        let question = json!({"experiment_ids": [experiment], "filter": filter});
        assert_eq!(served.post(&search, &question).0, 400, "{filter}");
    }
    assert_eq!(served.post(&search, &json!({})).0, 400);
    let question =
        json!({"experiment_ids": [experiment], "order_by": [{"field_name": "params.x"}]});
    assert_eq!(served.post(&search, &question).0, 400);
}

#[test]
fn a_page_token_goes_on_with_its_own_question_only() {
    let served = Served::start();
    let experiment = experiment(&served);
    for name in ["a", "b", "c"] {
        create(&served, &json!({"experiment_id": experiment, "name": name}));
    }
    let search = format!("{MODELS}/search");
    let order = json!([{"field_name": "name"}]);
    let mut question = json!({"experiment_ids": [experiment], "max_results": 2, "order_by": order});
    let (_, first) = served.post(&search, &question);
    let token = first["next_page_token"].clone();
    question["page_token"] = token.clone();
    let (_, second) = served.post(&search, &question);
    assert_eq!(second["models"][0]["info"]["name"], "c");
    assert_eq!(second["next_page_token"], Value::Null);
    question["filter"] = json!("name = 'a'");
    assert_eq!(served.post(&search, &question).0, 400);
    let nonsense = json!({"experiment_ids": [experiment], "page_token": "xx"});
    assert_eq!(served.post(&search, &nonsense).0, 400);
}
