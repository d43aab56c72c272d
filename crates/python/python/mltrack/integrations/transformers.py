"""transformers: what a ``Trainer`` logs, its arguments, and its checkpoints when they are wanted.

Invariants: of several processes only the first records; a run that was begun before is gone on with and not ended; a
fault of the tracker is one warning.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mltrack._guard import quietly
from mltrack._run import Run
from mltrack.integrations import _library, _runs

__all__ = ["MltrackCallback"]

_callbacks: Any = _library.library("transformers", "transformers", "transformers.trainer_callback")


class MltrackCallback(_callbacks.TrainerCallback):  # type: ignore[misc]
    """Records a training: ``Trainer(..., callbacks=[MltrackCallback()])``, mostly with ``report_to="none"``.

    The names are ``train/loss``, ``eval/loss``; the step is the global one.  ``log_checkpoints`` keeps each checkpoint as
    the next version of the model ``model-NAME``.  The run is ``run``, else the current one, else one that is begun with
    ``options``, those of ``mltrack.init``; it stays open for ``evaluate``, until the program ends or
    ``callback.run.finish()``.  Each trial of ``hyperparameter_search`` is a run of its own.
    """

    def __init__(self, run: Run | None = None, *, log_checkpoints: bool = False, **options: Any) -> None:
        self.run = run
        self._is_own = False
        self._log_checkpoints = log_checkpoints
        self._options = options

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            quietly(self._begin_run, args, state, model)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if logs and state.is_world_process_zero:
            quietly(self._log, args, state, logs)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self._log_checkpoints and self.run is not None and state.is_world_process_zero:
            path = os.path.join(args.output_dir, f"checkpoint-{state.global_step}")
            quietly(self.run.log_model, path, f"model-{self.run.name}", [f"step-{state.global_step}"])

    def _log(self, args: Any, state: Any, logs: Mapping[str, Any]) -> None:
        """Logs what the trainer says."""
        if self.run is None:
            # An evaluation without a training before it.
            self._begin_run(args, state, None)
        if self.run is not None:
            self.run.log({renamed(name): value for name, value in logs.items()}, int(state.global_step))

    def _begin_run(self, args: Any, state: Any, model: Any) -> None:
        """Begins the run of a training."""
        options = self._options
        if getattr(state, "is_hyper_param_search", False):
            if self.run is not None and self._is_own:
                self.run.finish()
            options = {**options, "name": state.trial_name}
        if self.run is None or self.run.is_finished:
            self.run, self._is_own = _runs.chosen(None, options)
        told = dict(args.to_sanitized_dict())
        told.update({f"model.{name}": value for name, value in _described(model).items()})
        _runs.tell(self.run, told)


def renamed(name: str) -> str:
    """The name of a number by what it was measured on.

    >>> [renamed(name) for name in ("loss", "eval_loss", "test_accuracy")]
    ['train/loss', 'eval/loss', 'test/accuracy']
    """
    for part in ("eval", "test"):
        if name.startswith(f"{part}_"):
            return f"{part}/{name[len(part) + 1 :]}"
    return f"train/{name}"


def _described(model: Any) -> dict[str, Any]:
    config = getattr(model, "config", None)
    if config is None:
        return {}
    known = config if isinstance(config, dict) else config.to_dict()
    return {str(name): value for name, value in known.items() if value is not None}
