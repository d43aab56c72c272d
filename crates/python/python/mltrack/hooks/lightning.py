"""Lightning: what the trainer and the module were told, and what is logged with ``self.log``.

Invariants: every number that a logger of Lightning would be given is recorded at its step, whether there is a logger or
not; the trainer's own loggers and callbacks are as the program made them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from mltrack._guard import quietly
from mltrack._plain import type_name
from mltrack._run import Run
from mltrack.hooks import _record
from mltrack.hooks._patches import Patches

TOLD = (
    "max_epochs",
    "max_steps",
    "precision",
    "num_devices",
    "num_nodes",
    "gradient_clip_val",
    "accumulate_grad_batches",
    "log_every_n_steps",
)

#: The run and the label of each trainer that is fitting.
_FITTING: WeakKeyDictionary[Any, tuple[Run, str]] = WeakKeyDictionary()


def install(patches: Patches, module: ModuleType) -> None:
    """Patches the trainer and what hands numbers to its loggers."""
    root = module.__name__.rpartition(".trainer.trainer")[0]
    patches.method(module.Trainer, "fit", _fitting)
    connector = sys.modules.get(f"{root}.trainer.connectors.logger_connector.logger_connector")
    kind = getattr(connector, "_LoggerConnector", None) or getattr(connector, "LoggerConnector", None)
    if kind is not None:
        patches.method(kind, "log_metrics", _logging)


def _fitting(original: Callable[..., Any]) -> Callable[..., Any]:
    def fit(self: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        run = _record.current_run()
        label = quietly(_record.label_for, run, "lightning") if run is not None else None
        if run is None or label is None:
            return original(self, model, *args, **kwargs)
        quietly(_record_begin, run, label, self, model)
        began = time.perf_counter()
        try:
            return original(self, model, *args, **kwargs)
        finally:
            quietly(_record_end, run, label, self, time.perf_counter() - began)

    return fit


def _record_begin(run: Run, label: str, trainer: Any, model: Any) -> None:
    _FITTING[trainer] = (run, label)
    _record.tag(run, "mltrack.framework.lightning", _version())
    told = {name: getattr(trainer, name, None) for name in TOLD}
    told = {name: value for name, value in told.items() if value is not None}
    told["accelerator"] = type(getattr(trainer, "accelerator", None)).__name__
    told["module"] = type_name(model)
    told["parameters"] = sum(parameter.numel() for parameter in model.parameters())
    _record.params(run, label, told)
    hyperparameters = getattr(model, "hparams", None)
    if hyperparameters:
        _record.params(run, f"{label}.hparams", dict(hyperparameters))


def _version() -> str:
    modules = (sys.modules.get(name) for name in ("lightning", "pytorch_lightning"))
    return next((str(getattr(module, "__version__", "")) for module in modules if module is not None), "")


def _record_end(run: Run, label: str, trainer: Any, seconds: float) -> None:
    _FITTING.pop(trainer, None)
    _record.metrics(run, label, {"fit_s": seconds})


def _logging(original: Callable[..., Any]) -> Callable[..., Any]:
    def log_metrics(self: Any, metrics: Any, step: Any = None) -> Any:
        if metrics:
            quietly(_record_logged, self.trainer, metrics, step)
        return original(self, metrics, step)

    return log_metrics


def _record_logged(trainer: Any, metrics: Any, step: Any) -> None:
    fitting = _FITTING.get(trainer)
    if fitting is None:
        return
    run, label = fitting
    if step is None:
        step = metrics.get("step", trainer.fit_loop.epoch_loop._batches_that_stepped)
    named = {name: value for name, value in metrics.items() if name != "step"}
    _record.metrics(run, label, named, step=int(step))
