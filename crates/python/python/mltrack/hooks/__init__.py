"""Frameworks that are noticed while something is tracked: what they are told and what they find out is recorded.

Invariants: nothing is imported for the user: what is imported already is looked up, what is imported later is noticed
then; a framework is patched only while a tracked function runs somewhere, or after ``autolog()``, and is exactly as before
afterwards; a patched function that is called where no run is does what it always did.
"""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING

from mltrack._guard import quietly
from mltrack.hooks._imports import ImportWatch
from mltrack.hooks._patches import Patches

if TYPE_CHECKING:
    from mltrack._run import Run

__all__ = ["autolog", "detected", "patch_frameworks", "restore_frameworks", "settle"]

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


#: What a run is said to be made with, if the program has imported it.
FRAMEWORKS = (
    "sklearn",
    "xgboost",
    "lightgbm",
    "catboost",
    "torch",
    "lightning",
    "pytorch_lightning",
    "transformers",
    "datasets",
    "peft",
    "accelerate",
    "keras",
    "tensorflow",
    "jax",
    "flax",
    "optuna",
    "openai",
    "anthropic",
    "groq",
    "together",
    "litellm",
    "langchain",
    "llama_index",
    "dspy",
    "vllm",
)


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


def settle(run: Run) -> None:
    """Records what is known only now that a run is about to end: frameworks, answers that nobody read to their end."""
    clients = sys.modules.get("mltrack.hooks.clients")
    if clients is not None:
        clients.settle(run)
    found = detected()
    if found and not run.is_finished:
        words = [f"{name} {version}".rstrip() for name, version in found.items()]
        run.set_tag("mltrack.frameworks", ", ".join(words))


def detected() -> dict[str, str]:
    """The frameworks for learning and for language models that this program has imported, with their versions."""
    found = {name: sys.modules[name] for name in FRAMEWORKS if name in sys.modules}
    return {name: str(getattr(module, "__version__", "")) for name, module in found.items()}


def autolog(enabled: bool = True) -> None:
    """Records what frameworks do into the current run, whichever way it was begun, from now on.

    Functions under ``@track`` do this by themselves.

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
