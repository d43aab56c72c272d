"""Imports of large stores of MLflow's that are killed and go on."""

import sqlite3
import subprocess
import uuid

from mlflow.entities import Metric

from mlflow_store import client_of, database, path_of, points, sorted_points, uris
from store import Store


def rows(folder, runs, steps, keys=4):
    """A database with many points, inserted under MLflow's own schema."""
    path = database(folder)
    experiment = client_of(f"sqlite:///{path}").create_experiment("many", "/nowhere")
    with sqlite3.connect(path) as connection:
        for run in range(runs):
            name = uuid.UUID(int=run + 1).hex
            connection.execute(
                "INSERT INTO runs (run_uuid, name, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id, user_id)"
                " VALUES (?, ?, 'FINISHED', ?, ?, 'active', '', ?, '')",
                (name, f"run {run}", 1_700_000_000_000 + run, 1_700_000_000_000 + steps, experiment),
            )
            made = ((f"metric/{step % keys}", step / 3 + run, 1_700_000_000_000 + step, name, step) for step in range(steps))
            connection.executemany("INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)", made)
            newest = ((f"metric/{key}", name) for key in range(keys))
            connection.executemany(
                "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, 0, 0, 0, 0, ?)", newest
            )


def lines(folder, runs, steps):
    """The same as folders; MLflow writes a file for each metric, so its files are made longer by hand."""
    client = client_of(uris(folder)["files"][1])
    experiment = client.create_experiment("many")
    for run in range(runs):
        made = client.create_run(experiment, run_name=f"run {run}").info.run_id
        client.log_batch(made, [Metric("loss", 0.5, 1, 0)], [], [])
        client.set_terminated(made)
        path = folder / "mlruns" / experiment / made / "metrics" / "loss"
        with path.open("a") as file:
            file.writelines(f"{1_700_000_000_000 + step} {step / 3 + run!r} {step}\n" for step in range(1, steps))


def test_one_that_is_killed_goes_on_to_the_same_result(binary, folder):
    for kind, make in [("sqlite", rows), ("files", lines)]:
        place = folder / kind
        place.mkdir()
        make(place, 3, 100_000)
        ours, theirs = uris(place)[kind]
        store = Store(binary, place)
        kills = 0
        for wait_s in [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8]:
            process = subprocess.Popen(store.command("import", "mlflow", ours), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(wait_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
        store.bring("mlflow", ours)
        assert sorted_points(store.points()) == points(client_of(theirs)), kind
        found = store.runs()
        assert len(found) == 3 and all(run["state"] == "completed" for run in found.values()), found
        assert kills > 0, "no import was killed: let it bring in more"
        before = store.all_events()
        assert store.bring("mlflow", ours)["runs_same"] == 3
        assert store.all_events() == before
