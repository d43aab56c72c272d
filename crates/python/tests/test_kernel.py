"""In the kernel of a notebook a run lives as long as it is not ended, and is gone on with by the next kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mltrack import _session
from mltrack.settings import Settings

client = pytest.importorskip("jupyter_client")
pytest.importorskip("ipykernel")

BEGIN = """
import mltrack
run = mltrack.init(project="p", id="note", settings={"capture": "off", "system_metrics_ms": 0})
"""


@pytest.fixture
def kernel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A kernel in the folder of the test."""
    monkeypatch.setenv("PYTHONPATH", str(Path(_session.__file__).parent.parent))
    (folder / "home").mkdir()
    manager = client.KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder))
    yield manager
    if manager.has_kernel:
        manager.shutdown_kernel(now=True)


def execute(manager: Any, cell: str) -> str:
    """Runs a cell: what it says is wrong, or nothing."""
    talk = manager.client()
    talk.start_channels()
    talk.wait_for_ready(timeout=60)
    reply = talk.execute_interactive(cell, timeout=60, output_hook=lambda message: None)["content"]
    talk.stop_channels()
    return str(reply.get("evalue", "")) if reply["status"] == "error" else ""


def told(folder: Path) -> dict[str, Any]:
    """What the store says about the run."""
    store = _session.open_store(folder / ".mltrack", Settings(system_metrics_ms=0))
    (found,) = store.runs("p")
    assert isinstance(found, dict)
    return found


def test_a_run_goes_on_from_cell_to_cell_through_errors_and_ends_with_the_kernel(
    folder: Path, kernel: Any
) -> None:
    assert execute(kernel, BEGIN + "run.log({'loss': 1.0})") == ""
    assert "by nothing" in execute(kernel, "raise ZeroDivisionError('by nothing')")
    assert execute(kernel, "mltrack.log({'loss': 0.5})") == ""
    assert "3" in execute(kernel, "import sys; sys.exit(3)")
    assert told(folder)["state"] == "running"
    kernel.shutdown_kernel()
    found = told(folder)
    assert (found["state"], found["metrics"]["loss"]["count"]) == ("completed", 2)


def test_a_killed_kernel_leaves_every_point_and_the_restarted_one_goes_on(folder: Path, kernel: Any) -> None:
    assert execute(kernel, BEGIN + "run.log({'loss': 1.0})") == ""
    kernel.shutdown_kernel(now=True, restart=True)
    assert (told(folder)["state"], told(folder)["metrics"]["loss"]["count"]) == ("lost", 1)
    kernel.start_kernel(cwd=str(folder))
    assert (
        execute(kernel, BEGIN + "assert (run.resumed, run.step) == (True, 1)\nrun.log({'loss': 0.5})") == ""
    )
    assert execute(kernel, "run.finish()") == ""
    found = told(folder)
    assert (found["state"], found["metrics"]["loss"]["step"]) == ("completed", 1)
