"""Named, versioned sets of files that runs make and use.

Invariants: what was added is stored as it is when it is logged; a stored artifact never changes; using one is recorded
as an input of the run, so that the lineage of a result can be asked for.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mltrack._names import checked
from mltrack.errors import of_code

if TYPE_CHECKING:
    from mltrack._depot import Stored, Storing

__all__ = ["Artifact", "Entry"]


def _remove(folder: Path, process: int) -> None:
    # A forked child that ends leaves the folder to its parent.
    if process == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)


class Entry:
    """A file of an artifact, or a reference to something that lies elsewhere."""

    path: str
    """Its name in the artifact."""
    ref: str | None
    """The address of what is only referred to."""
    size: int | None
    """Its length in bytes, when it is known."""

    def __init__(
        self, path: str, ref: str | None, size: int | None, get: Callable[[str | None], str]
    ) -> None:
        self.path = path
        self.ref = ref
        self.size = size
        self._get = get

    def download(self, root: str | os.PathLike[str] | None = None) -> str:
        """Writes it below a folder and says where it is.  Raises ``errors.Unsupported`` for a reference."""
        if self.ref is not None:
            raise of_code(
                f"{self.path} lies at {self.ref}", code="UNSUPPORTED", hint="fetch it from there: entry.ref"
            )
        return os.path.join(self._get(None if root is None else os.fspath(root)), self.path)

    def __repr__(self) -> str:
        return f"<mltrack entry {self.path}{' -> ' + self.ref if self.ref else ''}>"


class Artifact:
    """A named set of files, which becomes a version of it when a run logs it.

    Of the type ``"dataset"`` it is a version of a dataset of the store, of the type ``"model"`` one of a model; of any
    other type it belongs to the experiment, and its files are artifacts of the run.

    >>> import mltrack
    >>> artifact = mltrack.Artifact("digits", type="dataset", metadata={"rows": 2})
    >>> with artifact.new_file("data.csv") as file:
    ...     _ = file.write("a,b\\n1,2\\n")
    >>> with mltrack.init() as run:
    ...     logged = run.log_artifact(artifact)
    ...     used = run.use_artifact("digits:latest")
    >>> used.version, [entry.path for entry in used.files()]
    ('v1', ['data.csv'])
    """

    @checked("mltrack.Artifact")
    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        if not name or ":" in name or "@" in name or name.startswith("/"):
            words = "an artifact's name has no : and no @, for these say which version is meant"
            raise of_code(
                f"{name!r} is no name: {words}", code="VALIDATION_ERROR", hint="aliases=[...] names a version"
            )
        self._name = name
        self.type = type
        self.description = description
        self.metadata: dict[str, Any] = dict(metadata or {})
        self._sources: dict[str, Path] = {}
        self._references: dict[str, str] = {}
        self._folder: Path | None = None
        self._stored: Stored | None = None
        self._storing: Storing | None = None
        self._aliases: list[str] = []

    @property
    def name(self) -> str:
        """Its name; once it is stored, with its version: ``digits:v1``."""
        return self._name if self._stored is None else f"{self._name}:{self.version}"

    @property
    def version(self) -> str:
        """Its version, from ``v1``."""
        return f"v{self._needed().number}"

    @property
    def aliases(self) -> list[str]:
        """The words that lead to this version."""
        return list(self._aliases)

    @property
    def digest(self) -> str:
        """The digest of what it holds."""
        return self._needed().digest

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return sum(entry.size or 0 for entry in self.files())

    @property
    def state(self) -> str:
        """``PENDING`` until it is stored, then ``COMMITTED``."""
        return "PENDING" if self._stored is None else "COMMITTED"

    def is_draft(self) -> bool:
        """Whether it is not stored yet."""
        return self._stored is None

    def add_file(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        overwrite: bool = True,
    ) -> Entry:
        """Adds a file, under its own name or another one.  Raises ``errors.Conflict`` for a name that it has, unless
        ``overwrite``."""
        path = Path(local_path)
        if not overwrite and (name or path.name) in self._sources:
            raise of_code(
                f"{self._name} has {name or path.name}", code="CONFLICT", hint="overwrite=True, or name=..."
            )
        if not path.is_file():
            raise of_code(f"there is no file {path}", code="NOT_FOUND", hint="add_dir adds a folder")
        return self._add(name or path.name, path)

    def add_dir(self, local_path: str | os.PathLike[str], name: str | None = None) -> None:
        """Adds every file below a folder, under its path in it."""
        root = Path(local_path)
        if not root.is_dir():
            raise of_code(f"there is no folder {root}", code="NOT_FOUND", hint="add_file adds a file")
        for file in sorted(root.rglob("*")):
            if file.is_file():
                within = file.relative_to(root).as_posix()
                self._add(f"{name}/{within}" if name else within, file)

    def add_reference(self, uri: str, name: str | None = None, checksum: bool = True) -> list[Entry]:
        """Adds the address of something that lies elsewhere, at which nothing is looked, whatever ``checksum`` says; a file
        of this machine is added as such."""
        self._refuse_stored()
        if uri.startswith("file://"):
            path = Path(uri.removeprefix("file://"))
            if path.is_dir():
                self.add_dir(path, name)
                return []
            return [self.add_file(path, name)]
        within = name or uri.rstrip("/").rsplit("/", 1)[-1]
        self._references[within] = uri
        return [Entry(within, uri, None, self._drafted)]

    def add(self, obj: Any, name: str) -> Entry:
        """Adds a table or a medium, as the file that it is."""
        from mltrack.media import Media, Table

        if isinstance(obj, Media):
            return self._written(name + ("" if name.endswith(obj.suffix) else obj.suffix), obj.data)
        if isinstance(obj, Table):
            import json

            told = {"mltrack": "table", "columns": obj.columns, "rows": obj.data}
            return self._written(f"{name}.table.json", json.dumps(told, default=str).encode())
        hint = "add_file adds a file, new_file writes one"
        raise of_code(f"a {type(obj).__name__} is no part of an artifact", code="VALIDATION_ERROR", hint=hint)

    def _written(self, name: str, data: bytes) -> Entry:
        with self.new_file(name, mode="wb") as file:
            file.write(data)
        return Entry(name, None, len(data), self._drafted)

    def new_file(self, name: str, mode: str = "w", encoding: str | None = None) -> IO[Any]:
        """A new file of the artifact, open for writing."""
        path = self._own_folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._add(name, path)
        return open(path, mode, encoding=encoding if "b" in mode else encoding or "utf-8")

    def remove(self, item: str | Entry) -> None:
        """Takes an entry out again."""
        self._refuse_stored()
        path = item.path if isinstance(item, Entry) else item
        if self._sources.pop(path, None) is None and self._references.pop(path, None) is None:
            raise of_code(f"{self._name} has no {path}", code="NOT_FOUND", hint="artifact.files() lists them")

    def wait(self, timeout: float | None = None) -> Artifact:
        """Itself, once it is stored: after ``log_artifact(..., wait=False)`` it may still be on its way.

        Raises ``errors.Busy`` when it is still after ``timeout`` seconds, and what was in the way of storing it.
        """
        if self._storing is not None:
            self._storing.wait(timeout)
        self._needed()
        return self

    def files(self) -> list[Entry]:
        """What it holds, by name."""
        if self._stored is not None:
            sizes = dict(self._stored.sizes())
        else:
            sizes = {name: path.stat().st_size for name, path in self._sources.items() if path.exists()}
        get = self._drafted if self._stored is None else self.download
        entries = [Entry(path, None, size, get) for path, size in sizes.items()]
        entries += [Entry(path, uri, None, get) for path, uri in self._references.items()]
        return sorted(entries, key=lambda entry: entry.path)

    def get_entry(self, name: str) -> Entry:
        """The entry of a name.  Raises ``errors.NotFound``."""
        for entry in self.files():
            if entry.path == name:
                return entry
        raise of_code(f"{self.name} has no {name}", code="NOT_FOUND", hint="artifact.files() lists them")

    def get_path(self, name: str) -> Entry:
        """The same as ``get_entry``."""
        return self.get_entry(name)

    def file(self, root: str | os.PathLike[str] | None = None) -> str:
        """Writes the only file that it holds, and says where.  Raises ``errors.InvalidState`` when it holds several."""
        entries = [entry for entry in self.files() if entry.ref is None]
        if len(entries) != 1:
            hint = "artifact.download() writes all, get_entry(name).download() one"
            raise of_code(f"{self.name} has {len(entries)} files", code="INVALID_STATE", hint=hint)
        return entries[0].download(root)

    def download(self, root: str | os.PathLike[str] | None = None) -> str:
        """Writes its files below a folder, ``./artifacts/NAME-VERSION`` if none is named, and says which one that is."""
        stored = self._needed()
        folder = Path(root) if root is not None else Path("artifacts", f"{self._name}-{self.version}")
        folder.mkdir(parents=True, exist_ok=True)
        stored.write(folder)
        return str(folder)

    def checkout(self, root: str | os.PathLike[str] | None = None) -> str:
        """Like ``download``; what lies in the folder otherwise is removed."""
        folder = Path(root) if root is not None else Path("artifacts", f"{self._name}-{self.version}")
        self._needed()
        if folder.is_dir():
            shutil.rmtree(folder)
        return self.download(folder)

    def _drafted(self, root: str | None) -> str:
        self._needed()
        return self.download(root)

    def _add(self, name: str, path: Path) -> Entry:
        self._refuse_stored()
        parts = Path(name).parts
        if not parts or ".." in parts or Path(name).is_absolute():
            raise of_code(
                f"{name!r} is no name in an artifact", code="VALIDATION_ERROR", hint="a path below its folder"
            )
        within = Path(name).as_posix()
        self._sources[within] = path
        return Entry(within, None, path.stat().st_size if path.exists() else None, self._drafted)

    def _own_folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="mltrack-artifact-"))
            weakref.finalize(self, _remove, self._folder, os.getpid())
        return self._folder

    def _copy_aside(self) -> None:
        """Takes copies of the files that are not its own, so that they may be changed."""
        own = self._own_folder()
        for index, (name, path) in enumerate(self._sources.items()):
            if own not in path.parents:
                copy = own / ".copies" / str(index)
                copy.parent.mkdir(exist_ok=True)
                shutil.copyfile(path, copy)
                self._sources[name] = copy

    def _refuse_stored(self) -> None:
        if self._stored is not None or self._storing is not None:
            hint = "make a new mltrack.Artifact of the same name: it becomes the next version"
            raise of_code(f"{self.name} is stored and never changes", code="INVALID_STATE", hint=hint)

    def _needed(self) -> Stored:
        if self._stored is None and self._storing is not None:
            self._storing.wait()
        if self._stored is None:
            hint = "run.log_artifact(artifact) stores it"
            raise of_code(f"{self._name} is not stored yet", code="INVALID_STATE", hint=hint)
        return self._stored

    def __repr__(self) -> str:
        return f"<mltrack.Artifact {self.name} ({self.type})>"
