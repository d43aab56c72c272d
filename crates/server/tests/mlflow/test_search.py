"""Runs that are looked for: every kind of condition, orders, pages, views, and the table that pandas gets."""

import math

import mlflow
from mlflow.entities import Metric, Param, RunTag, ViewType
from world import equal, refused


def shelf(world):
    """Five runs that differ in everything; their experiment and their ids by number."""
    experiment = world.experiment()
    ids = []
    for number in range(5):
        run = world.client.create_run(experiment, start_time=1000 + number, run_name=f"run-{number}")
        metrics = [Metric("loss", number / 10, 1, 0)]
        metrics.append(Metric("odd", math.nan if number == 4 else number / 10, 1, 0))
        if number < 2:
            metrics.append(Metric("only.some", -1.5 * number, 1, 0))
        params = [Param("layers", str(number)), Param("kind", "A" if number % 2 else "a")]
        tags = [RunTag("group", f"g{number // 2}"), RunTag("odd key", "x")]
        world.client.log_batch(run.info.run_id, metrics, params, tags)
        if number == 3:
            world.client.set_terminated(run.info.run_id, "FAILED", end_time=5000)
        ids.append(run.info.run_id)
    return experiment, ids


def finder(world, experiment, ids):
    def find(filter="", order=("start_time ASC",), **how):
        found = world.client.search_runs([experiment], filter, order_by=list(order), **how)
        return [ids.index(run.info.run_id) for run in found]

    return find


def test_conditions(world):
    experiment, ids = shelf(world)
    find = finder(world, experiment, ids)
    for condition, wanted in (
        ("", [0, 1, 2, 3, 4]),
        ("metrics.loss < 0.2", [0, 1]),
        ("metrics.loss >= 2e-1", [2, 3, 4]),
        ("metric.loss != 0.1", [0, 2, 3, 4]),
        ("metrics.only.some = -1.5", [1]),
        ("metrics.`only.some` <= 0", [0, 1]),
        ('metrics."loss" = 0.3', [3]),
        ("params.layers = '3'", [3]),
        ("param.layers != '3'", [0, 1, 2, 4]),
        ("parameters.kind LIKE 'A'", [1, 3]),
        ("params.kind ilike 'A'", [0, 1, 2, 3, 4]),
        ("params.layers > '2'", "refused"),
        ("tags.group = 'g1'", [2, 3]),
        ("tags.group LIKE 'g%' and tags.group != 'g1'", [0, 1, 4]),
        ("tags.`odd key` = 'x'", [0, 1, 2, 3, 4]),
        ("tags.nothing != 'x'", []),
        ("tags.nothing IS NULL", [0, 1, 2, 3, 4]),
        ("params.layers IS NOT NULL", [0, 1, 2, 3, 4]),
        ("attributes.status = 'FAILED'", [3]),
        ("status != 'FAILED'", [0, 1, 2, 4]),
        ("attribute.run_name LIKE 'run-%'", [0, 1, 2, 3, 4]),
        ("run_name = 'run-2'", [2]),
        ("`run name` = 'run-2'", [2]),
        ("start_time > 1002", [3, 4]),
        ("created <= 1001", [0, 1]),
        ("end_time = 5000", [3]),
        (f"run_id = '{ids[1]}'", [1]),
        (f"run_id IN ('{ids[1]}', '{ids[4]}')", [1, 4]),
        (f"attributes.run_id NOT IN ('{ids[1]}', '{ids[4]}')", [0, 2, 3]),
        ("metrics.loss < 0.25 AND params.kind = 'a' AND tags.group = 'g0'", [0]),
        ("metrics.nothing < 1", []),
    ):
        if wanted == "refused":
            refused("INVALID_PARAMETER_VALUE", lambda: find(condition))
        else:
            equal((condition, find(condition)), (condition, wanted))


def test_orders(world):
    experiment, ids = shelf(world)
    find = finder(world, experiment, ids)
    for order, wanted in (
        (["start_time DESC"], [4, 3, 2, 1, 0]),
        (["attributes.start_time"], [0, 1, 2, 3, 4]),
        (["metrics.odd"], [0, 1, 2, 3, 4]),
        (["metrics.odd DESC"], [3, 2, 1, 0, 4]),
        (["metrics.only.some"], [1, 0, 4, 3, 2]),
        (["metrics.`only.some` DESC"], [0, 1, 4, 3, 2]),
        (["params.kind ASC", "start_time ASC"], [1, 3, 0, 2, 4]),
        (["tags.group DESC", "params.layers ASC"], [4, 2, 3, 0, 1]),
        (["attribute.run_name DESC"], [4, 3, 2, 1, 0]),
        (["end_time"], [3, 4, 2, 1, 0]),
        (["params.nothing"], [4, 3, 2, 1, 0]),
        ([], [4, 3, 2, 1, 0]),
    ):
        equal((order, find(order=order)), (order, wanted))
    refused("INVALID_PARAMETER_VALUE", lambda: find(order=["metrics.loss desc nulls"]), "Invalid order_by clause")
    refused("INVALID_PARAMETER_VALUE", lambda: find(order=["nonsense"]), "Invalid")


def test_pages(world):
    experiment = world.experiment()
    ids = [world.client.create_run(experiment, start_time=number + 1).info.run_id for number in range(23)]
    seen, token = [], None
    for size in (10, 10, 3):
        page = world.client.search_runs([experiment], max_results=10, order_by=["start_time"], page_token=token)
        equal(len(page), size)
        seen += [run.info.run_id for run in page]
        token = page.token
    equal((seen, token or None), (ids, None))
    status, answer = world.call(
        "POST", "/api/2.0/mlflow/runs/search", {"experiment_ids": [experiment], "page_token": "!!", "max_results": 5}
    )
    equal((status, answer["error_code"]), (400, "INVALID_PARAMETER_VALUE"))


def test_views(world):
    experiment = world.experiment()
    kept, gone = (world.client.create_run(experiment, start_time=time).info.run_id for time in (1, 2))
    world.client.delete_run(gone)
    find = lambda view: [run.info.run_id for run in world.client.search_runs([experiment], "", view, order_by=["start_time"])]
    equal(find(ViewType.ACTIVE_ONLY), [kept])
    equal(find(ViewType.DELETED_ONLY), [gone])
    equal(find(ViewType.ALL), [kept, gone])


def test_several_experiments_and_none(world):
    first, second = world.experiment(), world.experiment()
    runs = {world.client.create_run(each).info.run_id for each in (first, second)}
    equal({run.info.run_id for run in world.client.search_runs([first, second])}, runs)
    equal(list(world.client.search_runs([])), [])
    equal(list(world.client.search_runs(["987654321"])), [])


def test_the_table_that_pandas_gets(world):
    import pandas

    experiment, ids = shelf(world)
    table = mlflow.search_runs([experiment], order_by=["start_time ASC"])
    assert isinstance(table, pandas.DataFrame)
    equal(table["run_id"].tolist(), ids)
    equal(table["params.layers"].tolist(), ["0", "1", "2", "3", "4"])
    equal(table["metrics.loss"].tolist()[:4], [0.0, 0.1, 0.2, 0.3])
    equal(table["tags.group"].tolist(), ["g0", "g0", "g1", "g1", "g2"])
    equal(table["status"].tolist(), ["RUNNING"] * 3 + ["FAILED", "RUNNING"])
    equal(table["metrics.only.some"].isna().tolist(), [False, False, True, True, True])
    equal(str(table["start_time"].dtype), "datetime64[ns, UTC]")
    by_name = mlflow.search_runs(experiment_names=[world.client.get_experiment(experiment).name])
    equal(len(by_name), 5)


def test_what_is_refused(world):
    experiment = world.experiment()
    search = lambda filter: world.client.search_runs([experiment], filter)
    for filter, words in (
        ("metrics.a = 1 OR metrics.b = 2", "Invalid clause(s) in filter string"),
        ("1 = metrics.a", "Invalid"),
        ("foo.a = 1", "Invalid entity type 'foo'"),
        ("attributes.foo = 'a'", "Invalid attribute key 'foo'"),
        ("metrics.a = '1'", "Expected numeric value type for metric. Found '1'"),
        ("params.a = 1", "Expected a quoted string value for parameter"),
        ("metrics.a LIKE 1", "Invalid"),
        ("metrics.a IS NULL", "only supported for tags and params"),
        ("status IN ('a')", "Only ['run_id'] attributes support"),
        ("metrics.a = 1; metrics.b = 2", "Search filter contained multiple expression"),
    ):
        # Ours answers as the newest does; an older one refuses in other words.
        refused("INVALID_PARAMETER_VALUE", lambda: search(filter), words if world.speaks_as_newest else "")
    refused("INVALID_PARAMETER_VALUE", lambda: world.client.search_runs([experiment], max_results=50_001))


def test_searching_sees_what_was_just_written(world):
    experiment = world.experiment()
    for number in range(20):
        run = world.client.create_run(experiment).info.run_id
        world.client.log_metric(run, "m", number)
        found = world.client.search_runs([experiment], f"metrics.m = {number}")
        equal([each.info.run_id for each in found], [run])


def test_datasets_are_conditions(world):
    import pandas

    experiment = world.experiment()
    table = pandas.DataFrame({"x": [1, 2]})
    with mlflow.start_run() as run:
        dataset = mlflow.data.from_pandas(table, name="shelf", targets="x")
        mlflow.log_input(dataset, context="training")
    with mlflow.start_run():
        pass
    find = lambda filter: [each.info.run_id for each in world.client.search_runs([experiment], filter)]
    for filter in (
        "dataset.name = 'shelf'",
        "datasets.name LIKE 'sh%'",
        f"dataset.digest = '{dataset.digest}'",
        "dataset.context = 'training'",
        "dataset.name IN ('shelf', 'other')",
        "dataset.name = 'shelf' AND dataset.context = 'training'",
    ):
        equal((filter, find(filter)), (filter, [run.info.run_id]))
    equal(find("dataset.name = 'other'"), [])
