"""Attributes that are replaced for a while.

Invariants: afterwards each attribute is the very object it was, or is absent again where it was inherited; what
somebody else has put in its place meanwhile stays; nothing is replaced twice.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

#: Given the original function, the one to take its place.
Maker = Callable[[Callable[..., Any]], Callable[..., Any]]

_ABSENT = object()


class Patches:
    """What is replaced now."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self._done: set[tuple[int, str]] = set()

    def method(self, owner: type, name: str, maker: Maker) -> None:
        """Replaces a method of a class."""
        if (id(owner), name) in self._done or not hasattr(owner, name):
            return
        before = vars(owner).get(name, _ABSENT)
        ours = _wrapped(getattr(owner, name) if before is _ABSENT else before, maker)
        setattr(owner, name, ours)
        self._done.add((id(owner), name))
        # The class is kept alive by what undoes it, so its id stays its own.
        self._undo.append(lambda: _restore(owner, name, before, ours))

    def function(self, module: ModuleType, name: str, maker: Maker) -> None:
        """Replaces a function in its module and in every other that has it under the same name."""
        before = getattr(module, name, None)
        if before is None or (id(module), name) in self._done:
            return
        ours = _wrapped(before, maker)
        _exchange(name, before, ours)
        self._done.add((id(module), name))
        self._undo.append(lambda: _exchange(name, ours, before))

    def call_later(self, undo: Callable[[], None]) -> None:
        """Notes what else has to be undone."""
        self._undo.append(undo)

    def once(self, key: str) -> bool:
        """Whether this is the first time that something is asked for since all was undone."""
        first = (0, key) not in self._done
        self._done.add((0, key))
        return first

    def undo(self) -> None:
        """Puts everything back, the newest first."""
        while self._undo:
            self._undo.pop()()
        self._done.clear()


def _wrapped(before: Any, maker: Maker) -> Callable[..., Any]:
    ours = maker(before)
    functools.update_wrapper(ours, before)
    return ours


def _restore(owner: type, name: str, before: object, ours: object) -> None:
    if vars(owner).get(name) is not ours:
        return
    if before is _ABSENT:
        delattr(owner, name)
    else:
        setattr(owner, name, before)


def _exchange(name: str, before: object, after: object) -> None:
    """Puts one function in the place of another in every module: some were imported by name."""
    for module in list(sys.modules.values()):
        # Modules that load themselves lazily are asked for nothing.
        if isinstance(module, ModuleType) and vars(module).get(name) is before:
            setattr(module, name, after)
