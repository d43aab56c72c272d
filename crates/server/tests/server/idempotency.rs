//! Requests with a key: done once, however often, by however many and over which restarts they are sent.

use mltrack_server::Options;
use serde_json::{Value, json};

use crate::support::Served;

/// Sends a change with a key; the status, whether it was told again, and the answer.
fn send(served: &Served, method: &str, path: &str, key: &str, body: Vec<u8>) -> (u16, bool, Value) {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let kind = match method.as_str() {
        "PUT" => "application/octet-stream",
        _ => "application/json",
    };
    let request = served.http().request(method, served.url(path));
    let request = request.header("idempotency-key", key).body(body);
    let (status, headers, bytes) = served.raw(request.header("content-type", kind));
    let is_again = headers.get("idempotency-replayed").is_some();
    let answer = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    (status, is_again, answer)
}

fn post(served: &Served, path: &str, key: &str, body: &Value) -> (u16, bool, Value) {
    send(served, "POST", path, key, body.to_string().into_bytes())
}

fn run_count(served: &Served) -> u64 {
    served.get("/api/v1/runs").1["total"].as_u64().unwrap()
}

#[test]
fn a_repeated_key_is_answered_like_the_first_time_also_by_the_next_server() {
    let served = Served::start();
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let new = json!({"experiment": "cats", "params": {"lr": 0.1}});
    let first = post(&served, "/api/v1/runs", "k1", &new);
    assert_eq!((first.0, first.1), (201, false), "{}", first.2);
    let again = post(&served, "/api/v1/runs", "k1", &new);
    assert_eq!(again, (201, true, first.2.clone()));
    assert_eq!(run_count(&served), 1);
    let folder = served.stop();
    let served = Served::on(folder, &Options::default());
    assert_eq!(
        post(&served, "/api/v1/runs", "k1", &new),
        (201, true, first.2)
    );
    assert_eq!(run_count(&served), 1);
}

#[test]
fn a_key_that_stands_for_another_request_is_refused() {
    let served = Served::start();
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let new = json!({"experiment": "cats"});
    assert_eq!(post(&served, "/api/v1/runs", "k1", &new).0, 201);
    let other = json!({"experiment": "cats", "name": "other"});
    for (path, body) in [("/api/v1/runs", &other), ("/api/v1/runs?x=1", &new)] {
        let (status, _, error) = post(&served, path, "k1", body);
        assert_eq!((status, &error["code"]), (422, &json!("CONFLICT")));
        assert!(error["hint"].as_str().unwrap().contains("make up a key"));
    }
    for key in ["two words", &"x".repeat(256)] {
        assert_eq!(post(&served, "/api/v1/runs", key, &new).0, 400);
    }
    assert_eq!(run_count(&served), 1);
}

#[test]
fn what_no_route_takes_is_said_whatever_key_comes_with_it() {
    let served = Served::start();
    let cats = json!({"name": "cats"});
    assert_eq!(post(&served, "/api/v1/experiments", "k1", &cats).0, 201);
    let put = send(&served, "PUT", "/api/v1/experiments", "k1", Vec::new());
    assert_eq!((put.0, put.1), (405, false), "{}", put.2);
    let elsewhere = post(&served, "/api/v1/nowhere", "k1", &cats);
    assert_eq!((elsewhere.0, elsewhere.1), (404, false), "{}", elsewhere.2);
}

#[test]
fn what_was_refused_is_tried_again() {
    let served = Served::start();
    let new = json!({"experiment": "cats"});
    assert_eq!(post(&served, "/api/v1/runs", "k1", &new).0, 404);
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let (status, is_again, _) = post(&served, "/api/v1/runs", "k1", &new);
    assert_eq!((status, is_again), (201, false));
}

#[test]
fn many_at_once_with_one_key_do_it_once() {
    let served = Served::start();
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let url = served.url("/api/v1/runs");
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread();
                    let runtime = { runtime }.enable_all().build().unwrap();
                    runtime.block_on(async {
                        let request = reqwest::Client::new().post(&url);
                        let request = request.header("idempotency-key", "k1");
                        let request = request.header("content-type", "application/json");
                        let sent = request.body(r#"{"experiment": "cats"}"#).send().await;
                        let text = sent.unwrap().text().await.unwrap();
                        serde_json::from_str(&text).unwrap()
                    })
                })
            })
            .collect();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap());
        answers.collect()
    });
    assert!(
        answers.iter().all(|answer| answer == &answers[0]),
        "{answers:?}"
    );
    assert!(answers[0]["id"].is_string());
    assert_eq!(run_count(&served), 1);
}

#[test]
fn a_request_whose_end_nobody_knows_is_not_done_again() {
    let served = Served::start();
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let new = json!({"experiment": "cats"});
    assert_eq!(post(&served, "/api/v1/runs", "k1", &new).0, 201);
    // As a server leaves it that is killed before it could note what became of the request.
    let requests = served.folder.path().join(".mltrack/server/requests");
    let file = std::fs::read_dir(requests).unwrap().next().unwrap();
    let path = file.unwrap().path();
    let mut known: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    known["outcome"] = Value::Null;
    std::fs::write(&path, known.to_string()).unwrap();
    let (status, _, error) = post(&served, "/api/v1/runs", "k1", &new);
    assert_eq!((status, &error["code"]), (409, &json!("CONFLICT")));
    assert!(error["error"].as_str().unwrap().contains("not known"));
    assert_eq!(run_count(&served), 1);
}

#[test]
fn an_artifact_is_put_once() {
    let served = Served::start();
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let (_, run) = served.post("/api/v1/runs", &json!({"experiment": "cats"}));
    let path = format!(
        "/api/v1/runs/{}/artifacts?path=a",
        run["id"].as_str().unwrap()
    );
    // Longer than other bodies may be.
    let bytes: Vec<u8> = (0..40_u32 << 18).flat_map(u32::to_le_bytes).collect();
    let first = send(&served, "PUT", &path, "k1", bytes.clone());
    assert_eq!((first.0, first.1), (201, false), "{}", first.2);
    assert_eq!(
        send(&served, "PUT", &path, "k1", bytes),
        (201, true, first.2)
    );
    assert_eq!(send(&served, "PUT", &path, "k1", b"other".to_vec()).0, 422);
}

fn ingest(served: &Served, key: &str, body: String) -> (u16, Vec<Value>) {
    let request = served.http().post(served.url("/api/v1/ingest"));
    let request = request.header("idempotency-key", key);
    let request = request.header("content-type", "application/x-ndjson");
    let (status, _, bytes) = served.raw(request.body(body));
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    let told = lines.map(|line| serde_json::from_slice(line).unwrap());
    (status, told.collect())
}

#[test]
fn a_stream_that_is_sent_again_goes_on_where_it_stopped() {
    let served = Served::start();
    served.post("/api/v1/experiments", &json!({"name": "cats"}));
    let (_, run) = served.post("/api/v1/runs", &json!({"experiment": "cats"}));
    let run = run["id"].as_str().unwrap();
    let lines = |count: i64| {
        let line = |step| json!({"run": run, "metric": "loss", "value": step, "step": step});
        let lines: Vec<String> = (0..count).map(|step| line(step).to_string()).collect();
        lines.join("\n") + "\n"
    };
    let points =
        || served.get(&format!("/api/v1/runs/{run}")).1["metrics"]["loss"]["count"].clone();
    let (_, told) = ingest(&served, "k1", lines(12_000));
    assert!(told.iter().all(|told| told["earlier"] == false));
    let (status, again) = ingest(&served, "k1", lines(12_000));
    assert_eq!((status, again.len()), (200, 2), "{again:?}");
    assert_eq!(again[0]["earlier"], true);
    assert_eq!(
        (&again[0]["line"], &again[0]["accepted"]),
        (&json!(12_000), &json!(12_000))
    );
    assert_eq!(
        (&again[1]["accepted"], &again[1]["done"]),
        (&json!(0), &json!(true))
    );
    assert_eq!(points(), 12_000);
    for other in [
        lines(11_999),
        lines(12_001),
        lines(12_000).replace("loss", "lass"),
    ] {
        assert_eq!(ingest(&served, "k1", other).0, 422);
    }
    // As a server leaves it that is killed between two batches, and while it writes one.
    let requests = served.folder.path().join(".mltrack/server/requests");
    let path = std::fs::read_dir(requests)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut known: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    known["outcome"]["dealt"]["done"] = json!(false);
    std::fs::write(&path, known.to_string()).unwrap();
    let (_, further) = ingest(&served, "k1", lines(12_500));
    assert_eq!(further.last().unwrap()["line"], 12_500, "{further:?}");
    assert_eq!(points(), 12_500);
    let mut known: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let mut dealt = known["outcome"]["dealt"].clone();
    known["outcome"]["begun"] = dealt.clone();
    dealt["line"] = json!(12_000);
    known["outcome"]["begun"]["done"] = json!(false);
    known["outcome"]["dealt"] = dealt;
    std::fs::write(&path, known.to_string()).unwrap();
    let (_, doubtful) = ingest(&served, "k1", lines(12_500));
    let error = doubtful[0]["errors"][0]["error"].as_str().unwrap();
    assert!(error.contains("12001 to 12500"), "{error}");
    assert_eq!(points(), 12_500);
}
