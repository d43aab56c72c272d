"""Imports that are repeated while the peer writes on, that are killed, and that follow."""

import itertools
import os
import signal
import subprocess
import time

from tensorboardX import SummaryWriter

from store import Store
from tensorboard_files import in_order, points_by_peer

DEADLINE_S = 120
NUMBERS = itertools.count()


def write(folder, name, steps, tags=4):
    # Two files of the same second would have the same name.
    with SummaryWriter(str(folder / name), filename_suffix=f".{next(NUMBERS):03}") as writer:
        for step in steps:
            for tag in range(tags):
                writer.add_scalar(f"metric/{tag}", step * 0.25 + tag, step)


def until(what, condition):
    """Waits for a condition, a moment between two looks."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"{what} did not come"
        os.sched_yield()


def test_what_is_new_is_added_and_nothing_else(binary, folder):
    logs = folder / "logs"
    store = Store(binary, folder)
    write(logs, "a", range(100))
    store.bring("tensorboard", logs)
    # A second file of the run, a second run, and then a file that goes on.
    write(logs, "a", range(100, 200))
    write(logs, "b", range(50))
    report = store.bring("tensorboard", logs)
    assert (report["runs_new"], report["runs_grown"], report["points"]) == (1, 1, 600), report
    path = sorted((logs / "b").iterdir())[0]
    extra = folder / "extra"
    write(extra, "b", range(50, 60))
    path.write_bytes(path.read_bytes() + next((extra / "b").iterdir()).read_bytes())
    report = store.bring("tensorboard", logs)
    assert (report["runs_grown"], report["runs_same"], report["points"]) == (1, 1, 40), report
    assert in_order(store.points()) == in_order(points_by_peer(logs))
    assert store.runs()["b"]["state"] == "completed"


def test_a_file_that_was_replaced_is_read_anew_and_said(binary, folder):
    logs = folder / "logs"
    store = Store(binary, folder)
    write(logs, "a", range(10))
    store.bring("tensorboard", logs)
    path = next((logs / "a").iterdir())
    other = folder / "other"
    write(other, "a", range(1000, 1030))
    path.write_bytes(next((other / "a").iterdir()).read_bytes())
    report = store.bring("tensorboard", logs)
    assert report["points"] == 120 and report["untaken"][0]["kind"] == "noted", report


def test_one_that_is_killed_goes_on_to_the_same_result(binary, folder):
    logs = folder / "logs"
    for name in ["a", "b", "c"]:
        write(logs, name, range(25_000), tags=4)
    store = Store(binary, folder)
    kills = 0
    for wait_s in [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8]:
        process = subprocess.Popen(store.command("import", "tensorboard", logs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(wait_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
    store.bring("tensorboard", logs)
    assert in_order(store.points()) == in_order(points_by_peer(logs))
    runs = store.runs()
    assert set(runs) == {"a", "b", "c"} and all(run["state"] == "completed" for run in runs.values()), runs
    assert kills > 0, "no import was killed: let it bring in more"


def test_two_at_once_take_nothing_twice(binary, folder):
    logs = folder / "logs"
    for name in ["a", "b"]:
        write(logs, name, range(5_000))
    store = Store(binary, folder)
    store.run("exp", "new", "first")
    both = [subprocess.Popen(store.command("import", "tensorboard", logs), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
    ended = [(process.communicate()[1], process.returncode) for process in both]
    # One of the two may be refused, exit 8, because the other is at it.
    assert all(status in (0, 8) for _, status in ended), ended
    store.bring("tensorboard", logs)
    assert in_order(store.points()) == in_order(points_by_peer(logs))


def test_a_growing_folder_is_followed(binary, folder):
    logs = folder / "logs"
    logs.mkdir()
    store = Store(binary, folder)
    store.run("exp", "new", "first")
    process = subprocess.Popen(store.command("import", "tensorboard", logs, "--follow"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        counts = lambda: sum(map(len, store.points().values()))
        with SummaryWriter(str(logs / "a"), flush_secs=1) as writer:
            for step in range(10):
                writer.add_scalar("loss", step, step)
            writer.flush()
            until("the first points", lambda: counts() == 10)
            assert store.runs()["a"]["state"] == "running"
            writer.add_scalar("loss", 10, 10)
            writer.flush()
            until("what was added", lambda: counts() == 11)
        write(logs, "b", range(5))
        until("a second run", lambda: counts() == 31)
        write(logs, "a", range(5))
        until("a second file", lambda: counts() == 51)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=DEADLINE_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, (process.returncode, output, errors)
    assert all(run["state"] == "completed" for run in store.runs().values())
    report = store.bring("tensorboard", logs)
    assert (report["points"], report["runs_same"]) == (0, 2)
    assert in_order(store.points()) == in_order(points_by_peer(logs))
