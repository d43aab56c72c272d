"""lightgbm: parameters, the metrics of each round, the best round.

Invariants: training is recorded by one more callback, which comes before the one that stops early; the arguments of the
user are not changed.
"""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from mltrack._guard import quietly
from mltrack._run import Run
from mltrack.hooks import _record
from mltrack.hooks._patches import Patches


def install(patches: Patches, module: ModuleType) -> None:
    """Patches ``train`` and ``cv``."""
    engine = sys.modules.get("lightgbm.engine")
    if engine is not None:
        patches.function(engine, "train", _training)
        patches.function(engine, "cv", _training)
        _record.silence_estimators(patches, sys.modules.get("lightgbm.sklearn"))


def _training(original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    def train(*args: Any, **kwargs: Any) -> Any:
        run = _record.current_run(inside="fit")
        label = quietly(_record.label_for, run, "lightgbm") if run is not None else None
        if run is None or label is None:
            return original(*args, **kwargs)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return original(*args, **kwargs)
        quietly(_record_begin, run, label, bound.arguments)
        given = bound.arguments.get("callbacks") or []
        bound.arguments["callbacks"] = [*given, _Round(run, label)]
        began = time.perf_counter()
        result = original(*bound.args, **bound.kwargs)
        quietly(_record_end, run, label, result, time.perf_counter() - began)
        return result

    return train


def _record_begin(run: Run, label: str, arguments: Mapping[str, Any]) -> None:
    told = dict(arguments.get("params") or {})
    for name in ("num_boost_round", "nfold"):
        if name in arguments:
            told[name] = arguments[name]
    _record.params(run, label, told)
    _record.tag(run, "mltrack.framework.lightgbm", str(getattr(sys.modules.get("lightgbm"), "__version__", "")))


class _Round:
    """A callback that records a round."""

    #: The one that records evaluations has 20, the one that stops early has 30.
    order = 25
    before_iteration = False

    def __init__(self, run: Run, label: str) -> None:
        self._run = run
        self._label = label

    def __call__(self, env: Any) -> None:
        quietly(self._record_round, env)

    def _record_round(self, env: Any) -> None:
        values: dict[str, Any] = {}
        for data, name, value, _, *deviation in env.evaluation_result_list or ():
            if deviation:
                values[f"{data}/{name}_mean"], values[f"{data}/{name}_std"] = value, deviation[0]
            else:
                values[f"{data}/{name}"] = value
        _record.metrics(self._run, self._label, values, step=env.iteration)


def _record_end(run: Run, label: str, model: Any, seconds: float) -> None:
    values: dict[str, Any] = {"fit_s": seconds}
    if hasattr(model, "current_iteration"):
        values["rounds"] = model.current_iteration()
    if getattr(model, "best_iteration", -1) > 0:
        values["best_iteration"] = model.best_iteration
    _record.metrics(run, label, values)
