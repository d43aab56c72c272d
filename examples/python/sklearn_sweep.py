"""A sweep over models of scikit-learn in 4 processes: each trial is a run of its own, in one folder, with no server.

Run it with ``python sklearn_sweep.py``; it needs scikit-learn, and takes a few seconds.  Then, in the same folder:

    mltrack runs digits-sweep --sort -accuracy

Every process writes the store by itself.  A trial that fails, or whose process is killed, is a run that says so, and
costs no other one a point.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from typing import Any

from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

import mltrack

EPOCHS = 5
PROCESSES = 4
EXPERIMENT = "digits-sweep"


def train(config: dict[str, Any]) -> None:
    """One trial: a linear classifier of digits, that learns epoch by epoch."""
    rows, classes = load_digits(return_X_y=True)
    known, unknown, known_classes, unknown_classes = train_test_split(rows / 16, classes, random_state=0)
    with mltrack.init(project=EXPERIMENT, group="sweep", config=config) as run:
        model: Any = SGDClassifier(alpha=config["alpha"], loss=config["loss"], random_state=0)
        for epoch in range(EPOCHS):
            model.partial_fit(known, known_classes, classes=range(10))
            accuracies = {"train/accuracy": model.score(known, known_classes)}
            run.log(accuracies | {"accuracy": model.score(unknown, unknown_classes)}, step=epoch)


def main() -> None:
    trials = [{"alpha": alpha, "loss": loss} for alpha, loss in product((1e-5, 1e-4, 1e-3, 1e-2), ("hinge", "log_loss"))]
    # Fresh processes, as on every system; `fork` would do as well.
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        list(pool.map(train, trials))
    best = mltrack.open().runs(EXPERIMENT, order_by="-accuracy", limit=3)
    for run in best:
        print(f"{run.metrics['accuracy'].last:.3f}  {run.params['loss']:8}  alpha {run.params['alpha']:g}  {run.name}")


if __name__ == "__main__":
    main()
