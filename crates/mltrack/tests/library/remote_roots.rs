//! Artifacts in a bucket of a real S3 server, through the library: what goes wrong there is told by its code, and no
//! event names bytes that are not there. Keys come from the environment, so each case is a process of its own.

use std::path::Path;
use std::process::Command;

use mltrack::{Artifact, Code, Error, Run, Tracker};

use crate::seaweed::{Server, url};

const CASE: &str = "MLTRACK_TEST_REMOTE_CASE";
const STORE: &str = "MLTRACK_TEST_REMOTE_STORE";
const ROOT: &str = "MLTRACK_TEST_REMOTE_ROOT";

/// What a case's process does; nothing when it is run as a test of its own.
#[test]
fn child() {
    let Ok(case) = std::env::var(CASE) else {
        return;
    };
    let (store, root) = (std::env::var(STORE).unwrap(), std::env::var(ROOT).unwrap());
    let tracker = Tracker::builder(store).artifacts(root).open().unwrap();
    let run = tracker.experiment("remote").unwrap().start_run().unwrap();
    match case.as_str() {
        "works" => {
            let artifact = put(&run).unwrap();
            assert_eq!(tracker.artifact_bytes(&artifact).unwrap(), content());
        }
        "refused" => refused(&tracker, &run, Code::Unauthorized),
        "dead" => refused(&tracker, &run, Code::Network),
        other => panic!("no case {other}"),
    }
    run.finish().unwrap();
}

fn content() -> Vec<u8> {
    b"weights".repeat(1000)
}

fn put(run: &Run) -> Result<Artifact, Error> {
    let upload = run.log_artifact_bytes("model.pt", content())?;
    Ok(upload.wait()?.remove(0))
}

fn refused(tracker: &Tracker, run: &Run, code: Code) {
    let error = put(run).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    let logged = tracker.artifacts().run(run.id()).fetch().unwrap();
    assert!(logged.items.is_empty(), "no event names it: {logged:?}");
    assert!(tracker.artifact(run.id(), "model.pt").is_err());
}

/// Runs a case in a process of its own, with these keys.
fn case(name: &str, store: &Path, endpoint: &str, secret: &str) {
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "remote_roots::child", "--nocapture"])
        .env(CASE, name)
        .env(STORE, store)
        .env(ROOT, url(endpoint, "library").to_string())
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{name}: {said}");
}

#[test]
fn a_bucket_keeps_artifacts_and_says_who_may_not_and_when_it_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let mut server = Server::start();
    let endpoint = server.endpoint();
    case("works", &store, &endpoint, "secret");
    case("refused", &store, &endpoint, "wrong");
    server.kill();
    case("dead", &store, &endpoint, "secret");
}
