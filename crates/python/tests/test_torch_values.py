"""Tensors as values, gradients that are watched, and the workers of a ``DataLoader``."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch_support
from torch_support import QUIET, torch

import mltrack
from mltrack import _watch

pytestmark = pytest.mark.torch


def test_tensors_are_numbers_distributions_and_pictures() -> None:
    with mltrack.init(settings=QUIET, config={"dtype": torch.bfloat16, "rate": torch.tensor(0.5)}) as run:
        loss = (torch.ones(3, requires_grad=True) * 2).sum()
        run.log({"loss": loss, "one": torch.tensor([1.5]), "half": torch.tensor(1.5, dtype=torch.bfloat16)})
        many = {
            "plain": torch.arange(10.0),
            "half": torch.arange(10.0).bfloat16(),
            "grad": torch.arange(10.0, requires_grad=True),
            "sparse": torch.diag(torch.arange(10.0)).to_sparse(),
            "rows": torch.diag(torch.arange(1.0, 11.0)).to_sparse_csr(),
            "empty": torch.tensor([]),
        }
        run.log({f"d/{name}": tensor for name, tensor in many.items()})
        shown = [torch.rand(3, 4, 5), torch.rand(3, 4, 5).bfloat16(), torch.rand(4, 5, requires_grad=True)]
        run.log({"pictures": [mltrack.Image(tensor) for tensor in shown]})
    known = mltrack.open().run(run.id)
    assert {name: metric.last for name, metric in known.metrics.items()} == {"loss": 6.0, "one": 1.5, "half": 1.5}
    assert (known.params["dtype"], known.params["rate"]) == ("torch.bfloat16", 0.5)
    found = {each["name"]: (each["count"], each["max"]) for each in mltrack.open().histograms(run.id, "d/*")}
    assert [found[f"d/{name}"] for name in ("plain", "half", "grad")] == [(10, 9.0)] * 3
    assert (found["d/sparse"], found["d/rows"], found["d/empty"][0]) == ((9, 9.0), (10, 10.0), 0)
    assert len(mltrack.open().artifacts(run.id)) == 3


def test_what_was_logged_does_not_stay_in_memory() -> None:
    with mltrack.init(settings=QUIET) as run:
        weights = torch.ones(8, requires_grad=True) * 2
        gone = weakref.ref(weights)
        run.log({"weights": weights})
        del weights
        gc.collect()
        assert gone() is None


@pytest.mark.parametrize("whole_len_max", [1 << 20, 4])
def test_what_is_watched_is_logged_whatever_a_gradient_is(whole_len_max: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watch, "WHOLE_LEN_MAX", whole_len_max)
    model = torch.nn.Sequential(torch.nn.Embedding(10, 4, sparse=True), torch.nn.Linear(4, 3), torch.nn.Linear(3, 1).bfloat16())
    with mltrack.init(settings=QUIET) as run:
        run.watch(model, log="all", log_freq=1)
        for _ in range(2):
            hidden = model[1](model[0](torch.arange(5)))
            model[2](hidden.bfloat16()).sum().backward()
            run.log({"loss": 1.0})
        run.unwatch(model)
        model[2](torch.ones(2, 3).bfloat16()).sum().backward()
        run.log({"loss": 1.0})
    found = [each for each in mltrack.open().histograms(run.id)]
    assert {each["step"] for each in found} == {0, 1}
    names = {each["name"] for each in found}
    assert names == {f"{what}/{name}" for what in ("gradients", "parameters") for name, _ in model.named_parameters()}
    whole = next(each for each in found if each["name"] == "parameters/1.weight")
    assert (whole["count"], sum(whole["counts"]), len(whole["counts"])) == (12, 12, 64)
    values = model[1].weight.detach()
    assert (whole["min"], whole["max"]) == pytest.approx((float(values.min()), float(values.max())))


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_of_a_loader_log_into_the_run_and_end_nothing(folder: Path, start: str) -> None:
    torch_support.run(
        folder,
        f"""
        import mltrack

        class Rows(torch.utils.data.Dataset):
            def __init__(self, run):
                self.run = run
            def __len__(self):
                return 8
            def __getitem__(self, index):
                worker = torch.utils.data.get_worker_info().id
                self.run.log({{f"worker-{{worker}}": float(index)}}, step=index)
                return torch.ones(3)

        if __name__ == "__main__":
            with mltrack.init(project="digits") as run:
                options = dict(batch_size=2, num_workers=2, persistent_workers=True, multiprocessing_context={start!r})
                loader = torch.utils.data.DataLoader(Rows(run), **options)
                for epoch in range(2):
                    for batch in loader:
                        run.log({{"rows": len(batch)}})
                del loader
                assert run.state == "running"
        """,
    )
    (known,) = mltrack.open().runs()
    assert known.state == "completed"
    counts: dict[str, Any] = {name: metric.count for name, metric in known.metrics.items()}
    assert (counts["rows"], counts["worker-0"] + counts["worker-1"]) == (8, 16)
