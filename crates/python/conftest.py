"""What every test has: a folder of its own to be in, and no run that is left over from another test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mltrack import _session

VARIABLES = ("STORE", "PROJECT", "NAME", "GROUP", "TAGS", "MODE", "RUN_ID", "RESUME", "SILENT")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder of the test, in which nothing is."""
    for name in VARIABLES:
        monkeypatch.delenv(f"MLTRACK_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for run in _session.open_runs():
        run.finish()
    _session._stores.clear()
