"""Logged models: made, finished, tagged, searched, saved with scikit-learn and loaded again."""

import mlflow
from mlflow.entities import LoggedModelParameter, LoggedModelStatus
from world import equal, refused


def classifier():
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    data = load_iris()
    return LogisticRegression(max_iter=300).fit(data.data, data.target), data.data


def test_a_scikit_learn_model_is_logged_and_loaded(world):
    world.experiment()
    model, rows = classifier()
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(model, name="iris", input_example=rows[:2], params={"a": 1})
    equal(info.run_id, run.info.run_id)
    got = mlflow.get_logged_model(info.model_id)
    equal((got.name, got.status, got.source_run_id), ("iris", LoggedModelStatus.READY, run.info.run_id))
    equal(got.params["a"], "1")
    loaded = mlflow.sklearn.load_model(info.model_uri)
    equal(loaded.predict(rows).tolist(), model.predict(rows).tolist())
    generic = mlflow.pyfunc.load_model(f"models:/{info.model_id}")
    equal(generic.predict(rows).tolist(), model.predict(rows).tolist())
    through_run = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/iris")
    equal(through_run.predict(rows).tolist(), model.predict(rows).tolist())
    equal(mlflow.models.get_model_info(info.model_uri).model_id, info.model_id)
    outputs = mlflow.get_run(run.info.run_id).outputs.model_outputs
    equal([each.model_id for each in outputs], [info.model_id])
    listed = [each.path for each in world.client.list_logged_model_artifacts(info.model_id)]
    assert "MLmodel" in listed and "input_example.json" in listed, listed
    equal(mlflow.last_logged_model().model_id, info.model_id)


def test_a_model_comes_back_as_it_was_made(world):
    experiment = world.experiment()
    run = world.run(experiment)
    params = {f"p{number}": str(number) for number in range(150)}
    made = world.client.create_logged_model(experiment, "m", run, {"t": "1"}, params, "agent")
    got = world.client.get_logged_model(made.model_id)
    equal((got.name, got.model_type, got.source_run_id), ("m", "agent", run))
    equal((got.experiment_id, got.status), (experiment, LoggedModelStatus.PENDING))
    equal((got.tags["t"], got.params), ("1", params))
    assert got.model_id.startswith("m-") and got.artifact_location.endswith(f"/models/{got.model_id}/artifacts/") or (
        got.artifact_location.endswith(f"/models/{got.model_id}/artifacts")
    ), got.artifact_location
    ready = world.client.finalize_logged_model(made.model_id, "READY")
    equal(ready.status, LoggedModelStatus.READY)
    world.client.set_logged_model_tags(made.model_id, {"t": "2", "u": "x"})
    world.client.delete_logged_model_tag(made.model_id, "u")
    equal({key: value for key, value in world.client.get_logged_model(made.model_id).tags.items() if key in "tu"}, {"t": "2"})
    refused("RESOURCE_DOES_NOT_EXIST", lambda: world.client.delete_logged_model_tag(made.model_id, "u"))
    world.client.log_model_params(made.model_id, {"later": "1"})
    equal(world.client.get_logged_model(made.model_id).params["later"], "1")
    equal(LoggedModelParameter("a", "b").value, "b")


def test_a_model_without_a_name_is_given_one(world):
    made = world.client.create_logged_model(world.experiment())
    assert len(made.name.split("-")) == 3, made.name


def test_a_deleted_model_is_gone(world):
    made = world.client.create_logged_model(world.experiment(), "m")
    world.client.delete_logged_model(made.model_id)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: world.client.get_logged_model(made.model_id), made.model_id)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: world.client.get_logged_model("m-" + "0" * 32), "not found")


def test_search(world):
    experiment = world.experiment()
    ids = []
    with mlflow.start_run():
        for number in range(4):
            tags, params = {"parity": str(number % 2)}, {"n": str(number)}
            model = mlflow.initialize_logged_model(name=f"m{number}", tags=tags, params=params, model_type=f"t{number % 2}")
            mlflow.log_metric("score", number / 10, model_id=model.model_id)
            mlflow.finalize_logged_model(model.model_id, "READY" if number else "FAILED")
            ids.append(model.model_id)
    order = [{"field_name": "name"}]
    find = lambda filter=None, order=order, **how: [
        ids.index(each.model_id) for each in world.client.search_logged_models([experiment], filter, order_by=order, **how)
    ]
    for filter, wanted in (
        (None, [0, 1, 2, 3]),
        ("name = 'm1'", [1]),
        ("name LIKE 'm%' AND model_type = 't1'", [1, 3]),
        ("tags.parity = '1'", [1, 3]),
        ("params.n != '1'", [0, 2, 3]),
        ("metrics.score > 0.15", [2, 3]),
        ("model_type = 't0'", [0, 2]),
        (f"model_id = '{ids[2]}'", [2]),
        ("creation_timestamp > 0", [0, 1, 2, 3]),
    ):
        equal((filter, find(filter)), (filter, wanted))
    equal(find(order=[{"field_name": "metrics.score", "ascending": False}]), [3, 2, 1, 0])
    equal(find(order=[{"field_name": "creation_timestamp", "ascending": True}]), [0, 1, 2, 3])
    first = world.client.search_logged_models([experiment], order_by=order, max_results=3)
    second = world.client.search_logged_models([experiment], order_by=order, max_results=3, page_token=first.token)
    equal(([each.name for each in first], [each.name for each in second]), (["m0", "m1", "m2"], ["m3"]))
    table = mlflow.search_logged_models([experiment])
    equal(sorted(table["name"]), ["m0", "m1", "m2", "m3"])
    refused(
        "INVALID_PARAMETER_VALUE",
        lambda: world.client.search_logged_models([experiment], order_by=[{"field_name": "params.n"}]),
        "Invalid order by field name",
    )
    refused("INVALID_PARAMETER_VALUE", lambda: find("nonsense.a = 'b'"))


def test_metrics_of_a_model_on_a_dataset(world):
    import pandas

    experiment = world.experiment()
    with mlflow.start_run() as run:
        model = mlflow.initialize_logged_model(name="scored")
        dataset = mlflow.data.from_pandas(pandas.DataFrame({"x": [1]}), name="held-out")
        mlflow.log_metric("score", 0.9, step=2, model_id=model.model_id, dataset=dataset)
        mlflow.log_metric("score", 0.8, step=3, model_id=model.model_id)
        mlflow.finalize_logged_model(model.model_id, "READY")
    metrics = mlflow.get_logged_model(model.model_id).metrics
    got = sorted((each.key, each.value, each.step, each.dataset_name, each.run_id) for each in metrics if each.dataset_name)
    equal(got, [("score", 0.9, 2, "held-out", run.info.run_id)])
    scoped = [{"dataset_name": "held-out", "dataset_digest": dataset.digest}]
    find = lambda filter: world.client.search_logged_models([experiment], filter, datasets=scoped)
    equal((len(find("metrics.score = 0.9")), len(find("metrics.score = 0.8"))), (1, 0))


def test_an_external_model_and_the_active_one(world):
    world.experiment()
    model = mlflow.create_external_model(name="outside", params={"a": "b"})
    equal((model.status, model.params), (LoggedModelStatus.READY, {"a": "b"}))
    mlflow.set_active_model(model_id=model.model_id)
    equal(mlflow.get_active_model_id(), model.model_id)
    mlflow.clear_active_model()


def test_files_of_a_model_are_written_by_the_client(world):
    made = world.client.create_logged_model(world.experiment(), "m")
    (world.folder / "files").mkdir()
    (world.folder / "files" / "a.txt").write_text("a")
    (world.folder / "b.txt").write_text("bb")
    world.client.log_model_artifacts(made.model_id, str(world.folder / "files"))
    world.client.log_model_artifact(made.model_id, str(world.folder / "b.txt"))
    listed = [(each.path, each.file_size) for each in world.client.list_logged_model_artifacts(made.model_id)]
    equal(sorted(listed), [("a.txt", 1), ("b.txt", 2)])
    status, answer = world.call("GET", f"/ajax-api/2.0/mlflow/logged-models/{made.model_id}/artifacts/directories")
    equal((status, sorted(each["path"] for each in answer["files"])), (200, ["a.txt", "b.txt"]))
