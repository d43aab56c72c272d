"""What answers of language models say, whole or in pieces, in the shapes of OpenAI and Anthropic.

Invariants: an answer is only looked at; what it does not say stays unknown; texts are kept only when they are wanted.
"""

from __future__ import annotations

from typing import Any

from mltrack.llm import LlmCall


def prompt_of(body: dict[str, Any]) -> Any:
    """What was asked: messages, input or prompt, with the instructions beside them."""
    asked = body.get("messages") or body.get("input") or body.get("prompt")
    instructions = body.get("system") or body.get("instructions")
    return asked if instructions is None else {"instructions": instructions, "messages": asked}


class Reading:
    """What is known of an answer so far."""

    def __init__(self, keeps_content: bool) -> None:
        self._keeps_content = keeps_content
        self._model: str | None = None
        self._finish_reason: str | None = None
        self._tokens: dict[str, int] = {}
        self._texts: list[str] = []

    def tell(self, call: LlmCall) -> None:
        """Writes what is known into the record of the call."""
        call.model = self._model or call.model
        call.finish_reason = self._finish_reason
        call.tokens_in = self._tokens.get("in")
        call.tokens_out = self._tokens.get("out")
        call.tokens_cached = self._tokens.get("cached")
        if self._keeps_content and self._texts:
            call.answer = "".join(self._texts)

    def read(self, answer: Any) -> None:
        """Reads a whole answer."""
        self._read_head(answer)
        for choice in _get(answer, "choices") or ():
            self._read_choice(choice)
        # Anthropic has blocks in `content`, OpenAI's responses have items with such blocks in `output`.
        for block in _get(answer, "content") or ():
            self._keep(_get(block, "text"))
        for item in _get(answer, "output") or ():
            for block in _get(item, "content") or ():
                self._keep(_get(block, "text"))

    def read_piece(self, piece: Any) -> bool:
        """Reads a piece of a stream; whether it has something of the answer in it."""
        kind = _get(piece, "type")
        if kind in ("message_start", "response.completed", "response.incomplete", "response.failed"):
            self._read_head(_get(piece, "message") or _get(piece, "response"))
            return False
        self._read_head(piece)
        kept = [self._read_choice(choice) for choice in _get(piece, "choices") or ()]
        delta = _get(piece, "delta")
        if delta is None:
            return any(kept)
        self._finish_reason = _get(delta, "stop_reason") or self._finish_reason
        text = delta if isinstance(delta, str) and "output_text" in str(kind) else _get(delta, "text")
        return self._keep(text) or kind == "content_block_delta" or any(kept)

    def _read_head(self, answer: Any) -> None:
        model = _get(answer, "model")
        self._model = model if isinstance(model, str) else self._model
        reason = _get(answer, "stop_reason")
        status = _get(answer, "status")
        if isinstance(status, str) and status in ("completed", "incomplete", "failed"):
            reason = _get(_get(answer, "incomplete_details"), "reason") or status
        self._finish_reason = reason if isinstance(reason, str) else self._finish_reason
        self._read_usage(_get(answer, "usage"))

    def _read_usage(self, usage: Any) -> None:
        details = _get(usage, "prompt_tokens_details") or _get(usage, "input_tokens_details")
        counts = {
            "in": _get(usage, "prompt_tokens", "input_tokens"),
            "out": _get(usage, "completion_tokens", "output_tokens"),
            "cached": _get(details, "cached_tokens") or _get(usage, "cache_read_input_tokens"),
        }
        self._tokens |= {name: count for name, count in counts.items() if isinstance(count, int)}

    def _read_choice(self, choice: Any) -> bool:
        reason = _get(choice, "finish_reason")
        self._finish_reason = reason if isinstance(reason, str) else self._finish_reason
        said = _get(choice, "message") or _get(choice, "delta")
        text = _get(said, "content") if said is not None else _get(choice, "text")
        return self._keep(text) or bool(_get(said, "tool_calls"))

    def _keep(self, text: Any) -> bool:
        if not isinstance(text, str) or not text:
            return False
        if self._keeps_content:
            self._texts.append(text)
        return True


def _get(thing: Any, *names: str) -> Any:
    """The first of these members that is there, of an object or a dictionary."""
    for name in names:
        value = thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)
        if value is not None:
            return value
    return None
