"""The program ``mltrack``: the command line of the engine, run by the interpreter.

Invariant: it behaves as the binary does.  What an interpreter changes about its process before it runs anything is
changed back here: signals, and the locale of the programs that it starts.
"""

from __future__ import annotations

import os
import signal
import sys

from mltrack import _mltrack

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What an interpreter sets ``LC_CTYPE`` to where no language is set."""


def main() -> int:
    """Does what the command line says; gives the exit code."""
    _restore_signals()
    _restore_locale()
    words = ["mltrack", *sys.argv[1:]]
    again = [os.path.join(os.path.dirname(__file__), "__main__.py")]
    return _mltrack.main(words, sys.executable, again, _mltrack.__file__)


def _restore_signals() -> None:
    # One that is ignored stays so: that is how a shell starts what it runs in the background.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "SIGXFSZ"):
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


def _restore_locale() -> None:
    if os.environ.get("LC_CTYPE") in _COERCED and not os.environ.get("LC_ALL") and not _was_given("LC_CTYPE"):
        del os.environ["LC_CTYPE"]


def _was_given(variable: str) -> bool:
    """Whether this process was started with it, as far as the system tells."""
    try:
        with open("/proc/self/environ", "rb") as file:
            given = file.read()
    except OSError:
        return True
    return any(pair.startswith(f"{variable}=".encode()) for pair in given.split(b"\0"))
