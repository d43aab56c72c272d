"""The history of a metric: its points as columns, without a copy.

Invariant: points come in the order of their steps; of several at a step, in the order in which they were logged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mltrack import _mltrack

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import polars

__all__ = ["History"]


class History:
    """Every point of a metric of a run.

    >>> import mltrack
    >>> with mltrack.init(project="digits") as run:
    ...     for step in range(4):
    ...         run.log({"loss": 1 / (step + 1)})
    >>> history = mltrack.open().history(run.id, "loss")
    >>> len(history), history.values[-1], list(history)[:2]
    (4, 0.25, [(0, 1.0), (1, 0.5)])
    >>> steps, values = history.to_numpy()
    >>> values.mean().round(3).item()
    0.521
    >>> history.to_pandas().columns.tolist()
    ['step', 'value', 'time_ns', 'lsn']
    """

    __slots__ = ("_frame", "name", "run")

    def __init__(self, frame: _mltrack.Frame, run: str, name: str) -> None:
        self._frame = frame
        self.run = run
        self.name = name

    @property
    def steps(self) -> _mltrack.Column:
        """The steps."""
        return self._frame["step"]

    @property
    def values(self) -> _mltrack.Column:
        """The values."""
        return self._frame["value"]

    @property
    def times_ns(self) -> _mltrack.Column:
        """When each was logged, in ns since 1970."""
        return self._frame["time_ns"]

    def to_numpy(self) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.float64]]:
        """The steps and the values, as arrays that share the memory of the answer."""
        return self.steps.to_numpy(), self.values.to_numpy()

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame``: step, value, time_ns, lsn."""
        return self._frame.to_pandas()

    def to_polars(self) -> polars.DataFrame:
        """A ``polars.DataFrame``: step, value, time_ns, lsn."""
        return self._frame.to_polars()

    def to_arrow(self) -> Any:
        """A ``pyarrow.Table``: step, value, time_ns, lsn."""
        return self._frame.to_arrow()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)

    def __getitem__(self, column: str) -> _mltrack.Column:
        return self._frame[column]

    def __len__(self) -> int:
        return len(self._frame)

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(self.steps.tolist(), self.values.tolist(), strict=True)

    def _repr_html_(self) -> str:
        from mltrack.notebook._cards import history_html

        return history_html(self)

    def __repr__(self) -> str:
        return f"History({self.name} of {self.run}, {len(self)} points)"
