//! Writing through `/api/v1`: what is answered is in the log, a change can depend on what it is based on, and undo.

use serde_json::{Value, json};

use crate::support::Served;

fn patch(served: &Served, path: &str, tag: Option<&str>, body: &Value) -> (u16, Value) {
    let mut request = reqwest::Client::new().patch(served.url(path));
    request = request.header("content-type", "application/json");
    if let Some(tag) = tag {
        request = request.header("if-match", tag);
    }
    served.send(request.body(body.to_string()))
}

#[test]
fn a_run_is_made_logged_to_ended_and_read_back() {
    let served = Served::start();
    let (status, made) = served.post(
        "/api/v1/experiments",
        &json!({"name": "cats", "goal": {"metric": "acc", "direction": "max"}}),
    );
    assert_eq!((status, &made["name"]), (201, &json!("cats")), "{made}");
    assert_eq!(
        served
            .post("/api/v1/experiments", &json!({"name": "cats"}))
            .0,
        409
    );
    let (status, run) = served.post(
        "/api/v1/runs",
        &json!({"experiment": "cats", "params": {"lr": 0.1}}),
    );
    assert_eq!(status, 201, "{run}");
    let path = format!("/api/v1/runs/{}", run["id"].as_str().unwrap());
    let batch = json!({"points": [{"metric": "acc", "value": 0.5, "step": 1}, {"metric": "acc", "value": "NaN", "step": 2}], "tags": {"team": "vision"}});
    let (status, written) = served.post(&format!("{path}/log"), &batch);
    assert_eq!(status, 200, "{written}");
    assert!(written["lsn"].as_u64().is_some());
    let conflict = json!({"params": {"lr": 0.2}});
    assert_eq!(
        served.post(&format!("{path}/log"), &conflict).1["code"],
        "CONFLICT"
    );
    let (_, ended) = served.post(&format!("{path}/end"), &json!({"state": "failed"}));
    assert_eq!(ended["state"], "failed");
    let (_, run) = served.get(&path);
    assert_eq!(run["metrics"]["acc"]["last"]["value"], "NaN");
    assert_eq!(
        (&run["params"], &run["tags"]["team"]),
        (&json!({"lr": 0.1}), &json!("vision"))
    );
}

#[test]
fn a_change_that_is_based_on_something_older_is_refused() {
    let served = Served::start();
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let (_, run) = served.post("/api/v1/runs", &json!({"experiment": "cats"}));
    let path = format!("/api/v1/runs/{}", run["id"].as_str().unwrap());
    let tag = format!("\"{}\"", run["lsn"]);
    let change = json!({"tags": {"best": "yes"}});
    assert_eq!(patch(&served, &path, Some(&tag), &change).0, 200);
    let (status, error) = patch(&served, &path, Some(&tag), &change);
    assert_eq!((status, &error["code"]), (412, &json!("CONFLICT")));
    let (status, run) = patch(
        &served,
        &path,
        None,
        &json!({"tags": {"best": null}, "note": "done"}),
    );
    assert_eq!(status, 200, "{run}");
    assert_eq!(run["tags"].get("best"), None);
    let (_, notes) = served.get(&format!("{path}/notes"));
    assert_eq!(notes["items"][0]["text"], "done");
}

/// How many operations the store has seen.
fn done(served: &Served) -> usize {
    let (_, page) = served.get("/api/v1/operations?limit=1000");
    page["items"].as_array().unwrap().len()
}

#[test]
fn several_changes_of_a_run_are_made_together_or_not_at_all() {
    let served = Served::start();
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let (_, run) = served.post(
        "/api/v1/runs",
        &json!({"experiment": "cats", "name": "first", "tags": {"old": "x"}}),
    );
    let path = format!("/api/v1/runs/{}", run["id"].as_str().unwrap());
    let told = |of: &Value| (of["name"].clone(), of["tags"].clone());
    for wrong in [
        json!({"name": "second", "tags": {"best": "yes"}, "remove_note": 1}),
        json!({"name": "a\u{7}b", "tags": {"best": "yes"}}),
    ] {
        let (status, error) = patch(&served, &path, None, &wrong);
        assert!(matches!(status, 400 | 404), "{error}");
        assert_eq!(told(&served.get(&path).1), told(&run));
    }
    let before = done(&served);
    let change = json!({"name": "second", "tags": {"best": "yes", "old": null}, "note": "seen"});
    let (status, changed) = patch(&served, &path, None, &change);
    assert_eq!(status, 200, "{changed}");
    assert_eq!(told(&changed), (json!("second"), json!({"best": "yes"})));
    assert_eq!(done(&served), before + 1);
    assert_eq!(served.post("/api/v1/undo", &json!({})).0, 200);
    let (_, back) = served.get(&path);
    assert_eq!(told(&back), told(&run), "one undo takes all of it back");
    let (_, notes) = served.get(&format!("{path}/notes"));
    assert_eq!(notes["items"], json!([]));
    let again = json!({"name": "first"});
    assert_eq!(patch(&served, &path, None, &again).0, 200);
}

#[test]
fn several_changes_of_an_experiment_are_made_together_or_not_at_all() {
    let served = Served::start();
    served.post("/api/v1/experiments", &json!({"name": "dogs"}));
    let (_, made) = served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let path = format!("/api/v1/experiments/{}", made["id"]);
    served.post("/api/v1/runs", &json!({"experiment": "cats"}));
    let told = |of: &Value| {
        let parts = ["name", "owner", "tags", "state"];
        parts.map(|part| of[part].clone())
    };
    let (_, active) = served.get(&path);
    for wrong in [
        json!({"owner": "ada", "tags": {"team": "x"}, "state": "draft"}),
        json!({"owner": "ada", "tags": {"team": "x"}, "state": "active"}),
        json!({"name": "dogs", "tags": {"team": "x"}, "state": "paused"}),
        json!({"name": "lions", "tags": {"team": "x"}, "state": "active"}),
        json!({"owner": "ada", "tags": {"": "x"}, "state": "paused"}),
    ] {
        let (status, error) = patch(&served, &path, None, &wrong);
        assert!(matches!(status, 400 | 409), "{status} {error}");
        assert_eq!(told(&served.get(&path).1), told(&active), "{wrong}");
    }
    let before = done(&served);
    let change = json!({"owner": "ada", "tags": {"team": "x"}, "state": "archived"});
    let (status, changed) = patch(&served, &path, None, &change);
    assert_eq!(status, 200, "{changed}");
    let expected = json!(["cats", "ada", {"team": "x"}, "archived"]);
    assert_eq!(json!(told(&changed)), expected);
    assert_eq!(done(&served), before + 1);
    assert_eq!(served.post("/api/v1/undo", &json!({})).0, 200);
    assert_eq!(told(&served.get(&path).1), told(&active));
    let both = json!({"name": "lions", "state": "paused"});
    let (status, changed) = patch(&served, &path, None, &both);
    assert_eq!(status, 200, "{changed}");
    assert_eq!(
        (&changed["name"], &changed["state"]),
        (&json!("lions"), &json!("paused"))
    );
}

#[test]
fn every_change_of_an_experiment_can_depend_on_what_it_is_based_on() {
    let served = Served::start();
    let (_, made) = served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let path = format!("/api/v1/experiments/{}", made["id"]);
    let old = format!("\"{}\"", made["lsn"]);
    assert_eq!(
        patch(&served, &path, Some(&old), &json!({"owner": "ada"})).0,
        200
    );
    for change in [
        json!({"tags": {"team": "x"}}),
        json!({"state": "archived"}),
        json!({}),
    ] {
        let (status, error) = patch(&served, &path, Some(&old), &change);
        assert_eq!(status, 412, "{change}: {error}");
    }
    assert_eq!(served.get(&path).1["tags"], json!({}));
}

#[test]
fn an_experiment_is_changed_in_whatever_way_only_while_its_tag_is_the_newest() {
    let served = Served::start();
    let (_, made) = served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let path = format!("/api/v1/experiments/{}", made["id"]);
    let old = format!("\"{}\"", made["lsn"]);
    let (_, changed) = patch(&served, &path, Some(&old), &json!({"owner": "ada"}));
    let new = format!("\"{}\"", changed["lsn"]);
    for change in [
        json!({"owner": "bob"}),
        json!({"tags": {"best": "yes"}}),
        json!({"state": "paused"}),
    ] {
        let (status, error) = patch(&served, &path, Some(&old), &change);
        assert_eq!(
            (status, &error["code"]),
            (412, &json!("CONFLICT")),
            "{change}"
        );
    }
    assert_eq!(served.get(&path).1, changed, "nothing was done");
    let (status, tagged) = patch(
        &served,
        &path,
        Some(&new),
        &json!({"tags": {"best": "yes"}}),
    );
    assert_eq!((status, &tagged["tags"]["best"]), (200, &json!("yes")));
    // What cannot be done is known before anything is.
    let change = json!({"tags": {"best": null}, "state": "draft"});
    let (status, error) = patch(&served, &path, None, &change);
    assert_eq!((status, &error["code"]), (409, &json!("INVALID_STATE")));
    assert_eq!(served.get(&path).1, tagged);
}

#[test]
fn a_deletion_is_told_before_it_is_done_and_can_be_undone() {
    let served = Served::start();
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let (_, run) = served.post("/api/v1/runs", &json!({"experiment": "cats"}));
    let path = format!("/api/v1/runs/{}", run["id"].as_str().unwrap());
    let delete = |path: &str| served.send(reqwest::Client::new().delete(served.url(path)));
    assert_eq!(
        delete(&format!("{path}?dry_run=true")).1["lsn"],
        Value::Null
    );
    assert_eq!(served.get(&path).1["deleted"], false);
    let (status, deletion) = delete(&path);
    assert_eq!(status, 200, "{deletion}");
    assert_eq!(served.get(&path).1["deleted"], true);
    let (status, undone) = served.post("/api/v1/undo", &json!({"lsn": deletion["lsn"]}));
    assert_eq!(status, 200, "{undone}");
    assert_eq!(served.get(&path).1["deleted"], false);
}

#[test]
fn an_artifact_is_put_listed_and_read_in_parts() {
    let served = Served::start();
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let (_, run) = served.post("/api/v1/runs", &json!({"experiment": "cats"}));
    let path = format!("/api/v1/runs/{}/artifacts", run["id"].as_str().unwrap());
    let put = reqwest::Client::new().put(served.url(&format!("{path}?path=notes/a.txt")));
    let (status, made) = served.send(
        put.header("content-type", "application/octet-stream")
            .body("0123456789"),
    );
    assert_eq!((status, &made["bytes"]), (201, &json!(10)), "{made}");
    let (_, page) = served.get(&path);
    assert_eq!(page["items"][0], made);
    let bytes = format!("/api/v1/artifacts/{}/bytes", made["id"].as_str().unwrap());
    let part = reqwest::Client::new()
        .get(served.url(&bytes))
        .header("range", "bytes=2-4");
    // The three bytes happen to be a JSON number.
    assert_eq!(served.send(part), (206, json!(234)));
    let beyond = reqwest::Client::new()
        .get(served.url(&bytes))
        .header("range", "bytes=90-");
    let (status, error) = served.send(beyond);
    assert_eq!(
        (status, &error["code"]),
        (416, &json!("VALIDATION_ERROR")),
        "{error}"
    );
}

#[test]
fn a_check_of_an_artifact_tells_damage_and_is_remembered() {
    let served = Served::start();
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let (_, run) = served.post("/api/v1/runs", &json!({"experiment": "cats"}));
    let path = format!("/api/v1/runs/{}/artifacts", run["id"].as_str().unwrap());
    let put = |path: &str, body: &'static str| {
        let put = reqwest::Client::new().put(served.url(path));
        let put = put.header("content-type", "application/octet-stream");
        served.send(put.body(body)).1
    };
    let made = put(&format!("{path}?path=model.bin"), "0123456789");
    let other = put(&format!("{path}?path=other.bin"), "abcdefghij");
    let check = format!("/api/v1/artifacts/{}/check", made["id"].as_str().unwrap());
    let none = json!({"last": null, "running": null});
    assert_eq!(served.get(&check), (200, none));

    let (status, found) = served.post(&check, &json!(null));
    assert_eq!(status, 200, "{found}");
    assert_eq!(
        (&found["sound"], &found["bytes"]),
        (&json!(true), &json!(10))
    );
    assert_eq!(served.get(&check).1["last"], found);

    let blob = made["blake3"].as_str().unwrap();
    let blob = blob.rsplit(':').next().unwrap();
    let file = file_named(&served.folder.path().join(".mltrack/artifacts"), blob);
    let file = file.expect("the bytes of an artifact lie in a file that its hash names");
    make_writable(&file);
    std::fs::write(&file, "0123456780").unwrap();
    let (_, found) = served.post(&check, &json!(null));
    assert_eq!(found["sound"], json!(false), "{found}");
    assert_eq!(found["damages"].as_array().map(Vec::len), Some(1));
    assert_eq!(served.get(&check).1["last"], found);
    let other = format!("/api/v1/artifacts/{}/check", other["id"].as_str().unwrap());
    assert_eq!(served.post(&other, &json!(null)).1["sound"], json!(true));
}

/// The file below a folder whose path, without its separators, ends with a name.
fn file_named(folder: &std::path::Path, name: &str) -> Option<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return file_named(&path, name);
        }
        let text = path.to_str().unwrap().replace('/', "");
        text.contains(name).then_some(path)
    })
}

fn make_writable(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
}
