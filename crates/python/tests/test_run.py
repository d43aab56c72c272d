"""A run is begun, fed, ended and gone on with."""

from __future__ import annotations

import datetime
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import mltrack
import pytest
from mltrack import _session, errors
from run_support import known, points


def test_a_run_has_what_it_was_begun_with() -> None:
    run = mltrack.init(
        project="digits",
        name="first",
        config={"lr": 0.1, "model": {"depth": 3}},
        tags=["small", "cpu"],
        group="g",
        job_type="train",
        entity="team",
        notes="a try",
        seed=7,
    )
    told = known(run)
    assert (told["experiment"], told["name"], told["state"]) == ("digits", "first", "running")
    assert told["params"]["lr"] == 0.1
    assert told["params"]["model.depth"] == 3
    assert told["tags"] == {"small": "", "cpu": "", "group": "g", "job_type": "train", "entity": "team"}
    assert (run.tags, run.group, run.job_type, run.entity, run.notes) == (
        ("small", "cpu"),
        "g",
        "train",
        "team",
        "a try",
    )


def test_steps_go_on_by_themselves_and_may_go_back() -> None:
    run = mltrack.init()
    run.log({"loss": 3.0})
    run.log({"loss": 2.0})
    run.log({"loss": 1.0}, step=10)
    run.log({"loss": 1.5}, step=5)
    run.log({"loss": 0.5})
    assert points(run, "loss") == {0: 3.0, 1: 2.0, 5: 1.5, 10: 1.0, 11: 0.5}


def test_what_is_not_committed_waits_for_its_step() -> None:
    run = mltrack.init()
    run.log({"loss": 1.0}, commit=False)
    assert "loss" not in run.summary
    run.log({"accuracy": 0.5})
    assert points(run, "loss") == {0: 1.0}
    assert points(run, "accuracy") == {0: 0.5}
    run.log({"loss": 2.0}, step=7, commit=False)
    run.log({"loss": 3.0}, step=8, commit=False)
    run.finish()
    assert points(run, "loss") == {0: 1.0, 7: 2.0, 8: 3.0}


def test_nan_and_the_infinities_are_kept() -> None:
    run = mltrack.init()
    for value in (math.nan, math.inf, -math.inf):
        run.log({"loss": value})
    kept = list(points(run, "loss").values())
    assert math.isnan(kept[0])
    assert kept[1:] == [math.inf, -math.inf]


def test_nested_names_are_joined_and_other_mappings_and_steps_are_taken() -> None:
    import collections

    run = mltrack.init()
    run.log({"train": {"loss": 1.0, "by": {"class": 2}}})
    run.log(collections.ChainMap({"a": 1}), step=3)
    run.log({"a": 2}, step=4.0)  # type: ignore[arg-type]
    assert points(run, "train/by/class") == {0: 2.0}
    assert points(run, "a") == {3: 1.0, 4: 2.0}


def test_scalars_of_numpy_are_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    run = mltrack.init()
    run.log({"a": numpy.float32(0.5), "b": numpy.int64(3), "c": numpy.array([2.0]), "d": numpy.bool_(True)})
    assert {name: known(run)["metrics"][name]["last"] for name in "abcd"} == {
        "a": 0.5,
        "b": 3.0,
        "c": 2.0,
        "d": 1.0,
    }


@pytest.mark.parametrize(
    ("data", "step", "words"),
    [
        ([1], None, "a list was logged"),
        ({"loss": 1}, 1.5, "the step is 1.5"),
        ({"loss": 1}, "x", "the step is 'x'"),
        ({"": 1}, None, "metric name"),
        ({3: 1}, None, "the name of a metric is 3"),
    ],
)
def test_what_cannot_be_logged_is_refused(data: Any, step: Any, words: str) -> None:
    run = mltrack.init()
    with pytest.raises(errors.ValidationError, match=words):
        run.log(data, step=step)


def test_a_run_that_somebody_else_ended_warns_once_and_lets_the_training_go_on() -> None:
    run = mltrack.init()
    run._native.complete()
    with pytest.warns(RuntimeWarning, match="could not be recorded"):
        run.log({"loss": 1.0})
    run.log({"loss": 1.0})


def test_after_the_end_a_call_says_how_to_go_on() -> None:
    run = mltrack.init()
    run.finish()
    run.finish()
    with pytest.raises(errors.InvalidState, match="is completed") as caught:
        run.log({"loss": 1.0})
    assert f'mltrack.init(id="{run.id}"' in str(caught.value.hint)


def test_the_context_ends_the_run_as_what_left_it() -> None:
    with mltrack.init() as good:
        pass
    with pytest.raises(ZeroDivisionError), mltrack.init() as bad:
        raise ZeroDivisionError("by nothing")
    with pytest.raises(KeyboardInterrupt), mltrack.init() as stopped:
        raise KeyboardInterrupt
    with pytest.raises(SystemExit), mltrack.init() as exited:
        raise SystemExit(3)
    with pytest.raises(SystemExit), mltrack.init() as left:
        raise SystemExit
    states = [run.state for run in (good, bad, stopped, exited, left)]
    assert states == ["completed", "failed", "cancelled", "failed", "completed"]


def test_a_disabled_run_does_nothing(folder: Path) -> None:
    with mltrack.init(mode="disabled", config={"a": 1}) as run:
        run.log({"loss": 1.0, "text": "x"})
        run.summary["best"] = 1
        with run.child("c"):
            pass
        assert (run.config.a, run.disabled, run.summary["best"]) == (1, True, 1)
    assert list(folder.iterdir()) == []


def test_the_store_is_found_as_the_command_line_finds_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(errors.NotFound):
        _session.store_path(for_beginning=False)
    assert _session.store_path() == folder / ".mltrack"
    mltrack.init().finish()
    below = folder / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    assert _session.store_path() == folder / ".mltrack"
    assert _session.store_path(folder) == folder / ".mltrack"
    monkeypatch.setenv("MLTRACK_STORE", str(folder / "other"))
    assert _session.store_path() == folder / "other"
    with pytest.raises(errors.Unsupported, match="is a server"):
        mltrack.init(dir="http://127.0.0.1:5000")


def test_the_environment_says_what_the_program_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"PROJECT": "p", "NAME": "n", "GROUP": "g", "TAGS": "a,b", "RUN_ID": "x", "RESUME": "never"}
    for name, value in said.items():
        monkeypatch.setenv(f"MLTRACK_{name}", value)
    run = mltrack.init()
    assert (run.project, run.name, run.group, run.tags) == ("p", "n", "g", ("a", "b"))
    run.finish()
    with pytest.raises(errors.Conflict):
        mltrack.init()
    monkeypatch.setenv("MLTRACK_MODE", "disabled")
    assert mltrack.init().disabled


@pytest.mark.parametrize(
    "said", [{"mode": "on"}, {"resume": "maybe"}, {"reinit": "no"}, {"settings": {"capture": "all"}}]
)
def test_a_value_that_cannot_be_says_which_ones_can(said: dict[str, Any]) -> None:
    with pytest.raises(errors.ValidationError) as caught:
        mltrack.init(**said)
    assert "one of" in str(caught.value.hint)


def test_an_unknown_name_is_answered_with_what_was_meant() -> None:
    with pytest.raises(TypeError, match="did you mean project"):
        mltrack.init(projekt="x")  # type: ignore[call-arg]
    with pytest.raises(errors.ValidationError, match="did you mean capture"):
        mltrack.init(settings={"captur": "off"})
    with pytest.raises(AttributeError, match="Optuna"):
        mltrack.sweep  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean define_metric"):
        mltrack.init().define_metrics  # noqa: B018
    with pytest.raises(AttributeError, match=r"mltrack.open\(\)"):
        mltrack.Api  # type: ignore[attr-defined]  # noqa: B018


def test_without_a_run_the_functions_say_what_to_call_first() -> None:
    assert mltrack.run is None
    with pytest.raises(errors.InvalidState, match=r"call mltrack.init\(\) first"):
        mltrack.log({"loss": 1.0})
    with pytest.raises(errors.InvalidState, match=r"call mltrack.init\(\) first"):
        mltrack.config  # noqa: B018
    mltrack.finish()


def test_tags_notes_and_name_can_be_changed() -> None:
    run = mltrack.init(tags=["a", "b"])
    run.tags = ("b", "c")
    run.name = "better"
    run.notes = "second thoughts"
    run.set_tag("lr", 3)
    assert (run.tags, run.name, run.notes) == (("b", "c"), "better", "second thoughts")
    assert known(run)["tags"] == {"b": "", "c": "", "lr": "3"}
    assert [found.name for found in mltrack.open().runs()] == ["better"]
    mltrack.open(read_only=False).edit(run.id, name="best")
    assert mltrack.open().run("best").id == run.id
    run.finish()
    assert mltrack.init(id=run.id).name == "best"


def test_every_public_name_is_there_and_documented() -> None:
    assert sorted({*mltrack._HOME, *mltrack._MODULES, "Error", "errors"}) == sorted(mltrack.__all__)
    for name in mltrack._HOME:
        assert getattr(mltrack, name).__doc__, name
    for owner in (mltrack.Run, mltrack.Artifact, mltrack.Table, mltrack.Summary, mltrack.Config):
        for name, member in vars(owner).items():
            documented = getattr(member, "__doc__", None) or not callable(member)
            assert documented or name.startswith("_") or name == "get", f"{owner.__name__}.{name}"


def test_settings_never_change_and_are_one_for_the_same_values() -> None:
    settings = mltrack.Settings(capture="off")
    assert settings == mltrack.Settings(capture="off") != settings.with_changes(silent=True)
    assert hash(settings) == hash(mltrack.Settings(capture="off"))
    with pytest.raises(AttributeError, match="never change"):
        settings.capture = "full"
    with pytest.raises(TypeError, match="did you mean durability"):
        mltrack.Settings(durabilty="each")  # type: ignore[call-arg]


def test_what_cannot_be_logged_at_the_end_does_not_keep_the_run_open() -> None:
    run = mltrack.init()
    run.log({"": 1.0}, commit=False)
    with pytest.warns(RuntimeWarning, match="could not be recorded"):
        run.finish()
    assert run.state == "completed"


def test_of_several_alerts_in_a_while_the_first_is_told() -> None:
    run = mltrack.init()
    for text in ("one", "two"):
        run.alert("Low", text, level=mltrack.AlertLevel.ERROR, wait_duration=datetime.timedelta(hours=1))
    run.alert("Other", "three", wait_duration=3600)
    lines = run._store.lines(run.id)
    assert [(line["level"], line["text"]) for line in lines] == [
        ("error", "Low: one"),
        ("warn", "Other: three"),
    ]


def test_beginning_a_run_imports_little() -> None:
    program = (
        "import sys, mltrack\n"
        "mltrack.init(settings={'capture': 'off', 'system_metrics_ms': 0}).log({'loss': 1.0})\n"
        "heavy = {'asyncio', 'dataclasses', 'difflib', 'inspect', 'json', 'numpy', 'pathlib', 'tempfile', 'traceback'}\n"
        "print(sorted(heavy & {*sys.modules}))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(mltrack.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
