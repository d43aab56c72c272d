//! `experiments/search` and `experiments/search-datasets`.

use mltrack::{ExperimentId, RunId, Split};
use serde_json::{Value, json};

use super::made::{Like, Made};
use super::support::Served;

const PATH: &str = "/api/2.0/mlflow/experiments/search";

/// A server over three experiments, the last of them deleted, with their ids.
fn over_three() -> (Served, Vec<ExperimentId>) {
    let made = Made::new();
    let ids = ["Apes", "birds", "cats"].map(|name| made.experiment(name).id());
    let birds = made.tracker.experiment("birds").unwrap();
    birds.set_tag("team", "Vision").unwrap();
    drop(birds);
    made.tracker.experiment("cats").unwrap().delete().unwrap();
    let served = Served::on(made.close(), &mltrack_server::Options::default());
    (served, ids.to_vec())
}

fn ask(served: &Served, fields: &Value) -> (u16, Value) {
    let mut body = fields.clone();
    if body.get("max_results").is_none() {
        body["max_results"] = json!(1000);
    }
    served.post(PATH, &body)
}

fn names(body: &Value) -> Vec<String> {
    let found = body["experiments"].as_array().cloned().unwrap_or_default();
    let name = |known: &Value| known["name"].as_str().unwrap().to_owned();
    // A server has an experiment of its own, which these tests are not about.
    let names = found.iter().map(name).filter(|name| name != "Default");
    names.collect()
}

#[test]
fn experiments_are_answered_with_what_they_are() {
    let (served, ids) = over_three();
    let (status, body) = ask(&served, &json!({"filter": "name = 'birds'"}));
    assert_eq!(status, 200);
    let known = &body["experiments"][0];
    assert_eq!(known["experiment_id"], ids[1].to_string());
    assert_eq!(known["lifecycle_stage"], "active");
    assert_eq!(
        known["artifact_location"],
        format!("mlflow-artifacts:/{}", ids[1])
    );
    assert_eq!(known["tags"], json!([{"key": "team", "value": "Vision"}]));
    assert!(known["creation_time"].as_i64() <= known["last_update_time"].as_i64());
}

#[test]
fn filters_compare_as_mlflows_server_does() {
    let (served, ids) = over_three();
    let id = ids[0].to_string();
    let cases: &[(String, &[&str])] = &[
        ("name = 'Apes'".into(), &["Apes"]),
        ("attribute.name != 'Apes'".into(), &["birds"]),
        ("name LIKE '%s'".into(), &["Apes", "birds"]),
        ("name LIKE 'a%'".into(), &[]),
        ("name ILIKE 'A%'".into(), &["Apes"]),
        ("tags.team = 'Vision'".into(), &["birds"]),
        (
            "tag.team ILIKE 'vis%' AND name = 'birds'".into(),
            &["birds"],
        ),
        ("tags.`team` != 'x'".into(), &["birds"]),
        ("tags.team IS NULL".into(), &["Apes"]),
        ("tags.team IS NOT NULL".into(), &["birds"]),
        (format!("experiment_id = '{id}'"), &["Apes"]),
        (format!("experiment_id != '{id}'"), &["birds"]),
        (format!("experiment_id IN ('{id}', '9999')"), &["Apes"]),
        (format!("experiment_id NOT IN ('{id}')"), &["birds"]),
        ("creation_time > 0".into(), &["Apes", "birds"]),
        ("last_update_time < 5".into(), &[]),
    ];
    for (filter, expected) in cases {
        let (status, body) = ask(&served, &json!({"filter": filter}));
        assert_eq!(status, 200, "{filter}: {body}");
        let mut found = names(&body);
        found.sort();
        assert_eq!(found, *expected, "{filter}");
    }
}

#[test]
fn what_is_wrong_is_said_in_the_words_clients_know() {
    let (served, _) = over_three();
    let cases = [
        (
            "foo = 'a'",
            "Invalid attribute key 'foo' specified. Valid keys are '{",
        ),
        (
            "metrics.a > 1",
            "Invalid entity type 'metrics'. Valid entity types are ('attribute', 'tag', 'tags')",
        ),
        ("name > 'a'", "Invalid comparator '>' not one of '{"),
        ("tags.a > 'a'", "Invalid comparator for tag: >"),
        (
            "experiment_id LIKE '1%'",
            "Invalid comparator for experiment_id: LIKE",
        ),
        (
            "experiment_id = 'abc'",
            "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.",
        ),
        (
            "name IN ('a')",
            "Only ['experiment_id'] attributes support comparison with a list of quoted string values.",
        ),
        (
            "name IS NULL",
            "IS NULL / IS NOT NULL is only supported for tags, not for attribute 'name'",
        ),
        (
            "creation_time > 1.5",
            "Invalid value for numeric attribute 'creation_time': '1.5'",
        ),
        (
            "creation_time > '1'",
            "Expected numeric value type for numeric attribute: creation_time. Found '1'",
        ),
        (
            "name = 'a' OR name = 'b'",
            "Invalid clause(s) in filter string",
        ),
    ];
    for (filter, expected) in cases {
        let (status, body) = ask(&served, &json!({"filter": filter}));
        assert_eq!(status, 400, "{filter}: {body}");
        let message = body["message"].as_str().unwrap();
        assert!(message.starts_with(expected), "{filter}: {message}");
    }
    let (status, body) = ask(&served, &json!({"order_by": ["tags.team"]}));
    assert_eq!(status, 400);
    assert_eq!(body["message"], "Invalid order_by entity: tag");
}

#[test]
fn orders_and_ties_are_those_of_mlflow() {
    let (served, _) = over_three();
    let cases: &[(Value, &[&str])] = &[
        (json!(["name"]), &["Apes", "birds"]),
        (json!(["name DESC"]), &["birds", "Apes"]),
        (json!(["experiment_id ASC"]), &["Apes", "birds"]),
        (
            json!(["last_update_time DESC", "name DESC"]),
            &["birds", "Apes"],
        ),
    ];
    for (orders, expected) in cases {
        let (status, body) = ask(&served, &json!({"order_by": orders}));
        assert_eq!(status, 200, "{orders}: {body}");
        assert_eq!(names(&body), *expected, "{orders}");
    }
    // Two can be created within one millisecond, and then their ids decide.
    let rows = |orders: &Value| -> Vec<(i64, i64)> {
        let (_, body) = ask(&served, &json!({"order_by": orders}));
        let found = body["experiments"].as_array().unwrap().iter();
        let row = |known: &Value| {
            let id = known["experiment_id"].as_str().unwrap();
            let time_ms = known["creation_time"].as_i64().unwrap();
            (time_ms, id.parse().unwrap())
        };
        found.map(row).collect()
    };
    let newest_first = rows(&json!([]));
    let mut expected = newest_first.clone();
    expected.sort_by_key(|(time_ms, id)| (-time_ms, *id));
    assert_eq!(newest_first, expected);
    let oldest_first = rows(&json!(["attribute.creation_time"]));
    expected.sort_by_key(|(time_ms, id)| (*time_ms, -id));
    assert_eq!(oldest_first, expected);
}

#[test]
fn deleted_experiments_are_seen_only_when_they_are_asked_for() {
    let (served, _) = over_three();
    let cases: &[(Value, &[&str])] = &[
        (json!({"view_type": "ACTIVE_ONLY"}), &["Apes", "birds"]),
        (json!({"view_type": "DELETED_ONLY"}), &["cats"]),
        (json!({"view_type": "ALL"}), &["Apes", "birds", "cats"]),
        (json!({"view_type": 3}), &["Apes", "birds", "cats"]),
    ];
    for (fields, expected) in cases {
        let mut found = names(&ask(&served, fields).1);
        found.sort();
        assert_eq!(found, *expected, "{fields}");
    }
    let deleted = ask(&served, &json!({"view_type": "DELETED_ONLY"})).1;
    assert_eq!(deleted["experiments"][0]["lifecycle_stage"], "deleted");
}

#[test]
fn a_page_has_a_length_that_must_be_said() {
    let (served, _) = over_three();
    let missing =
        "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer";
    let (status, body) = served.post(PATH, &json!({}));
    assert_eq!((status, &body["message"]), (400, &json!(missing)));
    let (status, body) = ask(&served, &json!({"max_results": 50_001}));
    assert_eq!(status, 400, "{body}");
    let filter = "name != 'Default'";
    let fields = json!({"filter": filter, "max_results": 1, "order_by": ["name"]});
    let (_, body) = ask(&served, &fields);
    assert_eq!(names(&body), ["Apes"]);
    let token = body["next_page_token"].as_str().unwrap();
    let query = format!(
        "{PATH}?max_results=5&order_by=name&filter=name%20!=%20'Default'&page_token={token}"
    );
    let (status, body) = served.get(&query);
    assert_eq!(status, 200, "{body}");
    assert_eq!(names(&body), ["birds"]);
    assert!(body.get("next_page_token").is_none());
    let none = ask(&served, &json!({"filter": "name = 'none'"}));
    assert_eq!(none, (200, json!({})));
}

/// Keeps what a client says about an input of a run.
fn say(made: &Made, run: RunId, (name, digest, context): (&str, &str, &str)) {
    let tags = json!([{"key": "mlflow.data.context", "value": context}]);
    let body = json!({"dataset": {"name": name, "digest": digest, "source_type": "local",
        "source": "{}"}, "tags": if context.is_empty() { json!([]) } else { tags }});
    let id = format!("{run}/{name}-{digest}");
    let inputs = made.tracker.documents("mlflow.input");
    inputs.put(&id, &body.to_string()).unwrap();
}

#[test]
fn runs_are_found_by_the_data_sets_they_took_in() {
    let made = Made::new();
    let experiment = made.experiment("digits");
    let named = |name| Like {
        name,
        ..Like::default()
    };
    let runs = Made::runs(&experiment, &["both", "one", "log", "none"].map(named));
    say(&made, runs[0], ("digits", "abc", "training"));
    say(&made, runs[0], ("letters", "def", "eval"));
    say(&made, runs[1], ("digits", "xyz", ""));
    let dataset = made.tracker.dataset("words").unwrap();
    dataset
        .version()
        .reference("words.csv", "md5:4a")
        .add()
        .unwrap();
    made.tracker
        .use_dataset(runs[2], "words", &Split::Validation)
        .unwrap();
    let id = experiment.id().to_string();
    drop((experiment, dataset));
    let served = Served::on(made.close(), &mltrack_server::Options::default());
    let cases: &[(&str, &[&str])] = &[
        ("dataset.name = 'digits'", &["both", "one"]),
        ("dataset.name != 'digits'", &["both", "log"]),
        (
            "datasets.name LIKE 'dig%' AND dataset.name = 'letters'",
            &["both"],
        ),
        ("dataset.name ILIKE 'WORDS'", &["log"]),
        ("dataset.digest IN ('def', 'xyz')", &["both", "one"]),
        ("dataset.digest NOT IN ('abc', 'xyz')", &["both", "log"]),
        ("dataset.context = 'training'", &["both"]),
        ("dataset.context != 'training'", &["both", "log"]),
        ("dataset.context = 'validation'", &["log"]),
    ];
    for (filter, expected) in cases {
        let body = json!({"experiment_ids": [id], "filter": filter, "order_by": ["run_name"]});
        let (status, body) = served.post("/api/2.0/mlflow/runs/search", &body);
        assert_eq!(status, 200, "{filter}: {body}");
        let found = body["runs"].as_array().cloned().unwrap_or_default();
        let answered: Vec<&str> = found
            .iter()
            .map(|run| run["info"]["run_name"].as_str().unwrap())
            .collect();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(answered, expected, "{filter}");
    }
    let body = json!({"experiment_ids": [id], "filter": "run_name = 'one'"});
    let (_, one) = served.post("/api/2.0/mlflow/runs/search", &body);
    let input = &one["runs"][0]["inputs"]["dataset_inputs"][0];
    assert_eq!(input["dataset"]["digest"], "xyz");
    data_sets_are_summed_up(&served, &id);
}

/// The data sets that the runs of the experiment took in, each once.
fn data_sets_are_summed_up(served: &Served, id: &str) {
    let path = "/api/2.0/mlflow/experiments/search-datasets";
    let (status, body) = served.post(path, &json!({"experiment_ids": [id]}));
    assert_eq!(status, 200);
    let expected = json!([
        {"experiment_id": id, "name": "digits", "digest": "abc", "context": "training"},
        {"experiment_id": id, "name": "digits", "digest": "xyz"},
        {"experiment_id": id, "name": "letters", "digest": "def", "context": "eval"},
    ]);
    assert_eq!(body["dataset_summaries"], expected);
    assert_eq!(
        served.post(path, &json!({"experiment_ids": ["987"]})),
        (200, json!({}))
    );
    let (status, body) = served.post(path, &json!({}));
    assert_eq!(status, 400);
    let wrong = "SearchDatasets request must specify at least one experiment_id.";
    assert_eq!(body["message"], wrong);
}
