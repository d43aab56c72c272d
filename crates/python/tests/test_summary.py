"""The summary of a run: which value of a metric counts, what is set by hand, what it holds on to."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Any

import mltrack
import pytest
from mltrack import errors
from run_support import known, points


@pytest.mark.parametrize(
    ("choice", "value"), [("min", 1.0), ("max", 3.0), ("mean", 2.0), ("first", 3.0), ("last", 2.0)]
)
def test_the_summary_has_the_value_that_was_chosen(choice: str, value: float) -> None:
    run = mltrack.init()
    run.define_metric("lo*", summary=choice)
    for each in (3.0, 1.0, 2.0):
        run.log({"loss": each})
    assert run.summary["loss"] == value


def test_best_needs_a_goal_and_none_leaves_out() -> None:
    run = mltrack.init()
    with pytest.raises(errors.ValidationError, match="what is best"):
        run.define_metric("loss", summary="best")
    run.define_metric("loss", summary="best", goal="minimize", step_metric="epoch")
    run.define_metric("noise", summary="none")
    for each in (3.0, 1.0, 2.0):
        run.log({"loss": each, "noise": each})
    assert dict(run.summary) == {"loss": 1.0}
    assert (
        known(run)["tags"]["metric.loss"] == '{"goal": "minimize", "step_metric": "epoch", "summary": "best"}'
    )


def test_what_is_set_in_the_summary_counts_and_changes_no_history() -> None:
    run = mltrack.init()
    run.log({"loss": 3.0})
    run.summary["loss"] = 1.0
    run.summary.best_accuracy = 0.9
    run.summary.update({"note": "good", "test": {"f1": 0.5}})
    assert dict(run.summary) == {"best_accuracy": 0.9, "loss": 1.0, "note": "good", "test/f1": 0.5}
    assert points(run, "loss") == {0: 3.0}
    assert known(run)["metrics"]["best_accuracy"]["last"] == 0.9
    assert run.step == 1


def test_a_goal_becomes_that_of_an_experiment_that_has_none() -> None:
    run = mltrack.init(project="p")
    run.define_metric("loss", summary="best", goal="minimize")
    run.define_metric("accuracy", goal="maximize")
    (experiment,) = run._store.experiments()
    assert experiment["goal"] == ("loss", "min")


def test_a_copy_of_a_summary_is_a_dict() -> None:
    run = mltrack.init()
    run.log({"loss": 0.5, "phase": "warm-up"})
    for made in (copy.copy(run.summary), copy.deepcopy(run.summary), pickle.loads(pickle.dumps(run.summary))):
        assert made == {"loss": 0.5, "phase": "warm-up"}


class Tensor:
    """An array that knows what it was computed from."""

    shape, dtype = (2,), "float32"

    def tolist(self) -> list[float]:
        return [1.0, 2.0]


def test_a_summary_does_not_keep_what_was_logged_in_memory() -> None:
    run = mltrack.init()
    tensor: Any = Tensor()
    run.log({"weights": tensor})
    gone = weakref.ref(tensor)
    del tensor
    gc.collect()
    assert gone() is None
    assert run.summary["weights"].endswith("Tensor")
