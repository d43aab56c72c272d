"""An experiment tracker that never loses a point: the engine inside the training process, no server.

>>> import mltrack
>>> run = mltrack.init(project="digits", config={"lr": 3e-4})
>>> for step in range(100):
...     run.log({"loss": 1 / (step + 1)}, step=step)
>>> run.finish()

Functions of this module act on the current run: ``mltrack.log``, ``mltrack.config``, ``mltrack.summary``.  What is rarely
needed is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mltrack import _mltrack, errors
from mltrack.errors import Error

if TYPE_CHECKING:
    from mltrack import llm, plot
    from mltrack._config import Config
    from mltrack._current import (
        AlertLevel,
        alert,
        define_metric,
        finish,
        log,
        log_artifact,
        log_line,
        log_model,
        login,
        save,
        unwatch,
        use_artifact,
        use_model,
        watch,
    )
    from mltrack._distribution import Histogram
    from mltrack._guard import TrackerWarning
    from mltrack._init import init
    from mltrack._run import Run
    from mltrack._summary import Summary
    from mltrack.artifact import Artifact
    from mltrack.media import Audio, Html, Image, Table, Video
    from mltrack.hooks import autolog
    from mltrack.settings import Settings
    from mltrack.store import Store, open
    from mltrack.tracking import track

    run: Run | None
    config: Config
    summary: Summary

__all__ = [
    "AlertLevel",
    "Artifact",
    "Audio",
    "Config",
    "Error",
    "Histogram",
    "Html",
    "Image",
    "Run",
    "Settings",
    "Store",
    "Summary",
    "Table",
    "TrackerWarning",
    "Video",
    "alert",
    "autolog",
    "define_metric",
    "errors",
    "finish",
    "init",
    "llm",
    "log",
    "log_artifact",
    "log_line",
    "log_model",
    "login",
    "open",
    "plot",
    "save",
    "track",
    "unwatch",
    "use_artifact",
    "use_model",
    "watch",
]

__version__: str = _mltrack.__version__

_HOME: dict[str, str] = {
    "AlertLevel": "_current",
    "Artifact": "artifact",
    "Audio": "media",
    "Config": "_config",
    "Histogram": "_distribution",
    "Html": "media",
    "Image": "media",
    "Run": "_run",
    "Settings": "settings",
    "Store": "store",
    "Summary": "_summary",
    "Table": "media",
    "TrackerWarning": "_guard",
    "Video": "media",
    "alert": "_current",
    "autolog": "hooks",
    "define_metric": "_current",
    "finish": "_current",
    "init": "_init",
    "log": "_current",
    "log_artifact": "_current",
    "log_line": "_current",
    "log_model": "_current",
    "login": "_current",
    "open": "store",
    "save": "_current",
    "track": "tracking",
    "unwatch": "_current",
    "use_artifact": "_current",
    "use_model": "_current",
    "watch": "_current",
}
"""Which module has a public name."""

_MODULES = ("llm", "plot")
"""Modules that are imported when they are asked for."""

_FOR_IPYTHON = dict.fromkeys(("load_ipython_extension", "unload_ipython_extension"), "notebook._magics")
"""What ``%load_ext mltrack`` calls."""

_OF_RUN = ("config", "run", "summary")
"""Names that are another object for each current run."""

if not TYPE_CHECKING:
    # A checker of types shall see the names that there are, not any.
    def __getattr__(name: str) -> Any:
        home = _HOME.get(name) or _FOR_IPYTHON.get(name)
        if home is not None:
            import importlib

            value = getattr(importlib.import_module(f"mltrack.{home}"), name)
            globals()[name] = value
            return value
        if name in _MODULES:
            import importlib

            return importlib.import_module(f"mltrack.{name}")
        if name in _OF_RUN:
            from mltrack import _current

            return _current.of_run(name)
        from mltrack._names import unknown_attribute

        raise unknown_attribute(name, [*__all__, *_OF_RUN], "mltrack")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_OF_RUN})
