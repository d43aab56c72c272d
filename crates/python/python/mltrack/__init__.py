"""An experiment tracker that never loses a point: the engine inside the training process, no server."""

from __future__ import annotations

from mltrack import _mltrack, errors
from mltrack.errors import Error

__all__ = ["Error", "errors"]
__version__: str = _mltrack.__version__
