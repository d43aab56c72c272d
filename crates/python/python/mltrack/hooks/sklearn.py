"""scikit-learn: what estimators are made of, how long they took, and the scores that anybody asked for.

Invariants: one fit is recorded once, however many estimators fit within it; a search or a cross-validation is recorded by
its results; nothing is computed that the fit or the program did not compute.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from mltrack._guard import quietly
from mltrack._plain import type_name
from mltrack._returned import number_of
from mltrack._run import Run
from mltrack.hooks import _record
from mltrack.hooks._patches import Patches

#: What fits find out by themselves.
FOUND = ("best_score_", "oob_score_", "n_iter_", "loss_", "best_loss_", "inertia_", "lower_bound_", "n_features_in_")
#: Estimators that have a hook of their own, which knows more.
OTHERS = ("xgboost", "lightgbm")
CANDIDATE_COUNT_MAX = 1000


def install(patches: Patches, module: ModuleType) -> None:
    """Patches the estimators of a module; with ``sklearn.base`` those of all modules."""
    base = sys.modules.get("sklearn.base")
    root = getattr(base, "BaseEstimator", None)
    if not isinstance(root, type):
        return
    if module is base or patches.once("estimators of scikit-learn"):
        kinds = list(_below(root, set()))
    else:
        kinds = [kind for kind in list(vars(module).values()) if isinstance(kind, type) and issubclass(kind, root)]
    for kind in kinds:
        _install_kind(patches, kind)
    for name in ("ClassifierMixin", "RegressorMixin", "ClusterMixin"):
        _install_kind(patches, getattr(base, name, root))
    validation = sys.modules.get("sklearn.model_selection._validation")
    if validation is not None:
        patches.function(validation, "cross_validate", _validating)


def _below(kind: type, seen: set[type]) -> Iterator[type]:
    inner: type
    for inner in type.__subclasses__(kind):
        if inner not in seen:
            seen.add(inner)
            yield inner
            yield from _below(inner, seen)


def _install_kind(patches: Patches, kind: type) -> None:
    if kind.__module__.partition(".")[0] in OTHERS:
        return
    # What a class inherits is patched where it is defined; what only pretends to be a method is left alone.
    if isinstance(vars(kind).get("fit"), FunctionType):
        patches.method(kind, "fit", _fitting)
    if isinstance(vars(kind).get("score"), FunctionType):
        patches.method(kind, "score", _scoring)


def _fitting(original: Callable[..., Any]) -> Callable[..., Any]:
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        run = _record.current_run()
        if run is None or type(self).__module__.partition(".")[0] in OTHERS:
            return original(self, *args, **kwargs)
        began = time.perf_counter()
        with _record.scope("search" if hasattr(self, "cv") else "fit"):
            result = original(self, *args, **kwargs)
        quietly(_record_fit, run, self, time.perf_counter() - began)
        return result

    return fit


def _record_fit(run: Run, estimator: Any, seconds: float) -> None:
    kind = type(estimator).__name__
    _record.metrics(run, "sklearn", {"fits": _record.count(run, "fits of scikit-learn") + 1})
    label = _record.label_for(run, f"sklearn/{kind}")
    if label is None:
        return
    _record.tag(run, "mltrack.framework.sklearn", str(getattr(sys.modules.get("sklearn"), "__version__", "")))
    prefix = label.replace("/", ".")
    _record.params(run, prefix, {"type": type_name(estimator), **estimator.get_params(deep=True)})
    found = {name.rstrip("_"): getattr(estimator, name, None) for name in FOUND if name in vars(estimator)}
    numbers = {name: value for name, value in found.items() if number_of(value) is not None}
    _record.metrics(run, label, {"fit_s": seconds, **numbers})
    if isinstance(getattr(estimator, "best_params_", None), dict):
        _record_search(run, label, prefix, estimator)


def _record_search(run: Run, label: str, prefix: str, search: Any) -> None:
    _record.params(run, f"{prefix}.best_params", search.best_params_)
    results = getattr(search, "cv_results_", {})
    for index, score in enumerate(results.get("mean_test_score", ())[:CANDIDATE_COUNT_MAX]):
        _record.metrics(run, label, {"mean_test_score": score}, step=index)


def _scoring(original: Callable[..., Any]) -> Callable[..., Any]:
    def score(self: Any, *args: Any, **kwargs: Any) -> Any:
        run = _record.current_run()
        if run is None:
            return original(self, *args, **kwargs)
        with _record.scope("fit"):
            result = original(self, *args, **kwargs)
        quietly(_record_score, run, f"sklearn/{type(self).__name__}", result)
        return result

    return score


def _record_score(run: Run, label: str, score: Any) -> None:
    _record.metrics(run, label, {"score": score}, step=_record.count(run, f"scores of {label}"))


def _validating(original: Callable[..., Any]) -> Callable[..., Any]:
    def cross_validate(estimator: Any, *args: Any, **kwargs: Any) -> Any:
        run = _record.current_run()
        if run is None:
            return original(estimator, *args, **kwargs)
        with _record.scope("search"):
            result = original(estimator, *args, **kwargs)
        quietly(_record_validation, run, estimator, result)
        return result

    return cross_validate


def _record_validation(run: Run, estimator: Any, result: Any) -> None:
    label = _record.label_for(run, f"sklearn/cross_validate/{type(estimator).__name__}")
    if label is None:
        return
    _record.params(run, label.replace("/", "."), {"type": type_name(estimator), **estimator.get_params(deep=True)})
    for name, values in result.items():
        if name.startswith(("test_", "train_")):
            _record.metrics(run, label, {f"{name}_mean": values.mean(), f"{name}_std": values.std()})
