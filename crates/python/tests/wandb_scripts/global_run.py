"""The older way: everything by functions of the module, hyperparameters from the command line."""

import argparse

import mltrack as wandb

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.01)
parser.add_argument("--epochs", type=int, default=3)
args = parser.parse_args([])

wandb.init(project="mnist", entity="my-team", config=args, tags=["baseline"], notes="first try", job_type="train")
wandb.config.update({"batch_size": 64})
wandb.run.name = "lr-" + str(wandb.config.lr)

wandb.define_metric("epoch")
wandb.define_metric("val/*", step_metric="epoch")
wandb.define_metric("val/acc", summary="max")
for epoch in range(wandb.config.epochs):
    for batch in range(4):
        wandb.log({"train/loss": 1.0 / (1 + epoch * 4 + batch)})
    wandb.log({"epoch": epoch, "val/acc": [0.5, 0.9, 0.7][epoch]})

wandb.run.summary["best_epoch"] = 1
wandb.summary.update({"final": {"f1": 0.8}})
wandb.alert(title="Low accuracy", text="below the mark", level=wandb.AlertLevel.WARN)
wandb.finish()
assert wandb.run is None
