"""The page about W&B's names says what is true of the package."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import mltrack
from mltrack import _names

PAGE = Path(__file__).parents[3] / "docs" / "wandb.md"
ROW = re.compile(r"^\| `(\w+)` \| (same|differs|not there) \| (.*) \|$")


def table(head: str) -> dict[str, tuple[str, str]]:
    """The rows of the table that begins so: what is said of each name."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"\n| {head} | | |\n")
    rows: dict[str, tuple[str, str]] = {}
    for line in rest.splitlines()[1:]:
        match = ROW.match(line)
        if match is None:
            break
        assert match[1] not in rows
        rows[match[1]] = (match[2], match[3])
    assert rows, head
    return rows


def more(head: str) -> set[str]:
    """The names of the table of what W&B has not."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"\n| {head} | |\n")
    lines = rest.splitlines()[1:]
    end = lines.index("") if "" in lines else len(lines)
    return set(re.findall(r"^\| `(\w+)` \|", "\n".join(lines[:end]), re.MULTILINE))


def public(owner: object) -> set[str]:
    """The public names of an object."""
    return {name for name in dir(owner) if not name.startswith("_")}


def compare(owner: Any, rows: dict[str, tuple[str, str]], ours: set[str]) -> None:
    """Whether each row says what is true, and each name of ours has one."""
    for name, (word, note) in rows.items():
        if word == "not there":
            with pytest.raises(AttributeError) as caught:
                getattr(owner, name)
            assert f"hint: {note}" in str(caught.value), name
        else:
            assert name in ours, name
    assert ours == {name for name, (word, _) in rows.items() if word != "not there"}


def test_the_names_of_the_module() -> None:
    run = mltrack.init()
    ours = {*mltrack.__all__, *mltrack._OF_RUN} - more("mltrack")
    compare(mltrack, table("wandb"), ours)
    run.finish()


def test_the_names_of_a_run() -> None:
    run = mltrack.init()
    compare(run, table("wandb.Run"), public(mltrack.Run) - more("mltrack.Run"))


def test_the_arguments_of_init() -> None:
    rows = table("wandb.init")
    ours = set(inspect.signature(mltrack.init).parameters) - {"seed"}
    assert ours == {name for name, (word, _) in rows.items() if word != "not there"}
    for name in set(rows) - ours:
        unknown: dict[str, Any] = {name: True}
        with pytest.raises(TypeError, match=f"has no {name}"):
            mltrack.init(**unknown)


def test_the_names_of_an_artifact() -> None:
    rows = table("wandb.Artifact")
    artifact = mltrack.Artifact("a", type="b")
    ours = public(mltrack.Artifact) | {name for name in vars(artifact) if not name.startswith("_")}
    assert ours == {name for name, (word, _) in rows.items() if word != "not there"}


def test_the_charts() -> None:
    charts = {*mltrack.plot.__all__} - {"Chart", "ConfusionMatrix"}
    assert charts == set(table("wandb.plot"))


def test_every_answer_for_a_missing_name_is_about_a_name_that_is_missing() -> None:
    run = mltrack.init()
    for name in _names.INSTEAD:
        assert name not in public(run)
        assert name not in mltrack.__all__


def test_the_page_has_every_name_that_wandb_has() -> None:
    wandb = pytest.importorskip("wandb")
    theirs = {name for name in wandb.__all__ if not name.startswith("_")}
    assert theirs - set(table("wandb")) == set()
    assert public(wandb.Run) - set(table("wandb.Run")) == set()
    assert public(wandb.Artifact) - set(table("wandb.Artifact")) == set()
    assert set(inspect.signature(wandb.init).parameters) - set(table("wandb.init")) == set()
