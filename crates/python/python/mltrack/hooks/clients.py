"""Clients of language models in the shape of OpenAI's and Anthropic's: one place through which every call goes.

Invariants: the program is given the very object that it would be given, streams included; a stream is recorded when it has
been read, or was left; requests that are no calls of a model are passed on.
"""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from mltrack import _session
from mltrack._guard import quietly
from mltrack._run import Run
from mltrack.hooks.answers import Reading, prompt_of
from mltrack.hooks._patches import Patches
from mltrack.llm import SETTINGS, LlmCall, record_call, wants_content

_PATH = re.compile(r"(?:^|/)(?:chat/completions|completions|responses|messages|embeddings)/?(?:\?|$)")


def install(patches: Patches, module: ModuleType) -> None:
    """Patches what sends requests: ``create``, ``parse`` and ``stream`` of every resource come there."""
    for name in ("SyncAPIClient", "AsyncAPIClient"):
        kind = getattr(module, name, None)
        if isinstance(kind, type):
            patches.method(kind, "request", _asynchronous if name.startswith("Async") else _synchronous)


#: Streams that are not at their end yet, by their run.
_UNREAD: WeakKeyDictionary[Run, WeakSet[_Request]] = WeakKeyDictionary()


def settle(run: Run) -> None:
    """Records the streams that a run leaves unread."""
    for request in list(_UNREAD.pop(run, ())):
        quietly(request.done)


class _Request:
    """A call that is going on."""

    def __init__(self, run: Run, client: Any, body: dict[str, Any]) -> None:
        self.run = run
        self.began = time.perf_counter()
        self.call = LlmCall(
            model=_text(body.get("model")),
            provider=type(client).__module__.partition(".")[0],
            # The rest of a request is what is said, and who says it.
            settings={name: body[name] for name in SETTINGS if body.get(name) is not None},
        )
        self.reading = Reading(wants_content(run))
        if wants_content(run):
            self.call.prompt = prompt_of(body)

    def seconds(self) -> float:
        return time.perf_counter() - self.began

    def failed(self, error: BaseException) -> None:
        """Records that it failed."""
        status = getattr(error, "status_code", None)
        self.call.error = f"{type(error).__name__}{f' {status}' if status else ''}"
        self.done()

    def answered(self, answer: Any) -> None:
        """Records an answer, or puts a watch on one that is still to come."""
        iterator = getattr(answer, "_iterator", None)
        if iterator is None:
            self.reading.read(answer)
            self.done()
            return
        self.call.is_stream = True
        _UNREAD.setdefault(self.run, WeakSet()).add(self)
        is_asynchronous = hasattr(iterator, "__anext__")
        answer._iterator = self._reading_asynchronously(iterator) if is_asynchronous else self._reading(iterator)

    def _reading(self, iterator: Iterator[Any]) -> Iterator[Any]:
        try:
            for item in iterator:
                quietly(self._read_piece, item)
                yield item
        except Exception as error:
            quietly(self.failed, error)
            raise
        finally:
            quietly(self.done)

    async def _reading_asynchronously(self, iterator: AsyncIterator[Any]) -> AsyncIterator[Any]:
        try:
            async for item in iterator:
                quietly(self._read_piece, item)
                yield item
        except Exception as error:
            quietly(self.failed, error)
            raise
        finally:
            quietly(self.done)

    def _read_piece(self, item: Any) -> None:
        if self.reading.read_piece(item) and self.call.first_token_s is None:
            self.call.first_token_s = self.seconds()

    def done(self) -> None:
        """Records what is known, once."""
        if self.call.latency_s is None:
            self.call.latency_s = self.seconds()
            self.reading.tell(self.call)
            record_call(self.run, self.call)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _begun(client: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> _Request | None:
    """The request to watch, if it is the call of a model and there is a run."""
    run = _session.current()
    if run is None or run.is_finished:
        return None
    options = named.get("options", arguments[1] if len(arguments) > 1 else None)
    body = getattr(options, "json_data", None)
    if not isinstance(body, dict) or str(getattr(options, "method", "")).lower() != "post":
        return None
    # Messages are also added to threads, without a model, which only a stored prompt may leave out.
    url = str(getattr(options, "url", ""))
    if not _PATH.search(url) or not ("model" in body or "prompt" in body):
        return None
    return _Request(run, client, dict(body))


def _synchronous(original: Callable[..., Any]) -> Callable[..., Any]:
    def request(self: Any, *args: Any, **kwargs: Any) -> Any:
        watched = quietly(_begun, self, args, kwargs)
        if watched is None:
            return original(self, *args, **kwargs)
        try:
            answer = original(self, *args, **kwargs)
        except Exception as error:
            quietly(watched.failed, error)
            raise
        quietly(watched.answered, answer)
        return answer

    return request


def _asynchronous(original: Callable[..., Any]) -> Callable[..., Any]:
    async def request(self: Any, *args: Any, **kwargs: Any) -> Any:
        watched = quietly(_begun, self, args, kwargs)
        if watched is None:
            return await original(self, *args, **kwargs)
        try:
            answer = original(self, *args, **kwargs)
            answer = await answer if inspect.isawaitable(answer) else answer
        except Exception as error:
            quietly(watched.failed, error)
            raise
        quietly(watched.answered, answer)
        return answer

    return request
