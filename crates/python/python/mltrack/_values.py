"""Logged values that are no plain numbers: nested names, text, distributions, tables, media.

Invariants: what is nested keeps its order, its names joined by ``/``; no library is imported to know its objects: what
they are is seen by what they can do and by the modules that are loaded already; a value that is nothing of all this is
kept as JSON, as it prints in the worst case.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mltrack._plain import type_name
from mltrack.errors import Error, ValidationError, of_code

if TYPE_CHECKING:
    from mltrack._run import Run
    from mltrack.media import Media, Table

__all__ = ["flat", "log_others"]

_DEPTH_MAX = 32
MEDIA_FOLDER = "media"
_OURS = ("mltrack._distribution", "mltrack.media", "mltrack.plot")
JSON_LEN_MAX = 1_000_000
"""What is longer than so many bytes may be too large for the log."""


def flat(data: Mapping[Any, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The values under all names, those of nested mappings joined by ``/``.

    >>> dict(flat({"train": {"loss": 1.0, "by": {"class": 2}}, "lr": 3}))
    {'train/loss': 1.0, 'train/by/class': 2, 'lr': 3}
    """
    if depth > _DEPTH_MAX:
        hint = "log it as an artifact"
        raise of_code(f"{prefix!r} is nested too deep", code="VALIDATION_ERROR", hint=hint)
    for key, value in data.items():
        name = f"{prefix}/{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from flat(value, name, depth + 1)
        else:
            yield name, value


def log_others(run: Run, others: Mapping[str, Any], step: int) -> None:
    """Logs at a step what is no plain number."""
    if any(isinstance(value, Mapping) for value in others.values()):
        left = run._log_numbers(dict(flat(others)), step)
        if left is None:
            return
        others, step = left
    for name, value in others.items():
        run.summary._values[name] = _to_show(value)
        try:
            log_value(run, name, value, step)
        except Error:
            raise
        except Exception as error:
            # Whatever a library makes of its own objects: the training goes on, and the other values are logged.
            run._warn(error, name)


def _to_show(value: Any) -> Any:
    """What a summary shows of a value: not an array or a figure itself, which would stay in memory, with all that led to
    it where it can be derived."""
    if value is None or isinstance(value, (str, bool, bytes, list, tuple)) or type(value).__module__ in _OURS:
        return value
    return type_name(value) if is_array(value) or hasattr(value, "savefig") else value


def log_value(run: Run, name: str, value: Any, step: int) -> None:
    """Logs one value that is neither a number nor a mapping."""
    if isinstance(value, str):
        _log_json(run, name, step, {"mltrack": "text", "text": value})
    elif value is None or isinstance(value, (bool, bytes)):
        _log_json(run, name, step, value)
    else:
        _log_object(run, name, value, step)


def _log_json(run: Run, name: str, step: int, value: Any) -> None:
    """Logs a JSON value; one that is too large for the log is a file."""
    try:
        run._native.log_json(name, step, value)
    except ValidationError:
        import json

        text = json.dumps(value, default=str)
        if len(text) < JSON_LEN_MAX:
            raise
        path = f"{MEDIA_FOLDER}/{name}.json"
        run._remember(run._native.log_artifact(path, text.encode(), step=step))


def _log_object(run: Run, name: str, value: Any, step: int) -> None:
    from mltrack._distribution import Histogram
    from mltrack.artifact import Artifact
    from mltrack.media import Media, Table
    from mltrack.plot import ConfusionMatrix

    media = _as_media(value)
    if is_frame(value):
        value = Table(dataframe=value)
    if isinstance(media, Media):
        log_media(run, name, media, step)
    elif isinstance(value, Table):
        log_table(run, name, value, step)
    elif isinstance(value, ConfusionMatrix):
        told = {"mltrack": "confusion_matrix", "labels": value.labels, "counts": value.counts}
        _log_json(run, name, step, told)
    elif isinstance(value, Histogram):
        value.log(run._native, name, step)
    elif isinstance(value, Artifact):
        run.log_artifact(value)
    elif is_array(value):
        Histogram(value).log(run._native, name, step)
    elif isinstance(value, (list, tuple)) and value and all(_as_media(each) is not None for each in value):
        for index, each in enumerate(value):
            log_media(run, f"{name}/{index}", _as_media(each), step)
    else:
        _log_json(run, name, step, value)


def is_frame(value: Any) -> bool:
    """Whether it is a frame of pandas, polars or Arrow."""
    kind = type(value)
    return kind.__name__ in ("DataFrame", "Table") and kind.__module__.partition(".")[0] in (
        "pandas",
        "polars",
        "pyarrow",
    )


def is_array(value: Any) -> bool:
    """Whether it is an array or a tensor of several numbers."""
    kind = str(getattr(value, "dtype", ""))
    return hasattr(value, "shape") and any(word in kind for word in ("int", "float", "bool"))


def _as_media(value: Any) -> Any:
    """The medium that an object is or can be; ``None`` for everything else."""
    from mltrack.media import Html, Image, Media, figure_of, is_pil

    if isinstance(value, Media):
        return value
    if figure_of(value) is not None or is_pil(value):
        return Image(value)
    if "plotly" in sys.modules and hasattr(value, "to_html") and hasattr(value, "to_plotly_json"):
        return Html(value.to_html(include_plotlyjs="cdn"), data_is_not_path=True)
    return None


def log_media(run: Run, name: str, media: Media, step: int) -> str:
    """Stores a medium at a step, and says under which name."""
    path = f"{MEDIA_FOLDER}/{name}{media.suffix}"
    metadata = media.metadata or None
    upload = run._native.log_artifact(path, media.data, step=step, metadata=metadata)
    run._remember(upload)
    return path


def log_table(run: Run, name: str, table: Table, step: int) -> None:
    """Logs a table; pictures in its cells are stored, and named there."""
    from mltrack.media import Media
    from mltrack.plot import Chart

    def cell(at: int, column: str, value: Any) -> Any:
        media = _as_media(value)
        return log_media(run, f"{name}/{column}/{at}", media, step) if isinstance(media, Media) else value

    rows = [
        [cell(at, column, value) for column, value in zip(table.columns, row, strict=True)]
        for at, row in enumerate(table.data)
    ]
    told: dict[str, Any] = {"mltrack": "table", "columns": table.columns, "rows": rows}
    if isinstance(table, Chart):
        told["chart"] = table.chart
    _log_json(run, name, step, told)
