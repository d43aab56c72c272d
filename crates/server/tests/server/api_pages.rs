//! Pages: every list of `/api/v1` has the same bounds, and says the same when they are passed.

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

#[test]
fn every_list_refuses_a_limit_beyond_its_bounds_and_names_both_numbers() {
    let served = Served::start();
    fill(&served);
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
            .replace("{node}", "exp:resnet");
        assert!(
            !path.contains('{'),
            "{path} names something that the test does not know"
        );
        for (limit, expected) in [(0, 400), (max + 1, 400), (max, 200)] {
            let (status, answer) = match method.as_str() {
                "get" if path == "/search" => {
                    served.get(&format!("/api/v1/search?words=loss&limit={limit}"))
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
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let (status, page) = served.get(&format!("{path}?limit=2{cursor}"));
            assert_eq!((status, &page["total"]), (200, &json!(5)), "{page}");
            seen.extend(page["items"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut lsns: Vec<u64> = seen
            .iter()
            .map(|item| item["lsn"].as_u64().unwrap())
            .collect();
        lsns.sort_unstable();
        lsns.dedup();
        assert_eq!(lsns.len(), 5, "{path}");
    }
}
