"""Frameworks are noticed while something is tracked, and are exactly as before afterwards."""

from __future__ import annotations

import concurrent.futures
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import mltrack
from mltrack.hooks import _State, autolog, patch_frameworks, restore_frameworks
from mltrack.hooks._patches import Patches
from mltrack.tracking import track

from track_support import environment, last_values, only_run, runs, store_folder

__all__ = ["store_folder"]


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Patches that a test leaves behind fail it."""
    yield
    assert _State.wanted_count == 0
    assert not any(type(finder).__name__ == "ImportWatch" for finder in sys.meta_path)


class Base:
    def inherited(self) -> str:
        return "base"


class Derived(Base):
    @classmethod
    def make(cls) -> str:
        return "made"

    def own(self) -> str:
        return "own"


def shouting(original: Any) -> Any:
    return lambda *args, **kwargs: original(*args, **kwargs).upper()


def test_a_patch_is_undone_to_the_very_object() -> None:
    patches, before = Patches(), dict(vars(Derived))
    for _ in range(2):
        patches.method(Derived, "own", shouting)
        patches.method(Derived, "inherited", shouting)
    assert (Derived().own(), Derived().inherited(), Base().inherited()) == ("OWN", "BASE", "base")
    patches.undo()
    assert dict(vars(Derived)) == before


def test_what_somebody_else_has_patched_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    patches = Patches()
    patches.method(Derived, "own", shouting)
    theirs = Derived.own
    monkeypatch.setattr(Derived, "own", lambda self: f"{theirs(self)}!")
    patches.undo()
    assert Derived().own() == "OWN!"


def test_patches_are_there_while_anything_is_tracked_and_only_then() -> None:
    original = threading.Thread.start

    @track
    def outer() -> bool:
        inner()
        return threading.Thread.start is original

    @track
    def inner() -> None: ...

    assert outer() is False
    assert threading.Thread.start is original


def test_tracked_calls_of_many_threads_leave_everything_as_it_was() -> None:
    original = threading.Thread.start

    @track
    def work() -> None: ...

    threads = [threading.Thread(target=lambda: [work() for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert threading.Thread.start is original
    assert len(runs()) == 20


def test_threads_and_pools_of_a_tracked_function_belong_to_its_run() -> None:
    @track
    def part(index: int) -> None: ...

    @track
    def whole() -> None:
        thread = threading.Thread(target=part, args=[0])
        thread.start()
        thread.join()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(part, [1, 2]))

    whole()
    parent, *parts = runs()
    assert [run["parent"] for run in parts] == [parent["id"]] * 3


def test_autolog_patches_until_it_is_switched_off() -> None:
    original = threading.Thread.start
    mltrack.autolog()
    autolog()
    assert threading.Thread.start is not original
    autolog(False)
    assert threading.Thread.start is original


def test_nothing_is_imported_and_a_late_import_is_noticed() -> None:
    code = """
import sys
from mltrack import track
@track
def train():
    assert not {"sklearn", "xgboost", "torch", "numpy"} & set(sys.modules)
    import colorsys, concurrent.futures.thread as late
    assert late.ThreadPoolExecutor.submit.__module__ == "concurrent.futures.thread"
    assert hasattr(late.ThreadPoolExecutor.submit, "__wrapped__")
    assert type(late.__spec__.loader) is type(late.__loader__) is type(colorsys.__loader__)
train()
import concurrent.futures.thread as late
assert not hasattr(late.ThreadPoolExecutor.submit, "__wrapped__")
"""
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True, timeout=120)
    assert only_run()["state"] == "completed"


# scikit-learn


def classes_of_sklearn() -> dict[tuple[str, str], object]:
    base = sys.modules["sklearn.base"]
    from mltrack.hooks.sklearn import _below

    kinds = list(_below(base.BaseEstimator, set()))
    return {(f"{kind.__module__}.{kind.__qualname__}", name): vars(kind)[name]
            for kind in kinds for name in ("fit", "score") if name in vars(kind)}


def data_of(row_count: int = 60) -> tuple[Any, Any]:
    numpy = pytest.importorskip("numpy")
    generator = numpy.random.default_rng(7)
    X = generator.normal(size=(row_count, 4))
    return X, (X[:, 0] + X[:, 1] > 0).astype(int)


def test_an_estimator_is_recorded_with_its_parameters_time_and_score() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    X, y = data_of()

    @track
    def train(C: float) -> Any:
        model = linear.LogisticRegression(C=C).fit(X, y)
        model.score(X, y)
        return model

    before = classes_of_sklearn()
    assert train(0.5).predict(X).shape == (60,)
    assert classes_of_sklearn() == before
    run = only_run()
    assert run["params"]["sklearn.LogisticRegression.C"] == 0.5
    values = last_values(run)
    assert values["sklearn/LogisticRegression/score"] > 0.8
    assert values["sklearn/LogisticRegression/fit_s"] > 0
    assert values["sklearn/fits"] == 1
    assert run["tags"]["mltrack.returned"].endswith("LogisticRegression")
    assert f"sklearn {sys.modules['sklearn'].__version__}" in run["tags"]["mltrack.frameworks"].split(", ")


def test_a_pipeline_in_a_search_is_one_fit() -> None:
    pytest.importorskip("sklearn")
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = data_of()

    @track
    def search() -> None:
        grid = GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [0.1, 1.0]})
        grid.fit(X, y)

    search()
    run = only_run()
    assert last_values(run)["sklearn/fits"] == 1
    assert run["metrics"]["sklearn/GridSearchCV/mean_test_score"]["count"] == 2
    assert run["params"]["sklearn.GridSearchCV.best_params.logisticregression__C"] in (0.1, 1.0)
    assert not [name for name in run["metrics"] if "StandardScaler" in name or "LogisticRegression" in name]


def test_a_cross_validation_is_recorded_by_its_scores_also_from_a_name_imported_before() -> None:
    pytest.importorskip("sklearn")
    from sklearn.model_selection import cross_val_score, cross_validate
    from sklearn.tree import DecisionTreeClassifier

    X, y = data_of()

    @track
    def validate() -> float:
        return float(cross_val_score(DecisionTreeClassifier(max_depth=2), X, y, cv=3).mean())

    mean = validate()
    run = only_run()
    assert last_values(run)["sklearn/cross_validate/DecisionTreeClassifier/test_score_mean"] == pytest.approx(mean)
    assert "sklearn/fits" not in run["metrics"]
    assert sys.modules["sklearn.model_selection"].cross_validate is cross_validate


def test_sklearn_imported_inside_of_the_function_is_noticed() -> None:
    pytest.importorskip("sklearn")
    code = """
import sys
from mltrack import track
@track
def train():
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import cross_val_score
    X, y = [[0], [1], [2], [3]] * 5, [0, 0, 1, 1] * 5
    cross_val_score(RandomForestClassifier(n_estimators=2), X, y, cv=2)
    return RandomForestClassifier(n_estimators=3).fit(X, y)
train()
import mltrack
ours = mltrack.__path__[0]
from sklearn.base import BaseEstimator
from mltrack.hooks.sklearn import _below
import sklearn.model_selection as selection
for kind in _below(BaseEstimator, set()):
    for name in ("fit", "score"):
        function = vars(kind).get(name)
        assert not getattr(getattr(function, "__code__", None), "co_filename", "").startswith(ours), kind
for function in (selection.cross_validate, selection._validation.cross_validate):
    assert not function.__code__.co_filename.startswith(ours)
"""
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True, timeout=300)
    run = only_run()
    assert run["params"]["sklearn.RandomForestClassifier.n_estimators"] == 3
    assert last_values(run)["sklearn/fits"] == 1
    assert "sklearn/cross_validate/RandomForestClassifier/test_score_mean" in run["metrics"]


def test_autolog_records_into_a_run_that_was_begun_by_hand() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    autolog()
    try:
        with mltrack.init():
            linear.LinearRegression().fit(*data_of())
        linear.LinearRegression().fit(*data_of())
    finally:
        autolog(False)
    run = only_run()
    assert run["params"]["sklearn.LinearRegression.fit_intercept"] is True
    assert last_values(run)["sklearn/fits"] == 1


# xgboost and lightgbm


def test_xgboost_records_parameters_rounds_and_the_best_one() -> None:
    xgboost = pytest.importorskip("xgboost")
    from xgboost import train as train_by_name

    X, y = data_of(200)
    before = dict(vars(xgboost.callback.CallbackContainer)), vars(xgboost.Booster)["__init__"]

    @track
    def train(eta: float) -> Any:
        data = xgboost.DMatrix(X[:150], y[:150])
        held_out = xgboost.DMatrix(X[150:], y[150:])
        told = {"eta": eta, "objective": "binary:logistic", "eval_metric": "logloss"}
        return train_by_name(told, data, 10, evals=[(held_out, "test")], early_stopping_rounds=5, verbose_eval=False)

    model = train(0.3)
    assert (dict(vars(xgboost.callback.CallbackContainer)), vars(xgboost.Booster)["__init__"]) == before
    run = only_run()
    assert (run["params"]["xgboost.eta"], run["params"]["xgboost.objective"]) == (0.3, "binary:logistic")
    rounds = model.num_boosted_rounds()
    assert run["metrics"]["xgboost/test/logloss"]["count"] == rounds
    assert last_values(run)["xgboost/rounds"] == rounds
    assert last_values(run)["xgboost/best_iteration"] == model.best_iteration


def test_xgboost_in_the_shape_of_scikit_learn_and_in_a_cross_validation() -> None:
    xgboost = pytest.importorskip("xgboost")
    X, y = data_of()

    @track
    def train() -> None:
        xgboost.XGBClassifier(n_estimators=4, max_depth=2).fit(X, y, eval_set=[(X, y)], verbose=False)
        xgboost.cv({"objective": "binary:logistic"}, xgboost.DMatrix(X, y), num_boost_round=3, nfold=2)

    train()
    run = only_run()
    assert run["params"]["xgboost.max_depth"] == 2
    assert run["metrics"]["xgboost/validation_0/logloss"]["count"] == 4
    assert run["metrics"]["xgboost-2/test/logloss_std"]["count"] == 3


@pytest.mark.filterwarnings("ignore:The argument .eval_set. is deprecated")
def test_lightgbm_records_parameters_rounds_and_the_best_one() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    from lightgbm import train as train_by_name

    X, y = data_of(200)

    @track
    def train(rate: float) -> Any:
        data = lightgbm.Dataset(X[:150], y[:150])
        held_out = data.create_valid(X[150:], y[150:])
        told = {"objective": "binary", "learning_rate": rate, "verbose": -1}
        callbacks = [lightgbm.early_stopping(2, verbose=False)]
        model = lightgbm.train(told, data, 8, valid_sets=[held_out], callbacks=callbacks)
        assert len(callbacks) == 1
        lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(X[:150], y[:150], eval_set=[(X[150:], y[150:])])
        lightgbm.cv(told, lightgbm.Dataset(X, y), 3, nfold=2)
        return model

    model = train(0.2)
    assert lightgbm.train is lightgbm.engine.train is lightgbm.sklearn.train is train_by_name
    run = only_run()
    assert (run["params"]["lightgbm.learning_rate"], run["params"]["lightgbm.num_boost_round"]) == (0.2, 8)
    assert run["metrics"]["lightgbm/valid_0/binary_logloss"]["count"] == model.current_iteration()
    assert last_values(run)["lightgbm/best_iteration"] == model.best_iteration
    assert run["metrics"]["lightgbm-2/valid_0/binary_logloss"]["count"] == 3
    # Encoders of labels inside of the estimators are part of them.
    assert not [name for name in run["metrics"] if name.startswith("sklearn/")]
    assert run["metrics"]["lightgbm-3/valid/binary_logloss_std"]["count"] == 3


def test_lightgbm_imported_inside_of_the_function_is_noticed() -> None:
    pytest.importorskip("lightgbm")
    code = """
from mltrack import track
@track
def train():
    import lightgbm
    return lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit([[0], [1], [2], [3]] * 10, [0, 0, 1, 1] * 10)
train()
import lightgbm, mltrack
for function in (lightgbm.train, lightgbm.engine.train, lightgbm.sklearn.train, lightgbm.LGBMClassifier.fit):
    assert not function.__code__.co_filename.startswith(mltrack.__path__[0])
"""
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True, timeout=300)
    run = only_run()
    assert last_values(run)["lightgbm/rounds"] == 2
    assert not [name for name in run["metrics"] if name.startswith("sklearn/")]


def test_what_is_fitted_outside_of_a_run_is_not_recorded(store_folder: Any) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    patch_frameworks()
    try:
        linear.LinearRegression().fit(*data_of())
    finally:
        restore_frameworks()
    assert not store_folder.exists()
