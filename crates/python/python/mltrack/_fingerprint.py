"""Fingerprints of arrays and frames: what they are, how large, and a digest of their bytes.

Invariants: no library is imported, an object is known by what it offers; the digest of equal values is equal in every
process and changes with shape and types; what is large is sampled at fixed places, and the fingerprint says so; the
object is not changed.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mltrack._plain import type_name

#: More bytes than these are sampled.
WHOLE_SIZE_MAX = 64 << 20
#: About so many bytes of a larger one are read.
SAMPLE_SIZE = 16 << 20
COLUMN_COUNT_MAX = 200
#: Of a frame with texts or objects at most about so many rows are read.
ROW_COUNT_MAX = 500_000
#: Libraries whose arrays are in memory. Of others, which may be on a disk or not computed yet, nothing is read.
IN_MEMORY = frozenset(("numpy", "torch", "jax", "jaxlib", "cupy", "tensorflow"))


@dataclass(frozen=True)
class Fingerprint:
    """What was seen of an array or a frame.

    ``digest`` is ``None`` for what cannot be read here, such as an array whose values are elsewhere.
    """

    kind: str
    shape: tuple[int, ...]
    types: str
    digest: str | None
    is_sampled: bool
    size: int | None

    def __str__(self) -> str:
        shape = "x".join(str(length) for length in self.shape) or "scalar"
        digest = "" if self.digest is None else f" {self.digest[:23]}"
        sampled = " (sampled)" if self.is_sampled else ""
        types = self.types if len(self.types) <= 200 else f"{self.types[:200]}..."
        return f"{self.kind} {shape} {types}{digest}{sampled}"


def fingerprint(value: Any) -> Fingerprint | None:
    """The fingerprint of an array or a frame; ``None`` of anything else.

    >>> fingerprint([1, 2, 3]) is None
    True
    """
    kind = type(value)
    if isinstance(value, type) or kind.__module__ == "builtins":
        return None
    root = kind.__module__.partition(".")[0]
    if root == "pandas" and hasattr(value, "iloc"):
        return _of_pandas(value)
    if root == "polars" and hasattr(value, "gather_every"):
        return _of_polars(value)
    if root == "pyarrow" and hasattr(value, "schema") and hasattr(value, "num_rows"):
        return _of_arrow(value)
    if root == "scipy" and hasattr(value, "nnz"):
        return _of_sparse(value)
    if root == "datasets" and hasattr(value, "_fingerprint"):
        return _of_hugging_face(value)
    if root == "xgboost" and hasattr(value, "num_row"):
        shape = (int(value.num_row()), int(value.num_col()))
        return Fingerprint("xgboost.DMatrix", shape, "float32", None, False, None)
    if _is_array(value):
        return _of_array(value, root)
    return None


def _is_array(value: Any) -> bool:
    shape: Any = getattr(value, "shape", None)
    # A scalar of a library is a number, no data.
    return hasattr(value, "dtype") and hasattr(shape, "__len__") and len(shape) > 0 and hasattr(value, "__getitem__")


class _Hashing:
    """A digest that begins with what kind of values follow."""

    def __init__(self, *head: object) -> None:
        self._sum = hashlib.sha256(repr(head).encode())

    def add(self, data: Any) -> None:
        self._sum.update(data)

    def text(self) -> str:
        return f"sha256:{self._sum.hexdigest()}"


def _distance(size: int) -> int:
    """Every how many rows are read of so many bytes."""
    return 1 if size <= WHOLE_SIZE_MAX else max(2, -(-size // SAMPLE_SIZE))


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(_length(length) for length in value.shape)


def _length(length: Any) -> int:
    """Arrays that are not computed yet may not know."""
    try:
        return int(length)
    except (TypeError, ValueError, OverflowError):
        return -1


def _of_array(value: Any, root: str) -> Fingerprint:
    shape, types = _shape(value), str(value.dtype)
    size = int(getattr(value, "nbytes", 0) or 0)
    distance = _distance(size)
    kind = "jax" if root == "jaxlib" else root if root in IN_MEMORY else type_name(value)
    digest = _digest_of_array(value, root, distance) if root in IN_MEMORY else None
    return Fingerprint(kind, shape, types, digest, digest is not None and distance > 1, size or None)


def _digest_of_array(value: Any, root: str, distance: int) -> str | None:
    shape = _shape(value)
    hashing = _Hashing(shape, str(value.dtype))
    rows = value
    if distance > 1:
        # Few long rows are sampled inside.
        rows = (value if shape[0] >= 2 * distance else value.reshape(-1))[::distance]
    try:
        data = _bytes_of(rows, root)
    except (TypeError, ValueError, RuntimeError):
        # Such as an array that is spread over machines, or one that is only traced.
        return None
    if data is None:
        return None
    hashing.add(data)
    return hashing.text()


def _bytes_of(value: Any, root: str) -> Any:
    """The bytes of an array in the order of its elements; ``None`` when it has none to give."""
    if root == "torch":
        torch = sys.modules["torch"]
        value = value.detach().contiguous().cpu().view(torch.uint8).numpy()
    elif root == "cupy":
        value = value.get()
    elif root != "numpy":
        numpy = sys.modules.get("numpy")
        if numpy is None:
            return None
        value = numpy.asarray(value)
    if getattr(value.dtype, "hasobject", False):
        return "\0".join(map(repr, value.ravel().tolist())).encode("utf-8", "surrogatepass")
    if value.flags.c_contiguous and value.dtype.kind in "biufc":
        return value.reshape(-1).data
    return value.tobytes()


def _of_pandas(value: Any) -> Fingerprint:
    frame = value.to_frame() if value.ndim == 1 and hasattr(value, "to_frame") else value
    columns = [str(column) for column in frame.columns]
    types = [str(dtype) for dtype in frame.dtypes]
    size = int(frame.memory_usage(index=True, deep=False).sum())
    distance = _distance(size)
    if any(dtype in ("object", "str", "string", "category") for dtype in types):
        distance = max(distance, -(-len(frame) // ROW_COUNT_MAX), 1)
    hashing = _Hashing(_shape(frame), columns, types)
    rows = frame.iloc[::distance] if distance > 1 else frame
    pandas = sys.modules["pandas"]
    try:
        hashing.add(pandas.util.hash_pandas_object(rows, index=True).to_numpy().tobytes())
    except TypeError:
        # Cells that are lists or dictionaries have no hash, but they have a text.
        hashing.add(rows.to_csv().encode("utf-8", "surrogatepass"))
    kind = f"pandas.{type(value).__name__}"
    return Fingerprint(kind, _shape(value), _columns(columns, types), hashing.text(), distance > 1, size)


def _of_polars(value: Any) -> Fingerprint:
    import io

    frame = value.to_frame() if hasattr(value, "to_frame") else value
    columns, types = list(frame.columns), [str(dtype) for dtype in frame.dtypes]
    size = int(frame.estimated_size())
    distance = _distance(size)
    hashing = _Hashing(_shape(frame), columns, types)
    rows = frame.gather_every(distance) if distance > 1 else frame
    stream = io.BytesIO()
    rows.rechunk().write_ipc(stream, compression="uncompressed")
    hashing.add(stream.getbuffer())
    kind = f"polars.{type(value).__name__}"
    return Fingerprint(kind, _shape(value), _columns(columns, types), hashing.text(), distance > 1, size)


def _of_arrow(value: Any) -> Fingerprint:
    columns, types = list(value.schema.names), [str(dtype) for dtype in value.schema.types]
    shape, size = (int(value.num_rows), int(value.num_columns)), int(value.nbytes)
    distance = _distance(size)
    hashing = _Hashing(shape, columns, types)
    for batch in _arrow_batches(value, distance):
        hashing.add(batch)
    kind = f"pyarrow.{type(value).__name__}"
    return Fingerprint(kind, shape, _columns(columns, types), hashing.text(), distance > 1, size)


def _arrow_batches(value: Any, distance: int) -> Iterator[Any]:
    """One block of neighbouring rows out of ``distance`` blocks, so that nothing is copied but what is read."""
    table = value.combine_chunks() if hasattr(value, "combine_chunks") else value
    block_count = 64 if distance > 1 else 1
    block_len = -(-value.num_rows // block_count)
    read_len = max(1, block_len // distance)
    for index in range(block_count):
        rows = table.slice(index * block_len, read_len)
        for batch in rows.to_batches() if hasattr(rows, "to_batches") else [rows]:
            yield batch.serialize()


def _of_sparse(value: Any) -> Fingerprint:
    rows = value.tocsr() if hasattr(value, "tocsr") else value
    hashing = _Hashing(_shape(value), str(value.dtype))
    parts = (rows.data, rows.indices, rows.indptr)
    size = sum(int(part.nbytes) for part in parts)
    distance = _distance(size)
    for part in parts:
        hashing.add(part[::distance].tobytes())
    kind = f"scipy.{type(value).__name__}"
    return Fingerprint(kind, _shape(value), str(value.dtype), hashing.text(), distance > 1, size)


def _of_hugging_face(value: Any) -> Fingerprint:
    columns = [str(column) for column in value.column_names]
    types = [str(getattr(value.features[column], "dtype", value.features[column])) for column in columns]
    shape = (int(value.num_rows), len(columns))
    # The library keeps a digest of how the data came to be: what is on disk is not read again.
    digest = f"datasets:{value._fingerprint}"
    return Fingerprint("datasets.Dataset", shape, _columns(columns, types), digest, False, None)


def _columns(names: list[str], types: list[str]) -> str:
    pairs = [f"{name}:{kind}" for name, kind in zip(names[:COLUMN_COUNT_MAX], types)]
    if len(names) > COLUMN_COUNT_MAX:
        pairs.append(f"and {len(names) - COLUMN_COUNT_MAX} more")
    return ", ".join(pairs)
