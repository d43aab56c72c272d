"""Processes that were forked or spawned log into the run of their parent, and end nothing of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from programs import PRELUDE, environment, run, store_at

POINTS = 500
WORKERS = 4


def told(output: str) -> str:
    """The id that a program printed last."""
    return output.split()[-1]


@pytest.mark.parametrize("ending", ["os._exit(0)", "sys.exit(0)"])
def test_a_forked_child_logs_through_the_handle_that_it_inherited(tmp_path: Path, ending: str) -> None:
    output = run(
        tmp_path,
        f"""
        import os, sys
        run = store.start_run("forked", STARTED)
        run.log_numbers({{"parent": 0.0}}, 0)
        child = os.fork()
        if child == 0:
            for step in range({POINTS}):
                run.log_numbers({{"child": float(step)}}, step)
            {ending}
        for step in range(1, {POINTS}):
            run.log_numbers({{"parent": float(step)}}, step)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert run.state == "running"
        run.complete()
        print(run.id)
        """,
    )
    store = store_at(tmp_path)
    for name in ("parent", "child"):
        assert store.history(told(output), name)["step"].tolist() == list(range(POINTS))
    assert store.run_summary(told(output))["state"] == "completed"


def test_a_child_that_is_forked_while_threads_log_does_not_hang(tmp_path: Path) -> None:
    output = run(
        tmp_path,
        f"""
        import os, threading
        run = store.start_run("forked", STARTED)
        stop, begun = threading.Event(), threading.Barrier(5)
        def log(name):
            begun.wait()
            step = 0
            while not stop.is_set():
                run.log_numbers({{name: 1.0}}, step)
                step += 1
        threads = [threading.Thread(target=log, args=(f"thread/{{number}}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        begun.wait()
        for number in range(8):
            child = os.fork()
            if child == 0:
                for step in range({POINTS}):
                    run.log_numbers({{f"child/{{number}}": 1.0}}, step)
                run.set_tag(f"child-{{number}}")
                os._exit(0)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        stop.set()
        for thread in threads:
            thread.join()
        run.complete()
        print(run.id)
        """,
    )
    summary = store_at(tmp_path).run_summary(told(output))
    counts = {name: metric["count"] for name, metric in summary["metrics"].items()}
    assert [counts[f"child/{number}"] for number in range(8)] == [POINTS] * 8
    assert all(counts[f"thread/{number}"] > 0 for number in range(4))
    assert all(f"child-{number}" in summary["tags"] for number in range(8))


def test_workers_of_a_forking_pool_log_into_one_run(tmp_path: Path) -> None:
    output = run(
        tmp_path,
        f"""
        import multiprocessing
        run = store.start_run("pool", STARTED)
        def work(number):
            for step in range({POINTS}):
                run.log_numbers({{f"worker/{{number}}": float(step)}}, step)
            return number
        with multiprocessing.get_context("fork").Pool({WORKERS}) as pool:
            assert sorted(pool.map(work, range({WORKERS}), chunksize=1)) == list(range({WORKERS}))
        run.complete()
        print(run.id)
        """,
    )
    store = store_at(tmp_path)
    for number in range(WORKERS):
        history = store.history(told(output), f"worker/{number}")
        assert history["value"].tolist() == [float(step) for step in range(POINTS)]
    assert store.run_summary(told(output))["state"] == "completed"


def test_workers_that_are_spawned_attach_to_the_run(tmp_path: Path) -> None:
    program = tmp_path / "spawning.py"
    program.write_text(
        PRELUDE
        + f"""
import multiprocessing

def work(task):
    id, number = task
    run = store.attach(id)
    for step in range({POINTS}):
        run.log_numbers({{f"worker/{{number}}": float(step)}}, step)
    return number

if __name__ == "__main__":
    run = store.start_run("pool", STARTED)
    with multiprocessing.get_context("spawn").Pool({WORKERS}) as pool:
        pool.map(work, [(run.id, number) for number in range({WORKERS})], chunksize=1)
    assert run.state == "running"
    run.complete()
    print(run.id)
"""
    )
    done = subprocess.run(
        [sys.executable, program.name],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    store = store_at(tmp_path)
    for number in range(WORKERS):
        history = store.history(told(done.stdout), f"worker/{number}")
        assert history["value"].tolist() == [float(step) for step in range(POINTS)]
    assert store.run_summary(told(done.stdout))["state"] == "completed"


TRAINING = """
import multiprocessing

import mltrack

def work(number):
    for step in range(100):
        mltrack.log({f"forked/{number}": step}, step=step)

def join(task):
    id, number = task
    run = mltrack.init(id=id, resume="must")
    for step in range(100):
        run.log({f"spawned/{number}": step}, step=step)
    run.finish()

if __name__ == "__main__":
    run = mltrack.init(project="pool")
    for method, target, tasks in (
        ("fork", work, range(4)),
        ("spawn", join, [(run.id, number) for number in range(4)]),
    ):
        with multiprocessing.get_context(method).Pool(4) as pool:
            pool.map(target, tasks, chunksize=1)
    assert run.state == "running"
    run.finish()
    print(run.id)
"""


def test_pools_of_workers_log_into_the_run_of_a_program(tmp_path: Path) -> None:
    (tmp_path / "training.py").write_text(TRAINING)
    command = [sys.executable, "-W", "error", "training.py"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0 and "Warning" not in done.stderr, done.stderr
    known = store_at(tmp_path).run_summary(told(done.stdout))
    names = [f"{how}/{number}" for how in ("forked", "spawned") for number in range(4)]
    assert {name: known["metrics"][name]["count"] for name in names} == dict.fromkeys(names, 100)
    assert known["state"] == "completed"


def test_what_a_parent_holds_for_a_step_and_its_files_stay_its_own(tmp_path: Path) -> None:
    output = run(
        tmp_path,
        """
        import os, mltrack
        run = mltrack.init(settings={"capture": "off", "system_metrics_ms": 0})
        artifact = mltrack.Artifact("notes", type="file")
        with artifact.new_file("a.txt") as file:
            file.write("a")
        run.log({"held": 1.0}, commit=False)
        run._lock.acquire()
        child = os.fork()
        if child == 0:
            run.log({"child": 1.0}, step=5)
            run.log({"child": 2.0}, step=6, commit=True)
            sys.exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        run._lock.release()
        run.log({"loss": 1.0}, step=0)
        run.log_artifact(artifact)
        run.finish()
        print(run.id)
        """,
    )
    store = store_at(tmp_path)
    assert store.history(told(output), "held")["step"].tolist() == [0]
    assert store.history(told(output), "child")["step"].tolist() == [5, 6]
    assert [each["path"] for each in store.artifacts(told(output), path="notes/*")] == ["notes/a.txt"]
