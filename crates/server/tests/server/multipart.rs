//! Uploads in parts, and links that are good for one file.

use mltrack::Tracker;
use mltrack_server::Options;
use serde_json::{Value, json};

use crate::proxy::{PROXY, Stage, noise};
use crate::support::Served;

const CALLS: &str = "/api/2.0/mlflow-artifacts/mpu";

/// An upload that was begun: its id and the links of its parts.
struct Begun {
    id: String,
    links: Vec<String>,
}

fn begin(stage: &Stage, count: usize) -> Begun {
    let body = json!({"path": "C:\\mine/big.bin", "num_parts": count});
    let (status, answer) = call(stage, "create", &body);
    assert_eq!(status, 200, "{answer}");
    let credentials = answer["credentials"].as_array().unwrap();
    Begun {
        id: answer["upload_id"].as_str().unwrap().to_owned(),
        links: credentials
            .iter()
            .map(|part| part["url"].as_str().unwrap().to_owned())
            .collect(),
    }
}

fn call(stage: &Stage, what: &str, body: &Value) -> (u16, Value) {
    let folder = stage.path("ckpt");
    stage.served.post(&format!("{CALLS}/{what}/{folder}"), body)
}

fn put(served: &Served, link: &str, bytes: &[u8]) -> (u16, String) {
    let request = served.http().put(link).body(bytes.to_vec());
    let (status, headers, _) = served.raw(request);
    let tag = headers.get("etag").map(|tag| tag.to_str().unwrap());
    (status, tag.unwrap_or_default().to_owned())
}

fn complete(stage: &Stage, id: &str, tags: &[(usize, &str)]) -> (u16, Value) {
    let parts: Vec<Value> = tags
        .iter()
        .map(|(number, tag)| json!({"part_number": number, "etag": tag, "url": "x"}))
        .collect();
    let body = json!({"path": "big.bin", "upload_id": id, "parts": parts});
    call(stage, "complete", &body)
}

fn uploads(stage: &Stage) -> usize {
    let folder = stage.tracker.path().unwrap().join("server/uploads");
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn parts_come_in_any_order_and_again_and_are_one_artifact_when_completed() {
    let stage = Stage::new();
    let content = noise(12 << 20);
    let begun = begin(&stage, 3);
    let parts: Vec<&[u8]> = content.chunks(5 << 20).collect();
    put(&stage.served, &begun.links[1], b"this was cut short");
    let mut tags = vec![String::new(); 3];
    for at in [2, 0, 1] {
        let (status, tag) = put(&stage.served, &begun.links[at], parts[at]);
        assert_eq!(status, 200);
        tags[at] = tag;
    }
    assert_eq!(
        stage.paths(),
        Vec::<String>::new(),
        "nothing before it is complete"
    );
    let told = [(2, &*tags[1]), (1, &*tags[0]), (3, &*tags[2])];
    assert_eq!(complete(&stage, &begun.id, &told), (200, json!({})));
    assert!(stage.get("ckpt/big.bin") == (200, content));
    assert_eq!(uploads(&stage), 0);
    assert_eq!(complete(&stage, &begun.id, &told).0, 404, "it is over");
}

#[test]
fn an_upload_goes_on_after_the_server_was_started_again() {
    let stage = Stage::new();
    let begun = begin(&stage, 2);
    let (_, first) = put(&stage.served, &begun.links[0], b"one");
    let path = stage.tracker.path().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let again = Served::over(folder, Tracker::open(path).unwrap(), &Options::default());
    let target = begun.links[1].split_once("/api/").unwrap().1;
    let (status, second) = put(&again, &again.url(&format!("/api/{target}")), b"two");
    assert_eq!(status, 200);
    assert_eq!(
        complete(&stage, &begun.id, &[(1, &first), (2, &second)]).0,
        200
    );
    assert_eq!(stage.get("ckpt/big.bin"), (200, b"onetwo".to_vec()));
}

#[test]
fn what_is_incomplete_is_told_and_can_be_finished_or_given_up() {
    let stage = Stage::new();
    let begun = begin(&stage, 2);
    let (_, tag) = put(&stage.served, &begun.links[0], b"one");
    for (told, why) in [
        (vec![], "parts"),
        (vec![(1, &*tag)], "parts 1 to 2"),
        (vec![(1, &*tag), (2, "")], "part 2 did not come"),
        (vec![(1, "\"other\""), (2, "")], "part 1 has the tag"),
        (vec![(1, &*tag), (1, &*tag)], "twice"),
    ] {
        let (status, answer) = complete(&stage, &begun.id, &told);
        assert_eq!(status, 400, "{told:?}");
        assert!(
            answer["message"].as_str().unwrap().contains(why),
            "{answer}"
        );
    }
    let elsewhere = json!({"path": "other.bin", "upload_id": begun.id});
    assert_eq!(call(&stage, "abort", &elsewhere).0, 400);
    let body = json!({"path": "big.bin", "upload_id": begun.id});
    assert_eq!(call(&stage, "abort", &body), (200, json!({})));
    assert_eq!(put(&stage.served, &begun.links[1], b"two").0, 404);
    assert_eq!(uploads(&stage), 0);
    assert_eq!(stage.paths(), Vec::<String>::new());
    for id in ["..", "../..", &"0".repeat(32), "A", ""] {
        let body = json!({"path": "big.bin", "upload_id": id});
        assert!(call(&stage, "abort", &body).0 >= 400, "{id}");
    }
    for count in [0, -1, 10_001] {
        let body = json!({"path": "big.bin", "num_parts": count});
        assert_eq!(call(&stage, "create", &body).0, 400, "{count}");
    }
}

#[test]
fn a_link_lets_in_for_one_file_and_not_for_another() {
    let stage = Stage::new();
    let http = stage.served.http();
    stage.put("a b.txt", "hello");
    stage.put("secret.txt", "secret");
    let body = json!({"run_id": stage.id().to_string(), "path": "a b.txt", "expiration": 60});
    let call = "/api/2.0/mlflow/artifacts/presigned-download-url";
    let (status, answer) = stage.served.post(call, &body);
    assert_eq!((status, &answer["file_size"]), (200, &json!(5)));
    let link = answer["presigned_url"].as_str().unwrap();
    let (status, headers, bytes) = stage
        .served
        .raw(http.get(link).header("range", "bytes=1-2"));
    assert_eq!((status, bytes), (206, b"el".to_vec()));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    for changed in [
        link.replace("a%20b.txt", "secret.txt"),
        link.replace("expires=", "expires=1"),
        link.replace("signature=", "signature=0"),
        link.split('?').next().unwrap().to_owned(),
    ] {
        assert_eq!(stage.served.raw(http.get(&changed)).0, 403, "{changed}");
    }
    assert_eq!(
        put(&stage.served, link, b"x").0,
        403,
        "reading is not writing"
    );
    let of_proxy = format!(
        "/api/2.0/mlflow-artifacts/presigned/{}",
        stage.path("a%20b.txt")
    );
    let (_, answer) = stage.served.get(&of_proxy);
    assert_eq!(
        stage
            .served
            .raw(http.get(answer["url"].as_str().unwrap()))
            .2,
        b"hello"
    );
    for seconds in [0, -5, 604_801] {
        let body = json!({"run_id": stage.id().to_string(), "path": "a", "expiration": seconds});
        assert_eq!(stage.served.post(call, &body).0, 400, "{seconds}");
    }
}

#[test]
fn a_server_that_only_reads_takes_nothing_by_a_link_either() {
    let stage = Stage::new();
    let begun = begin(&stage, 1);
    let path = stage.tracker.path().unwrap().to_owned();
    let options = Options {
        is_read_only: true,
        ..Options::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let reading = Served::over(folder, Tracker::open(path).unwrap(), &options);
    let target = begun.links[0].split_once("/api/").unwrap().1;
    let link = reading.url(&format!("/api/{target}"));
    assert_eq!(put(&reading, &link, b"x").0, 403);
}

#[test]
fn a_link_to_put_makes_an_artifact() {
    let stage = Stage::new();
    let call = "/api/2.0/mlflow/artifacts/presigned-upload-url";
    let body = json!({"run_id": stage.id().to_string(), "path": "up/x.bin"});
    let (status, answer) = stage.served.post(call, &body);
    assert_eq!(status, 200, "{answer}");
    let link = answer["presigned_url"].as_str().unwrap();
    assert_eq!(put(&stage.served, link, b"bytes").0, 200);
    assert_eq!(stage.get("up/x.bin"), (200, b"bytes".to_vec()));
    for body in [
        json!({"path": "x"}),
        json!({"run_id": "a", "model_id": "b", "path": "x"}),
        json!({"run_id": stage.id().to_string(), "path": "../x"}),
        json!({"run_id": stage.id().to_string()}),
    ] {
        assert_eq!(stage.served.post(call, &body).0, 400, "{body}");
    }
}

#[test]
fn the_files_of_a_logged_model_are_served_where_it_says_they_are() {
    let stage = Stage::new();
    let models = stage.tracker.documents("mlflow.logged_model");
    let body = json!({
        "experiment_id": 1, "name": "net", "model_type": "", "source_run_id": "",
        "artifact_uri": "mlflow-artifacts:/1/models/m-1/artifacts",
        "created_ms": 0, "updated_ms": 0, "status": "Ready",
    });
    models.put("m-1", &body.to_string()).unwrap();
    let http = stage.served.http();
    let file = stage
        .served
        .url(&format!("{PROXY}/1/models/m-1/artifacts/data/w.bin"));
    assert_eq!(stage.served.send(http.put(file).body("w")).0, 200);
    let api = "/ajax-api/2.0/mlflow/logged-models";
    let path = format!("{api}/m-1/artifacts/files?artifact_file_path=data/w.bin");
    assert_eq!(stage.served.raw(http.get(stage.served.url(&path))).2, b"w");
    let list = format!("{api}/m-1/artifacts/directories?artifact_directory_path=data");
    let (_, answer) = stage.served.get(&list);
    assert_eq!(answer["files"][0]["path"], "data/w.bin");
    assert_eq!(
        stage
            .served
            .get(&format!("{api}/m-2/artifacts/directories"))
            .0,
        404
    );
    let escaping = format!("{api}/m-1/artifacts/files?artifact_file_path=../../x");
    assert_eq!(stage.served.get(&escaping).0, 400);
    let registered = stage.tracker.model("net").unwrap();
    registered.version().source("models:/m-1").add().unwrap();
    let of_version = "/model-versions/get-artifact?name=net&version=1&path=data/w.bin";
    assert_eq!(
        stage.served.raw(http.get(stage.served.url(of_version))).2,
        b"w"
    );
    let unknown = "/model-versions/get-artifact?name=net&version=2&path=data/w.bin";
    assert_eq!(stage.served.get(unknown).0, 404);
}
