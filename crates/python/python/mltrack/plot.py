"""Charts as what they are made of: a table and which of its columns is what.

Invariants: a chart is logged as a table, so every reader of tables reads it; the numbers are those that the chart shows,
not those that it was computed from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mltrack._distribution import numbers
from mltrack.errors import of_code
from mltrack.media import Table

__all__ = [
    "Chart",
    "ConfusionMatrix",
    "bar",
    "confusion_matrix",
    "histogram",
    "line",
    "line_series",
    "pr_curve",
    "roc_curve",
    "scatter",
]

POINTS_MAX = 1000
"""A curve has so many points; more look the same."""


class Chart(Table):
    """A table with what its columns are in a chart."""

    def __init__(self, table: Table, kind: str, **roles: str | None) -> None:
        super().__init__(columns=table.columns, data=table.data)
        self.chart: dict[str, str] = {"kind": kind} | {
            key: text for key, text in roles.items() if text is not None
        }
        for role in ("x", "y", "series"):
            column = roles.get(role)
            if column is not None and column not in self.columns:
                hint = "the columns are " + ", ".join(self.columns)
                raise of_code(f"the table has no column {column}", code="VALIDATION_ERROR", hint=hint)


class ConfusionMatrix:
    """How often each class was taken for each: ``counts[actual][predicted]``."""

    labels: list[str]
    counts: list[list[int]]

    def __init__(self, labels: list[str], counts: list[list[int]]) -> None:
        self.labels = labels
        self.counts = counts

    def __repr__(self) -> str:
        return f"<mltrack.plot.ConfusionMatrix of {len(self.labels)} classes>"


def line(table: Table, x: str, y: str, stroke: str | None = None, title: str | None = None) -> Chart:
    """A line through the rows of a table.

    >>> import mltrack
    >>> table = mltrack.Table(columns=["x", "y"], data=[[0, 1], [1, 4]])
    >>> mltrack.plot.line(table, "x", "y", title="a line").chart
    {'kind': 'line', 'x': 'x', 'y': 'y', 'title': 'a line'}
    """
    return Chart(table, "line", x=x, y=y, series=stroke, title=title)


def scatter(table: Table, x: str, y: str, title: str | None = None) -> Chart:
    """A dot for each row of a table."""
    return Chart(table, "scatter", x=x, y=y, title=title)


def bar(table: Table, label: str, value: str, title: str | None = None) -> Chart:
    """A bar for each row of a table."""
    return Chart(table, "bar", x=label, y=value, title=title)


def histogram(table: Table, value: str, title: str | None = None) -> Chart:
    """How often the values of a column occur."""
    return Chart(table, "histogram", x=value, title=title)


def line_series(
    xs: Sequence[Any],
    ys: Sequence[Sequence[Any]],
    keys: Sequence[str] | None = None,
    title: str | None = None,
    xname: str = "x",
) -> Chart:
    """Several lines: ``xs`` for all, or one of them for each.

    >>> import mltrack
    >>> mltrack.plot.line_series([0, 1], [[1, 2], [3, 4]], keys=["a", "b"]).data
    [[0, 'a', 1], [1, 'a', 2], [0, 'b', 3], [1, 'b', 4]]
    """
    names = [str(key) for key in keys] if keys is not None else [f"line {index}" for index in range(len(ys))]
    are_many = bool(len(xs)) and hasattr(xs[0], "__len__")
    every = list(xs) if are_many else [xs] * len(ys)
    if not len(every) == len(names) == len(ys):
        words = f"{len(ys)} lines have {len(names)} keys and {len(every)} xs"
        raise of_code(words, code="VALIDATION_ERROR", hint="give one of each for each line")
    rows = [
        [x, name, y]
        for name, own, line_of in zip(names, every, ys, strict=True)
        for x, y in zip(own, line_of, strict=False)
    ]
    return Chart(Table([xname, "key", "value"], rows), "line", x=xname, y="value", series="key", title=title)


def confusion_matrix(
    probs: Any = None,
    y_true: Any = None,
    preds: Any = None,
    class_names: Sequence[str] | None = None,
    title: str | None = None,
) -> ConfusionMatrix:
    """How often each class was taken for each, from predicted classes, or from the probabilities of all.

    >>> import mltrack
    >>> mltrack.plot.confusion_matrix(y_true=[0, 0, 1], preds=[0, 1, 1], class_names=["cat", "dog"]).counts
    [[1, 1], [0, 1]]
    """
    if preds is None and probs is not None:
        preds = [max(range(len(row)), key=row.__getitem__) for row in _rows(probs)]
    if y_true is None or preds is None or len(y_true) != len(preds):
        hint = "confusion_matrix(y_true=..., preds=...), as many of both"
        raise of_code("labels and predictions do not fit", code="VALIDATION_ERROR", hint=hint)
    actual, predicted = _listed(y_true), _listed(preds)
    known: list[Any] = _in_order([*actual, *predicted])
    if class_names is not None and all(isinstance(each, (int, float)) for each in known):
        known = list(range(len(class_names)))
    places = {label: at for at, label in enumerate(known)}
    counts = [[0] * len(known) for _ in known]
    for one, other in zip(actual, predicted, strict=True):
        if one not in places or other not in places:
            words = f"a class of {len(known)} is {one!r} or {other!r}"
            raise of_code(words, code="VALIDATION_ERROR", hint="give class_names for all classes")
        counts[places[one]][places[other]] += 1
    names = class_names if class_names is not None and len(class_names) == len(known) else known
    return ConfusionMatrix([str(name) for name in names], counts)


def roc_curve(
    y_true: Any,
    y_probas: Any,
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    title: str | None = None,
) -> Chart:
    """The share of a class that is found over the share of others that is taken for it, at every threshold.

    >>> import mltrack
    >>> mltrack.plot.roc_curve([0, 1], [[0.8, 0.2], [0.3, 0.7]], classes_to_plot=[1]).data
    [['1', 0.0, 0.0], ['1', 0.0, 1.0], ['1', 1.0, 1.0]]
    """
    rows = []
    for name, truths, scores in _classes(y_true, y_probas, labels, classes_to_plot):
        positive, negative = sum(truths), len(truths) - sum(truths)
        points = [(0.0, 0.0)]
        for hits, misses in _thresholds(truths, scores):
            points.append((misses / max(1, negative), hits / max(1, positive)))
        rows += [[name, x, y] for x, y in _thinned(points)]
    return Chart(
        Table(["class", "fpr", "tpr"], rows), "line", x="fpr", y="tpr", series="class", title=title or "ROC"
    )


def pr_curve(
    y_true: Any,
    y_probas: Any,
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    title: str | None = None,
) -> Chart:
    """The precision over the recall of each class, at every threshold.

    >>> import mltrack
    >>> mltrack.plot.pr_curve([0, 1], [[0.8, 0.2], [0.3, 0.7]], classes_to_plot=[1]).data
    [['1', 1.0, 1.0], ['1', 1.0, 0.5]]
    """
    rows = []
    for name, truths, scores in _classes(y_true, y_probas, labels, classes_to_plot):
        positive = sum(truths)
        points = [
            (hits / max(1, positive), hits / (hits + misses)) for hits, misses in _thresholds(truths, scores)
        ]
        rows += [[name, recall, precision] for recall, precision in _thinned(points)]
    table = Table(["class", "recall", "precision"], rows)
    return Chart(
        table, "line", x="recall", y="precision", series="class", title=title or "Precision and recall"
    )


def _listed(given: Any) -> list[Any]:
    return list(given.tolist()) if hasattr(given, "tolist") else list(given)


def _rows(given: Any) -> list[list[float]]:
    return [numbers(row) for row in _listed(given)]


def _in_order(labels: list[Any]) -> list[Any]:
    known = list(dict.fromkeys(labels))
    try:
        return sorted(known)
    except TypeError:
        return known


def _classes(
    y_true: Any, y_probas: Any, labels: Sequence[str] | None, wanted: Sequence[Any] | None
) -> list[tuple[str, list[bool], list[float]]]:
    """For each class its name, which rows are of it, and how probable it was for each row."""
    truths, probabilities = _listed(y_true), _rows(y_probas)
    known = _in_order(truths)
    width = len(probabilities[0]) if probabilities else 0
    if all(isinstance(each, int) for each in known) and len(known) != width:
        known = list(range(width))
    if len(truths) != len(probabilities) or len(known) != width:
        words = (
            f"{len(truths)} labels of {len(known)} classes, probabilities of {len(probabilities)} x {width}"
        )
        raise of_code(words, code="VALIDATION_ERROR", hint="give a probability for each row and class")
    names = [str(each) for each in (labels if labels is not None and len(labels) == width else known)]
    chosen = [
        at for at, label in enumerate(known) if wanted is None or label in wanted or names[at] in wanted
    ]
    return [
        (names[at], [truth == known[at] for truth in truths], [row[at] for row in probabilities])
        for at in chosen
    ]


def _thresholds(truths: list[bool], scores: list[float]) -> list[tuple[int, int]]:
    """How many are rightly and how many wrongly taken for the class, from the strictest threshold to the laxest."""
    ordered = sorted(zip(scores, truths, strict=True), key=lambda pair: -pair[0])
    found, hits, misses = [], 0, 0
    for at, (score, truth) in enumerate(ordered):
        hits, misses = hits + truth, misses + (not truth)
        if at + 1 == len(ordered) or ordered[at + 1][0] != score:
            found.append((hits, misses))
    return found


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(points) <= POINTS_MAX:
        return points
    places = (round(at * (len(points) - 1) / (POINTS_MAX - 1)) for at in range(POINTS_MAX))
    return [points[at] for at in places]
