//! Views: kept with who made and changed them, and changed only from what was seen.

use serde_json::{Value, json};

use crate::support::Served;

fn put(served: &Served, path: &str, tag: Option<&str>, body: &Value) -> (u16, Value) {
    let mut request = served.http().put(served.url(path));
    request = request.header("content-type", "application/json");
    if let Some(tag) = tag {
        request = request.header("if-match", tag);
    }
    served.send(request.body(body.to_string()))
}

#[test]
fn a_view_is_kept_changed_and_has_a_history() {
    let served = Served::start();
    let new = json!({"name": "best", "content": {"filter": "acc > 0.9", "columns": ["acc"]}});
    let (status, made) = served.post("/api/v1/views", &new);
    assert_eq!((status, &made["content"]), (201, &new["content"]), "{made}");
    let path = format!("/api/v1/views/{}", made["id"].as_str().unwrap());
    let other = json!({"name": "very best", "content": {}});
    let (status, changed) = put(&served, &path, None, &other);
    assert_eq!((status, &changed["name"]), (200, &json!("very best")));
    assert_eq!(changed["earlier"][0]["lsn"], made["lsn"]);
    assert_eq!(changed["author"], made["author"]);
    assert_eq!(served.get(&path).1, changed);
    let (status, then) = served.get(&format!("{path}?at={}", made["lsn"]));
    assert_eq!((status, &then), (200, &made));
    let (_, page) = served.get("/api/v1/views?fields=name");
    assert_eq!(page["items"], json!([{"name": "very best"}]));
    let delete = served.http().delete(served.url(&path));
    let (status, removal) = served.send(delete);
    assert_eq!(status, 200, "{removal}");
    assert_eq!(served.get(&path).0, 404);
    let (status, _) = served.post("/api/v1/undo", &json!({"lsn": removal["lsn"]}));
    assert_eq!((status, served.get(&path).0), (200, 200));
}

#[test]
fn a_view_is_changed_only_from_what_was_seen() {
    let served = Served::start();
    let new = json!({"name": "best", "content": {}});
    let (_, made) = served.post("/api/v1/views", &new);
    let path = format!("/api/v1/views/{}", made["id"].as_str().unwrap());
    let seen = format!("\"{}\"", made["lsn"]);
    assert_eq!(put(&served, &path, Some(&seen), &new).0, 200);
    let (status, error) = put(&served, &path, Some(&seen), &new);
    assert_eq!(
        (status, &error["code"]),
        (412, &json!("CONFLICT")),
        "{error}"
    );
    assert_eq!(put(&served, "/api/v1/views/none", None, &new).0, 404);
    for name in ["", "two\nlines"] {
        let view = json!({"name": name, "content": {}});
        assert_eq!(served.post("/api/v1/views", &view).0, 400, "{name:?}");
    }
}
