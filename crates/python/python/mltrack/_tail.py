"""Following the log: a plain loop, or ``async for``.

Invariant: waiting blocks neither other threads nor the event loop, and Ctrl-C ends it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from mltrack import _mltrack

__all__ = ["Tail"]

STRETCH_S = 0.25
"""How long a thread that was asked by an event loop waits at most, so that a cancelled task leaves none behind."""


class Tail(Iterator[_mltrack.Event], AsyncIterator[_mltrack.Event]):
    """Events as they become visible; an iterator, also an asynchronous one.

    >>> import mltrack
    >>> with mltrack.init(project="digits") as run:
    ...     run.log({"loss": 0.5}, step=7)
    >>> for event in mltrack.open().tail("start", run=run.id, types=["metrics_logged"], follow=False):
    ...     print(event.type, event.points)
    metrics_logged [('loss', 7, 0.5)]
    """

    def __init__(self, native: _mltrack.Tail, *, is_following: bool) -> None:
        self._native = native
        self._is_following = is_following

    def __iter__(self) -> Tail:
        return self

    def __next__(self) -> _mltrack.Event:
        return next(self._native)

    def __aiter__(self) -> Tail:
        return self

    async def __anext__(self) -> _mltrack.Event:
        import asyncio

        while True:
            timeout_s = STRETCH_S if self._is_following else 0.0
            event = await asyncio.to_thread(self._native.next_within, timeout_s)
            if event is not None:
                return event
            if not self._is_following or self._native.position is None:
                raise StopAsyncIteration

    def next_within(self, timeout_s: float) -> _mltrack.Event | None:
        """The next event, waiting for it so many seconds; ``None`` when the time is over."""
        return self._native.next_within(timeout_s)

    @property
    def position(self) -> str | None:
        """Where another tail would go on: ``store.tail(position)``, also in another process."""
        return self._native.position

    def close(self) -> None:
        """Ends it, also for a thread that waits in it."""
        self._native.close()

    def __enter__(self) -> Tail:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
