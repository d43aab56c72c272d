"""Callbacks for Lightning, transformers, keras and PyTorch's profiler: what those call, in every run.

The libraries themselves: ``test_torch_callbacks.py``.
"""

from __future__ import annotations

import gzip
import json
import pickle
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import integration_stand_ins
import mltrack
from mltrack.integrations import _library, torch_profiler

QUIET = {"capture": "off", "system_metrics_ms": 0}


def last(run: Any) -> dict[str, float]:
    """The last value of each metric that the store has of a run."""
    return {name: metric.last for name, metric in mltrack.open().run(run.id).metrics.items()}


class Without(MetaPathFinder):
    """Some libraries are not installed."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname.partition(".")[0] in self._names:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


@pytest.mark.parametrize("name", ["lightning", "transformers", "keras", "optuna"])
def test_a_library_that_is_missing_is_told_with_what_installs_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for known in [known for known in sys.modules if known.partition(".")[0] in (name, f"pytorch_{name}")]:
        monkeypatch.delitem(sys.modules, known)
    monkeypatch.setattr(sys, "meta_path", [Without(name, f"pytorch_{name}"), *sys.meta_path])
    monkeypatch.delitem(sys.modules, f"mltrack.integrations.{name}", raising=False)
    with pytest.raises(ImportError, match=f"pip install {name}") as caught:
        __import__(f"mltrack.integrations.{name}")
    assert isinstance(caught.value, mltrack.Error) and caught.value.code == "UNSUPPORTED"


def test_what_fails_inside_of_a_library_is_not_hidden(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "broken_library.py").write_text("import not_there_at_all\n")
    monkeypatch.syspath_prepend(str(folder))
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all") as caught:
        _library.library("broken", "broken-library", "broken_library")
    assert not isinstance(caught.value, _library.Missing)


def lightning_module(**more: Any) -> Any:
    return SimpleNamespace(hparams={"lr": 0.1, "depth": 3}, training_step=lambda: {"train_loss": 0.5, "epoch": 0}, **more)


def test_lightning_logs_numbers_and_hyperparameters_and_leaves_its_run_open_for_a_test() -> None:
    modules = integration_stand_ins.lightning()
    with integration_stand_ins.integration("lightning", *modules) as lightning:
        logger = lightning.MltrackLogger("digits", "first", settings=QUIET, prefix="a")
        modules[1].Trainer(logger).fit(lightning_module())
        assert logger.experiment.state == "running"
        logger.log_metrics({"test_loss": 0.25}, step=20)
        assert (logger.name, logger.version, logger.save_dir) == ("digits", logger.experiment.id, None)
        logger.experiment.finish()
        known = mltrack.open().run("first")
    assert known.params == {"lr": 0.1, "depth": 3} and known.experiment == "digits"
    assert (known.metrics["a-train_loss"].count, known.metrics["a-train_loss"].step) == (2, 19)
    assert known.metrics["a-test_loss"].last == 0.25


def test_lightning_ends_its_own_run_as_the_training_failed_and_no_other() -> None:
    def fail() -> dict[str, float]:
        raise RuntimeError("diverged")

    modules = integration_stand_ins.lightning()
    broken = SimpleNamespace(hparams={}, training_step=fail)
    with integration_stand_ins.integration("lightning", *modules) as lightning:
        logger = lightning.MltrackLogger(settings=QUIET)
        own = logger.experiment
        with pytest.raises(RuntimeError):
            modules[1].Trainer(logger).fit(broken)
        known = mltrack.open().run(own.id)
        assert (known.state, known.error) == ("failed", "diverged")
        assert logger.experiment is not own
        mine = mltrack.init(settings=QUIET, reinit="create_new")
        given = lightning.MltrackLogger(run=mine)
        with pytest.raises(RuntimeError):
            modules[1].Trainer(given).fit(broken)
        assert mine.state == "running" and given.experiment is mine


def test_lightning_keeps_checkpoints_once_each_with_the_best_one_named(folder: Path) -> None:
    def save(epoch: int) -> None:
        path = folder / f"epoch-{epoch}.ckpt"
        path.write_bytes(bytes([epoch]) * 100)
        checkpoints.best_k_models[str(path)] = 0.1
        checkpoints.best_model_path = checkpoints.last_model_path = str(path)

    checkpoints = SimpleNamespace(best_k_models={}, best_model_path="", last_model_path="", save=save)
    modules = integration_stand_ins.lightning()
    with integration_stand_ins.integration("lightning", *modules) as lightning:
        with mltrack.init(settings=QUIET) as run:
            modules[1].Trainer(lightning.MltrackLogger(log_model="all"), checkpoints, epochs=3).fit(lightning_module())
            assert run.state == "running"
        (model,) = mltrack.open().models()
    assert model["name"] == f"model-{run.name}" and len(model["versions"]) == 3
    assert model["aliases"] == {"best": 3}


def test_lightning_records_in_the_first_process_alone_and_travels_to_others() -> None:
    modules = integration_stand_ins.lightning()
    rank = modules[-1].rank_zero_only
    with integration_stand_ins.integration("lightning", *modules) as lightning:
        logger = lightning.MltrackLogger("digits", settings=QUIET)
        logger.log_metrics({"loss": 1.0}, step=0)
        copy = pickle.loads(pickle.dumps(logger))
        copy.log_metrics({"loss": 0.5}, step=1)
        assert copy.version == logger.version
        rank.rank = 1
        other = lightning.MltrackLogger("digits")
        other.log_metrics({"loss": 9.0}, step=5)
        other.experiment.log({"loss": 9.0})
        assert other.version is None
        assert pickle.loads(pickle.dumps(logger)).version is None
    (run,) = mltrack.open().runs()
    assert (run.metrics["loss"].count, run.metrics["loss"].last) == (2, 0.5)


def arguments(folder: Path) -> Any:
    told = {"learning_rate": 0.1, "seed": 7}
    return SimpleNamespace(output_dir=str(folder), to_sanitized_dict=lambda: told)


def test_transformers_logs_training_and_evaluation_and_checkpoints_when_wanted(folder: Path) -> None:
    for step in (5, 10):
        (folder / f"checkpoint-{step}").mkdir()
        (folder / f"checkpoint-{step}" / "weights.bin").write_bytes(bytes([step]))
    modules = integration_stand_ins.transformers()
    model = SimpleNamespace(config=SimpleNamespace(to_dict=lambda: {"hidden_size": 64, "problem_type": None}))
    with integration_stand_ins.integration("transformers", *modules) as transformers:
        callback = transformers.MltrackCallback(project="texts", log_checkpoints=True, settings=QUIET)
        trainer = modules[0].Trainer(model, arguments(folder), [callback])
        trainer.train()
        trainer.evaluate()
        callback.run.finish()
    known = mltrack.open().run(callback.run.id)
    assert (known.experiment, known.state) == ("texts", "completed")
    assert known.params == {"learning_rate": 0.1, "seed": 7, "model.hidden_size": 64}
    assert (known.metrics["train/loss"].count, known.metrics["train/loss"].step) == (2, 10)
    assert (last(callback.run)["eval/loss"], last(callback.run)["train/train_loss"]) == (0.3, 0.15)
    (versions,) = [model["versions"] for model in mltrack.open().models()]
    assert len(versions) == 2


def test_transformers_gives_each_trial_of_a_search_a_run_and_other_processes_none(folder: Path) -> None:
    modules = integration_stand_ins.transformers()
    with integration_stand_ins.integration("transformers", *modules) as transformers:
        callback = transformers.MltrackCallback(settings=QUIET)
        trainer = modules[0].Trainer(None, arguments(folder), [callback])
        trainer.state.is_hyper_param_search = True
        for number in range(2):
            trainer.state.trial_name = f"run-{number}"
            trainer.train()
        other = modules[0].Trainer(None, arguments(folder), [transformers.MltrackCallback(settings=QUIET)])
        other.state.is_world_process_zero = False
        other.train()
    runs = mltrack.open().runs(order_by="created")
    assert [(run.name, run.state) for run in runs] == [("run-0", "completed"), ("run-1", "running")]


def test_keras_logs_epochs_and_batches_and_evaluations() -> None:
    (keras,) = integration_stand_ins.keras()
    with integration_stand_ins.integration("keras", keras) as integration:
        with mltrack.init(settings=QUIET) as run:
            callback = integration.MltrackCallback(log_every=2)
            keras.Model().fit(epochs=3, callbacks=[callback])
            keras.Model().evaluate(callbacks=[callback])
            assert callback.run is run
        with pytest.raises(mltrack.errors.ValidationError, match="number of batches"):
            integration.MltrackCallback(log_every=0)
    known = mltrack.open().run(run.id)
    assert known.params == {"keras.epochs": 3, "keras.steps": 2, "keras.model": "sequential", "keras.optimizer.name": "adam"}
    counts = {name: metric.count for name, metric in known.metrics.items()}
    assert counts == {"loss": 3, "val_loss": 3, "learning_rate": 3, "batch/loss": 3, "test/loss": 1}
    assert (known.metrics["batch/loss"].step, known.metrics["loss"].step) == (6, 2)


def test_a_fault_of_the_tracker_is_one_warning_and_the_training_goes_on() -> None:
    (keras,) = integration_stand_ins.keras()
    with integration_stand_ins.integration("keras", keras) as integration:
        run = mltrack.init(settings=QUIET)
        callback = integration.MltrackCallback(run)
        with pytest.warns(mltrack.TrackerWarning) as told:
            keras.Model().fit(epochs=1, callbacks=[callback])
            callback.run = SimpleNamespace(log=lambda *_: 1 / 0)
            callback.on_epoch_end(1, {"loss": 1.0})
            callback.on_epoch_end(2, {"loss": 1.0})
    assert len(told) == 1 and "ZeroDivisionError" in str(told[0].message)


class Profiler:
    """What PyTorch's profiler hands to `on_trace_ready`: itself."""

    step_num = 4

    def export_chrome_trace(self, path: str) -> None:
        with gzip.open(path, "wt") as file:
            json.dump({"traceEvents": [{"name": "aten::mm"}]}, file)

    def key_averages(self) -> Any:
        return SimpleNamespace(table=lambda sort_by, row_limit: f"{sort_by} {row_limit}\naten::mm")


def test_traces_of_the_profiler_are_artifacts_beside_what_took_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "2")
    with mltrack.init(settings=QUIET) as run:
        torch_profiler.trace_handler()(Profiler())
        torch_profiler.trace_handler(run, "p", worker="w", row_limit=5)(Profiler())
    found = {artifact.path: artifact for artifact in mltrack.open().artifacts(run.id)}
    assert sorted(found) == ["p/w.4.pt.trace.json.gz", "p/w.4.txt", "profile/rank2.4.pt.trace.json.gz", "profile/rank2.4.txt"]
    assert json.loads(gzip.decompress(found["p/w.4.pt.trace.json.gz"].read()))["traceEvents"][0]["name"] == "aten::mm"
    assert found["p/w.4.txt"].read() == b"self_cpu_time_total 5\naten::mm"
