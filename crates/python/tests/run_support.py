"""What tests ask of a run."""

from __future__ import annotations

from typing import Any

import mltrack


def known(run: mltrack.Run) -> dict[str, Any]:
    """What the store says about a run."""
    summary = run._store.run_summary(run.id)
    assert isinstance(summary, dict)
    return summary


def points(run: mltrack.Run, name: str) -> dict[int, float]:
    """The points of a metric."""
    frame = run._store.history(run.id, name)
    return dict(zip(frame["step"].tolist(), frame["value"].tolist(), strict=True))
