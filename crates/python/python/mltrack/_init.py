"""Beginning a run: what ``mltrack.init`` was told, what the surroundings say, and whether there is a run to go on with.

Invariants: an argument counts before a variable of the environment; nothing is begun twice: a script that begins a run
while one is running is given that one, unless it says otherwise; a run that is gone on with keeps every point that it has.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from mltrack import _mltrack, _session
from mltrack._config import changes, nested, plain
from mltrack._names import checked
from mltrack.errors import Conflict, NotFound, of_code
from mltrack.settings import Settings, settings_of

if TYPE_CHECKING:
    from mltrack._run import Run

__all__ = ["begin_child", "init", "rejoin"]

GIVEN_ID_TAG = "run_id"
"""The tag under which a run has the id that a program gave it."""

Mode = Literal["online", "offline", "shared", "disabled"]
Resume = Literal["allow", "must", "never", "auto"] | bool
Reinit = Literal["default", "return_previous", "finish_previous", "create_new"] | bool

_MODES = ("online", "offline", "shared", "disabled")
_RESUMES = ("allow", "must", "never", "auto", True, False, None)
_REINITS = ("default", "return_previous", "finish_previous", "create_new", True, False, None)
_disabled: list[_mltrack.Store] = []


@checked("mltrack.init")
def init(
    project: str | None = None,
    name: str | None = None,
    config: object = None,
    *,
    entity: str | None = None,
    tags: Iterable[str] | Mapping[str, object] | None = None,
    group: str | None = None,
    job_type: str | None = None,
    notes: str | None = None,
    id: str | None = None,
    resume: Resume | None = None,
    dir: str | os.PathLike[str] | None = None,
    mode: Mode | None = None,
    reinit: Reinit | None = None,
    seed: int | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    allow_val_change: bool = False,
    config_include_keys: Iterable[str] | None = None,
    config_exclude_keys: Iterable[str] | None = None,
    save_code: bool | None = None,
) -> Run:
    """Begins a run, and makes it the one that ``mltrack.log`` logs to.

    ``project`` is the experiment (else ``MLTRACK_PROJECT``, else ``"default"``), ``config`` its parameters: a ``dict``, a
    dataclass, an ``argparse.Namespace``, or anything like these.  ``dir`` is the store (else as the command line finds it).
    ``entity``, ``group``, ``job_type`` and ``tags`` are tags of the run, ``notes`` a note.

    ``id`` is a word of the program's own choice for the run, or the id of a run; when there is such a run it is gone on
    with, behind what it has: ``resume="must"`` fails when there is none, ``"never"`` when there is one.  One that is still
    running is joined: only ``fail`` and ``cancel`` end it then, not ``finish``, and not the end of this program.
    ``resume=True`` without an ``id`` goes on with the last run of the project if that did not come to a good end.

    Within ``with`` of a run, a run is begun as its child.  Otherwise, while one is running, that one is given back;
    ``reinit`` says what else: ``"finish_previous"`` or ``"create_new"``.

    Raises ``errors.ValidationError`` for a value that cannot be, ``errors.NotFound`` and ``errors.Conflict`` as ``resume``
    says, and those of opening a store.

    >>> import mltrack
    >>> run = mltrack.init(project="digits", config={"lr": 0.1}, tags=["first"])
    >>> run.log({"loss": 0.5, "accuracy": 0.9})
    >>> run.config.lr, run.summary["loss"], run.tags
    (0.1, 0.5, ('first',))
    >>> run.finish()
    >>> run.state
    'completed'
    """
    _check("mode", mode, (*_MODES, None))
    _check("resume", resume, _RESUMES)
    _check("reinit", reinit, _REINITS)
    chosen = settings_of(settings)
    if save_code is False and chosen.capture is None:
        chosen = chosen.with_changes(capture="minimal")
    params = _chosen_keys(plain(config), config_include_keys, config_exclude_keys)
    all_tags = _tags(tags, entity=entity, group=group, job_type=job_type)
    previous = _previous(reinit)
    is_nested = previous is not None and previous._is_entered and reinit in (None, "default")
    if previous is not None and not is_nested:
        return _given_back(previous, params, allow_val_change)
    if previous is not None and id is None and dir is None and mode is None and settings is None:
        return begin_child(previous, name, params, all_tags, seed=seed, notes=notes, project=project)
    opened = _opening(dir, mode, chosen)
    # What a run is made of is imported while the store is being opened.
    from mltrack import _ending, _run  # noqa: F401

    store = opened()
    project = project or (previous.project if previous is not None else _variable("PROJECT")) or "default"
    started = _started(name or _variable("NAME"), params, all_tags)
    started |= {"seed": seed, "timeout_s": chosen.timeout_s, "parent": _parent_in(store, previous)}
    return _begin(store, project, started, _wanted(id, resume), notes, chosen, allow_val_change)


def _parent_in(store: _mltrack.Store, run: Run | None) -> str | None:
    """The id of a run that shall be a parent, which it can be in its own store only."""
    is_there = run is not None and store.is_enabled and run._store.path == store.path
    return run.id if run is not None and is_there else None


def begin_child(
    parent: Run,
    name: str | None,
    params: dict[str, Any],
    tags: list[tuple[str, str]],
    *,
    seed: int | None = None,
    notes: str | None = None,
    project: str | None = None,
) -> Run:
    """A run that is a part of another one."""
    started = _started(name, params, tags)
    started |= {"parent": _parent_in(parent._store, parent), "seed": seed}
    native = parent._store.start_run(project or parent.project, started)
    return _begun(native, parent._store, project or parent.project, params, started, notes, parent._settings)


def _begin(
    store: _mltrack.Store,
    project: str,
    started: dict[str, Any],
    wanted: tuple[str | None, Resume | None],
    notes: str | None,
    settings: Settings,
    allow_val_change: bool,
) -> Run:
    id, resume = wanted
    since = store.next_lsn() if id is not None else None
    found = _found(store, project, id, resume) if store.is_enabled else None
    if found is not None:
        return _resumed(store, found, started, notes, settings, allow_val_change)
    if id is None:
        native = store.start_run(project, started)
    else:
        try:
            native = store.start_run(project, started | {"unique_tag": (GIVEN_ID_TAG, id, since or 1)})
        except Conflict:
            if _named(store, project, id) is None:
                raise
            # Another process was faster by a moment: it is the one that begins the run.
            return _begin(store, project, started, wanted, notes, settings, allow_val_change)
        started["tags"].append((GIVEN_ID_TAG, id))
    return _begun(native, store, project, started["params"], started, notes, settings)


def _begun(
    native: _mltrack.Run,
    store: _mltrack.Store,
    project: str,
    params: dict[str, Any],
    started: dict[str, Any],
    notes: str | None,
    settings: Settings,
) -> Run:
    from mltrack._run import Run

    run = Run(native, store, project=project, settings=settings, outer=_session.current())
    run._parent = started["parent"]
    run._tags = dict(started["tags"])
    run.config._fill(params)
    if notes:
        run.notes = notes
    _session.begin(run)
    run._say("begun")
    return run


def _resumed(
    store: _mltrack.Store,
    found: str,
    started: dict[str, Any],
    notes: str | None,
    settings: Settings,
    allow_val_change: bool,
) -> Run:
    from mltrack._run import Run

    known = store.run_summary(found)
    items = nested(known["params"])
    # Refused before anything has happened to the run.
    changes(items, started["params"], allow_val_change)
    # What another process runs is its own to end.
    is_guest = known["state"] == "running"
    native = store.attach(found) if is_guest else store.resume(found)
    run = Run(native, store, project=known["experiment"], settings=settings, outer=_session.current())
    run._parent = known["parent"]
    run._tags = dict(known["tags"])
    run._name = known["name"]
    run._is_resumed = True
    run._is_guest = is_guest
    run.config._fill(items)
    run.config.update(started["params"], allow_val_change=allow_val_change)
    for key, value in started["tags"]:
        run._set_tag(key, value)
    run._notes = known["last_note"]
    if notes and notes != run._notes:
        run.notes = notes
    _session.begin(run)
    run._say("resumed")
    return run


def rejoin(folder: str, id: str, project: str, settings: Settings) -> Run:
    """The run that came from another process, or from this one, by ``pickle``."""
    known = _session.handle_of(id)
    if known is not None and known._process == os.getpid() and not known.is_finished:
        return known
    if not folder:
        return init(project, mode="disabled", reinit="create_new")
    store = _session.open_store(_session.find_store(folder), settings)
    started = _started(None, {}, [])
    return _begin(store, project, started, (id, "must"), None, settings, False)


def _found(store: _mltrack.Store, project: str, id: str | None, resume: Resume | None) -> str | None:
    """The run to go on with."""
    if id is None:
        return _last_unfinished(store, project) if resume in (True, "auto") else None
    found = _named(store, project, id)
    if found is None and resume == "must":
        hint = 'resume="allow" begins it when there is none'
        raise of_code(f"there is no run {id!r} to go on with", code="NOT_FOUND", hint=hint)
    if found is not None and resume == "never":
        hint = "give it another id, or leave resume away to go on with it"
        raise of_code(f"there is a run {id!r} already: {found}", code="CONFLICT", hint=hint)
    return found


def _named(store: _mltrack.Store, project: str, id: str) -> str | None:
    """The run with an id that a program gave it, or with this very id."""
    literal = id.replace("\\", "\\\\").replace("'", "\\'")
    try:
        given = store.runs(project, f"tags.{GIVEN_ID_TAG} = '{literal}'", limit=1)
    except NotFound:
        given = []
    if given:
        return cast(str, given[0]["id"])
    if len(id) != 32 or not set(id) <= set("0123456789abcdef"):
        return None
    try:
        return store.find_run(id)
    except NotFound:
        return None


def _last_unfinished(store: _mltrack.Store, project: str) -> str | None:
    try:
        newest = store.runs(project, order_by=["-created"], limit=1)
    except NotFound:
        return None
    if not newest or newest[0]["state"] in ("completed", "running"):
        return None
    return cast(str, newest[0]["id"])


def _previous(reinit: Reinit | None) -> Run | None:
    """The run that is running already, if the caller shall be told of it."""
    running = _session.current()
    if running is None or running._process != os.getpid() or reinit == "create_new":
        return None
    if running._is_entered and reinit in (None, "default"):
        return running
    if reinit in (True, "finish_previous") or (_session.is_notebook() and reinit in (None, "default")):
        running.finish()
        return None
    return running


def _given_back(running: Run, params: dict[str, Any], allow_val_change: bool) -> Run:
    words = (
        f"run {running.name} is running already, so mltrack.init gives it back: finish() it first, "
        'or say reinit="create_new"'
    )
    warnings.warn(words, stacklevel=4)
    running.config.update(params, allow_val_change=allow_val_change)
    return running


def _store(dir: str | os.PathLike[str] | None, mode: str | None, settings: Settings) -> _mltrack.Store:
    return _opening(dir, mode, settings)()


def _opening(
    dir: str | os.PathLike[str] | None, mode: str | None, settings: Settings
) -> Callable[[], _mltrack.Store]:
    """Begins to open the store that is meant."""
    if (mode or _variable("MODE")) == "disabled":
        if not _disabled:
            _disabled.append(_mltrack.Store.disabled())
        return lambda: _disabled[0]
    return _session.opening(_session.find_store(dir), settings)


def _started(name: str | None, params: dict[str, Any], tags: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "name": name,
        "params": params,
        "tags": tags,
        "parent": None,
        "seed": None,
        "detached": False,
        "timeout_s": None,
    }


def _tags(given: Iterable[str] | Mapping[str, object] | None, **named: str | None) -> list[tuple[str, str]]:
    """Tags as the engine has them: plain ones have no value."""
    if given is None:
        given = [tag for tag in (_variable("TAGS") or "").split(",") if tag]
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Mapping):
        tags = [(str(key), "" if value is None else str(value)) for key, value in given.items()]
    else:
        tags = [(str(tag), "") for tag in given]
    named["group"] = named.get("group") or _variable("GROUP")
    return tags + [(key, value) for key, value in named.items() if value]


def _wanted(id: str | None, resume: Resume | None) -> tuple[str | None, Resume | None]:
    return id or _variable("RUN_ID"), resume if resume is not None else cast(
        "Resume | None", _variable("RESUME")
    )


def _variable(name: str) -> str | None:
    return os.environ.get(f"MLTRACK_{name}") or None


def _chosen_keys(
    params: dict[str, Any], include: Iterable[str] | None, exclude: Iterable[str] | None
) -> dict[str, Any]:
    if include is not None:
        wanted = set(include)
        return {key: value for key, value in params.items() if key in wanted}
    unwanted = set(exclude or ())
    return {key: value for key, value in params.items() if key not in unwanted}


def _check(name: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        words = ", ".join(repr(each) for each in known if each is not None)
        raise of_code(f"{name} is {value!r}", code="VALIDATION_ERROR", hint=f"one of {words}")
