"""The parameters of a run, as a mapping with attributes.

Invariants: what a run was begun with stays its parameter: a change must be allowed, and is then logged beside it as a
value ``config/NAME`` at the step where it happened; nothing that was given is changed: what is nested is copied.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from mltrack.errors import of_code

__all__ = ["Config", "plain"]


class Nested(dict[str, Any]):
    """A ``dict`` whose items are attributes too, to be read: what is changed in it would be in no run."""

    def __setattr__(self, name: str, value: Any) -> None:
        hint = f"run.config.update({{NAME: {{{name!r}: {value!r}}}}}, allow_val_change=True)"
        raise of_code(f"{name} is inside of an item of the config", code="INVALID_STATE", hint=hint)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise _no_key(name, self) from None


def _no_key(name: str, known: Mapping[str, Any]) -> AttributeError:
    from mltrack._names import unknown_attribute

    return unknown_attribute(name, known, "the config")


def plain(given: object) -> dict[str, Any]:
    """The items of whatever can be a config: ``dict``, dataclass, ``argparse.Namespace``, pydantic, OmegaConf, absl flags,
    a path of a JSON file.

    >>> import argparse
    >>> plain(argparse.Namespace(lr=0.1, model={"depth": 3}))
    {'lr': 0.1, 'model': {'depth': 3}}
    """
    if given is None:
        return {}
    if isinstance(given, (str, os.PathLike)):
        return _of_file(os.fspath(given))
    members = _members(given)
    if members is None:
        hint = "pass a dict, a dataclass or an argparse.Namespace"
        raise of_code(f"a {type(given).__name__} is no config", code="VALIDATION_ERROR", hint=hint)
    return {str(key): _copied(value) for key, value in members.items()}


def _of_file(path: str) -> dict[str, Any]:
    if not path.endswith(".json"):
        hint = "read it yourself and pass the dict"
        raise of_code(f"{path} is no JSON file", code="VALIDATION_ERROR", hint=hint)
    import json

    with open(path, encoding="utf-8") as file:
        return plain(json.load(file))


def _members(given: Any) -> Mapping[Any, Any] | None:
    """The items of an object of several kinds, none of which is imported."""
    if isinstance(given, Mapping):
        return given
    if isinstance(given, type):
        return None
    if hasattr(given, "__dataclass_fields__"):
        return {name: getattr(given, name) for name in given.__dataclass_fields__}
    for name in ("model_dump", "to_dict", "flag_values_dict", "_asdict"):
        method: Callable[[], Any] | None = getattr(given, name, None)
        if callable(method):
            members = method()
            return members if isinstance(members, Mapping) else None
    if hasattr(given, "items") and hasattr(given, "keys"):
        return dict(given.items())
    return vars(given) if hasattr(given, "__dict__") and not callable(given) else None


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping) or hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return Nested(plain(value))
    return list(value) if isinstance(value, (list, tuple)) else value


def changes(items: Mapping[str, Any], given: Mapping[str, Any], are_allowed: bool) -> dict[str, Any]:
    """What is another value than it was.  Raises ``errors.Conflict`` when there is such and it is not allowed."""
    changed = {key: value for key, value in given.items() if key in items and not _same(items[key], value)}
    if changed and not are_allowed:
        key = next(iter(changed))
        words = f"config.{key} is {items[key]!r} and cannot become {changed[key]!r}"
        hint = f"run.config.update({{{key!r}: {changed[key]!r}}}, allow_val_change=True)"
        raise of_code(words, code="CONFLICT", hint=hint)
    return changed


def nested(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as the engine has them, whose nested names are joined by dots, as they were given."""
    items: dict[str, Any] = {}
    for name, value in params.items():
        into = items
        *outer, last = name.split(".")
        for part in outer:
            inside = into.setdefault(part, Nested())
            if not isinstance(inside, dict):
                into, last = items, name
                break
            into = inside
        into[last] = value
    return items


class Config(MutableMapping[str, Any]):
    """The parameters of a run.

    >>> import mltrack
    >>> with mltrack.init(project="digits", config={"lr": 0.1, "model": {"depth": 3}}) as run:
    ...     run.config.batch = 32
    ...     run.config.update({"lr": 0.2}, allow_val_change=True)
    ...     print(run.config.lr, run.config["model"].depth, dict(run.config)["batch"])
    0.2 3 32
    """

    _items: dict[str, Any]
    _record: Callable[[dict[str, Any]], None]
    _record_change: Callable[[str, Any], None]

    def __init__(
        self, record: Callable[[dict[str, Any]], None], record_change: Callable[[str, Any], None]
    ) -> None:
        object.__setattr__(self, "_items", {})
        object.__setattr__(self, "_record", record)
        object.__setattr__(self, "_record_change", record_change)

    def update(self, given: object = (), /, allow_val_change: bool = False, **named: Any) -> None:
        """Adds items.  Raises ``errors.Conflict`` for one that has another value, unless ``allow_val_change``."""
        items = plain(dict(given) if isinstance(given, (tuple, list)) else given) | plain(named)
        changed = changes(self._items, items, allow_val_change)
        new = {key: value for key, value in items.items() if key not in self._items}
        if new:
            self._record(new)
            self._items.update(new)
        for key, value in changed.items():
            self._record_change(key, value)
            self._items[key] = value

    def setdefaults(self, given: object) -> None:
        """Adds the items that are not there yet."""
        self.update({key: value for key, value in plain(given).items() if key not in self._items})

    def as_dict(self) -> dict[str, Any]:
        """The items as a ``dict`` of their own."""
        return plain(self._items)

    def get(self, key: str, default: Any = None) -> Any:
        return self._items.get(key, default)

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        hint = "what a run was begun with is a part of what it is: begin another one"
        raise of_code(f"config.{key} cannot be taken away", code="INVALID_STATE", hint=hint)

    def __getattr__(self, name: str) -> Any:
        items = vars(self).get("_items", {})
        try:
            return items[name]
        except KeyError:
            raise _no_key(name, items) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, and what another process is given, is a plain mapping with attributes."""
        return Nested, (self.as_dict(),)

    def _fill(self, items: dict[str, Any]) -> None:
        """Takes what the run was begun with."""
        self._items.update(items)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are one, also when one of them was read back: paths, arrays and NaN are what they print."""
    if type(one) is type(other) or isinstance(one, (int, float)) and isinstance(other, (int, float)):
        try:
            return bool(one == other) or (one != one and other != other)
        except ValueError:
            pass  # Arrays compare item by item.
    return str(one) == str(other)
