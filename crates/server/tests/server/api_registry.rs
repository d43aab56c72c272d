//! Datasets, models and what depends on what, made and changed through `/api/v1`.

use serde_json::{Value, json};

use crate::support::Served;

/// Sends a call with a body, and what it is based on; the status, the tag of the answer, and the answer.
fn call(
    served: &Served,
    method: &str,
    path: &str,
    tag: &str,
    body: &Value,
) -> (u16, String, Value) {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = served
        .http()
        .request(method, served.url(&format!("/api/v1{path}")));
    if !tag.is_empty() {
        request = request.header("if-match", tag);
    }
    let request = request.header("content-type", "application/json");
    let (status, headers, bytes) = served.raw(request.body(body.to_string()));
    let tag = headers
        .get("etag")
        .map(|tag| tag.to_str().unwrap().to_owned());
    let answer = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    (status, tag.unwrap_or_default(), answer)
}

fn done(served: &Served, method: &str, path: &str, body: &Value) -> Value {
    let (status, _, answer) = call(served, method, path, "", body);
    assert!((200..300).contains(&status), "{method} {path}: {answer}");
    answer
}

/// A run of an experiment `cats`; its id.
fn new_run(served: &Served) -> String {
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let (_, run) = served.post("/api/v1/runs", &json!({"experiment": "cats"}));
    run["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_dataset_is_made_gets_versions_and_is_changed() {
    let served = Served::start();
    let new = json!({"name": "digits", "description": "pens", "tags": {"kind": "images"}});
    done(&served, "POST", "/datasets", &new);
    assert_eq!(call(&served, "POST", "/datasets", "", &new).0, 409);
    let first = json!({"files": {"rows.csv": "x\n1\n"}, "version": "1.0.0", "rows": 1});
    let added = done(&served, "POST", "/datasets/digits/versions", &first);
    assert_eq!((&added["number"], &added["bytes"]), (&json!(1), &json!(4)));
    let same = json!({"files": {"rows.csv": "x\n1\n"}});
    let (status, _, again) = call(&served, "POST", "/datasets/digits/versions", "", &same);
    assert_eq!((status, &again["number"]), (200, &json!(1)), "{again}");
    let second = json!({"source": "s3://data/rows.csv", "digest": "sha256:ab", "bump": "minor", "parents": ["digits@v1"]});
    let added = done(&served, "POST", "/datasets/digits/versions", &second);
    assert_eq!(added["version"], "1.1.0");
    assert_eq!(added["parents"][0]["number"], 1);
    let change = json!({"tags": {"gold": ""}});
    done(&served, "PATCH", "/datasets/digits/versions/2", &change);
    let (_, found) = served.get("/api/v1/datasets/digits@gold");
    assert_eq!(found["picked"], 2);
    done(
        &served,
        "DELETE",
        "/datasets/digits/versions/latest?dry_run=true",
        &json!({}),
    );
    assert_eq!(served.get("/api/v1/datasets/digits@latest").1["picked"], 2);
    done(
        &served,
        "DELETE",
        "/datasets/digits/versions/latest",
        &json!({}),
    );
    assert_eq!(served.get("/api/v1/datasets/digits@latest").1["picked"], 1);
    let whole = done(
        &served,
        "POST",
        "/datasets/digits/versions/2/restore",
        &json!({}),
    );
    assert_eq!(whole["versions"][1]["removed"], false);
    done(&served, "DELETE", "/datasets/digits", &json!({}));
    assert_eq!(served.get("/api/v1/datasets/digits").0, 404);
    let whole = done(&served, "POST", "/datasets/digits/restore", &json!({}));
    assert_eq!(whole["description"], "pens");
    for (body, word) in [
        (json!({"digest": "sha256:ab"}), "source"),
        (
            json!({"files": {"a": "b"}, "version": "2.0.0", "bump": "major"}),
            "bump",
        ),
        (json!({"files": {"../a": "b"}}), "../a"),
    ] {
        let (status, _, error) = call(&served, "POST", "/datasets/digits/versions", "", &body);
        assert_eq!(status, 400, "{error}");
        assert!(error["error"].as_str().unwrap().contains(word), "{error}");
    }
}

#[test]
fn a_change_of_a_dataset_or_a_model_can_depend_on_what_was_seen() {
    let served = Served::start();
    for kind in ["datasets", "models"] {
        done(
            &served,
            "POST",
            &format!("/{kind}"),
            &json!({"name": "digits"}),
        );
        let path = format!("/{kind}/digits");
        let (_, seen, _) = call(&served, "GET", &path, "", &json!({}));
        let change = json!({"description": "pens", "tags": {"a": "b"}});
        let (status, newer, _) = call(&served, "PATCH", &path, &seen, &change);
        assert_eq!(status, 200);
        assert_ne!(newer, seen);
        let (status, _, error) = call(&served, "PATCH", &path, &seen, &change);
        assert_eq!((status, &error["code"]), (412, &json!("CONFLICT")));
        let other = json!({"name": "letters", "tags": {"a": null}});
        let (status, newest, whole) = call(&served, "PATCH", &path, &newer, &other);
        assert_eq!((status, &whole["tags"]), (200, &json!({})), "{whole}");
        let path = format!("/{kind}/letters");
        assert_eq!(call(&served, "GET", &path, "", &json!({})).1, newest);
        assert_eq!(call(&served, "PATCH", &path, "*", &change).0, 200);
    }
}

#[test]
fn a_model_has_versions_stages_and_aliases() {
    let served = Served::start();
    let run = new_run(&served);
    done(&served, "POST", "/models", &json!({"name": "net"}));
    for number in 1..=2 {
        let new = json!({"source": format!("s3://models/{number}"), "run": run, "signature": {"inputs": []}, "tags": {"size": "small"}});
        let added = done(&served, "POST", "/models/net/versions", &new);
        assert_eq!(added["number"], number);
    }
    let production = json!({"stage": "Production"});
    done(&served, "POST", "/models/net/versions/1/stage", &production);
    let alone = json!({"stage": "Production", "alone": true});
    let whole = done(&served, "POST", "/models/net/versions/2/stage", &alone);
    assert_eq!(whole["versions"][0]["stage"], "Archived");
    assert_eq!(whole["versions"][0]["moves"].as_array().unwrap().len(), 2);
    let (status, seen, _) = call(
        &served,
        "PUT",
        "/models/net/aliases/champion",
        "",
        &json!({"version": 2}),
    );
    assert_eq!(status, 200);
    assert_eq!(served.get("/api/v1/models/net@champion").1["picked"], 2);
    let change = json!({"description": "the best", "version": "2.0.0", "tags": {"size": null}});
    let whole = done(&served, "PATCH", "/models/net/versions/champion", &change);
    let second = &whole["versions"][1];
    assert_eq!(
        (&second["description"], &second["tags"]),
        (&json!("the best"), &json!({}))
    );
    let path = "/models/net/aliases/champion";
    assert_eq!(
        call(&served, "PUT", path, &seen, &json!({"version": 1})).0,
        412
    );
    assert_eq!(
        call(&served, "PUT", path, "", &json!({"version": 9})).0,
        404
    );
    done(&served, "DELETE", path, &json!({}));
    assert_eq!(served.get("/api/v1/models/net@champion").0, 404);
    let (status, _, error) = call(
        &served,
        "POST",
        "/models/net/versions/1/stage",
        "",
        &json!({"stage": "Best"}),
    );
    assert_eq!(status, 400, "{error}");
    let (_, made) = served.get(&format!("/api/v1/runs/{run}/outputs"));
    assert_eq!(made["models"], json!(["net@v1", "net@v2"]));
}

#[test]
fn what_a_run_took_in_and_what_people_link_is_lineage() {
    let served = Served::start();
    let run = new_run(&served);
    done(&served, "POST", "/datasets", &json!({"name": "digits"}));
    let files = json!({"files": {"a": "b"}, "run": run});
    done(&served, "POST", "/datasets/digits/versions", &files);
    let path = format!("/runs/{run}/inputs");
    let used = done(
        &served,
        "POST",
        &path,
        &json!({"dataset": "digits@latest", "split": "test"}),
    );
    assert_eq!(
        (
            &used["datasets"][0]["number"],
            &used["datasets"][0]["split"]
        ),
        (&json!(1), &json!("test"))
    );
    assert_eq!(served.get(&format!("/api/v1{path}")).1, used);
    for body in [json!({}), json!({"dataset": "digits", "model": "net"})] {
        assert_eq!(call(&served, "POST", &path, "", &body).0, 400);
    }
    let (_, made) = served.get(&format!("/api/v1/runs/{run}/outputs"));
    assert_eq!(made["datasets"], json!(["digits@v1"]));
    let (from, to) = ("external:https://example.org/corpus", format!("run:{run}"));
    let link = json!({"from": from, "to": to, "kind": "uses_dataset"});
    assert_eq!(done(&served, "POST", "/links", &link)["changed"], true);
    assert_eq!(done(&served, "POST", "/links", &link)["changed"], false);
    let (_, page) = served.get("/api/v1/links");
    assert_eq!(
        (&page["total"], &page["items"][0]["from"]),
        (&json!(1), &json!(from))
    );
    let (_, graph) = served.get(&format!("/api/v1/lineage/{to}?direction=up"));
    let nodes = graph["nodes"].as_array().unwrap();
    assert!(nodes.iter().any(|node| node["node"] == from), "{graph}");
    let query = format!("/links?from={from}&to={to}&kind=uses_dataset");
    assert_eq!(done(&served, "DELETE", &query, &json!({}))["changed"], true);
    assert_eq!(served.get("/api/v1/links").1["total"], 0);
}
