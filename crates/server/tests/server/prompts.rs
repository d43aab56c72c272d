//! Prompts: registered models with tags of their own, as `MLflow`'s clients keep them.

use mltrack::Tracker;
use serde_json::{Value, json};

use crate::registry::{get, post, refused, send};
use crate::support::Served;

const IS_PROMPT: &str = "mlflow.prompt.is_prompt";

fn tag(key: &str, value: &str) -> Value {
    json!({"key": key, "value": value})
}

/// Adds a version with this text, and answers its number.
fn add(served: &Served, name: &str, text: &str) -> String {
    let tags = [
        tag(IS_PROMPT, "true"),
        tag("mlflow.prompt.text", text),
        tag("_mlflow_prompt_type", "text"),
    ];
    let body = json!({"name": name, "source": "dummy-source", "description": "why", "tags": tags});
    let made = post(served, "model-versions/create", &body);
    made["model_version"]["version"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_prompt_is_kept_in_versions_and_loaded_by_number_and_alias() {
    let served = Served::start();
    let body = json!({"name": "greet", "tags": [tag(IS_PROMPT, "true"), tag("lang", "en")]});
    post(&served, "registered-models/create", &body);
    assert_eq!(add(&served, "greet", "Hello {{name}}"), "1");
    assert_eq!(add(&served, "greet", "Hi {{name}}!"), "2");
    let alias = json!({"name": "greet", "alias": "prod", "version": "1"});
    post(&served, "registered-models/alias", &alias);
    let found =
        get(&served, "registered-models/alias?name=greet&alias=prod")["model_version"].clone();
    assert_eq!(found["description"], "why");
    let text = found["tags"].as_array().unwrap().iter();
    let mut text = text.filter(|tag| tag["key"] == "mlflow.prompt.text");
    assert_eq!(text.next().unwrap()["value"], "Hello {{name}}");
    let newest = get(&served, "registered-models/alias?name=greet&alias=latest");
    assert_eq!(newest["model_version"]["version"], "2");
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let version = tracker.model_version("greet@prod").unwrap();
    assert_eq!(
        version.tags["mlflow.prompt.text"], "Hello {{name}}",
        "the library sees it, too"
    );
}

#[test]
fn prompts_and_models_are_told_apart() {
    let served = Served::start();
    let body = json!({"name": "greet", "tags": [tag(IS_PROMPT, "true")]});
    post(&served, "registered-models/create", &body);
    add(&served, "greet", "Hello");
    let again = refused(send(&served, "POST", "registered-models/create", &body)).2;
    assert_eq!(again, "Prompt (name=greet) already exists.");
    let other = refused(send(
        &served,
        "POST",
        "registered-models/create",
        &json!({"name": "greet"}),
    ))
    .2;
    assert!(other.starts_with("Tried to create a registered model with name 'greet', but the name is already taken by a prompt."));
    assert_eq!(get(&served, "registered-models/search"), json!({}));
    assert_eq!(get(&served, "model-versions/search"), json!({}));
    let query = "filter=tags.%60mlflow.prompt.is_prompt%60+%3D+%27true%27";
    let found = get(&served, &format!("registered-models/search?{query}"));
    assert_eq!(found["registered_models"][0]["name"], "greet");
    let found = get(&served, &format!("model-versions/search?{query}"));
    assert_eq!(found["model_versions"][0]["version"], "1");
    let body = json!({"name": "greet", "source": "s3://b/x", "tags": [tag(IS_PROMPT, "true")]});
    let wrong = refused(send(&served, "POST", "model-versions/create", &body)).2;
    assert_eq!(
        wrong,
        "Invalid prompt source: 's3://b/x'. Prompt sources must use an MLflow placeholder."
    );
    let long = json!({"name": "greet", "version": "1", "key": "mlflow.prompt.text", "value": "x".repeat(100_001)});
    let wrong = refused(send(&served, "POST", "model-versions/set-tag", &long)).2;
    assert_eq!(
        wrong,
        "Prompt text exceeds max length of 100000 characters."
    );
    post(&served, "registered-models/create", &json!({"name": "m"}));
    let copy = json!({"name": "m", "source": "models:/greet/1"});
    let wrong = refused(send(&served, "POST", "model-versions/create", &copy)).2;
    assert!(wrong.ends_with("Prompt versions cannot be used as model version sources."));
}
