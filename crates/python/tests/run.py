"""Everything that proves the package for Python, with the package that is installed: tests, examples, types.

    python crates/python/tests/run.py [arguments of pytest]
    python crates/python/tests/run.py --torch      with PyTorch and what trains with it, and only that: none of it may be missing

Invariant: nothing is written beside the sources; types are checked where the package is installed, as its users have it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[2] / "examples" / "python"


class Counting:
    """Counts how tests end."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.ends[report.outcome] += 1


def types(folder: str) -> list[list[str]]:
    """The commands that check types: of the package, and of what its users would write."""
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(Path(folder, "mypy"))]
    commands = [[*mypy, "-p", "mltrack"]]
    examples = sorted(str(path) for path in EXAMPLES.glob("*.py"))
    if examples:
        commands.append([*mypy, "--ignore-missing-imports", *examples])
        commands.append([sys.executable, "-m", "pyright", "--pythonpath", sys.executable, *examples])
    return commands


def main() -> int:
    counting = Counting()
    with_torch = sys.argv[1:] == ["--torch"]
    chosen = ["-m", "torch", *map(str, sorted(HERE.glob("test_torch_*.py")))] if with_torch else sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        arguments = ["-c", str(HERE.parent / "pyproject.toml"), "--rootdir", str(HERE), "--basetemp", str(Path(folder, "tests"))]
        ended = pytest.main([*arguments, *(chosen or [str(HERE)])], plugins=[counting])
        failed = counting.ends["failed"] + int(ended != 0 and not counting.ends["failed"])
        passed = counting.ends["passed"]
        if with_torch:
            # What is not installed would be skipped, and nothing be proved.
            failed += counting.ends["skipped"]
        for command in types(folder) if not with_torch else []:
            print("$", *command, flush=True)
            is_right = subprocess.run(command, check=False).returncode == 0
            passed, failed = passed + is_right, failed + (not is_right)
        os.chdir(HERE)
    word = "FAILED" if failed else "ok"
    print(f"test result: {word}. {passed} passed; {failed} failed; {counting.ends['skipped']} ignored")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
