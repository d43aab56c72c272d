"""xgboost: parameters, the metrics of each round, the best round.

Invariants: training is recorded whichever way it is called, since all ways go through the container of callbacks; what the
user's callbacks see is unchanged.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from mltrack._guard import quietly
from mltrack._run import Run
from mltrack.hooks import _record
from mltrack.hooks._patches import Patches

#: What boosters were told when they were made.
_TOLD: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()
#: The training of each container that is recorded: its run, its label and when it began.
_GOING_ON: WeakKeyDictionary[Any, tuple[Run, str, float]] = WeakKeyDictionary()


def install(patches: Patches, module: ModuleType) -> None:
    """Patches the booster and the container of callbacks."""
    core, callback = sys.modules.get("xgboost.core"), sys.modules.get("xgboost.callback")
    if core is None or callback is None:
        return
    patches.method(core.Booster, "__init__", _making)
    container = callback.CallbackContainer
    patches.method(container, "before_training", _beginning)
    patches.method(container, "after_iteration", _going_on)
    patches.method(container, "after_training", _ending)
    _record.silence_estimators(patches, sys.modules.get("xgboost.sklearn"))


def _making(original: Callable[..., Any]) -> Callable[..., Any]:
    def __init__(self: Any, params: Any = None, *args: Any, **kwargs: Any) -> None:
        original(self, params, *args, **kwargs)
        if params:
            quietly(_keep_params, self, params)

    return __init__


def _keep_params(booster: Any, params: Any) -> None:
    _TOLD[booster] = dict(params.items() if isinstance(params, Mapping) else params)


def _beginning(original: Callable[..., Any]) -> Callable[..., Any]:
    def before_training(self: Any, model: Any) -> Any:
        run = _record.current_run(inside="fit")
        if run is not None:
            quietly(_record_begin, run, self, model)
        return original(self, model)

    return before_training


def _record_begin(run: Run, container: Any, model: Any) -> None:
    label = _record.label_for(run, "xgboost")
    if label is None:
        return
    _GOING_ON[container] = (run, label, time.perf_counter())
    folds = getattr(model, "cvfolds", None)
    _record.params(run, label, _TOLD.get(folds[0].bst if folds else model, {}))
    version = str(getattr(sys.modules.get("xgboost"), "__version__", ""))
    _record.tag(run, "mltrack.framework.xgboost", version)


def _going_on(original: Callable[..., Any]) -> Callable[..., Any]:
    def after_iteration(self: Any, model: Any, epoch: int, *args: Any, **kwargs: Any) -> Any:
        result = original(self, model, epoch, *args, **kwargs)
        if self in _GOING_ON:
            quietly(_record_round, self, epoch)
        return result

    return after_iteration


def _record_round(container: Any, epoch: int) -> None:
    run, label, _ = _GOING_ON[container]
    values: dict[str, Any] = {}
    for data, of_data in container.history.items():
        for name, history in of_data.items():
            value = history[-1]
            # A cross-validation has a mean and a deviation.
            if isinstance(value, tuple):
                values[f"{data}/{name}_mean"], values[f"{data}/{name}_std"] = value
            else:
                values[f"{data}/{name}"] = value
    _record.metrics(run, label, values, step=epoch)


def _ending(original: Callable[..., Any]) -> Callable[..., Any]:
    def after_training(self: Any, model: Any) -> Any:
        result = original(self, model)
        if self in _GOING_ON:
            quietly(_record_end, self, result if hasattr(result, "attr") else model)
        return result

    return after_training


def _record_end(container: Any, model: Any) -> None:
    run, label, began = _GOING_ON.pop(container)
    values: dict[str, Any] = {"fit_s": time.perf_counter() - began}
    if hasattr(model, "num_boosted_rounds"):
        values["rounds"] = model.num_boosted_rounds()
    # Without early stopping there is no best round, and asking for it raises.
    for name in ("best_iteration", "best_score"):
        attributes = model.attributes() if hasattr(model, "attributes") else {}
        if name in attributes:
            values[name] = float(attributes[name])
    _record.metrics(run, label, values)
