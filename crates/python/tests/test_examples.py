"""Every example in a docstring of the package runs, and says what it says there."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import mltrack

MINE = "mltrack"


def modules() -> Iterator[str]:
    """The names of all modules of the package."""
    yield MINE
    for module in pkgutil.walk_packages(mltrack.__path__, prefix=f"{MINE}."):
        if module.name != f"{MINE}._mltrack":
            yield module.name


@pytest.mark.parametrize("name", sorted(modules()))
def test_the_examples_of_a_module_run(name: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        if (error.name or "").partition(".")[0] == MINE:
            raise
        pytest.skip(f"needs {error.name}")
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    told: list[str] = []
    for number, example in enumerate(doctest.DocTestFinder().find(module)):
        folder = tmp_path / str(number)  # type: ignore[operator]
        folder.mkdir()
        monkeypatch.chdir(folder)
        runner.run(example, out=told.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(told)
