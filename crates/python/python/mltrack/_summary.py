"""What there is to say about a run: one value for each metric.

Invariants: what the program set itself counts before what its metrics say; a number that is set is a metric of the run,
under its own name when nothing else was logged there, so that commands find it; what ``define_metric`` said is kept with
the run, as a tag, for whoever draws it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, MutableMapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mltrack.errors import of_code

if TYPE_CHECKING:
    from mltrack._run import Run

__all__ = ["MetricDefinition", "Summary", "define"]

PREFIX = "summary/"
DEFINITION_TAG = "metric."

_CHOICES = ("min", "max", "mean", "best", "first", "last", "none")
_GOALS = {"minimize": "minimize", "maximize": "maximize", "min": "minimize", "max": "maximize"}


@dataclass(frozen=True)
class MetricDefinition:
    """What was said about a metric."""

    name: str
    step_metric: str | None = None
    summary: str | None = None
    goal: str | None = None
    hidden: bool = False

    def fits(self, metric: str) -> bool:
        """Whether it is about a metric of this name."""
        if self.name.endswith("*"):
            return metric.startswith(self.name[:-1])
        return metric == self.name


def define(
    run: Run,
    name: str,
    step_metric: str | MetricDefinition | None,
    step_sync: bool | None,
    hidden: bool | None,
    summary: str | None,
    goal: str | None,
    overwrite: bool | None,
) -> MetricDefinition:
    """Keeps what is said about a metric."""
    choice, goal = _choice(summary), _goal(goal)
    if choice == "best" and goal is None:
        raise of_code("what is best?", code="VALIDATION_ERROR", hint='add goal="minimize" or goal="maximize"')
    axis = step_metric.name if isinstance(step_metric, MetricDefinition) else step_metric
    _remember(run)
    before = None if overwrite else run._definitions.get(name)
    known = before or MetricDefinition(name)
    definition = MetricDefinition(
        name,
        axis or known.step_metric,
        choice or known.summary,
        goal or known.goal,
        known.hidden if hidden is None else hidden,
    )
    run._definitions[name] = definition
    told = {key: value for key, value in asdict(definition).items() if value and key != "name"}
    run._set_tag(DEFINITION_TAG + name, json.dumps(told, sort_keys=True))
    if goal is not None and not run.disabled:
        run._quietly(_set_goal, run, name, goal)
    return definition


def _remember(run: Run) -> None:
    """Takes up what was said about metrics before the run was gone on with."""
    for key, value in run._tags.items():
        name = key.removeprefix(DEFINITION_TAG)
        if name != key and name not in run._definitions:
            try:
                run._definitions[name] = MetricDefinition(name, **json.loads(value))
            except (TypeError, ValueError):
                continue  # A tag of the program's own that is only called so.


def _set_goal(run: Run, metric: str, goal: str) -> None:
    """Makes it the goal of the experiment, which ``@best`` asks, unless that has one."""
    known = next((each for each in run._store.experiments() if each["name"] == run.project), None)
    if known is not None and known["goal"] is None and not metric.endswith("*"):
        run._store.edit_experiment(run.project, goal=(metric, goal[:3]))


def _choice(summary: str | None) -> str | None:
    """One of ours; of several that W&B takes at once the first, because all others are shown anyway."""
    if summary is None:
        return None
    words = [word.strip() for word in summary.split(",")]
    for word in words:
        if word not in (*_CHOICES, "copy"):
            hint = "one of " + ", ".join(_CHOICES)
            raise of_code(f"summary is {summary!r}", code="VALIDATION_ERROR", hint=hint)
    return "last" if words[0] == "copy" else words[0]


def _goal(goal: str | None) -> str | None:
    if goal is not None and goal not in _GOALS:
        hint = "minimize or maximize"
        raise of_code(f"goal is {goal!r}", code="VALIDATION_ERROR", hint=hint)
    return None if goal is None else _GOALS[goal]


class Summary(MutableMapping[str, Any]):
    """What there is to say about a run.

    >>> import mltrack
    >>> with mltrack.init() as run:
    ...     run.log({"loss": 0.5})
    ...     run.summary["best_accuracy"] = 0.93
    ...     dict(run.summary)
    {'best_accuracy': 0.93, 'loss': 0.5}
    """

    def __init__(self, run: Run) -> None:
        object.__setattr__(self, "_run", run)
        object.__setattr__(self, "_set", {})
        object.__setattr__(self, "_values", {})
        _remember(run)

    _run: Run
    _set: dict[str, Any]
    _values: dict[str, Any]

    def update(self, *given: Any, **named: Any) -> None:
        """Sets several values; nested names are joined by ``/``."""
        from mltrack._values import flat

        for name, value in flat(dict(*given, **named)):
            self[name] = value

    def _metrics(self) -> dict[str, dict[str, Any]]:
        if not self._run._store.is_enabled:
            return {}
        known: dict[str, dict[str, Any]] = self._run._store.run_summary(self._run.id)["metrics"]
        return known

    def _all(self) -> dict[str, Any]:
        found: dict[str, Any] = dict(self._values)
        chosen = {}
        for name, metric in self._metrics().items():
            if name.startswith(PREFIX):
                chosen[name.removeprefix(PREFIX)] = _real(metric["last"])
            elif not name.startswith("system/"):
                value = self._of(name, metric)
                if value is not None:
                    found[name] = value
        return found | chosen | self._set

    def _of(self, name: str, metric: dict[str, Any]) -> float | None:
        definition = self._definition(name)
        choice = definition.summary if definition else None
        if choice == "best" and definition is not None:
            choice = "min" if definition.goal == "minimize" else "max"
        if choice == "none":
            return None
        if choice in ("mean", "first"):
            return self._read(name, choice)
        # The least and the greatest of nothing but NaN is NaN.
        value = metric[choice or "last"]
        return math.nan if value is None else _real(value)

    def _read(self, name: str, choice: str) -> float:
        frame = self._run._store.history(self._run.id, name)
        values = [float(value) for value in frame["value"].tolist()]
        return values[0] if choice == "first" else math.fsum(values) / len(values)

    def _definition(self, name: str) -> MetricDefinition | None:
        known = self._run._definitions
        if name in known:
            return known[name]
        fitting = [definition for definition in known.values() if definition.fits(name)]
        return max(fitting, key=lambda definition: len(definition.name), default=None)

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        run = self._run
        run._refuse_after_end()
        known = self._metrics()
        is_taken = name in known and name not in self._set
        stored = PREFIX + name if is_taken or PREFIX + name in known else name
        others = run._store.is_enabled and run._log_numbers({stored: value}, run._step_now())
        if others:
            run._quietly(run._native.log_json, PREFIX + name, run._step_now(), value)
        self._set[name] = value

    def __delitem__(self, name: str) -> None:
        hint = 'run.define_metric(name, summary="none") leaves a metric out'
        raise of_code(f"summary[{name!r}] cannot be taken away", code="INVALID_STATE", hint=hint)

    def __getattr__(self, name: str) -> Any:
        found = {} if name.startswith("__") or "_run" not in vars(self) else self._all()
        if name in found:
            return found[name]
        from mltrack._names import unknown_attribute

        raise unknown_attribute(name, found, "the summary", self)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._all()))

    def __len__(self) -> int:
        return len(self._all())

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, and what another process is given, is a plain ``dict``."""
        return dict, (self._all(),)

    def __repr__(self) -> str:
        return repr(self._all())


def _real(value: float | str) -> float:
    """A number, also one of those that JSON has only names for."""
    return float(value)
