//! Roles and scopes of keys over the whole of our own interface, as its document lists it.

use mltrack::Tracker;
use mltrack_server::keys::{self, NewKey};
use mltrack_server::{Options, Role};
use serde_json::{Value, json};

use crate::support::Served;

/// What a key that only looks may post: questions.
const QUESTIONS: &[&str] = &[
    "/activity",
    "/artifacts/{artifact}/check",
    "/command",
    "/datasets/{dataset}/versions/{version}/check",
    "/history",
    "/history/groups",
    "/models/{model}/versions/{version}/check",
    "/runs/compare",
    "/runs/search",
];

/// What a key with a scope may ask without naming anything.
const NARROWED: &[&str] = &[
    "GET /columns",
    "GET /experiments",
    "GET /preferences",
    "GET /runs",
    "GET /runs/groups",
    "POST /runs/search",
    "PUT /preferences",
];

struct Guarded {
    served: Served,
    tracker: Tracker,
}

impl Guarded {
    fn start() -> Guarded {
        let served = Served::start_with(&Options {
            is_token_needed: true,
            ..Options::default()
        });
        let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
        Guarded { served, tracker }
    }

    fn key(&self, name: &str, role: Role, scope: &[&str]) -> String {
        let new = NewKey {
            name: name.to_owned(),
            role,
            scope: scope.iter().map(|name| (*name).to_owned()).collect(),
            expires_ns: None,
        };
        format!("Bearer {}", keys::make(&self.tracker, &new).unwrap())
    }

    fn call(&self, key: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = self.served.url(&format!("/api/v1{path}"));
        let request = self.served.http().request(method.clone(), url);
        let request = request.header("authorization", key);
        let is_reading = method == reqwest::Method::GET;
        let request = if is_reading {
            request
        } else {
            let request = request.header("content-type", "application/json");
            request.body(body.to_string())
        };
        self.served.send(request)
    }

    fn get(&self, key: &str, path: &str) -> (u16, Value) {
        self.call(key, "GET", path, &Value::Null)
    }

    /// Every method of every path of the document.
    fn calls(&self, key: &str) -> Vec<(String, String)> {
        let (status, document) = self.get(key, "/openapi.json");
        assert_eq!(status, 200, "{document}");
        let paths = document["paths"].as_object().unwrap().iter();
        let calls = paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            let methods = methods.filter(|name| *name != "parameters");
            methods.map(move |method| (method.to_uppercase(), path.clone()))
        });
        calls.collect()
    }
}

/// A path of the document with something in each of its places.
fn filled(path: &str) -> String {
    let parts = path.split('/');
    let filled = parts.map(|part| if part.starts_with('{') { "1" } else { part });
    filled.collect::<Vec<_>>().join("/")
}

/// Streams without an end are begun elsewhere.
fn is_endless(path: &str) -> bool {
    path == "/events"
}

#[test]
fn a_key_that_only_looks_is_refused_by_everything_that_changes_and_by_nothing_else() {
    let guarded = Guarded::start();
    let viewer = guarded.key("eye", Role::Viewer, &[]);
    let calls = guarded.calls(&viewer);
    assert!(calls.len() > 80, "{}", calls.len());
    let before = guarded.tracker.next_lsn().unwrap();
    let mut refused = 0;
    for (method, path) in &calls {
        let is_question = method == "GET" || (method == "POST" && QUESTIONS.contains(&&**path));
        if is_question && is_endless(path) {
            continue;
        }
        let (status, answer) = guarded.call(&viewer, method, &filled(path), &json!({}));
        if is_question {
            assert_ne!(status, 403, "{method} {path}: {answer}");
            assert_ne!(status, 405, "{method} {path}: {answer}");
            continue;
        }
        refused += 1;
        assert_eq!(
            (status, &answer["code"]),
            (403, &json!("UNAUTHORIZED")),
            "{method} {path}: {answer}"
        );
        let (error, hint) = (&answer["error"], &answer["hint"]);
        assert_eq!(error, "a key of the role viewer may not do this", "{path}");
        assert!(hint.as_str().unwrap().contains("--role writer"), "{hint}");
        assert!(answer["request_id"].is_string(), "{answer}");
    }
    assert!(refused > 35, "{refused}");
    assert_eq!(guarded.tracker.next_lsn().unwrap(), before);
}

#[test]
fn a_key_with_a_scope_gets_nothing_that_names_no_experiment_of_it() {
    let guarded = Guarded::start();
    let key = guarded.key("guest", Role::Admin, &["mine"]);
    guarded.tracker.experiment("other").unwrap();
    let before = guarded.tracker.next_lsn().unwrap();
    for (method, path) in guarded.calls(&key) {
        let is_narrowed = NARROWED.contains(&&*format!("{method} {path}"));
        if method == "PUT" && path == "/preferences" {
            continue;
        }
        let (status, answer) = guarded.call(&key, &method, &filled(&path), &json!({}));
        if is_narrowed {
            assert_ne!(status, 403, "{method} {path}: {answer}");
            continue;
        }
        assert_eq!(
            (status, &answer["code"]),
            (403, &json!("UNAUTHORIZED")),
            "{method} {path}: {answer}"
        );
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains("only for the experiments mine"), "{error}");
        assert!(answer["hint"].is_string(), "{answer}");
    }
    assert_eq!(guarded.tracker.next_lsn().unwrap(), before);
}

/// A run of an experiment with a metric and an artifact: its id and that of the artifact.
fn run_in(tracker: &Tracker, experiment: &str, metric: &str) -> (String, String) {
    let run = tracker.experiment(experiment).unwrap().run();
    let run = run.name(format!("run-of-{experiment}")).start().unwrap();
    run.log_metric(metric, 0.5).unwrap();
    let upload = run.log_artifact_bytes("a.txt", "bytes").unwrap();
    upload.wait().unwrap();
    let id = run.id();
    run.finish().unwrap();
    let artifact = tracker.artifact(id, "a.txt").unwrap().id.to_string();
    (id.to_string(), artifact)
}

#[test]
fn a_key_with_a_scope_is_told_of_its_experiments_and_their_runs_alone() {
    let guarded = Guarded::start();
    let (mine, _) = run_in(&guarded.tracker, "mine", "loss");
    run_in(&guarded.tracker, "other", "secret_metric");
    let key = guarded.key("guest", Role::Viewer, &["mine"]);
    let (_, experiments) = guarded.get(&key, "/experiments");
    assert_eq!(
        (&experiments["total"], &experiments["items"][0]["name"]),
        (&json!(1), &json!("mine"))
    );
    for path in [
        "/runs",
        "/runs?experiment=mine",
        "/runs?deleted=with&filter=loss+%3E+0",
    ] {
        let (status, runs) = guarded.get(&key, path);
        assert_eq!((status, &runs["total"]), (200, &json!(1)), "{path}: {runs}");
        assert_eq!(runs["items"][0]["id"], mine);
    }
    let (_, columns) = guarded.get(&key, "/columns");
    assert!(!columns.to_string().contains("secret"), "{columns}");
    let (_, groups) = guarded.get(&key, "/runs/groups?by=.name");
    assert_eq!(groups["runs"], 1, "{groups}");
    for question in ["secret_metrik > 1", "metrics.secret_metrik > 1"] {
        let body = json!({"filter": [question]});
        let (_, found) = guarded.call(&key, "POST", "/runs/search", &body);
        assert!(!found.to_string().contains("secret_metric"), "{found}");
    }
}

#[test]
fn what_hangs_on_a_run_is_told_to_a_key_with_its_experiment_and_to_no_other() {
    let guarded = Guarded::start();
    let (mine, my_artifact) = run_in(&guarded.tracker, "mine", "loss");
    let (other, their_artifact) = run_in(&guarded.tracker, "other", "loss");
    let key = guarded.key("guest", Role::Viewer, &["mine"]);
    let of = |run: &str, artifact: &str| {
        vec![
            ("GET", format!("/runs/{run}"), json!(null)),
            ("GET", format!("/runs/{run}/metrics/loss"), json!(null)),
            ("GET", format!("/runs/{run}/artifacts"), json!(null)),
            ("GET", format!("/runs/{run}/console"), json!(null)),
            ("GET", format!("/runs/{run}/notes"), json!(null)),
            ("GET", format!("/artifacts/{artifact}"), json!(null)),
            ("GET", format!("/artifacts/{artifact}/bytes"), json!(null)),
            ("POST", format!("/artifacts/{artifact}/check"), json!({})),
            ("GET", format!("/artifacts?run={run}"), json!(null)),
            ("GET", format!("/records?run={run}"), json!(null)),
            ("GET", format!("/operations?run={run}"), json!(null)),
            ("POST", "/history".into(), json!({"runs": [run]})),
            (
                "POST",
                "/history/groups".into(),
                json!({"groups": [{"name": "a", "runs": [run]}]}),
            ),
            ("POST", "/runs/compare".into(), json!({"runs": [run]})),
        ]
    };
    for (method, path, body) in of(&mine, &my_artifact) {
        let (status, answer) = guarded.call(&key, method, &path, &body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
    }
    for (method, path, body) in of(&other, &their_artifact) {
        let (status, answer) = guarded.call(&key, method, &path, &body);
        assert_eq!(status, 403, "{method} {path}: {answer}");
    }
}

#[test]
fn one_name_beyond_the_scope_is_one_too_many() {
    let guarded = Guarded::start();
    let (mine, _) = run_in(&guarded.tracker, "mine", "loss");
    let (other, _) = run_in(&guarded.tracker, "other", "loss");
    let key = guarded.key("guest", Role::Viewer, &["mine"]);
    let both = [
        (
            "GET",
            format!("/runs?experiment=mine&parent={other}"),
            json!(null),
        ),
        ("GET", "/runs?experiment=other".into(), json!(null)),
        (
            "GET",
            format!("/artifacts?experiment=mine&run={other}"),
            json!(null),
        ),
        (
            "GET",
            format!("/records?run={mine}&run={other}"),
            json!(null),
        ),
        (
            "GET",
            "/activity?experiment=mine&experiment=other".into(),
            json!(null),
        ),
        (
            "GET",
            format!("/environment/diff?before={mine}&after={other}"),
            json!(null),
        ),
        ("GET", format!("/compare?runs={mine},{other}"), json!(null)),
        (
            "GET",
            format!("/compare?runs={mine}&baseline={other}"),
            json!(null),
        ),
        ("GET", "/compare?by=seed".into(), json!(null)),
        ("GET", "/events?experiment=other".into(), json!(null)),
        (
            "GET",
            format!("/events?experiment=mine&run={other}"),
            json!(null),
        ),
        ("POST", "/history".into(), json!({"runs": [mine, other]})),
        (
            "POST",
            "/runs/search".into(),
            json!({"experiment": "other"}),
        ),
        (
            "POST",
            "/history/groups".into(),
            json!({"groups": [{"name": "a", "runs": [mine]}, {"name": "b", "runs": [other]}]}),
        ),
    ];
    for (method, path, body) in both {
        let (status, answer) = guarded.call(&key, method, &path, &body);
        assert_eq!(status, 403, "{method} {path}: {answer}");
    }
}

#[test]
fn runs_of_the_scope_are_compared() {
    let guarded = Guarded::start();
    let (one, _) = run_in(&guarded.tracker, "mine", "loss");
    let (other, _) = run_in(&guarded.tracker, "mine", "loss");
    let key = guarded.key("guest", Role::Viewer, &["mine"]);
    let (status, answer) = guarded.get(&key, &format!("/compare?runs={one},{other}"));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(guarded.get(&key, &format!("/compare?runs={one}")).0, 400);
}

#[test]
fn a_key_with_a_scope_names_runs_by_their_whole_ids() {
    let guarded = Guarded::start();
    let (mine, _) = run_in(&guarded.tracker, "mine", "loss");
    let key = guarded.key("guest", Role::Viewer, &["mine"]);
    for name in ["@last", "run-of-mine", &mine[..12]] {
        let (status, answer) = guarded.get(&key, &format!("/runs/{name}"));
        assert_eq!(status, 403, "{name}: {answer}");
        let text = answer["error"].as_str().unwrap();
        assert!(text.contains("whole id"), "{text}");
    }
}

#[test]
fn a_name_of_digits_is_no_way_to_another_experiment() {
    let guarded = Guarded::start();
    guarded.tracker.experiment("first").unwrap();
    let id = guarded.tracker.experiment("second").unwrap().id();
    // The name of the one is the id of the other.
    guarded.tracker.experiment(&id.to_string()).unwrap();
    let key = guarded.key("guest", Role::Viewer, &[&id.to_string()]);
    assert_eq!(guarded.get(&key, &format!("/experiments/{id}")).0, 403);
    assert_eq!(guarded.get(&key, &format!("/runs?experiment={id}")).0, 403);
    let (_, found) = guarded.get(&key, "/experiments");
    assert_eq!(found["total"], 1, "{found}");
    assert_eq!(found["items"][0]["name"], id.to_string());
}

#[test]
fn a_writer_with_a_scope_writes_into_its_experiments_only() {
    let guarded = Guarded::start();
    let (mine, my_artifact) = run_in(&guarded.tracker, "mine", "loss");
    let (other, their_artifact) = run_in(&guarded.tracker, "other", "loss");
    let key = guarded.key("guest", Role::Writer, &["mine"]);
    let (status, made) = guarded.call(&key, "POST", "/runs", &json!({"experiment": "mine"}));
    assert_eq!(status, 201, "{made}");
    let child = json!({"experiment": "mine", "parent": other});
    let refused = [
        ("POST", "/runs".to_owned(), json!({"experiment": "other"})),
        ("POST", "/runs".to_owned(), child),
        (
            "PATCH",
            format!("/runs/{other}"),
            json!({"tags": {"a": "b"}}),
        ),
        ("DELETE", format!("/runs/{other}"), json!({})),
        ("DELETE", format!("/artifacts/{their_artifact}"), json!({})),
        (
            "POST",
            "/runs/bulk".to_owned(),
            json!({"runs": [mine, other], "change": {"tags": {"a": "b"}}}),
        ),
        ("POST", "/undo".to_owned(), json!({})),
        ("DELETE", "/experiments/mine".to_owned(), json!({})),
        (
            "PATCH",
            "/experiments/other".to_owned(),
            json!({"description": "x"}),
        ),
    ];
    for (method, path, body) in refused {
        let (status, answer) = guarded.call(&key, method, &path, &body);
        assert_eq!(status, 403, "{method} {path}: {answer}");
    }
    let allowed = [
        (
            "PATCH",
            format!("/runs/{mine}"),
            json!({"tags": {"a": "b"}}),
        ),
        (
            "POST",
            "/runs/bulk".to_owned(),
            json!({"runs": [mine], "change": {"tags": {"a": "c"}}}),
        ),
        (
            "PATCH",
            "/experiments/mine".to_owned(),
            json!({"description": "x"}),
        ),
        ("DELETE", format!("/artifacts/{my_artifact}"), json!({})),
        (
            "POST",
            format!("/artifacts/{my_artifact}/restore"),
            json!({}),
        ),
        ("DELETE", format!("/runs/{mine}"), json!({})),
        ("POST", format!("/runs/{mine}/restore"), json!({})),
    ];
    for (method, path, body) in allowed {
        let (status, answer) = guarded.call(&key, method, &path, &body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
    }
}
