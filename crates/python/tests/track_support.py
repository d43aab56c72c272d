"""What the tests of ``@track`` share: a store of their own, and what it says about the runs in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mltrack import _guard, _mltrack

SETTINGS = {
    "durability": None,
    "actor": None,
    "command": None,
    "artifacts": None,
    "lock_wait_ms": None,
    "read_only": True,
    "create": False,
    "capture": "off",
    "system_metrics_ms": 0,
}


@pytest.fixture(autouse=True)
def store_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The store of this test, which exists when something is written to it. Every fault may be told again."""
    folder = tmp_path / "store"
    monkeypatch.setenv("MLTRACK_STORE", str(folder))
    monkeypatch.setenv("MLTRACK_CAPTURE", "off")
    monkeypatch.setenv("MLTRACK_SYSTEM_METRICS", "off")
    monkeypatch.setenv("MLTRACK_SILENT", "1")
    _guard.forget()
    yield folder
    _guard.forget()


def runs(folder: Path | None = None) -> list[dict[str, Any]]:
    """The runs of the store, oldest first."""
    place = folder or Path(os.environ["MLTRACK_STORE"])
    found: list[dict[str, Any]] = _mltrack.Store(place, SETTINGS).runs(limit=1000)
    return sorted(found, key=lambda run: (run["created_ns"], run["id"]))


def only_run() -> dict[str, Any]:
    """The one run of the store."""
    (run,) = runs()
    return run


def last_values(run: dict[str, Any]) -> dict[str, float]:
    """The last value of each metric."""
    return {name: metric["last"] for name, metric in run["metrics"].items()}


def environment(**more: str) -> dict[str, str]:
    """What a program that a test starts finds around it."""
    import mltrack

    places = [str(Path(mltrack.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, places)), "PYTHONUNBUFFERED": "1"} | more
