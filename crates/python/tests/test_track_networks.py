"""PyTorch, Lightning, transformers and keras: stand-ins in every run, the libraries themselves where they are installed."""

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


def test_keras_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    pytest.importorskip("jax", reason="opt-in by size: runs where keras and jax are installed")
    keras = pytest.importorskip("keras", reason="opt-in by size: runs where keras and jax are installed")
    numpy = pytest.importorskip("numpy")
    before = "fit" in vars(keras.Model)

    @track
    def train() -> None:
        model = keras.Sequential([keras.layers.Dense(2), keras.layers.Dense(1)])
        model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
        model.fit(numpy.ones((8, 3)), numpy.ones(8), epochs=2, verbose=0, validation_split=0.25)

    train()
    assert ("fit" in vars(keras.Model)) is before
    run = only_run()
    assert run["params"]["keras.epochs"] == 2 and run["params"]["keras.loss"] == "mse"
    assert run["params"]["keras.optimizer.learning_rate"] == pytest.approx(0.01)
    assert run["params"]["keras.parameters"] == 11
    assert run["metrics"]["keras/loss"]["count"] == run["metrics"]["keras/val_loss"]["count"] == 2


def test_torch_itself() -> None:
    torch = pytest.importorskip("torch", reason="opt-in by size: runs where torch is installed")

    @track
    def train() -> Any:
        model = torch.nn.Linear(3, 2)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        model(torch.ones(4, 3)).sum().backward()
        optimizer.step()
        return model

    train()
    run = only_run()
    assert (run["params"]["torch.lr"], run["params"]["torch.parameters"]) == (0.01, 8)
    assert run["tags"]["mltrack.returned"].endswith("Linear")


def test_lightning_itself(tmp_path: Any) -> None:
    torch = pytest.importorskip("torch", reason="opt-in by size: runs where torch is installed")
    lightning = pytest.importorskip("lightning.pytorch", reason="opt-in by size: runs where lightning is installed")

    class Module(lightning.LightningModule):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(3, 1)

        def training_step(self, batch: Any, index: int) -> Any:
            loss = self.layer(batch).pow(2).mean()
            self.log("train_loss", loss)
            return loss

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    @track
    def train() -> None:
        data = torch.utils.data.DataLoader(torch.ones(8, 3), batch_size=2)
        lightning.Trainer(
            max_epochs=1, log_every_n_steps=1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
            default_root_dir=str(tmp_path), accelerator="cpu",
        ).fit(Module(), data)

    train()
    run = only_run()
    assert run["params"]["lightning.max_epochs"] == 1 and run["params"]["torch.lr"] == 0.1
    assert run["metrics"]["lightning/train_loss"]["count"] == 4


def test_transformers_itself(tmp_path: Any) -> None:
    torch = pytest.importorskip("torch", reason="opt-in by size: runs where torch is installed")
    pytest.importorskip("accelerate", reason="opt-in by size: runs where accelerate is installed")
    transformers = pytest.importorskip("transformers", reason="opt-in by size: runs where transformers is installed")

    class Net(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(3, 1)

        def forward(self, x: Any, labels: Any = None) -> Any:
            return {"loss": (self.layer(x) - labels).pow(2).mean()}

    rows = [{"x": torch.ones(3), "labels": torch.ones(1)} for _ in range(8)]

    @track
    def train() -> None:
        arguments = transformers.TrainingArguments(
            output_dir=str(tmp_path / "out"), max_steps=4, logging_steps=2, report_to=[], use_cpu=True,
            save_strategy="no",
        )
        transformers.Trainer(model=Net(), args=arguments, train_dataset=rows).train()

    train()
    run = only_run()
    assert run["metrics"]["transformers/loss"]["count"] == 2
    assert "torch" in sys.modules
