"""The examples of docs/track.md run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mltrack.hooks import WATCHED

from track_support import runs, store_folder

__all__ = ["store_folder"]

PAGE = Path(__file__).parents[3] / "docs" / "track.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs(number: int) -> None:
    exec(compile(EXAMPLES[number], f"track.md, example {number + 1}", "exec"), {"__name__": "example"})
    assert {run["state"] for run in runs()} == {"completed"}


def test_every_framework_that_is_watched_is_on_the_page() -> None:
    text = PAGE.read_text().lower().replace("scikit-learn", "sklearn").replace("pytorch_", "")
    roots = {name.rstrip(".").partition(".")[0].removeprefix("pytorch_") for name in WATCHED}
    assert {root for root in roots - {"concurrent"} if root not in text} == set()
