"""Where artifacts are in the store: datasets, models, and files of runs.

Invariants: a name means a dataset, else a model, else what runs of the experiment logged under it; versions count from 1;
a version is stored, every byte of it, when ``log`` returns, or what ``log_later`` gives is waited for; using one is recorded for the run that does.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mltrack.artifact import Artifact
from mltrack.errors import Error, NotFound, of_code

if TYPE_CHECKING:
    from mltrack._mltrack import Store
    from mltrack._run import Run

__all__ = ["Storing", "Stored", "find", "log", "log_later"]

LIST_FOLDER = ".artifact"
"""Where the lists of artifacts of other types lie among the artifacts of a run."""
TOLD_TAG = "artifact"
"""The tag of a dataset's version with what an artifact says of itself."""
TOLD_FILE = ".artifact.json"
"""The file of a model's version with what the version itself has no place for."""

_UNSAID: dict[str, Any] = {
    "version": None,
    "bump": None,
    "rows": None,
    "schema": None,
    "profile": None,
    "derived_from": [],
    "transformation": None,
}
_NO_CONTENT: dict[str, Any] = {
    "path": None,
    "files": [],
    "bytes": [],
    "digest": None,
    "source": None,
    "len": None,
}


@dataclass(frozen=True)
class Stored:
    """A version that the store has: what is in it, how it is fetched, and how a run says that it uses it."""

    number: int
    digest: str
    sizes: Callable[[], Mapping[str, int]]
    write: Callable[[Path], None]
    use: Callable[[Run], None]


def _nothing() -> Stored:
    """What is stored when nothing is recorded."""
    return Stored(0, "", dict, lambda folder: None, lambda user: None)


class Storing:
    """An artifact that is being stored in the background."""

    def __init__(self, store: Callable[[], None]) -> None:
        self._store = store
        self._error: BaseException | None = None
        self._process = os.getpid()
        # Not waited for at the end of the program, but by the end of the run.
        self._thread = threading.Thread(target=self._work, name="mltrack-store", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether it is over, well or badly."""
        return not self._thread.is_alive()

    def wait(self, timeout_s: float | None = None) -> None:
        """Waits until it is stored, and raises what was in the way."""
        if self._process != os.getpid():
            hint = "wait for it before the process is forked"
            raise of_code("an artifact is stored by the parent", code="INVALID_STATE", hint=hint)
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            words = f"an artifact is not stored yet after {timeout_s} s"
            raise of_code(words, code="BUSY", hint="wait longer: artifact.wait()", is_retryable=True)
        if isinstance(self._error, Error):
            raise self._error
        if self._error is not None:
            words = f"an artifact was not stored: {type(self._error).__name__}: {self._error}"
            raise of_code(words, code="STORAGE_ERROR") from self._error

    def _work(self) -> None:
        try:
            self._store()
        except BaseException as error:
            self._error = error


def log_later(run: Run, artifact: Artifact, words: list[str], *, is_loose: bool = False) -> Storing:
    """Stores an artifact in the background.  Its files are copied aside first, but for those that are its own."""
    _check(run, artifact)
    if not run.disabled:
        artifact._copy_aside()
    artifact._storing = Storing(lambda: _store(run, artifact, words, is_loose))
    return artifact._storing


def _check(run: Run, artifact: Artifact) -> None:
    artifact._refuse_stored()
    if not run.disabled and not artifact._sources and not artifact._references:
        raise of_code(f"{artifact.name} is empty", code="VALIDATION_ERROR", hint="artifact.add_file(path)")


def log(run: Run, artifact: Artifact, words: list[str], *, is_loose: bool = False) -> None:
    """Stores an artifact as its next version, made by a run.  The files of a loose one are not put into a folder."""
    _check(run, artifact)
    _store(run, artifact, words, is_loose)


def _store(run: Run, artifact: Artifact, words: list[str], is_loose: bool) -> None:
    if run.disabled:
        artifact._stored = _nothing()
        return
    words = [word for word in dict.fromkeys(words) if word != "latest"]
    if artifact.type == "dataset":
        _log_dataset(run, artifact, words)
    elif artifact.type == "model":
        _log_model(run, artifact, words)
    else:
        _log_files(run, artifact, words, "" if is_loose else f"{artifact._name}/")
    artifact._aliases = [*words, "latest"]


def find(run: Run, text: str, type: str | None) -> Artifact:
    """The artifact that a text means: ``NAME``, ``NAME:v3``, ``NAME:alias``, with the project before it or not.

    Raises ``errors.NotFound``.
    """
    name, _, pick = text.replace("@", ":", 1).partition(":")
    pick = pick or "latest"
    if run.disabled:
        artifact = Artifact(name, type or "file")
        artifact._stored = _nothing()
        return artifact
    if pick == "v0":
        raise of_code(f"there is no {text}", code="NOT_FOUND", hint=f"versions count from v1: {name}:v1")
    ways: dict[str | None, tuple[Callable[[Run, str, str], Artifact | None], ...]] = {
        "dataset": (_find_dataset,),
        "model": (_find_model,),
        None: (_find_dataset, _find_model, _find_files),
    }
    # W&B's names begin with whose they are: what is not found under the whole name is looked for under its end.
    for known in dict.fromkeys((name, name.rsplit("/", 1)[-1])):
        for way in ways.get(type, (_find_files,)):
            found = way(run, known, pick)
            if found is not None:
                return found
    words = f"there is no artifact {text}" + (f" of type {type}" if type else "")
    raise of_code(
        words, code="NOT_FOUND", hint="mltrack dataset ls, mltrack model ls, mltrack artifact ls RUN"
    )


def _told(artifact: Artifact) -> dict[str, Any]:
    """What an artifact says of itself that the store has no place for."""
    said = {
        "description": artifact.description,
        "metadata": artifact.metadata,
        "references": artifact._references,
    }
    return {key: value for key, value in said.items() if value}


def _take(artifact: Artifact, told: Mapping[str, Any]) -> None:
    artifact.description = told.get("description")
    artifact.metadata = dict(told.get("metadata", {}))
    artifact._references = dict(told.get("references", {}))


def _text(told: Mapping[str, Any]) -> str:
    return json.dumps(told, default=str, sort_keys=True)


# Datasets.


def _log_dataset(run: Run, artifact: Artifact, words: list[str]) -> None:
    told = _told(artifact)
    content = _NO_CONTENT | {"files": [(name, str(path)) for name, path in artifact._sources.items()]}
    if not artifact._sources:
        digest = hashlib.sha256(_text(artifact._references).encode()).hexdigest()
        content |= {"source": next(iter(artifact._references.values())), "digest": f"sha256:{digest}"}
    tags = [(word, "") for word in words]
    if told:
        tags.append((TOLD_TAG, _text(told)))
    store = run._store
    version = store.add_dataset_version(artifact._name, content, _UNSAID | {"tags": tags}, run._native)
    artifact._stored = _dataset(store, version)


def _dataset(store: Store, version: Mapping[str, Any]) -> Stored:
    exact = f"{version['dataset']}@v{version['number']}"

    def sizes() -> dict[str, int]:
        files = store.dataset_files(exact) if version["is_stored"] else []
        return {file["path"]: file["len"] for file in files}

    def write(folder: Path) -> None:
        if version["is_stored"]:
            store.dataset_to(exact, folder)

    def use(user: Run) -> None:
        user._native.use_dataset(exact)

    return Stored(version["number"], version["digest"], sizes, write, use)


def _find_dataset(run: Run, name: str, pick: str) -> Artifact | None:
    try:
        version = run._store.dataset_version(f"{name}@{pick}")
    except NotFound:
        return None
    artifact = Artifact(name, "dataset")
    artifact._stored = _dataset(run._store, version)
    artifact._aliases = [key for key, value in version["tags"].items() if not value]
    _take(artifact, json.loads(version["tags"].get(TOLD_TAG, "{}")))
    return artifact


# Models.


def _log_model(run: Run, artifact: Artifact, words: list[str]) -> None:
    told = {"references": artifact._references}
    source = _common(artifact)
    with tempfile.TemporaryDirectory(prefix="mltrack-model-") as folder:
        for name, path in artifact._sources.items():
            _linked(path, Path(folder, name))
        if artifact._references:
            Path(folder, TOLD_FILE).write_text(_text(told), encoding="utf-8")
        metadata = artifact.metadata or None
        version = run._native.log_model(artifact._name, folder, artifact.description, metadata, source)
    for word in words:
        run._store.set_model_alias(artifact._name, word, version["number"])
    artifact._stored = _model(run._store, version)


def _common(artifact: Artifact) -> str:
    """Where the files of an artifact come from; nothing to say of those that were written for it."""
    paths = [path.resolve() for path in artifact._sources.values()]
    if not paths or artifact._folder is not None:
        return ""
    return str(paths[0]) if len(paths) == 1 else os.path.commonpath([path.parent for path in paths])


def _linked(path: Path, to: Path) -> None:
    """The same file under another path; a copy where it lies on another disk."""
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path.resolve(), to)
    except OSError:
        shutil.copyfile(path, to)


def _model(store: Store, version: Mapping[str, Any]) -> Stored:
    exact = f"{version['model']}@v{version['number']}"
    found = _artifacts(store, version)

    def write(folder: Path) -> None:
        for name, known in found.items():
            if name != TOLD_FILE:
                _fetch(store, known["id"], folder / name)

    def use(user: Run) -> None:
        user._native.use_model(exact)

    def sizes() -> dict[str, int]:
        return {name: known["len"] for name, known in found.items() if name != TOLD_FILE}

    blobs = {name: known["blob"] for name, known in found.items()}
    return Stored(version["number"], _digest(blobs), sizes, write, use)


def _artifacts(store: Store, version: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The artifacts of a version of a model, by their paths in it."""
    ids, prefix = set(version["artifacts"]), f"models/{version['model']}/"
    if not ids or version["run"] is None:
        return {}
    every = store.artifacts(run=version["run"], all_versions=True)
    return {known["path"].removeprefix(prefix): known for known in every if known["id"] in ids}


def _find_model(run: Run, name: str, pick: str) -> Artifact | None:
    store = run._store
    try:
        version = store.model_version(f"{name}@{pick}")
    except NotFound:
        return None
    artifact = Artifact(name, "model")
    artifact._stored = _model(store, version)
    artifact._aliases = _aliases_of_model(store, name, version["number"])
    listed = _artifacts(store, version).get(TOLD_FILE)
    told = {} if listed is None else json.loads(store.artifact_bytes(listed["id"]))
    said = {"description": version["description"] or None, "metadata": version["metadata"] or {}}
    _take(artifact, said | told)
    return artifact


def _aliases_of_model(store: Store, name: str, number: int) -> list[str]:
    known = next((model for model in store.models() if model["name"] == name), None)
    return [alias for alias, to in known["aliases"].items() if to == number] if known else []


# Files of runs.


def _log_files(run: Run, artifact: Artifact, words: list[str], prefix: str) -> None:
    native = run._native
    uploads = {
        name: native.log_artifact(prefix + name, path, kind=artifact.type, is_snapshot=True)
        for name, path in artifact._sources.items()
    }
    files = {name: _kept(upload.wait()[0]) for name, upload in uploads.items()}
    digest = _digest({name: file["blob"] for name, file in files.items()} | artifact._references)
    told = {"type": artifact.type, "aliases": words, "files": files, "digest": digest} | _told(artifact)
    listed = native.log_artifact(_list_path(artifact._name), _text(told).encode(), kind="artifact").wait()[0]
    # Another run may log a version of it at this very moment.
    every = [known["id"] for known in _lists(run._store, run.project, artifact._name)]
    artifact._stored = _of_files(run._store, every.index(listed["id"]) + 1, told)


def _kept(known: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": known["id"], "len": known["len"], "blob": known["blob"]}


def _list_path(name: str) -> str:
    return f"{LIST_FOLDER}/{name}.json"


def _lists(store: Store, project: str, name: str) -> list[dict[str, Any]]:
    """The lists of every version of an artifact, the first one first."""
    try:
        lists = store.artifacts(experiment=project, path=_list_path(name), all_versions=True)
    except NotFound:
        return []
    return sorted(lists, key=lambda known: known["lsn"])


def _of_files(store: Store, number: int, told: Mapping[str, Any]) -> Stored:
    files: dict[str, dict[str, Any]] = told["files"]

    def write(folder: Path) -> None:
        for name, file in files.items():
            _fetch(store, file["id"], folder / name)

    def use(user: Run) -> None:
        for file in files.values():
            user._native.use_artifact(store, file["id"])

    def sizes() -> dict[str, int]:
        return {name: file["len"] for name, file in files.items()}

    return Stored(number, told["digest"], sizes, write, use)


def _find_files(run: Run, name: str, pick: str) -> Artifact | None:
    store = run._store
    lists = _lists(store, run.project, name)
    for number, known in reversed([*enumerate(lists, 1)]):
        if pick not in ("latest", f"v{number}") and pick[1:].isdigit() and pick[0] == "v":
            continue
        told = json.loads(store.artifact_bytes(known["id"]))
        if pick in ("latest", f"v{number}", *told["aliases"]):
            artifact = Artifact(name, told["type"])
            artifact._stored = _of_files(store, number, told)
            artifact._aliases = told["aliases"] + ["latest"] * (number == len(lists))
            _take(artifact, told)
            return artifact
    return None


def _fetch(store: Store, id: str, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    store.download(id, to)


def _digest(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(_text(parts).encode()).hexdigest()


def tags_of(given: Iterable[str] | None) -> list[str]:
    """Words that are given as a list or not at all."""
    return [given] if isinstance(given, str) else list(given or ())
