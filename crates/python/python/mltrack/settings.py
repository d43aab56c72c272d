"""How a process talks to its store: everything that has a default which is right for nearly everybody.

Invariant: a setting that is ``None`` leaves the choice to the engine; a name that does not exist is refused with the one
that was probably meant.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal

from mltrack._names import checked, unknown_keyword

__all__ = ["Settings"]


class Settings:
    """Settings of a store and of the runs that a process begins in it.

    ``durability`` says what survives when a call returns: ``"process"`` a killed process (the default), ``"group"`` and
    ``"each"`` also a power cut.  ``capture`` says how much is recorded about code, environment and machine when a run
    begins: ``"full"``, ``"minimal"`` or ``"off"``.  ``system_metrics_ms`` is how often the machine is sampled; 0 is never.
    ``actor`` and ``command`` are who does it and what does it, for the history of changes.  ``artifacts`` is where bytes go,
    such as ``s3://bucket/prefix``; else into the store.  ``lock_wait_ms`` is how long a call waits for a log that stands
    still before it is put aside.  After ``timeout_s`` seconds a run is ended as timed out.  ``silent`` says nothing on
    stderr when a run begins and ends.

    >>> import mltrack
    >>> mltrack.Settings(capture="off", system_metrics_ms=0)
    mltrack.Settings(capture='off', system_metrics_ms=0)
    """

    durability: Literal["process", "group", "each"] | None
    capture: Literal["full", "minimal", "off"] | None
    system_metrics_ms: int | None
    actor: str | None
    command: str | None
    artifacts: str | None
    lock_wait_ms: int | None
    timeout_s: int | None
    silent: bool

    @checked("mltrack.Settings")
    def __init__(
        self,
        *,
        durability: Literal["process", "group", "each"] | None = None,
        capture: Literal["full", "minimal", "off"] | None = None,
        system_metrics_ms: int | None = None,
        actor: str | None = None,
        command: str | None = None,
        artifacts: str | None = None,
        lock_wait_ms: int | None = None,
        timeout_s: int | None = None,
        silent: bool = False,
    ) -> None:
        vars(self).update(
            durability=durability,
            capture=capture,
            system_metrics_ms=system_metrics_ms,
            actor=actor,
            command=command,
            artifacts=artifacts,
            lock_wait_ms=lock_wait_ms,
            timeout_s=timeout_s,
            silent=silent,
        )

    def for_store(self) -> dict[str, Any]:
        """What the native store is told."""
        told = {name: value for name, value in vars(self).items() if name not in _OF_RUNS}
        return told | {"read_only": False, "create": True}

    def with_changes(self, **changed: Any) -> Settings:
        """The same settings but for some."""
        return Settings(**(vars(self) | changed))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("settings never change\nhint: settings.with_changes(...)", name=name, obj=self)

    def _key(self) -> tuple[object, ...]:
        return tuple(vars(self).values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        said = (
            f"{name}={value!r}"
            for name, value in vars(self).items()
            if value is not None and value is not False
        )
        return f"mltrack.Settings({', '.join(said)})"


_OF_RUNS = ("timeout_s", "silent")
NAMES = frozenset(vars(Settings()))
_WORDS_FOR_ON = frozenset({"1", "true", "yes", "on"})


def settings_of(given: Settings | Mapping[str, Any] | None) -> Settings:
    """The settings that a caller means by an object, a ``dict`` or nothing."""
    if isinstance(given, Settings):
        return given
    is_silent = os.environ.get("MLTRACK_SILENT", "").lower() in _WORDS_FOR_ON
    named: dict[str, Any] = {"silent": is_silent, **(given or {})}
    for name in named:
        if name not in NAMES:
            raise unknown_keyword(name, NAMES, "mltrack.Settings")
    return Settings(**named)
