"""Stores that MLflow's own client writes, and what it reads back of them."""

import functools
import math
import os
import pathlib
import tempfile

# The file store is asked for by name since MLflow 3.
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, ViewType
from mlflow.tracking import MlflowClient

from store import bits

VALUES = [0.1, -0.0, 1.5, math.nan, math.inf, -math.inf, 1e-320, 5e-324, 1.7976931348623157e308, -1e-30]
STATES = {"FINISHED": "completed", "FAILED": "failed", "KILLED": "cancelled", "RUNNING": "running", "SCHEDULED": "queued"}


def client_of(uri):
    return MlflowClient(uri)


def uris(folder):
    """One store of each kind: what mltrack is told, and what MLflow is told."""
    return {
        "files": (str(folder / "mlruns"), str(folder / "mlruns")),
        "sqlite": (f"sqlite:///{folder / 'mlflow.db'}", f"sqlite:///{database(folder)}"),
    }


@functools.cache
def template():
    """The bytes of an empty database of the installed MLflow: to make one takes seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "mlflow.db")
        client_of(f"sqlite:///{path}").search_experiments()
        return path.read_bytes()


def database(folder):
    path = folder / "mlflow.db"
    if not path.exists():
        path.write_bytes(template())
    return path


def fill(client, folder):
    """Everything that is brought in, of every kind."""
    note = "what it is\nabout # tricky: \"q\" 'é'"
    resnet = client.create_experiment("resnet", (folder / "art").as_uri(), {"team": "x: y", "mlflow.note.content": note})
    names = ["first: #1 'q'", "a name that is so long that it stands in several lines of a file of YAML, as such names do", "- ünï\t"]
    for at, name in enumerate(names):
        tags = {"mlflow.user": "ada", "mlflow.source.name": "train.py", "many": "a\nb\n", "empty": ""}
        run = client.create_run(resnet, 1_700_000_000_123 + at, tags, name).info.run_id
        points = [Metric("loss", value, 1_700_000_000_000 + step, step - 4) for step, value in enumerate(VALUES)]
        points += [Metric(f"val/deep/{key} ", key / 3, 1_700_000_000_000, 7) for key in range(3)]
        params = [Param("lr", "0.001"), Param("empty", ""), Param("opt/name", "adam\nx"), Param("long", "é" * 3000)]
        client.log_batch(run, points, params, [])
        for step in [5, 3, 5]:
            client.log_metric(run, "back", step * 0.5, 1_700_000_000_000 + step, step)
        context = [InputTag("mlflow.data.context", "testing")]
        client.log_inputs(run, [DatasetInput(Dataset("digits", f"d{at}", "local", "/x.csv", '{"a": 1}', '{"n": 5}'), context)])
        client.log_text(run, f"hello {at}", "notes/a.txt")
        client.set_terminated(run, "FINISHED", 1_700_000_009_000 + at)
    child = client.create_run(resnet, 1_600_000_000_000, {"mlflow.parentRunId": run}, "child").info.run_id
    client.set_terminated(child, "FAILED", 1_700_000_009_999)
    for state in ["KILLED", "SCHEDULED", "RUNNING"]:
        client.update_run(client.create_run(resnet, run_name=state).info.run_id, state)
    gone = client.create_run(resnet, run_name="gone").info.run_id
    client.log_metric(gone, "m", 1)
    client.delete_run(gone)
    old = client.create_experiment("old")
    client.create_run(old, run_name="in old")
    client.delete_experiment(old)
    return resnet


def experiments(client):
    return client.search_experiments(view_type=ViewType.ALL)


def runs(client, view=ViewType.ACTIVE_ONLY):
    ids = [experiment.experiment_id for experiment in experiments(client)]
    return client.search_runs(ids, run_view_type=view, max_results=50_000)


def points(client):
    """(run's name, metric) -> points, as a set would have them: MLflow gives no order of what was logged."""
    found = {}
    for run in runs(client):
        for key in run.data.metrics:
            for one in client.get_metric_history(run.info.run_id, key):
                point = (one.step, one.timestamp * 1_000_000, bits(one.value))
                found.setdefault((run.info.run_name.replace("\t", " "), key), []).append(point)
    return sorted_points(found)


def sorted_points(found):
    return {key: sorted(points) for key, points in found.items()}


def path_of(uri):
    return pathlib.Path(uri.removeprefix("sqlite:///"))
