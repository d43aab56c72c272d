"""The program of the package: it behaves as the binary does, whatever the interpreter did to its process before."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from programs import PATIENCE_S, environment

import mltrack

PROGRAM = [sys.executable, str(Path(mltrack.__file__).with_name("__main__.py"))]
INTERRUPTED = 130
PANICKED = 101


def done(*words: str | bytes, **more: Any) -> subprocess.CompletedProcess[str]:
    """What became of a command."""
    return subprocess.run([*PROGRAM, *words], **(settings() | more), timeout=PATIENCE_S, check=False)


def started(*words: str, **more: Any) -> subprocess.Popen[str]:
    """A command under way, which reads from a pipe."""
    return subprocess.Popen([*PROGRAM, *words], stdin=subprocess.PIPE, **(settings() | more))


def settings() -> dict[str, Any]:
    return {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment()}


def printed(*words: str, **more: Any) -> str:
    """What a command prints that comes to a good end."""
    ended = done(*words, **more)
    assert ended.returncode == 0, ended
    assert isinstance(ended.stdout, str)
    return ended.stdout


def items(*words: str) -> list[dict[str, Any]]:
    found = json.loads(printed(*words, "--json"))["items"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--version"], 0), (["runs", "--help"], 0), (["nonsense"], 2), ([], 2), (["runs"], 3)],
)
def test_it_ends_with_the_code_of_its_answer(words: list[str], code: int) -> None:
    ended = done(*words)
    assert ended.returncode == code, ended
    assert "Traceback" not in ended.stderr
    assert "__main__" not in ended.stdout + ended.stderr, "it calls itself mltrack"


def test_python_runs_it_as_a_module() -> None:
    module = [sys.executable, "-m", "mltrack", "--version"]
    output = subprocess.run(module, capture_output=True, text=True, check=True, env=environment(), timeout=PATIENCE_S)
    assert output.stdout == f"mltrack {mltrack.__version__}\n"


def test_words_that_are_no_text_arrive_as_they_are(tmp_path: Path) -> None:
    name = b"\xff\xe9"
    assert done("init", name).returncode == 0
    made = os.path.join(os.fsencode(tmp_path), name)
    assert os.path.isdir(made)


def test_a_panic_ends_it_as_it_ends_the_binary() -> None:
    with open("/dev/full", "w") as full:
        assert done(stderr=full).returncode == PANICKED, "help that nobody can be told"


def test_a_reader_that_leaves_is_no_failure() -> None:
    printed("run", "start", "digits")
    read, write = os.pipe()
    os.close(read)
    ended = done("runs", stdout=write)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_is_printed_goes_nowhere_when_the_outputs_are_closed() -> None:
    words = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *PROGRAM, "run", "start", "digits", "--name", "unheard"]
    assert subprocess.run(words, env=environment(), timeout=PATIENCE_S, check=False).returncode == 0
    assert [run["name"] for run in items("runs")] == ["unheard"]
    printed("verify", "--deep")


def of_signals(pid: int, kind: str) -> int:
    """Signals of a process of a kind, as a set of bits."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(kind)).split()[1], 16)


def bit(number: int) -> int:
    """Where a signal stands in such a set."""
    return 1 << number - 1


def logging_run(**more: Any) -> subprocess.Popen[str]:
    """A command that has begun to read, and does nothing about signals."""
    run = printed("run", "start", "digits").split()[0]
    program = started("run", "log", run, "--ack", **more)
    assert program.stdin is not None and program.stdout is not None
    program.stdin.write("loss=0.5\n")
    program.stdin.flush()
    assert program.stdout.readline().strip().isdigit()
    return program


def test_an_interrupt_ends_at_once_what_has_nothing_to_say_about_it() -> None:
    program = logging_run()
    program.send_signal(signal.SIGINT)
    output, errors = program.communicate(timeout=PATIENCE_S)
    assert (program.returncode, output, errors) == (-signal.SIGINT, "", "")


def test_an_interrupt_that_was_ignored_before_stays_so() -> None:
    # As in a shell without job control: `mltrack .. &`.
    program = logging_run(preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    program.send_signal(signal.SIGINT)
    output, errors = program.communicate("loss=0.25\n", timeout=PATIENCE_S)
    assert program.returncode == 0, errors
    assert output.strip().isdigit()


def test_what_goes_on_ends_in_its_own_way_when_it_is_interrupted() -> None:
    printed("run", "start", "digits")
    program = started("tail", "-f", "--from", "start", "--ndjson")
    assert program.stdout is not None
    assert json.loads(program.stdout.readline()), "it is past the interpreter's beginnings"
    until = time.monotonic() + PATIENCE_S
    # Nothing tells when a process begins to catch a signal: its entry in /proc is looked at until it does.
    while not of_signals(program.pid, "SigCgt") & bit(signal.SIGINT):
        assert time.monotonic() < until, "the program catches no interrupt"
        os.sched_yield()
    program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=PATIENCE_S)
    assert program.returncode == INTERRUPTED
    assert "Traceback" not in errors


def test_programs_that_it_starts_get_the_signals_and_the_language_that_it_got() -> None:
    names = {name: value for name, value in environment().items() if name not in ("LANG", "LC_ALL", "LC_CTYPE")}
    words = ("run", "exec", "digits", "--", "sh", "-c", "env; grep SigIgn /proc/self/status")
    lines = printed(*words, env=names).splitlines()
    assert not [line for line in lines if line.startswith("LC_CTYPE=")]
    ignored = int(next(line for line in lines if line.startswith("SigIgn")).split()[1], 16)
    assert not ignored & (bit(signal.SIGPIPE) | bit(signal.SIGXFSZ))
    lines = printed(*words, env=names | {"LC_CTYPE": "C.UTF-8"}).splitlines()
    assert "LC_CTYPE=C.UTF-8" in lines


def test_the_demo_starts_the_same_package_again_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "mltrack.py").write_text("raise SystemExit('not this one')")
    printed("demo", "--runs", "2", "--epochs", "1")
    assert [run["state"] for run in items("runs", "digits")] == ["completed"] * 2


def test_a_run_of_the_demo_is_reproduced_by_the_extension_that_has_its_code() -> None:
    names = environment() | {"MLTRACK_CAPTURE": "full"}
    printed("demo", "--runs", "1", "--epochs", "2", env=names)
    again = done("reproduce", "@last", "--check", env=names)
    assert again.returncode == 0, again
    assert "the same executable" in again.stderr
    assert os.path.basename(mltrack._mltrack.__file__) in again.stderr


def test_the_trail_names_the_program_and_not_the_interpreter() -> None:
    printed("exp", "new", "digits")
    assert {operation["command"] for operation in items("op", "log")} == {"mltrack"}


def test_a_server_answers_commands_of_clients_with_the_same_package() -> None:
    printed("run", "start", "digits", "--name", "seen")
    server = started("serve", "--bind", "127.0.0.1:0", "--json")
    assert server.stdout is not None
    url = json.loads(server.stdout.readline())["url"]
    assert [run["name"] for run in items("-C", url, "runs")] == ["seen"]
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=PATIENCE_S)
    assert server.returncode == 0
