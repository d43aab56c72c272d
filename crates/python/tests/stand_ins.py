"""Small modules with the shapes of libraries that are too large for every run of the tests.

They call what the real ones call, in the same order and with the same arguments; where a real one is installed the tests
of ``test_torch_*.py`` run with it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def imported(*modules: ModuleType) -> Iterator[None]:
    """While modules are there as if they had been imported."""
    before = {module.__name__: sys.modules.get(module.__name__) for module in modules}
    sys.modules.update({module.__name__: module for module in modules})
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def module(name: str, **members: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(members)
    return made


class Parameter:
    def __init__(self, count: int) -> None:
        self._count = count

    def numel(self) -> int:
        return self._count


def torch() -> list[ModuleType]:
    """Optimizers, whose steps call the hooks of all optimizers."""
    hooks: dict[int, Any] = {}

    class Handle:
        def __init__(self, hook: Any) -> None:
            self.id = id(self)
            hooks[self.id] = hook

        def remove(self) -> None:
            del hooks[self.id]

    class Optimizer:
        def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
            self.defaults = defaults
            groups = list(params)
            if not isinstance(groups[0], dict):
                groups = [{"params": groups}]
            self.param_groups = [{**defaults, **group} for group in groups]

        def step(self) -> None:
            for hook in list(hooks.values()):
                hook(self, (), {})

    class SGD(Optimizer):
        def __init__(self, params: Any, lr: float = 0.1, momentum: float = 0.0) -> None:
            super().__init__(params, {"lr": lr, "momentum": momentum, "foreach": None})

    inner = module(
        "torch.optim.optimizer", Optimizer=Optimizer, register_optimizer_step_post_hook=Handle, _hooks=hooks
    )
    return [module("torch", __version__="0.stand-in", SGD=SGD), inner]


def lightning() -> list[ModuleType]:
    """A trainer that hands numbers to its loggers through a connector."""

    class _LoggerConnector:
        def __init__(self, trainer: Any) -> None:
            self.trainer = trainer

        def log_metrics(self, metrics: dict[str, Any], step: int | None = None) -> None:
            if not self.trainer.loggers or not metrics:
                return

    class Trainer:
        def __init__(self, max_epochs: int) -> None:
            self.max_epochs = max_epochs
            self.loggers: list[Any] = []
            self.accelerator = None
            self._logger_connector = _LoggerConnector(self)
            epoch_loop = type("EpochLoop", (), {"_batches_that_stepped": 0})()
            self.fit_loop = type("FitLoop", (), {"epoch_loop": epoch_loop})()

        def fit(self, model: Any, train_dataloaders: Any = None) -> None:
            for _ in range(self.max_epochs):
                self.fit_loop.epoch_loop._batches_that_stepped += 10
                self._logger_connector.log_metrics(model.training_step())
            self._logger_connector.log_metrics({"val_loss": 0.25, "step": 7})

    name = "lightning.pytorch.trainer"
    connector = module(f"{name}.connectors.logger_connector.logger_connector", _LoggerConnector=_LoggerConnector)
    return [module("lightning", __version__="0.stand-in"), module(f"{name}.trainer", Trainer=Trainer), connector]


def transformers() -> list[ModuleType]:
    """A trainer that tells its callbacks every event."""

    class TrainerCallback:
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None: ...

        def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None: ...

    class Trainer:
        def __init__(self, model: Any, args: Any) -> None:
            self.model = model
            self.args = args
            self.callbacks: list[Any] = []

        def add_callback(self, callback: Any) -> None:
            self.callbacks.append(callback)

        def remove_callback(self, callback: Any) -> None:
            self.callbacks.remove(callback)

        def train(self, resume_from_checkpoint: Any = None) -> str:
            state = type("State", (), {"global_step": 0, "is_world_process_zero": True})()
            for callback in self.callbacks:
                callback.on_train_begin(self.args, state, None, model=self.model)
            for step in (5, 10):
                state.global_step = step
                logs = {"loss": 1 / step, "epoch": step / 10, "note": "text"}
                for callback in self.callbacks:
                    callback.on_log(self.args, state, None, model=self.model, logs=logs)
            return "output"

    callback = module("transformers.trainer_callback", TrainerCallback=TrainerCallback)
    return [
        module("transformers", __version__="0.stand-in"),
        module("transformers.trainer", Trainer=Trainer, TrainerCallback=TrainerCallback),
        callback,
    ]


def keras() -> list[ModuleType]:
    """A model whose ``fit`` is inherited and tells its callbacks."""

    class Callback:
        model: Any = None

        def set_model(self, model: Any) -> None:
            self.model = model

        def on_train_begin(self, logs: Any = None) -> None: ...

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None: ...

    class Trainer:
        built = True

        def fit(self, x: Any = None, y: Any = None, epochs: int = 1, callbacks: Any = None) -> str:
            for callback in callbacks or []:
                callback.set_model(self)
                callback.on_train_begin()
            for epoch in range(epochs):
                for callback in callbacks or []:
                    callback.on_epoch_end(epoch, {"loss": 1 / (epoch + 1)})
            return "history"

    class Model(Trainer):
        def count_params(self) -> int:
            return 12

    callbacks = module("keras.callbacks", Callback=Callback)
    return [module("keras", __version__="0.stand-in", Model=Model, callbacks=callbacks)]
