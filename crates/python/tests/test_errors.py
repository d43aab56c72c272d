"""Failures are classes of Python with the code and the hint of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import SETTINGS

import mltrack
from mltrack import _mltrack


def test_a_run_that_is_not_there_is_a_lookup_error_with_a_code_and_a_hint(tmp_path: Path) -> None:
    store = _mltrack.Store(tmp_path, SETTINGS)
    with pytest.raises(LookupError, match="nobody") as caught:
        store.run_summary("nobody")
    assert isinstance(caught.value, mltrack.Error)
    assert (caught.value.code, caught.value.hint) == ("NOT_FOUND", "mltrack runs")


def test_a_setting_that_is_none_says_which_ones_there_are(tmp_path: Path) -> None:
    with pytest.raises(mltrack.errors.ValidationError, match='"process", "group", "each"'):
        _mltrack.Store(tmp_path, SETTINGS | {"durability": "always"})
