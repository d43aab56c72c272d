"""Signals, threads, processes, and faults of the tracker: training goes on as if nobody tracked it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

import mltrack
from mltrack import _guard, _tracked
from mltrack._guard import TrackerWarning
from mltrack.tracking import track

from track_support import environment, only_run, runs, store_folder

__all__ = ["store_folder"]

PROGRAM = """
import os, signal, sys, threading
from mltrack.tracking import track
{before}

@track
def inner():
    print("ready", flush=True)
    {body}

@track
def train():
    inner()

train()
"""


def run_program(body: str, before: str = "", send: int | None = None) -> subprocess.CompletedProcess[str]:
    code = PROGRAM.format(body=body, before=before)
    child = subprocess.Popen(
        [sys.executable, "-c", code], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    if send is not None:
        child.send_signal(send)
    try:
        out, errors = child.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        child.kill()
        raise
    return subprocess.CompletedProcess(child.args, child.returncode, out, errors)


def test_sigterm_cancels_every_open_run_and_ends_the_process_as_ever() -> None:
    ended = run_program("threading.Event().wait()", send=signal.SIGTERM)
    assert ended.returncode == -signal.SIGTERM
    assert [run["state"] for run in runs()] == ["cancelled", "cancelled"]


def test_ctrl_c_cancels_every_open_run() -> None:
    before = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    ended = run_program("threading.Event().wait()", before, send=signal.SIGINT)
    assert "KeyboardInterrupt" in ended.stderr
    assert [run["state"] for run in runs()] == ["cancelled", "cancelled"]


def test_a_handler_of_the_program_is_asked_first_and_may_raise() -> None:
    before = "def stop(*_): sys.exit(3)\nsignal.signal(signal.SIGTERM, stop)"
    ended = run_program("threading.Event().wait()", before, send=signal.SIGTERM)
    assert ended.returncode == 3
    assert {run["state"] for run in runs()} <= {"failed", "cancelled"}


def test_a_program_that_ends_in_its_own_time_is_cancelled_when_it_has() -> None:
    before = "told = threading.Event()\nsignal.signal(signal.SIGTERM, lambda *_: told.set())"
    ended = run_program("print(told.wait())", before, send=signal.SIGTERM)
    assert (ended.returncode, ended.stdout) == (0, "True\n")
    assert [run["state"] for run in runs()] == ["cancelled", "cancelled"]


def test_the_handler_of_before_is_there_again() -> None:
    before = signal.getsignal(signal.SIGTERM)

    @track
    def look() -> bool:
        return signal.getsignal(signal.SIGTERM) is before

    assert look() is False
    assert signal.getsignal(signal.SIGTERM) is before


def test_threads_that_run_side_by_side_are_not_each_others_children() -> None:
    meeting = threading.Barrier(2, timeout=60)

    @track
    def work(index: int) -> None:
        meeting.wait()

    threads = [threading.Thread(target=work, args=[index]) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(run["state"], run["parent"]) for run in runs()] == [("completed", None)] * 2


def test_a_forked_child_ends_nothing_of_its_parent() -> None:
    body = """
    child = os.fork()
    if child == 0:
        raise RuntimeError("only the child fails")
    os.waitpid(child, 0)
    """
    ended = run_program(body)
    assert ended.returncode == 0 and "only the child fails" in ended.stderr
    assert [run["state"] for run in runs()] == ["completed", "completed"]


def test_a_store_that_cannot_be_written_is_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MLTRACK_STORE", str(tmp_path / "file" / "store"))

    @track
    def train(lr: float) -> float:
        # What the function logs has nowhere to go, which is no fault of the function.
        mltrack.log({"lr": lr})
        mltrack.config["late"] = True
        assert mltrack.run is not None and mltrack.run.disabled
        return inner(lr)

    @track
    def inner(lr: float) -> float:
        mltrack.log({"lr": lr})
        return lr

    with pytest.warns(TrackerWarning, match="your program goes on") as told:
        assert [train(0.1), train(0.2)] == [0.1, 0.2]
    assert len(told) == 1
    assert told[0].filename == __file__


def test_a_store_that_is_deleted_meanwhile_breaks_nothing(store_folder: Path) -> None:
    @track
    def train() -> dict[str, float]:
        shutil.rmtree(store_folder)
        return {"loss": 0.5}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert train() == {"loss": 0.5}


def test_forked_workers_of_a_tracked_call_are_its_children() -> None:
    code = """
import multiprocessing
from mltrack import track

@track
def part(index):
    return index

@track
def whole():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(part, range(4)) == [0, 1, 2, 3]

whole()
"""
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True, timeout=120)
    parent, *parts = runs()
    assert [run["parent"] for run in parts] == [parent["id"]] * 4
    assert {run["state"] for run in runs()} == {"completed"}


FILLING = """
import mltrack, warnings
from mltrack import track
warnings.simplefilter("%s")

@track
def train(steps):
    for step in range(steps):
        mltrack.log({"loss": step, "text": "x" * 1000})
    return {"steps": steps}

print(train(%d), train(1))
"""


def fill(store: Path, steps: int, warn: str) -> subprocess.CompletedProcess[str]:
    environ = environment(MLTRACK_STORE=str(store), MLTRACK_CAPTURE="off", MLTRACK_SYSTEM_METRICS="off")
    return subprocess.run(
        [sys.executable, "-c", FILLING % (warn, steps)], env=environ, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("warn", ["always", "error"])
@pytest.mark.parametrize(("size", "steps"), [("600k", 10), ("3m", 3000)])
def test_a_disk_that_is_full_from_the_beginning_or_becomes_so_breaks_nothing(
    tmp_path: Path, size: str, steps: int, warn: str
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a disk of this size cannot be made here")
    try:
        ended = fill(disk / "store", steps, warn)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert (ended.returncode, ended.stdout) == (0, f"{{'steps': {steps}}} {{'steps': 1}}\n"), ended.stderr
    assert "full" in ended.stderr and "Traceback" not in ended.stderr


def test_each_kind_of_fault_is_told_once_also_where_warnings_are_errors(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no tracker today")

    monkeypatch.setattr(_tracked, "start", broken)

    @track
    def train() -> int:
        return 7

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [train(), train()] == [7, 7]
    assert capsys.readouterr().err.count("no tracker today") == 1


def test_arguments_that_cannot_be_described_do_not_lose_the_run() -> None:
    class Hostile:
        @property
        def shape(self) -> Any:
            raise RuntimeError("do not look")

    @track
    def train(data: Any, lr: float) -> float:
        return lr

    with pytest.warns(TrackerWarning):
        assert train(Hostile(), 0.1) == 0.1
    run = only_run()
    assert (run["state"], run["params"]["lr"]) == ("completed", 0.1)
    assert run["params"]["data"].endswith("Hostile")


def test_ctrl_c_is_never_taken_for_a_fault() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _guard.quietly(stop)
    assert os.getpid()
