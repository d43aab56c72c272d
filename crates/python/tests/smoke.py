"""The package as a newcomer has it: installed in an empty environment, and the lines of its README typed in.

    python crates/python/tests/smoke.py        # the Python of that environment

Invariant: nothing but the package and Python itself is there, so nothing else can be needed.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
DISTRIBUTION = "mltrack-engine"


def example() -> str:
    """The first example of the README."""
    found = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None, "the README has no example"
    return found[1]


def the_readme_gives_a_run_that_the_command_line_shows(folder: str) -> None:
    printed = command(folder, sys.executable, "-c", example())
    name, state, loss = printed.split()
    assert (state, loss) == ("completed", "0.01"), printed
    program = Path(sys.executable).with_name("mltrack")
    shown = json.loads(command(folder, str(program), "runs", "--json"))
    assert [run["name"] for run in shown["items"]] == [name], shown


def the_program_has_the_version_of_the_package(folder: str) -> None:
    program = Path(sys.executable).with_name("mltrack")
    version = importlib.metadata.version(DISTRIBUTION)
    assert version in command(folder, str(program), "--version")
    assert command(folder, sys.executable, "-c", "import mltrack; print(mltrack.__version__)").strip() == version


def nothing_else_is_required(folder: str) -> None:
    assert not importlib.metadata.requires(DISTRIBUTION)


def importing_it_imports_little(folder: str) -> None:
    source = "import sys; before = set(sys.modules); import mltrack; print(*sorted(set(sys.modules) - before))"
    loaded = command(folder, sys.executable, "-c", source).split()
    assert len(loaded) < 40, loaded
    assert not {"asyncio", "dataclasses", "inspect", "json", "logging", "subprocess"} & set(loaded), loaded


def command(folder: str, *words: str) -> str:
    """What a program prints that comes to a good end."""
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def main() -> int:
    checks = (
        the_readme_gives_a_run_that_the_command_line_shows,
        the_program_has_the_version_of_the_package,
        nothing_else_is_required,
        importing_it_imports_little,
    )
    failed = 0
    for check in checks:
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(folder)
                print(f"{check.__name__} ... ok")
            except AssertionError as error:
                failed += 1
                print(f"{check.__name__} ... FAILED\n{error}")
    word = "FAILED" if failed else "ok"
    print(f"test result: {word}. {len(checks) - failed} passed; {failed} failed; 0 ignored")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
