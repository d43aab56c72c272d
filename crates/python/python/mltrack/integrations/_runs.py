"""Which run an integration logs to: the one that it is given, the current one, or a new one.

Invariants: a run that the program began is never ended here; one that an integration began is ended with the program at
the latest; a run that several processes share is the first that the log has under its key, for all of them.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any, cast

from mltrack import _init, _mltrack, _session
from mltrack._run import Run
from mltrack.errors import Conflict, Error, InvalidState
from mltrack.settings import settings_of

__all__ = ["SharedRun", "chosen", "joined", "shared", "tell"]

_made: weakref.WeakSet[Run] = weakref.WeakSet()
"""The runs that integrations began: another training is not a part of one."""


def chosen(run: Run | None, options: Mapping[str, Any]) -> tuple[Run, bool]:
    """A run to log to, and whether it was begun here.  ``options`` are those of ``mltrack.init``."""
    if run is not None:
        return run, False
    current = _session.current()
    given = dict(options)
    if current is not None and current in _made:
        given = {"reinit": "create_new", **given}
    elif current is not None and not given:
        return current, False
    begun: Run = _init.init(**given)
    if begun is current:
        return begun, False
    _made.add(begun)
    return begun, True


def tell(run: Run, params: Mapping[str, Any]) -> None:
    """Records parameters, but for those that the program told already, or another training of this run."""
    known = set(run.config.keys())
    run.log_params({str(name): value for name, value in params.items() if name not in known})


class SharedRun(Run):
    """A run that several processes write and that each of them ends: one that has more to say goes on with it."""

    __slots__ = ()

    def _went_wrong(self, error: Exception, data: object, step: object = None) -> bool:
        is_ended_elsewhere = isinstance(error, InvalidState) and self._end_state is None
        if not is_ended_elsewhere or not isinstance(data, dict):
            return super()._went_wrong(error, data, step)
        self._native = self._store.resume(self.id)
        self._log_numbers = self._native.log_numbers
        self.log(data, cast("int | None", step))
        return True


def joined(store: _mltrack.Store, id: str, project: str, options: Mapping[str, Any]) -> SharedRun:
    """A handle of a run that is there already: one more writer of it, and one that has ended is gone on with."""
    return _held(store.resume(id), store, project, options)


def shared(key: str, options: Mapping[str, Any], params: Mapping[str, Any]) -> SharedRun:
    """The run that every process which asks for ``key`` writes to."""
    known = {name: options.get(name) for name in ("dir", "mode", "settings")}
    store = _init._store(known["dir"], known["mode"], settings_of(known["settings"]))
    project = options.get("project") or _init._variable("PROJECT") or "default"
    since = store.next_lsn()
    first = first_of(store, project, key)
    if first is not None:
        return joined(store, first, project, options)
    tags = _init._tags(options.get("tags"), group=options.get("group"))
    started = _init._started(options.get("name"), dict(params), tags)
    started["unique_tag"] = (_init.GIVEN_ID_TAG, key, since or 1)
    try:
        return _held(store.start_run(project, started), store, project, options)
    except Conflict:
        # Another process was first.
        first = first_of(store, project, key)
        if first is None:
            raise
        return joined(store, first, project, options)


def first_of(store: _mltrack.Store, project: str, key: str) -> str | None:
    """The first run that was begun with a key, and that has not been deleted."""
    if not store.is_enabled:
        return None
    literal = key.replace("\\", "\\\\").replace("'", "\\'")
    try:
        found = store.runs(project, f"tags.{_init.GIVEN_ID_TAG} = '{literal}'", order_by=["number"], limit=1)
    except Error:
        return None
    return str(found[0]["id"]) if found else None


def _held(native: _mltrack.Run, store: _mltrack.Store, project: str, options: Mapping[str, Any]) -> SharedRun:
    settings = settings_of(options.get("settings"))
    run = SharedRun(native, store, project=project, settings=settings, outer=None)
    # Ended with the program, and current for nobody who did not ask for it.
    _session.begin_call(run)
    return run
