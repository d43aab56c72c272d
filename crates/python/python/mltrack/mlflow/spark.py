"""Spares MLflow a search of the disk at every call.

Each ``MlflowClient`` that is made, and ``mlflow.log_metric`` makes two, asks for an active Spark session, and for that
tries to import ``pyspark``.  Where it is not installed, Python looks through all of ``sys.path`` each time, which takes
longer than everything else together.

Invariant: the answer is the same, because a session can only be active where ``pyspark`` was imported before.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

__all__ = ["ask_only_where_it_is"]

_NAME = "_get_active_spark_session"


def ask_only_where_it_is() -> None:
    """Lets MLflow ask for a session when there may be one."""
    from mlflow.tracking._model_registry import utils

    ask = getattr(utils, _NAME, None)
    if ask is None or hasattr(ask, "__wrapped__"):
        return

    @functools.wraps(ask)
    def session() -> Any:
        return ask() if "pyspark" in sys.modules else None

    setattr(utils, _NAME, session)
