"""Runs, experiments, traces and logged models for ``mltrack:`` addresses.

Invariants: every call means what MLflow's own client of a server makes of it, because it is that client; the calls that a
training loop makes skip the wire when they can, and say the same when they are refused.
"""

# MLflow has types for some of what it is; where it is not installed, for nothing.
# mypy: disallow-untyped-calls=False, disallow-subclassing-any=False

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mlflow.store.tracking.rest_store import RestStore

from mltrack.mlflow.routes import Address, Refused, answer_in_process, refusal

__all__ = ["TrackingStore"]

_ABOUT_MORE = ("model_id", "dataset_name", "dataset_digest")
"""What a value may be about besides its run: such a value is another record, which its route makes."""

_UNREADABLE = (TypeError, OverflowError, UnicodeError)
"""What is no number or no text: whoever writes it for the wire says so, in the words that MLflow's users know."""


@answer_in_process
class TrackingStore(RestStore):
    """MLflow's store of runs over the engine in this process."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._routes = address.routes
        # Younger versions of MLflow refuse calls while a workspace is chosen that a store does not have.
        self._check = getattr(self, "_validate_workspace_support_if_specified", _nothing)

    def log_metric(self, run_id: str, metric: Any) -> None:
        self._check()
        if not _is_plain(metric):
            super().log_metric(run_id, metric)
            return
        try:
            refused = self._routes.log_metric(
                run_id, metric.key, metric.value, metric.timestamp, metric.step
            )
        except _UNREADABLE:
            super().log_metric(run_id, metric)
        else:
            _raise_if(refused)

    def log_param(self, run_id: str, param: Any) -> None:
        self._check()
        try:
            refused = self._routes.log_param(run_id, param.key, param.value)
        except _UNREADABLE:
            super().log_param(run_id, param)
        else:
            _raise_if(refused)

    def set_tag(self, run_id: str, tag: Any) -> None:
        self._check()
        try:
            refused = self._routes.set_tag(run_id, tag.key, tag.value)
        except _UNREADABLE:
            super().set_tag(run_id, tag)
        else:
            _raise_if(refused)

    def log_batch(
        self, run_id: str, metrics: Sequence[Any], params: Sequence[Any], tags: Sequence[Any]
    ) -> None:
        self._check()
        if not all(map(_is_plain, metrics)):
            super().log_batch(run_id, metrics, params, tags)
            return
        values = [(metric.key, metric.value, metric.timestamp, metric.step) for metric in metrics]
        try:
            refused = self._routes.log_batch(run_id, values, _pairs(params), _pairs(tags))
        except _UNREADABLE:
            super().log_batch(run_id, metrics, params, tags)
        else:
            _raise_if(refused)


def _nothing() -> None:
    pass


def _is_plain(metric: Any) -> bool:
    return not any(getattr(metric, name, None) for name in _ABOUT_MORE)


def _pairs(things: Iterable[Any]) -> list[tuple[str, str]]:
    return [(thing.key, thing.value) for thing in things]


def _raise_if(refused: Refused | None) -> None:
    if refused is not None:
        raise refusal(refused)
