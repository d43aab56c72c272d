"""keras: what each epoch and each batch of ``fit`` says, and what ``evaluate`` says.

Invariants: a run that was begun before is gone on with and not ended; a fault of the tracker is one warning.
"""

from __future__ import annotations

from typing import Any, Literal

from mltrack._guard import quietly
from mltrack._run import Run
from mltrack.errors import of_code
from mltrack.integrations import _library, _runs

__all__ = ["MltrackCallback"]

keras: Any = _library.library("keras", "keras", "keras")


class MltrackCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Records a training: ``model.fit(x, y, callbacks=[MltrackCallback()])``.

    ``log_every`` is ``"epoch"``, or a number of batches: then batches are logged as ``batch/loss`` too.  The run is
    ``run``, else the current one, else one that is begun with ``options``, those of ``mltrack.init``; it stays open for
    ``evaluate``, until the program ends or ``callback.run.finish()``.
    """

    def __init__(self, run: Run | None = None, *, log_every: int | Literal["epoch"] = "epoch", **options: Any) -> None:
        super().__init__()
        if log_every != "epoch" and (not isinstance(log_every, int) or log_every < 1):
            hint = '"epoch", or a number of batches'
            raise of_code(f"log_every is {log_every!r}", code="VALIDATION_ERROR", hint=hint)
        self.run = run
        self._options = options
        self._every = None if log_every == "epoch" else int(log_every)
        self._batch_count = 0
        self._is_fitting = False

    def on_train_begin(self, logs: Any = None) -> None:
        self._is_fitting = True
        quietly(self._begin_run)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._batch_count += 1
        if self._every is not None and self._batch_count % self._every == 0:
            self._log(logs, "batch/", self._batch_count)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        rate = _learning_rate(self.model)
        self._log({**(logs or {}), **({} if rate is None else {"learning_rate": rate})}, "", epoch)

    def on_test_end(self, logs: Any = None) -> None:
        if not self._is_fitting:
            self._log(logs, "test/", None)

    def on_train_end(self, logs: Any = None) -> None:
        self._is_fitting = False

    def _log(self, logs: Any, prefix: str, step: int | None) -> None:
        if self.run is not None and logs:
            quietly(self.run.log, {f"{prefix}{name}": value for name, value in logs.items()}, step)

    def _begin_run(self) -> None:
        """Begins the run of a training."""
        if self.run is None or self.run.is_finished:
            self.run, _ = _runs.chosen(None, self._options)
        params = getattr(self, "params", None) or {}
        told = {name: params[name] for name in ("epochs", "steps", "batch_size") if params.get(name) is not None}
        told["model"] = self.model.name
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None:
            told["optimizer"] = optimizer.get_config()
        _runs.tell(self.run, {"keras": told})


def _learning_rate(model: Any) -> float | None:
    """The rate of the optimizer now; ``None`` where it is none that is a number."""
    try:
        return float(model.optimizer.learning_rate)
    except (AttributeError, TypeError, ValueError):
        return None
