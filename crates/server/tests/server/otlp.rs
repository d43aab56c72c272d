//! Spans sent in the OpenTelemetry protocol: both encodings, packed or not, and what is refused.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::Served;

const TRACE: &str = "5b8efff798038103d269b633813fc60c";

struct World {
    served: Served,
    experiment: String,
}

impl World {
    fn start() -> World {
        let served = Served::start();
        let tracker = mltrack::Tracker::open(served.folder.path().join(".mltrack")).unwrap();
        let experiment = tracker.experiment("spans").unwrap().id().to_string();
        World { served, experiment }
    }

    fn send(&self, kind: &str, encoding: Option<&str>, body: Vec<u8>) -> (u16, Value) {
        let request = reqwest::Client::new().post(self.served.url("/v1/traces"));
        let request = request
            .header("content-type", kind)
            .header("x-mlflow-experiment-id", &self.experiment);
        let request = match encoding {
            Some(encoding) => request.header("content-encoding", encoding),
            None => request,
        };
        self.served.send(request.body(body))
    }

    fn json(&self, body: &Value) -> (u16, Value) {
        self.send("application/json", None, body.to_string().into_bytes())
    }

    fn trace(&self) -> Value {
        let path = format!("/api/3.0/mlflow/traces/get?trace_id=tr-{TRACE}&allow_partial=true");
        self.served.get(&path).1["trace"].clone()
    }
}

fn request() -> Value {
    json!({"resourceSpans": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "s"}},
            {"key": "telemetry.sdk.name", "value": {"stringValue": "x"}},
        ]},
        "scopeSpans": [{"spans": [
            {"traceId": TRACE, "spanId": "eee19b7ec3c1b174", "name": "root", "kind": 2,
             "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": "1544712661000000000",
             "attributes": [
                {"key": "mlflow.spanInputs", "value": {"stringValue": "{\"q\": 1}"}},
                {"key": "mlflow.spanOutputs", "value": {"stringValue": "hello"}},
                {"key": "mlflow.traceTag.color", "value": {"stringValue": "blue"}},
                {"key": "session.id", "value": {"stringValue": "S1"}},
                {"key": "list", "value": {"arrayValue": {"values": [{"boolValue": true}, {"doubleValue": 1.5}]}}}],
             "events": [{"timeUnixNano": "1544712660500000000", "name": "ev"}]},
            {"traceId": TRACE, "spanId": "eee19b7ec3c1b175", "parentSpanId": "eee19b7ec3c1b174", "name": "child",
             "startTimeUnixNano": "1544712660100000000", "endTimeUnixNano": "1544712660200000000",
             "status": {"code": 2, "message": "boo"}}]}]}]})
}

#[test]
fn a_first_span_says_which_program_sent_it_if_pages_know_that() {
    for (name, wanted) in [("gemini-cli", json!("gemini-cli")), ("s", Value::Null)] {
        let world = World::start();
        let mut sent = request();
        sent["resourceSpans"][0]["resource"]["attributes"][0]["value"] =
            json!({"stringValue": name});
        assert_eq!(world.json(&sent).0, 200);
        let spans = world.trace()["spans"].clone();
        let service = |span: &Value| {
            let attributes = span["attributes"].as_array().unwrap().iter();
            let mut found = attributes.filter(|it| it["key"] == "service.name");
            found
                .next()
                .map_or(Value::Null, |it| it["value"]["string_value"].clone())
        };
        assert_eq!(
            (service(&spans[0]), service(&spans[1])),
            (wanted, Value::Null)
        );
    }
}

#[test]
fn a_trace_is_made_of_the_spans_alone() {
    let world = World::start();
    assert_eq!(world.json(&request()), (200, json!({})));
    let trace = world.trace();
    let info = &trace["trace_info"];
    assert_eq!(
        (&info["state"], &info["execution_duration"]),
        (&json!("OK"), &json!("1s"))
    );
    assert_eq!(info["request_time"], "2018-12-13T14:51:00Z");
    assert_eq!(
        (&info["request_preview"], &info["response_preview"]),
        (&json!("{\"q\": 1}"), &json!("\"hello\""))
    );
    assert_eq!(info["trace_metadata"]["mlflow.trace.session"], "S1");
    let tags = &info["tags"];
    assert_eq!(
        (&tags["service.name"], &tags["color"]),
        (&json!("s"), &json!("blue"))
    );
    assert_eq!(
        (
            &tags["mlflow.trace.spansLocation"],
            &tags["telemetry.sdk.name"]
        ),
        (&json!("TRACKING_STORE"), &Value::Null)
    );
    let root = &trace["spans"][0];
    assert_eq!(
        (&root["trace_id"], &root["span_id"]),
        (&json!("W47/95gDgQPSabYzgT/GDA=="), &json!("7uGbfsPBsXQ="))
    );
    assert_eq!(
        root["attributes"][0]["value"],
        json!({"kvlist_value": {"values": [{"key": "q", "value": {"int_value": 1}}]}})
    );
    assert_eq!(
        trace["spans"][1]["status"],
        json!({"code": "STATUS_CODE_ERROR", "message": "boo"})
    );
    let (status, file) = world.served.get(&format!(
        "/ajax-api/2.0/mlflow/get-trace-artifact?request_id=tr-{TRACE}"
    ));
    assert_eq!(
        (status, &file["spans"][0]["attributes"]["list"]),
        (200, &json!("[true, 1.5]"))
    );
    assert_eq!(
        world
            .served
            .get("/ajax-api/2.0/mlflow/get-trace-artifact?request_id=none")
            .0,
        404
    );
}

/// The same trace in protocol buffers, written by hand: one span with one attribute.
fn protobuf(depth: usize) -> Vec<u8> {
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2];
        let mut len = bytes.len();
        while len >= 0x80 {
            out.push((len & 0x7f) as u8 | 0x80);
            len >>= 7;
        }
        out.push(len as u8);
        out.extend_from_slice(bytes);
        out
    }
    let mut value = field(1, b"hi");
    for _ in 0..depth {
        value = field(5, &field(1, &value));
    }
    let attribute = [field(1, b"said"), field(2, &value)].concat();
    let id: Vec<u8> = (0..16)
        .map(|at| u8::from_str_radix(&TRACE[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    let mut span = [
        field(1, &id),
        field(2, &[1; 8]),
        field(5, b"hand"),
        field(9, &attribute),
    ]
    .concat();
    span.push(7 << 3 | 1);
    span.extend_from_slice(&1_544_712_660_000_000_000_u64.to_le_bytes());
    field(1, &field(2, &field(2, &span)))
}

#[test]
fn protocol_buffers_and_packed_bodies_are_read_too() {
    let world = World::start();
    let kind = "application/x-protobuf";
    assert_eq!(world.send(kind, None, protobuf(2)).0, 200);
    let trace = world.trace();
    let attribute = &trace["spans"][0]["attributes"][0];
    let inner = json!({"array_value": {"values": [{"string_value": "hi"}]}});
    assert_eq!(
        attribute["value"],
        json!({"array_value": {"values": [inner]}})
    );
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(request().to_string().as_bytes()).unwrap();
    let body = packer.finish().unwrap();
    assert_eq!(world.send("application/json", Some("gzip"), body).0, 200);
    assert_eq!(world.trace()["spans"].as_array().unwrap().len(), 3);
    // A client that finishes the trace later keeps the spans.
    let location = json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": world.experiment}});
    let info = json!({"trace_id": format!("tr-{TRACE}"), "trace_location": location, "request_time": "2018-12-13T14:51:00Z",
        "state": "ERROR", "trace_metadata": {}, "tags": {}});
    world.served.post(
        "/api/3.0/mlflow/traces",
        &json!({"trace": {"trace_info": info}}),
    );
    let info = world.trace()["trace_info"].clone();
    assert_eq!(
        (&info["state"], &info["tags"]["color"]),
        (&json!("ERROR"), &json!("blue"))
    );
}

#[test]
fn what_is_no_request_is_refused_and_nothing_of_it_is_kept() {
    let world = World::start();
    let json_kind = "application/json";
    let deep = (0..40).fold(
        json!({"stringValue": "x"}),
        |value, _| json!({"arrayValue": {"values": [value]}}),
    );
    let mut nested = request();
    nested["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"] =
        json!([{"key": "deep", "value": deep}]);
    assert_eq!(world.json(&nested).0, 400);
    assert_eq!(
        world.send("application/x-protobuf", None, protobuf(40)).0,
        400
    );
    assert_eq!(
        world
            .send("application/x-protobuf", None, vec![0xff, 0xff])
            .0,
        400
    );
    assert_eq!(world.json(&json!({})).0, 400);
    assert_eq!(world.send(json_kind, None, b"{".to_vec()).0, 400);
    assert_eq!(world.send("text/plain", None, b"{}".to_vec()).0, 400);
    assert_eq!(world.send(json_kind, Some("gzip"), b"zz".to_vec()).0, 400);
    assert_eq!(world.send(json_kind, Some("br"), b"zz".to_vec()).0, 415);
    let mut wrong = request();
    wrong["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"] = json!("00");
    assert_eq!(world.json(&wrong).0, 422);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&vec![b' '; 33 << 20]).unwrap();
    assert_eq!(
        world
            .send(json_kind, Some("gzip"), packer.finish().unwrap())
            .0,
        413
    );
    let span = request()["resourceSpans"][0]["scopeSpans"][0]["spans"][1].clone();
    let many = json!({"resourceSpans": [{"scopeSpans": [{"spans": vec![span; 10_001]}]}]});
    assert_eq!(world.json(&many).0, 400);
    let no_header = reqwest::Client::new().post(world.served.url("/v1/traces"));
    let no_header = no_header.header("content-type", json_kind).body("{}");
    assert_eq!(world.served.send(no_header).0, 422);
    let elsewhere = reqwest::Client::new().post(world.served.url("/v1/traces"));
    let elsewhere = elsewhere
        .header("content-type", json_kind)
        .header("x-mlflow-experiment-id", "999");
    assert_eq!(
        world.served.send(elsewhere.body(request().to_string())).0,
        404
    );
    let tracker = mltrack::Tracker::open(world.served.folder.path().join(".mltrack")).unwrap();
    assert_eq!(tracker.documents("mlflow.span").count().unwrap(), 0);
}

#[test]
fn inputs_that_are_nested_too_deep_stay_a_text_and_the_trace_can_be_read() {
    for (depth, is_text) in [(30, false), (31, true), (100, true)] {
        let world = World::start();
        let text = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let mut sent = request();
        sent["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"][0]["value"] =
            json!({ "stringValue": text });
        assert_eq!(world.json(&sent).0, 200);
        let spans = world.trace()["spans"].clone();
        let attributes = spans[0]["attributes"].as_array().unwrap().iter();
        let mut inputs = attributes.filter(|it| it["key"] == "mlflow.spanInputs");
        let value = &inputs.next().unwrap()["value"];
        assert_eq!(value["string_value"] == text, is_text, "{depth}: {value}");
    }
}
