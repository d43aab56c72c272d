"""Faults of the tracker, which never break what is tracked: each kind is one warning, and the program goes on.

Invariants: nothing that derives from ``Exception`` leaves ``quietly``, also where warnings are errors; Ctrl-C and other ends
of the program do leave it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_TOLD: set[tuple[str, str]] = set()


class TrackerWarning(RuntimeWarning):
    """Something was not recorded. The program that is tracked is not affected."""


def quietly(action: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R | None:
    """What an action of the tracker gives, or ``None`` when it failed, which is told once.

    >>> quietly(int, "7")
    7
    """
    try:
        return action(*args, **kwargs)
    except Exception as error:
        tell(action, error)
        return None


def tell(action: Callable[..., object], error: Exception) -> None:
    """Warns of a fault, unless one of this kind was told before in this process."""
    doing = getattr(action, "__name__", type(action).__name__).lstrip("_").replace("_", " ")
    kind = (doing, str(getattr(error, "code", type(error).__name__)))
    if kind in _TOLD:
        return
    _TOLD.add(kind)
    say(f"mltrack could not {doing}; your program goes on: {type(error).__name__}: {error}")


def say(words: str) -> None:
    """Warns, at the line of the program that called the package."""
    try:
        warnings.warn(words, TrackerWarning, stacklevel=_depth_of_caller())
    except Warning:
        # `-W error` is about the program's own warnings: a fault of the tracker must not end it.
        print(words, file=sys.stderr)


def forget() -> None:
    """Lets every kind of fault be told again."""
    _TOLD.clear()


def _depth_of_caller() -> int:
    """How far up the first frame is that is not of this package: the line that a warning names."""
    package = __name__.partition(".")[0]
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] != package:
            break
        depth, frame = depth + 1, frame.f_back
    return depth
