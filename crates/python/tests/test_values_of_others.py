"""Values that libraries cannot turn into what is logged: a warning, and the training goes on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import mltrack
import pytest
from run_support import points


class Broken:
    """An array whose library fails to hand it out."""

    shape, dtype = (3,), "float32"

    def tolist(self) -> list[float]:
        raise RuntimeError("it is on another device")


def test_a_value_that_cannot_be_read_is_one_warning_and_the_others_are_logged() -> None:
    run = mltrack.init()
    with pytest.warns(mltrack.TrackerWarning, match="broken could not be recorded: RuntimeError: it is on") as told:
        for _ in range(2):
            run.log({"broken": Broken(), "loss": 0.5, "phase": "warm-up"})
    assert len(told) == 1
    assert points(run, "loss") == {0: 0.5, 1: 0.5}
    assert [each["step"] for each in run._store.json_values(run.id, "phase")] == [0, 1]


def test_a_gradient_that_cannot_be_read_stops_no_backward_pass() -> None:
    hooks: list[Any] = []

    class Parameter:
        requires_grad = True

        def register_hook(self, hook: Any) -> Any:
            hooks.append(hook)
            return SimpleNamespace(remove=lambda: hooks.remove(hook))

    class Module:
        def named_parameters(self) -> list[tuple[str, Any]]:
            return [("weight", Parameter())]

    run = mltrack.init()
    run.watch(Module(), log_freq=1)
    with pytest.warns(mltrack.TrackerWarning, match="distribution of weight"):
        hooks[0](Broken())
    run.log({"loss": 0.5})
    assert points(run, "loss") == {0: 0.5}
    run.finish()
    assert hooks == []


def test_an_upload_that_failed_is_told_when_the_next_begins() -> None:
    class Upload:
        is_done = True

        def wait(self, timeout_s: float | None = None) -> None:
            raise mltrack.errors.StorageError("the disk is gone")

    run = mltrack.init()
    run._remember(Upload())  # type: ignore[arg-type]
    with pytest.warns(mltrack.TrackerWarning, match="the disk is gone"):
        run.log({"picture": mltrack.Image([[1]])})
