//! Webhooks: what their receivers get, and when.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use mltrack::Tracker;
use mltrack_server::Options;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::Served;

const BASE: &str = "/api/2.0/mlflow";
/// Nothing here takes as long: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request as it arrived.
struct Arrived {
    headers: HeaderMap,
    body: String,
}

impl Arrived {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

type Script = Arc<Mutex<VecDeque<StatusCode>>>;

/// A server that takes deliveries and answers what it is told to, else 200.
struct Target {
    address: SocketAddr,
    arrived: Receiver<Arrived>,
    script: Script,
    /// Its threads end with it.
    _runtime: Runtime,
}

async fn take(
    State((sender, script)): State<(Sender<Arrived>, Script)>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1], &'static str) {
    let body = String::from_utf8(body.to_vec()).unwrap();
    // A test that has what it wants listens no more.
    let _ = sender.send(Arrived { headers, body });
    let status = script.lock().unwrap().pop_front().unwrap_or(StatusCode::OK);
    (status, [("location", "/elsewhere")], "taken")
}

impl Target {
    fn start() -> Target {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let (sender, arrived) = channel();
        let script = Script::default();
        let state = (sender, Arc::clone(&script));
        let router = Router::new()
            .route("/{*path}", post(take))
            .with_state(state);
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Target {
            address,
            arrived,
            script,
            _runtime: runtime,
        }
    }

    fn answers(&self, statuses: &[u16]) {
        let statuses = statuses
            .iter()
            .map(|status| StatusCode::from_u16(*status).unwrap());
        self.script.lock().unwrap().extend(statuses);
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    fn next(&self) -> Arrived {
        self.arrived
            .recv_timeout(PATIENCE)
            .expect("a delivery arrives")
    }
}

fn open() -> Options {
    Options {
        webhook_allow_private: true,
        ..Options::default()
    }
}

fn send(served: &Served, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let http = reqwest::Client::new();
    let request = http.request(
        method.parse().unwrap(),
        served.url(&format!("{BASE}/{path}")),
    );
    let request = request.header("content-type", "application/json");
    served.send(request.body(body.to_string()))
}

/// Makes a webhook and answers it.
fn hook(served: &Served, url: &str, events: &[(&str, &str)], more: &Value) -> Value {
    let events: Vec<Value> = events
        .iter()
        .map(|(entity, action)| json!({"entity": entity, "action": action}))
        .collect();
    let mut body = json!({"name": "hook", "url": url, "events": events});
    for (key, value) in more.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    let (status, answer) = send(served, "POST", "webhooks", &body);
    assert_eq!(status, 200, "{answer}");
    answer["webhook"].clone()
}

fn tracker(served: &Served) -> Tracker {
    Tracker::open(served.folder.path().join(".mltrack")).unwrap()
}

const MODELS: &[(&str, &str)] = &[
    ("REGISTERED_MODEL", "CREATED"),
    ("MODEL_VERSION", "CREATED"),
];

#[test]
fn a_delivery_is_signed_and_tells_what_happened() {
    let (served, target) = (Served::start_with(&open()), Target::start());
    hook(&served, &target.url(), MODELS, &json!({"secret": "hush"}));
    let tags = json!([{"key": "team", "value": "a"}]);
    let body = json!({"name": "m", "description": "d", "tags": tags});
    assert_eq!(
        send(&served, "POST", "registered-models/create", &body).0,
        200
    );
    let arrived = target.next();
    let told = arrived.json();
    assert_eq!(
        (&told["entity"], &told["action"]),
        (&json!("registered_model"), &json!("created"))
    );
    assert_eq!(
        told["data"],
        json!({"name": "m", "tags": {"team": "a"}, "description": "d"})
    );
    assert!(told["timestamp"].as_str().unwrap().ends_with("+00:00"));
    let (id, time) = (
        arrived.header("x-mlflow-delivery-id"),
        arrived.header("x-mlflow-timestamp"),
    );
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"hush").unwrap();
    mac.update(format!("{id}.{time}.{}", arrived.body).as_bytes());
    let expected = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(
        arrived.header("x-mlflow-signature"),
        format!("v1,{expected}")
    );
    let source = json!({"name": "m", "source": "s3://models/m", "description": "first"});
    assert_eq!(
        send(&served, "POST", "model-versions/create", &source).0,
        200
    );
    let data = target.next().json()["data"].clone();
    let expected = json!({
        "name": "m", "version": "1", "source": "s3://models/m", "run_id": null, "tags": {}, "description": "first",
    });
    assert_eq!(data, expected);
    let log = std::fs::read(served.folder.path().join(".mltrack/server/secrets.json")).unwrap();
    assert!(String::from_utf8(log).unwrap().contains("hush"));
}

/// What the next delivery, of a hook without a secret, tells.
fn kind_and_data(target: &Target) -> (String, Value) {
    let arrived = target.next();
    assert_eq!(
        arrived.header("x-mlflow-signature"),
        "",
        "there is no secret"
    );
    let told = arrived.json();
    let kind = format!(
        "{}.{}",
        told["entity"].as_str().unwrap(),
        told["action"].as_str().unwrap()
    );
    (kind, told["data"].clone())
}

#[test]
fn what_the_library_does_is_told_like_what_is_done_over_the_wire() {
    let (served, target) = (Served::start_with(&open()), Target::start());
    let events = [
        ("MODEL_VERSION_TAG", "SET"),
        ("MODEL_VERSION_TAG", "DELETED"),
        ("MODEL_VERSION_ALIAS", "CREATED"),
        ("MODEL_VERSION_ALIAS", "DELETED"),
    ];
    hook(&served, &target.url(), &events, &json!({}));
    let tracker = tracker(&served);
    let told = || kind_and_data(&target);
    let model = tracker.model("m").unwrap();
    let version = model.version().source("s3://models/m").add().unwrap();
    version.tag(&[("gold".into(), "yes".into())], &[]).unwrap();
    let data = json!({"name": "m", "version": "1", "key": "gold", "value": "yes"});
    assert_eq!(told(), ("model_version_tag.set".to_owned(), data));
    version.tag(&[], &["gold".into()]).unwrap();
    let data = json!({"name": "m", "version": "1", "key": "gold"});
    assert_eq!(told(), ("model_version_tag.deleted".to_owned(), data));
    model.set_alias("prod", 1).unwrap();
    let data = json!({"name": "m", "alias": "prod", "version": "1"});
    assert_eq!(told(), ("model_version_alias.created".to_owned(), data));
    model.remove_alias("prod").unwrap();
    let data = json!({"name": "m", "alias": "prod"});
    assert_eq!(told(), ("model_version_alias.deleted".to_owned(), data));
}

#[test]
fn what_the_library_does_to_prompts_is_told_in_the_words_of_prompts() {
    let (served, target) = (Served::start_with(&open()), Target::start());
    let events = [
        ("PROMPT", "CREATED"),
        ("PROMPT_VERSION", "CREATED"),
        ("PROMPT_TAG", "SET"),
    ];
    hook(&served, &target.url(), &events, &json!({}));
    let tracker = tracker(&served);
    let told = || kind_and_data(&target);
    let prompt = tracker
        .new_model("p")
        .tag("mlflow.prompt.is_prompt", "true")
        .create()
        .unwrap();
    assert_eq!(
        told().1,
        json!({"name": "p", "tags": {}, "description": ""})
    );
    let new = prompt
        .version()
        .source("dummy-source")
        .note("mlflow.prompt.is_prompt", "true");
    new.note("mlflow.prompt.text", "Hi {{x}}")
        .note("a", "b")
        .add()
        .unwrap();
    let data = json!({
        "name": "p", "version": "1", "template": "Hi {{x}}", "tags": {"a": "b"}, "description": null,
    });
    assert_eq!(told(), ("prompt_version.created".to_owned(), data));
    prompt.tag(&[("k".into(), "v".into())], &[]).unwrap();
    assert_eq!(
        told(),
        (
            "prompt_tag.set".to_owned(),
            json!({"name": "p", "key": "k", "value": "v"})
        )
    );
}

#[test]
fn a_receiver_that_fails_is_tried_again_with_the_same_delivery() {
    let (served, target) = (Served::start_with(&open()), Target::start());
    hook(&served, &target.url(), MODELS, &json!({}));
    target.answers(&[500, 429]);
    tracker(&served).model("m").unwrap();
    let first = target.next();
    for _ in 0..2 {
        let again = target.next();
        assert_eq!(again.body, first.body);
        let id = |arrived: &Arrived| arrived.header("x-mlflow-delivery-id").to_owned();
        assert_eq!(id(&again), id(&first));
    }
    target.answers(&[302]);
    tracker(&served).model("n").unwrap();
    assert_eq!(target.next().json()["data"]["name"], "n");
    tracker(&served).model("o").unwrap();
    assert_eq!(
        target.next().json()["data"]["name"],
        "o",
        "nobody was followed elsewhere"
    );
}

#[test]
fn what_happened_while_no_server_ran_is_told_by_the_next() {
    let target = Target::start();
    let served = Served::start_with(&open());
    hook(&served, &target.url(), MODELS, &json!({}));
    tracker(&served).model("before").unwrap();
    assert_eq!(target.next().json()["data"]["name"], "before");
    let folder = served.stop();
    let tracker = Tracker::open(folder.path().join(".mltrack")).unwrap();
    tracker.model("between").unwrap();
    let served = Served::on(folder, &open());
    // What was told just before the stop may be told once more.
    let next_but = |known: &str| loop {
        let name = target.next().json()["data"]["name"]
            .as_str()
            .unwrap()
            .to_owned();
        if name != known {
            return name;
        }
    };
    assert_eq!(next_but("before"), "between");
    tracker.model("after").unwrap();
    assert_eq!(next_but("before"), "after");
    drop(served);
}

#[test]
fn private_places_are_refused_unless_the_host_allows_them() {
    let served = Served::start();
    let create = |url: &str| {
        let events = json!([{"entity": "PROMPT", "action": "CREATED"}]);
        let body = json!({"name": "hook", "url": url, "events": events});
        let (status, answer) = send(&served, "POST", "webhooks", &body);
        assert_eq!(
            (status, &answer["error_code"]),
            (400, &json!("INVALID_PARAMETER_VALUE")),
            "{url}"
        );
        answer["message"].as_str().unwrap().to_owned()
    };
    for url in [
        "https://127.0.0.1/x",
        "https://[::1]/",
        "https://169.254.169.254/",
        "https://localhost/",
    ] {
        assert!(
            create(url).starts_with("Webhook URL must not resolve to a non-public IP address."),
            "{url}"
        );
    }
    let text = "Invalid webhook URL scheme: 'http'. Allowed schemes are: https.";
    assert_eq!(create("http://1.1.1.1/"), text);
    // A webhook that was allowed once is not sent by a host that does not allow it.
    drop(served);
    let target = Target::start();
    let served = Served::start_with(&open());
    let made = hook(&served, &target.url(), MODELS, &json!({}));
    let served = Served::on(served.stop(), &Options::default());
    let path = format!("webhooks/{}/test", made["webhook_id"].as_str().unwrap());
    let result = send(&served, "POST", &path, &json!({})).1["result"].clone();
    assert_eq!(result["success"], false);
    assert!(
        result["error_message"]
            .as_str()
            .unwrap()
            .contains("Allowed schemes are: https.")
    );
}

#[test]
fn a_webhook_is_shown_changed_tried_out_listed_and_removed() {
    let (served, target) = (Served::start_with(&open()), Target::start());
    let more = json!({"secret": "hush", "description": "d"});
    let made = hook(&served, &target.url(), MODELS, &more);
    let id = made["webhook_id"].as_str().unwrap().to_owned();
    assert_eq!(made["status"], "ACTIVE");
    assert_eq!(
        made["events"][1],
        json!({"entity": "MODEL_VERSION", "action": "CREATED"})
    );
    assert!(!made.to_string().contains("hush"));
    let (_, shown) = served.get(&format!("{BASE}/webhooks/{id}"));
    assert_eq!(shown["webhook"], made);
    let path = format!("webhooks/{id}");
    let body = json!({"status": "DISABLED", "name": "other", "description": ""});
    let (_, changed) = send(&served, "PATCH", &path, &body);
    assert_eq!(
        (&changed["webhook"]["status"], &changed["webhook"]["name"]),
        (&json!("DISABLED"), &json!("other"))
    );
    assert!(changed["webhook"].get("description").is_none());
    assert_eq!(changed["webhook"]["events"], made["events"]);
    target.answers(&[418]);
    let event = json!({"event": {"entity": "MODEL_VERSION", "action": "CREATED"}});
    let (_, tried) = send(&served, "POST", &format!("{path}/test"), &event);
    let expected = json!({"success": false, "response_status": 418, "response_body": "taken"});
    assert_eq!(tried["result"], expected);
    let arrived = target.next();
    assert!(arrived.header("x-mlflow-signature").starts_with("v1,"));
    assert_eq!(arrived.json()["data"]["version"], "1");
    let second = hook(&served, &target.url(), &[("PROMPT", "CREATED")], &json!({}));
    let (_, page) = served.get(&format!("{BASE}/webhooks?max_results=1"));
    assert_eq!(
        page["webhooks"][0]["webhook_id"], second["webhook_id"],
        "the last one first"
    );
    let token = page["next_page_token"].as_str().unwrap();
    let (_, page) = served.get(&format!("{BASE}/webhooks?max_results=1&page_token={token}"));
    assert_eq!(page["webhooks"][0]["webhook_id"], id.as_str());
    assert!(page.get("next_page_token").is_none());
    assert_eq!(send(&served, "DELETE", &path, &json!({})).0, 200);
    let (status, gone) = served.get(&format!("{BASE}/webhooks/{id}"));
    assert_eq!(status, 404);
    assert_eq!(gone["message"], format!("Webhook with ID {id} not found."));
    assert_eq!(send(&served, "DELETE", &path, &json!({})).0, 404);
}

#[test]
fn what_is_no_webhook_is_refused_in_the_words_of_the_wire() {
    let served = Served::start_with(&open());
    let told = |body: &Value| {
        let (status, answer) = send(&served, "POST", "webhooks", body);
        assert_eq!(status, 400, "{answer}");
        answer["message"].as_str().unwrap().to_owned()
    };
    let event = json!({"entity": "PROMPT", "action": "CREATED"});
    let url = "http://127.0.0.1:9/";
    assert!(told(&json!({"name": "a", "url": url})).contains("required parameter 'events'"));
    assert!(told(&json!({"name": "a", "events": [event]})).contains("required parameter 'url'"));
    assert!(
        told(&json!({"name": "-a", "url": url, "events": [event]}))
            .starts_with("Webhook name '-a' is invalid.")
    );
    let wrong = json!({"entity": "PROMPT", "action": "SET"});
    let text = "Invalid action 'set' for entity 'prompt'. Valid actions are: ['created']";
    assert_eq!(
        told(&json!({"name": "a", "url": url, "events": [wrong]})),
        text
    );
    let (status, answer) = served.get(&format!("{BASE}/webhooks?max_results=1001"));
    assert_eq!(
        (status, &answer["message"]),
        (400, &json!("max_results must be between 1 and 1000."))
    );
    assert_eq!(served.get(&format!("{BASE}/webhooks")).1, json!({}));
}
