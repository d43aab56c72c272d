"""Calls of language models: the real clients against a server of this test, and a stand-in for their shape."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import stand_ins
from mltrack import _mltrack, llm
from mltrack.tracking import track

from track_support import SETTINGS, last_values, only_run, store_folder

__all__ = ["store_folder"]

SECRET = "sk-abcdefghijklmnop1234"
CHAT = {
    "id": "c", "object": "chat.completion", "created": 1, "model": "small-1",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11, "prompt_tokens_details": {"cached_tokens": 4}},
}
CHAT_PIECES = [
    {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "small-1",
     "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}
    for word in ("hel", "lo")
] + [
    {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "small-1",
     "choices": [{"index": 0, "delta": {}, "finish_reason": "length"}],
     "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}},
]
RESPONSE = {
    "id": "r", "object": "response", "created_at": 1, "model": "small-2", "status": "completed", "error": None,
    "incomplete_details": None, "instructions": None, "metadata": {}, "parallel_tool_calls": True, "temperature": 1,
    "tool_choice": "auto", "tools": [], "top_p": 1,
    "output": [{"type": "message", "id": "m", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": "hello", "annotations": []}]}],
    "usage": {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10,
              "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}},
}
MESSAGE = {
    "id": "m", "type": "message", "role": "assistant", "model": "claude-test", "stop_reason": "end_turn",
    "stop_sequence": None, "content": [{"type": "text", "text": "hello"}], "usage": {"input_tokens": 5, "output_tokens": 6},
}
MESSAGE_PIECES = [
    {"type": "message_start", "message": MESSAGE | {"content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "max_tokens", "stop_sequence": None}, "usage": {"output_tokens": 8}},
    {"type": "message_stop"},
]


class Answering(BaseHTTPRequestHandler):
    """Answers as the services do."""

    def do_POST(self) -> None:  # noqa: N802
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if body.get("model") == "none":
            return self._send(404, "application/json", b'{"error": {"message": "no such model"}}')
        pieces = {"/v1/chat/completions": CHAT_PIECES, "/v1/messages": MESSAGE_PIECES}.get(self.path, [])
        whole = {"/v1/chat/completions": CHAT, "/v1/responses": RESPONSE}.get(self.path, MESSAGE)
        if not body.get("stream"):
            return self._send(200, "application/json", json.dumps(whole).encode())
        events = "".join(f"event: {piece.get('type', 'x')}\ndata: {json.dumps(piece)}\n\n" for piece in pieces)
        ending = "" if self.path == "/v1/messages" else "data: [DONE]\n\n"
        events = events.replace("event: x\n", "")
        return self._send(200, "text/event-stream", (events + ending).encode())

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture()
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server on this machine, which no proxy stands before."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def calls() -> list[dict[str, Any]]:
    """What is recorded of each call, in their order."""
    store = _mltrack.Store(os.environ["MLTRACK_STORE"], SETTINGS)
    values: list[dict[str, Any]] = [entry["value"] for entry in store.json_values(only_run()["id"], "llm/call")]
    return values


def words_of_the_store() -> Iterator[str]:
    """Of the words that must not be told those that are anywhere in what the store keeps."""
    files = [path for path in Path(os.environ["MLTRACK_STORE"]).rglob("*") if path.is_file()]
    kept = b"".join(path.read_bytes() for path in files)
    assert b"small-1" in kept
    return (word for word in ("hello", "my key is", SECRET) if word.encode() in kept)


def ask(client: Any, **more: Any) -> Any:
    messages = [{"role": "user", "content": f"my key is {SECRET}"}]
    return client.chat.completions.create(model="small", messages=messages, temperature=0.5, **more)


def test_openai_chat_whole_streamed_and_failed(address: str) -> None:
    openai = pytest.importorskip("openai")
    before = vars(openai._base_client.SyncAPIClient)["request"]
    client = openai.OpenAI(base_url=f"{address}/v1", api_key=SECRET, max_retries=0)

    @track
    def chat() -> str:
        assert ask(client).choices[0].message.content == "hello"
        stream = ask(client, stream=True)
        assert type(stream) is openai.Stream
        text = "".join(piece.choices[0].delta.content or "" for piece in stream)
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="none", messages=[])
        return text

    assert chat() == "hello"
    assert vars(openai._base_client.SyncAPIClient)["request"] is before
    run, (whole, streamed, failed) = only_run(), calls()
    assert (whole["model"], whole["tokens_in"], whole["tokens_out"], whole["tokens_cached"]) == ("small-1", 9, 2, 4)
    assert (whole["finish_reason"], streamed["finish_reason"]) == ("stop", "length")
    assert streamed["is_stream"] and 0 < streamed["first_token_s"] <= streamed["latency_s"]
    assert failed["error"] == "NotFoundError 404"
    assert run["metrics"]["llm/latency_s"]["count"] == last_values(run)["llm/calls"] == 3
    assert last_values(run)["llm/errors"] == 1
    assert (run["params"]["llm.temperature"], run["params"]["llm.provider"]) == (0.5, "openai")
    assert "prompt" not in whole and whole["settings"] == {"temperature": 0.5}
    assert not {"hello", "my key is", SECRET} & set(words_of_the_store())


def test_openai_responses_are_recorded(address: str) -> None:
    openai = pytest.importorskip("openai")

    @track
    def respond() -> None:
        openai.OpenAI(base_url=f"{address}/v1", api_key="k").responses.create(model="small", input="hi")

    respond()
    (call,) = calls()
    assert (call["model"], call["tokens_in"], call["tokens_out"], call["finish_reason"]) == ("small-2", 7, 3, "completed")


def test_what_was_said_is_recorded_only_when_asked_for_and_without_keys(address: str) -> None:
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"{address}/v1", api_key=SECRET)

    @track(log_content=True)
    def chat() -> None:
        ask(client)
        list(ask(client, stream=True))

    chat()
    whole, streamed = calls()
    assert whole["prompt"] == [{"role": "user", "content": "my key is ***"}]
    assert whole["answer"] == streamed["answer"] == "hello"
    assert set(words_of_the_store()) == {"hello", "my key is"}


def test_openai_asynchronous_calls_are_recorded(address: str) -> None:
    openai = pytest.importorskip("openai")

    @track
    async def chat() -> str:
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="k") as client:
            await asyncio.gather(ask(client), ask(client))
            return "".join([piece.choices[0].delta.content or "" async for piece in await ask(client, stream=True)])

    assert asyncio.run(chat()) == "hello"
    assert [call.get("is_stream", False) for call in calls()] == [False, False, True]


def test_anthropic_messages_whole_streamed_and_with_its_helper(address: str) -> None:
    anthropic = pytest.importorskip("anthropic")
    asked: dict[str, Any] = {"model": "c", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}

    @track
    def chat() -> None:
        client = anthropic.Anthropic(base_url=address, api_key="k")
        client.messages.create(**asked)
        assert len(list(client.messages.create(**asked, stream=True))) == 6
        with client.messages.stream(**asked) as stream:
            assert stream.get_final_text() == "hello"

    chat()
    whole, streamed, helped = calls()
    assert (whole["model"], whole["tokens_in"], whole["tokens_out"]) == ("claude-test", 5, 6)
    assert (streamed["tokens_in"], streamed["tokens_out"], streamed["finish_reason"]) == (5, 8, "max_tokens")
    assert helped["is_stream"] and helped["tokens_out"] == 8
    assert only_run()["params"]["llm.max_tokens"] == 10


def test_anthropic_asynchronous_streams_are_recorded(address: str) -> None:
    anthropic = pytest.importorskip("anthropic")
    asked: dict[str, Any] = {"model": "c", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}

    @track
    async def chat() -> None:
        async with anthropic.AsyncAnthropic(base_url=address, api_key="k") as client:
            async for _ in await client.messages.create(**asked, stream=True):
                pass

    asyncio.run(chat())
    assert calls()[0]["tokens_out"] == 8


def client_module() -> ModuleType:
    """A client of the same shape."""

    class Stream:
        def __init__(self, items: list[Any]) -> None:
            self._iterator = iter(items)

        def __iter__(self) -> Iterator[Any]:
            yield from self._iterator

    class SyncAPIClient:
        def request(self, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None) -> Any:
            if options.url == "/models":
                return ["small"]
            if stream:
                return Stream(CHAT_PIECES)
            return SimpleNamespace(**CHAT)

    return stand_ins.module("openai._base_client", SyncAPIClient=SyncAPIClient)


def request(url: str = "/chat/completions", **body: Any) -> SimpleNamespace:
    return SimpleNamespace(method="post", url=url, json_data={"model": "small", **body})


def test_a_client_of_the_same_shape_is_watched_and_a_stream_that_is_left_is_recorded() -> None:
    module = client_module()
    client = module.SyncAPIClient()
    with stand_ins.imported(module):

        @track
        def chat() -> None:
            client.request(dict, request())
            client.request(dict, request("/models"))
            client.request(dict, SimpleNamespace(method="post", url="/threads/t/messages", json_data={"content": "hi"}))
            stream = client.request(dict, request(), stream=True)
            kept.append(stream)
            for _ in stream:
                break

        kept: list[Any] = []
        chat()
        assert not hasattr(module.SyncAPIClient.request, "__wrapped__")
        client.request(dict, request())
    whole, left = calls()
    assert whole["tokens_in"] == 9
    assert left["is_stream"] and "finish_reason" not in left


def test_other_clients_record_by_hand() -> None:
    @track
    def chat() -> None:
        llm.log_call("local", latency_s=0.5, tokens_in=3, tokens_out=4, error="Timeout", prompt="secret words")

    chat()
    llm.log_call("nobody listens")
    assert last_values(only_run()) == {
        "llm/latency_s": 0.5, "llm/tokens_in": 3, "llm/tokens_out": 4, "llm/calls": 1, "llm/errors": 1,
    }
    assert calls() == [{"model": "local", "latency_s": 0.5, "tokens_in": 3, "tokens_out": 4, "error": "Timeout"}]


def test_different_models_and_settings_are_parameters_of_their_own() -> None:
    @track
    def chat() -> None:
        for model in ("a", "b", "a"):
            llm.log_call(model)

    chat()
    assert only_run()["params"] == {"llm.model": "a", "llm-2.model": "b"}
    assert "openai" not in only_run()["params"] and sys.modules
