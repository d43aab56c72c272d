"""A run that is interrupted and gone on with, by its id."""

import mltrack as wandb

run_id = "abc123"
run = wandb.init(project="resume", id=run_id, resume="allow")
assert not run.resumed
for step in range(5):
    run.log({"loss": 1.0 / (step + 1)}, step=step)
run.finish()

run = wandb.init(project="resume", id=run_id, resume="must")
assert wandb.run.resumed
start = wandb.run.step
for step in range(start, start + 5):
    wandb.log({"loss": 1.0 / (step + 1)}, step=step)
wandb.finish()
assert start == 5
