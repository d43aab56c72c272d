"""How runs end when nobody ends them: at the end of the program, by an exception, by a signal.

Invariants: a run ends as what happened to its program: completed at a normal end, failed by an exception or by an exit
with a failure, cancelled by Ctrl-C, SIGTERM and SIGHUP; whoever listened to these before is called too, and is put back
when no run is left; whoever listens since, and goes on for a while after a signal, goes on; a forked child ends nothing of
its parent's.  After SIGKILL nobody is there to end anything: the store shows such a run as lost.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from mltrack import _exits, _session

__all__ = ["end_all", "unwatch", "watch"]

_GO_ON = ("lightning", "pytorch_lightning")
"""Who ends a training by itself after a signal, in its own time, and calls whoever listened before."""

_SIGNALS = (signal.SIGTERM, signal.SIGHUP) if hasattr(signal, "SIGHUP") else (signal.SIGTERM,)


class _State:
    """What happened, and who listened before."""

    exception: BaseException | None = None
    signal_name: str | None = None
    is_watching = False
    excepthook: Callable[..., Any] | None = None
    handlers: dict[int, Any] = {}
    process_at_exit: int | None = None


def watch() -> None:
    """Begins to listen, when a run begins."""
    _at_exit_of_this_process()
    if not _State.handlers and threading.current_thread() is threading.main_thread():
        # The first run may have begun in another thread, which cannot listen to signals.
        _listen_to_signals()
    if _State.is_watching:
        return
    _State.is_watching = True
    _State.exception = _State.signal_name = None
    _State.excepthook, sys.excepthook = sys.excepthook, _excepthook
    _exits.watch()


def unwatch() -> None:
    """Puts back who listened before, unless somebody else has come since."""
    if not _State.is_watching:
        return
    _State.is_watching = False
    if sys.excepthook is _excepthook and _State.excepthook is not None:
        sys.excepthook = _State.excepthook
    _exits.unwatch()
    if threading.current_thread() is threading.main_thread():
        for number, handler in _State.handlers.items():
            if signal.getsignal(number) is _on_signal:
                signal.signal(number, handler)
        _State.handlers.clear()


def _at_exit_of_this_process() -> None:
    if _State.process_at_exit == os.getpid():
        return
    _State.process_at_exit = os.getpid()
    atexit.register(end_all)
    # Workers of multiprocessing end without atexit, but with these.
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, end_all, exitpriority=100)


def _listen_to_signals() -> None:
    for number in _SIGNALS:
        before = signal.getsignal(number)
        # A signal that is ignored stays so (nohup), and one that another language listens to is not ours.
        if before is signal.SIG_DFL or callable(before):
            _State.handlers[number] = before
            signal.signal(number, _on_signal)


def _excepthook(kind: type[BaseException], exception: BaseException, trace: TracebackType | None) -> None:
    _State.exception = exception
    before = _State.excepthook or sys.__excepthook__
    before(kind, exception, trace)


def _on_signal(number: int, frame: FrameType | None) -> None:
    _State.signal_name = signal.Signals(number).name
    before = _State.handlers.get(number)
    if callable(before):
        # It may go on: whether the run has ended is seen when the program has.
        before(number, frame)
        return
    if type(signal.getsignal(number)).__module__.partition(".")[0] in _GO_ON:
        return
    end_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def end_all() -> None:
    """Ends what this process has open as what happened to it."""
    exception = _State.exception or sys.exc_info()[1]
    exit_code = _exit_code_of_worker() if _exits.code() is None else _exits.code()
    for run in _session.open_runs():
        run._end_by(exception, _State.signal_name, exit_code)


def signal_name() -> str | None:
    """The signal that the program was told to end by, if it goes on after that."""
    return _State.signal_name


def _exit_code_of_worker() -> object:
    """With what a worker of multiprocessing exits that runs its exit functions when its exception is long forgotten, as
    those do since Python 3.13: only the frame that waits for them knows."""
    if "multiprocessing.process" not in sys.modules:
        return None
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        module = frame.f_globals.get("__name__")
        if module == "multiprocessing.process":
            return None  # The worker is not over yet, or its exception is at hand.
        if module in ("multiprocessing.popen_fork", "multiprocessing.forkserver"):
            return frame.f_locals.get("code")
        frame = frame.f_back
    return None


def is_failure(exit_code: object) -> bool:
    """Whether a program that exits with this has failed."""
    return exit_code is not None and exit_code != 0
