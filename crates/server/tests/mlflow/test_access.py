"""Keys: the client's own variables for users, passwords and tokens, against a server that asks for one."""

import contextlib
import os
import subprocess

import mlflow
from mlflow import MlflowClient
from servers import Server
from world import equal, refused

VARIABLES = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")


@contextlib.contextmanager
def guarded(world):
    """A server that asks for a token; gives a maker of keys too."""
    with Server("ours", world.folder / "guarded", world.server.binary, ["--auth", "token"]) as server:
        store = str(server.folder / "store")

        def key(name, role):
            command = [server.binary, "-C", store, "key", "new", name, "--role", role, "-q"]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

        yield server, key


@contextlib.contextmanager
def variables(user=None, password=None, token=None):
    """Sets the client's variables, and takes them away again."""
    given = dict(zip(VARIABLES, (user, password, token)))
    try:
        os.environ.update({name: value for name, value in given.items() if value is not None})
        yield
    finally:
        for name in VARIABLES:
            os.environ.pop(name, None)


def log_something(server):
    """A whole run by the fluent calls, with an artifact; its id."""
    mlflow.set_tracking_uri(server.uri)
    mlflow.set_experiment("guarded")
    with mlflow.start_run() as run:
        mlflow.log_param("p", 1)
        mlflow.log_metric("m", 0.5)
        mlflow.log_text("kept", "notes/a.txt")
    return run.info.run_id


def test_a_user_and_a_password_or_a_token_of_the_client_get_in(world):
    with guarded(world) as (server, key):
        token = key("anna", "writer")
        for given in ({"user": "anna", "password": token}, {"token": token}):
            with variables(**given):
                run = log_something(server)
                equal(mlflow.get_run(run).data.metrics, {"m": 0.5})
                equal(mlflow.artifacts.load_text(f"runs:/{run}/notes/a.txt"), "kept")


test_a_user_and_a_password_or_a_token_of_the_client_get_in.ours_only = True
test_a_user_and_a_password_or_a_token_of_the_client_get_in.needs_server = True


def test_nothing_and_what_is_wrong_are_refused(world):
    with guarded(world) as (server, key):
        token = key("anna", "writer")
        ask = lambda: MlflowClient(server.uri, server.uri).search_experiments()
        wrong = token[:-1] + ("a" if token[-1] != "a" else "b")
        for given in ({}, {"user": "anna", "password": "guess"}, {"user": "anna", "password": wrong}, {"token": wrong}):
            with variables(**given):
                refused("UNAUTHENTICATED", ask)
        with variables(token=token):
            assert ask()


test_nothing_and_what_is_wrong_are_refused.ours_only = True
test_nothing_and_what_is_wrong_are_refused.needs_server = True


def test_a_viewer_looks_and_changes_nothing(world):
    with guarded(world) as (server, key):
        with variables(token=key("hand", "writer")):
            run = log_something(server)
        with variables(token=key("eye", "viewer")):
            client = MlflowClient(server.uri, server.uri)
            equal(client.get_run(run).data.params, {"p": "1"})
            equal([each.path for each in client.list_artifacts(run)], ["notes"])
            equal(len(client.search_runs([client.get_run(run).info.experiment_id])), 1)
            for change in (
                lambda: client.log_metric(run, "m", 2.0),
                lambda: client.set_tag(run, "t", "v"),
                lambda: client.delete_run(run),
                lambda: client.create_experiment("another"),
                lambda: client.create_registered_model("model"),
            ):
                refused("PERMISSION_DENIED", change)
            try:
                client.log_text(run, "more", "b.txt")
            except Exception as error:
                assert "403" in str(error), error
            else:
                raise AssertionError("a viewer stored an artifact")
            equal(client.get_run(run).data.metrics, {"m": 0.5})


test_a_viewer_looks_and_changes_nothing.ours_only = True
test_a_viewer_looks_and_changes_nothing.needs_server = True
