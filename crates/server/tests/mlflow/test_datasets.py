"""Datasets and models that runs use and make."""

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelInput, LoggedModelOutput
from world import equal, refused


def test_datasets_of_a_run_come_back_whole(world):
    import numpy
    import pandas

    world.experiment()
    table = pandas.DataFrame({"x": [1.0, 2.0], "y": [0, 1]})
    with mlflow.start_run() as run:
        first = mlflow.data.from_pandas(table, source="https://example.org/t.csv", name="table", targets="y")
        mlflow.log_input(first, context="training", tags={"split": "a"})
        mlflow.log_input(first, context="training")
        second = mlflow.data.from_numpy(numpy.arange(6).reshape(3, 2), name="array")
        mlflow.log_input(second, context="eval")
    inputs = sorted(mlflow.get_run(run.info.run_id).inputs.dataset_inputs, key=lambda each: each.dataset.name)
    equal([each.dataset.name for each in inputs], ["array", "table"])
    got = inputs[1].dataset
    equal((got.digest, got.source_type), (first.digest, "http"))
    assert "example.org" in got.source and '"x"' in got.schema and '"num_rows": 2' in got.profile, got.to_dictionary()
    tags = {tag.key: tag.value for tag in inputs[1].tags}
    equal((tags["mlflow.data.context"], tags["split"]), ("training", "a"))
    again = mlflow.data.get_source(inputs[1])
    equal(again.url, "https://example.org/t.csv")


def test_datasets_of_an_experiment_are_listed(world):
    experiment = world.experiment()
    run = world.run(experiment)
    for number, context in enumerate(("training", "eval", "training")):
        dataset = Dataset(f"set-{number}", f"digest-{number}", "code", "{}", schema="{}", profile="{}")
        world.client.log_inputs(run, [DatasetInput(dataset, [InputTag("mlflow.data.context", context)])])
    status, answer = world.call(
        "POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": [experiment]}
    )
    equal(status, 200)
    got = sorted((each["name"], each["digest"], each["context"]) for each in answer["dataset_summaries"])
    wanted = [("set-0", "digest-0", "training"), ("set-1", "digest-1", "eval"), ("set-2", "digest-2", "training")]
    equal(got, wanted)
    equal({each["experiment_id"] for each in answer["dataset_summaries"]}, {experiment})


def test_models_are_inputs_and_outputs_of_runs(world):
    experiment = world.experiment()
    run = world.run(experiment)
    made, used = (world.client.create_logged_model(experiment, name, run) for name in ("made", "used"))
    world.client.log_outputs(run, [LoggedModelOutput(made.model_id, 3)])
    world.client.log_inputs(run, models=[LoggedModelInput(used.model_id)])
    got = world.client.get_run(run)
    equal([(each.model_id, each.step) for each in got.outputs.model_outputs], [(made.model_id, 3)])
    equal([each.model_id for each in got.inputs.model_inputs], [used.model_id])


def test_inputs_of_what_is_not_there_are_refused(world):
    dataset = Dataset("d", "1", "code", "{}")
    log = lambda: world.client.log_inputs("0" * 32, [DatasetInput(dataset, [])])
    refused("RESOURCE_DOES_NOT_EXIST", log, "not found")
    run = world.run()
    long = {"name": "x" * 501, "digest": "1", "source_type": "c", "source": "s"}
    body = {"run_id": run, "datasets": [{"dataset": long, "tags": []}]}
    status, answer = world.call("POST", "/api/2.0/mlflow/runs/log-inputs", body)
    equal((status, answer["error_code"]), (400, "INVALID_PARAMETER_VALUE"))
