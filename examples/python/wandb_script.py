"""A script for Weights & Biases in which one line is another one: ``import mltrack as wandb``.

Run it with ``python wandb_script.py``; it needs nothing else, takes a second, and talks to nobody.  What is the same under
each name, and what is not, is told in docs/wandb.md.
"""

from __future__ import annotations

import random

import mltrack as wandb


def main() -> None:
    wandb.login()
    run = wandb.init(
        project="first-project",
        config={"learning_rate": 0.02, "architecture": "CNN", "dataset": "CIFAR-100", "epochs": 10},
        tags=["baseline"],
    )
    run.define_metric("acc", summary="max")
    random.seed(1)
    offset = random.random() / 5
    for epoch in range(2, wandb.config.epochs):
        acc = 1 - 2**-epoch - random.random() / epoch - offset
        loss = 2**-epoch + random.random() / epoch + offset
        wandb.log({"acc": acc, "loss": loss})
    table = wandb.Table(columns=["epoch", "note"], data=[[0, "warm-up"], [9, "done"]])
    wandb.log({"notes": table})
    print(f"best accuracy {wandb.summary['acc']:.3f}")
    wandb.finish()


if __name__ == "__main__":
    main()
