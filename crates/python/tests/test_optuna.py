"""Optuna itself: trials as runs and as points, in one thread, in several, in several processes."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mltrack
from programs import environment

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.WARNING)

QUIET = {"capture": "off", "system_metrics_ms": 0}


def callback(*names: str, **options: Any) -> Any:
    from mltrack.integrations.optuna import MltrackCallback

    return MltrackCallback(names or "value", settings=QUIET, **options)


def parabola(trial: Any) -> float:
    return float(trial.suggest_float("x", -1.0, 1.0) ** 2)


def test_trials_are_child_runs_of_the_run_of_the_study() -> None:
    told = callback("loss", project="sweep")
    study = optuna.create_study(study_name="parabola")
    study.optimize(parabola, n_trials=4, callbacks=[told])
    store = mltrack.open()
    parent = store.run(told.run.id)
    children = [
        run for run in store.runs("sweep", order_by="created") if run.parent == parent.id
    ]
    assert [child.name for child in children] == ["trial-0", "trial-1", "trial-2", "trial-3"]
    assert [child.params["x"] for child in children] == [trial.params["x"] for trial in study.trials]
    assert [child.metrics["loss"].last for child in children] == [trial.value for trial in study.trials]
    assert {child.state for child in children} == {"completed"}
    assert parent.params["study"] == "parabola" and parent.params["sampler"] == "TPESampler"
    assert parent.history("loss").values.tolist() == [trial.value for trial in study.trials]
    assert parent.metrics["best/loss"].last == study.best_value == told.run.summary["loss"]
    assert parent.tags["optuna.best_trial"] == str(study.best_trial.number)


def test_pruned_and_failed_trials_are_told_from_complete_ones() -> None:
    def objective(trial: Any) -> float:
        trial.suggest_int("n", 1, 3)
        for step in range(3):
            trial.report(1.0 - step / 10, step)
        if trial.number == 1:
            raise optuna.TrialPruned("no hope")
        if trial.number == 2:
            raise ValueError("bad luck")
        return 0.5

    told = callback()
    optuna.create_study().optimize(objective, n_trials=3, callbacks=[told], catch=(ValueError,))
    runs = {run.name: run for run in mltrack.open().runs()}
    assert [runs[f"trial-{number}"].state for number in range(3)] == ["completed", "cancelled", "failed"]
    assert runs["trial-1"].tags["optuna.pruned"] == "" and "value" not in runs["trial-1"].metrics
    assert runs["trial-0"].history("intermediate").values.tolist() == [1.0, 0.9, 0.8]
    assert mltrack.open().run(told.run.id).metrics["value"].count == 1


def test_what_a_tracked_objective_logs_belongs_to_its_trial_in_every_thread() -> None:
    told = callback("loss")

    @told.track  # type: ignore[untyped-decorator, unused-ignore]
    def objective(trial: Any) -> float:
        trial.set_user_attr("note", f"n{trial.number}")
        for step in range(5):
            mltrack.log({"error": trial.number + step / 10}, step=step)
        if trial.number == 3:
            raise optuna.TrialPruned()
        return parabola(trial)

    study = optuna.create_study()
    study.optimize(objective, n_trials=8, n_jobs=4, callbacks=[told])
    runs = {run.name: run for run in mltrack.open().runs()}
    assert len(runs) == 9
    for trial in study.trials:
        run = runs[f"trial-{trial.number}"]
        assert run.history("error").values.tolist() == [trial.number + step / 10 for step in range(5)]
        assert (run.params["x"] if trial.number != 3 else None) == trial.params.get("x")
        assert run.params["attrs.note"] == f"n{trial.number}" and run.parent == told.run.id
        assert run.state == ("cancelled" if trial.number == 3 else "completed")
    assert mltrack.open().run(told.run.id).metrics["loss"].count == 7


def test_a_tracked_objective_that_fails_ends_its_run_though_optuna_calls_nobody() -> None:
    told = callback()

    @told.track  # type: ignore[untyped-decorator, unused-ignore]
    def objective(trial: Any) -> float:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        optuna.create_study().optimize(objective, n_trials=1, callbacks=[told])
    (trial,) = [run for run in mltrack.open().runs() if run.parent]
    assert (trial.state, trial.error) == ("failed", "out of memory")


def test_trials_as_points_of_a_run_that_the_program_began() -> None:
    with mltrack.init(project="sweep", settings=QUIET) as run:
        from mltrack.integrations.optuna import MltrackCallback

        told = MltrackCallback(["loss", "size"], trials="points")
        study = optuna.create_study(directions=["minimize", "maximize"])
        study.optimize(lambda trial: (parabola(trial), trial.suggest_int("n", 1, 9)), n_trials=5, callbacks=[told])
        assert told.run is run
    (known,) = mltrack.open().runs()
    assert known.history("size").values.tolist() == [trial.values[1] for trial in study.trials]
    assert known.history("params/n").values.tolist() == [trial.params["n"] for trial in study.trials]
    assert [each["value"]["text"] for each in mltrack.open().values(run.id, "state")] == ["complete"] * 5
    assert known.state == "completed"


def test_options_that_cannot_be_are_refused_before_the_study_begins() -> None:
    with pytest.raises(mltrack.errors.ValidationError, match="points"):
        callback(trials="dots")


def test_a_callback_travels_to_another_process_with_the_run_it_was_given() -> None:
    from mltrack.integrations.optuna import MltrackCallback

    with mltrack.init(settings=QUIET) as run:
        copy = pickle.loads(pickle.dumps(MltrackCallback("loss", run=run, trials="points")))
        optuna.create_study().optimize(parabola, n_trials=2, callbacks=[copy])
        assert copy.run.id == run.id
    assert mltrack.open().run(run.id).metrics["loss"].count == 2


WORKER = """\
import sys
import optuna
from mltrack.integrations.optuna import MltrackCallback

optuna.logging.set_verbosity(optuna.logging.WARNING)
callback = MltrackCallback("loss", settings={"capture": "off", "system_metrics_ms": 0})

@callback.track
def objective(trial):
    return trial.suggest_float("x", -1, 1) ** 2

storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend("study.log"))
study = optuna.load_study(study_name="shared", storage=storage, sampler=optuna.samplers.RandomSampler())
print("ready", flush=True)
sys.stdin.readline()
study.optimize(objective, n_trials=5, callbacks=[callback])
"""


def test_processes_of_a_study_share_one_run(folder: Path) -> None:
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend("study.log"))
    study = optuna.create_study(study_name="shared", storage=storage)
    mltrack.init(settings=QUIET, name="other").finish()
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", WORKER]
    workers: list[Any] = [subprocess.Popen(command, cwd=folder, env=environment(), text=True, **pipes) for _ in range(3)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n", worker.stderr.read()
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0 and "Warning" not in errors, errors
    runs = mltrack.open().runs()
    (parent,) = [run for run in runs if run.name == "shared"]
    children = [run for run in runs if run.parent == parent.id]
    assert sorted(run.name for run in children) == sorted(f"trial-{number}" for number in range(15))
    assert parent.metrics["loss"].count == 15
    assert parent.state == "completed", parent
    assert {run.state for run in children} == {"completed"}
    assert sorted(parent.history("loss").values.tolist()) == sorted(trial.value for trial in study.trials)


def test_a_study_over_models_of_scikit_learn_and_xgboost() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    xgboost = pytest.importorskip("xgboost")
    rows, classes = datasets.load_iris(return_X_y=True)

    def objective(trial: Any) -> float:
        if trial.suggest_categorical("model", ["linear", "trees"]) == "linear":
            model = LogisticRegression(C=trial.suggest_float("C", 0.1, 10, log=True), max_iter=500)
        else:
            model = xgboost.XGBClassifier(n_estimators=4, max_depth=trial.suggest_int("max_depth", 1, 3), n_jobs=1)
        return float(cross_val_score(model, rows, classes, cv=3).mean())

    told = callback("accuracy")
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=3))
    study.optimize(objective, n_trials=5, callbacks=[told])
    best = mltrack.open().runs(filter="metrics.accuracy > 0.5 and params.model != ''", order_by="-accuracy", limit=1)[0]
    assert best.metrics["accuracy"].last == study.best_value
    assert best.params in [trial.params for trial in study.trials if trial.value == study.best_value]
