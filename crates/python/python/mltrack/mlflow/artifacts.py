"""Artifacts at ``mlflow-artifacts:`` addresses, for clients of a ``mltrack:`` address.

Invariants: the addresses are those that ``mltrack serve`` gives, so a run looks the same whoever made it; a file goes
from disk to disk piece by piece, whatever its length.
"""

# MLflow has types for some of what it is; where it is not installed, for nothing.
# mypy: disallow-untyped-calls=False, disallow-subclassing-any=False

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from mlflow.entities import FileInfo
from mlflow.store.artifact import artifact_repo

from mltrack.mlflow.routes import refusal, routes_of

__all__ = ["ArtifactRepository"]

_ROUTE = "/api/2.0/mlflow-artifacts/artifacts"


class ArtifactRepository(artifact_repo.ArtifactRepository):
    """MLflow's repository of artifacts over the engine in this process."""

    def __init__(
        self, artifact_uri: str, tracking_uri: str, registry_uri: str | None = None
    ) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._pool_process = 0
        super().__init__(artifact_uri, tracking_uri=tracking_uri, registry_uri=registry_uri)
        self._routes = routes_of(tracking_uri).routes
        self._root = _path_of(artifact_uri)

    @property
    def thread_pool(self) -> ThreadPoolExecutor:
        """The threads that copy.  Those of a parent do not work in a forked child."""
        if self._pool is None or self._pool_process != os.getpid():
            self._pool, self._pool_process = self._create_thread_pool(), os.getpid()
        return self._pool

    @thread_pool.setter
    def thread_pool(self, pool: ThreadPoolExecutor) -> None:
        self._pool, self._pool_process = pool, os.getpid()

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        artifact_repo.verify_artifact_path(artifact_path)
        name = os.path.basename(local_file)
        path = posixpath.join(artifact_path, name) if artifact_path else name
        self._check(self._routes.upload(self._route(path), local_file))

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        uploads = [
            self.thread_pool.submit(self.log_artifact, file, folder)
            for file, folder in _files(os.path.abspath(local_dir), artifact_path)
        ]
        for upload in uploads:
            upload.result()

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        folder = posixpath.join(self._root, path) if path else self._root
        found = []
        for file in self._listed(folder):
            name = posixpath.join(path, file["path"]) if path else file["path"]
            len_bytes = int(file["file_size"]) if "file_size" in file else None
            found.append(FileInfo(name, file["is_dir"], len_bytes))
        return sorted(found, key=_path_in_listing)

    def _listed(self, folder: str) -> Iterator[dict[str, Any]]:
        """What is in a folder; some servers show a file as the only thing in itself, ours does not."""
        token = ""
        while True:
            query = f"path={quote(folder, safe='')}" + (f"&page_token={quote(token)}" if token else "")
            answer = json.loads(self._check(self._routes.call("GET", f"{_ROUTE}?{query}", [])))
            yield from answer.get("files", [])
            token = answer.get("next_page_token", "")
            if not token:
                return

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        self._check(self._routes.download(self._route(remote_file_path), local_path))

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        self._check(self._routes.call("DELETE", self._route(artifact_path or ""), []))

    def _route(self, path: str) -> str:
        return f"{_ROUTE}/{quote(posixpath.join(self._root, path).rstrip('/'))}"

    @staticmethod
    def _check(answer: tuple[int, bytes]) -> bytes:
        status, body = answer
        if status >= 400:
            raise refusal(answer)
        return body


def _path_in_listing(file: FileInfo) -> str:
    path: str = file.path
    return path


def _path_of(uri: str) -> str:
    """The path of an address below the root of all artifacts; a host in it is the one that is asked anyhow."""
    path = uri.partition(":")[2]
    if path.startswith("//"):
        path = path.removeprefix("//").partition("/")[2]
    return path.strip("/")


def _files(folder: str, artifact_path: str | None) -> Iterator[tuple[str, str | None]]:
    """All files below a folder, each with the folder of artifacts that it goes to."""
    for place, _, names in os.walk(folder):
        inside = os.path.relpath(place, folder)
        parts = [] if inside == os.curdir else inside.split(os.sep)
        target = posixpath.join(artifact_path or "", *parts) or None
        for name in names:
            yield os.path.join(place, name), target
