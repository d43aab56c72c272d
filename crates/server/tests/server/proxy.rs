//! The artifact proxy: files put, read in parts, listed and removed by requests, with the library on the other side.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use mltrack::{Run, RunId, Tracker};
use mltrack_server::Options;
use serde_json::json;

use crate::support::Served;

pub const PROXY: &str = "/api/2.0/mlflow-artifacts/artifacts";

/// A server, the same store opened beside it, and a run that has not ended.
pub struct Stage {
    pub served: Served,
    pub tracker: Tracker,
    pub run: Run,
}

impl Stage {
    pub fn new() -> Stage {
        Stage::over(|builder| builder)
    }

    /// The same, with the server's tracker opened in a way of its own.
    pub fn over(settings: impl FnOnce(mltrack::Builder) -> mltrack::Builder) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".mltrack");
        let of_server = settings(Tracker::builder(&path)).open().unwrap();
        let served = Served::over(folder, of_server, &Options::default());
        // What is captured in the background would be among the artifacts, sooner or later.
        let quiet = Tracker::builder(&path).capture(mltrack::Capture::Off);
        let tracker = quiet.open().unwrap();
        let run = tracker.experiment("vision").unwrap().start_run().unwrap();
        Stage {
            served,
            tracker,
            run,
        }
    }

    pub fn id(&self) -> RunId {
        self.run.id()
    }

    /// The path of a file of the run, for the proxy.
    pub fn path(&self, inside: &str) -> String {
        let experiment = self.tracker.experiment("vision").unwrap().id();
        format!("{experiment}/{}/artifacts/{inside}", self.id())
    }

    pub fn url(&self, inside: &str) -> String {
        self.served.url(&format!("{PROXY}/{}", self.path(inside)))
    }

    pub fn put(&self, inside: &str, bytes: impl Into<Vec<u8>>) -> u16 {
        let request = self.served.http().put(self.url(inside));
        self.served.send(request.body(bytes.into())).0
    }

    pub fn get(&self, inside: &str) -> (u16, Vec<u8>) {
        let (status, _, bytes) = self.served.raw(self.served.http().get(self.url(inside)));
        (status, bytes)
    }

    /// The paths of what the run has.
    pub fn paths(&self) -> Vec<String> {
        let found = self.tracker.artifacts().run(self.id()).fetch().unwrap();
        found.items.into_iter().map(|it| it.path).collect()
    }
}

/// Bytes that do not compress and do not repeat.
pub fn noise(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}

#[test]
fn what_a_client_puts_is_an_artifact_of_the_run_and_comes_back() {
    let stage = Stage::new();
    for (name, bytes) in [
        ("a.txt", b"hello".to_vec()),
        ("empty", Vec::new()),
        ("ckpt/big.bin", noise(9 << 20)),
    ] {
        assert_eq!(stage.put(name, bytes.clone()), 200, "{name}");
        assert_eq!(stage.get(name), (200, bytes.clone()), "{name}");
        let artifact = stage.tracker.artifact(stage.id(), name).unwrap();
        assert_eq!(stage.tracker.artifact_bytes(&artifact).unwrap(), bytes);
    }
    assert_eq!(stage.paths(), ["a.txt", "ckpt/big.bin", "empty"]);
}

#[test]
fn what_the_library_logs_is_served_and_a_second_put_is_a_second_version() {
    let stage = Stage::new();
    let upload = stage.run.log_artifact_bytes("notes.md", "one").unwrap();
    upload.wait().unwrap();
    assert_eq!(stage.get("notes.md"), (200, b"one".to_vec()));
    assert_eq!(stage.put("notes.md", "two"), 200);
    assert_eq!(stage.get("notes.md"), (200, b"two".to_vec()));
    let newest = stage.tracker.artifact(stage.id(), "notes.md").unwrap();
    assert_eq!(newest.version, 2);
}

#[test]
fn files_go_to_runs_that_have_ended_and_not_to_deleted_ones() {
    let stage = Stage::new();
    stage.tracker.run_summary(stage.id()).unwrap();
    let id = stage.id();
    let path = stage.url("late.txt");
    let Stage {
        served,
        tracker,
        run,
    } = stage;
    run.finish().unwrap();
    assert_eq!(served.send(served.http().put(&path).body("x")).0, 200);
    tracker.delete_run(id).unwrap();
    let (status, answer) = served.send(served.http().put(&path).body("y"));
    assert_eq!(
        (status, &answer["error_code"]),
        (400, &json!("INVALID_PARAMETER_VALUE"))
    );
    let message = answer["message"].as_str().unwrap();
    assert!(
        message.contains("must be in the 'active' state"),
        "{message}"
    );
}

#[test]
fn a_part_of_a_file_can_be_asked_for() {
    let stage = Stage::new();
    let content = noise(6 << 20);
    assert_eq!(stage.put("big.bin", content.clone()), 200);
    let ask = |range: &str| {
        let request = stage.served.http().get(stage.url("big.bin"));
        stage.served.raw(request.header("range", range))
    };
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=1000000-5000000", 1_000_000, 5_000_001),
        ("bytes=6000000-", 6_000_000, 6 << 20),
        ("bytes=-7", (6 << 20) - 7, 6 << 20),
    ] {
        let (status, headers, bytes) = ask(range);
        assert_eq!(status, 206, "{range}");
        let said = headers["content-range"].to_str().unwrap();
        assert_eq!(said, format!("bytes {from}-{}/{}", to - 1, 6 << 20));
        assert_eq!(
            headers["content-length"].to_str().unwrap(),
            (to - from).to_string()
        );
        assert!(bytes == content[from..to], "{range}");
    }
    let (status, headers, _) = ask("bytes=99999999-");
    assert_eq!(
        (status, headers["content-range"].to_str().unwrap()),
        (416, "bytes */6291456")
    );
    assert_eq!(
        ask("bytes=0-1,5-6").0,
        200,
        "several ranges are answered with everything"
    );
}

#[test]
fn a_client_that_has_the_bytes_is_told_so() {
    let stage = Stage::new();
    stage.put("a.txt", "hello");
    let (_, headers, _) = stage
        .served
        .raw(stage.served.http().get(stage.url("a.txt")));
    let tag = headers["etag"].to_str().unwrap().to_owned();
    let again = stage.served.http().get(stage.url("a.txt"));
    let (status, _, bytes) = stage.served.raw(again.header("if-none-match", &tag));
    assert_eq!((status, bytes.len()), (304, 0));
    stage.put("a.txt", "other");
    let again = stage.served.http().get(stage.url("a.txt"));
    assert_eq!(stage.served.raw(again.header("if-none-match", &tag)).0, 200);
    let part = stage.served.http().get(stage.url("a.txt"));
    let part = part.header("range", "bytes=0-1").header("if-range", &tag);
    assert_eq!(
        stage.served.raw(part).2,
        b"other",
        "parts of two versions are not mixed"
    );
}

#[test]
fn bytes_are_never_something_that_a_browser_would_run() {
    let stage = Stage::new();
    for (name, media_type) in [
        ("page.html", "text/html"),
        ("image.svg", "image/svg+xml"),
        ("plot.png", "image/png"),
        ("data", "text/plain"),
    ] {
        stage.put(name, "<script>alert(1)</script>");
        let (_, headers, _) = stage.served.raw(stage.served.http().get(stage.url(name)));
        let said = |header: &str| headers[header].to_str().unwrap();
        assert_eq!(said("content-type"), media_type, "{name}");
        assert_eq!(said("x-content-type-options"), "nosniff");
        assert!(said("content-security-policy").contains("sandbox"));
        let disposition = said("content-disposition");
        assert_eq!(disposition, format!("attachment; filename=\"{name}\""));
    }
}

#[test]
fn folders_are_listed_and_removed_whole() {
    let stage = Stage::new();
    for name in ["m/MLmodel", "m/data/w.bin", "m/data/x.bin", "top.txt"] {
        assert_eq!(stage.put(name, name), 200);
    }
    let list = |path: String| stage.served.get(&format!("{PROXY}?path={path}")).1;
    let inside = list(stage.path("m"));
    let expected = json!({"files": [
        {"path": "MLmodel", "is_dir": false, "file_size": 9},
        {"path": "data", "is_dir": true},
    ]});
    assert_eq!(inside, expected);
    assert_eq!(
        list(stage.path("top.txt")),
        json!({}),
        "a file holds nothing"
    );
    let query = format!("run_id={}&path=m/data", stage.id());
    let (_, of_run) = stage
        .served
        .get(&format!("/api/2.0/mlflow/artifacts/list?{query}"));
    assert_eq!(of_run["files"][1]["path"], "m/data/x.bin");
    assert!(of_run["root_uri"].as_str().unwrap().ends_with("/artifacts"));
    assert_eq!(stage.get("m/data").0, 400, "a folder is no file");
    let removed = stage
        .served
        .send(stage.served.http().delete(stage.url("m")));
    assert_eq!(removed, (200, json!({})));
    assert_eq!(stage.paths(), ["top.txt"]);
    assert_eq!(stage.get("m/MLmodel").0, 404);
    let again = stage
        .served
        .send(stage.served.http().delete(stage.url("m")));
    assert_eq!(again.0, 200, "removing nothing is done");
}

#[test]
fn what_is_too_long_is_refused_with_both_numbers() {
    let stage = Stage::over(|builder| builder.artifact_size_max(1000));
    let request = stage.served.http().put(stage.url("a")).body(noise(1001));
    let (status, answer) = stage.served.send(request);
    assert_eq!(status, 413);
    let message = answer["message"].as_str().unwrap();
    assert!(
        message.contains("1001") && message.contains("1000"),
        "{message}"
    );
    // Nobody said how long this one is.
    let pieces = (0..20).map(|_| Ok::<_, std::io::Error>(vec![1_u8; 100]));
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let request = stage.served.http().put(stage.url("a")).body(body);
    let (status, answer) = stage.served.send(request);
    assert_eq!(status, 413, "{answer}");
    assert!(
        answer["message"].as_str().unwrap().contains("1000"),
        "{answer}"
    );
    assert_eq!(stage.put("a", noise(1000)), 200);
    assert_eq!(stage.paths(), ["a"]);
}

#[test]
fn an_upload_that_ends_early_leaves_nothing_to_find() {
    let stage = Stage::new();
    let end = stage.tracker.log().unwrap().end().unwrap();
    let content = noise(10 << 20);
    let url = stage.url("half.bin");
    let (address, path) = url.trim_start_matches("http://").split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "PUT /{path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n",
        content.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&content[..7 << 20]).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    // The server closes when it has dealt with it.
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    assert_eq!(stage.get("half.bin").0, 404);
    assert_eq!(stage.paths(), Vec::<String>::new());
    assert_eq!(stage.tracker.log().unwrap().end().unwrap(), end, "no event");
    assert_eq!(
        stage.put("half.bin", content.clone()),
        200,
        "and can be repeated"
    );
    assert_eq!(stage.get("half.bin"), (200, content));
}

#[test]
fn a_page_gets_and_puts_files_by_run_and_path() {
    let stage = Stage::new();
    let put = format!(
        "/ajax-api/2.0/mlflow/upload-artifact?run_uuid={}&path=x/y.txt",
        stage.id()
    );
    let request = stage
        .served
        .http()
        .post(stage.served.url(&put))
        .body("page");
    assert_eq!(stage.served.send(request).0, 200);
    let get = format!("/get-artifact?run_id={}&path=x/y.txt", stage.id());
    let request = stage.served.http().get(stage.served.url(&get));
    assert_eq!(stage.served.raw(request).2, b"page");
    let unknown = "0".repeat(32);
    let (status, answer) = stage
        .served
        .get(&format!("/get-artifact?run_id={unknown}&path=a"));
    assert_eq!(status, 404);
    assert_eq!(
        answer["message"],
        format!("Run with id={unknown} not found")
    );
    for (query, what) in [("path=a", "run_uuid"), ("run_uuid=a", "path")] {
        let url = stage
            .served
            .url(&format!("/ajax-api/2.0/mlflow/upload-artifact?{query}"));
        let (status, answer) = stage.served.send(stage.served.http().post(url).body("x"));
        assert_eq!(status, 400);
        assert_eq!(answer["message"], format!("Request must specify {what}."));
    }
}

#[test]
fn files_that_belong_to_no_run_are_kept_listed_and_removed_too() {
    let stage = Stage::new();
    let http = stage.served.http();
    let url = |path: &str| stage.served.url(&format!("{PROXY}/{path}"));
    let model = "1/models/m-1/artifacts";
    let big = noise(5 << 20);
    for (path, bytes) in [
        (format!("{model}/MLmodel"), b"flavors:".to_vec()),
        (format!("{model}/data/w.bin"), big.clone()),
        (format!("{model}/data/x.bin"), vec![2]),
        ("1/models/m-10/artifacts/MLmodel".to_owned(), vec![3]),
    ] {
        assert_eq!(stage.served.send(http.put(url(&path)).body(bytes)).0, 200);
    }
    let list = |path: &str| stage.served.get(&format!("{PROXY}?path={path}")).1;
    let expected = json!({"files": [
        {"path": "MLmodel", "is_dir": false, "file_size": 8},
        {"path": "data", "is_dir": true},
    ]});
    assert_eq!(list(model), expected);
    let models = list("1/models");
    assert_eq!(models["files"].as_array().unwrap().len(), 2, "{models}");
    let (status, headers, bytes) = stage
        .served
        .raw(http.get(url(&format!("{model}/data/w.bin"))));
    assert!(status == 200 && bytes == big);
    assert_eq!(
        headers["content-disposition"],
        "attachment; filename=\"w.bin\""
    );
    assert_eq!(stage.served.raw(http.get(url(model))).0, 400, "a folder");
    stage.tracker.gc().run().unwrap();
    let again = stage.served.raw(http.get(url(&format!("{model}/MLmodel"))));
    assert_eq!(again.2, b"flavors:", "garbage collection leaves it");
    assert_eq!(stage.served.send(http.delete(url("1/models/m-1"))).0, 200);
    assert_eq!(
        stage
            .served
            .raw(http.get(url(&format!("{model}/MLmodel"))))
            .0,
        404
    );
    assert_eq!(list("1/models")["files"][0]["path"], "m-10");
}
