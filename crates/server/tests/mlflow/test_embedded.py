"""What is different without a server: processes that share a folder, forks, ends without warning, and addresses."""

import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys

import mlflow
from mlflow import MlflowClient
from servers import Server
from world import equal, refused

STEPS = 200


def log_steps(run, key):
    client = MlflowClient()
    for step in range(STEPS):
        client.log_metric(run, key, step / 2, step=step)


def steps_of(client, run, key):
    return sorted(point.step for point in client.get_metric_history(run, key))


def started(program, *words, **named):
    """A program of its own, which finds the package as this one does."""
    return subprocess.Popen([sys.executable, "-c", program, *words], stdout=subprocess.PIPE, text=True, **named)


def test_forked_workers_log_to_the_run_of_their_parent(world):
    experiment = world.experiment()
    run = world.run(experiment)
    log_steps(run, "parent")
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=log_steps, args=(run, f"worker{number}")) for number in range(4)]
    for worker in workers:
        worker.start()
    log_steps(run, "meanwhile")
    for worker in workers:
        worker.join()
    equal([worker.exitcode for worker in workers], [0] * 4)
    for key in ("parent", "meanwhile", *(f"worker{number}" for number in range(4))):
        equal(steps_of(world.client, run, key), list(range(STEPS)))


def test_a_forked_child_uses_every_part_of_the_store(world):
    run = world.run()
    world.client.log_text(run, "of the parent", "parent.txt")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            world.client.log_text(run, "of the child", "child.txt")
            equal(mlflow.artifacts.load_text(f"runs:/{run}/parent.txt"), "of the parent")
            world.client.create_registered_model("made by a child")
            equal(len(world.client.search_runs([world.client.get_run(run).info.experiment_id])), 1)
            status = 0
        finally:
            os._exit(status)
    equal(os.waitpid(child, 0)[1], 0)
    equal(mlflow.artifacts.load_text(f"runs:/{run}/child.txt"), "of the child")
    equal(world.client.get_registered_model("made by a child").name, "made by a child")
    world.client.log_metric(run, "after", 1.0)


def test_spawned_workers_find_the_store_by_the_variable(world):
    run = world.run()
    program = "import sys, mlflow; mlflow.MlflowClient().log_metric(sys.argv[1], sys.argv[2], 1.0)"
    workers = [started(program, run, key) for key in "ab"]
    equal([worker.wait(120) for worker in workers], [0, 0])
    equal(world.client.get_run(run).data.metrics, {"a": 1.0, "b": 1.0})


def test_a_run_that_is_killed_keeps_every_value_that_was_logged(world):
    run = world.run()
    program = """
import itertools, sys, mlflow
client = mlflow.MlflowClient()
for step in itertools.count():
    client.log_metric(sys.argv[1], "loss", 1.0, step=step)
    print(step, flush=True)
"""
    trainer = started(program, run)
    for line in trainer.stdout:
        if int(line) == 300:
            trainer.send_signal(signal.SIGKILL)
            break
    told = [int(line) for line in trainer.stdout.read().split()]
    trainer.wait(60)
    kept = steps_of(world.client, run, "loss")
    last = max([300, *told])
    assert kept[: last + 1] == list(range(last + 1)), f"{len(kept)} of {last + 1}"
    equal(world.client.get_run(run).info.status, "RUNNING")
    world.client.set_terminated(run, "KILLED")


def test_two_processes_log_beside_a_server_of_the_same_folder(world):
    run = world.run()
    with Server("ours", world.server.folder, world.server.binary) as server:
        far = MlflowClient(server.uri, server.uri)
        program = """
import sys, mlflow
client = mlflow.MlflowClient(sys.argv[1], sys.argv[1])
for step in range(200):
    client.log_metric(sys.argv[2], sys.argv[3], step / 2, step=step)
"""
        near = [started(program, uri, run, key) for uri, key in ((world.uri, "near"), (server.uri, "far"))]
        log_steps(run, "here")
        equal([each.wait(120) for each in near], [0, 0])
        for client in (far, world.client):
            for key in ("here", "near", "far"):
                equal(steps_of(client, run, key), list(range(STEPS)))
        world.client.log_text(run, "from here", "a/b.txt")
        uri = far.get_run(run).info.artifact_uri
        equal(uri, world.client.get_run(run).info.artifact_uri)
        down = far.download_artifacts(run, "a/b.txt", str(world.folder))
        equal(pathlib.Path(down).read_text(), "from here")
        far.log_text(run, "from there", "c.txt")
        equal(mlflow.artifacts.load_text(f"runs:/{run}/c.txt"), "from there")
        far.create_registered_model("seen by both")
        equal(world.client.get_registered_model("seen by both").name, "seen by both")


def test_refusals_are_those_of_a_server(world):
    run = world.run()
    refused("INVALID_PARAMETER_VALUE", lambda: world.client.log_metric(run, "a*b", 1.0))
    refused("INVALID_PARAMETER_VALUE", lambda: world.client.log_metric(run, "late", 1.0, timestamp=-5), "nonnegative")
    refused("RESOURCE_DOES_NOT_EXIST", lambda: world.client.log_metric("0" * 32, "a", 1.0), "not found")
    world.client.log_param(run, "lr", 0.1)
    refused("INVALID_PARAMETER_VALUE", lambda: world.client.log_param(run, "lr", 0.2), "Changing param values")
    for wrong in ({"value": "many"}, {"value": 1.0, "step": "second"}, {"value": 1.0, "timestamp": 0.5}):
        try:
            world.client.log_metric(run, "a", **wrong)
        except TypeError as error:
            # In the words of what writes the wire, as with a server.
            assert "str" in str(error) or "float" in str(error), error
        else:
            raise AssertionError(f"{wrong} was taken")
    equal(world.client.get_run(run).data.metrics, {})


def test_an_address_without_a_path_is_the_store_that_the_command_line_finds(world):
    here = pathlib.Path.cwd()
    store = world.folder / "project" / ".mltrack"
    MlflowClient(f"mltrack:{store}").create_experiment("found")
    (world.folder / "project" / "deep").mkdir()
    named = os.environ.pop("MLTRACK_STORE", None)
    try:
        os.chdir(world.folder / "project" / "deep")
        equal(MlflowClient("mltrack:").get_experiment_by_name("found").name, "found")
        equal(MlflowClient("mltrack:..").get_experiment_by_name("found").name, "found")
        equal(MlflowClient(f"mltrack://{store}").get_experiment_by_name("found").name, "found")
    finally:
        os.chdir(here)
        if named is not None:
            os.environ["MLTRACK_STORE"] = named


def test_an_address_of_another_machine_is_refused(world):
    try:
        MlflowClient("mltrack://host:5000/store").search_experiments()
    except ValueError as error:
        assert "http://host:5000" in str(error), error
    else:
        raise AssertionError("a machine was taken for a folder")


for value in list(vars().values()):
    if getattr(value, "__name__", "").startswith("test_"):
        value.embedded_only = True
