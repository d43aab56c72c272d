"""Pictures, tables, distributions, sounds and pages."""

import numpy as np

import mltrack as wandb

run = wandb.init(project="media")
rng = np.random.default_rng(0)

images = [wandb.Image(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8), caption=f"random {i}") for i in range(3)]
run.log({"examples": images})
wandb.log({"gradients": wandb.Histogram(rng.normal(size=1000))})
wandb.log({"counted": wandb.Histogram(np_histogram=np.histogram(rng.normal(size=100)))})

columns = ["id", "image", "guess", "truth"]
table = wandb.Table(columns=columns)
for index in range(4):
    table.add_data(index, wandb.Image(rng.random((4, 4))), index % 2, 0)
run.log({"predictions": table})

wandb.log({"sound": wandb.Audio(np.sin(np.arange(800) / 10), caption="beep", sample_rate=8000)})
wandb.log({"page": wandb.Html("<h1>done</h1>")})
wandb.log({"raw": rng.normal(size=(4, 4)), "mask": np.ones(3, dtype=bool)})
wandb.finish()
