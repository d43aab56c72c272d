"""Generators, coroutines and asynchronous generators that are tracked stay what they are."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import inspect
import types
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from mltrack.tracking import track

from track_support import last_values, only_run, runs, store_folder

__all__ = ["store_folder"]


@track
def fit() -> dict[str, float]:
    return {"loss": 0.5}


def test_a_generator_is_one_run_from_its_first_item_to_its_end() -> None:
    @track
    def epochs(count: int) -> Iterator[dict[str, float]]:
        for epoch in range(count):
            yield {"loss": 1 / (epoch + 1)}

    assert inspect.isgeneratorfunction(epochs)
    waiting = epochs(3)
    fit()
    assert [run["experiment"] for run in runs()] == ["fit"]
    assert len(list(waiting)) == 3
    run = runs()[-1]
    assert (run["state"], run["metrics"]["loss"]["count"], run["metrics"]["loss"]["step"]) == ("completed", 3, 2)


def test_while_a_generator_waits_its_run_is_nobodys_parent() -> None:
    @track
    def items() -> Iterator[int]:
        fit()
        yield 1

    for _ in items():
        fit()
    outer, inner, beside = runs()
    assert inner["parent"] == outer["id"]
    assert beside["parent"] is None


def test_a_generator_is_sent_to_thrown_into_and_gives_its_result() -> None:
    @track
    def talk() -> Any:
        heard = yield "first"
        try:
            yield heard
        except ValueError as error:
            yield str(error)
        return {"score": 3}

    def relay() -> Any:
        return (yield from talk())

    generator = relay()
    assert next(generator) == "first"
    assert generator.send("second") == "second"
    assert generator.throw(ValueError("third")) == "third"
    with pytest.raises(StopIteration) as stopped:
        next(generator)
    assert stopped.value.value == {"score": 3}
    assert last_values(only_run()) == {"score": 3}


def test_a_generator_that_nobody_wants_more_of_is_completed_and_says_so() -> None:
    cleaned = []

    @track
    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            cleaned.append(True)

    for _ in endless():
        break
    gc.collect()
    run = only_run()
    assert cleaned == [True]
    assert (run["state"], run["tags"]["mltrack.generator"]) == ("completed", "closed after 1")


def test_a_generator_that_fails_is_failed() -> None:
    @track
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(broken())
    assert only_run()["state"] == "failed"


def test_an_object_with_an_asynchronous_call_is_asynchronous() -> None:
    class Callable:
        async def __call__(self, value: int) -> int:
            await asyncio.sleep(0)
            return value

    tracked = track(Callable())
    assert inspect.iscoroutinefunction(tracked)
    assert asyncio.run(tracked(3)) == 3
    run = only_run()
    assert (run["params"], last_values(run)) == ({"value": 3}, {"result": 3})


def test_asynchronous_calls_side_by_side_keep_their_children_apart() -> None:
    @track
    async def child(value: int) -> int:
        await asyncio.sleep(0)
        return value

    @track
    async def parent(value: int) -> None:
        await asyncio.gather(child(value), child(value + 1))

    async def both() -> None:
        await asyncio.gather(parent(10), parent(20))

    assert inspect.iscoroutinefunction(child)
    asyncio.run(both())
    parents = {run["params"]["value"]: run["id"] for run in runs() if run["parent"] is None}
    children = {run["params"]["value"]: run["parent"] for run in runs() if run["parent"]}
    assert children == {10: parents[10], 11: parents[10], 20: parents[20], 21: parents[20]}


def test_a_task_that_is_cancelled_is_a_cancelled_run() -> None:
    @track
    async def forever() -> None:
        await asyncio.Event().wait()

    async def cancelled() -> None:
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert only_run()["state"] == "cancelled"


def test_an_asynchronous_generator_is_one_run() -> None:
    @track
    async def stream(count: int) -> AsyncIterator[float]:
        for index in range(count):
            await asyncio.sleep(0)
            yield float(index)

    async def read(limit: int) -> list[float]:
        seen = []
        async for item in stream(3):
            seen.append(item)
            if len(seen) == limit:
                break
        return seen

    assert inspect.isasyncgenfunction(stream)
    assert asyncio.run(read(10)) == [0.0, 1.0, 2.0]
    assert asyncio.run(read(2)) == [0.0, 1.0]
    whole, part = runs()
    assert (whole["state"], last_values(whole)) == ("completed", {"result": 2.0})
    assert part["tags"]["mltrack.generator"] == "closed after 2"


def test_an_asynchronous_generator_is_sent_to_and_thrown_into() -> None:
    @track
    async def talk() -> Any:
        heard = yield "first"
        try:
            yield heard
        except ValueError as error:
            yield str(error)

    async def speak() -> list[Any]:
        generator = talk()
        said = [await generator.__anext__(), await generator.asend("second")]
        said.append(await generator.athrow(ValueError("third")))
        with pytest.raises(StopAsyncIteration):
            await generator.__anext__()
        return said

    assert asyncio.run(speak()) == ["first", "second", "third"]
    assert only_run()["state"] == "completed"


def test_a_coroutine_that_is_driven_from_several_contexts_is_not_disturbed() -> None:
    @types.coroutine
    def pause() -> Iterator[str]:
        yield "paused"

    @track
    async def train() -> int:
        await pause()
        return 7

    coroutine = train()
    assert contextvars.copy_context().run(coroutine.send, None) == "paused"
    with pytest.raises(StopIteration) as stopped:
        contextvars.copy_context().run(coroutine.send, None)
    assert stopped.value.value == 7
    assert only_run()["state"] == "completed"
