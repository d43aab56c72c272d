"""Charts of a classifier."""

import mltrack as wandb

y_true = [0, 1, 1, 0, 1, 0]
y_probas = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3], [0.1, 0.9], [0.4, 0.6]]
preds = [int(row[1] > 0.5) for row in y_probas]

wandb.init(project="charts")
wandb.log({"roc": wandb.plot.roc_curve(y_true, y_probas, labels=["no", "yes"])})
wandb.log({"pr": wandb.plot.pr_curve(y_true, y_probas, labels=["no", "yes"])})
wandb.log({"conf_mat": wandb.plot.confusion_matrix(probs=None, y_true=y_true, preds=preds, class_names=["no", "yes"])})
data = [[x, x * x] for x in range(10)]
table = wandb.Table(data=data, columns=["x", "y"])
wandb.log({"line": wandb.plot.line(table, "x", "y", title="Squares"), "bar": wandb.plot.bar(table, "x", "y")})
wandb.log({"dots": wandb.plot.scatter(table, "x", "y"), "how_often": wandb.plot.histogram(table, "y", title="Values")})
wandb.log({"both": wandb.plot.line_series(xs=[0, 1, 2], ys=[[1, 2, 3], [3, 2, 1]], keys=["up", "down"], title="Two", xname="step")})
wandb.finish()
