"""The stubs of the engine say what there is: no more and no less."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import mltrack
from mltrack import _mltrack

STUBS = ast.parse((Path(mltrack.__file__).parent / "_mltrack.pyi").read_text())
CLASSES = {node.name: node for node in STUBS.body if isinstance(node, ast.ClassDef)}


def public(names: set[str]) -> set[str]:
    """Those that do not begin with an underscore."""
    return {name for name in names if not name.startswith("_")}


def test_every_class_and_function_has_a_stub() -> None:
    functions = {node.name for node in STUBS.body if isinstance(node, ast.FunctionDef)}
    assert public({*CLASSES, *functions}) == public(set(dir(_mltrack)))


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_method_has_a_stub_with_words_about_it(name: str) -> None:
    methods = [node for node in CLASSES[name].body if isinstance(node, ast.FunctionDef)]
    assert public({method.name for method in methods}) == public(set(vars(getattr(_mltrack, name))))
    silent = [method.name for method in methods if public({method.name}) and not ast.get_docstring(method)]
    assert not silent, silent
