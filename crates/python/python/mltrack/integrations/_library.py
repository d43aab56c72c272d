"""The library that an integration is for, if it is installed.

Invariant: what is missing is told with the command that installs it, and only when the library itself is missing: what
fails inside of it is not hidden.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from mltrack.errors import Unsupported

__all__ = ["Missing", "library"]


class Missing(Unsupported, ImportError):
    """A library that an integration is for is not installed."""

    code = "UNSUPPORTED"


def library(integration: str, install: str, *modules: str) -> Any:
    """The first of some modules that is imported already, else the first that can be.

    Raises ``Missing``, which is an ``ImportError``, when none is installed.

    >>> library("json", "json", "json.decoder").__name__
    'json.decoder'
    """
    for name in modules:
        if name in sys.modules:
            return sys.modules[name]
    for name in modules:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not (name + ".").startswith(error.name + "."):
                raise
    missing = Missing(f"mltrack.integrations.{integration} needs {install}, which is not installed")
    missing.hint = f"pip install {install}"
    missing.name = modules[0]
    raise missing
