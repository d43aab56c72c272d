"""How a call of MLflow's REST stores is answered in this process.

Invariants: a store is opened once in a process, by whoever asks first; a call is prepared by the library that would have
sent it, so the routes get the very same path, query and body; calls to any other address go where they always went.
"""

# MLflow has types for some of what it is; where it is not installed, for nothing.
# mypy: disallow-untyped-calls=False, disallow-subclassing-any=False

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from typing import Any

import requests
from mlflow.exceptions import MlflowException, RestException
from mlflow.utils import rest_utils

from mltrack import _mltrack
from mltrack._session import open_store
from mltrack.mlflow.place import SCHEME, folder_of
from mltrack.settings import Settings

__all__ = ["Address", "Refused", "answer_in_process", "refusal", "routes_of"]

Refused = tuple[int, bytes]
"""The status and the body of an answer that is a refusal."""

# MLflow samples the machine itself, when it is told to.
_SETTINGS = Settings(system_metrics_ms=0)
_opened: dict[tuple[str, str | None], Address] = {}


class Address(rest_utils.MlflowHostCreds):
    """Whom a store calls: what MLflow takes for the name and the credentials of a host."""

    def __init__(self, folder: str, routes: _mltrack.MlflowRoutes) -> None:
        super().__init__(host=f"{SCHEME}{folder}")
        self.routes = routes

    def __call__(self) -> Address:
        """MLflow asks for credentials before each call."""
        return self


def routes_of(uri: str, artifact_root: str | None = None) -> Address:
    """The routes of the store that an address means, which is opened, and made, at the first call."""
    folder = folder_of(uri)
    key = (os.path.realpath(folder), artifact_root)
    address = _opened.get(key)
    if address is None:
        routes = _mltrack.MlflowRoutes(open_store(folder, _SETTINGS), artifact_root)
        # Of two threads that are here at once, the second takes what the first has opened.
        address = _opened.setdefault(key, Address(str(folder), routes))
    return address


def refusal(refused: Refused) -> MlflowException:
    """The exception that MLflow raises for a refusal."""
    status, body = refused
    try:
        return RestException(json.loads(body))
    except ValueError:
        return MlflowException(f"{status}: {body[:1000].decode(errors='replace')}")


def answer_in_process(store: type) -> type:
    """Makes the calls of a class that MLflow's REST stores are bases of stay in this process.

    MLflow sends all of them by one function, ``http_request``, which the modules of the stores import by name.  There
    the function is wrapped: what is for an ``Address`` of ours is answered here, everything else is passed on.
    """
    modules = [sys.modules[base.__module__] for base in store.__mro__]
    modules += [rest_utils, sys.modules.get("mlflow.utils.server_info", rest_utils)]
    for module in modules:
        sender = vars(module).get("http_request")
        if sender is not None and not hasattr(sender, "passes_on"):
            setattr(module, "http_request", _around(sender))
    return store


def _around(sender: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
    @functools.wraps(sender)
    def http_request(
        host_creds: Any, endpoint: str, method: str, *others: Any, **named: Any
    ) -> requests.Response:
        if isinstance(host_creds, Address):
            return _answer(host_creds, endpoint, method, **named)
        return sender(host_creds, endpoint, method, *others, **named)

    setattr(http_request, "passes_on", True)
    return http_request


def _answer(
    address: Address,
    endpoint: str,
    method: str,
    *,
    extra_headers: dict[str, str] | None = None,
    params: Any = None,
    json: Any = None,
    data: Any = None,
    **_: Any,
) -> requests.Response:
    """Answers what would have been sent; what tells how to send is of no meaning here."""
    url = f"http://localhost{endpoint}"
    request = requests.Request(method, url, headers=extra_headers, params=params, json=json, data=data).prepare()
    headers = [(name, _text(value)) for name, value in request.headers.items()]
    status, content = address.routes.call(method, request.path_url, headers, _bytes(request.body))
    response = requests.Response()
    response.status_code, response._content = status, content
    response.encoding, response.url, response.request = "utf-8", f"{address.host}{endpoint}", request
    return response


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _bytes(body: object) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    raise TypeError(f"a call of a store has a body of bytes, not {type(body).__name__}")
