"""keras: what a fit was told, the numbers of each epoch, how many parameters there are.

Invariants: a fit is recorded by one more callback, and the list of the program is not changed.
"""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from mltrack._guard import quietly
from mltrack._plain import type_name
from mltrack._run import Run
from mltrack.hooks import _record
from mltrack.hooks._patches import Patches

TOLD = ("batch_size", "epochs", "initial_epoch", "validation_split", "shuffle", "steps_per_epoch")


def install(patches: Patches, module: ModuleType) -> None:
    """Patches ``Model.fit``."""
    model = getattr(module, "Model", None)
    if isinstance(model, type):
        patches.method(model, "fit", _fitting)


def _fitting(original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    def fit(*args: Any, **kwargs: Any) -> Any:
        run = _record.current_run(inside="fit")
        label = quietly(_record.label_for, run, "keras") if run is not None else None
        if run is None or label is None:
            return original(*args, **kwargs)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return original(*args, **kwargs)
        callback = quietly(_callback, run, label)
        if callback is None:
            return original(*args, **kwargs)
        model = args[0] if args else kwargs["self"]
        quietly(_record_begin, run, label, model, bound.arguments)
        taken_back = _add(bound.arguments, callback, model)
        began = time.perf_counter()
        try:
            result = original(*bound.args, **bound.kwargs)
        finally:
            taken_back()
        _record.metrics(run, label, {"fit_s": time.perf_counter() - began})
        return result

    return fit


def _add(arguments: dict[str, Any], callback: Any, model: Any) -> Callable[[], None]:
    """Adds a callback to those of a fit; what is given back takes it away again."""
    given: Any = arguments.get("callbacks")
    if hasattr(given, "append") and not isinstance(given, list):
        # A list of callbacks of keras' own kind, which the program made for this model.
        callback.set_model(model)
        given.append(callback)
        return lambda: given.callbacks.remove(callback)
    arguments["callbacks"] = [*(given if isinstance(given, (list, tuple)) else [given] * (given is not None)), callback]
    return lambda: None


def _record_begin(run: Run, label: str, model: Any, arguments: Mapping[str, Any]) -> None:
    keras = sys.modules.get("keras")
    _record.tag(run, "mltrack.framework.keras", str(getattr(keras, "__version__", "")))
    told = {name: arguments[name] for name in TOLD if arguments.get(name) is not None}
    told["model"] = type_name(model)
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and hasattr(optimizer, "get_config"):
        told["optimizer"] = {"type": type_name(optimizer), **optimizer.get_config()}
    loss = getattr(model, "loss", None)
    if loss is not None:
        told["loss"] = loss
    _record.params(run, label, told)


def _callback(run: Run, label: str) -> Any:
    base: Any = sys.modules["keras"].callbacks.Callback

    def on_train_begin(self: Any, logs: Any = None) -> None:
        # Models that are built by their first batch know their size only now.
        quietly(_record_size, run, label, self.model)

    def on_epoch_end(self: Any, epoch: int, logs: Any = None) -> None:
        _record.metrics(run, label, logs or {}, step=epoch)

    return type("MltrackCallback", (base,), {"on_train_begin": on_train_begin, "on_epoch_end": on_epoch_end})()


def _record_size(run: Run, label: str, model: Any) -> None:
    if getattr(model, "built", False):
        _record.params(run, label, {"parameters": model.count_params()})
