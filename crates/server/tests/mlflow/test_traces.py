"""Traces: the decorator, spans, search, tags, assessments, deletion, and OpenTelemetry's own wire."""

import time

import mlflow
from mlflow.entities import AssessmentSource, SpanType
from world import equal


@mlflow.trace(span_type=SpanType.CHAIN, attributes={"kind": "outer"})
def answer(question):
    with mlflow.start_span("look up", span_type=SpanType.RETRIEVER) as span:
        span.set_inputs({"query": question})
        span.set_outputs(["a", "b"])
    return {"text": question.upper()}


@mlflow.trace
def fail():
    raise ValueError("on purpose")


def traced(world, question="why"):
    answer(question)
    mlflow.flush_trace_async_logging()
    return mlflow.get_last_active_trace_id()


def search(world, experiment, filter=None, **how):
    import inspect

    key = "locations" if "locations" in inspect.signature(world.client.search_traces).parameters else "experiment_ids"
    return world.client.search_traces(**{key: [experiment]}, filter_string=filter, **how)


def test_a_traced_call_comes_back_with_its_spans(world):
    experiment = world.experiment()
    made = traced(world)
    trace = mlflow.get_trace(made)
    equal((trace.info.state.value, trace.info.experiment_id), ("OK", experiment))
    assert trace.info.execution_duration >= 0 and trace.info.request_time > 1_600_000_000_000
    spans = {span.name: span for span in trace.data.spans}
    equal(sorted(spans), ["answer", "look up"])
    outer, inner = spans["answer"], spans["look up"]
    equal((outer.inputs, outer.outputs), ({"question": "why"}, {"text": "WHY"}))
    equal((outer.span_type, outer.attributes["kind"]), ("CHAIN", "outer"))
    equal((inner.parent_id, inner.inputs, inner.outputs), (outer.span_id, {"query": "why"}, ["a", "b"]))
    assert "why" in trace.info.request_preview and "WHY" in trace.info.response_preview


def test_a_call_that_fails_is_an_error_with_its_exception(world):
    world.experiment()
    try:
        fail()
    except ValueError:
        pass
    mlflow.flush_trace_async_logging()
    trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
    equal(trace.info.state.value, "ERROR")
    equal(trace.data.spans[0].status.status_code.value, "ERROR")
    assert any(event.name == "exception" for event in trace.data.spans[0].events)


def test_traces_are_searched(world):
    experiment = world.experiment()
    ids = []
    for number in range(4):
        ids.append(traced(world, f"question {number}"))
        world.client.set_trace_tag(ids[-1], "parity", str(number % 2))
    try:
        fail()
    except ValueError:
        pass
    mlflow.flush_trace_async_logging()
    ids.append(mlflow.get_last_active_trace_id())
    find = lambda filter=None, order=("timestamp_ms ASC",), **how: [
        ids.index(each.info.trace_id) for each in search(world, experiment, filter, order_by=list(order), **how)
    ]
    equal(find(), [0, 1, 2, 3, 4])
    equal(find(order=["timestamp_ms DESC"]), [4, 3, 2, 1, 0])
    equal(find("tag.parity = '1'"), [1, 3])
    equal(find("trace.status = 'OK' AND tag.parity = '0'"), [0, 2])
    equal(find("status = 'ERROR'"), [4])
    equal(find("name = 'answer'"), [0, 1, 2, 3])
    equal(find("timestamp_ms > 0"), [0, 1, 2, 3, 4])
    first = search(world, experiment, order_by=["timestamp_ms ASC"], max_results=3)
    second = search(world, experiment, order_by=["timestamp_ms ASC"], max_results=3, page_token=first.token)
    equal([ids.index(each.info.trace_id) for page in (first, second) for each in page], [0, 1, 2, 3, 4])
    equal(len(first[0].data.spans), 2)
    bare = search(world, experiment, include_spans=False, max_results=1)
    equal(len(bare), 1)


def test_the_table_of_traces(world):
    experiment = world.experiment()
    made = traced(world)
    table = mlflow.search_traces([experiment]) if mlflow.__version__ == "3.6.0" else mlflow.search_traces(locations=[experiment])
    equal(table["trace_id"].tolist(), [made])
    equal(len(table["spans"][0]), 2)


def test_tags_are_set_and_deleted(world):
    world.experiment()
    made = traced(world)
    mlflow.set_trace_tag(made, "k", "v")
    equal(mlflow.get_trace(made).info.tags["k"], "v")
    mlflow.delete_trace_tag(made, "k")
    assert "k" not in mlflow.get_trace(made).info.tags


def test_the_trace_of_a_run_belongs_to_it(world):
    experiment = world.experiment()
    with mlflow.start_run() as run:
        made = traced(world)
    found = search(world, experiment, f"metadata.`mlflow.sourceRun` = '{run.info.run_id}'")
    equal([each.info.trace_id for each in found], [made])


def test_feedback_and_expectations(world):
    world.experiment()
    made = traced(world)
    person = AssessmentSource("HUMAN", "me@example.org")
    first = mlflow.log_feedback(trace_id=made, name="good", value=True, rationale="it is", source=person)
    mlflow.log_feedback(trace_id=made, name="score", value=0.5)
    wanted = mlflow.log_expectation(trace_id=made, name="answer", value={"text": "WHY"})
    got = {each.name: each for each in mlflow.get_trace(made).info.assessments}
    equal((got["good"].feedback.value, got["good"].rationale), (True, "it is"))
    equal((got["good"].source.source_id, got["score"].feedback.value), ("me@example.org", 0.5))
    equal(got["answer"].expectation.value, {"text": "WHY"})
    one = mlflow.get_assessment(made, first.assessment_id)
    equal((one.name, one.feedback.value), ("good", True))
    changed = mlflow.override_feedback(trace_id=made, assessment_id=first.assessment_id, value=False, rationale="it is not")
    equal(mlflow.get_assessment(made, changed.assessment_id).feedback.value, False)
    equal(mlflow.get_assessment(made, first.assessment_id).valid, False)
    mlflow.delete_assessment(made, wanted.assessment_id)
    assert "answer" not in {each.name for each in mlflow.get_trace(made).info.assessments}


def test_traces_are_deleted(world):
    experiment = world.experiment()
    ids = [traced(world) for _ in range(3)]
    equal(world.client.delete_traces(experiment, trace_ids=ids[:2]), 2)
    equal([each.info.trace_id for each in search(world, experiment)], ids[2:])
    equal(world.client.delete_traces(experiment, max_timestamp_millis=int(time.time() * 1000) + 60_000), 1)
    equal(len(search(world, experiment)), 0)


def test_spans_made_by_hand(world):
    experiment = world.experiment()
    root = world.client.start_trace("by hand", inputs={"x": 1}, experiment_id=experiment, tags={"t": "1"})
    child = world.client.start_span("child", root.trace_id, root.span_id, inputs={"y": 2})
    world.client.end_span(child.trace_id, child.span_id, outputs={"z": 3}, attributes={"a": 1})
    world.client.end_trace(root.trace_id, outputs={"done": True})
    mlflow.flush_trace_async_logging()
    trace = mlflow.get_trace(root.trace_id)
    equal([span.name for span in trace.data.spans], ["by hand", "child"])
    equal((trace.data.spans[1].outputs, trace.data.spans[1].attributes["a"]), ({"z": 3}, 1))
    equal((trace.info.tags["t"], trace.info.tags["mlflow.traceName"]), ("1", "by hand"))


def test_a_trace_that_is_updated_while_it_runs(world):
    world.experiment()

    @mlflow.trace
    def with_tags():
        mlflow.update_current_trace(tags={"user": "me"}, metadata={"session": "s1"})
        return 1

    with_tags()
    mlflow.flush_trace_async_logging()
    info = mlflow.get_trace(mlflow.get_last_active_trace_id()).info
    equal((info.tags["user"], info.trace_metadata["session"]), ("me", "s1"))


def test_traces_are_linked_to_a_run(world):
    experiment = world.experiment()
    ids = [traced(world) for _ in range(2)]
    run = world.run(experiment)
    world.client.link_traces_to_run(ids, run)
    found = search(world, experiment, f"run_id = '{run}'")
    equal(sorted(each.info.trace_id for each in found), sorted(ids))
