"""Frameworks that are noticed while something is tracked: what they are told and what they find out is recorded.

Invariants: nothing is imported for the user: what is imported already is looked up, what is imported later is noticed
then; a framework is patched only while a tracked function runs somewhere, or after `autolog()`, and is exactly as before
afterwards; a patched function that is called where no run is does what it always did.
"""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType

from mltrack._guard import quietly
from mltrack.hooks._imports import ImportWatch
from mltrack.hooks._patches import Patches

__all__ = ["autolog", "patch_frameworks", "restore_frameworks"]

#: Which of our modules patches what, once a module of a framework is imported. A name with a dot at its end means
#: every module under it.
WATCHED: dict[str, str] = {
    "concurrent.futures.thread": "mltrack.hooks.threads",
    "sklearn.": "mltrack.hooks.sklearn",
    "xgboost": "mltrack.hooks.xgboost",
    "lightgbm": "mltrack.hooks.lightgbm",
    "torch": "mltrack.hooks.torch",
    "lightning.pytorch.trainer.trainer": "mltrack.hooks.lightning",
    "pytorch_lightning.trainer.trainer": "mltrack.hooks.lightning",
    "transformers.trainer": "mltrack.hooks.transformers",
    "keras": "mltrack.hooks.keras",
    "openai._base_client": "mltrack.hooks.clients",
    "anthropic._base_client": "mltrack.hooks.clients",
    "groq._base_client": "mltrack.hooks.clients",
    "together._base_client": "mltrack.hooks.clients",
}


class _State:
    """How often patches are wanted, and those that are in place."""

    lock = threading.RLock()
    wanted_count = 0
    is_always = False
    patches = Patches()


def _home_of(name: str) -> str | None:
    home = WATCHED.get(name)
    return home if home is not None else WATCHED.get(name.partition(".")[0] + ".")


def _install(module: ModuleType) -> None:
    """Patches what a module that is imported has."""
    home = _home_of(module.__name__)
    with _State.lock:
        if home is not None and _State.wanted_count > 0:
            ours = importlib.import_module(home)
            quietly(ours.install, _State.patches, module)


_WATCH = ImportWatch(lambda name: _home_of(name) is not None, _install)


def patch_frameworks() -> None:
    """Patches what is imported, unless somebody else wanted that already."""
    with _State.lock:
        _State.wanted_count += 1
        if _State.wanted_count > 1:
            return
        from mltrack.hooks import threads

        threads.install(_State.patches, threading)
        sys.meta_path.insert(0, _WATCH)
        for name in WATCHED:
            # The classes of scikit-learn are found from their base, not module by module.
            module = sys.modules.get("sklearn.base" if name == "sklearn." else name)
            if module is not None:
                _install(module)


def restore_frameworks() -> None:
    """Puts everything back once nobody wants patches any more."""
    with _State.lock:
        _State.wanted_count -= 1
        if _State.wanted_count > 0:
            return
        if _WATCH in sys.meta_path:
            sys.meta_path.remove(_WATCH)
        _State.patches.undo()


def autolog(enabled: bool = True) -> None:
    """Records what frameworks do into the current run, whichever way it was begun, from now on.

    Functions under `@track` do this by themselves.

    >>> import mltrack
    >>> mltrack.autolog()
    >>> mltrack.autolog(False)
    """
    with _State.lock:
        if enabled == _State.is_always:
            return
        _State.is_always = enabled
        if enabled:
            patch_frameworks()
        else:
            restore_frameworks()
