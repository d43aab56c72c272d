"""With what the program has said that it exits: ``sys.exit``, ``exit``, ``quit``, and ``SystemExit`` itself where that can be
seen.

Invariants: whoever calls these finds them as ever; an exit that was caught, and after which the program came to its normal
end, is none; in a notebook, where a cell exits and the kernel goes on, nothing is an exit.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

from mltrack import _session

__all__ = ["code", "unwatch", "watch"]

_RETURNS = ("RETURN_VALUE", "RETURN_CONST")
_TOOL_NAME = "mltrack"


class _State:
    code: object = None
    exit: Callable[..., Any] | None = None
    quitter: Callable[..., Any] | None = None
    main: FrameType | None = None
    """Where the program itself runs, if a run began there."""
    tool_id: int | None = None


def watch() -> None:
    """Begins to listen."""
    _State.code = None
    _State.exit, sys.exit = sys.exit, _exit
    kind = _quitter_kind()
    if kind is not None:
        _State.quitter, kind.__call__ = kind.__call__, _quit
    _State.main = _main_frame()
    _listen_to_raises()


def unwatch() -> None:
    """Puts everything back, unless somebody else has come since."""
    if sys.exit is _exit and _State.exit is not None:
        sys.exit = _State.exit
    kind = _quitter_kind()
    if kind is not None and kind.__call__ is _quit:
        kind.__call__ = _State.quitter
    _State.main = None
    if _State.tool_id is not None:
        sys.monitoring.set_events(_State.tool_id, 0)  # type: ignore[attr-defined,unused-ignore]
        sys.monitoring.free_tool_id(_State.tool_id)  # type: ignore[attr-defined,unused-ignore]
        _State.tool_id = None


def code() -> object:
    """With what the program exits; ``None`` when it has not said so."""
    frame = _State.main
    if frame is not None and frame.f_lasti >= 0 and not _is_running(frame):
        ended_by = dis.opname[frame.f_code.co_code[frame.f_lasti]]
        if ended_by in _RETURNS:
            return None
    return _State.code


def _note(code: object) -> None:
    _State.code = None if _session.is_notebook() else code


def _exit(code: Any = None, /) -> NoReturn:
    _note(code)
    raise SystemExit(code)


def _quit(self: Any, code: Any = None) -> NoReturn:
    _note(code)
    assert _State.quitter is not None
    _State.quitter(self, code)
    raise SystemExit(code)


def _quitter_kind() -> Any:
    """The class of ``exit`` and ``quit``; ``None`` where a program has none, or others."""
    kind = getattr(sys.modules.get("_sitebuiltins"), "Quitter", None)
    return kind if isinstance(kind, type) and "__call__" in vars(kind) else None


def _main_frame() -> FrameType | None:
    frame: FrameType | None = sys._getframe()
    found = None
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "__main__":
            found = frame
        frame = frame.f_back
    return found


def _is_running(wanted: FrameType) -> bool:
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame is not wanted:
        frame = frame.f_back
    return frame is wanted


def _listen_to_raises() -> None:
    """Notices ``raise SystemExit(1)``, which nothing else tells of.  Python can say since 3.12 what is raised."""
    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is None:
        return
    for tool_id in (4, 3):  # The others are meant for debuggers and the like.
        if monitoring.get_tool(tool_id) is None:
            monitoring.use_tool_id(tool_id, _TOOL_NAME)
            monitoring.register_callback(tool_id, monitoring.events.RAISE, _raised)
            monitoring.set_events(tool_id, monitoring.events.RAISE)
            _State.tool_id = tool_id
            return


def _raised(_code: object, _offset: int, exception: BaseException, /) -> None:
    if isinstance(exception, SystemExit):
        _note(exception.code)
