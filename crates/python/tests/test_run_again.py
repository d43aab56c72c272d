"""Runs beside runs, in tasks and threads, and runs that are gone on with."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import sys
import threading
import types
from pathlib import Path
from typing import Any

import pytest

import mltrack
from mltrack import _init, errors
from run_support import known, points


def test_within_a_run_a_run_is_its_child() -> None:
    with mltrack.init(project="folds") as outer:
        with mltrack.init(name="fold-1") as first:
            assert mltrack.run is first
        with outer.child("fold-2", config={"fold": 2}, group="g") as second:
            mltrack.log({"accuracy": 0.5})
        assert mltrack.run is outer
    assert mltrack.run is None
    assert {known(run)["parent"] for run in (first, second)} == {outer.id}
    assert {known(run)["experiment"] for run in (first, second)} == {"folds"}
    assert points(second, "accuracy") == {0: 0.5}
    assert second.group == "g"


def test_what_is_said_of_a_child_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLTRACK_NAME", "outermost")
    with mltrack.init(project="p") as outer:
        with mltrack.init(mode="disabled") as nothing:
            assert nothing.disabled
        with mltrack.init(id="part") as part:
            part.log({"loss": 1.0})
        with mltrack.init(id="part") as again:
            assert (again.id, again.parent, again.step) == (part.id, outer.id, 1)
        with mltrack.init(dir=folder / "other") as elsewhere:
            assert (elsewhere.parent, elsewhere.project) == (None, "p")
        with mltrack.init() as plain:
            assert plain.name != outer.name == "outermost"


def test_a_second_run_is_the_first_one_unless_it_is_said_otherwise() -> None:
    first = mltrack.init()
    with pytest.warns(UserWarning, match="is running already"):
        assert mltrack.init(config={"a": 1}) is first
    assert first.config.a == 1
    third = mltrack.init(reinit="create_new")
    assert (third is first, first.state) == (False, "running")
    fourth = mltrack.init(reinit=True)
    assert (third.state, fourth.state, mltrack.run) == ("completed", "running", fourth)


def test_a_run_is_gone_on_with_by_the_id_that_it_was_given() -> None:
    with mltrack.init(
        project="p", id="nightly", config={"lr": 0.1, "layers": [1, 2], "path": Path("a")}
    ) as first:
        first.log({"loss": 1.0})
    again = mltrack.init(project="p", id="nightly", config={"lr": 0.1, "layers": [1, 2], "path": Path("a")})
    assert (again.id, again.resumed, again.step, again.state) == (first.id, True, 1, "running")
    again.log({"loss": 0.5})
    again.finish()
    assert points(again, "loss") == {0: 1.0, 1: 0.5}
    with mltrack.init(id=first.id, resume="must") as by_number:
        assert by_number.id == first.id
    with pytest.raises(errors.Conflict, match="already"):
        mltrack.init(project="p", id="nightly", resume="never")
    with pytest.raises(errors.NotFound, match="to go on with"):
        mltrack.init(project="p", id="weekly", resume="must")


def test_letting_go_of_an_ended_run_does_not_end_the_one_that_goes_on() -> None:
    first = mltrack.init(id="nightly")
    first.finish()
    again = mltrack.init(id="nightly")
    del first
    gc.collect()
    again.log({"loss": 1.0})
    assert again.state == "running"


def test_of_programs_that_begin_the_run_of_an_id_at_once_one_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, others, look = [], [], _init._found

    def look_and_be_overtaken(store: Any, project: str, id: str | None, resume: Any) -> str | None:
        found = look(store, project, id, resume)
        looks.append(found)
        if len(looks) == 1:
            others.append(mltrack.init(project=project, id=id, reinit="create_new"))
        return found

    monkeypatch.setattr(_init, "_found", look_and_be_overtaken)
    run = mltrack.init(project="p", id="nightly")
    other = others.pop()
    assert (looks, run.id) == ([None, None, other.id], other.id)
    assert len(mltrack.open().runs("p")) == 1
    run.finish()
    assert other.state == "running"
    other.finish()
    looks.clear()
    with pytest.raises(errors.Conflict):
        mltrack.init(project="p", id="weekly", resume="never")
    assert len(mltrack.open().runs("p")) == 2
    others.pop().finish()


def test_resume_without_an_id_goes_on_with_what_did_not_end_well() -> None:
    with pytest.raises(ZeroDivisionError), mltrack.init(project="p") as bad:
        raise ZeroDivisionError
    with mltrack.init(project="p", resume=True) as again:
        assert again.id == bad.id
    with mltrack.init(project="p", resume="auto") as new:
        assert new.id != bad.id


def test_a_run_whose_config_differs_is_not_touched() -> None:
    with mltrack.init(id="nightly", config={"lr": 0.1}) as first:
        pass
    with pytest.raises(errors.Conflict, match="cannot become"):
        mltrack.init(id="nightly", config={"lr": 0.2})
    assert first.state == "completed"
    with mltrack.init(id="nightly", config={"lr": 0.2}, allow_val_change=True) as again:
        assert again.config.lr == 0.2


def test_each_task_of_asyncio_has_a_run_of_its_own() -> None:
    async def train(name: str, others: list[asyncio.Event], mine: asyncio.Event) -> mltrack.Run:
        run = mltrack.init(name=name, reinit="create_new")
        mine.set()
        for other in others:
            await other.wait()
        assert mltrack.run is run
        mltrack.log({"loss": float(len(name))})
        return run

    async def both() -> list[mltrack.Run]:
        first, second = asyncio.Event(), asyncio.Event()
        return list(await asyncio.gather(train("a", [second], first), train("bb", [first], second)))

    runs = asyncio.run(both())
    assert [points(run, "loss") for run in runs] == [{0: 1.0}, {0: 2.0}]


def test_a_thread_logs_to_the_run_of_the_process_until_it_begins_its_own() -> None:
    outer = mltrack.init()
    seen: list[Any] = []

    def work() -> None:
        seen.append(mltrack.run)
        own = mltrack.init(reinit="create_new")
        mltrack.log({"loss": 1.0})
        seen.append(own)
        own.finish()
        seen.append(mltrack.run)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [seen[0], seen[2]] == [outer, outer]
    assert points(seen[1], "loss") == {0: 1.0}


def test_what_threads_hold_for_a_step_is_all_logged() -> None:
    run = mltrack.init()

    def work(number: int) -> None:
        for index in range(200):
            run.log({f"held/{number}/{index}": 1.0}, commit=False)
            if index % 7 == 0:
                run.log({f"done/{number}": float(index)})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    metrics = known(run)["metrics"]
    assert sum(name.startswith("held/") for name in metrics) == 800


def test_a_copy_of_a_run_is_the_run() -> None:
    run = mltrack.init()
    assert copy.copy(run) is copy.deepcopy({"run": run})["run"] is pickle.loads(pickle.dumps(run)) is run
    disabled = mltrack.init(mode="disabled", reinit="create_new")
    assert pickle.loads(pickle.dumps(disabled)).disabled


def test_in_a_notebook_a_cell_that_is_run_again_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = types.ModuleType("IPython")
    shell.get_ipython = lambda: object()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", shell)
    first = mltrack.init()
    second = mltrack.init()
    assert (first.state, second.state, mltrack.run) == ("completed", "running", second)


def test_a_run_that_is_gone_on_with_knows_what_was_said_of_it() -> None:
    with mltrack.init(id="nightly", notes="a try", tags={"metric.of": "mine"}) as first:
        first.define_metric("loss", summary="min")
        first.summary["loss"] = 7.0
        first.log({"loss": 2.0, "accuracy": 0.5})
    with mltrack.init(id="nightly", notes="a try") as again:
        again.log({"loss": 1.0})
        again.log({"loss": 3.0})
        again.define_metric("accuracy", summary="max")
        assert again.notes == "a try"
        assert len(again._store.notes(again.id)) == 1
        assert again.summary["loss"] == 1.0
