"""Threads and tasks log into one run, and wait for the log, without getting into each other's way."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from programs import PATIENCE_S, STARTED, store_at

from mltrack import _mltrack
from mltrack._tail import Tail

THREADS = 8
POINTS = 1_000


def test_threads_that_log_at_once_lose_nothing(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    run = store.start_run("threads", STARTED)
    begin = threading.Barrier(THREADS)

    def work(number: int) -> None:
        begin.wait(PATIENCE_S)
        for step in range(POINTS):
            run.log_numbers({f"own/{number}": float(step), "shared": 1.0}, step)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    run.complete()
    for number in range(THREADS):
        assert store.history(run.id, f"own/{number}")["step"].tolist() == list(range(POINTS))
    assert len(store.history(run.id, "shared")) == THREADS * POINTS


def test_threads_that_name_no_step_get_steps_of_their_own(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    run = store.start_run("threads", STARTED)
    begin = threading.Barrier(THREADS)

    def work(number: int) -> None:
        begin.wait(PATIENCE_S)
        for _ in range(POINTS):
            run.log_numbers({"loss": float(number)})

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    run.complete()
    assert store.history(run.id, "loss")["step"].tolist() == list(range(THREADS * POINTS))
    assert run.next_step == THREADS * POINTS


def test_a_thread_that_waits_for_the_log_lets_others_work(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    run = store.start_run("threads", STARTED)
    tail = store.tail("end", run=run.id, types=["metrics_logged"])
    seen: list[_mltrack.Event] = []
    waiter = threading.Thread(target=lambda: seen.append(next(tail)), daemon=True)
    waiter.start()
    run.log_numbers({"loss": 0.5}, 3)
    waiter.join(PATIENCE_S)
    assert [event.points for event in seen] == [[("loss", 3, 0.5)]]
    run.complete()


def test_closing_a_tail_ends_the_thread_that_waits_in_it(tmp_path: Path) -> None:
    tail = store_at(tmp_path).tail("end")
    waiter = threading.Thread(target=lambda: list(tail), daemon=True)
    waiter.start()
    tail.close()
    waiter.join(PATIENCE_S)
    assert not waiter.is_alive()


def test_tasks_log_and_follow_in_one_event_loop(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    run = store.start_run("tasks", STARTED)
    native = store.tail("end", run=run.id, types=["metrics_logged"])

    async def follow() -> list[tuple[str, int, float]]:
        points: list[tuple[str, int, float]] = []
        async for event in Tail(native, is_following=True):
            points.extend(event.points)
            if len(points) == 30:
                return points
        return points

    async def log(name: str) -> None:
        for step in range(10):
            run.log_numbers({name: float(step)}, step)
            await asyncio.sleep(0)

    async def both() -> list[tuple[str, int, float]]:
        following = asyncio.create_task(follow())
        await asyncio.gather(*(log(name) for name in "abc"))
        return await asyncio.wait_for(following, PATIENCE_S)

    points = asyncio.run(both())
    assert sorted(points) == [(name, step, float(step)) for name in "abc" for step in range(10)]
    run.complete()


def test_a_task_that_follows_can_be_cancelled(tmp_path: Path) -> None:
    native = store_at(tmp_path).tail("end")

    async def follow() -> None:
        async for _ in Tail(native, is_following=True):
            pass

    async def cancelled() -> None:
        following = asyncio.create_task(follow())
        await asyncio.sleep(0)
        following.cancel()
        await following

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
