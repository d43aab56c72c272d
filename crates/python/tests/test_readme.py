"""What the README shows can be typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_of_the_readme_runs(number: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(BLOCKS[number], f"README block {number}", "exec"), {})
    printed = capsys.readouterr().out
    assert printed == {0: printed, 1: "3 0.9 0.3333333333333333\n"}.get(number, "")
    assert (number != 0) or printed.endswith("completed 0.01\n")
    assert (folder / ".mltrack").is_dir()
