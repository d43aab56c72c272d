"""``@track``: a call of a function is a run.

Invariants: the function behaves as without the decorator: the same result, the same exception, the same kind of function
(plain, asynchronous, generator), the same name and signature; a fault of the tracker is one warning.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
from typing import Any, TypeVar, overload

from mltrack._call import Call, Plan
from mltrack._plain import short

__all__ = ["track"]

#: The type of the function stays exactly what it is: parameters, their names, overloads and result.
F = TypeVar("F", bound=Callable[..., Any])


@overload
def track(function: F, /) -> F: ...


@overload
def track(
    *,
    name: str | None = None,
    experiment: str | None = None,
    params: bool | Iterable[str] | Mapping[str, Any] = True,
    tags: Mapping[str, object] | Iterable[str] | None = None,
    log_returns: bool = True,
    log_content: bool = False,
) -> Callable[[F], F]: ...


def track(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    experiment: str | None = None,
    params: bool | Iterable[str] | Mapping[str, Any] = True,
    tags: Mapping[str, object] | Iterable[str] | None = None,
    log_returns: bool = True,
    log_content: bool = False,
) -> Any:
    """Makes every call of a function a run: arguments are its parameters, returned numbers its metrics.

    >>> from mltrack import track
    >>> @track(experiment="digits", tags=["demo"])
    ... def train(lr: float = 1e-3, layers: int = 2) -> dict[str, float]:
    ...     return {"accuracy": 0.9}
    >>> train(layers=3)
    {'accuracy': 0.9}

    Works on plain and asynchronous functions, generators of both kinds, methods, class methods and static methods.
    An exception ends the run as failed, Ctrl-C and SIGTERM as cancelled. Calls inside of the function to others that
    are tracked are child runs.

    ``name``: the run's name; the engine finds one when there is none, a child is named after its function.
    ``experiment``: the function's name unless given; that of its parent for a child.
    ``params``: ``False`` records no arguments, names record only those, a mapping is recorded besides all of them.
    Arguments named like a password, token or key are recorded as ``***``; arrays and frames by shape, types and digest.
    ``tags``: texts by name, or names.
    ``log_returns``: ``False`` records nothing of what the function returns or yields.
    ``log_content``: ``True`` also records what is said to and by language models.
    """

    def decorated(function: Any) -> Any:
        if isinstance(function, (classmethod, staticmethod)):
            return type(function)(decorated(function.__func__))
        if isinstance(function, type) or not callable(function):
            raise TypeError(
                f"track decorates functions, and {function!r} is none; "
                "decorate the method that does the work, and give options by name: @track(name=...)"
            )
        plan = Plan(
            function=function,
            signature=_signature(function),
            label=_label(function),
            name=name,
            experiment=experiment,
            params=_wanted(params),
            tags=_tags(tags),
            log_returns=log_returns,
            log_content=log_content,
        )
        return functools.wraps(function)(_wrapper(plan))

    return decorated if function is None else decorated(function)


def _wrapper(plan: Plan) -> Callable[..., Any]:
    """A function of the same kind."""
    function = plan.function
    if not (inspect.isroutine(function) or isinstance(function, functools.partial)):
        # An object that can be called is what its call is.
        function = type(function).__call__
    if inspect.isasyncgenfunction(function):
        return _of_asynchronous_generator(plan)
    if inspect.iscoroutinefunction(function):
        return _of_coroutine(plan)
    if inspect.isgeneratorfunction(function):
        return _of_generator(plan)
    return _of_function(plan)


def _of_function(plan: Plan) -> Callable[..., Any]:
    function = plan.function

    def tracked(*args: Any, **kwargs: Any) -> Any:
        with Call(plan, args, kwargs) as call:
            with call.active():
                result = function(*args, **kwargs)
            call.returned(result)
        return result

    return tracked


def _of_coroutine(plan: Plan) -> Callable[..., Any]:
    function = plan.function

    async def tracked(*args: Any, **kwargs: Any) -> Any:
        with Call(plan, args, kwargs) as call:
            with call.active():
                result = await function(*args, **kwargs)
            call.returned(result)
        return result

    return tracked


def _of_generator(plan: Plan) -> Callable[..., Any]:
    function = plan.function

    def tracked(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with Call(plan, args, kwargs) as call:
            with call.active():
                generator = function(*args, **kwargs)
            resume = functools.partial(next, generator)
            while True:
                try:
                    with call.active():
                        item = resume()
                except StopIteration as stop:
                    call.returned(stop.value)
                    return stop.value
                call.yielded(item)
                try:
                    sent = yield item
                    resume = functools.partial(generator.send, sent)
                except GeneratorExit:
                    call.closed_early()
                    with call.active():
                        generator.close()
                    raise
                except BaseException as error:
                    resume = functools.partial(generator.throw, error)

    return tracked


def _of_asynchronous_generator(plan: Plan) -> Callable[..., Any]:
    function = plan.function

    async def tracked(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        with Call(plan, args, kwargs) as call:
            with call.active():
                generator = function(*args, **kwargs)
            resume = generator.__anext__
            while True:
                try:
                    with call.active():
                        item = await resume()
                except StopAsyncIteration:
                    return
                call.yielded(item)
                try:
                    sent = yield item
                    resume = functools.partial(generator.asend, sent)
                except GeneratorExit:
                    call.closed_early()
                    with call.active():
                        await generator.aclose()
                    raise
                except BaseException as error:
                    if type(error).__name__ == "CancelledError":
                        # The loop ends, and with it the closing of a generator that was left.
                        call.closed_early()
                    resume = functools.partial(generator.athrow, error)

    return tracked


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        # Functions written in C may have none.
        return None


def _label(function: Any) -> str:
    """What a function is called by people: its name, with that of its class."""
    inner = getattr(function, "func", function)
    path = str(getattr(inner, "__qualname__", type(inner).__qualname__))
    return path.rpartition("<locals>.")[2]


def _wanted(params: bool | Iterable[str] | Mapping[str, Any]) -> bool | frozenset[str] | Mapping[str, Any]:
    if isinstance(params, (bool, Mapping)):
        return params
    return frozenset([params] if isinstance(params, str) else params)


def _tags(tags: Mapping[str, object] | Iterable[str] | None) -> dict[str, str]:
    if tags is None:
        return {}
    if isinstance(tags, str):
        return {tags: ""}
    if isinstance(tags, Mapping):
        return {str(key): short(str(value)) for key, value in tags.items()}
    return {str(tag): "" for tag in tags}
