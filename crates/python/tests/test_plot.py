"""Charts are tables that say what their columns are."""

from __future__ import annotations

import random

import pytest

import mltrack
from mltrack import errors


def test_a_chart_is_logged_as_a_table_with_its_roles() -> None:
    table = mltrack.Table(["x", "y"], [[0, 1], [1, 4]])
    with mltrack.init() as run:
        run.log({"curve": mltrack.plot.line(table, "x", "y", title="t")})
        run.log({"who": mltrack.plot.confusion_matrix(y_true=["a", "b", "b"], preds=["a", "a", "b"])})
    (curve,) = (each["value"] for each in run._store.json_values(run.id, "curve"))
    assert curve == {
        "mltrack": "table",
        "columns": ["x", "y"],
        "rows": [[0, 1], [1, 4]],
        "chart": {"kind": "line", "x": "x", "y": "y", "title": "t"},
    }
    (who,) = (each["value"] for each in run._store.json_values(run.id, "who"))
    assert who == {"mltrack": "confusion_matrix", "labels": ["a", "b"], "counts": [[1, 0], [1, 1]]}
    with pytest.raises(errors.ValidationError, match="no column z"):
        mltrack.plot.scatter(table, "x", "z")


def test_a_confusion_matrix_is_made_of_probabilities_too() -> None:
    probs = [[0.9, 0.1, 0.0], [0.2, 0.3, 0.5], [0.1, 0.8, 0.1]]
    made = mltrack.plot.confusion_matrix(probs=probs, y_true=[0, 1, 1], class_names=["a", "b", "c"])
    assert (made.labels, made.counts) == (["a", "b", "c"], [[1, 0, 0], [0, 1, 1], [0, 0, 0]])
    with pytest.raises(errors.ValidationError, match="do not fit"):
        mltrack.plot.confusion_matrix(y_true=[0, 1], preds=[0])
    with pytest.raises(errors.ValidationError, match="class_names for all"):
        mltrack.plot.confusion_matrix(y_true=[0, 5], preds=[0, 1], class_names=["a", "b"])


def area(points: list[tuple[float, float]]) -> float:
    """The area below a curve, by trapezia."""
    pairs = zip(points, points[1:], strict=False)
    return sum((right[0] - left[0]) * (left[1] + right[1]) / 2 for left, right in pairs)


def test_the_area_below_a_roc_curve_is_how_often_a_pair_is_in_order() -> None:
    chance = random.Random(7)
    truths = [chance.randrange(2) for _ in range(300)]
    scores = [round(truth * 0.3 + chance.random(), 2) for truth in truths]
    chart = mltrack.plot.roc_curve(truths, [[-score, score] for score in scores], classes_to_plot=[1])
    found = area([(row[1], row[2]) for row in chart.data])
    pairs = [
        1.0 if one > other else 0.5 if one == other else 0.0
        for one, is_one in zip(scores, truths, strict=True)
        if is_one
        for other, is_other in zip(scores, truths, strict=True)
        if not is_other
    ]
    assert found == pytest.approx(sum(pairs) / len(pairs))


def test_a_curve_of_many_points_is_thinned_and_keeps_its_ends() -> None:
    count = 5000
    probabilities = [[1 - at / count, at / count] for at in range(count)]
    truths = [int(at > count / 2) for at in range(count)]
    roc = mltrack.plot.roc_curve(truths, probabilities, labels=["no", "yes"])
    assert {row[0] for row in roc.data} == {"no", "yes"}
    of_yes = [row for row in roc.data if row[0] == "yes"]
    assert (len(of_yes), of_yes[0][1:], of_yes[-1][1:]) == (1000, [0.0, 0.0], [1.0, 1.0])
    precision = mltrack.plot.pr_curve(truths, probabilities, classes_to_plot=[1])
    assert precision.data[0][2] == 1.0
    with pytest.raises(errors.ValidationError, match="probability for each row"):
        mltrack.plot.roc_curve([0, 1, 2], probabilities)
