"""Scripts in the shape of those that W&B's users write run as they are, but for the import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mltrack

SCRIPTS = Path(__file__).parent / "wandb_scripts"


def told(folder: Path, name: str) -> list[dict[str, Any]]:
    """The runs that a script has left, the first one first, after it has ended well."""
    package = str(Path(mltrack.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPTS / f"{name}.py")],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": package},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    runs = mltrack._mltrack.Store(folder / ".mltrack", mltrack.Settings().for_store()).runs(order_by=["created"])
    assert all(run["state"] == "completed" for run in runs)
    return runs


def test_quickstart(folder: Path) -> None:
    (run,) = told(folder, "quickstart")
    assert run["experiment"] == "first-project"
    assert run["params"] == {"learning_rate": 0.02, "architecture": "CNN", "epochs": 10}
    assert {name: run["metrics"][name]["count"] for name in ("acc", "loss")} == {"acc": 8, "loss": 8}


def test_global_run(folder: Path) -> None:
    (run,) = told(folder, "global_run")
    assert run["params"] == {"lr": 0.01, "epochs": 3, "batch_size": 64}
    assert run["tags"]["entity"] == "my-team"
    assert run["tags"]["metric.val/acc"] == '{"summary": "max"}'
    assert run["metrics"]["train/loss"]["count"] == 12
    assert run["metrics"]["final/f1"]["last"] == 0.8


def test_media(folder: Path) -> None:
    pytest.importorskip("numpy")
    (run,) = told(folder, "media")
    store = mltrack._mltrack.Store(folder / ".mltrack", mltrack.Settings().for_store())
    names = [each["path"] for each in store.artifacts(run=run["id"], path="media")]
    assert {"media/examples/0.png", "media/predictions/image/3.png", "media/sound.wav", "media/page.html"} <= {*names}
    assert {each["name"] for each in store.histograms(run["id"])} == {"gradients", "counted", "raw", "mask"}
    (table,) = store.json_values(run["id"], "predictions")
    assert table["value"]["rows"][1] == [1, "media/predictions/image/1.png", 1, 0]


def test_artifacts(folder: Path) -> None:
    runs = told(folder, "artifacts")
    assert [run["tags"]["job_type"] for run in runs] == ["add-dataset", "train", "evaluate"]
    store = mltrack._mltrack.Store(folder / ".mltrack", mltrack.Settings().for_store())
    assert [dataset["name"] for dataset in store.datasets()] == ["points"]
    assert store.models()[0]["aliases"] == {"best": 1}


def test_resume(folder: Path) -> None:
    (run,) = told(folder, "resume")
    assert (run["metrics"]["loss"]["count"], run["metrics"]["loss"]["step"]) == (10, 9)


def test_cross_validation(folder: Path) -> None:
    runs = told(folder, "cross_validation")
    assert [run["name"] for run in runs][:3] == ["fold-0", "fold-1", "fold-2"]
    assert {run["tags"]["group"] for run in runs} == {"experiment-1"}
    assert runs[3]["metrics"]["mean_accuracy"]["last"] == pytest.approx(0.81)


def test_charts(folder: Path) -> None:
    (run,) = told(folder, "charts")
    store = mltrack._mltrack.Store(folder / ".mltrack", mltrack.Settings().for_store())
    values = {each["name"]: each["value"] for each in store.json_values(run["id"])}
    kinds = {name: value.get("chart", {}).get("kind", value["mltrack"]) for name, value in values.items()}
    assert kinds == {
        "roc": "line",
        "pr": "line",
        "conf_mat": "confusion_matrix",
        "line": "line",
        "bar": "bar",
        "dots": "scatter",
        "how_often": "histogram",
        "both": "line",
    }


def test_training_loop(folder: Path) -> None:
    (run,) = told(folder, "training_loop")
    assert run["params"]["optimizer.momentum"] == 0.9
    assert run["metrics"]["train/loss"]["count"] == 3
    assert run["metrics"]["train/loss"]["last"] < 0.5


def test_every_script_is_run_and_says_so() -> None:
    names = sorted(path.stem for path in SCRIPTS.glob("*.py"))
    tests = sorted(name.removeprefix("test_") for name in globals() if name.startswith("test_"))
    assert set(names) <= set(tests)
    assert all("import mltrack as wandb\n" in path.read_text() for path in SCRIPTS.glob("*.py"))
