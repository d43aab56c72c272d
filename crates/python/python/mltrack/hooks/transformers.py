"""transformers: what the trainer was told, and every line of its log.

Invariants: numbers are recorded as the trainer logs them, at its steps; the callback is taken out when training ends,
however it ends.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from mltrack._guard import quietly
from mltrack._plain import type_name
from mltrack._run import Run
from mltrack.hooks import _record
from mltrack.hooks._patches import Patches

#: Of the more than a hundred arguments those that people compare.
TOLD = (
    "learning_rate",
    "num_train_epochs",
    "max_steps",
    "per_device_train_batch_size",
    "per_device_eval_batch_size",
    "gradient_accumulation_steps",
    "weight_decay",
    "warmup_steps",
    "warmup_ratio",
    "lr_scheduler_type",
    "optim",
    "adam_beta1",
    "adam_beta2",
    "adam_epsilon",
    "max_grad_norm",
    "label_smoothing_factor",
    "seed",
    "data_seed",
    "fp16",
    "bf16",
    "gradient_checkpointing",
)


def install(patches: Patches, module: ModuleType) -> None:
    """Patches ``Trainer.train``."""
    patches.method(module.Trainer, "train", _training)


def _training(original: Callable[..., Any]) -> Callable[..., Any]:
    def train(self: Any, *args: Any, **kwargs: Any) -> Any:
        run = _record.current_run()
        label = quietly(_record.label_for, run, "transformers") if run is not None else None
        if run is None or label is None:
            return original(self, *args, **kwargs)
        quietly(_record_begin, run, label, self)
        callback = quietly(_callback, run, label, self)
        began = time.perf_counter()
        try:
            return original(self, *args, **kwargs)
        finally:
            if callback is not None:
                quietly(self.remove_callback, callback)
            _record.metrics(run, label, {"fit_s": time.perf_counter() - began})

    return train


def _record_begin(run: Run, label: str, trainer: Any) -> None:
    version = str(getattr(sys.modules.get("transformers"), "__version__", ""))
    _record.tag(run, "mltrack.framework.transformers", version)
    arguments = {name: getattr(trainer.args, name) for name in TOLD if hasattr(trainer.args, name)}
    model = getattr(trainer, "model", None)
    if model is not None:
        arguments["model"] = type_name(model)
        # A name on a hub, or a folder.
        arguments["model_name"] = getattr(getattr(model, "config", None), "_name_or_path", None)
        arguments["parameters"] = sum(parameter.numel() for parameter in model.parameters())
    _record.params(run, label, arguments)


def _callback(run: Run, label: str, trainer: Any) -> Any:
    """Adds a callback of the trainer's own kind, which may have more events than this version knows."""
    base: Any = sys.modules["transformers.trainer_callback"].TrainerCallback

    def on_log(self: Any, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if logs and getattr(state, "is_world_process_zero", True):
            _record.metrics(run, label, logs, step=int(state.global_step))

    callback = type("MltrackCallback", (base,), {"on_log": on_log})()
    trainer.add_callback(callback)
    return callback
