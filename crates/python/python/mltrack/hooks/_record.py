"""How hooks record: under which names, into which run, and when they keep silent.

Invariants: nothing here raises; names begin with the framework, and the second model of a run has names of its own; what
frameworks do inside of a search or a fit that is recorded as a whole is not recorded again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import FunctionType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from mltrack import _session
from mltrack._guard import quietly
from mltrack._plain import plain
from mltrack._returned import number_of
from mltrack._run import Run
from mltrack.hooks._patches import Patches

#: More fits of one kind in a run are counted, not recorded.
FIT_COUNT_MAX = 20
PARAM_COUNT_MAX = 200

#: What is going on here that is recorded as a whole: `fit` silences its own framework, `search` all of them.
_SCOPE: ContextVar[str | None] = ContextVar("mltrack_scope", default=None)
_COUNTS: WeakKeyDictionary[Run, Counter[str]] = WeakKeyDictionary()


def current_run(*, inside: str | None = None) -> Run | None:
    """The run to record to, unless something here is recorded as a whole; ``inside`` of which scope is fine."""
    scope = _SCOPE.get()
    if scope is not None and scope != inside:
        return None
    run = quietly(_session.current)
    return None if run is None or run.is_finished else run


@contextmanager
def scope(kind: str) -> Iterator[None]:
    """While something is recorded as a whole."""
    token = _SCOPE.set(kind)
    try:
        yield
    finally:
        _SCOPE.reset(token)


def count(run: Run, what: str) -> int:
    """How often this was asked before for a run."""
    counts = _COUNTS.setdefault(run, Counter())
    counts[what] += 1
    return counts[what] - 1


def label_for(run: Run, name: str) -> str | None:
    """The name for one more model of a kind: ``keras``, then ``keras-2``; ``None`` when there were too many."""
    index = count(run, name)
    if index >= FIT_COUNT_MAX:
        return None
    return name if index == 0 else f"{name}-{index + 1}"


def params(run: Run, prefix: str, values: Mapping[Any, Any]) -> None:
    """Records parameters under a prefix."""
    quietly(_record_params, run, prefix, values)


def _record_params(run: Run, prefix: str, values: Mapping[Any, Any]) -> None:
    form = plain(dict(list(values.items())[:PARAM_COUNT_MAX]))
    if form:
        run.log_params({f"{prefix}.{name}": value for name, value in form.items()})


def metrics(run: Run, prefix: str, values: Mapping[Any, Any], step: int | None = None) -> None:
    """Records the numbers among values, at a step or at the present one."""
    quietly(_record_metrics, run, prefix, values, step)


def _record_metrics(run: Run, prefix: str, values: Mapping[Any, Any], step: int | None) -> None:
    numbers = {f"{prefix}/{name}": number_of(value) for name, value in values.items()}
    found = {name: number for name, number in numbers.items() if number is not None}
    if found:
        run.log(found, step=max(run.step - 1, 0) if step is None else step)


def tag(run: Run, key: str, value: str) -> None:
    """Sets a tag."""
    quietly(run.set_tag, key, value)


def silence_estimators(patches: Patches, module: ModuleType | None) -> None:
    """Makes the fits of a library that has a hook of its own one whole: estimators of others inside are part of it."""
    for kind in list(vars(module).values()) if module is not None else ():
        if isinstance(kind, type) and isinstance(vars(kind).get("fit"), FunctionType):
            patches.method(kind, "fit", _silencing)


def _silencing(original: Callable[..., Any]) -> Callable[..., Any]:
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        if current_run() is None:
            return original(self, *args, **kwargs)
        with scope("fit"):
            return original(self, *args, **kwargs)

    return fit
