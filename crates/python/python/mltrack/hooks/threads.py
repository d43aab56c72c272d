"""Threads that tracked code starts belong to its run.

Invariants: a thread that is started where no run is starts as ever; a thread sees the context as it was when it was
started, or when its work was handed to a pool.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import copy_context
from types import ModuleType
from typing import Any

from mltrack import _session
from mltrack.hooks._patches import Patches


def install(patches: Patches, module: ModuleType) -> None:
    """Patches ``threading``, or the pools of ``concurrent.futures``."""
    if module.__name__ == "threading":
        # Newer versions of Python may do this by themselves.
        if not getattr(sys.flags, "thread_inherit_context", False):
            patches.method(module.Thread, "start", _starting)
    else:
        patches.method(module.ThreadPoolExecutor, "submit", _submitting)


def _starting(original: Callable[..., Any]) -> Callable[..., Any]:
    def start(self: Any, *args: Any, **kwargs: Any) -> Any:
        if _session.in_context() is None:
            return original(self, *args, **kwargs)
        context, run = copy_context(), self.run

        def run_in_context() -> None:
            del self.run
            context.run(run)

        self.run = run_in_context
        try:
            return original(self, *args, **kwargs)
        except BaseException:
            vars(self).pop("run", None)
            raise

    return start


def _submitting(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        if _session.in_context() is None:
            return original(self, function, *args, **kwargs)
        return original(self, copy_context().run, function, *args, **kwargs)

    return submit
