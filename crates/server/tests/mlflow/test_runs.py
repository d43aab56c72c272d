"""Runs through the fluent interface and the client: begin, log, end, nest, delete, restore."""

import math
import threading
import time

import mlflow
from mlflow.entities import Metric, Param, RunStatus, RunTag
from world import equal, refused


def test_a_fluent_run_comes_back_whole(world):
    experiment = world.experiment()
    with mlflow.start_run(run_name="first", tags={"team": "a"}, description="what it is") as run:
        mlflow.log_param("rate", 0.1)
        mlflow.log_params({"layers": 3, "name": "two words"})
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_metrics({"loss": 0.25, "accuracy": 0.75}, step=2)
        mlflow.set_tag("phase", "train")
        mlflow.set_tags({"a": "1", "b": 2})
    got = mlflow.get_run(run.info.run_id)
    equal(got.info.experiment_id, experiment)
    equal((got.info.run_name, got.info.status, got.info.lifecycle_stage), ("first", "FINISHED", "active"))
    equal(got.data.params, {"rate": "0.1", "layers": "3", "name": "two words"})
    equal(got.data.metrics, {"loss": 0.25, "accuracy": 0.75})
    tags = {key: got.data.tags[key] for key in ("team", "phase", "a", "b", "mlflow.note.content", "mlflow.runName")}
    equal(tags, {"team": "a", "phase": "train", "a": "1", "b": "2", "mlflow.note.content": "what it is", "mlflow.runName": "first"})
    assert got.info.start_time <= got.info.end_time <= time.time() * 1000 + 1000
    assert got.info.artifact_uri.endswith(f"/{experiment}/{run.info.run_id}/artifacts"), got.info.artifact_uri
    assert got.info.user_id == run.info.user_id and got.data.tags["mlflow.user"] == run.info.user_id


def test_a_run_without_a_name_is_given_one(world):
    world.experiment()
    with mlflow.start_run() as run:
        pass
    parts = mlflow.get_run(run.info.run_id).info.run_name.split("-")
    assert len(parts) == 3 and parts[2].isdigit(), parts


def test_nested_runs_know_their_parent(world):
    experiment = world.experiment()
    with mlflow.start_run() as outer:
        with mlflow.start_run(nested=True) as inner:
            mlflow.log_metric("m", 1)
        with mlflow.start_run(nested=True):
            pass
    equal(mlflow.get_parent_run(inner.info.run_id).info.run_id, outer.info.run_id)
    equal(mlflow.get_parent_run(outer.info.run_id), None)
    found = mlflow.search_runs([experiment], f"tags.mlflow.parentRunId = '{outer.info.run_id}'", output_format="list")
    equal(len(found), 2)


def test_a_run_is_taken_up_again(world):
    world.experiment()
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1, step=1)
    with mlflow.start_run(run_id=run.info.run_id):
        equal(mlflow.get_run(run.info.run_id).info.status, "RUNNING")
        mlflow.log_metric("m", 2, step=2)
    got = mlflow.get_run(run.info.run_id)
    equal((got.info.status, got.data.metrics), ("FINISHED", {"m": 2.0}))


def test_a_run_that_ends_in_an_exception_failed(world):
    world.experiment()
    try:
        with mlflow.start_run() as run:
            raise ValueError("on purpose")
    except ValueError:
        pass
    equal(mlflow.get_run(run.info.run_id).info.status, "FAILED")


def test_every_status_comes_back(world):
    run = world.run()
    # A run that was started does not wait again in our store: SCHEDULED is refused, as docs/mlflow.md says.
    for status in ("RUNNING", "FAILED", "RUNNING", "KILLED", "FINISHED"):
        if status == "RUNNING":
            world.client.update_run(run, status=status)
        else:
            world.client.set_terminated(run, status, end_time=1_700_000_000_000)
        equal(world.client.get_run(run).info.status, status)
    equal(world.client.get_run(run).info.end_time, 1_700_000_000_000)
    assert RunStatus.is_terminated(RunStatus.from_string(world.client.get_run(run).info.status))


def test_a_run_is_renamed_by_update_and_by_tag(world):
    run = world.run(run_name="one")
    world.client.update_run(run, name="two")
    got = world.client.get_run(run)
    equal((got.info.run_name, got.data.tags["mlflow.runName"]), ("two", "two"))
    world.client.set_tag(run, "mlflow.runName", "three")
    equal(world.client.get_run(run).info.run_name, "three")


def test_start_time_tags_and_name_given_to_create_are_kept(world):
    run = world.client.create_run(world.experiment(), start_time=123_456, tags={"k": "v"}, run_name="named")
    got = world.client.get_run(run.info.run_id)
    equal((got.info.start_time, got.info.run_name, got.data.tags["k"]), (123_456, "named", "v"))
    equal((got.info.status, got.info.end_time), ("RUNNING", None))


def test_writes_to_a_run_that_ended_are_accepted(world):
    run = world.run()
    world.client.set_terminated(run)
    world.client.log_metric(run, "late", 4)
    world.client.log_param(run, "late", "p")
    world.client.set_tag(run, "late", "t")
    got = world.client.get_run(run)
    equal((got.data.metrics["late"], got.data.params["late"], got.data.tags["late"]), (4.0, "p", "t"))
    equal(got.info.status, "FINISHED")


def test_a_deleted_run_refuses_writes_until_it_is_restored(world):
    run = world.run()
    world.client.log_metric(run, "m", 1)
    world.client.delete_run(run)
    equal(world.client.get_run(run).info.lifecycle_stage, "deleted")
    state = f"The run {run} must be in the 'active' state. Current state is deleted."
    for write in (
        lambda: world.client.log_metric(run, "m", 2),
        lambda: world.client.log_param(run, "p", 2),
        lambda: world.client.set_tag(run, "t", 2),
        lambda: world.client.log_batch(run, metrics=[Metric("m", 1, 1, 1)]),
        lambda: world.client.set_terminated(run),
    ):
        refused("INVALID_PARAMETER_VALUE", write, state)
    world.client.delete_run(run)
    world.client.restore_run(run)
    world.client.log_metric(run, "m", 3, step=1)
    equal(world.client.get_run(run).data.metrics, {"m": 3.0})
    equal(world.client.get_run(run).info.lifecycle_stage, "active")


def test_a_batch_holds_everything_at_once(world):
    run = world.run()
    now = int(time.time() * 1000)
    metrics = [Metric(f"m{number % 10}", number / 7, now + number, number) for number in range(800)]
    params = [Param(f"p{number}", str(number)) for number in range(100)]
    tags = [RunTag(f"t{number}", "x" * number) for number in range(100)]
    world.client.log_batch(run, metrics, params, tags)
    got = world.client.get_run(run)
    equal(got.data.metrics, {f"m{number}": (790 + number) / 7 for number in range(10)})
    equal(got.data.params, {f"p{number}": str(number) for number in range(100)})
    equal(got.data.tags["t99"], "x" * 99)
    equal([each.step for each in world.client.get_metric_history(run, "m3")], list(range(3, 800, 10)))


def test_many_more_than_a_batch_holds_are_split_by_the_client(world):
    world.experiment()
    with mlflow.start_run() as run:
        mlflow.log_params({f"p{number}": number for number in range(250)})
        mlflow.log_metrics({f"m{number}": number for number in range(2_500)})
    got = mlflow.get_run(run.info.run_id)
    equal((len(got.data.params), len(got.data.metrics)), (250, 2_500))


def test_a_param_is_written_once(world):
    run = world.run()
    world.client.log_param(run, "p", "1")
    world.client.log_param(run, "p", "1")
    error = refused("INVALID_PARAMETER_VALUE", lambda: world.client.log_param(run, "p", "2"))
    wanted = f"Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID='{run}'"
    assert wanted in str(error), error
    batch = lambda: world.client.log_batch(run, params=[Param("p", "3"), Param("q", "4")])
    refused("INVALID_PARAMETER_VALUE", batch, "Changing param values is not allowed")
    equal(world.client.get_run(run).data.params["p"], "1")
    twice = lambda: world.client.log_batch(run, params=[Param("d", "1"), Param("d", "2")])
    refused("INVALID_PARAMETER_VALUE", twice, "Duplicate parameter keys have been submitted: ['d']")


def test_tags_are_replaced_and_deleted(world):
    run = world.run()
    world.client.set_tag(run, "t", "1")
    world.client.set_tag(run, "t", "2")
    equal(world.client.get_run(run).data.tags["t"], "2")
    world.client.delete_tag(run, "t")
    assert "t" not in world.client.get_run(run).data.tags
    refused("RESOURCE_DOES_NOT_EXIST", lambda: world.client.delete_tag(run, "t"), "No tag with name: t")


def test_long_values_and_odd_names(world):
    run = world.run()
    world.client.log_param(run, "long", "v" * 6_000)
    world.client.set_tag(run, "long", "v" * 8_000)
    world.client.log_param(run, "a/b-c_d.e f:g", "ü 漢 \"quoted\" \\ \n")
    got = world.client.get_run(run)
    equal((len(got.data.params["long"]), len(got.data.tags["long"])), (6_000, 8_000))
    equal(got.data.params["a/b-c_d.e f:g"], "ü 漢 \"quoted\" \\ \n")


def test_names_that_are_refused(world):
    run = world.run()
    for name in ("../x", "a//b", "/a", ".", "a*b", "x" * 251):
        for path, body in (
            ("log-metric", {"run_id": run, "key": name, "value": 1, "timestamp": 1}),
            ("log-parameter", {"run_id": run, "key": name, "value": "1"}),
            ("set-tag", {"run_id": run, "key": name, "value": "1"}),
        ):
            status, answer = world.call("POST", f"/api/2.0/mlflow/runs/{path}", body)
            equal((path, name, status, answer.get("error_code")), (path, name, 400, "INVALID_PARAMETER_VALUE"))


def test_an_unknown_run_is_not_found(world):
    nobody = "0" * 32
    words = f"Run with id={nobody} not found"
    for call in (
        lambda: world.client.get_run(nobody),
        lambda: world.client.log_metric(nobody, "m", 1),
        lambda: world.client.log_param(nobody, "p", 1),
        lambda: world.client.set_tag(nobody, "t", 1),
        lambda: world.client.delete_run(nobody),
        lambda: world.client.set_terminated(nobody),
    ):
        refused("RESOURCE_DOES_NOT_EXIST", call, words)


def test_async_logging_loses_nothing(world):
    world.experiment()
    with mlflow.start_run() as run:
        waits = [mlflow.log_metric("m", number / 3, step=number, synchronous=False) for number in range(500)]
        waits += [mlflow.log_params({"a": 1, "b": 2}, synchronous=False), mlflow.set_tags({"t": 1}, synchronous=False)]
        mlflow.log_metrics({"x": 1.0, "y": math.pi}, step=1, synchronous=False)
        for wait in waits:
            wait.wait()
        mlflow.flush_async_logging()
    got = mlflow.get_run(run.info.run_id)
    equal((got.data.metrics, got.data.params), ({"m": 499 / 3, "x": 1.0, "y": math.pi}, {"a": "1", "b": "2"}))
    history = world.client.get_metric_history(run.info.run_id, "m")
    equal(sorted((each.step, each.value) for each in history), [(number, number / 3) for number in range(500)])


def test_async_logging_as_the_default(world):
    world.experiment()
    mlflow.config.enable_async_logging(True)
    try:
        with mlflow.start_run() as run:
            for number in range(50):
                mlflow.log_metric("m", number, step=number)
            mlflow.log_param("p", "v")
    finally:
        mlflow.config.enable_async_logging(False)
    mlflow.flush_async_logging()
    got = mlflow.get_run(run.info.run_id)
    equal((got.data.metrics, got.data.params), ({"m": 49.0}, {"p": "v"}))


def test_system_metrics_are_logged(world):
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    world.experiment()
    published = threading.Event()
    publish = SystemMetricsMonitor.publish_metrics

    def tell(monitor, metrics):
        publish(monitor, metrics)
        published.set()

    SystemMetricsMonitor.publish_metrics = tell
    mlflow.set_system_metrics_sampling_interval(0.1)
    try:
        with mlflow.start_run(log_system_metrics=True) as run:
            assert published.wait(20), "nothing was sampled"
    finally:
        mlflow.set_system_metrics_sampling_interval(None)
        SystemMetricsMonitor.publish_metrics = publish
    assert "system/cpu_utilization_percentage" in mlflow.get_run(run.info.run_id).data.metrics
