"""A study of Optuna: the study is a run, each of its trials a child, and what the objective logs belongs to its trial.

Run it with ``python optuna_study.py``; it needs Optuna, and takes a few seconds.  Two threads work on it; any number of
processes may, if the study has a storage that they share.
"""

from __future__ import annotations

import optuna

import mltrack
from mltrack.integrations.optuna import MltrackCallback

callback = MltrackCallback("loss", project="valley")


@callback.track
def objective(trial: optuna.Trial) -> float:
    """How low gradient descent gets in a valley."""
    rate = trial.suggest_float("rate", 1e-3, 0.4, log=True)
    momentum = trial.suggest_float("momentum", 0.0, 0.95)
    x, y, speed_x, speed_y = 3.0, 2.0, 0.0, 0.0
    loss = 0.0
    for step in range(60):
        speed_x, speed_y = momentum * speed_x - rate * x, momentum * speed_y - rate * 4 * y
        x, y = x + speed_x, y + speed_y
        loss = x * x / 2 + 2 * y * y
        mltrack.log({"loss": loss}, step=step)
        trial.report(loss, step)
        if trial.should_prune():
            raise optuna.TrialPruned(f"pruned at step {step}")
    return loss


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler, pruner = optuna.samplers.TPESampler(seed=1), optuna.pruners.MedianPruner(n_startup_trials=4)
    study = optuna.create_study(study_name="valley", sampler=sampler, pruner=pruner)
    study.optimize(objective, n_trials=16, n_jobs=2, callbacks=[callback])
    trials = mltrack.open().runs("valley", "tags.`optuna.study` = 'valley'")
    print(f"{len(trials)} trials, {sum(trial.state == 'cancelled' for trial in trials)} of them pruned")
    print(f"best loss {study.best_value:.2g} with {study.best_params}")


if __name__ == "__main__":
    main()
