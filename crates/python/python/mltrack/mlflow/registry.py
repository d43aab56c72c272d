"""Registered models, their versions, prompts and webhooks for ``mltrack:`` addresses.

Invariant: as in ``mltrack.mlflow.tracking``, every call is that of MLflow's own client of a server.
"""

# MLflow has types for some of what it is; where it is not installed, for nothing.
# mypy: disallow-untyped-calls=False, disallow-subclassing-any=False

from __future__ import annotations

from mlflow.store.model_registry.rest_store import RestStore

from mltrack.mlflow.routes import Address, answer_in_process

__all__ = ["RegistryStore"]


@answer_in_process
class RegistryStore(RestStore):
    """MLflow's registry over the engine in this process."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
