"""Lightning: a logger for its ``Trainer``, for ``lightning`` and for ``pytorch_lightning``.

Invariants: of several processes only the first records; a run that the program began is gone on with and not ended; one
that the logger began ends with the program, or as failed with the exception of its training; a fault of the tracker is
one warning.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Any, Literal

from mltrack import _init
from mltrack._guard import quietly
from mltrack._run import Run
from mltrack.errors import of_code
from mltrack.integrations import _library, _runs

__all__ = ["MltrackLogger"]

_loggers: Any = _library.library(
    "lightning", "lightning", "lightning.pytorch.loggers.logger", "pytorch_lightning.loggers.logger"
)
_utilities: Any = _library.library(
    "lightning", "lightning", _loggers.__name__.removesuffix("loggers.logger") + "utilities"
)


class MltrackLogger(_loggers.Logger):  # type: ignore[misc]
    """Records a training: ``Trainer(logger=MltrackLogger(project="digits"))``.

    ``log_model="all"`` keeps every checkpoint as a version of the model ``model-NAME``, ``True`` the best and the last one
    when the training is over.  ``prefix`` is put before every name.  The run is ``run``, else the current one, else one
    that is begun with ``project``, ``name`` and ``options``, those of ``mltrack.init``; it stays open for ``test``, until
    the program ends or ``logger.experiment.finish()``.
    """

    def __init__(
        self,
        project: str | None = None,
        name: str | None = None,
        *,
        run: Run | None = None,
        prefix: str = "",
        log_model: bool | Literal["all"] = False,
        save_dir: str | os.PathLike[str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        if log_model not in (True, False, "all"):
            raise of_code(f"log_model is {log_model!r}", code="VALIDATION_ERROR", hint='True, False or "all"')
        named = {"project": project, "name": name}
        self._options = {**{key: value for key, value in named.items() if value is not None}, **options}
        self._run = run
        self._is_own = False
        self._prefix = f"{prefix}-" if prefix else ""
        self._log_model = log_model
        self._save_dir = None if save_dir is None else os.fspath(save_dir)
        self._checkpoints: Any = None
        self._logged: dict[str, float] = {}

    @property
    def experiment(self) -> Run:
        """The run: ``logger.experiment.log({"image": mltrack.Image(pixels)})``.  One that records nothing, but in the
        first process."""
        if self._run is None or (self._is_own and self._run.is_finished):
            if not self._is_first():
                self._run = _init.init(mode="disabled", reinit="create_new")
            else:
                self._run, self._is_own = _runs.chosen(None, self._options)
        return self._run

    @property
    def name(self) -> str:
        """The experiment, which is a part of the path of checkpoints."""
        return self._options.get("project") or (self._run.project if self._run else None) or "default"

    @property
    def version(self) -> str | None:
        """The id of the run, which is a part of the path of checkpoints."""
        return self._run.id if self._run is not None and not self._run.disabled else None

    @property
    def save_dir(self) -> str | None:
        """Where checkpoints go; ``None`` leaves it to the trainer."""
        return self._save_dir

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Logs what the trainer says."""
        if self._is_first() and metrics:
            quietly(self._log, metrics, step)

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Logs the hyperparameters of the module."""
        if self._is_first() and params:
            quietly(self._log_hyperparams, params)

    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """What Lightning calls behind each checkpoint."""
        self._checkpoints = checkpoint_callback
        if self._log_model == "all" and self._is_first():
            quietly(self._log_checkpoints, checkpoint_callback)

    def finalize(self, status: str) -> None:
        """What Lightning calls at the end of each ``fit``, ``validate``, ``test``."""
        if not self._is_first():
            return
        if self._log_model and self._checkpoints is not None and status == "success":
            quietly(self._log_checkpoints, self._checkpoints)
        if status != "success" and self._is_own and self._run is not None:
            quietly(self._run._end_by, sys.exc_info()[1], None, None if sys.exc_info()[1] else status)

    def __getstate__(self) -> dict[str, Any]:
        """What a process is given that a trainer starts."""
        # Whoever is started writes to the run of this process, which outlives it.
        run = self.experiment if self._is_first() else self._run
        place = None if run is None or run.disabled else run.__reduce__()[1]
        return {**self.__dict__, "_run": place, "_checkpoints": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _run=None)
        place = state["_run"]
        if place is not None and self._is_first():
            self._run = _init.rejoin(*place)

    def _log(self, metrics: Mapping[str, Any], step: int | None) -> None:
        """Logs what the trainer says."""
        self.experiment.log({f"{self._prefix}{name}": value for name, value in metrics.items()}, step)

    def _log_hyperparams(self, params: Any) -> None:
        """Logs hyperparameters."""
        _runs.tell(self.experiment, vars(params) if isinstance(params, Namespace) else dict(params))

    def _log_checkpoints(self, callback: Any) -> None:
        """Logs the checkpoints that are there and are no longer the ones that were logged."""
        best, last = callback.best_model_path, callback.last_model_path
        paths = [*callback.best_k_models, best, last] if self._log_model == "all" else [best, last]
        for path in dict.fromkeys(filter(None, paths)):
            if not os.path.exists(path) or self._logged.get(path) == os.path.getmtime(path):
                continue
            self._logged[path] = os.path.getmtime(path)
            run = self.experiment
            run.log_model(path, f"model-{run.name}", ["best"] if path == best else None)

    def _is_first(self) -> bool:
        return int(getattr(_utilities.rank_zero_only, "rank", 0) or 0) == 0
