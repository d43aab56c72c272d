"""A watch over imports: tells of a module once it is imported, and changes nothing about how.

Invariants: the module is found and loaded by whoever would have; its loader is its own again when it is loaded; a fault of
the one who is told is no fault of the import.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from mltrack._guard import quietly


class ImportWatch:
    """A finder for the front of ``sys.meta_path`` that finds what the others find."""

    def __init__(self, wanted: Callable[[str], bool], told: Callable[[ModuleType], None]) -> None:
        self._wanted = wanted
        self._told = told
        self._asking = threading.local()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What another finder says, with a loader that tells when it is done."""
        if not self._wanted(fullname) or getattr(self._asking, "name", None) == fullname:
            return None
        self._asking.name = fullname
        try:
            spec = self._ask_others(fullname, path, target)
        finally:
            self._asking.name = None
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Telling(spec.loader, self._told)  # type: ignore[assignment]
        return spec

    def _ask_others(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                return spec
        return None


class _Telling:
    """A loader that does what another does, and tells of the module."""

    def __init__(self, loader: Any, told: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._told = told

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the loader itself does."""
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """As the loader itself does; then tells of the module."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        quietly(self._told, sys.modules.get(module.__name__, module))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
