"""What a store says about runs, experiments and artifacts: values that do not change any more.

Invariants: a summary is as of the moment it was asked for; what is asked of it later (a history, its artifacts) is
answered by the store as it is then.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

    from mltrack._history import History
    from mltrack.notebook._live import Until
    from mltrack.store import Store

__all__ = ["ExperimentSummary", "MetricSummary", "RunSummary", "StoredArtifact"]


def time_of(time_ns: int | None) -> datetime.datetime | None:
    """A time in UTC, to the microsecond."""
    if time_ns is None:
        return None
    seconds, rest_ns = divmod(time_ns, 1_000_000_000)
    whole = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return whole + datetime.timedelta(microseconds=rest_ns // 1_000)


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """What a run has of one metric; ``min``, ``max`` and ``mean`` are ``None`` when every value is NaN."""

    count: int
    last: float
    step: int
    """The step of the last value."""
    first: float
    min: float | None
    max: float | None
    mean: float | None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a store says about a run.

    >>> import mltrack
    >>> with mltrack.init(project="digits", config={"lr": 0.1}) as run:
    ...     run.log({"loss": 0.5}, step=3)
    >>> known = mltrack.open().run(run.id)
    >>> known.state, known.params["lr"], known.metrics["loss"].last, known.metrics["loss"].step
    ('completed', 0.1, 0.5, 3)
    >>> known.history("loss").values.tolist()
    [0.5]
    """

    id: str
    name: str
    experiment: str
    number: int
    state: str
    parent: str | None
    params: Mapping[str, Any]
    tags: Mapping[str, str]
    metrics: Mapping[str, MetricSummary]
    created: datetime.datetime
    started: datetime.datetime | None
    ended: datetime.datetime | None
    error: str | None
    host: str
    pid: int
    actor: str
    command: str
    seed: int | None
    last_note: str | None
    is_deleted: bool
    lsn: int
    _store: Store = field(repr=False, compare=False)

    @property
    def duration(self) -> datetime.timedelta | None:
        """How long it took; ``None`` while it is running."""
        return self.ended - self.started if self.ended and self.started else None

    def history(self, name: str, **asked: Any) -> History:
        """Every point of one of its metrics: see ``Store.history``."""
        return self._store.history(self.id, name, **asked)

    def artifacts(self, **asked: Any) -> list[StoredArtifact]:
        """Its artifacts: see ``Store.artifacts``."""
        return self._store.artifacts(self.id, **asked)

    def lines(self, **asked: Any) -> list[dict[str, Any]]:
        """What it logged or printed: see ``Store.lines``."""
        return self._store.lines(self.id, **asked)

    def watch(
        self, metrics: str | Iterable[str] | None = None, interval_s: float = 1.0, until: Until = None
    ) -> RunSummary:
        """Shows it as it goes, until it has ended: charts in a notebook, lines elsewhere.  What it is in the end.

        ``until`` ends the view earlier: seconds, or a function that is asked whether what it sees is enough.

        >>> import mltrack
        >>> with mltrack.init(project="digits", name="first") as run:
        ...     run.log({"loss": 0.5}, step=3)
        >>> known = mltrack.open().run("first").watch()
        digits/1 first  completed  step 3  loss 0.5
        """
        from mltrack.notebook._live import Live

        return Live(self._store, self.id, metrics, interval_s, until).wait_here()

    def _repr_html_(self) -> str:
        from mltrack.notebook._cards import run_html

        return run_html(self)

    @classmethod
    def _of(cls, known: Mapping[str, Any], store: Store) -> RunSummary:
        metrics = {name: MetricSummary(**metric) for name, metric in known["metrics"].items()}
        return cls(
            metrics=metrics,
            created=_some_time(known["created_ns"]),
            started=time_of(known["started_ns"]),
            ended=time_of(known["ended_ns"]),
            _store=store,
            **_named(cls, known, "metrics"),
        )


@dataclass(frozen=True, slots=True)
class ExperimentSummary:
    """What a store says about an experiment.

    >>> import mltrack
    >>> mltrack.init(project="digits").finish()
    >>> [(known.name, known.state, known.runs) for known in mltrack.open().experiments()]
    [('digits', 'active', 1)]
    """

    id: int
    name: str
    state: str
    description: str
    hypothesis: str
    owner: str
    tags: Mapping[str, str]
    goal: tuple[str, str] | None
    """The metric that decides, and ``"min"`` or ``"max"``."""
    runs: int
    runs_by_state: Mapping[str, int]
    created: datetime.datetime
    updated: datetime.datetime
    is_deleted: bool
    lsn: int

    @classmethod
    def _of(cls, known: Mapping[str, Any]) -> ExperimentSummary:
        return cls(
            created=_some_time(known["created_ns"]),
            updated=_some_time(known["updated_ns"]),
            **_named(cls, known),
        )


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    """An artifact of a run as the store has it.

    >>> import mltrack
    >>> with mltrack.init(project="digits") as run:
    ...     logged = run._native.log_artifact("notes.txt", b"It works.").wait()
    >>> artifact = mltrack.open().artifact(run.id, "notes.txt")
    >>> artifact.reference, artifact.len, artifact.read()
    ('notes.txt@v1', 9, b'It works.')
    """

    id: str
    run: str
    path: str
    version: int
    kind: str
    media_type: str
    len: int
    """In bytes."""
    blob: str
    """The blake3 hash of its bytes."""
    step: int | None
    metadata: Any
    logged: datetime.datetime
    lsn: int
    _store: Store = field(repr=False, compare=False)

    @property
    def reference(self) -> str:
        """Its path with its version, which ``Store.artifact`` takes."""
        return f"{self.path}@v{self.version}"

    def read(self) -> bytes:
        """All its bytes, checked; it is not larger than 1 GiB."""
        return self._store._native.artifact_bytes(self.id)

    def download(self, to: str | os.PathLike[str] = ".") -> str:
        """Writes it to a file, or into a folder under its own name, and says which file that is."""
        return self._store._native.download(self.id, to)

    @classmethod
    def _of(cls, known: Mapping[str, Any], store: Store) -> StoredArtifact:
        return cls(logged=_some_time(known["logged_ns"]), _store=store, **_named(cls, known))


def _some_time(time_ns: int) -> datetime.datetime:
    time = time_of(time_ns)
    assert time is not None
    return time


def _named(kind: type, known: Mapping[str, Any], *others: str) -> dict[str, Any]:
    """What the engine says under the very names of the fields."""
    return {each.name: known[each.name] for each in fields(kind) if each.name in known and each.name not in others}
