"""What ``@track`` notices of PyTorch, Lightning, transformers and keras themselves."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
from torch_support import Line, Net, arguments, examples, keras, rows, sequential, torch, trainer, transformers
from track_support import last_values, only_run, store_folder

from mltrack.tracking import track

__all__ = ["store_folder"]

pytestmark = pytest.mark.torch


def test_an_optimizer_is_recorded_and_stays_what_it_is() -> None:
    before = torch.optim.Optimizer.__init__

    @track
    def train() -> Any:
        model = torch.nn.Linear(3, 2)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
        model(torch.ones(4, 3)).sum().backward()
        optimizer.step()
        schedule.step()
        assert copy.deepcopy(optimizer).param_groups[0]["lr"] == optimizer.param_groups[0]["lr"]
        assert pickle.loads(pickle.dumps(optimizer.state_dict()))["param_groups"]
        return model

    train()
    assert torch.optim.Optimizer.__init__ is before
    run = only_run()
    assert (run["params"]["torch.lr"], run["params"]["torch.parameters"]) == (0.01, 8)
    assert run["params"]["torch.optimizer"].endswith("AdamW")
    assert run["tags"]["mltrack.returned"].endswith("Linear")
    assert f"torch {torch.__version__}" in run["tags"]["mltrack.frameworks"]


def test_lightning(tmp_path: Path) -> None:
    @track
    def train() -> None:
        told = {"logger": False, "enable_checkpointing": False, "default_root_dir": str(tmp_path)}
        trainer(max_epochs=2, **told).fit(Line(0.1), rows(), rows())

    train()
    run = only_run()
    assert run["params"]["lightning.max_epochs"] == 2 and run["params"]["torch.lr"] == 0.1
    assert run["params"]["lightning.hparams.lr"] == 0.1
    counts = {name: run["metrics"][f"lightning/{name}"]["count"] for name in ("train_loss", "val_loss", "fit_s")}
    assert counts == {"train_loss": 8, "val_loss": 2, "fit_s": 1}
    assert run["metrics"]["lightning/val_loss"]["step"] == 7


def test_transformers(tmp_path: Path) -> None:
    @track
    def train() -> None:
        given = transformers.Trainer(model=Net(), args=arguments(tmp_path), train_dataset=examples(), eval_dataset=examples())
        before = list(given.callback_handler.callbacks)
        given.train()
        given.evaluate()
        assert given.callback_handler.callbacks == before

    train()
    run = only_run()
    assert run["metrics"]["transformers/loss"]["count"] == 2
    assert (run["params"]["transformers.max_steps"], run["params"]["transformers.parameters"]) == (4, 4)
    assert "transformers/train_loss" in run["metrics"]


def test_keras() -> None:
    before = "fit" in vars(keras.Model)
    with_list = keras.callbacks.CallbackList([], add_history=True)
    own = list(with_list.callbacks)

    @track
    def train() -> None:
        x, y = torch.ones(8, 3).numpy(), torch.ones(8).numpy()
        sequential().fit(x, y, epochs=2, verbose=0, validation_split=0.25)
        sequential().fit(x, y, epochs=3, verbose=0, callbacks=with_list)

    train()
    assert with_list.callbacks == own
    assert ("fit" in vars(keras.Model)) is before
    run = only_run()
    assert run["params"]["keras.epochs"] == 2 and run["params"]["keras.loss"] == "mse"
    assert run["params"]["keras.optimizer.learning_rate"] == pytest.approx(0.01)
    assert run["params"]["keras.parameters"] == 11
    assert run["metrics"]["keras/loss"]["count"] == run["metrics"]["keras/val_loss"]["count"] == 2
    assert run["metrics"]["keras-2/loss"]["count"] == 3 and last_values(run)["keras/fit_s"] > 0
