"""A call of a tracked function is a run, and the function is as it was."""

from __future__ import annotations

import asyncio
import functools
import inspect
import pickle
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import mltrack
from mltrack.tracking import track

from track_support import last_values, only_run, runs, store_folder

__all__ = ["store_folder"]


@track
def fit(lr: float = 1e-3, *, layers: int = 2) -> dict[str, float]:
    """Fits."""
    return {"loss": lr * layers}


def test_a_bare_decorator_records_arguments_with_defaults_and_returned_numbers() -> None:
    assert fit(layers=3) == {"loss": 3e-3}
    run = only_run()
    assert (run["experiment"], run["state"]) == ("fit", "completed")
    assert run["params"] == {"lr": 1e-3, "layers": 3}
    assert last_values(run) == {"loss": 3e-3}
    assert run["tags"]["mltrack.function"] == "fit"


def test_the_function_keeps_its_name_signature_documentation_and_pickle() -> None:
    assert fit.__name__ == "fit" and fit.__doc__ == "Fits."
    assert str(inspect.signature(fit)) == "(lr: 'float' = 0.001, *, layers: 'int' = 2) -> 'dict[str, float]'"
    assert pickle.loads(pickle.dumps(fit)) is fit


def test_options_name_the_run_its_experiment_tags_and_parameters() -> None:
    @track(name="first", experiment="digits", params={"data": "v2"}, tags={"paper": "yes"}, log_returns=False)
    def train(lr: float) -> float:
        return lr

    assert train(0.5) == 0.5
    run = only_run()
    assert (run["name"], run["experiment"], run["metrics"]) == ("first", "digits", {})
    assert run["params"] == {"lr": 0.5, "data": "v2"}
    assert run["tags"]["paper"] == "yes"


def test_parameters_can_be_some_arguments_or_none() -> None:
    @track(params=["lr"])
    def some(lr: float, seed: int = 7) -> None: ...

    @track(params=False, tags=["plain"])
    def none(lr: float) -> None: ...

    some(0.1)
    none(0.1)
    first, second = runs()
    assert (first["params"], second["params"]) == ({"lr": 0.1}, {})
    assert second["tags"]["plain"] == ""


def test_an_exception_ends_the_run_as_failed_and_is_raised_as_it_was() -> None:
    error = ValueError("no data")

    @track
    def broken() -> None:
        raise error

    with pytest.raises(ValueError) as caught:
        broken()
    assert caught.value is error
    assert only_run()["state"] == "failed"
    tail = mltrack.open().tail(start="start", types=["run_ended"], follow=False)
    (said,) = (event.payload["error"] for event in tail)
    assert (said["kind"], said["message"], said["cause"]) == ("ValueError", "no data", None)
    assert "in broken" in said["trace"] and "tracking.py" not in said["trace"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (KeyboardInterrupt(), "cancelled"),
        (asyncio.CancelledError(), "cancelled"),
        (SystemExit(0), "completed"),
        (SystemExit("bad"), "failed"),
    ],
)
def test_what_ends_a_program_ends_the_run_accordingly(error: BaseException, state: str) -> None:
    @track
    def ending() -> None:
        raise error

    with pytest.raises(type(error)):
        ending()
    assert only_run()["state"] == state


def test_a_wrong_call_raises_what_it_raised_before() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'depth'"):
        fit(depth=3)  # type: ignore[call-arg]
    assert only_run()["state"] == "failed"


def test_nested_calls_are_child_runs_named_after_their_functions() -> None:
    @track
    def fold(index: int) -> float:
        return index / 10

    @track
    def search() -> None:
        for index in range(2):
            fold(index)

    search()
    fold(9)
    parent, first, second, alone = runs()
    assert parent["parent"] is None and alone["parent"] is None
    assert [first["parent"], second["parent"]] == [parent["id"]] * 2
    assert (first["name"], first["experiment"], alone["experiment"]) == ("fold", "search", "fold")
    assert last_values(second) == {"result": 0.1}


def test_what_the_function_logs_goes_to_its_run() -> None:
    @track
    def train() -> None:
        for step in range(3):
            mltrack.log({"loss": 1 / (step + 1)})
        mltrack.config["late"] = True
        assert mltrack.run is not None and mltrack.run.project == "train"

    train()
    run = only_run()
    assert (run["metrics"]["loss"]["count"], run["params"]["late"]) == (3, True)
    assert mltrack.run is None


def test_runs_that_are_begun_and_runs_of_calls_nest_in_each_other() -> None:
    @track
    def outer() -> None:
        with mltrack.init(name="inside"):
            fit()

    with mltrack.init(name="around"):
        outer()
    around, call, inside, innermost = runs()
    assert [run["parent"] for run in (call, inside, innermost)] == [around["id"], call["id"], inside["id"]]
    assert {run["state"] for run in runs()} == {"completed"}


def test_what_a_call_begins_and_forgets_ends_with_it() -> None:
    @track
    def train(lr: float) -> None:
        mltrack.init(name="forgotten")
        mltrack.log({"lr": lr})
        if lr > 0.5:
            raise ValueError("too fast")

    train(0.1)
    with pytest.raises(ValueError, match="too fast"):
        train(0.9)
    first, inside, second, inside_second = runs()
    assert [run["state"] for run in (first, inside)] == ["completed", "completed"]
    assert [run["state"] for run in (second, inside_second)] == ["failed", "failed"]
    assert (second["parent"], inside_second["parent"]) == (None, second["id"])
    assert mltrack.run is None


def test_a_run_that_the_function_ends_itself_stays_as_it_ended_it() -> None:
    @track
    def train() -> float:
        assert mltrack.run is not None
        mltrack.run.cancel("no data today")
        return 0.5

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert train() == 0.5
    assert only_run()["state"] == "cancelled"


def test_the_environment_names_the_experiment_and_the_run_around_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLTRACK_PROJECT", "digits")
    with mltrack.init() as around:
        pass
    monkeypatch.setenv("MLTRACK_RUN", around.id)
    fit()
    assert runs()[-1]["experiment"] == "digits"
    assert runs()[-1]["parent"] == around.id
    monkeypatch.setenv("MLTRACK_RUN", "0" * 32)
    fit()
    assert runs()[-1]["parent"] is None


def test_nothing_is_recorded_when_recording_is_off(monkeypatch: pytest.MonkeyPatch, store_folder: Path) -> None:
    monkeypatch.setenv("MLTRACK_MODE", "disabled")
    assert fit(layers=1) == {"loss": 1e-3}
    assert not store_folder.exists()


class Trainer:
    """Has a method of each kind."""

    def __init__(self, lr: float) -> None:
        self.lr = lr

    @track
    def fit(self, epochs: int = 3) -> float:
        return self.lr * epochs

    @track
    def unusual(me, epochs: int) -> int:  # noqa: N805
        return epochs

    @classmethod
    @track
    def inner_class_method(cls, lr: float) -> str:
        return cls.__name__

    @track
    @classmethod
    def outer_class_method(cls, lr: float) -> str:
        return cls.__name__

    @staticmethod
    @track
    def inner_static(lr: float) -> float:
        return lr

    @track
    @staticmethod
    def outer_static(lr: float) -> float:
        return lr


def test_methods_of_every_kind_leave_out_what_they_are_called_on() -> None:
    trainer = Trainer(0.5)
    assert trainer.fit() == 1.5
    assert trainer.unusual(2) == 2
    assert trainer.inner_class_method(0.1) == Trainer.outer_class_method(0.2) == "Trainer"
    assert trainer.inner_static(0.3) == 0.3 and Trainer.outer_static(0.4) == 0.4
    assert [run["params"] for run in runs()] == [
        {"epochs": 3},
        {"epochs": 2},
        {"lr": 0.1},
        {"lr": 0.2},
        {"lr": 0.3},
        {"lr": 0.4},
    ]
    assert runs()[0]["experiment"] == "Trainer.fit"


def test_what_is_no_function_is_refused_with_the_way_to_do_it() -> None:
    with pytest.raises(TypeError, match="decorate the method that does the work"):
        track(Trainer)
    with pytest.raises(TypeError, match=r"@track\(name=...\)"):
        track("digits")  # type: ignore[call-overload]


def test_partial_functions_and_callable_objects_are_tracked() -> None:
    def power(base: float, exponent: float) -> float:
        return float(base**exponent)

    assert track(functools.partial(power, exponent=2))(3) == 9
    assert only_run()["params"] == {"base": 3, "exponent": 2}
    assert only_run()["experiment"] == "power"


class Scores(NamedTuple):
    precision: float
    recall: float


@dataclass
class Report:
    scores: Scores
    note: str


class Model:
    def fit(self) -> None: ...

    def predict(self) -> None: ...


@pytest.mark.parametrize(
    ("result", "metrics"),
    [
        (3, {"result": 3}),
        ({"a": 1, "b": {"c": 2.5}, "d": "text"}, {"a": 1, "b/c": 2.5}),
        (Scores(0.5, 0.25), {"precision": 0.5, "recall": 0.25}),
        (Report(Scores(1.0, 0.0), "n"), {"scores/precision": 1.0, "scores/recall": 0.0}),
        ((Model(), 0.5), {"result/1": 0.5}),
        ((Model(), {"loss": 0.5}), {"loss": 0.5}),
        ([{"loss": 1.0}, {"loss": 2.0}], {"result/0/loss": 1.0, "result/1/loss": 2.0}),
        ("0.5", {}),
        (None, {}),
    ],
)
def test_numbers_in_a_result_are_metrics_by_their_names(result: Any, metrics: dict[str, float]) -> None:
    @track
    def give() -> Any:
        return result

    assert give() is result
    run = only_run()
    assert last_values(run) == metrics
    has_model = isinstance(result, tuple) and isinstance(result[0], Model)
    assert run["tags"].get("mltrack.returned", "").endswith("Model") is has_model
