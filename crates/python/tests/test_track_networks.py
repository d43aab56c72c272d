"""What is noticed of PyTorch, Lightning, transformers and keras, by stand-ins in every run.

The libraries themselves: ``test_torch_hooks.py``.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

import stand_ins
from mltrack.tracking import track

from track_support import last_values, only_run, store_folder

__all__ = ["store_folder"]


def test_optimizers_are_recorded_when_made_or_at_their_first_step() -> None:
    torch, optimizer = stand_ins.torch()
    with stand_ins.imported(torch, optimizer):
        before = dict(vars(optimizer.Optimizer))
        old = torch.SGD([stand_ins.Parameter(3)], lr=0.5)

        @track
        def train() -> None:
            old.step()
            old.step()
            made = torch.SGD([{"params": [stand_ins.Parameter(4)], "lr": 0.2}, {"params": [stand_ins.Parameter(5)]}])
            made.step()

        train()
        assert dict(vars(optimizer.Optimizer)) == before and not optimizer._hooks
    params = only_run()["params"]
    assert (params["torch.lr"], params["torch.momentum"], params["torch.parameters"]) == (0.5, 0.0, 3)
    assert (params["torch-2.groups"], params["torch-2.lr_of_groups"], params["torch-2.parameters"]) == (2, [0.2, 0.1], 9)
    assert params["torch.optimizer"].endswith("SGD") and "torch.foreach" not in params
    assert not [name for name in params if name.startswith("torch-3")]


def test_lightning_records_the_trainer_the_module_and_what_is_logged() -> None:
    modules = stand_ins.lightning()
    trainer_kind = modules[1].Trainer
    model = SimpleNamespace(
        hparams={"lr": 0.1, "api_key": "k"},
        parameters=lambda: [stand_ins.Parameter(6)],
        training_step=lambda: {"train_loss": 0.5},
    )
    with stand_ins.imported(*modules):

        @track
        def train() -> None:
            trainer_kind(max_epochs=2).fit(model)

        train()
        assert not hasattr(trainer_kind.fit, "__wrapped__")
        trainer_kind(max_epochs=1).fit(model)
    run = only_run()
    assert (run["params"]["lightning.max_epochs"], run["params"]["lightning.parameters"]) == (2, 6)
    assert (run["params"]["lightning.hparams.lr"], run["params"]["lightning.hparams.api_key"]) == (0.1, "***")
    loss = run["metrics"]["lightning/train_loss"]
    assert (loss["count"], loss["step"]) == (2, 20)
    assert run["metrics"]["lightning/val_loss"]["step"] == 7
    assert "lightning/step" not in run["metrics"] and "lightning/fit_s" in run["metrics"]


def test_transformers_records_arguments_and_every_line_of_the_log() -> None:
    modules = stand_ins.transformers()
    model = SimpleNamespace(config=SimpleNamespace(_name_or_path="tiny"), parameters=lambda: [stand_ins.Parameter(8)])
    arguments = SimpleNamespace(learning_rate=0.1, num_train_epochs=1, hub_token="secret")
    trainer = modules[1].Trainer(model, arguments)
    with stand_ins.imported(*modules):

        @track
        def train() -> str:
            return str(trainer.train())

        assert train() == "output"
    assert trainer.callbacks == []
    run = only_run()
    assert (run["params"]["transformers.learning_rate"], run["params"]["transformers.model_name"]) == (0.1, "tiny")
    assert not [name for name in run["params"] if "token" in name]
    loss = run["metrics"]["transformers/loss"]
    assert (loss["count"], loss["step"], loss["last"]) == (2, 10, 0.1)
    assert "transformers/note" not in run["metrics"]


def test_keras_records_what_a_fit_was_told_and_its_epochs() -> None:
    (keras,) = stand_ins.keras()
    given: list[Any] = []
    with stand_ins.imported(keras):

        @track
        def train() -> str:
            return str(keras.Model().fit(epochs=3, callbacks=given))

        assert train() == "history"
        assert given == [] and "fit" not in vars(keras.Model)
    run = only_run()
    assert (run["params"]["keras.epochs"], run["params"]["keras.parameters"]) == (3, 12)
    assert (run["metrics"]["keras/loss"]["count"], last_values(run)["keras/loss"]) == (3, 1 / 3)
