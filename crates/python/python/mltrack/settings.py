"""How a process talks to its store: everything that has a default which is right for nearly everybody.

Invariant: a setting that is ``None`` leaves the choice to the engine; a name that does not exist is refused with the one
that was probably meant.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from mltrack._names import checked, unknown_keyword

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """Settings of a store and of the runs that a process begins in it.

    >>> import mltrack
    >>> mltrack.Settings(capture="off", system_metrics_ms=0).capture
    'off'
    """

    durability: Literal["process", "group", "each"] | None = None
    """What survives when a call returns: ``"process"`` a killed process (the default), ``"each"`` also a power cut."""
    capture: Literal["full", "minimal", "off"] | None = None
    """How much is recorded about code, environment and machine when a run begins."""
    system_metrics_ms: int | None = None
    """How often the machine is sampled, in milliseconds; 0 is never."""
    actor: str | None = None
    """Who does it, for the history of changes; else the name of the user."""
    command: str | None = None
    """What is doing it, for the history of changes."""
    artifacts: str | None = None
    """Where the bytes of artifacts go, such as ``s3://bucket/prefix``; else into the store."""
    lock_wait_ms: int | None = None
    """How long a call waits for a log that stands still before it is put aside, in milliseconds."""
    timeout_s: int | None = None
    """After so many seconds the run is ended as timed out."""
    silent: bool = False
    """Whether nothing is said on stderr when a run begins and ends."""

    def for_store(self) -> dict[str, Any]:
        """What the native store is told."""
        told = asdict(self)
        for name in ("timeout_s", "silent"):
            del told[name]
        return told | {"read_only": False, "create": True}


setattr(Settings, "__init__", checked("mltrack.Settings")(Settings.__init__))  # noqa: B010 - mypy: a method is assigned
NAMES = frozenset(field.name for field in fields(Settings))

_WORDS_FOR_ON = frozenset({"1", "true", "yes", "on"})


def settings_of(given: Settings | Mapping[str, Any] | None) -> Settings:
    """The settings that a caller means by an object, a ``dict`` or nothing."""
    if isinstance(given, Settings):
        return given
    named = {"silent": os.environ.get("MLTRACK_SILENT", "").lower() in _WORDS_FOR_ON} | dict(given or {})
    for name in named:
        if name not in NAMES:
            raise unknown_keyword(name, NAMES, "mltrack.Settings")
    return Settings(**named)
