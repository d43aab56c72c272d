"""The config of a run: what can be one, what may change, and what a copy of it is."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import mltrack
import pytest
from mltrack import errors
from run_support import known


def test_the_config_is_a_mapping_with_attributes() -> None:
    run = mltrack.init(config=argparse.Namespace(lr=0.1, model={"depth": 3}))
    run.config.batch = 32
    run.config["epochs"] = 5
    run.config.update({"lr": 0.1}, warm=True)
    run.config.setdefaults({"lr": 7, "decay": 0.01})
    assert run.config.model.depth == run.config["model"]["depth"] == 3
    assert sorted(run.config) == ["batch", "decay", "epochs", "lr", "model", "warm"]
    assert known(run)["params"]["batch"] == 32
    with pytest.raises(AttributeError, match="did you mean batch"):
        run.config.bathc  # noqa: B018


def test_a_changed_config_must_be_allowed_and_is_logged_beside_the_first_value() -> None:
    run = mltrack.init(config={"lr": 0.1})
    with pytest.raises(errors.Conflict, match=r"config.lr is 0.1 and cannot become 0.2") as caught:
        run.config.lr = 0.2
    assert "allow_val_change=True" in str(caught.value.hint)
    run.config.update({"lr": 0.2}, allow_val_change=True)
    assert run.config.lr == 0.2
    assert known(run)["params"]["lr"] == 0.1


@dataclasses.dataclass
class Options:
    lr: float = 0.1
    path: Path = Path("data")


class Pydantic:
    def model_dump(self) -> dict[str, Any]:
        return {"lr": 0.1}


@pytest.mark.parametrize("given", [Options(), Pydantic(), {"lr": 0.1}, Options().__dict__])
def test_many_kinds_of_objects_are_a_config(given: object) -> None:
    assert mltrack.init(config=given).config.lr == 0.1


@pytest.mark.parametrize("given", [3, [1], Options])
def test_what_is_no_config_is_refused(given: object) -> None:
    with pytest.raises(errors.ValidationError, match="is no config"):
        mltrack.init(config=given)


def test_a_config_is_read_from_a_json_file(folder: Path) -> None:
    Path("config.json").write_text('{"lr": 0.1, "model": {"depth": 3}}')
    assert mltrack.init(config="config.json").config.model.depth == 3
    with pytest.raises(errors.ValidationError, match="is no JSON file"):
        mltrack.init(config="config.yaml", reinit="create_new")


def test_a_copy_of_a_config_is_a_mapping_of_its_own() -> None:
    run = mltrack.init(config={"lr": 0.1, "model": {"depth": 3}, "sizes": [1, 2]})
    for made in (copy.copy(run.config), copy.deepcopy(run.config), pickle.loads(pickle.dumps(run.config))):
        assert made == {"lr": 0.1, "model": {"depth": 3}, "sizes": [1, 2]} and made.model.depth == 3
    copied = copy.deepcopy(run.config)
    copied["sizes"].append(3)
    assert run.config.sizes == [1, 2]
    assert "batch" not in known(run)["params"]


def test_what_is_inside_of_an_item_is_not_changed_unseen() -> None:
    run = mltrack.init(config={"model": {"depth": 3}})
    with pytest.raises(errors.InvalidState, match="allow_val_change=True"):
        run.config.model.depth = 4
    assert run.config.model.depth == 3
