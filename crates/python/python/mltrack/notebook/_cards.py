"""What is shown of a run, of a table, of a history, of several runs side by side.

Invariants: the size of what is shown is bounded, whatever a run or a table holds, and what was left out is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mltrack import _mltrack
from mltrack.notebook._chart import BUCKET_COUNT, POINT_LIMIT, Line, chart, of_buckets, thinned
from mltrack.notebook._page import page, span, table, text

if TYPE_CHECKING:
    from mltrack._history import History
    from mltrack._summaries import RunSummary
    from mltrack.store import Runs

__all__ = ["Comparison", "frame_html", "history_html", "run_html", "run_parts", "runs_html"]

ROW_LIMIT = 50
COLUMN_LIMIT = 20
CHART_LIMIT = 4

_KINDS = {"completed": "good", "failed": "bad", "lost": "bad", "timed_out": "bad"}


def points_of(run: RunSummary, metric: str) -> list[tuple[float, float]]:
    """What there is to draw of a metric, few points however many there are."""
    if run.metrics[metric].count <= POINT_LIMIT:
        history = run.history(metric)
        return thinned(history.steps.tolist(), history.values.tolist())
    return of_buckets(run._store.buckets(run.id, metric, BUCKET_COUNT))


def run_html(run: RunSummary) -> str:
    """A run."""
    return page(*run_parts(run))


def run_parts(run: RunSummary, metrics: Iterable[str] | None = None) -> list[str]:
    """A run, with charts of some metrics or of the first ones."""
    duration = "" if run.duration is None else f" in {run.duration.total_seconds():.4g} s"
    head = f"<b>{text(run.name)}</b> {span(f'{run.experiment}/{run.number}')} "
    parts = [head + span(run.state + duration, _KINDS.get(run.state, "dim"))]
    if run.error:
        parts.append(f"<div>{span(run.error, 'bad')}</div>")
    if run.tags:
        tags = ", ".join(key if not value else f"{key}: {value}" for key, value in run.tags.items())
        parts.append(f"<div>{span(tags)}</div>")
    parts += _limited_table(("parameter", "value"), sorted(run.params.items()), "parameters")
    rows = [(name, known.last, known.min, known.max, known.count) for name, known in sorted(run.metrics.items())]
    parts += _limited_table(("metric", "last", "min", "max", "points"), rows, "metrics")
    return parts + charts(run, metrics)


def _limited_table(head: Sequence[str], rows: Sequence[Sequence[Any]], what: str) -> list[str]:
    if not rows:
        return []
    shown = [[table(head, rows[:ROW_LIMIT])]]
    if len(rows) > ROW_LIMIT:
        shown.append([span(f"and {len(rows) - ROW_LIMIT} more {what}")])
    return [part for each in shown for part in each]


def charts(run: RunSummary, metrics: Iterable[str] | None) -> list[str]:
    """The charts of a run, of metrics with more than one point where none are named."""
    if metrics is None:
        drawable = sorted(name for name, known in run.metrics.items() if known.count > 1)
        # What the machine did is of less interest than what the training did.
        own = [name for name in drawable if not name.startswith("system/")] or drawable
        names, left = own[:CHART_LIMIT], own[CHART_LIMIT:]
    else:
        names, left = [name for name in metrics if name in run.metrics], []
    parts = [chart([Line(name, points_of(run, name))], title=name) for name in names]
    if left:
        parts.append(f"<div>{span('not drawn: ' + ', '.join(left))}</div>")
    return parts


def history_html(history: History) -> str:
    """The chart of a history."""
    points = thinned(history.steps.tolist(), history.values.tolist())
    about = span(f"{history.name} of {history.run}, {len(history)} points")
    return page(chart([Line(history.name, points)], title=history.name), f"<div>{about}</div>")


def runs_html(runs: Runs) -> str:
    """The table of an answer, of which only what is shown is asked for."""
    known = runs._asked["limit"]
    limit = ROW_LIMIT + 1 if known is None else min(known, ROW_LIMIT + 1)
    frame = runs._store._native.runs_frame(**{**runs._asked, "limit": limit})
    return _frame_html(frame, hidden=("id", "parent"), is_whole=len(frame) <= ROW_LIMIT)


def frame_html(frame: _mltrack.Frame) -> str:
    """A table."""
    return _frame_html(frame, hidden=(), is_whole=len(frame) <= ROW_LIMIT)


def _frame_html(frame: _mltrack.Frame, hidden: Sequence[str], is_whole: bool) -> str:
    names = [name for name in frame.columns if name not in hidden]
    columns = [frame[name] for name in names[:COLUMN_LIMIT]]
    rows = [[column[index] for column in columns] for index in range(min(len(frame), ROW_LIMIT))]
    parts = [table(names[:COLUMN_LIMIT], rows)]
    if not is_whole:
        parts.append(f"<div>{span(f'the first {ROW_LIMIT} rows')}</div>")
    if len(names) > COLUMN_LIMIT:
        parts.append(f"<div>{span('columns not shown: ' + ', '.join(names[COLUMN_LIMIT:]))}</div>")
    return page(*parts)


@dataclass(frozen=True)
class Comparison:
    """Runs side by side: the parameters in which they differ, the last values of their metrics, their curves.

    >>> import mltrack
    >>> for lr in (0.1, 0.2):
    ...     with mltrack.init(name=f"lr-{lr}", config={"lr": lr, "depth": 3}) as run:
    ...         run.log({"loss": lr / 2})
    >>> store = mltrack.open()
    >>> print(Comparison([store.run("lr-0.1"), store.run("lr-0.2")]))
                lr-0.1     lr-0.2
    state       completed  completed
    params.lr   0.1        0.2
    loss        0.05       0.1
    """

    runs: Sequence[RunSummary]

    def rows(self) -> list[list[Any]]:
        """What differs, and the metrics: a name and a value of each run."""
        rows: list[list[Any]] = [["state", *(run.state for run in self.runs)]]
        for name in _names(run.params for run in self.runs):
            values = [run.params.get(name) for run in self.runs]
            if any(value != values[0] for value in values):
                rows.append([f"params.{name}", *values])
        for name in _names(run.metrics for run in self.runs):
            rows.append([name, *(run.metrics[name].last if name in run.metrics else None for run in self.runs)])
        return rows

    def __str__(self) -> str:
        rows = [["", *(run.name for run in self.runs)], *self.rows()]
        texts = [["–" if value is None else str(value) for value in row] for row in rows]
        widths = [max(len(row[index]) for row in texts) for index in range(len(texts[0]))]
        return "\n".join("  ".join(part.ljust(width) for part, width in zip(row, widths)).rstrip() for row in texts)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = self.rows()
        parts = _limited_table(["", *(run.name for run in self.runs)], rows, "rows")
        names = _names(run.metrics for run in self.runs)
        shared = [name for name in names if sum(name in run.metrics for run in self.runs) > 1]
        drawn = [name for name in shared if any(run.metrics[name].count > 1 for run in self.runs if name in run.metrics)]
        for name in [name for name in drawn if not name.startswith("system/")][:CHART_LIMIT]:
            lines = [Line(run.name, points_of(run, name)) for run in self.runs if name in run.metrics]
            parts.append(chart(lines, title=name))
        return page(*parts)


def _names(items: Iterable[Any]) -> list[str]:
    return sorted({name for each in items for name in each})
