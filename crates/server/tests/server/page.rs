//! The web page: its document, its files, and who is told what.

use mltrack::Tracker;
use mltrack_server::keys::{self, NewKey};
use mltrack_server::{Options, Role};
use serde_json::{Value, json};

use super::support::Served;

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// The status, the headers and the text of what a browser is answered.
fn opened(served: &Served, path: &str) -> (u16, reqwest::header::HeaderMap, String) {
    let request = served.http().get(served.url(path));
    let (status, headers, bytes) = served.raw(request.header("accept", BROWSER));
    (status, headers, String::from_utf8(bytes).unwrap())
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

/// The addresses of files that a document names.
fn files(document: &str) -> Vec<String> {
    let parts = document
        .split('"')
        .filter(|part| part.starts_with("/assets/"));
    parts.map(str::to_owned).collect()
}

#[test]
fn a_browser_gets_the_page_at_each_of_its_addresses_and_nothing_elsewhere() {
    let served = Served::start();
    for path in [
        "/",
        "/experiments/1",
        "/runs/a%2Fb",
        "/compare?runs=a",
        "/log",
        "/v/5d2e",
    ] {
        let (status, headers, text) = opened(&served, path);
        assert_eq!(status, 200, "{path}");
        assert!(text.contains("<div id=\"app\">"), "{path}: {text}");
        assert!(files(&text).len() >= 2, "{path}: {text}");
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"));
        assert!(!policy.contains("unsafe"), "{policy}");
    }
    for path in [
        "/nothing",
        "/runs",
        "/runs/a/b",
        "/assets/nothing.js",
        "/index.html",
    ] {
        assert_eq!(opened(&served, path).0, 404, "{path}");
    }
    assert_eq!(served.get("/runs/a").0, 404, "only for browsers");
}

#[test]
fn the_document_runs_no_script_of_its_own_and_every_file_it_names_is_there() {
    let served = Served::start();
    let (_, headers, text) = opened(&served, "/");
    assert!(!text.contains("<script>") && !text.contains("style=") && !text.contains("<style"));
    assert_eq!(headers["cache-control"], "no-cache");
    for file in files(&text) {
        let (status, headers, body) = opened(&served, &file);
        assert_eq!(status, 200, "{file}");
        assert!(!body.is_empty());
        assert!(
            headers["cache-control"]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        let kind = headers["content-type"].to_str().unwrap();
        assert!(
            kind.starts_with("text/javascript") || kind.starts_with("text/css"),
            "{kind}"
        );
    }
}

#[test]
fn what_a_browser_has_already_is_not_sent_again_and_head_tells_the_same() {
    let served = Served::start();
    let (_, headers, text) = opened(&served, "/log");
    let paths = [vec!["/log".to_owned()], files(&text)].concat();
    for path in paths {
        let tag = opened(&served, &path).1["etag"].clone();
        let again = served
            .http()
            .get(served.url(&path))
            .header("accept", BROWSER);
        let (status, _, body) = served.raw(again.header("if-none-match", tag.clone()));
        assert_eq!((status, body.len()), (304, 0), "{path}");
        let head = served
            .http()
            .head(served.url(&path))
            .header("accept", BROWSER);
        let (status, told, body) = served.raw(head);
        assert_eq!((status, body.len()), (200, 0), "{path}");
        assert_eq!(told["etag"], tag);
    }
    assert_eq!(headers["vary"], "accept");
}

#[test]
fn the_first_page_lists_experiments_without_a_program_and_escapes_their_names() {
    let served = Served::start();
    let body = json!({"name": "<script>alert(1)</script>"});
    assert_eq!(served.post("/api/v1/experiments", &body).0, 201);
    let (_, _, text) = opened(&served, "/");
    assert!(
        text.contains("&lt;script&gt;alert(1)&lt;/script&gt;</a>"),
        "{text}"
    );
    assert!(!text.contains("<script>alert"));
    assert!(
        !opened(&served, "/log").2.contains("&lt;script"),
        "only on the first page"
    );
}

/// Runs `<b>1</b>` and so on in an experiment with the name of a script.
fn fill_with_markup(served: &Served, count: usize) -> (String, String) {
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let experiment = tracker.new_experiment("<script>alert(0)</script>");
    let goal = experiment.goal("loss", mltrack::Direction::Min);
    let experiment = goal.create().unwrap();
    let mut last = String::new();
    for number in 1..=count {
        let run = experiment
            .run()
            .name(format!("<script>alert({number})</script>"));
        let run = run.param("<i>lr</i>", "\"><img src=x>");
        let run = run.tag("</noscript><script>", "'&").start().unwrap();
        run.log_metric("loss", 0.5).unwrap();
        run.log_metric("loss", number as f64).unwrap();
        last = run.id().to_string();
        run.finish().unwrap();
    }
    (experiment.id().to_string(), last)
}

#[test]
fn an_experiment_is_a_table_without_a_program_a_hundred_runs_at_a_time() {
    let served = Served::start();
    let (id, _) = fill_with_markup(&served, 103);
    let (status, headers, text) = opened(&served, &format!("/experiments/{id}"));
    assert_eq!(status, 200);
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'"));
    let table = &text[text.find("<noscript>").unwrap()..text.rfind("</noscript>").unwrap()];
    assert!(
        table.contains("&lt;script&gt;alert(103)&lt;/script&gt;</a>"),
        "{table}"
    );
    assert!(
        !table.contains("<script") && !table.contains("style="),
        "{table}"
    );
    assert_eq!(table.matches("<tr>").count(), 101);
    assert!(table.contains("<td dir=\"auto\">completed</td>"), "{table}");
    assert!(table.contains("loss (smallest)") && table.contains("<td dir=\"auto\">0.5</td>"));
    let next = format!("href=\"/experiments/{id}?offset=100\"");
    assert!(table.contains(&next), "{table}");
    let (_, _, second) = opened(&served, &format!("/experiments/{id}?offset=100"));
    assert!(second.contains("Runs 101 to 103 of 103"), "{second}");
    assert_eq!(second.matches("<tr>").count(), 4);
    assert!(!second.contains("rel=\"next\"") && second.contains("rel=\"prev\""));
    let (_, _, beyond) = opened(
        &served,
        &format!("/experiments/{id}?offset=18446744073709551615"),
    );
    assert!(beyond.contains("103 runs."), "{beyond}");
    let (_, _, then) = opened(&served, &format!("/experiments/{id}?at=start"));
    assert!(!then.contains("alert(1)"), "{then}");
}

#[test]
fn a_run_is_a_table_without_a_program_and_its_texts_are_only_texts() {
    let served = Served::start();
    let (_, run) = fill_with_markup(&served, 7);
    let (status, _, text) = opened(&served, &format!("/runs/{run}?tab=charts"));
    assert_eq!(status, 200);
    let table = &text[text.find("<noscript>").unwrap()..text.rfind("</noscript>").unwrap()];
    assert_eq!(text.matches("</noscript>").count(), 1, "{text}");
    assert!(
        table.contains("&lt;script&gt;alert(7)&lt;/script&gt;</h1>"),
        "{table}"
    );
    assert!(
        table.contains("&lt;i&gt;lr&lt;/i&gt;") && table.contains("&quot;&gt;&lt;img src=x&gt;")
    );
    assert!(table.contains("&lt;/noscript&gt;&lt;script&gt;"), "{table}");
    let metric = ["loss", "7", "0.5", "7", "2"].map(|cell| format!("<td dir=\"auto\">{cell}</td>"));
    assert!(table.contains(&metric.concat()), "{table}");
    let (status, _, none) = opened(&served, "/runs/%3Cscript%3E");
    assert_eq!(status, 200);
    assert!(
        none.contains("<noscript>") && !none.contains("<script>"),
        "{none}"
    );
}

#[test]
fn without_a_key_no_table_is_told_where_one_is_needed() {
    let options = Options {
        is_token_needed: true,
        ..Options::default()
    };
    let served = Served::start_with(&options);
    let (id, run) = fill_with_markup(&served, 1);
    for path in [format!("/experiments/{id}"), format!("/runs/{run}")] {
        let (status, _, text) = opened(&served, &path);
        assert_eq!(status, 200);
        assert!(
            !text.contains("alert") && !text.contains("<noscript>"),
            "{text}"
        );
    }
}

#[test]
fn without_a_key_the_page_is_answered_and_tells_nothing_of_the_store() {
    let options = Options {
        is_token_needed: true,
        ..Options::default()
    };
    let served = Served::start_with(&options);
    let tracker = Tracker::open(served.folder.path()).unwrap();
    tracker.experiment("secret plan").unwrap();
    let (status, _, text) = opened(&served, "/");
    assert_eq!(status, 200);
    assert!(!text.contains("secret"), "{text}");
    for file in files(&text) {
        assert_eq!(opened(&served, &file).0, 200, "{file}");
    }
    assert_eq!(opened(&served, "/api/v1/experiments").0, 401);
    assert_eq!(opened(&served, "/metrics").0, 401);
    assert_eq!(served.get("/").0, 401, "what is no browser says who it is");
}

#[test]
fn preferences_are_kept_for_each_user_and_undo_leaves_them() {
    let served = Served::start();
    let nothing = served.get("/api/v1/preferences").1;
    assert_eq!(nothing, json!({"user": null, "content": null, "lsn": null}));
    served.post("/api/v1/experiments", &json!({"name": "e"}));
    let put = |content: &Value| {
        let request = served.http().put(served.url("/api/v1/preferences"));
        let body = json!({"content": content}).to_string();
        served.send(
            request
                .header("content-type", "application/json")
                .body(body),
        )
    };
    let (status, told) = put(&json!({"theme": "dark"}));
    assert_eq!((status, &told["content"]), (200, &json!({"theme": "dark"})));
    assert_eq!(
        put(&json!({"theme": "dark"})).1["lsn"],
        told["lsn"],
        "the same is no event"
    );
    let (status, undone) = served.post("/api/v1/undo", &json!({}));
    assert_eq!(status, 200, "{undone}");
    let found = served.get("/api/v1/experiments?filter=name%3D'e'").1;
    assert_eq!(found["total"], 0, "the experiment was made last: {undone}");
    assert_eq!(
        served.get("/api/v1/preferences").1["content"],
        json!({"theme": "dark"})
    );
    let too_long = "x".repeat(300 << 10);
    assert_eq!(put(&json!({"theme": too_long})).0, 400);
}

#[test]
fn each_key_has_preferences_of_its_own() {
    let options = Options {
        is_token_needed: true,
        ..Options::default()
    };
    let served = Served::start_with(&options);
    let tracker = Tracker::open(served.folder.path()).unwrap();
    let anna = key(&tracker, "anna", Role::Writer);
    let ben = key(&tracker, "ben", Role::Viewer);
    let send = |method: &str, key: &str| {
        let request = served
            .http()
            .request(method.parse().unwrap(), served.url("/api/v1/preferences"));
        let request = request.header("authorization", format!("Bearer {key}"));
        let body = json!({"content": {"density": "compact"}}).to_string();
        served.send(
            request
                .header("content-type", "application/json")
                .body(body),
        )
    };
    assert_eq!(send("PUT", &anna).0, 200);
    assert_eq!(send("GET", &anna).1["user"], "anna");
    assert_eq!(send("GET", &ben).1["content"], Value::Null);
    assert_eq!(
        send("PUT", &ben).0,
        403,
        "who may only look keeps them in the browser"
    );
}
