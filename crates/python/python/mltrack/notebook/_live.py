"""A run as it goes: the log is asked again and again, and what is shown is brought up to date.

Invariants: watching changes nothing and holds nothing up; it ends with the run, also with one whose process was killed;
nothing is drawn again while nothing has happened.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from mltrack.errors import of_code
from mltrack.notebook._cards import run_parts
from mltrack.notebook._page import number, page

if TYPE_CHECKING:
    from mltrack._summaries import RunSummary
    from mltrack.store import Store

__all__ = ["Live", "Until"]

Until = float | Callable[["RunSummary"], bool] | None
"""When to stop before the run has ended: after so many seconds, or when a question about it is answered with yes."""


class Screen(Protocol):
    """Where a run is shown."""

    def show(self, run: RunSummary, metrics: list[str] | None) -> None: ...


class NotebookScreen:
    """The output of a cell, which is replaced."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, run: RunSummary, metrics: list[str] | None) -> None:
        display: Any = sys.modules["IPython.display"]
        shown = display.HTML(page(*run_parts(run, metrics)))
        if self._handle is None:
            self._handle = display.display(shown, display_id=True)
        else:
            self._handle.update(shown)


class TextScreen:
    """Standard output: a line for each change."""

    def __init__(self) -> None:
        self._line = ""

    def show(self, run: RunSummary, metrics: list[str] | None) -> None:
        names = sorted(run.metrics) if metrics is None else [name for name in metrics if name in run.metrics]
        step = max((run.metrics[name].step for name in names), default=0)
        values = "  ".join(f"{name} {number(run.metrics[name].last)}" for name in names[:8])
        line = f"{run.experiment}/{run.number} {run.name}  {run.state}  step {step}  {values}".rstrip()
        if line != self._line:
            print(line, flush=True)
        self._line = line


def screen() -> Screen:
    """The output of the cell in a notebook, standard output elsewhere.

    >>> type(screen()).__name__
    'TextScreen'
    """
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = get_ipython() if get_ipython is not None else None
    is_notebook = getattr(shell, "kernel", None) is not None and "IPython.display" in sys.modules
    return NotebookScreen() if is_notebook else TextScreen()


class Live:
    """A view of a run that goes on: in the background after ``start``, or until it is over in ``wait_here``."""

    def __init__(
        self, store: Store, run: str, metrics: str | Iterable[str] | None, interval_s: float, until: Until
    ) -> None:
        if not interval_s > 0:
            raise of_code(f"interval_s is {interval_s!r}", code="VALIDATION_ERROR", hint="seconds, more than 0")
        self._store = store
        self._run = run
        self._metrics = [metrics] if isinstance(metrics, str) else None if metrics is None else list(metrics)
        self._interval_s = interval_s
        self._until = until
        self._began = time.monotonic()
        self._is_stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._screen = screen()
        self._shown: Any = None

    def start(self) -> Live:
        """Shows the run, and goes on in a thread of its own."""
        # Here, because what a thread shows first belongs to no cell.
        if self._is_over(self._show()):
            return self
        self._thread = threading.Thread(target=self._go_on_quietly, name="mltrack-watch", daemon=True)
        self._thread.start()
        return self

    def wait_here(self) -> RunSummary:
        """Shows the run until it is over; Ctrl-C, or the stop button of a notebook, ends the view alone."""
        try:
            self._go_on()
        except KeyboardInterrupt:
            self.stop()
        return self._store.run(self._run)

    def stop(self) -> None:
        """Ends the view; the run goes on."""
        self._is_stopped.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits until the view has ended, and says whether it has."""
        if self._thread is not None:
            self._thread.join(timeout_s)
            return not self._thread.is_alive()
        return True

    def _go_on_quietly(self) -> None:
        try:
            self._go_on()
        except Exception as error:
            # Also where the output is gone because its kernel ends: a view is never worth a trace of calls.
            print(f"mltrack: the view of the run has ended: {error}", file=sys.stderr)

    def _go_on(self) -> None:
        while True:
            if self._is_over(self._show()) or self._is_stopped.wait(self._interval_s):
                return

    def _show(self) -> RunSummary:
        run = self._store.run(self._run)
        counts = {name: (known.count, known.last) for name, known in run.metrics.items()}
        seen = repr((run.state, run.name, dict(run.params), dict(run.tags), counts))
        if seen != self._shown:
            self._shown = seen
            self._screen.show(run, self._metrics)
        self._refuse_unknown(run)
        return run

    def _refuse_unknown(self, run: RunSummary) -> None:
        """Names that a run has never had, once it can have no others."""
        missing = [name for name in self._metrics or () if name not in run.metrics]
        if missing and run.state != "running":
            hint = f"it has {', '.join(sorted(run.metrics)) or 'no metric'}"
            raise of_code(f"run {run.name} never logged {missing[0]}", code="NOT_FOUND", hint=hint)

    def _is_over(self, run: RunSummary) -> bool:
        if run.state not in ("running", "created"):
            return True
        if self._until is None:
            return False
        if callable(self._until):
            return bool(self._until(run))
        return time.monotonic() - self._began >= self._until

    def __repr__(self) -> str:
        return f"<mltrack.watch of {self._run}, every {self._interval_s:g} s>"
