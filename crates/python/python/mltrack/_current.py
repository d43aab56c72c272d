"""The functions of the package that act on the current run.

Invariant: each is the method of the same name of the run that is current when it is called; without one it raises
``errors.InvalidState`` and says what to call first.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from mltrack import _session
from mltrack.errors import InvalidState

if TYPE_CHECKING:
    from datetime import timedelta

    from mltrack._summary import MetricDefinition
    from mltrack.artifact import Artifact

__all__ = [
    "AlertLevel",
    "alert",
    "define_metric",
    "finish",
    "log",
    "log_artifact",
    "log_line",
    "log_model",
    "login",
    "of_run",
    "save",
    "unwatch",
    "use_artifact",
    "use_model",
    "watch",
]


class AlertLevel(str, enum.Enum):
    """How bad it is what an alert says."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


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


def login(**given: object) -> bool:
    """True: there is no account to log in to, and nobody is asked."""
    return True


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
    """``Run.log`` of the current run."""
    run = _session.in_context()
    if run is None or run._end_state is not None:
        run = _session.required()
    run.log(data, step, commit)


def log_line(text: str, level: Literal["debug", "info", "warn", "error"] = "info") -> None:
    """``Run.log_line`` of the current run."""
    _session.required().log_line(text, level)


def log_artifact(
    artifact_or_path: Artifact | str | os.PathLike[str],
    name: str | None = None,
    type: str | None = None,
    aliases: Iterable[str] | None = None,
    tags: Iterable[str] | None = None,
    *,
    wait: bool = True,
) -> Artifact:
    """``Run.log_artifact`` of the current run."""
    return _session.required().log_artifact(artifact_or_path, name, type, aliases, tags, wait=wait)


def use_artifact(
    artifact_or_name: Artifact | str,
    type: str | None = None,
    aliases: Iterable[str] | None = None,
) -> Artifact:
    """``Run.use_artifact`` of the current run."""
    return _session.required().use_artifact(artifact_or_name, type, aliases)


def log_model(
    path: str | os.PathLike[str],
    name: str | None = None,
    aliases: Iterable[str] | None = None,
    *,
    metadata: Mapping[str, Any] | None = None,
    description: str | None = None,
    wait: bool = True,
) -> Artifact:
    """``Run.log_model`` of the current run."""
    run = _session.required()
    return run.log_model(path, name, aliases, metadata=metadata, description=description, wait=wait)


def use_model(name: str) -> str:
    """``Run.use_model`` of the current run."""
    return _session.required().use_model(name)


def save(
    glob_str: str | os.PathLike[str], base_path: str | os.PathLike[str] | None = None, policy: str = "now"
) -> list[str]:
    """``Run.save`` of the current run."""
    return _session.required().save(glob_str, base_path, policy)


def watch(
    models: Any,
    criterion: object = None,
    log: Literal["gradients", "parameters", "all"] | None = "gradients",
    log_freq: int = 1000,
) -> None:
    """``Run.watch`` of the current run."""
    _session.required().watch(models, criterion, log, log_freq)


def unwatch(models: Any = None) -> None:
    """``Run.unwatch`` of the current run."""
    _session.required().unwatch(models)


def alert(
    title: str, text: str, level: str | None = None, wait_duration: float | timedelta | None = None
) -> None:
    """``Run.alert`` of the current run."""
    _session.required().alert(title, text, level, wait_duration)


def define_metric(
    name: str,
    step_metric: str | None = None,
    step_sync: bool | None = None,
    hidden: bool | None = None,
    summary: str | None = None,
    goal: str | None = None,
    overwrite: bool | None = None,
) -> MetricDefinition:
    """``Run.define_metric`` of the current run."""
    run = _session.required()
    return run.define_metric(name, step_metric, step_sync, hidden, summary, goal, overwrite)


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """``Run.finish`` of the current run; nothing when there is none."""
    run = _session.current()
    if run is not None:
        run.finish(exit_code, quiet)
