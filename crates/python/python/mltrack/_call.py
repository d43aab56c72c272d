"""One call of a tracked function: its run, from the bound arguments to the way it ended.

Invariants: the function is called whatever becomes of its run; a run ends exactly once, when the call ends; the run is
the current one of a context only while code of the function runs there; a call inside of another is its child.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from mltrack import _datasets, _ending, _session, _tracked
from mltrack._fingerprint import Fingerprint, fingerprint
from mltrack._guard import quietly
from mltrack._plain import TAKEN, plain, type_name
from mltrack._returned import metrics_of, model_of, number_of
from mltrack._run import Run


@dataclass(frozen=True)
class Plan:
    """What is known of a tracked function before it is called."""

    function: Callable[..., Any]
    signature: inspect.Signature | None
    label: str
    name: str | None
    experiment: str | None
    params: bool | Iterable[str] | Mapping[str, Any]
    tags: Mapping[str, str]
    log_returns: bool
    log_content: bool


class Call:
    """A call that is tracked. As a context it begins and ends the run; ``active`` says when the function runs."""

    def __init__(self, plan: Plan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._plan = plan
        self._given = (args, kwargs)
        self._run: Run | None = None
        self._yielded_count = 0
        self._was_closed = False
        self._is_watching = False

    def __enter__(self) -> Call:
        from mltrack import hooks

        self._run = quietly(self._start_run) or quietly(_tracked.stand_in, self._plan.label, _session.current())
        self._given = ((), {})
        self._is_watching = self._run is not None and not self._run.disabled
        if self._is_watching:
            quietly(hooks.patch_frameworks)
        return self

    def _start_run(self) -> Run:
        """Starts the run of a function that is tracked."""
        plan = self._plan
        params, data = quietly(_described, plan, *self._given) or ({}, {})
        if data:
            params["data"] = {name: str(seen) for name, seen in data.items()}
        run = _tracked.start(
            plan.label,
            name=plan.name,
            experiment=plan.experiment,
            params=params,
            tags={**plan.tags, "mltrack.function": plan.label},
            parent=_session.current(),
        )
        for name, seen in data.items():
            quietly(_datasets.take_in, run, plan.label, name, seen)
        if plan.log_content:
            from mltrack.llm import log_content_of

            log_content_of(run)
        return run

    def active(self) -> AbstractContextManager[None]:
        """While the function itself runs, here."""
        return nullcontext() if self._run is None else _session.within(self._run)

    def returned(self, result: Any) -> None:
        """Records what the function returned."""
        if self._run is not None and not self._run.is_finished and self._plan.log_returns:
            quietly(self._log_result, self._run, result)

    def yielded(self, item: Any) -> None:
        """Records what the generator gave, as one step."""
        step, self._yielded_count = self._yielded_count, self._yielded_count + 1
        if self._run is not None and not self._run.is_finished and self._plan.log_returns:
            quietly(self._log_item, self._run, item, step)

    def closed_early(self) -> None:
        """Notes that nobody wants more of the generator."""
        self._was_closed = True

    def _log_result(self, run: Run, result: Any) -> None:
        metrics = metrics_of(result)
        if metrics:
            run.log(metrics)
        model = model_of(result)
        if model is not None:
            run.set_tag("mltrack.returned", model)
        for name, seen in _data_in(result).items():
            run.set_tag(f"mltrack.data.{name}", str(seen))
            quietly(_datasets.give_out, run, self._plan.label, name, seen)

    def _log_item(self, run: Run, item: Any, step: int) -> None:
        metrics = metrics_of(item)
        if metrics:
            run.log(metrics, step)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        from mltrack import hooks

        run, self._run = self._run, None
        if run is None:
            return
        if self._is_watching:
            quietly(hooks.settle, run)
            quietly(hooks.restore_frameworks)
        closed_after = self._yielded_count if self._was_closed else None
        for inner in quietly(_session.begun_within, run) or ():
            # Nobody else would end it, and the next call would become a part of it.
            quietly(_end_run, inner, error, closed_after)
        quietly(_end_run, run, error, closed_after)


def _end_run(run: Run, error: BaseException | None, closed_after: int | None) -> None:
    if closed_after is not None and type(error).__name__ in ("GeneratorExit", "CancelledError"):
        run.set_tag("mltrack.generator", f"closed after {closed_after}")
        error = None
    if isinstance(error, SystemExit) and error.code in (None, 0):
        error = None
    if error is None and (told := _ending.signal_name()) is not None:
        run.cancel(told)
    elif error is None:
        run.finish()
    elif isinstance(error, (Exception, SystemExit)):
        _tracked.fail(run, error)
    else:
        run.cancel(_reason(error))


def _reason(error: BaseException) -> str:
    # What derives from BaseException alone asks for an end: Ctrl-C, and the cancellation of a task.
    words = {"KeyboardInterrupt": "Ctrl-C", "CancelledError": "the task was cancelled"}
    name = type(error).__name__
    text = str(error)
    return words.get(name, name) + (f": {text}" if text else "")


def _described(plan: Plan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Fingerprint]]:
    """The parameters and the data that the arguments are."""
    data: dict[str, Fingerprint] = {}

    def taker(name: str, value: Any) -> bool:
        seen = quietly(fingerprint, value)
        if seen is not None:
            data[name] = seen
        return seen is not None

    params: dict[str, Any] = {}
    for name, value in _bound(plan, args, kwargs).items():
        form = quietly(plain, value, name, taker)
        if form is None and value is not None:
            form = type_name(value)
        if form is not TAKEN:
            params[name] = form
    if isinstance(plan.params, Mapping):
        params.update(plain(plan.params))
    return params, data


def _bound(plan: Plan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name, with defaults, without the object or class that a method belongs to."""
    signature = plan.signature
    if signature is None or plan.params is False:
        return {}
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        # The call itself will say so.
        return {}
    bound.apply_defaults()
    found: dict[str, Any] = {}
    for index, (name, value) in enumerate(bound.arguments.items()):
        kind = signature.parameters[name].kind
        if index == 0 and _is_receiver(plan.function, name, value):
            continue
        if kind is inspect.Parameter.VAR_KEYWORD:
            found.update(value)
        elif kind is not inspect.Parameter.VAR_POSITIONAL or value:
            found[name] = value
    if isinstance(plan.params, (bool, Mapping)):
        return found
    wanted = set(plan.params)
    return {name: value for name, value in found.items() if name in wanted}


def _is_receiver(function: Callable[..., Any], name: str, value: Any) -> bool:
    """Whether an argument is what a method was called on."""
    path = getattr(function, "__qualname__", "").split(".")
    if len(path) < 2 or path[-2] == "<locals>":
        return False
    if name in ("self", "cls"):
        return True
    kind = value if isinstance(value, type) else type(value)
    found = inspect.getattr_static(kind, path[-1], None)
    return inspect.unwrap(found) is function if callable(found) else False


def _data_in(result: Any) -> dict[str, Fingerprint]:
    """The arrays and frames that a result is or has as its items."""
    items = {"result": result}
    if isinstance(result, dict):
        items = {str(key): value for key, value in result.items()}
    elif isinstance(result, (list, tuple)) and len(result) <= 16:
        items = {f"result.{index}": value for index, value in enumerate(result)}
    # An array of one number is that number.
    seen = {name: quietly(fingerprint, value) for name, value in items.items() if number_of(value) is None}
    return {name: one for name, one in seen.items() if one is not None}
