"""Optuna: a study is a run, and each of its trials a child of it, or a point.

Invariants: trials are told apart by their numbers, whatever storage keeps the study, however many threads and processes
work on it; the processes of a study share one run; a fault of the tracker fails no trial.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable
from typing import Any, Literal

from mltrack import _session, _tracked
from mltrack._guard import quietly
from mltrack._run import Run
from mltrack.errors import of_code
from mltrack.integrations import _library, _runs

__all__ = ["MltrackCallback"]

optuna: Any = _library.library("optuna", "optuna", "optuna")


class MltrackCallback:
    """Records the trials of a study.

    ``names`` are those of the values that the objective returns.  With ``trials="runs"`` each trial is a child run: its
    parameters, its values, what it reported on the way.  With ``trials="points"`` it is a step of the run of the study,
    which is lighter for studies of many thousand trials.  The run of the study is ``run``, else the current one, else one
    that all processes of the study share; ``options`` are those of ``mltrack.init`` for it.

    >>> import mltrack, optuna
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> callback = MltrackCallback("loss")
    >>> study = optuna.create_study(study_name="parabola")
    >>> study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=3, callbacks=[callback])
    >>> callback.run.summary["loss"] == study.best_value
    True
    >>> [trial.name for trial in mltrack.open().runs(filter="params.x > -2", order_by="name")]
    ['trial-0', 'trial-1', 'trial-2']

    What the objective logs while it runs belongs to its trial when it is decorated:

    >>> @callback.track
    ... def objective(trial):
    ...     for step in range(3):
    ...         mltrack.log({"error": 1 / (step + 1)})
    ...     return trial.suggest_float("x", -1, 1) ** 2
    """

    def __init__(
        self,
        names: str | Iterable[str] = "value",
        *,
        trials: Literal["runs", "points"] = "runs",
        run: Run | None = None,
        **options: Any,
    ) -> None:
        if trials not in ("runs", "points"):
            hint = 'one of "runs", "points"'
            raise of_code(f"trials is {trials!r}", code="VALIDATION_ERROR", hint=hint)
        self._names = [names] if isinstance(names, str) else list(names)
        self._are_runs = trials == "runs"
        self._given = run
        self._options = options
        self._studies: dict[str, Run] = {}
        self._begun: set[tuple[str, int]] = set()
        self._lock = threading.Lock()

    @property
    def run(self) -> Run | None:
        """The run of the study; ``None`` before its first trial."""
        return self._given or next(reversed(self._studies.values()), None)

    def __call__(self, study: Any, trial: Any) -> None:
        """What Optuna calls behind each trial."""
        quietly(self._record_trial, study, trial)

    def track(self, objective: Callable[..., Any]) -> Callable[..., Any]:
        """Makes the run of its trial the current one while an objective runs.  The callback is given to the study too."""

        @functools.wraps(objective)
        def tracked(trial: Any) -> Any:
            run = quietly(self._begin_trial, trial)
            if run is None:
                return objective(trial)
            try:
                with _session.within(run):
                    result = objective(trial)
            except BaseException as error:
                quietly(self._end_trial, run, trial, None, error)
                raise
            quietly(self._end_trial, run, trial, result, None)
            return result

        return tracked

    def __getstate__(self) -> dict[str, Any]:
        """What another process is given: it finds the run of the study by the name of that."""
        return {**self.__dict__, "_studies": {}, "_begun": set(), "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    def _study_run(self, study: Any) -> Run:
        """The run of a study."""
        with self._lock:
            name = str(study.study_name)
            if self._given is None and not self._studies and not self._options:
                self._given = _session.current()
            run = self._given or self._studies.get(name)
            if run is not None and (self._given is None or name in self._studies):
                return run
            if run is None:
                about = {"sampler": type(study.sampler).__name__, "pruner": type(study.pruner).__name__}
                options = {"name": name, **self._options}
                run = _runs.shared(f"optuna-{name}", options, {"study": name, **about})
            self._studies[name] = run
            quietly(self._define_goals, run, study)
            return run

    def _define_goals(self, run: Run, study: Any) -> None:
        for name, direction in zip(self._value_names(study), study.directions, strict=True):
            run.define_metric(name, summary="best", goal=direction.name.lower())

    def _value_names(self, study: Any) -> list[str]:
        """A name for each value, also where the program gave fewer."""
        count = len(study.directions)
        if len(self._names) == count:
            return self._names
        return [f"{self._names[0]}_{index}" for index in range(count)]

    def _begin_trial(self, trial: Any) -> Run:
        """Begins the run of a trial."""
        run = self._child(trial.study, trial.number)
        self._begun.add((trial.study.study_name, trial.number))
        return run

    def _child(self, study: Any, number: int) -> Run:
        tags = {"optuna.study": str(study.study_name), "optuna.trial": str(number)}
        parent = self._study_run(study)
        return _tracked.start(f"trial-{number}", name=None, experiment=None, params={}, tags=tags, parent=parent)

    def _end_trial(self, run: Run, trial: Any, result: Any, error: BaseException | None) -> None:
        """Ends the run of a trial as its objective ended."""
        run.log_params(_params(trial))
        if isinstance(error, optuna.TrialPruned):
            _prune(run, str(error))
        elif isinstance(error, Exception):
            run.fail(error)
        elif error is not None:
            run.cancel(type(error).__name__)
        else:
            run.log(dict(zip(self._value_names(trial.study), _values(result), strict=True)))
            run.finish()

    def _record_trial(self, study: Any, trial: Any) -> None:
        """Records a trial that is over."""
        run = self._study_run(study)
        values = dict(zip(self._value_names(study), trial.values or (), strict=False))
        is_complete = trial.state.name == "COMPLETE"
        points: dict[str, Any] = dict(values) if is_complete else {}
        if trial.duration is not None:
            points["duration_s"] = trial.duration.total_seconds()
        if not self._are_runs:
            points |= {"state": trial.state.name.lower(), "params": dict(trial.params)}
        if len(study.directions) == 1 and is_complete:
            points[f"best/{self._value_names(study)[0]}"] = study.best_value
        run.log(points, step=trial.number)
        if len(study.directions) == 1 and is_complete:
            run.set_tag("optuna.best_trial", study.best_trial.number)
        key = (str(study.study_name), trial.number)
        if key in self._begun:
            self._begun.discard(key)
        elif self._are_runs:
            self._add_child(study, trial, values if is_complete else {})

    def _add_child(self, study: Any, trial: Any, values: dict[str, float]) -> None:
        """The run of a trial, after the fact."""
        run = self._child(study, trial.number)
        run.log_params(_params(trial))
        for step, value in sorted(trial.intermediate_values.items()):
            run.log({"intermediate": value}, step=step)
        if trial.duration is not None:
            values = {**values, "duration_s": trial.duration.total_seconds()}
        run.log(values)
        if trial.state.name == "PRUNED":
            _prune(run, f"pruned at step {trial.last_step}")
        elif trial.state.name == "FAIL":
            run.fail(str(trial.system_attrs.get("fail_reason") or "the trial failed"))
        else:
            run.finish()


def _prune(run: Run, why: str) -> None:
    run.set_tag("optuna.pruned")
    run.cancel(why or "pruned")


def _params(trial: Any) -> dict[str, Any]:
    attributes = {f"attrs.{name}": value for name, value in trial.user_attrs.items()}
    return {**trial.params, **attributes}


def _values(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]
