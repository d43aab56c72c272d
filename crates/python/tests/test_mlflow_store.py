"""MLflow without a server: addresses, entry points, and what MLflow gets from them.

What MLflow's client can do over a ``mltrack:`` address is tested with two of its versions by
``cargo xtask test --only mlflow-embedded``; the tests here that need MLflow are skipped where it is not installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import mltrack
from mltrack import _mltrack
from mltrack.mlflow.place import folder_of, is_ours

if sys.version_info >= (3, 11):
    import tomllib

SETTINGS = {
    "durability": None,
    "actor": "ada",
    "command": None,
    "artifacts": None,
    "lock_wait_ms": None,
    "read_only": False,
    "create": True,
    "capture": "off",
    "system_metrics_ms": 0,
}
PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def routes(tmp_path: Path) -> _mltrack.MlflowRoutes:
    return _mltrack.MlflowRoutes(_mltrack.Store(tmp_path / ".mltrack", SETTINGS))


def test_an_address_is_a_path_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert folder_of("mltrack:/a b/%20?x#y") == Path("/a b/%20?x#y")
    assert folder_of("mltrack:///a/b") == Path("/a/b")
    assert folder_of("mltrack:.mltrack") == tmp_path / ".mltrack"
    assert folder_of("mltrack:~/runs") == Path.home() / "runs"
    assert not is_ours("mlflow-artifacts:/0") and not is_ours(None)


def test_a_folder_means_the_store_inside_it(tmp_path: Path) -> None:
    _mltrack.Store(tmp_path / ".mltrack", SETTINGS)
    assert folder_of(f"mltrack:{tmp_path}") == tmp_path / ".mltrack"
    assert folder_of(f"mltrack:{tmp_path / '.mltrack'}") == tmp_path / ".mltrack"


def test_an_address_without_a_path_is_found_as_the_command_line_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("MLTRACK_STORE", raising=False)
    deep = tmp_path / "project" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert folder_of("mltrack:") == deep / ".mltrack", "nothing is there: a new one, here"
    _mltrack.Store(tmp_path / "data" / "mltrack" / "store", SETTINGS)
    assert folder_of("mltrack:") == tmp_path / "data" / "mltrack" / "store"
    _mltrack.Store(tmp_path / "project" / ".mltrack", SETTINGS)
    assert folder_of("mltrack:") == tmp_path / "project" / ".mltrack"
    monkeypatch.setenv("MLTRACK_STORE", str(tmp_path / "named"))
    assert folder_of("mltrack:") == tmp_path / "named"


@pytest.mark.parametrize("uri", ["mltrack://host:5000/runs", "mltrack:"])
def test_a_server_is_refused_with_the_address_to_use(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLTRACK_STORE", "http://host:5000")
    with pytest.raises(mltrack.Error, match="http://host:5000"):
        folder_of(uri)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_every_entry_point_is_a_function_that_is_there() -> None:
    entries = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["entry-points"]
    assert set(entries) == {"mlflow.tracking_store", "mlflow.model_registry_store", "mlflow.artifact_repository"}
    for targets in entries.values():
        for target in targets.values():
            module, name = target.split(":")
            assert callable(getattr(import_module(module), name))


def test_looking_for_entry_points_imports_nothing_of_mlflow() -> None:
    program = "import sys, mltrack.mlflow; print([name for name in sys.modules if name in ('mlflow', 'requests')])"
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    printed = subprocess.run([sys.executable, "-c", program], env=found, check=True, capture_output=True, text=True)
    assert printed.stdout.strip() == "[]"


def test_routes_answer_with_a_status_and_a_body(routes: _mltrack.MlflowRoutes) -> None:
    status, body = routes.call("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", [])
    assert status == 200 and b'"Default"' in body
    status, body = routes.call("GET", "/api/2.0/mlflow/experiments/get?experiment_id=7", [])
    assert status == 404 and b"RESOURCE_DOES_NOT_EXIST" in body


def test_direct_calls_give_nothing_or_the_refusal(routes: _mltrack.MlflowRoutes) -> None:
    json = [("Content-Type", "application/json")]
    _, body = routes.call("POST", "/api/2.0/mlflow/runs/create", json, b'{"experiment_id": "0"}')
    run = body.split(b'"run_id":"')[1][:32].decode()
    assert routes.log_metric(run, "loss", 1, 5, 0) is None
    assert routes.log_batch(run, [("loss", 0.5, 6, 1)], [("lr", "1")], [("t", "v")]) is None
    refused = routes.log_param(run, "lr", "2")
    assert refused is not None and refused[0] == 400
    with pytest.raises(TypeError):
        routes.log_metric(run, "loss", "high", 5, 0)  # type: ignore[arg-type]


def test_a_file_that_is_not_there_is_told_as_python_tells_it(routes: _mltrack.MlflowRoutes, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        routes.upload("/api/2.0/mlflow-artifacts/artifacts/0/models/a", tmp_path / "gone")


def test_artifacts_of_other_servers_are_left_to_mlflow() -> None:
    pytest.importorskip("mlflow")
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

    from mltrack.mlflow import artifact_repository

    repository = artifact_repository("mlflow-artifacts:/0/x", tracking_uri="http://localhost:1")
    assert type(repository) is MlflowArtifactsRepository


def test_calls_to_other_addresses_go_where_they_went(tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    from mlflow.exceptions import MlflowException
    from mlflow.store.tracking import rest_store
    from mlflow.utils.rest_utils import MlflowHostCreds

    from mltrack.mlflow import tracking_store

    ours = tracking_store(f"mltrack:{tmp_path}")
    assert ours.get_experiment("0").name == "Default"
    with pytest.raises(MlflowException, match="localhost:1/"):
        rest_store.http_request(MlflowHostCreds("http://localhost:1"), "/version", "GET", max_retries=0)


def test_spark_is_asked_where_it_was_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow")
    from mlflow.tracking._model_registry import utils

    from mltrack.mlflow import tracking_store
    from mltrack.mlflow.spark import ask_only_where_it_is

    tracking_store(f"mltrack:{tmp_path}")
    asked: list[bool] = []
    monkeypatch.setattr(utils, "_get_active_spark_session", lambda: asked.append(True))
    ask_only_where_it_is()
    utils._get_active_spark_session()
    assert asked == []
    monkeypatch.setitem(sys.modules, "pyspark", sys)
    utils._get_active_spark_session()
    assert asked == [True]
