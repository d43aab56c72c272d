"""Looking into a store: ``mltrack.open``.

Invariants: an answer is of one moment, ``at`` says which; a store that is opened to look at changes nothing, and is never
made; nothing is copied on the way into NumPy, pandas, polars or pyarrow, and none of them is imported before it is asked
for.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, overload

from mltrack import _mltrack
from mltrack._history import History
from mltrack._tail import Tail
from mltrack.errors import of_code

if TYPE_CHECKING:
    import polars

    from mltrack._summaries import ExperimentSummary, MetricSummary, RunSummary, StoredArtifact

__all__ = [
    "ExperimentSummary",
    "History",
    "MetricSummary",
    "RunSummary",
    "Runs",
    "Store",
    "StoredArtifact",
    "Tail",
    "open",
]

_SUMMARIES = ("ExperimentSummary", "MetricSummary", "RunSummary", "StoredArtifact")
"""Classes that are imported with the first answer that has one: the points of a metric need none."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _SUMMARIES:
            from mltrack import _summaries

            return getattr(_summaries, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


At = int | datetime.datetime | None
"""As of when: after a record of the log, at a time, or now."""


def open(path: str | os.PathLike[str] | None = None, read_only: bool = True) -> Store:
    """Opens a store to look at, or with ``read_only=False`` to change what it says about runs and experiments.

    Without a ``path`` it is found as the command line finds it: ``MLTRACK_STORE``, else the nearest ``.mltrack`` upward,
    else the one of the user.  Raises ``errors.NotFound`` when there is none.

    >>> import mltrack
    >>> with mltrack.init(project="digits") as run:
    ...     run.log({"acc": 0.9})
    >>> store = mltrack.open()
    >>> [best.name == run.name for best in store.runs("digits", "metrics.acc > 0.5", order_by="-acc")]
    [True]
    """
    from mltrack import _session

    found = _session.find_store(path, for_beginning=False)
    settings = {
        "durability": None,
        "actor": None,
        "command": None,
        "artifacts": None,
        "lock_wait_ms": None,
        "read_only": read_only,
        "create": False,
        "capture": "off",
        "system_metrics_ms": 0,
    }
    return Store(_mltrack.Store(found, settings))


class Runs(Sequence["RunSummary"]):
    """The runs of an answer; a table for pandas, polars and pyarrow.  Asked for when it is looked at, once.

    >>> import mltrack
    >>> for lr in (0.1, 0.2):
    ...     with mltrack.init(project="digits", config={"lr": lr}) as run:
    ...         run.log({"acc": 1 - lr})
    >>> runs = mltrack.open().runs(order_by="-acc")
    >>> runs[0].params["lr"], len(runs)
    (0.1, 2)
    >>> runs.to_pandas()[["params.lr", "metrics.acc"]].values.tolist()
    [[0.1, 0.9], [0.2, 0.8]]
    """

    def __init__(self, store: Store, asked: dict[str, Any]) -> None:
        self._store = store
        self._asked = asked
        self._items: list[RunSummary] | None = None
        self._frame: _mltrack.Frame | None = None

    def _fetched(self) -> list[RunSummary]:
        if self._items is None:
            known = self._store._native.runs(**self._asked)
            from mltrack._summaries import RunSummary

            self._items = [RunSummary._of(each, self._store) for each in known]
        return self._items

    def frame(self) -> _mltrack.Frame:
        """The table: ``id``, ``name``, ``state``, ..., ``params.x``, ``metrics.y``, ``tags.z``."""
        if self._frame is None:
            self._frame = self._store._native.runs_frame(**self._asked)
        return self._frame

    def to_pandas(self) -> Any:
        """The table as a ``pandas.DataFrame``."""
        return self.frame().to_pandas()

    def to_polars(self) -> polars.DataFrame:
        """The table as a ``polars.DataFrame``."""
        return self.frame().to_polars()

    def to_arrow(self) -> Any:
        """The table as a ``pyarrow.Table``."""
        return self.frame().to_arrow()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.frame().__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return len(self._fetched())

    @overload
    def __getitem__(self, index: int) -> RunSummary: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RunSummary]: ...
    def __getitem__(self, index: int | slice) -> RunSummary | Sequence[RunSummary]:
        return self._fetched()[index]

    def _repr_html_(self) -> str:
        from mltrack.notebook._cards import runs_html

        return runs_html(self)

    def __repr__(self) -> str:
        return f"Runs({len(self)} of {self._store.path})"


class Store:
    """An open store.  Runs are named by an id, the beginning of one, a name, ``experiment/number`` or ``@last``."""

    def __init__(self, native: _mltrack.Store) -> None:
        self._native = native

    @property
    def path(self) -> str | None:
        """Its folder."""
        return self._native.path

    def runs(
        self,
        experiment: str | None = None,
        filter: str | None = None,
        order_by: str | Iterable[str] = (),
        limit: int | None = None,
        at: At = None,
        *,
        offset: int = 0,
        with_deleted: bool = False,
    ) -> Runs:
        """The runs that a filter admits, such as ``metrics.acc > 0.9 and params.lr = 0.1``, newest first or as asked:
        ``order_by="-acc"`` is the largest first.

        Raises ``errors.ValidationError`` for a filter or an order, ``errors.NotFound`` for the experiment, when the answer
        is looked at.
        """
        asked = {
            "experiment": experiment,
            "filter": filter,
            "order_by": _texts(order_by),
            "limit": limit,
            "offset": offset,
            "at": at,
            "with_deleted": with_deleted,
        }
        return Runs(self, asked)

    def run(self, run: str) -> RunSummary:
        """What the store says about a run.  Raises ``errors.NotFound``."""
        from mltrack._summaries import RunSummary

        return RunSummary._of(self._native.run_summary(run), self)

    def compare(
        self,
        runs: Iterable[str | RunSummary],
        by: str | Iterable[str] = (),
        test: str | None = None,
        baseline: str | RunSummary | None = None,
        at: At = None,
        *,
        alpha: float = 0.05,
        all: bool = False,
        across: bool = False,
    ) -> dict[str, Any]:
        """Compares 2 to 100 runs; with ``by="seed"`` or a ``test`` the replicates that each of them stands for.

        ``test`` is ``t``, ``welch``, ``paired``, ``wilcoxon``, ``signed-rank``, ``anova``, ``kruskal`` or ``bootstrap``.
        The answer is plain: ``groups``, ``baseline``, ``params``, ``metrics`` with a ``test`` of each group, ``notes``.
        Raises ``errors.NotFound`` for a run, ``errors.ValidationError`` for what cannot be compared.

        >>> found = store.compare([a, b], test="welch")  # doctest: +SKIP
        >>> found["metrics"][0]["groups"][1]["test"]["p_corrected"]  # doctest: +SKIP
        """
        return self._native.compare(
            [_run_id(run) for run in runs],
            _texts(by),
            test,
            None if baseline is None else _run_id(baseline),
            alpha,
            all,
            across,
            at,
        )

    def experiments(
        self,
        filter: str | None = None,
        order_by: str | Iterable[str] = (),
        limit: int | None = None,
        at: At = None,
        *,
        with_archived: bool = False,
        with_deleted: bool = False,
    ) -> list[ExperimentSummary]:
        """The experiments that a filter admits."""
        from mltrack._summaries import ExperimentSummary

        known = self._native.experiments(
            filter,
            _texts(order_by),
            limit,
            at=at,
            with_archived=with_archived,
            with_deleted=with_deleted,
        )
        return [ExperimentSummary._of(each) for each in known]

    def history(
        self,
        run: str,
        name: str,
        *,
        steps: range | None = None,
        context: dict[str, str] | None = None,
        at: At = None,
    ) -> History:
        """Every point of a metric.  Raises ``errors.NotFound`` for a run that never logged it."""
        first, last = _bounds(steps)
        frame = self._native.history(run, name, list((context or {}).items()), first, last, at)
        return History(frame, run, name)

    def buckets(
        self,
        run: str,
        name: str,
        count: int = 1_000,
        *,
        steps: range | None = None,
        context: dict[str, str] | None = None,
        at: At = None,
    ) -> _mltrack.Frame:
        """At most ``count`` buckets instead of every point: first, min, max, mean, last, count, with extremes that were
        really logged."""
        first, last = _bounds(steps)
        return self._native.buckets(run, name, count, list((context or {}).items()), first, last, at)

    def stats(self, run: str, name: str, *, steps: range | None = None, at: At = None) -> dict[str, Any]:
        """Count, extremes and where they are, mean, median, p95, p99 and others of a metric, exact.

        >>> import mltrack
        >>> with mltrack.init() as run:
        ...     for step in range(3):
        ...         run.log({"loss": 3.0 - step})
        >>> stats = mltrack.open().stats(run.id, "loss")
        >>> stats["min"], stats["min_step"], stats["mean"]
        (1.0, 2, 2.0)
        """
        first, last = _bounds(steps)
        return self._native.stats(run, name, [], first, last, at)

    def histories(
        self,
        runs: str | Iterable[str | RunSummary],
        metrics: str | Iterable[str] = (),
        *,
        steps: range | None = None,
        at: At = None,
    ) -> _mltrack.Frame:
        """The points of many metrics and runs as one table: ``run``, ``metric``, ``step``, ``value``, ``time_ns``.  ``*``
        and ``?`` in a name stand for others.

        >>> import mltrack
        >>> with mltrack.init() as run:
        ...     run.log({"train/loss": 0.5, "val/loss": 0.7})
        >>> table = mltrack.open().histories(run.id, "*/loss")
        >>> table["metric"].tolist(), table["value"].tolist()
        (['train/loss', 'val/loss'], [0.5, 0.7])
        """
        first, last = _bounds(steps)
        named = [runs] if isinstance(runs, str) else runs
        ids = [run if isinstance(run, str) else run.id for run in named]
        return self._native.histories(ids, _texts(metrics), first, last, at)

    def histograms(self, run: str, name: str = "*", *, at: At = None) -> list[dict[str, Any]]:
        """The distributions that a run logged."""
        return self._native.histograms(run, name, at=at)

    def values(self, run: str, name: str = "*", *, at: At = None) -> list[dict[str, Any]]:
        """What a run logged that is neither a number nor a distribution: texts, tables, any JSON."""
        return self._native.json_values(run, name, at=at)

    def lines(
        self,
        run: str,
        *,
        grep: str | None = None,
        level: str | None = None,
        last: int | None = None,
        at: At = None,
    ) -> list[dict[str, Any]]:
        """What a run logged line by line, or printed while its console was captured; ``grep`` is a regular expression.

        >>> import mltrack
        >>> with mltrack.init() as run:
        ...     run._native.log_line("epoch 7 done")
        >>> [line["text"] for line in mltrack.open().lines(run.id, grep="epoch [0-9]+")]
        ['epoch 7 done']
        """
        return self._native.lines(run, grep, level=level, last=last, at=at)

    def notes(self, run: str) -> list[dict[str, Any]]:
        """What people wrote about a run, oldest first."""
        return self._native.notes(run)

    def artifacts(
        self,
        run: str | None = None,
        *,
        experiment: str | None = None,
        kind: str | None = None,
        path: str | None = None,
        all_versions: bool = False,
        at: At = None,
    ) -> list[StoredArtifact]:
        """The artifacts of a run, of an experiment, or of all; ``path`` is a pattern such as ``ckpt/*``."""
        from mltrack._summaries import StoredArtifact

        known = self._native.artifacts(run, experiment, kind, path, all_versions, at=at)
        return [StoredArtifact._of(each, self) for each in known]

    def artifact(self, run: str, name: str) -> StoredArtifact:
        """The artifact that a run has under a name: ``model.pt``, ``model.pt@v2``.  Raises ``errors.NotFound``."""
        from mltrack._summaries import StoredArtifact

        return StoredArtifact._of(self._native.artifact(run, name), self)

    def download(self, artifacts: Iterable[StoredArtifact], folder: str | os.PathLike[str]) -> list[str]:
        """Writes artifacts below a folder, each under its path, several at once."""
        return self._native.download_all([artifact.id for artifact in artifacts], folder)

    def datasets(self, at: At = None) -> list[dict[str, Any]]:
        """Every dataset, with its versions."""
        return self._native.datasets(at)

    def dataset_files(self, selector: str) -> list[dict[str, Any]]:
        """The files of a version of a dataset, ``digits``, ``digits@v3``: their paths, lengths and hashes.

        >>> import mltrack
        >>> artifact = mltrack.Artifact("digits", type="dataset")
        >>> with artifact.new_file("data.csv") as file:
        ...     _ = file.write("a,b")
        >>> with mltrack.init() as run:
        ...     _ = run.log_artifact(artifact)
        >>> [(file["path"], file["len"]) for file in mltrack.open().dataset_files("digits@v1")]
        [('data.csv', 3)]
        """
        return self._native.dataset_files(selector)

    def models(self, at: At = None) -> list[dict[str, Any]]:
        """Every model, with its versions."""
        return self._native.models(at)

    def tail(
        self,
        start: str | int | datetime.datetime | datetime.timedelta = "end",
        *,
        run: str | None = None,
        experiment: str | None = None,
        types: Iterable[str] = (),
        follow: bool = True,
    ) -> Tail:
        """Events as they become visible: from ``"end"``, ``"start"``, a record, a time, a ``timedelta`` before now, or
        the ``position`` of another tail.  ``follow=False`` ends with what is there."""
        native = self._native.tail(start, run, experiment, _texts(types), follow)
        return Tail(native, is_following=follow)

    def edit(
        self,
        run: str,
        *,
        tags: dict[str, str] | None = None,
        remove_tags: Iterable[str] = (),
        note: str | None = None,
        name: str | None = None,
    ) -> None:
        """Changes what is said of a run, of one that has ended too.  The store was opened with ``read_only=False``.

        >>> import mltrack
        >>> with mltrack.init() as run:
        ...     pass
        >>> store = mltrack.open(read_only=False)
        >>> store.edit(run.id, tags={"paper": "v2"}, note="The one in figure 3.")
        >>> store.run(run.id).tags["paper"], store.notes(run.id)[0]["text"]
        ('v2', 'The one in figure 3.')
        """
        notes = [note] if note is not None else []
        self._native.edit_run(run, list((tags or {}).items()), _texts(remove_tags), notes, name=name)

    def delete(self, run: str) -> None:
        """Hides a run until ``restore``, or until ``mltrack gc``."""
        self._native.delete_run(run)

    def restore(self, run: str) -> None:
        """Brings a deleted run back; it is named by its id."""
        self._native.restore_run(run)

    @property
    def next_lsn(self) -> int | None:
        """The record that comes next."""
        return self._native.next_lsn()

    def flush(self) -> None:
        """Makes everything durable that is visible so far."""
        self._native.flush()

    def extend_series(self) -> None:
        """Writes the points of the log to files from which histories of any length are read in moments.  The store was
        opened with ``read_only=False``."""
        self._native.extend_series()

    def verify(self, *, deep: bool = False) -> dict[str, Any]:
        """Checks the store, with ``deep`` every byte of it.  Damage is an answer, not an exception.

        >>> import mltrack
        >>> with mltrack.init() as run:
        ...     run.log({"loss": 0.5})
        >>> mltrack.open().verify(deep=True)["is_sound"]
        True
        """
        return self._native.verify(deep)

    def __repr__(self) -> str:
        return f"Store({self.path})"


def _frame_html(frame: _mltrack.Frame) -> str:
    from mltrack.notebook._cards import frame_html

    return frame_html(frame)


# Notebooks ask the class, and this one is native.
setattr(_mltrack.Frame, "_repr_html_", _frame_html)  # noqa: B010 - mypy: a method is assigned


def _texts(given: str | Iterable[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _run_id(run: str | RunSummary) -> str:
    return run if isinstance(run, str) else run.id


def _bounds(steps: range | None) -> tuple[int | None, int | None]:
    """The first and the last step of a range; an empty one is a last step before the first, which nothing has."""
    if steps is None:
        return None, None
    if steps.step != 1:
        raise of_code(f"{steps} leaves out steps", code="VALIDATION_ERROR", hint="buckets() answers with fewer points")
    return steps.start, steps.stop - 1
