"""Names that are not there, answered with the one that was probably meant.

Invariants: a name that is wrong never passes silently; looking for what was meant costs nothing until then.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from mltrack.errors import ValidationError

__all__ = ["UnknownKeyword", "checked", "meant", "unknown_attribute", "unknown_keyword"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


class UnknownKeyword(ValidationError, TypeError):
    """A keyword that the called function does not have."""

    code = "VALIDATION_ERROR"


INSTEAD: dict[str, str] = {
    "agent": "start the trials with a library for it, such as Optuna, each with mltrack.init(group=...)",
    "agents": "start the trials with a library for it, such as Optuna, each with mltrack.init(group=...)",
    "Api": "mltrack.open() looks at runs, histories and artifacts",
    "api": "mltrack.open() looks at runs, histories and artifacts",
    "apis": "mltrack.open() looks at runs, histories and artifacts",
    "ArtifactTTL": "the tag mltrack.artifact_retention_days of a run says how long its artifacts are kept",
    "attach": 'mltrack.init(id=run.id, resume="must")',
    "box3d": "log the points as an mltrack.Table",
    "catboost": "log from a callback of its own: run.log(...)",
    "Classes": "mltrack.Image(..., classes=[...]) takes the list itself",
    "CommError": "mltrack.errors.Network",
    "config_static": "run.config",
    "controller": "start the trials with a library for it, such as Optuna, each with mltrack.init(group=...)",
    "display": "a run shows itself in a notebook",
    "ensure_configured": "leave it away: nothing has to be configured",
    "EvalTable": "log an mltrack.Table",
    "finish_artifact": "run.log_artifact(artifact)",
    "Graph": "log a picture of it as mltrack.Image, or its description as mltrack.Html",
    "gym": "log the film: run.log({name: mltrack.Video(path)})",
    "join": "run.finish()",
    "JoinedTable": "join the frames first and log an mltrack.Table",
    "keras": "@mltrack.track records what keras does",
    "lightgbm": "@mltrack.track records what lightgbm does",
    "link_artifact": "run.log_artifact(artifact, aliases=[...])",
    "link_model": "run.log_model(path, name=...)",
    "log_code": "the code is recorded when a run begins: mltrack env show RUN",
    "mark_preempting": "leave it away: a run that is killed is lost, and gone on with by its id",
    "Molecule": "log the file: run.log_artifact(path)",
    "Object3D": "log the file: run.log_artifact(path)",
    "pin_config_keys": "mltrack runs --cols =NAME",
    "plot_table": "log the mltrack.Table itself, or a chart of mltrack.plot",
    "Plotly": "log the figure itself: run.log({name: figure})",
    "profiler": "log the profile: run.log_artifact(path)",
    "project_url": "mltrack serve shows the page of a project",
    "require": "leave it away: nothing has to be switched on",
    "restore": "run.use_artifact(name).download()",
    "setup": "leave it away: the store is opened by the first run",
    "sklearn": "@mltrack.track records what scikit-learn does",
    "status": "run.state",
    "sweep": "start the trials with a library for it, such as Optuna, each with mltrack.init(group=...)",
    "sweep_id": "run.group",
    "sweep_url": "run.group",
    "sync": "nothing is left to sync: what was logged is in the store when the call returns",
    "sync_dir": "the store is the only folder: mltrack config show",
    "teardown": "run.finish()",
    "tensorboard": "log the same numbers here: run.log(...)",
    "tensorflow": "@mltrack.track records what keras does",
    "termerror": 'run.log_line(text, "error")',
    "termlog": "run.log_line(text)",
    "termsetup": "leave it away: nothing is written to the terminal but where a run is",
    "termwarn": 'run.log_line(text, "warn")',
    "to_html": "a run shows itself in a notebook",
    "upsert_artifact": "run.log_artifact(artifact)",
    "UsageError": "mltrack.errors.ValidationError and mltrack.errors.InvalidState",
    "write_logs": "run.log_line(text)",
    "xgboost": "@mltrack.track records what xgboost does",
}
"""What W&B has under a name that is not here, and what does the same."""


def meant(name: str, names: Iterable[str]) -> str | None:
    """The name that is most like another one; ``None`` when none is.

    >>> meant("projekt", ["name", "project"])
    'project'
    """
    import difflib

    lowered = {known.lower(): known for known in names}
    near = difflib.get_close_matches(name.lower().replace("_", ""), lowered, n=1, cutoff=0.6)
    near = near or difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[near[0]] if near else None


def _hint(name: str, names: Iterable[str]) -> str | None:
    if name in INSTEAD:
        return INSTEAD[name]
    near = meant(name, names)
    return f"did you mean {near}?" if near else None


def unknown_keyword(name: str, names: Iterable[str], function: str) -> UnknownKeyword:
    """The exception for a keyword that ``function`` does not have."""
    names = sorted(names)
    error = UnknownKeyword(f"{function} has no {name}")
    error.hint = _hint(name, names) or "it has " + ", ".join(names)
    return error


def unknown_attribute(name: str, names: Iterable[str], owner: str, of: object = None) -> AttributeError:
    """The exception for an attribute that ``owner`` does not have."""
    words = f"{owner} has no {name}"
    # Names of Python's own protocols are asked for by tools, which want no advice.
    hint = None if name.startswith("_") else _hint(name, names)
    return AttributeError(f"{words}\nhint: {hint}" if hint else words, name=name, obj=of)


def checked(function_name: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Makes a function answer an unknown keyword with the one that was probably meant."""

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        code: Any = getattr(function, "__code__")  # noqa: B009 - a Callable has none for mypy
        names = frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]) - {"self"}

        @functools.wraps(function)
        def called(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            for name in kwargs:
                if name not in names:
                    raise unknown_keyword(name, names, function_name)
            return function(*args, **kwargs)

        return called

    return decorate
