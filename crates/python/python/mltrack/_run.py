"""A run that this program writes: what ``mltrack.init`` gives back.

Invariants: numbers go to the engine in one call, without a look at anything else; a fault of tracking warns once and
lets the training go on, only what the program itself did wrong is raised; a run ends once, and only where it was begun:
a forked child ends nothing of its parent's.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from mltrack import _mltrack, _session
from mltrack._config import Config
from mltrack._run_things import RunThings
from mltrack.errors import Error, InvalidState, ValidationError, of_code

if TYPE_CHECKING:
    from datetime import timedelta

    from mltrack._summary import MetricDefinition
    from mltrack.settings import Settings

__all__ = ["Run"]


class Run(RunThings):
    """A run that is being written.

    It is a context: leaving it ends it, as failed when an exception leaves it, as cancelled by Ctrl-C.

    >>> import mltrack
    >>> with mltrack.init(project="digits") as run:
    ...     for step in range(3):
    ...         run.log({"loss": 1 / (step + 1)})
    >>> run.state, run.summary["loss"]
    ('completed', 0.3333333333333333)
    """

    __slots__ = ()

    def __init__(
        self,
        native: _mltrack.Run,
        store: _mltrack.Store,
        *,
        project: str,
        settings: Settings,
        outer: Run | None,
    ) -> None:
        self._native = native
        self._log_numbers = native.log_numbers
        self._store = store
        self._project = project
        self._settings = settings
        self._outer = outer
        self._process = os.getpid()
        self._parent = None
        self._name = native.name
        self._tags = {}
        self._notes = None
        self._is_resumed = False
        self._is_guest = False
        self._is_entered = False
        self._has_warned = False
        self._end_state = None
        self._folder = None
        self._held = {}
        self._held_step = None
        self._lock = threading.RLock()
        self._alerts = {}
        self._takes_now = True
        self._uploads = []
        self._watched = []
        self._definitions = {}
        self._summary = None
        self._config = Config(self._record_params, self._record_change)

    def log(self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
        """Logs values at a step: visible to every process, and safe from a kill of this one, when it returns.

        Without a ``step`` it is the one after the last.  ``commit=False`` keeps the values for the next call without it.
        Numbers are points of metrics, whoever's they are (NumPy, torch, JAX); NaN and the infinities are kept.  Nested
        names are joined by ``/``.  ``Histogram``, ``Table``, ``Image``, ``Audio``, ``Video``, ``Html``, figures and PIL
        images are kept as such, arrays of several numbers as their distribution, everything else as a JSON value.

        Raises ``errors.ValidationError`` for a name or a step that is none, ``errors.InvalidState`` after ``finish``.

        >>> import mltrack
        >>> with mltrack.init() as run:
        ...     run.log({"train": {"loss": 0.5}}, commit=False)
        ...     run.log({"lr": 0.1, "phase": "warm-up"})
        ...     sorted(run.summary.keys())
        ['lr', 'phase', 'train/loss']
        """
        try:
            if commit is None and self._takes_now:
                others = self._log_numbers(data, step)
                if others is None:
                    return
                from mltrack._values import log_others

                log_others(self, *others)
                return
        except Exception as error:
            if self._went_wrong(error, data, step):
                return
        self._log_held(data, step, commit)

    def _log_held(self, data: Mapping[str, Any], step: int | None, commit: bool | None) -> None:
        """The slower way: values that wait for others of their step, mappings and steps of other types."""
        self._refuse_after_end()
        data, step = dict(data), None if step is None else _whole(step)
        with self._lock:
            if step is not None and self._held_step not in (None, step):
                self._commit()
            self._held.update(data)
            self._held_step = step if step is not None else self._held_step
            self._takes_now = False
            if commit is not False:
                self._commit()

    def _hold(self, data: dict[str, Any]) -> None:
        """Keeps values for the next step that is logged."""
        with self._lock:
            self._held = {**data, **self._held}
            self._takes_now = False

    def _begin_in_child(self) -> None:
        """In a forked child: it holds nothing, and uploads are its parent's."""
        self._held, self._held_step, self._takes_now = {}, None, True
        self._lock = threading.RLock()
        self._uploads = []

    def _commit(self) -> None:
        """Logs what waits."""
        with self._lock:
            data, step = self._held, self._held_step
            self._held, self._held_step, self._takes_now = {}, None, True
        if not data:
            return
        try:
            others = self._log_numbers(data, step)
            if others is not None:
                from mltrack._values import log_others

                log_others(self, *others)
        except Exception as error:
            self._went_wrong(error, data)

    def _went_wrong(self, error: Exception, data: object, step: object = None) -> bool:
        """Raises what the program did wrong, warns of what the tracker did.  False: try the slower way."""
        if isinstance(error, ValidationError):
            raise error
        if isinstance(error, TypeError):
            is_dict, is_whole = isinstance(data, dict), isinstance(step, (int, type(None)))
            if isinstance(data, Mapping) and not (is_dict and is_whole):
                return False
            raise _misused(error, data) from None
        if not isinstance(error, Error):
            raise error
        self._refuse_after_end()
        self._warn(error)
        return True

    def _record_params(self, params: dict[str, Any]) -> None:
        self._quietly(self._native.log_params, params)

    def _record_change(self, name: str, value: object) -> None:
        self._quietly(self._native.log_json, f"config/{name}", self._step_now(), value)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Adds parameters, as ``config.update`` does."""
        self._config.update(params)

    def log_line(self, text: str, level: Literal["debug", "info", "warn", "error"] = "info") -> None:
        """Logs a line of text."""
        self._quietly(self._native.log_line, text, level)

    def alert(
        self,
        title: str,
        text: str,
        level: str | None = None,
        wait_duration: float | timedelta | None = None,
    ) -> None:
        """Logs a line that says so, with the level of a warning or the one that is named; of several with one title in
        ``wait_duration`` seconds only the first."""
        waits: Any = wait_duration
        wait_s = waits.total_seconds() if hasattr(waits, "total_seconds") else waits or 0.0
        now_s = time.monotonic()
        if now_s - self._alerts.get(title, -float("inf")) < wait_s:
            return
        self._alerts[title] = now_s
        known = {"INFO": "info", "WARN": "warn", "ERROR": "error"}
        word = known.get(str(level).rsplit(".", 1)[-1], "warn")
        self._quietly(self._native.log_line, f"{title}: {text}", word)

    def define_metric(
        self,
        name: str,
        step_metric: str | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> MetricDefinition:
        """Says what a metric is: over which other one it is drawn, and which of its values counts.

        ``name`` may end with ``*``.  ``summary`` is one of ``min``, ``max``, ``mean``, ``best``, ``first``, ``last``,
        ``none``; ``goal`` is ``minimize`` or ``maximize`` and says what ``best`` is.

        >>> import mltrack
        >>> with mltrack.init() as run:
        ...     _ = run.define_metric("accuracy", summary="max")
        ...     for accuracy in (0.5, 0.9, 0.7):
        ...         run.log({"accuracy": accuracy})
        ...     run.summary["accuracy"]
        0.9
        """
        from mltrack._summary import define

        return define(self, name, step_metric, step_sync, hidden, summary, goal, overwrite)

    def child(
        self,
        name: str | None = None,
        config: object = None,
        tags: Iterable[str] | Mapping[str, object] | None = None,
        **named: Any,
    ) -> Run:
        """Begins a run that is a part of this one, and makes it the current one.

        >>> import mltrack
        >>> with mltrack.init() as run:
        ...     with run.child("fold-1") as fold:
        ...         fold.log({"accuracy": 0.9})
        >>> fold.parent == run.id
        True
        """
        from mltrack._config import plain
        from mltrack._init import _tags, begin_child

        self._refuse_after_end()
        return begin_child(self, name, plain(config), _tags(tags, **named))

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Ends the run: completed, or failed when ``exit_code`` is not 0; ``quiet`` says nothing about it.

        Again, or in a forked child, it does nothing.  Who joined a run that another process has begun only leaves it.
        """
        if quiet:
            self._settings = self._settings.with_changes(silent=True)
        if self._is_guest:
            self._end("left", lambda: None)
        elif exit_code:
            self._end("failed", self._native.fail, "exit", f"the program exited with {exit_code}")
        else:
            self._end("completed", self._native.complete)

    def fail(self, error: BaseException | str) -> None:
        """Ends the run as failed."""
        if isinstance(error, str):
            self._end("failed", self._native.fail, "error", error)
            return
        import traceback

        trace = "".join(traceback.format_exception(error))
        cause = error.__cause__ or error.__context__
        said = None if cause is None else f"{type(cause).__name__}: {cause}"
        self._end("failed", self._native.fail, type(error).__name__, str(error), trace, said)

    def cancel(self, why: str = "cancelled") -> None:
        """Ends the run as cancelled."""
        self._end("cancelled", self._native.cancel, why)

    def _end(self, state: str, call: Callable[..., None], *arguments: str | None) -> None:
        if self._end_state is not None or self._process != os.getpid():
            return
        self.unwatch()
        try:
            self._commit()
        except ValidationError as error:
            self._warn(error)
        self._store_folder()
        self._wait_for_uploads()
        if self._end_state is not None:
            return
        self._end_state = state
        try:
            call(*arguments)
        except InvalidState:
            # Another writer of it, in this process or in another one, has ended it already.
            self._end_state = self.state
        except Error as error:
            self._warn(error)
        finally:
            self._takes_now = True
            _session.end(self)
        self._tell_warnings()
        self._say("ended")

    def _end_by(self, exception: BaseException | None, signal_name: str | None, exit_code: object) -> None:
        """Ends the run as its program ended."""
        from mltrack._ending import is_failure

        if isinstance(exception, SystemExit):
            exit_code = exception.code
            exception = None
        if self._is_guest:
            self.finish()
        elif signal_name is not None:
            self.cancel(signal_name)
        elif isinstance(exception, KeyboardInterrupt):
            self.cancel("KeyboardInterrupt")
        elif exception is not None and not isinstance(exception, GeneratorExit):
            self.fail(exception)
        elif is_failure(exit_code):
            self._end("failed", self._native.fail, "exit", f"the program exited with {exit_code}")
        else:
            self.finish()

    def _tell_warnings(self) -> None:
        for words in _mltrack.take_warnings():
            from mltrack._guard import say

            say(words)

    def _say(self, what: str) -> None:
        """One line on stderr at the beginning and at the end, for people only."""
        if self._settings.silent or self.disabled or not sys.stderr or not sys.stderr.isatty():
            return
        state = self._end_state or what
        print(f"mltrack: run {self.name} ({self.path}) {state}, in {self._store.path}", file=sys.stderr)

    def __enter__(self) -> Run:
        self._is_entered = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_entered = False
        self._end_by(exception, None, None)

    def __copy__(self) -> Run:
        return self

    def __deepcopy__(self, known: object) -> Run:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process it is the same run, which that process joins."""
        from mltrack._init import rejoin

        return rejoin, (str(self._store.path or ""), self.id, self.project, self._settings)

    def __getattr__(self, name: str) -> Any:
        from mltrack._names import unknown_attribute

        names = [known for known in dir(type(self)) if not known.startswith("_")]
        raise unknown_attribute(name, names, "a run", self)

    def __repr__(self) -> str:
        return f"<mltrack.Run {self.name} {self.path} {self._end_state or 'running'}>"


def _whole(step: Any) -> int:
    """A step as a whole number, whoever's number it is."""
    try:
        whole = int(step)
    except (TypeError, ValueError):
        whole = None
    if whole is None or whole != step:
        raise of_code(f"the step is {step!r}", code="VALIDATION_ERROR", hint="steps are whole numbers")
    return whole


def _misused(error: TypeError, data: object) -> Error:
    if isinstance(data, dict):
        return of_code(f"the step: {error}", code="VALIDATION_ERROR", hint="steps are whole numbers")
    hint = 'run.log({"loss": 0.5})'
    return of_code(f"a {type(data).__name__} was logged: {error}", code="VALIDATION_ERROR", hint=hint)
