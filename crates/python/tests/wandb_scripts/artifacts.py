"""A dataset is made by one run, used by the next one, which makes a model of it."""

import os

import mltrack as wandb

with open("raw.csv", "w") as file:
    file.write("x,y\n0,1\n1,3\n2,5\n")

with wandb.init(project="pipeline", job_type="add-dataset") as run:
    artifact = wandb.Artifact(name="points", type="dataset", description="a line", metadata={"rows": 3})
    artifact.add_file(local_path="raw.csv", name="train/points.csv")
    run.log_artifact(artifact)

with wandb.init(project="pipeline", job_type="train", config={"epochs": 2}) as run:
    used = run.use_artifact("points:latest")
    folder = used.download()
    with open(os.path.join(folder, "train", "points.csv")) as file:
        rows = file.read().splitlines()[1:]
    for epoch in range(run.config["epochs"]):
        run.log({"loss": 1 / (epoch + 1), "rows": len(rows)})
    with open("model.txt", "w") as file:
        file.write("y = 2x + 1")
    model = wandb.Artifact("line-model", type="model", metadata=dict(run.config))
    model.add_file("model.txt")
    run.log_artifact(model, aliases=["latest", "best"])
    wandb.save("model.txt")

run = wandb.init(project="pipeline", job_type="evaluate")
artifact = run.use_artifact("my-team/pipeline/line-model:best", type="model")
with open(artifact.file()) as file:
    assert file.read() == "y = 2x + 1"
assert artifact.metadata["epochs"] == 2
run.finish()
