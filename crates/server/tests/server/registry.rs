//! Registered models and their versions over the wire.

use mltrack::Tracker;
use serde_json::{Value, json};

use crate::support::Served;

pub const BASE: &str = "/api/2.0/mlflow";

/// Sends JSON by any method.
pub fn send(served: &Served, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let method = method.parse().unwrap();
    let http = reqwest::Client::new();
    let request = http.request(method, served.url(&format!("{BASE}/{path}")));
    let request = request.header("content-type", "application/json");
    served.send(request.body(body.to_string()))
}

pub fn post(served: &Served, path: &str, body: &Value) -> Value {
    let (status, answer) = send(served, "POST", path, body);
    assert_eq!(status, 200, "{path} {answer}");
    answer
}

pub fn get(served: &Served, path: &str) -> Value {
    let (status, answer) = served.get(&format!("{BASE}/{path}"));
    assert_eq!(status, 200, "{path} {answer}");
    answer
}

/// The code and the message of an error.
pub fn refused((status, answer): (u16, Value)) -> (u16, String, String) {
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    (status, text("error_code"), text("message"))
}

fn add_version(served: &Served, name: &str) -> Value {
    let body = json!({"name": name, "source": "s3://models/m"});
    post(served, "model-versions/create", &body)["model_version"].clone()
}

#[test]
fn a_model_is_made_described_renamed_and_deleted_and_its_name_is_free() {
    let served = Served::start();
    let tags = json!([{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]);
    let body = json!({"name": "m", "description": "d", "tags": tags});
    let made = post(&served, "registered-models/create", &body)["registered_model"].clone();
    assert_eq!(made["name"], "m");
    assert_eq!(made["tags"], json!([{"key": "a", "value": "2"}]));
    assert_eq!(made["creation_timestamp"], made["last_updated_timestamp"]);
    assert!(made.get("latest_versions").is_none() && made.get("aliases").is_none());
    let again = refused(send(
        &served,
        "POST",
        "registered-models/create",
        &json!({"name": "m"}),
    ));
    let text = "Registered Model (name=m) already exists.";
    assert_eq!(again, (400, "RESOURCE_ALREADY_EXISTS".into(), text.into()));
    let body = json!({"name": "m", "description": ""});
    let (status, told) = send(&served, "PATCH", "registered-models/update", &body);
    assert_eq!(status, 200);
    assert!(told["registered_model"].get("description").is_none());
    post(
        &served,
        "registered-models/create",
        &json!({"name": "other"}),
    );
    let body = json!({"name": "m", "new_name": "other"});
    let taken = refused(send(&served, "POST", "registered-models/rename", &body));
    assert!(
        taken
            .2
            .starts_with("Registered Model (name=other) already exists.")
    );
    add_version(&served, "m");
    let body = json!({"name": "m", "new_name": "n"});
    let named = post(&served, "registered-models/rename", &body);
    assert_eq!(named["registered_model"]["latest_versions"][0]["name"], "n");
    let body = json!({"name": "n"});
    assert_eq!(
        send(&served, "DELETE", "registered-models/delete", &body).0,
        200
    );
    let gone = refused(served.get(&format!("{BASE}/registered-models/get?name=n")));
    let text = "Registered Model with name=n not found";
    assert_eq!(gone, (404, "RESOURCE_DOES_NOT_EXIST".into(), text.into()));
    post(&served, "registered-models/create", &json!({"name": "n"}));
    assert_eq!(
        add_version(&served, "n")["version"],
        "1",
        "another model, from the start"
    );
}

#[test]
fn names_that_are_none_are_refused_in_the_words_of_the_wire() {
    let served = Served::start();
    let create = |name: &str| {
        refused(send(
            &served,
            "POST",
            "registered-models/create",
            &json!({"name": name}),
        ))
        .2
    };
    let rule = "Invalid model name 'm/1'. Names cannot contain '/' or ':'.";
    assert_eq!(create("m/1"), rule);
    assert!(create("").starts_with("Missing value for required parameter 'name'."));
    assert!(create(" ").starts_with("Missing value for required parameter 'name'."));
    assert!(create("..").contains("must not resolve to other names"));
    let body = json!({"name": 1});
    let wrong = refused(send(&served, "POST", "registered-models/create", &body)).2;
    assert!(wrong.starts_with("Invalid value 1 for parameter 'name' supplied"));
}

#[test]
fn versions_count_up_and_a_removed_one_is_as_if_it_had_never_been() {
    let served = Served::start();
    post(&served, "registered-models/create", &json!({"name": "m"}));
    let first = add_version(&served, "m");
    assert_eq!(first["version"], "1");
    assert_eq!(first["status"], "READY");
    assert_eq!(first["current_stage"], "None");
    assert_eq!(first["source"], "s3://models/m");
    assert_eq!(
        (&first["description"], &first["run_id"]),
        (&json!(""), &json!(""))
    );
    add_version(&served, "m");
    let body = json!({"name": "m", "alias": "prod", "version": "2"});
    post(&served, "registered-models/alias", &body);
    let body = json!({"name": "m", "version": "2"});
    assert_eq!(
        send(&served, "DELETE", "model-versions/delete", &body).0,
        200
    );
    let gone = refused(served.get(&format!("{BASE}/model-versions/get?name=m&version=2")));
    assert_eq!(gone.2, "Model Version (name=m, version=2) not found");
    let known = get(&served, "registered-models/get?name=m")["registered_model"].clone();
    assert!(known.get("aliases").is_none());
    assert_eq!(known["latest_versions"][0]["version"], "1");
    let alias = refused(served.get(&format!("{BASE}/registered-models/alias?name=m&alias=prod")));
    assert_eq!(alias.1, "INVALID_PARAMETER_VALUE");
    assert_eq!(alias.2, "Registered model alias prod not found.");
    assert_eq!(
        add_version(&served, "m")["version"],
        "3",
        "no number is given twice"
    );
    let odd = refused(served.get(&format!("{BASE}/model-versions/get?name=m&version=x")));
    assert_eq!(odd.2, "Parameter 'version' must be an integer, got 'x'.");
}

#[test]
fn a_stage_may_be_emptied_of_others_and_the_newest_of_each_is_found() {
    let served = Served::start();
    post(&served, "registered-models/create", &json!({"name": "m"}));
    for _ in 0..3 {
        add_version(&served, "m");
    }
    let go = |version: &str, stage: &str, is_alone: bool| {
        let body = json!({"name": "m", "version": version, "stage": stage, "archive_existing_versions": is_alone});
        send(&served, "POST", "model-versions/transition-stage", &body)
    };
    assert_eq!(go("1", "production", false).0, 200);
    let moved = go("2", "Production", true).1["model_version"].clone();
    assert_eq!(moved["current_stage"], "Production");
    let newest = post(
        &served,
        "registered-models/get-latest-versions",
        &json!({"name": "m"}),
    );
    let of = |answer: &Value| {
        let rows = answer["model_versions"].as_array().unwrap().iter();
        rows.map(|row| {
            format!(
                "{}{}",
                row["current_stage"].as_str().unwrap(),
                row["version"].as_str().unwrap()
            )
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(of(&newest), ["Archived1", "Production2", "None3"]);
    let one = get(
        &served,
        "registered-models/get-latest-versions?name=m&stages=PRODUCTION",
    );
    assert_eq!(of(&one), ["Production2"]);
    let wrong = refused(go("1", "Gone", false)).2;
    let text = "Invalid Model Version stage: Gone. Value must be one of None, Staging, Production, Archived.";
    assert_eq!(wrong, text);
    assert!(
        refused(go("1", "None", true))
            .2
            .contains("is not an Active stage")
    );
}

#[test]
fn aliases_lead_to_versions_and_reserved_words_are_none() {
    let served = Served::start();
    post(&served, "registered-models/create", &json!({"name": "m"}));
    add_version(&served, "m");
    add_version(&served, "m");
    let set = |alias: &str, version: &str| {
        let body = json!({"name": "m", "alias": alias, "version": version});
        send(&served, "POST", "registered-models/alias", &body)
    };
    assert_eq!(set("champion", "1").0, 200);
    assert_eq!(set("champion", "2").0, 200);
    assert_eq!(
        refused(set("v1", "1")).2,
        "Version alias name 'v1' is reserved."
    );
    let text = "'latest' alias name (case insensitive) is reserved.";
    assert_eq!(refused(set("Latest", "1")).2, text);
    assert_eq!(
        refused(set("x", "9")).2,
        "Model Version (name=m, version=9) not found"
    );
    let found = get(&served, "registered-models/alias?name=m&alias=champion");
    assert_eq!(found["model_version"]["version"], "2");
    assert_eq!(found["model_version"]["aliases"], json!(["champion"]));
    let newest = get(&served, "registered-models/alias?name=m&alias=latest");
    assert_eq!(newest["model_version"]["version"], "2");
    let known = get(&served, "registered-models/get?name=m");
    let expected = json!([{"alias": "champion", "version": "2"}]);
    assert_eq!(known["registered_model"]["aliases"], expected);
    let body = json!({"name": "m", "alias": "champion"});
    assert_eq!(
        send(&served, "DELETE", "registered-models/alias", &body).0,
        200
    );
    assert_eq!(
        send(&served, "DELETE", "registered-models/alias", &body).0,
        200,
        "once more"
    );
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let model = tracker.find_model("m").unwrap();
    assert!(model.summary().unwrap().unwrap().aliases.is_empty());
    let newest = tracker.operations().limit(1).fetch().unwrap().remove(0);
    let path = format!("{BASE}/registered-models/alias");
    assert_eq!(newest.command, format!("DELETE {path}"));
    assert_eq!(newest.actor, "server");
}

#[test]
fn tags_are_set_and_taken_away_again() {
    let served = Served::start();
    post(&served, "registered-models/create", &json!({"name": "m"}));
    add_version(&served, "m");
    let key = "a:b/latest v1";
    let tag = json!({"name": "m", "version": "1", "key": key, "value": ""});
    post(&served, "model-versions/set-tag", &tag);
    post(&served, "registered-models/set-tag", &tag);
    let expected = json!([{"key": key, "value": ""}]);
    let version = get(&served, "model-versions/get?name=m&version=1");
    assert_eq!(version["model_version"]["tags"], expected);
    let model = get(&served, "registered-models/get?name=m");
    assert_eq!(model["registered_model"]["tags"], expected);
    for path in ["model-versions/delete-tag", "registered-models/delete-tag"] {
        assert_eq!(send(&served, "DELETE", path, &tag).0, 200);
        assert_eq!(
            send(&served, "DELETE", path, &tag).0,
            200,
            "nothing to take away"
        );
    }
    let version = get(&served, "model-versions/get?name=m&version=1");
    assert!(version["model_version"].get("tags").is_none());
    let long = json!({"name": "m", "key": "k".repeat(251), "value": "v"});
    let text = "'key' exceeds the maximum length of 250 characters";
    assert_eq!(
        refused(send(&served, "POST", "registered-models/set-tag", &long)).2,
        text
    );
    let long = json!({"name": "m", "key": "k", "value": "v".repeat(100_001)});
    let text = "'value' exceeds the maximum length of 100000 characters";
    assert_eq!(
        refused(send(&served, "POST", "registered-models/set-tag", &long)).2,
        text
    );
    let odd = json!({"name": "m", "key": "a*b", "value": "v"});
    let told = refused(send(&served, "POST", "registered-models/set-tag", &odd)).2;
    assert!(told.starts_with("Invalid value \"a*b\" for parameter 'key' supplied: Names may only"));
}

/// The names or numbers that a search finds, and its token.
fn found(served: &Served, path: &str, query: &[(&str, &str)]) -> (Vec<String>, Option<String>) {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    let answer = get(served, &format!("{path}/search?{query}"));
    let name = if path == "registered-models" {
        "registered_models"
    } else {
        "model_versions"
    };
    let rows = answer[name].as_array().cloned().unwrap_or_default();
    let of = |row: &Value| match row["version"].as_str() {
        Some(version) => format!("{}{version}", row["name"].as_str().unwrap()),
        None => row["name"].as_str().unwrap().to_owned(),
    };
    let token = answer["next_page_token"].as_str().map(str::to_owned);
    (rows.iter().map(of).collect(), token)
}

#[test]
fn models_are_found_by_name_and_tags_in_the_order_asked_for_page_by_page() {
    let served = Served::start();
    for name in ["b", "a", "Ab"] {
        let tags = json!([{"key": "team", "value": name}]);
        post(
            &served,
            "registered-models/create",
            &json!({"name": name, "tags": tags}),
        );
    }
    let tags = json!([{"key": "mlflow.prompt.is_prompt", "value": "true"}]);
    post(
        &served,
        "registered-models/create",
        &json!({"name": "p", "tags": tags}),
    );
    let names = |query: &[(&str, &str)]| found(&served, "registered-models", query).0;
    assert_eq!(names(&[]), ["Ab", "a", "b"]);
    assert_eq!(names(&[("filter", "name LIKE 'a%'")]), ["a"]);
    assert_eq!(names(&[("filter", "name ilike 'a%'")]), ["Ab", "a"]);
    assert_eq!(names(&[("filter", "name IN ('b','p')")]), ["b"]);
    assert_eq!(names(&[("filter", "tags.team != 'b'")]), ["Ab", "a"]);
    assert_eq!(
        names(&[("filter", "tags.`mlflow.prompt.is_prompt` = 'true'")]),
        ["p"]
    );
    assert_eq!(
        names(&[(
            "filter",
            "tags.`mlflow.prompt.is_prompt` != 'true' AND name = 'b'"
        )]),
        ["b"]
    );
    assert_eq!(names(&[("order_by", "name DESC")]), ["b", "a", "Ab"]);
    let body = json!({"name": "a", "description": "newer"});
    send(&served, "PATCH", "registered-models/update", &body);
    assert_eq!(names(&[("order_by", "timestamp DESC")])[0], "a");
    let (page, token) = found(&served, "registered-models", &[("max_results", "2")]);
    assert_eq!(page, ["Ab", "a"]);
    let token = token.unwrap();
    let next = found(
        &served,
        "registered-models",
        &[("max_results", "2"), ("page_token", &token)],
    );
    assert_eq!(next, (vec!["b".to_owned()], None));
    let refused =
        |query: &str| refused(served.get(&format!("{BASE}/registered-models/search?{query}"))).2;
    assert!(
        refused("max_results=1001")
            .starts_with("Invalid value \"1001\" for parameter 'max_results'")
    );
    assert!(refused("page_token=x!").starts_with("Invalid page token"));
    assert!(refused("order_by=size").starts_with("Invalid order by key 'size'"));
    assert!(
        refused("filter=name+%3D+%27a%27+OR+name+%3D+%27b%27").starts_with("Invalid clause(s)")
    );
}

#[test]
fn versions_are_found_by_what_is_known_of_them() {
    let served = Served::start();
    for name in ["b", "a"] {
        post(&served, "registered-models/create", &json!({"name": name}));
        for number in 1..=2 {
            let source = format!("s3://models/{name}/{number}");
            let body = json!({"name": name, "source": source, "run_id": format!("run{number}")});
            post(&served, "model-versions/create", &body);
        }
    }
    let tag = json!({"name": "a", "version": "1", "key": "gold", "value": "yes"});
    post(&served, "model-versions/set-tag", &tag);
    let rows = |query: &[(&str, &str)]| found(&served, "model-versions", query).0;
    assert_eq!(rows(&[("order_by", "name ASC")]), ["a2", "a1", "b2", "b1"]);
    assert_eq!(
        rows(&[("filter", "name='a'"), ("order_by", "version_number")]),
        ["a1", "a2"]
    );
    assert_eq!(
        rows(&[("filter", "version_number > 1"), ("order_by", "name")]),
        ["a2", "b2"]
    );
    assert_eq!(
        rows(&[("filter", "run_id IN ('run1')"), ("order_by", "name")]),
        ["a1", "b1"]
    );
    assert_eq!(
        rows(&[("filter", "source_path LIKE 's3://models/b/%2'")]),
        ["b2"]
    );
    assert_eq!(rows(&[("filter", "tags.gold = 'yes'")]), ["a1"]);
    let body = json!({"name": "a", "version": "1", "description": "newest"});
    send(&served, "PATCH", "model-versions/update", &body);
    assert_eq!(rows(&[])[0], "a1", "what changed last comes first");
    let body = json!({"name": "b", "version": "2"});
    send(&served, "DELETE", "model-versions/delete", &body);
    assert_eq!(rows(&[("filter", "name = 'b'")]), ["b1"]);
    let text = |filter: &str| {
        let query = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect::<String>();
        refused(served.get(&format!("{BASE}/model-versions/search?filter={query}"))).2
    };
    assert!(text("version_number LIKE 1").starts_with("Invalid comparator for attribute"));
    assert!(text("foo = 'x'").starts_with("Invalid attribute key 'foo'"));
    assert!(text("metrics.x = 'x'").starts_with("Invalid entity type 'metrics'"));
    assert!(text("name = 1").contains("attributes support comparison with numeric values."));
    assert!(text("source_path IN ('a')").starts_with("Only ['name', 'run_id'] attributes"));
    assert_eq!(
        text("name = 'a' OR name = 'b'"),
        "Invalid clause(s) in filter string: OR"
    );
    assert_eq!(
        text("name ="),
        "Invalid clause(s) in filter string: name, ="
    );
    assert!(text("name = a").starts_with("Parameter value is either not quoted"));
    assert!(
        text("name = 'a'; name = 'b'")
            .starts_with("Search filter contained multiple expression \"name")
    );
    assert_eq!(
        rows(&[("filter", "version_number = '1'"), ("order_by", "name")]),
        ["a1", "b1"]
    );
}
