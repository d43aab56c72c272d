"""Distributions to be logged beside numbers: of values, or of counts that somebody else has made.

Invariants: no library is imported to know its arrays; values go to the engine as the bytes of doubles where they can, so
that a large array makes no object for each of its numbers; what was counted already keeps its buckets.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mltrack.errors import of_code

if TYPE_CHECKING:
    from mltrack import _mltrack

__all__ = ["Histogram", "doubles", "numbers"]

_BUCKET_COUNT = 64
_PIECE_LEN = 1 << 22
"""So many values of a tensor are counted at once, so that single precision counts each."""


class Histogram:
    """A distribution: of values, or of what ``numpy.histogram`` has counted already.

    Of values the store keeps 64 buckets of one width, whatever ``num_bins`` says, the count, the extremes and the
    quantiles.  Counts keep their own buckets.

    >>> import mltrack
    >>> mltrack.Histogram([1.0, 2.0, 2.0])
    <mltrack.Histogram of 3 values>
    >>> counted = mltrack.Histogram(np_histogram=([2, 1], [0.0, 1.0, 2.0]))
    >>> counted.histogram, counted.bins
    ([2, 1], [0.0, 1.0, 2.0])
    """

    histogram: list[int] | None
    """How many values lie in each bucket; ``None`` before anybody has counted."""
    bins: list[float] | None
    """The edges of the buckets, one more than there are."""

    def __init__(
        self,
        sequence: Any = None,
        np_histogram: tuple[Any, Any] | None = None,
        num_bins: int = 64,
    ) -> None:
        self._values: bytes | list[float] = []
        self.histogram = self.bins = None
        if np_histogram is not None:
            self.histogram, self.bins = _counts(*np_histogram)
        elif sequence is not None:
            self._values = doubles(sequence)
        else:
            hint = "pass values or np_histogram="
            raise of_code("a distribution of nothing", code="VALIDATION_ERROR", hint=hint)

    def log(self, run: _mltrack.Run, name: str, step: int) -> None:
        """Hands it to the engine."""
        if self.histogram is not None and self.bins is not None:
            run.log_histogram_counts(name, step, self.bins, self.histogram)
        else:
            run.log_histogram(name, step, self._values)

    def __len__(self) -> int:
        if self.histogram is not None:
            return sum(self.histogram)
        return len(self._values) // (8 if isinstance(self._values, bytes) else 1)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<mltrack.Histogram of {len(self)} values>"


def doubles(sequence: Any) -> bytes | list[float]:
    """The numbers of a list, an array of any shape, a tensor, a column of a frame: as the bytes of doubles where they can
    be had, else as a list."""
    dense = _dense(sequence)
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(dense, "__array__"):
        try:
            data: bytes = numpy.asarray(dense, dtype="float64").tobytes()
            return data
        except (TypeError, ValueError):
            raise _refused(sequence) from None
    return numbers(dense)


def numbers(sequence: Any) -> list[float]:
    """The numbers of a sequence, as a list.

    >>> numbers(range(3))
    [0.0, 1.0, 2.0]
    """
    sequence = _dense(sequence)
    for name in ("ravel", "flatten"):
        if hasattr(sequence, name):
            sequence = getattr(sequence, name)()
            break
    if hasattr(sequence, "tolist"):
        sequence = sequence.tolist()
    try:
        return [float(value) for value in sequence]
    except (TypeError, ValueError):
        raise _refused(sequence) from None


def _dense(sequence: Any) -> Any:
    """A tensor as one of doubles on this side; of a sparse one what it holds."""
    if not hasattr(sequence, "detach"):
        return sequence
    return held(sequence).cpu().double()


def held(tensor: Any) -> Any:
    """The values that a tensor holds, apart from how they came to be."""
    tensor = tensor.detach() if hasattr(tensor, "detach") else tensor
    if "sparse" not in str(getattr(tensor, "layout", "")):
        return tensor
    return (tensor.coalesce() if hasattr(tensor, "coalesce") and "coo" in str(tensor.layout) else tensor).values()


def of_tensor(tensor: Any, whole_len_max: int) -> Histogram:
    """The distribution of a tensor, which is counted where it is when it is longer than that."""
    tensor = held(tensor)
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(tensor, "numel") or tensor.numel() <= whole_len_max:
        return Histogram(tensor)
    flat = tensor.flatten()
    finite = flat[torch.isfinite(flat)].float()
    if finite.numel() == 0:
        return Histogram([])
    low, high = float(finite.min()), float(finite.max())
    if not low < high:
        return Histogram(np_histogram=([finite.numel()], [low - 0.5, low + 0.5]))
    counts = [0] * _BUCKET_COUNT
    for piece in finite.split(_PIECE_LEN):
        found = torch.histc(piece, bins=_BUCKET_COUNT, min=low, max=high).tolist()
        counts = [count + int(more) for count, more in zip(counts, found, strict=True)]
    width = high / _BUCKET_COUNT - low / _BUCKET_COUNT
    return Histogram(np_histogram=(counts, [low + width * index for index in range(_BUCKET_COUNT)] + [high]))


def _counts(counts: Any, edges: Any) -> tuple[list[int], list[float]]:
    whole, bounds = [int(count) for count in numbers(counts)], numbers(edges)
    if len(bounds) != len(whole) + 1 or min(whole, default=0) < 0:
        hint = "pass what numpy.histogram gives back: counts, and one edge more"
        raise of_code(f"{len(whole)} counts have {len(bounds)} edges", code="VALIDATION_ERROR", hint=hint)
    if any(not low < high for low, high in zip(bounds, bounds[1:])):
        raise of_code("the edges do not rise", code="VALIDATION_ERROR", hint="each is greater than the one before")
    return whole, bounds


def _refused(given: object) -> Exception:
    words = f"a {type(given).__name__} is no distribution"
    return of_code(words, code="VALIDATION_ERROR", hint="pass a flat sequence of numbers")
