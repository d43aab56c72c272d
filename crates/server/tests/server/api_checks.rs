//! Stored bytes as `/api/v1` proves them, artifacts as it removes them, and how far the tables are behind the log.

use mltrack::Tracker;
use serde_json::{Value, json};

use crate::support::Served;

fn put(served: &Served, path: &str, body: &'static str) -> Value {
    let put = served.http().put(served.url(path));
    let put = put.header("content-type", "application/octet-stream");
    let (status, made) = served.send(put.body(body));
    assert_eq!(status, 201, "{made}");
    made
}

fn delete(served: &Served, path: &str) -> (u16, Value) {
    served.send(served.http().delete(served.url(path)))
}

/// A run, and the id of its artifact `model.bin` of ten bytes.
fn with_artifact(served: &Served) -> (String, String) {
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let (_, run) = served.post("/api/v1/runs", &json!({"experiment": "cats"}));
    let run = run["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/runs/{run}/artifacts?path=model.bin");
    let made = put(served, &path, "0123456789");
    (run, made["id"].as_str().unwrap().to_owned())
}

/// Breaks the file below a folder that the hash of what it holds names.
fn break_blob(folder: &std::path::Path, name: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let file = file_named(folder, name).expect("its hash names the file of a content");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&file, bytes).unwrap();
}

fn file_named(folder: &std::path::Path, name: &str) -> Option<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    entries.flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return file_named(&path, name);
        }
        let text = path.to_str()?.replace('/', "");
        text.contains(name).then_some(path)
    })
}

#[test]
fn a_check_of_a_version_of_a_dataset_names_the_damaged_file_and_is_remembered() {
    let served = Served::start();
    served.post("/api/v1/datasets", &json!({"name": "digits"}));
    let versions = "/api/v1/datasets/digits/versions";
    let files = json!({"files": {"rows.csv": "x\n1\n", "more.csv": "x\n22\n"}});
    assert_eq!(served.post(versions, &files).0, 201);
    let check = format!("{versions}/1/check");
    let none = json!({"last": null, "running": null});
    assert_eq!(served.get(&check), (200, none));

    let (status, found) = served.post(&check, &json!(null));
    assert_eq!(status, 200, "{found}");
    assert_eq!(found["sound"], json!(true), "{found}");
    // Both files, and the list of them.
    assert_eq!(found["files"], json!(3), "{found}");
    // Whatever selects the version, the result is that of the version.
    let latest = format!("{versions}/latest/check");
    assert_eq!(served.get(&latest).1["last"], found);

    let (_, kept) = served.get("/api/v1/datasets/digits/files");
    let mut files = kept["items"].as_array().unwrap().iter();
    let file = files.find(|file| file["path"] == "more.csv");
    let blob = file.unwrap()["blake3"].as_str().unwrap().to_owned();
    let blob = blob.rsplit(':').next().unwrap();
    break_blob(&served.folder.path().join(".mltrack"), blob);
    let (_, found) = served.post(&check, &json!(null));
    assert_eq!(found["sound"], json!(false), "{found}");
    assert_eq!(found["damages_total"], json!(1), "{found}");
    let damage = found["damages"][0].as_str().unwrap();
    assert!(
        damage.starts_with("dataset digits@v1, more.csv: "),
        "{damage}"
    );
    assert_eq!(served.get(&check).1["last"], found);
}

#[test]
fn a_version_that_is_only_pointed_to_cannot_be_checked_and_says_so() {
    let served = Served::start();
    for kind in ["datasets", "models"] {
        served.post(&format!("/api/v1/{kind}"), &json!({"name": "far"}));
        let versions = format!("/api/v1/{kind}/far/versions");
        let far = if kind == "models" {
            json!({"source": "s3://data/net"})
        } else {
            json!({"source": "s3://data/rows", "digest": "sha256:ab"})
        };
        let (status, made) = served.post(&versions, &far);
        assert_eq!(status, 201, "{made}");
        let check = format!("{versions}/1/check");
        let (status, error) = served.post(&check, &json!(null));
        assert_eq!((status, &error["code"]), (409, &json!("INVALID_STATE")));
        assert!(error["error"].to_string().contains("s3://data/"), "{error}");
        assert_eq!(served.get(&check).1["running"], Value::Null);
        let none = format!("{versions}/7/check");
        assert_eq!(
            (served.post(&none, &json!(null)).0, served.get(&none).0),
            (404, 404)
        );
    }
}

#[test]
fn a_check_of_a_version_of_a_model_reads_its_artifacts_too() {
    let served = Served::start();
    let (_, artifact) = with_artifact(&served);
    served.post("/api/v1/models", &json!({"name": "net"}));
    let versions = "/api/v1/models/net/versions";
    let (status, made) = served.post(versions, &json!({"artifacts": [artifact]}));
    assert_eq!(status, 201, "{made}");
    let check = format!("{versions}/1/check");
    let (status, found) = served.post(&check, &json!(null));
    assert_eq!((status, &found["sound"]), (200, &json!(true)), "{found}");
    assert_eq!((&found["files"], &found["bytes"]), (&json!(1), &json!(10)));
    let (_, known) = served.get(&format!("/api/v1/artifacts/{artifact}"));
    let blob = known["blake3"].as_str().unwrap().rsplit(':').next();
    break_blob(&served.folder.path().join(".mltrack"), blob.unwrap());
    let (_, found) = served.post(&check, &json!(null));
    assert_eq!(found["sound"], json!(false), "{found}");
}

#[test]
fn an_artifact_is_removed_restored_and_an_undo_takes_either_back() {
    let served = Served::start();
    let (run, id) = with_artifact(&served);
    let path = format!("/api/v1/artifacts/{id}");
    let listed = || served.get(&format!("/api/v1/runs/{run}/artifacts")).1["total"].clone();
    let (status, dry) = delete(&served, &format!("{path}?dry_run=true"));
    assert_eq!((status, &dry["what"]), (200, &json!("model.bin@v1")));
    assert_eq!((listed(), &dry["lsn"]), (json!(1), &Value::Null));

    let (status, removed) = delete(&served, &path);
    assert_eq!(status, 200, "{removed}");
    assert_eq!(listed(), json!(0));
    assert!(served.get(&path).1["removed"].is_string());
    let (status, twice) = delete(&served, &path);
    assert_eq!((status, &twice["code"]), (409, &json!("INVALID_STATE")));
    let (status, undone) = served.post("/api/v1/undo", &json!({"lsn": removed["lsn"]}));
    assert_eq!(status, 200, "{undone}");
    assert_eq!(
        (listed(), &served.get(&path).1["removed"]),
        (json!(1), &Value::Null)
    );

    delete(&served, &path);
    let (status, back) = served.post(&format!("{path}/restore"), &json!({}));
    assert_eq!((status, &back["removed"]), (200, &Value::Null), "{back}");
    assert_eq!(listed(), json!(1));
    let (status, again) = served.post(&format!("{path}/restore"), &json!({}));
    assert_eq!((status, &again["code"]), (409, &json!("INVALID_STATE")));
    assert_eq!(delete(&served, "/api/v1/artifacts/x").0, 400);
}

#[test]
fn an_artifact_that_a_model_is_made_of_is_not_removed() {
    let served = Served::start();
    let (_, artifact) = with_artifact(&served);
    served.post("/api/v1/models", &json!({"name": "net"}));
    served.post(
        "/api/v1/models/net/versions",
        &json!({"artifacts": [artifact]}),
    );
    let (status, error) = delete(&served, &format!("/api/v1/artifacts/{artifact}"));
    assert_eq!((status, &error["code"]), (409, &json!("INVALID_STATE")));
    assert!(error["error"].to_string().contains("net"), "{error}");
}

#[test]
fn asking_how_far_the_tables_are_behind_lets_them_take_in_the_rest() {
    let served = Served::start();
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    for number in 0..3 {
        let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
        run.log_metric("loss", f64::from(number)).unwrap();
        run.finish().unwrap();
        let end = tracker.next_lsn().unwrap().unwrap().get() - 1;
        let (status, log) = served.get("/api/v1/log");
        assert_eq!((status, &log["lsn"]), (200, &json!(end)), "{log}");
        let lag = log["index_lag"].as_u64().unwrap();
        assert_eq!(log["index_lsn"], json!(end - lag), "{log}");
        // Only a machine that does next to nothing for a second leaves something.
        while served.get("/api/v1/log").1["index_lag"] != json!(0) {}
    }
}
