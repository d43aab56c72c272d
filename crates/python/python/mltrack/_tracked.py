"""The runs of tracked calls: how one is begun, and what is recorded of it later.

Invariants: a run of a call is current only where the call runs; it is in the store of its parent; nothing here warns or
catches: whoever calls does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mltrack import _init, _mltrack, _session
from mltrack._run import Run
from mltrack.errors import Error
from mltrack.settings import settings_of

_OURS = os.path.dirname(__file__) + os.sep

RUN_VARIABLE = "MLTRACK_RUN"
"""The run that this whole program is, when a command of ours started it."""


def start(
    label: str,
    *,
    name: str | None,
    experiment: str | None,
    params: dict[str, Any],
    tags: Mapping[str, str],
    parent: Run | None,
) -> Run:
    """Starts the run of a call, as the child of the run around it if there is one."""
    started: dict[str, Any] = {"name": name, "params": params, "seed": None, "detached": False, "timeout_s": None}
    if parent is None:
        settings = settings_of(None)
        store = _init._store(None, None, settings)
        project = experiment or os.environ.get("MLTRACK_PROJECT") or label
        of_program = os.environ.get(RUN_VARIABLE) or None
        given = _init._tags(None) if of_program is None else []
        started |= {"name": name or os.environ.get("MLTRACK_NAME") or None, "parent": of_program}
    else:
        settings, store, given = parent._settings, parent._store, []
        project = experiment or parent.project
        started |= {"name": name or label.rpartition(".")[2], "parent": parent.id}
    if not store.is_enabled:
        started["parent"] = None
    started["tags"] = [*given, *tags.items()]
    native = _started(store, project, started, has_to_be_there=parent is not None)
    run = Run(native, store, project=project, settings=settings, outer=parent)
    run._parent = started["parent"]
    run._tags = dict(started["tags"])
    run.config._fill(params)
    # A call is a block, as `with` is: what is begun inside of it is its child.
    run._is_entered = True
    _session.begin_call(run)
    return run


def _started(
    store: _mltrack.Store, project: str, started: dict[str, Any], *, has_to_be_there: bool
) -> _mltrack.Run:
    """The run, without a parent that only the environment names when this store does not have it."""
    try:
        return store.start_run(project, started)
    except Error:
        if has_to_be_there or started["parent"] is None:
            raise
        started["parent"] = None
        return store.start_run(project, started)


def fail(run: Run, error: BaseException) -> None:
    """Ends a run as failed, with the traceback from the first frame that is not ours."""
    import traceback

    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OURS):
        trace = trace.tb_next
    cause = error.__cause__ or error.__context__
    said = None if cause is None else f"{type(cause).__name__}: {cause}"
    text = "".join(traceback.format_exception(type(error), error, trace))
    run._end("failed", run._native.fail, type(error).__name__, str(error), text, said)


def stand_in(label: str, parent: Run | None) -> Run:
    """A run that records nothing, for a call whose run cannot be started: what the function logs is let go."""
    store = _mltrack.Store.disabled()
    started: dict[str, Any] = {"name": None, "params": {}, "tags": [], "parent": None}
    started |= {"seed": None, "detached": False, "timeout_s": None}
    run = Run(store.start_run(label, started), store, project=label, settings=settings_of(None), outer=parent)
    run._is_entered = True
    _session.begin_call(run)
    return run
