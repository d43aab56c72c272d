"""Every program in `examples/python` runs as its head says, in an empty folder, and leaves what it promises."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mltrack
from programs import PATIENCE_S, environment

PROGRAMS = Path(__file__).parents[3] / "examples" / "python"


def printed(folder: Path, name: str) -> str:
    """What an example prints, after it has ended well and without a warning of ours."""
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", str(PROGRAMS / name)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "mltrack could not" not in done.stderr, done.stderr
    return done.stdout


def test_sklearn_sweep(folder: Path) -> None:
    pytest.importorskip("sklearn")
    lines = printed(folder, "sklearn_sweep.py").splitlines()
    runs = mltrack.open().runs("digits-sweep")
    assert len(runs) == 8 and len({run.pid for run in runs}) > 1
    assert all(run.state == "completed" and run.metrics["accuracy"].count == 5 for run in runs)
    assert len(lines) == 3 and float(lines[0].split()[0]) > 0.9
    assert {run.tags["group"] for run in runs} == {"sweep"}


def test_numpy_mlp(folder: Path) -> None:
    pytest.importorskip("numpy")
    assert printed(folder, "numpy_mlp.py").endswith("after 300 epochs: run moons/1\n")
    run = mltrack.open().run("moons/1")
    assert run.metrics["accuracy"].last > 0.95 and run.metrics["loss"].count == 300
    assert "models/network.npz/network.npz" in [artifact.path for artifact in run.artifacts()]
    assert len(mltrack.open().histograms(run.id, "weights/first")) == 3


def test_wandb_script(folder: Path) -> None:
    assert printed(folder, "wandb_script.py").startswith("best accuracy 0.")
    (run,) = mltrack.open().runs("first-project")
    assert (run.metrics["acc"].count, run.state) == (8, "completed")


def test_optuna_study(folder: Path) -> None:
    pytest.importorskip("optuna")
    assert printed(folder, "optuna_study.py").startswith("16 trials, ")
    runs = mltrack.open().runs("valley")
    assert sorted(run.state for run in runs if run.parent is None) == ["completed"]
    assert len(runs) == 17 and all(run.metrics["loss"].count >= 1 for run in runs)


def test_remote_server(folder: Path) -> None:
    pytest.importorskip("mlflow")
    places = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    if shutil.which("mltrack", path=places) is None:
        pytest.skip("needs the program mltrack, which an installed wheel has")
    lines = printed(folder, "remote_server.py").splitlines()
    assert [line for line in lines if " says: " in line or line.startswith("its ")] == [
        "the server says: {'loss': 0.05}",
        "the folder says: from-afar completed {'loss': 0.05}",
        "its artifact: It works.",
    ]


def test_notebook(folder: Path) -> None:
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient, ipykernel")
    pytest.importorskip("ipykernel", reason="needs nbclient, ipykernel")
    nbformat = pytest.importorskip("nbformat")
    notebook: Any = nbformat.read(PROGRAMS / "notebook.ipynb", as_version=4)
    nbformat.validate(notebook)
    resources = {"metadata": {"path": str(folder)}}
    for count in (200, 400):
        client = nbclient.NotebookClient(notebook, timeout=PATIENCE_S, resources=resources, kernel_name="python3")
        client.execute(env=environment() | {"IPYTHONDIR": str(folder / "ipython")})
        assert mltrack.open().runs("notebook", "tags.run_id = 'decay'")[0].metrics["loss"].count == count
    html = ["".join(output.get("data", {}).get("text/html", "") for output in cell.get("outputs", ())) for cell in notebook.cells]
    assert sum("<svg" in shown for shown in html) >= 4 and sum("<table" in shown for shown in html) >= 3


def test_every_program_is_run_here_and_says_how_to_run_it() -> None:
    names = {path.stem for path in PROGRAMS.iterdir() if path.suffix in (".py", ".ipynb")}
    assert names == {name.removeprefix("test_") for name in globals() if name.startswith("test_")} - {
        "every_program_is_run_here_and_says_how_to_run_it"
    }
    for path in PROGRAMS.glob("*.py"):
        assert f"``python {path.name}``" in path.read_text(encoding="utf-8"), path
    cells = json.loads((PROGRAMS / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    assert all(not cell.get("outputs") for cell in cells)
