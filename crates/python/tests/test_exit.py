"""How a process ends with something of ours still open: cleanly, and with everything that was logged."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from programs import PATIENCE_S, run, start, store_at


def test_a_run_that_nobody_ended_keeps_its_points(tmp_path: Path) -> None:
    output = run(
        tmp_path,
        """
        run = store.start_run("open", STARTED)
        for step in range(100):
            run.log_numbers({"loss": 1.0}, step)
        print(run.id)
        """,
    )
    store = store_at(tmp_path)
    assert len(store.history(output.strip(), "loss")) == 100
    assert store.run_summary(output.strip())["state"] in ("failed", "lost")


def test_the_interpreter_ends_while_a_thread_waits_for_the_log(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        import threading
        run = store.start_run("open", STARTED)
        tail = store.tail("end", run=run.id)
        is_in = threading.Event()
        def follow():
            for _ in tail:
                is_in.set()
        threading.Thread(target=follow, daemon=True).start()
        run.log_numbers({"loss": 1.0})
        assert is_in.wait(60)
        """,
    )


def test_the_interpreter_ends_while_threads_log(tmp_path: Path) -> None:
    output = run(
        tmp_path,
        """
        import threading
        run = store.start_run("open", STARTED)
        begun = threading.Barrier(5)
        def log(name):
            step = 0
            while True:
                run.log_numbers({name: 1.0}, step)
                step += 1
                if step == 100:
                    begun.wait()
        for number in range(4):
            threading.Thread(target=log, args=(f"thread/{number}",), daemon=True).start()
        begun.wait()
        print(run.id)
        """,
    )
    store = store_at(tmp_path)
    for number in range(4):
        steps = store.history(output.strip(), f"thread/{number}")["step"].tolist()
        assert len(steps) >= 100 and steps == list(range(len(steps)))


def test_the_interpreter_ends_with_an_upload_on_its_way(tmp_path: Path) -> None:
    output = run(
        tmp_path,
        """
        run = store.start_run("open", STARTED)
        upload = run.log_artifact("model.bin", b"x" * 5_000_000)
        run.complete()
        print(run.id)
        """,
    )
    artifact = store_at(tmp_path).artifact(output.strip(), "model.bin")
    assert artifact["len"] == 5_000_000


@pytest.mark.parametrize("waiting", ["next(tail)", "tail.next_within(1000)", "next(lines)"])
def test_ctrl_c_ends_a_wait_for_the_log(tmp_path: Path, waiting: str) -> None:
    program = start(
        tmp_path,
        f"""
        run = store.start_run("open", STARTED)
        tail = store.tail("end", types=["log_line"])
        lines = store.follow_lines(run.id)
        try:
            print("ready", flush=True)
            {waiting}
        except KeyboardInterrupt:
            run.complete()
            print("interrupted")
        """,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    program.send_signal(signal.SIGINT)
    output, errors = program.communicate(timeout=PATIENCE_S)
    assert output == "interrupted\n", errors


def test_a_second_interpreter_is_refused_in_words(tmp_path: Path) -> None:
    module = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    output = run(
        tmp_path,
        f"""
        import os
        import {module} as interpreters
        interpreters.run_string(interpreters.create(), "\\n".join([
            "import os",
            "try:",
            "    import mltrack",
            "except ImportError as error:",
            "    os.write(1, str(error).encode())",
        ]))
        """,
    )
    assert "threads or processes instead of subinterpreters" in output
