"""The shape of a training script with a watched model, nested values, epochs and checkpoints, without a framework."""

import mltrack as wandb

config = {"lr": 0.1, "epochs": 3, "optimizer": {"name": "sgd", "momentum": 0.9}}


class Line:
    def __init__(self):
        self.weight, self.bias = 0.0, 0.0

    def __call__(self, x):
        return self.weight * x + self.bias


def train(config=None):
    with wandb.init(project="line", config=config, mode="offline") as run:
        config = wandb.config
        model = Line()
        data = [(x / 10, 2 * x / 10 + 1) for x in range(10)]
        for epoch in range(config.epochs):
            total = 0.0
            for x, y in data:
                error = model(x) - y
                model.weight -= config["lr"] * error * x
                model.bias -= config.lr * error
                total += error**2
            run.log({"epoch": epoch}, commit=False)
            run.log({"train": {"loss": total / len(data)}, "weights": {"w": model.weight, "b": model.bias}})
        with open("checkpoint.txt", "w") as file:
            file.write(f"{model.weight} {model.bias}")
        run.log_artifact("checkpoint.txt", name="checkpoint", type="checkpoint")
        return run


finished = train(config)
assert finished.config.optimizer["name"] == "sgd"
assert finished.step == 3
