"""A loop that logs two curves."""

import random

import mltrack as wandb

wandb.login()

with wandb.init(project="first-project", config={"learning_rate": 0.02, "architecture": "CNN", "epochs": 10}) as run:
    offset = random.random() / 5
    for epoch in range(2, run.config.epochs):
        acc = 1 - 2**-epoch - random.random() / epoch - offset
        loss = 2**-epoch + random.random() / epoch + offset
        print(f"epoch={epoch}, acc={acc}, loss={loss}")
        run.log({"acc": acc, "loss": loss})
