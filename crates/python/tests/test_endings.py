"""A run ends as its program ended, however that was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mltrack import _session
from mltrack.settings import Settings

BEGIN = """
import os, signal, sys, threading
import mltrack
run = mltrack.init(project="p", id="it", settings={"capture": "off", "system_metrics_ms": 0})
run.log({"loss": 1.0})
"""


SEES_RAISES = pytest.mark.skipif(sys.version_info < (3, 12), reason="Python says since 3.12 what is raised")


def begun(folder: Path, program: str) -> subprocess.Popen[str]:
    """A program that has begun a run."""
    package = str(Path(_session.__file__).parent.parent)
    environment = os.environ | {"PYTHONPATH": package}
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + program],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Who runs the tests in the background has these ignored, and a program inherits that.
        preexec_fn=heed_signals,
    )


def heed_signals() -> None:
    """Signals do what they do to a program that a person started."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def told(folder: Path) -> dict[str, Any]:
    """What the store says about the run."""
    store = _session.open_store(folder / ".mltrack", Settings(system_metrics_ms=0))
    runs = store.runs("p")
    assert len(runs) == 1
    found = runs[0]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("program", "code", "state"),
    [
        ("", 0, "completed"),
        ("run.finish()", 0, "completed"),
        ("run.finish(exit_code=2)", 0, "failed"),
        ("raise ValueError('bad')", 1, "failed"),
        ("sys.exit(3)", 3, "failed"),
        ("sys.exit('why')", 1, "failed"),
        ("sys.exit(0)", 0, "completed"),
        ("sys.exit()", 0, "completed"),
        ("exit(3)", 3, "failed"),
        ("quit()", 0, "completed"),
        ("try:\n    sys.exit(3)\nexcept SystemExit:\n    pass", 0, "completed"),
        ("def main():\n    sys.exit(3)\nmain()", 3, "failed"),
        pytest.param("raise SystemExit(3)", 3, "failed", marks=SEES_RAISES),
        pytest.param("class Own(SystemExit): pass\nraise Own(3)", 3, "failed", marks=SEES_RAISES),
        ("raise SystemExit(0)", 0, "completed"),
        ("raise KeyboardInterrupt", -signal.SIGINT, "cancelled"),
        ("try:\n    raise KeyboardInterrupt\nexcept KeyboardInterrupt:\n    pass", 0, "completed"),
        ("with run:\n    raise ValueError('bad')", 1, "failed"),
        ("with run:\n    sys.exit(3)", 3, "failed"),
        ("thread = threading.Thread(target=run.log, args=({'late': 1},))\nthread.start()", 0, "completed"),
        ("run.log({'late': 1}, commit=False)", 0, "completed"),
        ("signal.raise_signal(signal.SIGTERM)", -signal.SIGTERM, "cancelled"),
        ("signal.raise_signal(signal.SIGHUP)", -signal.SIGHUP, "cancelled"),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, "lost"),
    ],
)
def test_a_run_ends_as_its_program(folder: Path, program: str, code: int, state: str) -> None:
    process = begun(folder, program)
    _, words = process.communicate()
    assert (process.returncode, told(folder)["state"]) == (code, state), words
    assert told(folder)["metrics"]["loss"]["last"] == 1.0
    assert ("late" in program) == ("late" in told(folder)["metrics"])


WAIT = "print('ready', flush=True)\nsys.stdin.read()\n"


@pytest.mark.parametrize(
    ("number", "state"),
    [(signal.SIGINT, "cancelled"), (signal.SIGTERM, "cancelled"), (signal.SIGKILL, "lost")],
)
def test_a_signal_from_outside_ends_the_run_and_the_program(
    folder: Path, number: signal.Signals, state: str
) -> None:
    process = begun(folder, WAIT)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert told(folder)["state"] == "running"
    process.send_signal(number)
    process.communicate()
    assert (process.returncode, told(folder)["state"]) == (-number, state)


def test_who_listened_to_a_signal_before_is_called_and_may_go_on(folder: Path) -> None:
    program = """
run.finish()
heard = []
signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
run = mltrack.init(project="p", id="it")
signal.raise_signal(signal.SIGTERM)
run.log({"loss": 1.0})
assert heard == [signal.SIGTERM]
"""
    process = begun(folder, program)
    _, words = process.communicate()
    assert (process.returncode, told(folder)["state"]) == (0, "cancelled"), words


def test_listeners_are_put_back_when_no_run_is_left(folder: Path) -> None:
    program = """
assert sys.excepthook is not sys.__excepthook__
run.finish()
assert sys.excepthook is sys.__excepthook__
assert sys.exit.__module__ == "sys"
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
"""
    process = begun(folder, program)
    _, words = process.communicate()
    assert process.returncode == 0, words


@pytest.mark.parametrize("child", ["pass", "sys.exit(3)", "raise ValueError", "run.finish()"])
def test_a_forked_child_ends_nothing_of_its_parent(folder: Path, child: str) -> None:
    program = f"""
pid = os.fork()
if pid == 0:
    run.log({{"child": 2.0}})
    {child}
    sys.exit()
os.waitpid(pid, 0)
assert run.state == "running", run.state
run.log({{"loss": 1.0}})
"""
    process = begun(folder, program)
    _, words = process.communicate()
    assert process.returncode == 0, words
    found = told(folder)
    assert (found["state"], found["metrics"]["loss"]["count"]) == ("completed", 2)
    assert found["metrics"]["child"]["last"] == 2.0


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize(("work", "state"), [("pass", "completed"), ("raise ValueError('bad')", "failed")])
def test_a_worker_that_begins_a_run_ends_it(folder: Path, method: str, work: str, state: str) -> None:
    (folder / "worker.py").write_text(
        "import mltrack\n"
        "def work():\n"
        "    mltrack.init(project='p', id='worker', reinit='create_new', settings={'system_metrics_ms': 0})\n"
        "    mltrack.log({'loss': 1.0})\n"
        f"    {work}\n"
    )
    program = f"""
import multiprocessing
sys.path.insert(0, "")
from worker import work
process = multiprocessing.get_context("{method}").Process(target=work)
process.start()
process.join()
"""
    process = begun(folder, "run.finish()\n" + program)
    _, words = process.communicate()
    assert process.returncode == 0, words
    store = _session.open_store(folder / ".mltrack", Settings(system_metrics_ms=0))
    states = {run["tags"]["run_id"]: run["state"] for run in store.runs("p")}
    assert states == {"it": "completed", "worker": state}


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_run_that_is_handed_to_a_worker_takes_what_it_logs(folder: Path, method: str) -> None:
    (folder / "worker.py").write_text("def work(run):\n    run.log({'from_worker': 1.0})\n")
    program = f"""
import multiprocessing
sys.path.insert(0, "")
from worker import work
context = multiprocessing.get_context("{method}")
process = context.Process(target=work, args=(run,))
process.start()
process.join()
assert process.exitcode == 0
assert run.state == "running"
"""
    process = begun(folder, program)
    _, words = process.communicate()
    assert process.returncode == 0, words
    found = told(folder)
    assert (found["state"], found["metrics"]["from_worker"]["last"]) == ("completed", 1.0)


def test_a_kernel_that_was_killed_is_gone_on_with_by_the_next_one(folder: Path) -> None:
    first = begun(folder, WAIT)
    assert first.stdout is not None
    assert first.stdout.readline() == "ready\n"
    first.kill()
    first.communicate()
    assert told(folder)["state"] == "lost"
    second = begun(folder, "assert (run.resumed, run.step) == (True, 2)")
    _, words = second.communicate()
    assert second.returncode == 0, words
    found = told(folder)
    assert (found["state"], found["metrics"]["loss"]["count"]) == ("completed", 2)


@pytest.mark.parametrize(
    "ending", ["", "run.finish()", "raise ValueError", "signal.raise_signal(signal.SIGTERM)"]
)
def test_who_joins_a_run_leaves_it_running(folder: Path, ending: str) -> None:
    host = begun(folder, WAIT)
    assert host.stdout is not None
    assert host.stdout.readline() == "ready\n"
    guest = begun(folder, f"assert run.resumed\nrun.log({{'guest': 1.0}})\n{ending}")
    _, words = guest.communicate()
    assert "Warning" not in words
    assert told(folder)["state"] == "running"
    host.communicate("")
    found = told(folder)
    assert (found["state"], found["metrics"]["loss"]["count"], found["metrics"]["guest"]["count"]) == (
        "completed",
        2,
        1,
    )


def test_who_joins_a_run_ends_it_when_it_says_so(folder: Path) -> None:
    host = begun(folder, WAIT)
    assert host.stdout is not None
    assert host.stdout.readline() == "ready\n"
    guest = begun(folder, "run.fail('no more')")
    guest.communicate()
    assert told(folder)["state"] == "failed"
    host.communicate("")


def test_whoever_ends_its_training_after_a_signal_in_its_own_time_may(folder: Path) -> None:
    program = """
class Composed:
    def __call__(self, number, frame):
        before(number, frame)
Composed.__module__ = "lightning.pytorch.trainer.connectors.signal_connector"
before = signal.getsignal(signal.SIGTERM)
signal.signal(signal.SIGTERM, Composed())
signal.raise_signal(signal.SIGTERM)
run.log({"last": 1.0})
"""
    process = begun(folder, program)
    _, words = process.communicate()
    found = told(folder)
    assert (process.returncode, found["state"]) == (0, "cancelled"), words
    assert found["metrics"]["last"]["last"] == 1.0


def test_exits_are_as_before_when_no_run_is_left(folder: Path) -> None:
    program = """
import builtins
run.finish()
import mltrack._exits as exits
assert sys.exit is not exits._exit and type(builtins.exit).__call__ is not exits._quit
assert not hasattr(sys, "monitoring") or not any(sys.monitoring.get_tool(number) for number in range(6))
"""
    process = begun(folder, program)
    _, words = process.communicate()
    assert process.returncode == 0, words
