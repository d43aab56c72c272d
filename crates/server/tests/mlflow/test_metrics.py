"""Metrics and their histories: what is logged comes back, in order, at its precision."""

import math

import mlflow
from mlflow.entities import Metric
from world import equal


def history(world, run, key):
    return [(each.step, each.timestamp, each.value) for each in world.client.get_metric_history(run, key)]


def test_a_history_comes_back_in_the_order_of_its_points(world):
    run = world.run()
    for step in range(10):
        world.client.log_metric(run, "m", step * 1.1, timestamp=1000 + step, step=step)
    equal(history(world, run, "m"), [(step, 1000 + step, step * 1.1) for step in range(10)])


def test_values_keep_every_bit(world):
    run = world.run()
    values = [0.1, 1 / 3, 1e-308, 5e-324, 1.7976931348623157e308, -0.5, 2**53 + 2.0, math.pi, 0.0]
    world.client.log_batch(run, [Metric("v", value, 1, step) for step, value in enumerate(values)])
    equal([value for _, _, value in history(world, run, "v")], values)


def test_values_that_are_no_numbers(world):
    run = world.run()
    world.client.log_metric(run, "nan", math.nan)
    world.client.log_metric(run, "up", math.inf)
    world.client.log_metric(run, "down", -math.inf)
    got = world.client.get_run(run).data.metrics
    assert math.isnan(got["nan"]), got
    equal((got["up"], got["down"]), (1.7976931348623157e308, -1.7976931348623157e308))


def test_the_latest_is_that_of_the_greatest_step_then_time_then_value(world):
    run = world.run()
    log = lambda value, time, step: world.client.log_metric(run, "m", value, time, step)
    latest = lambda: world.client.get_run(run).data.metrics["m"]
    log(1, 10, 5)
    log(2, 20, 3)
    equal(latest(), 1.0)
    log(3, 11, 5)
    equal(latest(), 3.0)
    log(2.5, 11, 5)
    equal(latest(), 3.0)
    log(9, 1, -1)
    equal(latest(), 3.0)
    equal(len(history(world, run, "m")), 5)


def test_the_same_point_twice_counts_once(world):
    run = world.run()
    for _ in range(3):
        world.client.log_metric(run, "m", 1.5, timestamp=7, step=1)
    equal(history(world, run, "m"), [(1, 7, 1.5)])


def test_a_long_history_comes_back_whole(world):
    run = world.run()
    for start in range(0, 30_000, 1000):
        world.client.log_batch(run, [Metric("m", float(step), step, step) for step in range(start, start + 1000)])
    equal(history(world, run, "m"), [(step, step, float(step)) for step in range(30_000)])


def test_histories_are_read_by_pages(world):
    run = world.run()
    world.client.log_batch(run, [Metric("m", float(step), step, step) for step in range(25)])
    seen, token = [], ""
    while True:
        path = f"/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key=m&max_results=10&page_token={token}"
        status, page = world.call("GET", path)
        equal(status, 200)
        seen += [(each["step"], each["value"]) for each in page["metrics"]]
        token = page.get("next_page_token")
        if not token:
            break
    equal(seen, [(step, float(step)) for step in range(25)])


def test_the_charts_of_the_interface_are_sampled(world):
    runs = [world.run(), world.run()]
    for run in runs:
        world.client.log_batch(run, [Metric("m", float(step), step, step) for step in range(1000)])
    query = "&".join(f"run_ids={run}" for run in runs)
    path = f"/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?{query}&metric_key=m&max_results=100"
    status, answer = world.call("GET", path)
    equal(status, 200)
    for run in runs:
        steps = [each["step"] for each in answer["metrics"] if each["run_id"] == run]
        assert steps[0] == 0 and steps[-1] == 999 and 50 < len(steps) <= 102, (len(steps), steps[:3], steps[-3:])
        equal(steps, sorted(steps))
    path = f"/ajax-api/2.0/mlflow/metrics/get-history-bulk?{query.replace('run_ids', 'run_id')}&metric_key=m&max_results=2000"
    status, answer = world.call("GET", path)
    equal((status, len(answer["metrics"])), (200, 2000))


def test_an_unknown_metric_and_run_have_empty_histories(world):
    run = world.run()
    equal(world.client.get_metric_history(run, "nothing"), [])
    equal(world.call("GET", f"/api/2.0/mlflow/metrics/get-history?run_id={'0' * 32}&metric_key=m"), (200, {}))


def test_limits_of_a_batch(world):
    run = world.run()
    url = "/api/2.0/mlflow/runs/log-batch"
    point = lambda number: {"key": f"m{number}", "value": 1, "timestamp": 1, "step": 0}
    pair = lambda number: {"key": f"k{number}", "value": "1"}
    for body, words in (
        ({"metrics": [point(n) for n in range(1001)]}, "at most 1000 metrics. Got 1001 metrics."),
        ({"params": [pair(n) for n in range(101)]}, "at most 100 params. Got 101 params."),
        ({"tags": [pair(n) for n in range(101)]}, "at most 100 tags. Got 101 tags."),
        (
            {"metrics": [point(n) for n in range(950)], "params": [pair(n) for n in range(51)]},
            "at most 1000 metrics, params, and tags. Got 1001 metrics, params, and tags.",
        ),
    ):
        status, answer = world.call("POST", url, {"run_id": run, **body})
        equal((status, answer["error_code"]), (400, "INVALID_PARAMETER_VALUE"))
        assert words in answer["message"], answer
    equal(world.client.get_run(run).data.metrics, {})


def test_wrong_numbers_are_refused(world):
    run = world.run()
    base = {"run_id": run, "key": "m", "value": 1, "timestamp": 1, "step": 0}
    for change in ({"value": "no"}, {"timestamp": -1}, {"timestamp": "x"}, {"step": "x"}, {"key": None}, {"value": None}):
        status, answer = world.call("POST", "/api/2.0/mlflow/runs/log-metric", {**base, **change})
        equal((change, status, answer["error_code"]), (change, 400, "INVALID_PARAMETER_VALUE"))


def test_metrics_of_a_model_and_a_dataset(world):
    world.experiment()
    with mlflow.start_run() as run:
        model = mlflow.initialize_logged_model(name="scored")
        mlflow.log_metric("score", 0.5, step=1, model_id=model.model_id)
        mlflow.log_metrics({"other": 0.25}, step=1, model_id=model.model_id)
        mlflow.finalize_logged_model(model.model_id, "READY")
    equal(mlflow.get_run(run.info.run_id).data.metrics, {"score": 0.5, "other": 0.25})
    got = {each.key: each.value for each in mlflow.get_logged_model(model.model_id).metrics}
    equal(got, {"score": 0.5, "other": 0.25})
