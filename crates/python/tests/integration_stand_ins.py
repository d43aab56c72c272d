"""The base classes and the calls of libraries that are too large for every run of the tests, as the real ones have them.

Where a real one is installed the tests of ``test_torch_*.py`` run with it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import stand_ins


@contextmanager
def integration(name: str, *modules: ModuleType) -> Iterator[Any]:
    """An integration of mltrack that was imported with stand-ins, and is forgotten afterwards."""
    full = f"mltrack.integrations.{name}"
    before = sys.modules.pop(full, None)
    with stand_ins.imported(*modules):
        try:
            yield importlib.import_module(full)
        finally:
            del sys.modules[full]
            if before is not None:
                sys.modules[full] = before


def lightning() -> list[ModuleType]:
    """A trainer that asks its logger as Lightning does: parameters, numbers, checkpoints, the end."""

    class Logger:
        def after_save_checkpoint(self, checkpoint_callback: Any) -> None: ...

        def finalize(self, status: str) -> None: ...

    class Trainer:
        def __init__(self, logger: Any, checkpoints: Any = None, epochs: int = 2) -> None:
            self.logger, self.checkpoints, self.epochs = logger, checkpoints, epochs

        def fit(self, model: Any) -> None:
            try:
                self.logger.log_hyperparams(model.hparams)
                for epoch in range(self.epochs):
                    self.logger.log_metrics(model.training_step(), step=epoch * 10 + 9)
                    if self.checkpoints is not None:
                        self.checkpoints.save(epoch)
                        self.logger.after_save_checkpoint(self.checkpoints)
            except BaseException:
                self.logger.finalize("failed")
                raise
            self.logger.finalize("success")

    rank = SimpleNamespace(rank=0)
    names = {"lightning": {}, "lightning.pytorch": {"Trainer": Trainer}, "lightning.pytorch.loggers": {}}
    made = [stand_ins.module(name, **members) for name, members in names.items()]
    logger = stand_ins.module("lightning.pytorch.loggers.logger", Logger=Logger)
    return [*made, logger, stand_ins.module("lightning.pytorch.utilities", rank_zero_only=rank)]


def transformers() -> list[ModuleType]:
    """A trainer that tells its callbacks of a training, its numbers, its checkpoints, and an evaluation after it."""

    class TrainerCallback:
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None: ...

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None: ...

    class Trainer:
        def __init__(self, model: Any, args: Any, callbacks: list[Any]) -> None:
            self.model, self.args, self.callbacks = model, args, callbacks
            self.state = SimpleNamespace(global_step=0, is_world_process_zero=True, is_hyper_param_search=False)

        def _tell(self, event: str, **more: Any) -> None:
            for callback in self.callbacks:
                told = getattr(callback, event, lambda *args, **kwargs: None)
                told(self.args, self.state, None, model=self.model, **more)

        def train(self) -> None:
            self._tell("on_train_begin")
            for step in (5, 10):
                self.state.global_step = step
                self._tell("on_log", logs={"loss": 1 / step, "epoch": step / 10})
                self._tell("on_save")
            self._tell("on_log", logs={"train_loss": 0.15, "train_runtime": 2.0})
            self._tell("on_train_end")

        def evaluate(self) -> None:
            self._tell("on_log", logs={"eval_loss": 0.3})

    callback = stand_ins.module("transformers.trainer_callback", TrainerCallback=TrainerCallback)
    return [stand_ins.module("transformers", Trainer=Trainer), callback]


def keras() -> list[ModuleType]:
    """A model that tells its callbacks of batches, epochs and evaluations, inside of a fit and outside."""

    class Callback:
        def __init__(self) -> None:
            self.model: Any = None
            self.params: dict[str, Any] = {}

    class Model:
        name = "sequential"
        optimizer = SimpleNamespace(get_config=lambda: {"name": "adam"}, learning_rate=0.01)

        def fit(self, epochs: int, callbacks: list[Any]) -> None:
            for callback in callbacks:
                callback.model, callback.params = self, {"epochs": epochs, "steps": 2, "verbose": 0}
                callback.on_train_begin()
                for epoch in range(epochs):
                    for batch in range(2):
                        callback.on_train_batch_end(batch, {"loss": 1.0})
                    callback.on_test_end({"loss": 9.0})
                    callback.on_epoch_end(epoch, {"loss": 1 / (epoch + 1), "val_loss": 0.5})
                callback.on_train_end({})

        def evaluate(self, callbacks: list[Any]) -> None:
            for callback in callbacks:
                callback.on_test_end({"loss": 0.25})

    callbacks = stand_ins.module("keras.callbacks", Callback=Callback)
    return [stand_ins.module("keras", Model=Model, callbacks=callbacks)]
