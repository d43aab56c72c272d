"""Programs that tests start: Python in a process of its own, with the package that is being tested."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import mltrack
from mltrack import _mltrack

PATIENCE_S = 120
"""What hangs is ended after so long, and the test fails."""

SETTINGS = {
    "durability": None,
    "actor": None,
    "command": None,
    "artifacts": None,
    "lock_wait_ms": None,
    "read_only": False,
    "create": True,
    "capture": "off",
    "system_metrics_ms": 0,
}

STARTED: dict[str, Any] = {
    "name": None,
    "params": {},
    "tags": [],
    "parent": None,
    "seed": None,
    "detached": False,
    "timeout_s": None,
}

PRELUDE = f"""\
import sys
from mltrack import _mltrack
SETTINGS = {SETTINGS!r}
STARTED = {STARTED!r}
store = _mltrack.Store(".mltrack", SETTINGS)
"""


def store_at(folder: Path) -> _mltrack.Store:
    """The store that the programs of a test write."""
    return _mltrack.Store(folder / ".mltrack", SETTINGS)


def start(folder: Path, source: str, *arguments: str) -> subprocess.Popen[str]:
    """Starts a program in a folder: ``PRELUDE`` and the source.  Its outputs are pipes."""
    text = PRELUDE + textwrap.dedent(source)
    return subprocess.Popen(
        [sys.executable, "-c", text, *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def run(folder: Path, source: str, *arguments: str) -> str:
    """Runs a program to its good end: what it printed."""
    program = start(folder, source, *arguments)
    output, errors = program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 0, f"{program.returncode}\n{output}\n{errors}"
    assert "Fatal" not in errors and "panicked" not in errors, errors
    return output


def environment() -> dict[str, str]:
    """That of this process, with the package that is imported here."""
    import os

    package = Path(mltrack.__file__).parent.parent
    return os.environ | {"PYTHONPATH": str(package), "MLTRACK_SILENT": "true"}
