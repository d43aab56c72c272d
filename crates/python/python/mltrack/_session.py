"""What a process has open: its stores, its runs, and which run is the current one.

Invariants: the current run is one of the context (a task of asyncio, a thread that was given a context) before it is one
of the process; a run that has ended is current nowhere; a store is opened once for each folder and set of settings; what
a forked child inherited is not its own to end.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from mltrack import _mltrack
from mltrack.errors import of_code

if TYPE_CHECKING:
    from pathlib import Path

    from mltrack._run import Run
    from mltrack.settings import Settings

__all__ = ["begin", "current", "end", "open_store", "required", "store_path"]

STORE_FOLDER = ".mltrack"
STORE_VARIABLE = "MLTRACK_STORE"

_stores: dict[tuple[str, Settings], _mltrack.Store] = {}
_in_context: ContextVar[Run | None] = ContextVar("mltrack_run", default=None)
_in_process: list[Run] = []
"""The runs that are open, the oldest first."""
_of_calls: list[Run] = []
"""Those of tracked calls: current only where the call runs, but ended with the program like the others."""
_handles: weakref.WeakValueDictionary[str, Run] = weakref.WeakValueDictionary()
"""The newest handle of each run that this process has had and still holds somewhere."""


def _leave_to_the_parent() -> None:
    """Runs in a forked child: what its parent holds for a next step is not logged twice, and nothing that another thread
    of the parent was about to do is waited for."""
    for run in {id(run): run for run in (*_handles.values(), *_in_process, *_of_calls)}.values():
        run._begin_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_the_parent)


def is_store(path: str) -> bool:
    """Whether a folder is a store."""
    return os.path.isfile(os.path.join(path, "FORMAT"))


def store_in(path: str) -> str:
    """The store that a path means: the one inside it, when it is none itself and contains one."""
    inside = os.path.join(path, STORE_FOLDER)
    return inside if not is_store(path) and is_store(inside) else path


def store_folder(path: Path) -> Path:
    """The store that a path means: the one inside it, when it is none itself and contains one."""
    return type(path)(store_in(os.fspath(path)))


def user_store() -> str | None:
    """Where the store of the user would be."""
    data, home = os.environ.get("XDG_DATA_HOME"), os.environ.get("HOME")
    data = data or (os.path.join(home, ".local", "share") if home else None)
    return os.path.join(data, "mltrack", "store") if data else None


def find_store(folder: str | os.PathLike[str] | None = None, *, for_beginning: bool = True) -> str:
    """The store that is meant, by the rules of the command line: what is named, else ``MLTRACK_STORE``, else the nearest
    ``.mltrack`` upward, else the one of the user.  Where none is, one in this folder is meant ``for_beginning`` something.

    Raises ``errors.NotFound`` when there is none to look at, ``errors.Unsupported`` for an address.
    """
    named = os.fspath(folder) if folder else os.environ.get(STORE_VARIABLE)
    if named:
        if "://" in named:
            hint = "name a folder; mlflow.set_tracking_uri talks to a server of mltrack"
            raise of_code(f"{named} is a server: runs are begun in a folder", code="UNSUPPORTED", hint=hint)
        return store_in(named)
    found = _upward(os.getcwd())
    if found is not None:
        return found
    of_user = user_store()
    if of_user is not None and is_store(of_user):
        return of_user
    if for_beginning:
        return os.path.join(os.getcwd(), STORE_FOLDER)
    words = f"no {STORE_FOLDER} in this folder or above it, and no store of the user"
    raise of_code(words, code="NOT_FOUND", hint="begin a run with mltrack.init(), or name a folder")


def store_path(folder: str | os.PathLike[str] | None = None, *, for_beginning: bool = True) -> Path:
    """``find_store`` as a path."""
    # Not at the head: what a run needs to begin is imported while its training waits.
    from pathlib import Path

    return Path(find_store(folder, for_beginning=for_beginning))


def _upward(folder: str) -> str | None:
    """The nearest store in a folder or above it."""
    while True:
        inside = os.path.join(folder, STORE_FOLDER)
        if is_store(inside):
            return inside
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def open_store(path: str | os.PathLike[str], settings: Settings) -> _mltrack.Store:
    """The store of a folder, which is opened at the first call."""
    key = (os.path.realpath(path), settings)
    store = _stores.get(key)
    if store is None:
        store = _stores[key] = _mltrack.Store(path, settings.for_store())
    return store


def opening(path: str | os.PathLike[str], settings: Settings) -> Callable[[], _mltrack.Store]:
    """Begins to open a store as ``open_store`` does, and gives what waits for it."""
    key = (os.path.realpath(path), settings)
    if key in _stores:
        return lambda: _stores[key]
    begun = _mltrack.Opening(path, settings.for_store())
    # Of two threads that open the same one, the first has it.
    return lambda: _stores.setdefault(key, begun.store())


def current() -> Run | None:
    """The run that ``mltrack.log`` logs to: the innermost of this context, else the newest of the process."""
    run = _in_context.get()
    while run is not None and run.is_finished:
        run = run._outer
    if run is not None:
        return run
    return _in_process[-1] if _in_process else None


def in_context() -> Run | None:
    """The run of this context alone, which another thread does not see."""
    return _in_context.get()


def required() -> Run:
    """The current run.  Raises ``errors.InvalidState`` when there is none."""
    run = current()
    if run is None:
        raise of_code("no run is running", code="INVALID_STATE", hint="call mltrack.init() first")
    return run


def begin(run: Run) -> None:
    """Makes a run the current one."""
    from mltrack import _ending

    _in_context.set(run)
    _in_process.append(run)
    _handles[run.id] = run
    _ending.watch()


def begin_call(run: Run) -> None:
    """Takes up the run of a tracked call, which is current where it is ``within`` and nowhere else."""
    from mltrack import _ending

    _of_calls.append(run)
    _ending.watch()


@contextmanager
def within(run: Run) -> Iterator[None]:
    """Makes a run the current one of this context for a while."""
    token = _in_context.set(run)
    try:
        yield
    finally:
        try:
            _in_context.reset(token)
        except ValueError:
            # Whoever drives the code went on with it in another context, which never had this run.
            pass


def handle_of(id: str) -> Run | None:
    """The handle that this process has had of a run before."""
    return _handles.get(id)


def end(run: Run) -> None:
    """Forgets a run that has ended."""
    if run in _of_calls:
        _of_calls.remove(run)
    elif _in_context.get() is run:
        _in_context.set(run._outer)
    if run in _in_process:
        _in_process.remove(run)
    if not _in_process and not _of_calls:
        from mltrack import _ending

        _ending.unwatch()
        if _in_process or _of_calls:
            # Another thread has begun one meanwhile.
            _ending.watch()


def begun_within(run: Run) -> list[Run]:
    """The runs that were begun inside of another one and not ended, the newest first."""
    return [inner for inner in reversed(_in_process) if inner is not run and _is_around(run, inner)]


def _is_around(outer: Run, run: Run | None) -> bool:
    while run is not None and run is not outer:
        run = run._outer
    return run is outer


def open_runs() -> list[Run]:
    """The runs that this process has begun and not ended, the newest first."""
    mine = os.getpid()
    return [run for run in reversed(_in_process + _of_calls) if run._process == mine]


def is_notebook() -> bool:
    """Whether the program is typed in cell by cell, in a notebook or a shell of IPython."""
    shell = sys.modules.get("IPython")
    return shell is not None and hasattr(shell, "get_ipython") and shell.get_ipython() is not None


def start(
    experiment: str,
    *,
    name: str | None = None,
    params: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
    parent: Run | None = None,
) -> Run:
    """A new run in the store of this folder, for the parts of the package that begin runs by themselves.

    It is made the current one; ``finish``, ``fail`` or ``cancel`` end it.
    """
    from mltrack._init import init

    if parent is not None:
        return parent.child(name, config=params, tags=tags)
    return init(project=experiment, name=name, config=params, tags=tags, reinit="create_new")
