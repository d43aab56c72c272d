"""Grouped runs, one after the other, and one for the whole."""

import statistics

import mltrack as wandb

group = "experiment-1"
scores = []
for fold in range(3):
    run = wandb.init(project="folds", group=group, job_type="fold", name=f"fold-{fold}", config=dict(fold=fold), reinit=True)
    score = 0.8 + fold / 100
    run.log({"val_accuracy": score})
    scores.append(score)
    run.finish()

with wandb.init(project="folds", group=group, job_type="summary") as run:
    run.summary["mean_accuracy"] = statistics.mean(scores)
