//! Pages: every list of `/api/v1` has the same bounds, and says the same when they are passed.

use mltrack::{Level, Line};
use serde_json::{Value, json};

use crate::api_looking::fill;
use crate::support::Served;

/// The lists that the document describes: method, path, and the most items.
fn lists(document: &Value) -> Vec<(String, String, u64)> {
    let mut lists = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array();
            let in_query = parameters
                .into_iter()
                .flatten()
                .find(|parameter| parameter["name"] == "limit")
                .map(|parameter| &parameter["schema"]);
            let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let name = body.as_str().and_then(|name| name.rsplit('/').next());
            let in_body =
                name.map(|name| &document["components"]["schemas"][name]["properties"]["limit"]);
            let limit = in_query.or(in_body.filter(|limit| !limit.is_null()));
            if let Some(limit) = limit {
                let max = limit["maximum"].as_u64();
                let max = max.unwrap_or_else(|| panic!("{method} {path} tells no maximum"));
                assert_eq!(limit["minimum"], 1, "{method} {path}");
                lists.push((method.clone(), path.clone(), max));
            }
        }
    }
    lists
}

/// A dataset and a model, each with a version that has two files.
fn versions(served: &Served) {
    let tracker = mltrack::Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let digits = tracker.new_dataset("digits").create().unwrap();
    let version = digits.version().bytes("a/rows.csv", "x\n1\n");
    version.bytes("b.csv", "x\n2\n").add().unwrap();
    let folder = served.folder.path().join("net");
    std::fs::create_dir_all(folder.join("deep")).unwrap();
    std::fs::write(folder.join("deep/layer one.bin"), "0123456789").unwrap();
    std::fs::write(folder.join("head.bin"), "head").unwrap();
    let net = tracker.new_model("net").create().unwrap();
    net.version().folder(&folder).add().unwrap();
}

#[test]
fn files_of_versions_are_listed_page_by_page_and_read_whole_and_in_parts() {
    let served = Served::start();
    versions(&served);
    let (status, page) = served.get("/api/v1/datasets/digits/files?limit=1");
    assert_eq!(
        (status, &page["selector"]),
        (200, &json!("digits@v1")),
        "{page}"
    );
    assert_eq!((&page["total"], page["next"].is_null()), (&json!(2), false));
    let files = all_pages(&served, "/api/v1/models/net@latest/files?limit=1", |_| {});
    let paths: Vec<&str> = files
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["deep/layer one.bin", "head.bin"]);
    let hash = blake3::hash(b"0123456789").to_hex();
    assert_eq!(
        (&files[0]["bytes"], &files[0]["blake3"]),
        (&json!(10), &json!(hash.as_str()))
    );
    let path = "/api/v1/models/net/bytes?path=deep/layer%20one.bin";
    assert_eq!(
        served.bytes(path, "application/octet-stream"),
        b"0123456789"
    );
    let part = reqwest::Client::new()
        .get(served.url(path))
        .header("range", "bytes=2-4");
    assert_eq!(served.send(part), (206, json!(234)));
    let rows = served.bytes(
        "/api/v1/datasets/digits@v1/bytes?path=b.csv",
        "application/octet-stream",
    );
    assert_eq!(rows, b"x\n2\n");
    for wrong in [
        "datasets/digits/bytes?path=nothing",
        "datasets/digits/bytes?path=../../FORMAT",
        "datasets/nobody/files",
        "datasets/digits@v9/files",
        "models/nobody/bytes?path=a",
    ] {
        let (status, error) = served.get(&format!("/api/v1/{wrong}"));
        assert_eq!(
            (status, &error["code"]),
            (404, &json!("NOT_FOUND")),
            "{wrong}: {error}"
        );
        assert!(error["hint"].is_string(), "{error}");
    }
    let elsewhere = json!({"source": "s3://data/rows", "digest": "sha256:ab12"});
    served.post("/api/v1/datasets/digits/versions", &elsewhere);
    assert_eq!(served.get("/api/v1/datasets/digits/files").0, 409);
}

#[test]
fn every_list_refuses_a_limit_beyond_its_bounds_and_names_both_numbers() {
    let served = Served::start();
    fill(&served);
    versions(&served);
    let (_, document) = served.get("/api/v1/openapi.json");
    let lists = lists(&document);
    assert!(lists.len() >= 12, "{lists:?}");
    for (method, path, max) in lists {
        assert_eq!(
            max,
            if path.starts_with("/lineage") {
                10_000
            } else {
                1_000
            }
        );
        let path = path
            .replace("{run}", "@last")
            .replace("{node}", "exp:resnet")
            .replace("{dataset}", "digits")
            .replace("{model}", "net");
        assert!(
            !path.contains('{'),
            "{path} names something that the test does not know"
        );
        for (limit, expected) in [(0, 400), (max + 1, 400), (max, 200)] {
            let (status, answer) = match method.as_str() {
                "get" if path == "/search" => {
                    served.get(&format!("/api/v1/search?words=loss&limit={limit}"))
                }
                "get" if path == "/runs/groups" => {
                    served.get(&format!("/api/v1{path}?by=%3Dlr&limit={limit}"))
                }
                "get" => served.get(&format!("/api/v1{path}?limit={limit}")),
                _ => served.post(&format!("/api/v1{path}"), &json!({"limit": limit})),
            };
            assert_eq!(status, expected, "{method} {path} {limit}: {answer}");
            if expected == 400 {
                let text = format!("limit is {limit}, and an answer has from 1 to {max} items");
                assert_eq!(answer["error"], text, "{method} {path}");
                assert!(answer["hint"].as_str().unwrap().contains("next page"));
            }
        }
    }
}

/// The items of all pages; `between` is told which page was read.
fn all_pages(served: &Served, path: &str, mut between: impl FnMut(usize)) -> Vec<Value> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for number in 0.. {
        let (status, page) = served.get(&format!("{path}{cursor}"));
        assert_eq!(status, 200, "{page}");
        seen.extend(page["items"].as_array().unwrap().clone());
        between(number);
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    seen
}

#[test]
fn pages_of_values_and_views_cover_all_of_them_once() {
    let served = Served::start();
    let tracker = mltrack::Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let run = tracker.experiment("cats").unwrap().start_run().unwrap();
    for step in 0..5 {
        run.log_text("said", step, format!("word {step}")).unwrap();
    }
    run.finish().unwrap();
    for number in 0..5 {
        let view = json!({"name": format!("view {number}"), "content": {}});
        assert_eq!(served.post("/api/v1/views", &view).0, 201);
    }
    for path in ["/api/v1/runs/@last/values", "/api/v1/views"] {
        let (_, page) = served.get(&format!("{path}?limit=2"));
        assert_eq!(page["total"], 5, "{page}");
        let seen = all_pages(&served, &format!("{path}?limit=2"), |_| {});
        let mut lsns: Vec<u64> = seen
            .iter()
            .map(|item| item["lsn"].as_u64().unwrap())
            .collect();
        lsns.sort_unstable();
        lsns.dedup();
        assert_eq!(lsns.len(), 5, "{path}");
    }
}

#[test]
fn pages_of_operations_have_each_once_whatever_is_done_meanwhile() {
    let served = Served::start();
    let tracker = mltrack::Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let cats = tracker.experiment("cats").unwrap();
    for number in 0..6 {
        cats.set_tag("number", &number.to_string()).unwrap();
    }
    let newest = tracker.operations().limit(1).fetch().unwrap().remove(0);
    tracker.undo(newest.first).apply().unwrap();
    let (_, whole) = served.get("/api/v1/operations?limit=1000");
    assert_eq!(whole["next"], Value::Null);
    for limit in [1, 3, 8, 9] {
        let path = format!("/api/v1/operations?limit={limit}");
        let seen = all_pages(&served, &path, |number| {
            cats.set_tag("later", &number.to_string()).unwrap();
        });
        let seen: Vec<&Value> = seen
            .iter()
            .filter(|item| !item["what"].as_str().unwrap().contains("later"))
            .collect();
        let expected: Vec<&Value> = whole["items"].as_array().unwrap().iter().collect();
        assert_eq!(seen, expected, "{limit}");
        let undone = seen.iter().filter(|item| !item["undone_by"].is_null());
        assert_eq!(undone.count(), 1, "{limit}");
    }
    let (status, error) = served.get("/api/v1/operations?cursor=7");
    assert_eq!((status, &error["code"]), (400, &json!("VALIDATION_ERROR")));
}

#[test]
fn pages_of_a_console_have_each_line_once_also_where_a_record_has_several() {
    let served = Served::start();
    let tracker = mltrack::Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let run = tracker.experiment("cats").unwrap().start_run().unwrap();
    let mut batch = Vec::new();
    for number in 0..12 {
        let sign = if number % 4 == 1 { "match" } else { "line" };
        batch.push(Line {
            level: Level::Info,
            source: String::new(),
            text: format!("{sign} {number}"),
            time: None,
        });
        if number % 3 == 2 {
            run.log_lines(std::mem::take(&mut batch)).unwrap();
        }
    }
    let text = |item: &Value| item["text"].as_str().unwrap().to_owned();
    let whole: Vec<String> = (0..12)
        .map(|number| {
            let sign = if number % 4 == 1 { "match" } else { "line" };
            format!("{sign} {number}")
        })
        .collect();
    let path = "/api/v1/runs/@last/console";
    for limit in [1, 2, 5, 12, 13] {
        let asked = format!("{path}?limit={limit}");
        let mut seen = all_pages(&served, &asked, |_| {
            run.log_line(Level::Info, "later").unwrap();
        });
        seen.retain(|item| item["text"] != "later");
        assert_eq!(seen.iter().map(text).collect::<Vec<_>>(), whole, "{limit}");
    }
    let around = all_pages(
        &served,
        &format!("{path}?grep=match&around=1&limit=1"),
        |_| {},
    );
    let expected: Vec<&str> = [0, 1, 2, 4, 5, 6, 8, 9, 10]
        .iter()
        .map(|at: &usize| whole[*at].as_str())
        .collect();
    assert_eq!(around.iter().map(text).collect::<Vec<_>>(), expected);
    let older = all_pages(
        &served,
        &format!("{path}?grep=(match|line)&newest=true&limit=5"),
        |_| {},
    );
    let mut older: Vec<String> = older.chunks(5).rev().flatten().map(text).collect();
    older.retain(|text| text != "later");
    assert_eq!(older, whole, "the newest page first");
    run.finish().unwrap();
}
