"""A small network in plain NumPy: loss and accuracy of every epoch, weights as distributions, the model as an artifact.

Run it with ``python numpy_mlp.py``; it needs NumPy, and takes a second.  Then, in the same folder:

    mltrack run show @last
    mltrack metrics @last loss --plot
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy

import mltrack

Array = numpy.ndarray[Any, numpy.dtype[numpy.float64]]

CONFIG = {"hidden": 16, "learning_rate": 0.5, "epochs": 300, "seed": 7}


def two_moons(random: numpy.random.Generator, count: int) -> tuple[Array, Array]:
    """Points on two half circles that reach into each other, and on which one each is."""
    angle = random.uniform(0, numpy.pi, count)
    side = random.integers(0, 2, count).astype(float)
    x = numpy.where(side > 0, 1 - numpy.cos(angle), numpy.cos(angle))
    y = numpy.where(side > 0, 0.5 - numpy.sin(angle), numpy.sin(angle))
    return numpy.stack([x, y], axis=1) + random.normal(0, 0.1, (count, 2)), side[:, None]


class Network:
    """Two layers, and what one step of gradient descent does to them."""

    def __init__(self, random: numpy.random.Generator, hidden: int) -> None:
        self.first: Array = random.normal(0, 1, (2, hidden))
        self.first_bias: Array = numpy.zeros(hidden)
        self.second: Array = random.normal(0, 0.1, (hidden, 1))
        self.second_bias: Array = numpy.zeros(1)

    def probabilities(self, rows: Array) -> tuple[Array, Array]:
        """What the hidden layer says, and the probability of the second half circle."""
        inner = numpy.tanh(rows @ self.first + self.first_bias)
        return inner, 1 / (1 + numpy.exp(-(inner @ self.second + self.second_bias)))

    def learn(self, rows: Array, sides: Array, rate: float) -> dict[str, float]:
        """One step, and how good the network was before it."""
        inner, said = self.probabilities(rows)
        wrong = (said - sides) / len(rows)
        back = (wrong @ self.second.T) * (1 - inner**2)
        self.second -= rate * inner.T @ wrong
        self.second_bias -= rate * wrong.sum(axis=0)
        self.first -= rate * rows.T @ back
        self.first_bias -= rate * back.sum(axis=0)
        loss = -numpy.mean(sides * numpy.log(said + 1e-12) + (1 - sides) * numpy.log(1 - said + 1e-12))
        return {"loss": float(loss), "accuracy": float(numpy.mean((said > 0.5) == (sides > 0.5)))}


def main() -> None:
    with mltrack.init(project="moons", config=CONFIG) as run:
        random = numpy.random.default_rng(run.config.seed)
        rows, sides = two_moons(random, 400)
        network = Network(random, run.config.hidden)
        for epoch in range(run.config.epochs):
            run.log(network.learn(rows, sides, run.config.learning_rate), step=epoch)
            if epoch % 100 == 0:
                run.log({"weights/first": mltrack.Histogram(network.first)}, step=epoch)
        with TemporaryDirectory() as folder:
            path = Path(folder, "network.npz")
            numpy.savez(path, first=network.first, second=network.second)
            run.log_artifact(path, type="model")
        print(f"accuracy {run.summary['accuracy']:.3f} after {run.config.epochs} epochs: run {run.path}")


if __name__ == "__main__":
    main()
