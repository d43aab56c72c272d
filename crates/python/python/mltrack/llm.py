"""Calls of language models: model, latency, tokens, why it stopped, and what was said when that is asked for.

Invariants: nothing that was said is recorded unless the program asked for it, and then without keys and passwords; every
call is one record of the run, also one that failed; recording never raises.

Clients in the shape of OpenAI's and Anthropic's are noticed by themselves while something is tracked; ``log_call`` is for
all others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from mltrack import _session
from mltrack._guard import quietly
from mltrack._plain import plain
from mltrack._run import Run
from mltrack._secrets import MASK, is_secret_name, without_secrets
from mltrack.hooks import _record

__all__ = ["LlmCall", "log_call", "log_content_of"]

#: Longer texts are cut, and say so.
CONTENT_LEN_MAX = 32_768

#: What is recorded of a request beside its model: nothing that could be said or could say who asks.
SETTINGS = (
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "seed",
    "reasoning_effort",
    "dimensions",
)

_WITH_CONTENT: WeakSet[Run] = WeakSet()


@dataclass
class LlmCall:
    """One call of a model. What is not known is ``None``."""

    model: str | None = None
    provider: str | None = None
    latency_s: float | None = None
    first_token_s: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    finish_reason: str | None = None
    error: str | None = None
    is_stream: bool = False
    settings: dict[str, Any] | None = None
    prompt: Any = None
    answer: Any = None


def log_call(
    model: str,
    *,
    provider: str | None = None,
    latency_s: float | None = None,
    tokens_in: int | None = None,
    tokens_out: int | None = None,
    finish_reason: str | None = None,
    error: str | None = None,
    settings: dict[str, Any] | None = None,
    prompt: Any = None,
    answer: Any = None,
) -> None:
    """Records a call of a model into the current run, if there is one.

    ``prompt`` and ``answer`` are recorded only in a run that asked for content: ``@track(log_content=True)``.

    >>> import mltrack
    >>> from mltrack import llm
    >>> with mltrack.init(project="chat") as run:
    ...     llm.log_call("local-8b", latency_s=0.8, tokens_in=120, tokens_out=45, finish_reason="stop")
    ...     run.summary["llm/tokens_out"]
    45.0
    """
    run = quietly(_session.current)
    if run is not None:
        call = LlmCall(
            model=model,
            provider=provider,
            latency_s=latency_s,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            finish_reason=finish_reason,
            error=error,
            settings=settings,
            prompt=prompt,
            answer=answer,
        )
        record_call(run, call)


def log_content_of(run: Run) -> None:
    """Lets prompts and answers of a run, and of its children, be recorded."""
    _WITH_CONTENT.add(run)


def wants_content(run: Run | None) -> bool:
    """Whether a run, or one around it, asked for content."""
    while run is not None:
        if run in _WITH_CONTENT:
            return True
        run = run._outer
    return False


def record_call(run: Run, call: LlmCall) -> None:
    """Records a call: numbers as metrics ``llm/...``, all of it as one JSON value, settings as parameters."""
    if not run.is_finished:
        quietly(_record_llm_call, run, call)


def _record_llm_call(run: Run, call: LlmCall) -> None:
    index = _record.count(run, "calls of language models")
    numbers = {
        "latency_s": call.latency_s,
        "first_token_s": call.first_token_s,
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "tokens_cached": call.tokens_cached,
        "calls": index + 1,
    }
    if call.error is not None:
        numbers["errors"] = _record.count(run, "failed calls of language models") + 1
    _record.metrics(run, "llm", numbers, step=index)
    run._native.log_json("llm/call", index, _as_json(run, call))
    _record_settings(run, call)


def _as_json(run: Run, call: LlmCall) -> dict[str, Any]:
    said = {name: value for name, value in vars(call).items() if value is not None}
    prompt, answer = said.pop("prompt", None), said.pop("answer", None)
    if "settings" in said:
        said["settings"] = plain(said["settings"])
    if wants_content(run):
        said |= {"prompt": content(prompt), "answer": content(answer)}
    if not call.is_stream:
        del said["is_stream"]
    return said


def _record_settings(run: Run, call: LlmCall) -> None:
    """Records what was called with which settings, once for each that is different."""
    told: dict[str, Any] = dict(call.settings or {})
    told |= {name: value for name, value in (("model", call.model), ("provider", call.provider)) if value}
    kind = json.dumps(plain(told), sort_keys=True, default=str)
    if _record.count(run, f"llm {kind}") == 0:
        label = _record.label_for(run, "llm")
        if label is not None:
            _record.params(run, label, told)


def content(value: Any, depth: int = 0) -> Any:
    """What was said, in its plain form: cut where it is long, without keys and passwords.

    >>> content([{"role": "user", "content": "my key is sk-abcdefghijklmnop1234"}])
    [{'role': 'user', 'content': 'my key is ***'}]
    """
    if isinstance(value, str):
        text = without_secrets(value)
        return text if len(text) <= CONTENT_LEN_MAX else f"{text[:CONTENT_LEN_MAX]}... ({len(text)} letters)"
    if depth >= 16:
        return plain(value)
    if isinstance(value, dict):
        return {str(key): _member(str(key), member, depth + 1) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [content(item, depth + 1) for item in value]
    if hasattr(value, "model_dump"):
        return content(value.model_dump(exclude_none=True), depth + 1)
    return plain(value)


def _member(name: str, value: Any, depth: int) -> Any:
    is_secret = isinstance(value, str) and is_secret_name(name)
    return MASK if is_secret else content(value, depth)
