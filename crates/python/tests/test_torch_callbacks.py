"""Callbacks for Lightning, transformers, keras and PyTorch's profiler, with the libraries themselves."""

from __future__ import annotations

import gzip
import json
import signal
from pathlib import Path
from typing import Any

import pytest
import torch_support
from torch_support import QUIET, Line, Net, arguments, examples, lightning, rows, sequential, torch, trainer, transformers

import mltrack
from mltrack.integrations import torch_profiler

pytestmark = pytest.mark.torch


def test_lightning_logs_a_training_its_checkpoints_and_a_test(folder: Path) -> None:
    from mltrack.integrations.lightning import MltrackLogger

    logger = MltrackLogger("digits", "first", log_model=True, settings=QUIET)
    checkpoints = lightning.callbacks.ModelCheckpoint(monitor="val_loss", save_top_k=2, save_last=True)
    told = {"callbacks": [lightning.callbacks.LearningRateMonitor(), checkpoints], "default_root_dir": str(folder)}
    made = trainer(max_epochs=3, logger=logger, **told)
    made.fit(Line(0.1), rows(), rows())
    made.test(Line(0.1), rows(), verbose=False)
    known = mltrack.open().run(logger.experiment.id)
    assert (known.name, known.state, known.params["lr"]) == ("first", "running", 0.1)
    counts = {name: known.metrics[name].count for name in ("train_loss", "val_loss", "test_loss", "lr-SGD")}
    assert counts == {"train_loss": 12, "val_loss": 3, "test_loss": 1, "lr-SGD": 3}
    (model,) = mltrack.open().models()
    assert model["name"] == "model-first" and "best" in model["aliases"]
    assert f"/digits/{known.id}/checkpoints" in checkpoints.dirpath


def test_lightning_that_raises_fails_its_run_and_one_that_is_tried_out_makes_none() -> None:
    from mltrack.integrations.lightning import MltrackLogger

    class Diverging(Line):  # type: ignore[misc, valid-type]
        def training_step(self, batch: Any, index: int) -> Any:
            raise ValueError("diverged")

    trainer(fast_dev_run=True, logger=MltrackLogger("digits", "dry", settings=QUIET)).fit(Line(), rows())
    with pytest.raises(ValueError, match="diverged"):
        trainer(logger=MltrackLogger("digits", "bad", settings=QUIET), enable_checkpointing=False).fit(Diverging(), rows())
    (known,) = mltrack.open().runs()
    assert (known.name, known.state, known.error) == ("bad", "failed", "diverged")


def test_processes_of_lightning_write_one_run_which_the_first_goes_on_with(folder: Path) -> None:
    torch_support.run(
        folder,
        """
        from mltrack.integrations.lightning import MltrackLogger
        if __name__ == "__main__":
            logger = MltrackLogger("digits", "both", log_model=True)
            made = trainer(max_epochs=2, logger=logger, devices=2, strategy="ddp_spawn")
            made.fit(Line(), rows(), rows())
            assert logger.experiment.state == "running"
            logger.experiment.log({"afterwards": 1.0})
            logger.experiment.finish()
        """,
    )
    (known,) = mltrack.open().runs()
    assert (known.name, known.state) == ("both", "completed")
    assert {name: known.metrics[name].count for name in ("train_loss", "val_loss", "afterwards")} == {
        "train_loss": 4, "val_loss": 2, "afterwards": 1,
    }


def test_lightning_ends_its_training_in_its_own_time_after_a_signal(folder: Path) -> None:
    program = torch_support.start(
        folder,
        """
        import os, signal, mltrack
        class Told(Line):
            def training_step(self, batch, index):
                if index == 2:
                    os.kill(os.getpid(), signal.SIGTERM)
                return super().training_step(batch, index)
            def on_exception(self, error): pass
            def on_train_batch_end(self, *args):
                print("batch", flush=True)
        run = mltrack.init()
        trainer(logger=False, enable_checkpointing=False).fit(Told(), rows())
        """,
    )
    output, errors = torch_support.ended(program)
    # The batch in which the signal came is brought to its end, and the process is not killed by the signal.
    assert output.count("batch") >= 3 and program.returncode != -signal.SIGTERM, errors
    (known,) = mltrack.open().runs()
    assert known.state == "cancelled"


def test_transformers_logs_a_training_an_evaluation_and_its_checkpoints(folder: Path) -> None:
    from mltrack.integrations.transformers import MltrackCallback

    callback = MltrackCallback(project="texts", log_checkpoints=True, settings=QUIET)
    told = arguments(folder, save_strategy="steps", save_steps=2)
    made = transformers.Trainer(
        model=Net(), args=told, train_dataset=examples(), eval_dataset=examples(), callbacks=[callback]
    )
    made.train()
    made.evaluate()
    assert callback.run is not None
    known = mltrack.open().run(callback.run.id)
    assert known.metrics["train/loss"].count == 2 and known.params["max_steps"] == 4
    assert known.metrics["eval/loss"].step == 4
    (model,) = mltrack.open().models()
    assert model["aliases"] == {"step-2": 1, "step-4": 2}


def test_a_model_of_transformers_is_described(folder: Path) -> None:
    from mltrack.integrations.transformers import MltrackCallback

    config = transformers.BertConfig(
        vocab_size=10, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, num_labels=3
    )
    model = transformers.BertForSequenceClassification(config)
    rows = [{"input_ids": torch.ones(4, dtype=torch.long), "labels": torch.tensor(1)} for _ in range(8)]
    callback = MltrackCallback(settings=QUIET)
    transformers.Trainer(model=model, args=arguments(folder), train_dataset=rows, callbacks=[callback]).train()
    assert callback.run is not None
    params = mltrack.open().run(callback.run.id).params
    assert (params["model.hidden_size"], params["model.model_type"]) == (8, "bert")
    assert params["model.id2label.2"] == "LABEL_2"


def test_keras_logs_epochs_and_batches_and_evaluations() -> None:
    from mltrack.integrations.keras import MltrackCallback

    x, y = torch.ones(8, 3).numpy(), torch.ones(8).numpy()
    model = sequential()
    callback = MltrackCallback(log_every=1, settings=QUIET)
    model.fit(x, y, epochs=2, batch_size=4, verbose=0, callbacks=[callback])
    model.evaluate(x, y, verbose=0, callbacks=[callback])
    assert callback.run is not None
    known = mltrack.open().run(callback.run.id)
    assert {name: known.metrics[name].count for name in ("loss", "batch/loss", "test/loss")} == {
        "loss": 2, "batch/loss": 4, "test/loss": 1,
    }
    assert known.metrics["learning_rate"].last == pytest.approx(0.01)


def test_the_profiler_hands_over_each_of_its_traces() -> None:
    schedule = torch.profiler.schedule(wait=0, warmup=1, active=1, repeat=2)
    handler = torch_profiler.trace_handler()
    with mltrack.init(settings=QUIET) as run:
        with torch.profiler.profile(schedule=schedule, on_trace_ready=handler) as profiler:
            for _ in range(4):
                torch.ones(4, 4) @ torch.ones(4, 4)
                profiler.step()
    found = mltrack.open().artifacts(run.id)
    traces = [artifact for artifact in found if artifact.path.endswith(".gz")]
    assert len(traces) == 2 and len(found) == 4
    assert json.loads(gzip.decompress(traces[0].read()))["traceEvents"]
    assert "aten::" in next(each for each in found if each.path.endswith(".txt")).read().decode()
