"""PyTorch's profiler: its traces are artifacts of the run, and what takes longest is a table beside them.

Invariants: torch is not imported: everything is asked of the profiler that calls; a trace that cannot be kept is one
warning.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

from mltrack import _session
from mltrack._guard import quietly
from mltrack._run import Run

__all__ = ["trace_handler"]


def trace_handler(
    run: Run | None = None,
    folder: str = "profile",
    *,
    worker: str | None = None,
    sort_by: str = "self_cpu_time_total",
    row_limit: int = 30,
) -> Callable[[Any], None]:
    """What to give ``torch.profiler.profile(on_trace_ready=...)``.

    Each trace becomes ``profile/WORKER.STEP.pt.trace.json.gz`` of ``run``, else of the run that is current then: a file
    for Perfetto, ``chrome://tracing`` and TensorBoard.  Beside it are the operators that took longest.  ``worker`` tells
    processes apart; it is the rank when torch.distributed has one.
    """

    def handle(profiler: Any) -> None:
        quietly(_log_trace, profiler)

    def _log_trace(profiler: Any) -> None:
        """Logs the trace of the profiler."""
        goal = run or _session.required()
        place = f"{folder}/{worker or _worker()}.{int(profiler.step_num)}"
        with tempfile.TemporaryDirectory() as temporary:
            path = os.path.join(temporary, "trace.json.gz")
            profiler.export_chrome_trace(path)
            trace = goal._native.log_artifact(f"{place}.pt.trace.json.gz", path, kind="profile", is_snapshot=True)
            trace.wait()
        table = str(profiler.key_averages().table(sort_by=sort_by, row_limit=row_limit))
        goal._remember(goal._native.log_artifact(f"{place}.txt", table.encode(), kind="profile"))

    return handle


def _worker() -> str:
    return f"rank{os.environ['RANK']}" if os.environ.get("RANK") else "worker0"
