"""MLflow without a server: ``mlflow.set_tracking_uri("mltrack:.mltrack")``.

The functions here are the entry points by which MLflow finds its stores for ``mltrack:`` addresses; nobody else needs
them.  What a call does is what ``mltrack serve`` does with the same call, because the same routes answer it, in the
process that asks.

Invariant: MLflow imports this module whenever it is imported itself, so nothing of MLflow, and nothing that takes time,
is imported before somebody asks for a store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mltrack.mlflow.registry import RegistryStore
    from mltrack.mlflow.tracking import TrackingStore

__all__ = ["artifact_repository", "registry_store", "tracking_store"]


def tracking_store(store_uri: str, artifact_uri: str | None = None, **_: Any) -> TrackingStore:
    """What keeps runs for a ``mltrack:`` address; ``artifact_uri`` is where artifacts of new experiments go, if not into
    the store."""
    from mltrack.mlflow.routes import routes_of
    from mltrack.mlflow.spark import ask_only_where_it_is
    from mltrack.mlflow.tracking import TrackingStore

    ask_only_where_it_is()
    return TrackingStore(routes_of(store_uri, artifact_uri))


def registry_store(store_uri: str, **_: Any) -> RegistryStore:
    """What keeps registered models for a ``mltrack:`` address."""
    from mltrack.mlflow.registry import RegistryStore
    from mltrack.mlflow.routes import routes_of

    return RegistryStore(routes_of(store_uri))


def artifact_repository(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> Any:
    """What reads and writes artifacts at ``mlflow-artifacts:`` addresses.

    Such an address names a place in whatever store or server a client talks to.  Where that is no ``mltrack:`` address,
    MLflow's own repository is given, as if this package were not there.
    """
    from mltrack.mlflow.place import is_ours

    if tracking_uri is None:
        from mlflow.tracking import get_tracking_uri

        tracking_uri = get_tracking_uri()
    if not is_ours(tracking_uri):
        from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

        return MlflowArtifactsRepository(artifact_uri, tracking_uri=tracking_uri, registry_uri=registry_uri)
    from mltrack.mlflow.artifacts import ArtifactRepository

    return ArtifactRepository(artifact_uri, tracking_uri=tracking_uri, registry_uri=registry_uri)
