"""The functions of the package that act on the current run.

Invariant: each is the method of the same name of the run that is current when it is called; without one it raises
``errors.InvalidState`` and says what to call first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from mltrack import _session
from mltrack.errors import InvalidState

if TYPE_CHECKING:
    from mltrack._summary import MetricDefinition

__all__ = ["alert", "define_metric", "finish", "log", "log_line", "of_run"]


class NoRun(InvalidState, AttributeError):
    """There is no current run whose config or summary it could be."""

    code = "INVALID_STATE"
    hint = "call mltrack.init() first"


def of_run(name: str) -> Any:
    """``mltrack.run``, ``mltrack.config`` or ``mltrack.summary``."""
    run = _session.current()
    if name == "run":
        return run
    if run is None:
        raise NoRun(f"mltrack.{name}: no run is running")
    return getattr(run, name)


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
    """``Run.log`` of the current run."""
    _session.required().log(data, step, commit)


def log_line(text: str, level: Literal["debug", "info", "warn", "error"] = "info") -> None:
    """``Run.log_line`` of the current run."""
    _session.required().log_line(text, level)


def alert(title: str, text: str, level: str | None = None, wait_duration: object = None) -> None:
    """``Run.alert`` of the current run."""
    _session.required().alert(title, text, level, wait_duration)


def define_metric(name: str, **said: Any) -> MetricDefinition:
    """``Run.define_metric`` of the current run."""
    return _session.required().define_metric(name, **said)


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """``Run.finish`` of the current run; nothing when there is none."""
    run = _session.current()
    if run is not None:
        run.finish(exit_code, quiet)
