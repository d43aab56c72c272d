"""A program that is killed while it logs loses nothing that a call had returned from."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

import pytest
from programs import PATIENCE_S, start, store_at

TRAINER = """
import itertools, mmap, struct
with open("acknowledged", "r+b") as file:
    shared = mmap.mmap(file.fileno(), 8)
run = store.start_run("killed", STARTED)
print(run.id, flush=True)
for step in itertools.count():
    run.log_numbers({"loss": 1.0 / (step + 1), "step": float(step)}, step)
    struct.pack_into("<q", shared, 0, step + 1)
    if step == 20_000:
        print("far enough", flush=True)
"""


@pytest.mark.parametrize("round", range(3))
def test_every_point_that_a_call_returned_from_is_there_after_a_kill(tmp_path: Path, round: int) -> None:
    (tmp_path / "acknowledged").write_bytes(bytes(8))
    program = start(tmp_path, TRAINER)
    assert program.stdout is not None
    run = program.stdout.readline().strip()
    assert program.stdout.readline().strip() == "far enough"
    program.kill()
    program.communicate(timeout=PATIENCE_S)

    with open(tmp_path / "acknowledged", "r+b") as file:
        (acknowledged,) = struct.unpack("<q", mmap.mmap(file.fileno(), 8)[:])
    assert acknowledged > 20_000
    store = store_at(tmp_path)
    history = store.history(run, "step")
    # The call that the kill came into may have got through.
    assert len(history) in (acknowledged, acknowledged + 1)
    assert history["step"].tolist() == list(range(len(history)))
    assert history["value"].tolist() == [float(step) for step in range(len(history))]
    assert len(store.history(run, "loss")) == len(history)
    assert store.run_summary(run)["state"] == "lost"
    assert store.verify(deep=True)["is_sound"]


def test_a_run_that_was_killed_can_be_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "acknowledged").write_bytes(bytes(8))
    program = start(tmp_path, TRAINER)
    assert program.stdout is not None
    run = program.stdout.readline().strip()
    program.stdout.readline()
    program.kill()
    program.communicate(timeout=PATIENCE_S)

    store = store_at(tmp_path)
    before = len(store.history(run, "loss"))
    resumed = store.resume(run)
    assert resumed.next_step == before
    resumed.log_numbers({"loss": 0.0, "step": 0.0})
    resumed.complete()
    assert store.history(run, "loss")["step"][-1] == before
    assert store.run_summary(run)["state"] == "completed"
