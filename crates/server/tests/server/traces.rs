//! Traces as clients meet them: begun, finished, searched, tagged, linked, assessed, deleted, in both versions.

use serde_json::{Value, json};

use crate::support::Served;

const V3: &str = "/api/3.0/mlflow/traces";
const V2: &str = "/api/2.0/mlflow/traces";

struct World {
    served: Served,
    experiment: String,
}

impl World {
    fn start() -> World {
        let served = Served::start();
        let tracker = mltrack::Tracker::open(served.folder.path().join(".mltrack")).unwrap();
        let experiment = tracker.experiment("traces").unwrap().id().to_string();
        World { served, experiment }
    }

    fn location(&self) -> Value {
        json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": self.experiment}})
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.served.post(path, body)
    }

    fn ok(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.post(path, body);
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let request =
            reqwest::Client::new().request(method.parse().unwrap(), self.served.url(path));
        let request = request.header("content-type", "application/json");
        self.served.send(request.body(body.to_string()))
    }

    /// A trace that a client has finished, `second` seconds after a moment.
    fn trace(&self, id: &str, second: u32, state: &str, tags: &Value) {
        let info = json!({
            "trace_id": id, "trace_location": self.location(), "state": state, "tags": tags,
            "request_time": format!("2025-01-01T00:00:{second:02}.5Z"), "execution_duration": "1.5s",
            "trace_metadata": {"mlflow.user": "ada"}, "request_preview": "{}",
        });
        self.ok(V3, &json!({"trace": {"trace_info": info}}));
    }

    fn span(&self, trace: &str, span: &str, name: &str, attributes: &Value, code: u32) {
        let span = json!({
            "traceId": trace, "spanId": span, "name": name, "attributes": attributes, "status": {"code": code},
            "startTimeUnixNano": "1735689600500000000", "endTimeUnixNano": "1735689602000000000",
        });
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
        let request = reqwest::Client::new().post(self.served.url("/v1/traces"));
        let request = request.header("content-type", "application/json");
        let request = request.header("x-mlflow-experiment-id", &self.experiment);
        let (status, answer) = self.served.send(request.body(body.to_string()));
        assert_eq!(status, 200, "{answer}");
    }

    fn search(&self, filter: &str) -> (u16, Vec<String>) {
        let question = json!({"locations": [self.location()], "filter": filter});
        let (status, body) = self.post(&format!("{V3}/search"), &question);
        (status, ids(&body))
    }
}

fn ids(body: &Value) -> Vec<String> {
    let empty = Vec::new();
    let traces = body["traces"].as_array().unwrap_or(&empty);
    traces
        .iter()
        .map(|trace| trace["trace_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_trace_of_version_3_is_kept_as_it_was_told() {
    let world = World::start();
    world.trace("tr-a", 0, "OK", &json!({"mlflow.traceName": "outer"}));
    let (_, body) = world.served.get(&format!("{V3}/tr-a"));
    let info = &body["trace"]["trace_info"];
    assert_eq!(info["request_time"], "2025-01-01T00:00:00.500Z");
    assert_eq!(info["execution_duration"], "1.500s");
    assert_eq!(info["trace_metadata"]["mlflow.trace.infoFinalized"], "true");
    let location = format!(
        "mlflow-artifacts:/{}/traces/tr-a/artifacts",
        world.experiment
    );
    assert_eq!(info["tags"]["mlflow.artifactLocation"], location);
    world.trace("tr-a", 1, "ERROR", &json!({"more": "1"}));
    let (_, body) = world.served.get(&format!("{V3}/tr-a"));
    let info = &body["trace"]["trace_info"];
    assert_eq!(
        (&info["state"], &info["tags"]["more"]),
        (&json!("ERROR"), &json!("1"))
    );
    assert_eq!(world.served.get(&format!("{V3}/none")).0, 404);
    assert_eq!(world.post(V3, &json!({})).0, 400);
    assert_eq!(
        world
            .post(V3, &json!({"trace": {"trace_info": {"trace_id": "x"}}}))
            .0,
        400
    );
    let (_, body) = world.post(
        &format!("{V3}/batchGetInfos"),
        &json!({"trace_ids": ["tr-a", "none"]}),
    );
    assert_eq!(body["trace_infos"].as_array().unwrap().len(), 1);
}

#[test]
fn a_trace_of_version_2_is_begun_finished_and_found() {
    let world = World::start();
    let told = json!({
        "experiment_id": world.experiment, "timestamp_ms": 5,
        "request_metadata": [{"key": "m", "value": "1"}], "tags": [{"key": "t", "value": "x"}],
    });
    let begun = world.ok(V2, &told);
    assert_eq!(begun["trace_info"]["status"], "IN_PROGRESS");
    let id = begun["trace_info"]["request_id"].as_str().unwrap();
    let end = json!({"timestamp_ms": 15, "status": "OK", "request_metadata": [{"key": "m", "value": "2"}]});
    let (_, ended) = world.send("PATCH", &format!("{V2}/{id}"), &end);
    assert_eq!(ended["trace_info"]["execution_time_ms"], 10);
    let (_, info) = world.served.get(&format!("{V2}/{id}/info"));
    assert_eq!(info, ended);
    let (_, found) = world.served.get(&format!(
        "{V2}?experiment_ids={}&max_results=5",
        world.experiment
    ));
    assert_eq!(
        found["traces"][0]["request_metadata"],
        json!([{"key": "m", "value": "2"}])
    );
    assert_eq!(world.served.get(V2).0, 400);
    assert_eq!(world.served.get(&format!("{V2}/none/info")).0, 404);
}

const A: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
const B: &str = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";

/// Two traces with spans and assessments, and their ids.
fn two_traces(world: &World) -> (String, String) {
    let (of_a, of_b) = (format!("tr-{A}"), format!("tr-{B}"));
    world.trace(
        &of_a,
        1,
        "OK",
        &json!({"mlflow.traceName": "outer", "color": "blue"}),
    );
    world.trace(
        &of_b,
        2,
        "ERROR",
        &json!({"mlflow.traceName": "other", "color": "red"}),
    );
    let attributes = json!([
        {"key": "mlflow.spanType", "value": {"stringValue": "LLM"}},
        {"key": "n", "value": {"intValue": "7"}},
        {"key": "said", "value": {"stringValue": "héllo"}},
    ]);
    world.span(A, "0a0a0a0a0a0a0a0a", "inner", &attributes, 1);
    world.span(B, "0b0b0b0b0b0b0b0b", "inner", &json!([]), 2);
    let source = json!({"source_type": "HUMAN"});
    let expected = json!({"serialization_format": "JSON_FORMAT", "value": "{\"a\": 1}"});
    let told = [
        (
            &of_a,
            json!({"assessment_name": "score", "source": source, "feedback": {"value": 0.7}}),
        ),
        (
            &of_a,
            json!({"assessment_name": "good", "source": source, "feedback": {"value": "yes"}}),
        ),
        (
            &of_b,
            json!({"assessment_name": "answer", "source": source, "expectation": {"serialized_value": expected}}),
        ),
    ];
    for (trace, assessment) in told {
        world.ok(
            &format!("{V3}/{trace}/assessments"),
            &json!({"assessment": assessment}),
        );
    }
    (of_a, of_b)
}

#[test]
fn traces_are_found_by_themselves_their_spans_and_their_assessments() {
    let world = World::start();
    let (of_a, of_b) = two_traces(&world);
    let (first, second) = (vec![of_a.clone()], vec![of_b.clone()]);
    let both = vec![of_b, of_a.clone()];
    let of_id = format!("request_id = '{of_a}'");
    let cases = [
        ("", &both),
        ("tags.color = 'blue'", &first),
        ("tags.color RLIKE '^r.d$'", &second),
        ("tags.nothing IS NULL AND tags.color IS NOT NULL", &both),
        ("name LIKE 'out%'", &first),
        ("status = 'ERROR'", &second),
        ("trace.status IN ('OK')", &first),
        ("timestamp > 1735689601600", &second),
        ("execution_time >= 1500 AND end_time > 0", &both),
        (&of_id, &first),
        ("metadata.`mlflow.user` = 'ada'", &both),
        ("span.name = 'inner'", &both),
        ("span.name = 'inner' AND span.status = 'ERROR'", &second),
        ("span.type = 'LLM'", &first),
        ("span.attributes.n = '7'", &first),
        ("span.attributes.said LIKE 'hé%'", &first),
        ("trace.text LIKE '%héllo%'", &first),
        ("feedback.score > 0.5", &first),
        ("feedback.good = 'yes'", &first),
        ("feedback.good IS NULL", &second),
        ("expectation.answer LIKE '%\"a\": 1%'", &second),
    ];
    for (filter, expected) in cases {
        assert_eq!(world.search(filter), (200, expected.clone()), "{filter}");
    }
}

#[test]
fn filters_that_ask_nothing_sensible_are_refused() {
    let world = World::start();
    let bad = [
        "foo = 'a'",
        "name = 'a' OR name = 'b'",
        "tags.x > '1'",
        "span.foo = 'a'",
        "span.name > 'a'",
        "feedback.a > 'x'",
        "feedback.a = 1",
        "tags.x RLIKE '('",
        "trace.text = 'a'",
        "prompt = 'a'",
        "zzz.a = '1'",
        "timestamp = 'a'",
    ];
    for filter in bad {
        assert_eq!(world.search(filter).0, 400, "{filter}");
    }
    let long = format!("tags.x RLIKE '{}'", "a".repeat(5000));
    assert_eq!(world.search(&long).0, 400);
}

#[test]
fn pages_and_orders_follow_the_question() {
    let world = World::start();
    for (id, second, color) in [("tr-a", 1, "c"), ("tr-b", 2, "a"), ("tr-c", 3, "b")] {
        world.trace(id, second, "OK", &json!({"color": color}));
    }
    world.trace("tr-d", 4, "OK", &json!({}));
    let search = format!("{V3}/search");
    let ask = |order: &str| {
        ids(&world.ok(
            &search,
            &json!({"locations": [world.location()], "order_by": [order]}),
        ))
    };
    assert_eq!(ask("timestamp ASC"), ["tr-a", "tr-b", "tr-c", "tr-d"]);
    assert_eq!(ask("tags.color DESC"), ["tr-a", "tr-c", "tr-b", "tr-d"]);
    assert_eq!(ask("tag.color"), ["tr-b", "tr-c", "tr-a", "tr-d"]);
    let mut question = json!({"locations": [world.location()], "max_results": 3});
    let first = world.ok(&search, &question);
    assert_eq!(ids(&first), ["tr-d", "tr-c", "tr-b"]);
    question["page_token"] = first["next_page_token"].clone();
    let second = world.ok(&search, &question);
    assert_eq!(
        (ids(&second), &second["next_page_token"]),
        (vec!["tr-a".to_owned()], &Value::Null)
    );
    for (name, value) in [
        ("max_results", json!(501)),
        ("max_results", json!(0)),
        ("page_token", json!("xx")),
        ("order_by", json!(["foo"])),
    ] {
        let mut question = json!({"locations": [world.location()]});
        question[name] = value;
        assert_eq!(world.post(&search, &question).0, 400, "{question}");
    }
    assert_eq!(world.post(&search, &json!({})).0, 400);
    assert_eq!(world.ok(&search, &json!({"locations": []})), json!({}));
}

#[test]
fn tags_links_and_prompts_of_a_trace_are_set_and_found() {
    let world = World::start();
    world.trace("tr-a", 0, "OK", &json!({}));
    for version in [V2, V3] {
        let tags = format!("{version}/tr-a/tags");
        assert_eq!(
            world.send("PATCH", &tags, &json!({"key": "k", "value": "v"})),
            (200, json!({}))
        );
        assert_eq!(world.search("tags.k = 'v'").1, ["tr-a"]);
        assert_eq!(world.send("DELETE", &tags, &json!({"key": "k"})).0, 200);
        assert_eq!(world.send("DELETE", &tags, &json!({"key": "k"})).0, 404);
    }
    assert_eq!(
        world
            .send(
                "PATCH",
                &format!("{V3}/none/tags"),
                &json!({"key": "k", "value": "v"})
            )
            .0,
        404
    );
    world.ok(
        &format!("{V2}/link-to-run"),
        &json!({"trace_ids": ["tr-a", "none"], "run_id": "r1"}),
    );
    assert_eq!(world.search("run_id = 'r1'").1, ["tr-a"]);
    let many: Vec<String> = (0..101).map(|at| at.to_string()).collect();
    assert_eq!(
        world
            .post(
                &format!("{V2}/link-to-run"),
                &json!({"trace_ids": many, "run_id": "r1"})
            )
            .0,
        400
    );
    let prompts = json!({"trace_id": "tr-a", "prompt_versions": [{"name": "p", "version": "1"}]});
    world.ok(&format!("{V2}/link-prompts"), &prompts);
    assert_eq!(world.search("prompt = 'p/1'").1, ["tr-a"]);
}

#[test]
fn an_assessment_that_is_overridden_is_not_valid_until_the_other_goes() {
    let world = World::start();
    world.trace("tr-a", 0, "OK", &json!({}));
    let all = format!("{V3}/tr-a/assessments");
    let told = |value: bool, overrides: &str| {
        json!({"assessment": {"assessment_name": "good", "source": {"source_type": "HUMAN", "source_id": "ada"},
            "feedback": {"value": value}, "rationale": "because", "overrides": overrides}})
    };
    let made = world.ok(&all, &told(true, ""))["assessment"].clone();
    let id = made["assessment_id"].as_str().unwrap().to_owned();
    let (_, other) = world.post(&all, &told(false, &id));
    let one = format!("{all}/{id}");
    assert_eq!(world.served.get(&one).1["assessment"]["valid"], false);
    let other = other["assessment"]["assessment_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        world.send("DELETE", &format!("{all}/{other}"), &json!({})),
        (200, json!({}))
    );
    assert_eq!(
        world.send("DELETE", &format!("{all}/{other}"), &json!({})),
        (200, json!({}))
    );
    assert_eq!(world.served.get(&one).1["assessment"]["valid"], true);
    let change = json!({"assessment": {"assessment_name": "better", "feedback": {"value": false}, "metadata": {"k": "v"}},
        "update_mask": "assessmentName,feedback,metadata"});
    let (_, changed) = world.send("PATCH", &one, &change);
    let changed = &changed["assessment"];
    assert_eq!(
        (&changed["assessment_name"], &changed["feedback"]["value"]),
        (&json!("better"), &json!(false))
    );
    assert_eq!(
        (&changed["rationale"], &changed["metadata"]["k"]),
        (&json!("because"), &json!("v"))
    );
    let wrong = json!({"assessment": {"expectation": {"value": 1}}, "update_mask": "expectation"});
    assert_eq!(world.send("PATCH", &one, &wrong).0, 400);
    assert_eq!(world.served.get(&format!("{all}/none")).0, 404);
    assert_eq!(
        world
            .post(&all, &json!({"assessment": {"assessment_name": "f"}}))
            .0,
        400
    );
    assert_eq!(world.post(&all, &told(true, "a-none")).0, 404);
    assert_eq!(
        world
            .post(&format!("{V3}/none/assessments"), &told(true, ""))
            .0,
        404
    );
}

#[test]
fn traces_are_deleted_by_id_or_by_age_and_nothing_of_them_stays() {
    let world = World::start();
    let id = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
    let of_id = format!("tr-{id}");
    world.trace(&of_id, 1, "OK", &json!({}));
    world.span(id, "0a0a0a0a0a0a0a0a", "inner", &json!([]), 1);
    world.trace("tr-b", 2, "OK", &json!({}));
    world.trace("tr-c", 3, "OK", &json!({}));
    let delete = format!("{V2}/delete-traces");
    let experiment = &world.experiment;
    for body in [
        json!({}),
        json!({"experiment_id": experiment}),
        json!({"experiment_id": experiment, "max_timestamp_millis": 5, "request_ids": ["a"]}),
        json!({"experiment_id": experiment, "request_ids": ["a"], "max_traces": 1}),
        json!({"experiment_id": experiment, "max_timestamp_millis": 5, "max_traces": 0}),
    ] {
        assert_eq!(world.post(&delete, &body).0, 400, "{body}");
    }
    let by_id = json!({"experiment_id": experiment, "request_ids": [of_id, "none"]});
    assert_eq!(world.ok(&delete, &by_id), json!({"traces_deleted": 1}));
    assert_eq!(world.served.get(&format!("{V3}/{of_id}")).0, 404);
    let tracker = mltrack::Tracker::open(world.served.folder.path().join(".mltrack")).unwrap();
    assert_eq!(tracker.documents("mlflow.span").count().unwrap(), 0);
    let oldest = json!({"experiment_id": experiment, "max_timestamp_millis": 1_735_689_699_999_i64, "max_traces": 1});
    assert_eq!(
        world.ok(&format!("{V3}/delete-traces"), &oldest),
        json!({"traces_deleted": 1})
    );
    assert_eq!(world.search("").1, ["tr-c"]);
}

#[test]
fn a_link_to_a_run_may_be_there_before_the_trace() {
    let world = World::start();
    let link = |id: &str, run: &str| {
        let body = json!({"trace_ids": [id], "run_id": run});
        world.ok(&format!("{V2}/link-to-run"), &body);
    };
    let linked = |run: &str| {
        let filter = format!("attributes.run_id = '{run}'");
        let body = json!({"locations": [world.location()], "filter": filter});
        let found = world.ok(&format!("{V3}/search"), &body);
        let traces = found["traces"].as_array().cloned().unwrap_or_default();
        let ids = traces.into_iter().map(|trace| trace["trace_id"].clone());
        ids.collect::<Vec<Value>>()
    };
    link("tr-late", "one");
    link("tr-late", "two");
    assert!(linked("one").is_empty());
    world.trace("tr-late", 0, "OK", &json!({}));
    world.trace("tr-there", 1, "OK", &json!({}));
    link("tr-there", "two");
    assert_eq!(linked("one"), [json!("tr-late")]);
    assert_eq!(linked("two"), [json!("tr-there"), json!("tr-late")]);
}

#[test]
fn an_expectation_of_several_values_is_kept_as_a_text() {
    let world = World::start();
    world.trace("tr-a", 0, "OK", &json!({}));
    let of_trace = format!("{V3}/tr-a/assessments");
    let told = json!({"assessment": {"assessment_name": "time", "expectation": {"value": {"passed": true}}}});
    let made = world.ok(&of_trace, &told);
    let kept = |value: &str| json!({"serialized_value": {"serialization_format": "JSON_FORMAT", "value": value}});
    let made = &made["assessment"];
    assert_eq!(made["expectation"], kept("{\"passed\": true}"));
    let id = made["assessment_id"].as_str().unwrap();
    let change =
        json!({"assessment": {"expectation": {"value": [1, 2]}}, "update_mask": "expectation"});
    let (_, changed) = world.send("PATCH", &format!("{of_trace}/{id}"), &change);
    assert_eq!(changed["assessment"]["expectation"], kept("[1, 2]"));
}
