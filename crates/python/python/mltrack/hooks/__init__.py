"""Detection of frameworks."""

from __future__ import annotations


def enter() -> None:
    """Nothing is patched yet."""


def leave() -> None:
    """Nothing is to be undone yet."""
