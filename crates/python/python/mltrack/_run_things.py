"""What a run makes and takes in: artifacts, models, files, the distributions of a module.

Invariants: what is on its way into the store has arrived when the run ends; what a run takes in is recorded as its input.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from mltrack._run_facts import RunFacts
from mltrack.errors import of_code

if TYPE_CHECKING:
    from pathlib import Path

    from mltrack import _mltrack
    from mltrack._depot import Storing
    from mltrack._run import Run
    from mltrack.artifact import Artifact
    from mltrack.notebook._live import Live, Until

__all__ = ["RunThings"]


class RunThings(RunFacts):
    """The part of a run that is about what it makes and takes in."""

    __slots__ = ()

    def _itself(self) -> Run:
        return cast("Run", self)

    def log_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
        *,
        wait: bool = True,
    ) -> Artifact:
        """Stores an artifact, or a file or a folder as one: every byte is stored when it returns.

        With ``wait=False`` it returns when the files are copied aside, so that they may be changed, and stores them in the
        background: ``artifact.wait()`` waits for that, and the end of the run does.

        >>> import mltrack
        >>> from pathlib import Path
        >>> _ = Path("notes.txt").write_text("all good")
        >>> with mltrack.init() as run:
        ...     run.log_artifact("notes.txt", type="report", aliases=["best"]).name
        ...     run.log_artifact("notes.txt", wait=False).wait().name
        'notes.txt:v1'
        'notes.txt:v2'
        """
        from pathlib import Path

        from mltrack._depot import log, log_later, tags_of
        from mltrack.artifact import Artifact

        self._refuse_after_end()
        if isinstance(artifact_or_path, Artifact):
            artifact, is_loose = artifact_or_path, False
        else:
            path = Path(artifact_or_path)
            artifact, is_loose = _artifact_of(path, name, type or "file"), name is None and not path.is_dir()
        words = [*tags_of(aliases), *tags_of(tags)]
        if wait:
            log(self._itself(), artifact, words, is_loose=is_loose)
        else:
            self._remember(log_later(self._itself(), artifact, words, is_loose=is_loose))
        return artifact

    def use_artifact(
        self,
        artifact_or_name: Artifact | str,
        type: str | None = None,
        aliases: Iterable[str] | None = None,
    ) -> Artifact:
        """Finds an artifact, ``NAME``, ``NAME:v3`` or ``NAME:alias``, and records that this run uses it.

        Raises ``errors.NotFound``.
        """
        from mltrack._depot import find, log, tags_of
        from mltrack.artifact import Artifact

        self._refuse_after_end()
        if isinstance(artifact_or_name, Artifact):
            artifact = artifact_or_name
            if artifact.is_draft() and artifact._storing is None:
                log(self._itself(), artifact, tags_of(aliases))
        else:
            artifact = find(self._itself(), artifact_or_name, type)
        artifact._needed().use(self._itself())
        return artifact

    def log_model(
        self,
        path: str | os.PathLike[str],
        name: str | None = None,
        aliases: Iterable[str] | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
        description: str | None = None,
        wait: bool = True,
    ) -> Artifact:
        """Stores a file or a folder as the next version of a model; ``wait`` is that of ``log_artifact``.

        >>> import mltrack
        >>> from pathlib import Path
        >>> _ = Path("weights.pt").write_bytes(b"123")
        >>> with mltrack.init() as run:
        ...     model = run.log_model("weights.pt", "digits", metadata={"layers": 3})
        ...     run.use_artifact("digits", type="model").metadata
        {'layers': 3}
        """
        from pathlib import Path

        self._refuse_after_end()
        artifact = _artifact_of(Path(path), name or f"model-{self.name}", "model")
        artifact.metadata, artifact.description = dict(metadata or {}), description
        return self.log_artifact(artifact, aliases=aliases, wait=wait)

    def use_model(self, name: str) -> str:
        """Finds a model, records that this run uses it, and says where its file or its files have been written."""
        artifact = self.use_artifact(name, type="model")
        files = artifact.files()
        return artifact.file() if len(files) == 1 else artifact.download()

    def save(
        self,
        glob_str: str | os.PathLike[str],
        base_path: str | os.PathLike[str] | None = None,
        policy: str = "now",
    ) -> list[str]:
        """Stores the files that a pattern means, as they are now, under their paths below ``base_path``."""
        from glob import glob

        self._refuse_after_end()
        if policy not in ("now", "live", "end"):
            raise of_code(
                f"policy is {policy!r}", code="VALIDATION_ERROR", hint='one of "now", "live", "end"'
            )
        files = [path for path in sorted(glob(os.fspath(glob_str), recursive=True)) if os.path.isfile(path)]
        for path in files:
            within = os.path.relpath(path, base_path) if base_path else os.path.basename(path)
            self._remember(self._native.log_artifact(within, path, is_snapshot=True))
        return files

    @overload
    def watch(
        self,
        models: Any,
        criterion: object = None,
        log: Literal["gradients", "parameters", "all"] | None = "gradients",
        log_freq: int = 1000,
    ) -> None: ...
    @overload
    def watch(
        self, *, metrics: str | Iterable[str] | None = None, interval_s: float = 1.0, until: Until = None
    ) -> Live: ...
    def watch(
        self,
        models: Any = None,
        criterion: object = None,
        log: Literal["gradients", "parameters", "all"] | None = "gradients",
        log_freq: int = 1000,
        *,
        metrics: str | Iterable[str] | None = None,
        interval_s: float = 1.0,
        until: Until = None,
    ) -> Live | None:
        """Logs the distributions of a torch module's gradients and parameters, at every ``log_freq``-th backward pass.
        At the ``criterion`` nothing is looked.

        Without a module it shows the run as it goes, in the background: charts in a notebook, lines elsewhere, every
        ``interval_s`` until it has ended, or as ``until`` says: seconds, or a function that is asked.
        """
        if models is None:
            from mltrack.notebook._live import Live
            from mltrack.store import Store

            self._refuse_without_store()
            return Live(Store(self._store), self.id, metrics, interval_s, until).start()
        from mltrack._watch import watch

        self._watched += watch(self._itself(), models, log, log_freq)
        return None

    def _refuse_without_store(self) -> None:
        if self.disabled:
            hint = 'begin the run without mode="disabled"'
            raise of_code("a run that is not recorded cannot be shown", code="INVALID_STATE", hint=hint)

    def _repr_html_(self) -> str:
        from mltrack.notebook._cards import run_html
        from mltrack.store import Store

        if self.disabled:
            return "<i>a run that is not recorded</i>"
        return run_html(Store(self._store).run(self.id))

    def unwatch(self, models: Any = None) -> None:
        """Ends what ``watch`` has begun, for some modules or for all."""
        chosen = models if isinstance(models, (list, tuple)) else [models]
        for module, hook in self._watched:
            if models is None or any(module is each for each in chosen):
                hook.remove()
        left = (
            []
            if models is None
            else [pair for pair in self._watched if all(pair[0] is not each for each in chosen)]
        )
        self._watched = left

    def _remember(self, upload: _mltrack.Upload | Storing) -> None:
        """Keeps what is on its way, until the run ends."""
        done = [known for known in self._uploads if known.is_done]
        self._uploads = [*(known for known in self._uploads if known not in done), upload]
        for known in done:
            self._quietly(known.wait)  # It may have failed.

    def _store_folder(self) -> None:
        """Stores what the program has put into the folder of the run."""
        if self._folder is None:
            return
        import shutil
        from pathlib import Path

        folder, self._folder = Path(self._folder), None
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            within = file.relative_to(folder).as_posix()
            self._quietly(
                lambda file=file, within=within: self._remember(self._native.log_artifact(within, file))
            )
        self._wait_for_uploads()
        shutil.rmtree(folder, ignore_errors=True)

    def _wait_for_uploads(self) -> None:
        """Only a running run takes artifacts, so they must arrive first."""
        uploads, self._uploads = self._uploads, []
        for upload in uploads:
            self._quietly(upload.wait)


def _artifact_of(path: Path, name: str | None, type: str) -> Artifact:
    """A file, or a folder with all that is in it, as an artifact."""
    from mltrack.artifact import Artifact

    artifact = Artifact(name or path.resolve().name, type)
    if path.is_dir():
        artifact.add_dir(path)
    else:
        artifact.add_file(path)
    return artifact
