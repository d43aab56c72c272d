"""Logged values that are no plain numbers: nested names, text, distributions, tables, media.

Invariants: what is nested keeps its order, its names joined by ``/``; no library is imported to know its objects: what
they are is seen by what they can do and by the modules that are loaded already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mltrack.errors import of_code

if TYPE_CHECKING:
    from mltrack._run import Run

__all__ = ["flat", "log_others"]

_DEPTH_MAX = 32


def flat(data: Mapping[Any, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The values under all names, those of nested mappings joined by ``/``.

    >>> dict(flat({"train": {"loss": 1.0, "by": {"class": 2}}, "lr": 3}))
    {'train/loss': 1.0, 'train/by/class': 2, 'lr': 3}
    """
    if depth > _DEPTH_MAX:
        hint = "log it as an artifact"
        raise of_code(f"{prefix!r} is nested too deep", code="VALIDATION_ERROR", hint=hint)
    for key, value in data.items():
        name = f"{prefix}/{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from flat(value, name, depth + 1)
        else:
            yield name, value


def log_others(run: Run, others: Mapping[str, Any], step: int) -> None:
    """Logs at a step what is no plain number."""
    if any(isinstance(value, Mapping) for value in others.values()):
        flattened = dict(flat(others))
        left = run._log_numbers(flattened, step)
        if left is None:
            return
        others = left
    for name, value in others.items():
        log_value(run, name, value, step)


def log_value(run: Run, name: str, value: object, step: int) -> None:
    """Logs one value that is neither a number nor a mapping."""
    native = run._native
    run.summary._values[name] = value
    if isinstance(value, str):
        native.log_json(name, step, {"mltrack": "text", "text": value})
    else:
        native.log_json(name, step, value)
