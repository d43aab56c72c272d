"""The libraries that are too large for every run of the tests, and small models for them.

A module of tests that imports this one is skipped where they are not installed: `cargo xtask test --only python-torch`
installs them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import programs

# One of its backends; keras asks for it when it is imported.
os.environ.setdefault("KERAS_BACKEND", "torch")
WHY = "opt-in by size: cargo xtask test --only python-torch"
torch: Any = pytest.importorskip("torch", reason=WHY)
lightning: Any = pytest.importorskip("lightning.pytorch", reason=WHY)
transformers: Any = pytest.importorskip("transformers", reason=WHY)
keras: Any = pytest.importorskip("keras", reason=WHY)
pytest.importorskip("accelerate", reason=WHY)

QUIET = {"capture": "off", "system_metrics_ms": 0}

LINE = """
import torch, lightning.pytorch as lightning

class Line(lightning.LightningModule):
    def __init__(self, lr=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(3, 1)
    def loss(self, batch, name):
        loss = self.layer(batch).pow(2).mean()
        self.log(name, loss)
        return loss
    def training_step(self, batch, index):
        return self.loss(batch, "train_loss")
    def validation_step(self, batch, index):
        self.loss(batch, "val_loss")
    def test_step(self, batch, index):
        self.loss(batch, "test_loss")
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=self.hparams.lr)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]

def rows():
    return torch.utils.data.DataLoader(torch.ones(8, 3), batch_size=2)

def trainer(**more):
    told = {"max_epochs": 1, "log_every_n_steps": 1, "accelerator": "cpu", "enable_progress_bar": False}
    return lightning.Trainer(enable_model_summary=False, **{**told, **more})
"""
"""A module of Lightning and what trains it, also for programs that are started."""

made: dict[str, Any] = {"__name__": "line"}
exec(LINE, made)
Line, rows, trainer = made["Line"], made["rows"], made["trainer"]


class Net(torch.nn.Module):  # type: ignore[misc]
    """A model as a trainer of transformers wants it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)

    def forward(self, x: Any, labels: Any = None) -> Any:
        return {"loss": (self.layer(x) - labels).pow(2).mean()}


def arguments(folder: Path, **more: Any) -> Any:
    """What a trainer of transformers is told for four steps."""
    told: dict[str, Any] = {"max_steps": 4, "logging_steps": 2, "report_to": [], "use_cpu": True, "save_strategy": "no"}
    return transformers.TrainingArguments(output_dir=str(folder / "out"), **{**told, **more})


def examples() -> list[dict[str, Any]]:
    """Rows for ``Net``."""
    return [{"x": torch.ones(3), "labels": torch.ones(1)} for _ in range(8)]


def sequential() -> Any:
    """A compiled model of keras."""
    model = keras.Sequential([keras.layers.Dense(2), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    return model


def start(folder: Path, source: str) -> subprocess.Popen[str]:
    """Starts a program that lies in a file, so that processes which it starts find what it defines."""
    path = folder / "program.py"
    path.write_text(LINE + textwrap.dedent(source))
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", str(path)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=programs.environment() | {"MLTRACK_CAPTURE": "off", "MLTRACK_SYSTEM_METRICS": "off"},
    )


def run(folder: Path, source: str) -> str:
    """Runs such a program to its good end: what it printed."""
    program = start(folder, source)
    output, errors = ended(program)
    assert program.returncode == 0, f"{program.returncode}\n{output}\n{errors}"
    return output


def ended(program: subprocess.Popen[str]) -> tuple[str, str]:
    """What a program printed until its end.  Each of its processes imports gigabytes first."""
    try:
        return program.communicate(timeout=8 * programs.PATIENCE_S)
    finally:
        program.kill()
