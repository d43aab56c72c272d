//! `runs/search`: which runs, in which order, page by page, and what is refused.

use mltrack::EndState;
use serde_json::{Value, json};

use super::made::{BEGUN_MS, Like, Made};
use super::support::Served;

const PATH: &str = "/api/2.0/mlflow/runs/search";

/// A server over one experiment, with its id.
struct Looked {
    served: Served,
    experiment: String,
}

impl Looked {
    fn over(runs: &[Like<'_>]) -> Looked {
        let made = Made::new();
        let experiment = made.experiment("resnet");
        Made::runs(&experiment, runs);
        let id = experiment.id().to_string();
        drop(experiment);
        Looked {
            served: Served::on(made.close(), &mltrack_server::Options::default()),
            experiment: id,
        }
    }

    fn ask(&self, filter: &str, orders: &[&str]) -> (u16, Value) {
        self.post(&json!({"filter": filter, "order_by": orders}))
    }

    /// Asks with more fields.
    fn post(&self, fields: &Value) -> (u16, Value) {
        let mut body = fields.clone();
        if body.get("experiment_ids").is_none() {
            body["experiment_ids"] = json!([self.experiment]);
        }
        self.served.post(PATH, &body)
    }

    /// The names of the runs that a filter admits.
    fn names(&self, filter: &str, orders: &[&str]) -> Vec<String> {
        let (status, body) = self.ask(filter, orders);
        assert_eq!(status, 200, "{filter:?} {orders:?}: {body}");
        names(&body)
    }

    /// What is said about a question that is refused.
    fn refused(&self, filter: &str, orders: &[&str]) -> String {
        let (status, body) = self.ask(filter, orders);
        assert_eq!(status, 400, "{filter:?} {orders:?}: {body}");
        assert_eq!(body["error_code"], "INVALID_PARAMETER_VALUE");
        body["message"].as_str().unwrap().to_owned()
    }
}

fn names(body: &Value) -> Vec<String> {
    let runs = body["runs"].as_array().cloned().unwrap_or_default();
    let name = |run: &Value| run["info"]["run_name"].as_str().unwrap().to_owned();
    runs.iter().map(name).collect()
}

fn named(name: &str) -> Like<'_> {
    Like {
        name,
        ..Like::default()
    }
}

/// Three runs of different kinds.
fn three() -> Vec<Like<'static>> {
    vec![
        Like {
            name: "Elk",
            at_ms: 0,
            metrics: &[("loss", 0.5), ("val/acc", 0.001)],
            params: &[("lr", "0.1"), ("note", "100%_sure")],
            tags: &[("paper", "V1"), ("team.name", "vision")],
            end: Some(EndState::Completed),
        },
        Like {
            name: "owl",
            at_ms: 1000,
            metrics: &[("loss", -1.0)],
            params: &[("lr", "0.2")],
            tags: &[("paper", "v2")],
            end: Some(EndState::Cancelled),
        },
        Like {
            name: "asp",
            at_ms: 2000,
            ..Like::default()
        },
    ]
}

#[test]
fn a_run_is_answered_whole() {
    let looked = Looked::over(&three()[..1]);
    let (status, body) = looked.ask("", &[]);
    assert_eq!(status, 200);
    let run = &body["runs"][0];
    assert_eq!(run["info"]["experiment_id"], looked.experiment.as_str());
    assert_eq!(run["info"]["status"], "FINISHED");
    assert_eq!(run["info"]["start_time"], BEGUN_MS);
    assert_eq!(run["info"]["end_time"], BEGUN_MS + 1000);
    assert_eq!(run["info"]["run_id"], run["info"]["run_uuid"]);
    let metric = json!({"key": "loss", "value": 0.5, "timestamp": BEGUN_MS + 1, "step": 0});
    assert_eq!(run["data"]["metrics"][0], metric);
    let param = json!({"key": "lr", "value": "0.1"});
    assert_eq!(run["data"]["params"][0], param);
    let tags = run["data"]["tags"].as_array().unwrap();
    assert!(tags.contains(&json!({"key": "paper", "value": "V1"})));
    assert!(body.get("next_page_token").is_none());
}

#[test]
fn no_experiments_have_no_runs() {
    let looked = Looked::over(&[named("elk")]);
    let none = (200, json!({}));
    assert_eq!(looked.post(&json!({"experiment_ids": []})), none);
    assert_eq!(looked.served.post(PATH, &json!({})), none);
    assert_eq!(looked.post(&json!({"experiment_ids": ["987"]})), none);
    assert_eq!(looked.post(&json!({"experiment_ids": ["-1"]})), none);
    assert_eq!(looked.ask("metrics.loss > 1", &[]), none);
}

#[test]
fn several_experiments_are_searched_at_once() {
    let made = Made::new();
    let ids: Vec<String> = ["a", "b", "c"]
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let experiment = made.experiment(name);
            let run = Like {
                name,
                at_ms: at as i64,
                ..Like::default()
            };
            Made::runs(&experiment, &[run]);
            experiment.id().to_string()
        })
        .collect();
    let served = Served::on(made.close(), &mltrack_server::Options::default());
    let body = json!({"experiment_ids": [ids[0], ids[2]]});
    let (status, body) = served.post(PATH, &body);
    assert_eq!(status, 200);
    assert_eq!(names(&body), ["c", "a"]);
}

#[test]
fn filters_compare_as_mlflows_server_does() {
    let looked = Looked::over(&three());
    let cases: &[(&str, &[&str])] = &[
        ("metrics.loss < 1", &["owl", "Elk"]),
        ("metric.loss = -1", &["owl"]),
        ("metrics.`val/acc` >= 1e-3", &["Elk"]),
        ("metrics.\"val/acc\" < 1", &["Elk"]),
        ("metrics.loss != 0.5", &["owl"]),
        ("params.lr = '0.1'", &["Elk"]),
        ("parameter.lr != '0.1'", &["owl"]),
        ("param.lr LIKE '0.%'", &["owl", "Elk"]),
        ("params.note LIKE '100\u{25}_sure'", &["Elk"]),
        ("params.lr = '1e-1'", &[]),
        ("params.lr IS NULL", &["asp"]),
        ("params.lr is not null", &["owl", "Elk"]),
        ("tags.paper LIKE 'v%'", &["owl"]),
        ("tags.paper like 'V_'", &["Elk"]),
        ("tag.paper ILIKE 'v%'", &["owl", "Elk"]),
        ("tags.team.name = 'vision'", &["Elk"]),
        ("tags.paper IS NULL", &["asp"]),
        ("status = 'RUNNING'", &["asp"]),
        ("attributes.status = 'KILLED'", &["owl"]),
        ("attribute.status != 'KILLED'", &["asp", "Elk"]),
        ("attr.run_name = 'Elk'", &["Elk"]),
        ("run.`run name` ILIKE 'e%'", &["Elk"]),
        ("`Run name` = 'asp'", &["asp"]),
        ("start_time >= 1700000001000", &["asp", "owl"]),
        ("created < 1700000001000", &["Elk"]),
        ("end_time > 0", &["owl", "Elk"]),
        (
            "artifact_uri LIKE 'mlflow-artifacts:/%/artifacts'",
            &["asp", "owl", "Elk"],
        ),
        ("run_id NOT IN ('a', 'b')", &["asp", "owl", "Elk"]),
        ("metrics.loss < 1 and params.lr = '0.1' AND", &["Elk"]),
        ("dataset.name != 'digits'", &[]),
    ];
    for (filter, expected) in cases {
        assert_eq!(looked.names(filter, &[]), *expected, "{filter}");
    }
}

#[test]
fn runs_are_found_by_their_ids() {
    let looked = Looked::over(&three());
    let (_, body) = looked.ask("", &[]);
    let id = |at: usize| body["runs"][at]["info"]["run_id"].as_str().unwrap();
    let both = format!("attributes.run_id IN ('{}', '{}')", id(0), id(2));
    assert_eq!(looked.names(&both, &[]), ["asp", "Elk"]);
    let one = format!("run_id = '{}'", id(1));
    assert_eq!(looked.names(&one, &[]), ["owl"]);
    let others = format!("run_id not in ('{}')", id(1));
    assert_eq!(looked.names(&others, &[]), ["asp", "Elk"]);
}

#[test]
fn what_is_wrong_is_said_in_the_words_clients_know() {
    let looked = Looked::over(&[named("elk")]);
    let cases = [
        (
            "metrics.a > 1 OR metrics.b > 1",
            "Invalid clause(s) in filter string: 'OR'",
        ),
        (
            "1 = metrics.a",
            "Invalid comparison clause. Expected 'Identifier' found '1'",
        ),
        (
            "metrics.a > 1; metrics.b > 1",
            "Search filter contained multiple expression",
        ),
        (
            "foo.a > 1",
            "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
        ),
        (
            "foo > 1",
            "Invalid attribute key 'foo' specified. Valid keys are '{",
        ),
        ("params.a > '1'", "Invalid comparator '>' not one of '{"),
        (
            "tags.a RLIKE '1'",
            "Invalid comparator 'RLIKE' not one of '{",
        ),
        (
            "params.a = 1",
            "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1",
        ),
        (
            "metrics.a = '1'",
            "Expected numeric value type for metric. Found '1'",
        ),
        (
            "metrics.m IS NULL",
            "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'm'",
        ),
        (
            "status IN ('RUNNING')",
            "Only ['run_id'] attributes support comparison with a list of quoted string values.",
        ),
    ];
    for (filter, expected) in cases {
        let message = looked.refused(filter, &[]);
        assert!(message.starts_with(expected), "{filter}: {message}");
    }
    let message = looked.refused("", &["metrics.m desc nulls"]);
    assert_eq!(
        message,
        "Invalid order_by clause 'metrics.m desc nulls'. Could not be parsed."
    );
    let (status, body) = looked.ask("", &["metrics.m", "metric.m DESC"]);
    assert_eq!(
        (status, body["error_code"].as_str()),
        (500, Some("INTERNAL_ERROR"))
    );
    let message = body["message"].as_str().unwrap();
    assert!(message.starts_with("`order_by` contains duplicate fields"));
}

#[test]
fn what_a_run_lacks_comes_last_in_both_directions_and_nan_before_it() {
    let metrics: [&[(&str, f64)]; 5] = [
        &[("m", 1.0)],
        &[("m", f64::NAN)],
        &[],
        &[("m", -2.0)],
        &[("m", f64::INFINITY)],
    ];
    let names = ["one", "nan", "none", "minus", "inf"];
    let runs: Vec<Like<'_>> = names
        .iter()
        .zip(metrics)
        .map(|(name, metrics)| Like {
            name,
            metrics,
            ..Like::default()
        })
        .collect();
    let looked = Looked::over(&runs);
    let up = looked.names("", &["metrics.m"]);
    assert_eq!(up, ["minus", "one", "inf", "nan", "none"]);
    let down = looked.names("", &["metrics.m DESC"]);
    assert_eq!(down, ["inf", "one", "minus", "nan", "none"]);
}

#[test]
fn of_equal_runs_the_later_started_comes_first_then_the_smaller_id() {
    let at = |name, at_ms| Like {
        name,
        at_ms,
        metrics: &[("m", 1.0)],
        ..Like::default()
    };
    let runs = [at("a", 5), at("b", 5), at("c", 9), at("d", 5)];
    let looked = Looked::over(&runs);
    let (_, body) = looked.ask("", &["metrics.m DESC"]);
    assert_eq!(names(&body)[0], "c");
    let mut ids: Vec<&str> = body["runs"].as_array().unwrap()[1..]
        .iter()
        .map(|run| run["info"]["run_id"].as_str().unwrap())
        .collect();
    let found = ids.clone();
    ids.sort_unstable();
    assert_eq!(found, ids);
    assert_eq!(names(&looked.ask("", &[]).1), names(&body));
}

#[test]
fn every_orderable_attribute_orders() {
    let looked = Looked::over(&three());
    let cases: &[(&str, &[&str])] = &[
        ("attributes.start_time", &["Elk", "owl", "asp"]),
        ("created DESC", &["asp", "owl", "Elk"]),
        ("Created asc", &["Elk", "owl", "asp"]),
        ("end_time", &["Elk", "owl", "asp"]),
        ("status", &["Elk", "owl", "asp"]),
        ("run_name", &["Elk", "asp", "owl"]),
        ("params.lr DESC", &["owl", "Elk", "asp"]),
        ("tag.paper", &["Elk", "owl", "asp"]),
        ("run_id", &["Elk", "owl", "asp"]),
        ("artifact_uri DESC", &["asp", "owl", "Elk"]),
    ];
    for (order, expected) in cases {
        assert_eq!(looked.names("", &[order]), *expected, "{order}");
    }
    assert!(
        looked
            .refused("", &["attribute.run name"])
            .starts_with("Invalid")
    );
}

#[test]
fn pages_follow_one_another_and_the_last_names_no_next() {
    let names: Vec<String> = (0..25).map(|at| format!("run {at:02}")).collect();
    let runs: Vec<Like<'_>> = names.iter().map(|name| named(name)).collect();
    let looked = Looked::over(&runs);
    let (mut found, mut token, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let body = json!({"max_results": 10, "order_by": ["run_name"], "page_token": token});
        let (status, body) = looked.post(&body);
        assert_eq!(status, 200, "{body}");
        found.extend(super::run_search::names(&body));
        pages += 1;
        token = body["next_page_token"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!((found, pages), (names, 3));
    let exact = looked.post(&json!({"max_results": 25})).1;
    assert!(exact.get("next_page_token").is_none());
    let behind = json!({"page_token": "eyJvZmZzZXQiOiAxMDAwfQ=="});
    assert_eq!(looked.post(&behind), (200, json!({})));
}

#[test]
fn a_page_of_thousands_of_runs_is_whole() {
    let names: Vec<String> = (0..2150).map(|at| format!("run {at:04}")).collect();
    let runs: Vec<Like<'_>> = names.iter().map(|name| named(name)).collect();
    let looked = Looked::over(&runs);
    let body = json!({"max_results": 2120, "order_by": ["run_name"]});
    let (status, body) = looked.post(&body);
    assert_eq!(status, 200);
    assert_eq!(super::run_search::names(&body), names[..2120]);
    let token = &body["next_page_token"];
    let body = json!({"max_results": 2120, "order_by": ["run_name"], "page_token": token});
    let (_, body) = looked.post(&body);
    assert_eq!(super::run_search::names(&body), names[2120..]);
}

#[test]
fn limits_and_tokens_are_checked() {
    let looked = Looked::over(&[named("elk")]);
    let cases = [
        (
            json!({"max_results": 0}),
            "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer",
        ),
        (
            json!({"max_results": 50_001}),
            "Invalid value 50001 for parameter 'max_results' supplied",
        ),
        (
            json!({"page_token": "!"}),
            "Invalid page token, could not base64-decode",
        ),
        (
            json!({"page_token": "Zm9v"}),
            "Invalid page token, decoded value=",
        ),
        (
            json!({"page_token": "e30="}),
            "Invalid page token, parsed value=",
        ),
        (
            json!({"experiment_ids": ["abc"]}),
            "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.",
        ),
        (
            json!({"filter": 5}),
            "Invalid value 5 for parameter 'filter' supplied",
        ),
        (json!({"run_view_type": "SOME"}), "Invalid value"),
    ];
    for (fields, expected) in cases {
        let (status, body) = looked.post(&fields);
        assert_eq!(status, 400, "{fields}: {body}");
        let message = body["message"].as_str().unwrap();
        assert!(message.starts_with(expected), "{fields}: {message}");
    }
    assert_eq!(looked.post(&json!({"max_results": 50_000})).0, 200);
}

#[test]
fn deleted_runs_are_seen_only_when_they_are_asked_for() {
    let made = Made::new();
    let experiment = made.experiment("resnet");
    let runs = Made::runs(&experiment, &[named("kept"), named("gone")]);
    made.tracker.delete_run(runs[1]).unwrap();
    let id = experiment.id().to_string();
    drop(experiment);
    let looked = Looked {
        served: Served::on(made.close(), &mltrack_server::Options::default()),
        experiment: id,
    };
    let cases: &[(Value, &[&str])] = &[
        (json!({}), &["kept"]),
        (json!({"run_view_type": "ACTIVE_ONLY"}), &["kept"]),
        (json!({"run_view_type": "DELETED_ONLY"}), &["gone"]),
        (json!({"run_view_type": 2}), &["gone"]),
        (
            json!({"run_view_type": "ALL", "order_by": ["run_name"]}),
            &["gone", "kept"],
        ),
    ];
    for (fields, expected) in cases {
        let (_, body) = looked.post(fields);
        assert_eq!(names(&body), *expected, "{fields}");
    }
    let gone = looked.post(&json!({"run_view_type": "DELETED_ONLY"})).1;
    assert_eq!(gone["runs"][0]["info"]["lifecycle_stage"], "deleted");
}

#[test]
fn what_was_logged_a_moment_ago_is_found() {
    let made = Made::new();
    let experiment = made.experiment("resnet");
    let id = experiment.id().to_string();
    Made::runs(&experiment, &[named("old")]);
    drop(experiment);
    let served = Served::on(made.close(), &mltrack_server::Options::default());
    let looked = Looked {
        served,
        experiment: id,
    };
    assert!(looked.names("metrics.loss < 1", &[]).is_empty());
    // Another process writes to the same folder.
    let path = looked.served.folder.path().join(".mltrack");
    let tracker = mltrack::Tracker::open(path).unwrap();
    let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
    run.log_metric("loss", 0.5).unwrap();
    assert_eq!(looked.names("metrics.loss < 1", &[]).len(), 1);
    run.log_metric("loss", 1.5).unwrap();
    assert!(looked.names("metrics.loss < 1", &[]).is_empty());
    run.finish().unwrap();
}
