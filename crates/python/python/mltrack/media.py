"""Pictures, sounds, films, pages and tables to be logged beside numbers.

Invariants: what is given is turned into bytes at once, so that it may be changed afterwards; no library is imported to
know its objects; a value that cannot be shown is refused with the forms that can.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mltrack._names import checked
from mltrack.errors import NotFound, of_code

__all__ = ["Audio", "Html", "Image", "Media", "Table", "Video"]

_SUFFIXES = {
    b"\x89PNG": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"GIF8": ".gif",
    b"RIFF": ".wav",
    b"OggS": ".ogg",
    b"fLaC": ".flac",
    b"ID3": ".mp3",
    b"\x1a\x45\xdf\xa3": ".webm",
}


class Media:
    """Something that is stored as a file at a step: ``run.log({name: media})``."""

    suffix: str
    """The ending of the file."""
    data: bytes
    """What is in the file."""
    caption: str | None
    """What people read beside it."""

    def __init__(self, data: bytes, suffix: str, caption: str | None) -> None:
        self.data = data
        self.suffix = suffix
        self.caption = caption
        self.metadata: dict[str, Any] = {} if caption is None else {"caption": caption}

    def __repr__(self) -> str:
        return f"<mltrack.{type(self).__name__} {self.suffix[1:]}, {len(self.data)} bytes>"


def _file(path: str | os.PathLike[str]) -> tuple[bytes, str]:
    try:
        return Path(path).read_bytes(), Path(path).suffix.lower()
    except FileNotFoundError:
        error = NotFound(f"there is no file {os.fspath(path)}")
        error.code, error.hint = "NOT_FOUND", "pass a path, bytes, or the thing itself"
        raise error from None


def _known(data: bytes, default: str) -> str:
    """The ending for bytes, as they begin."""
    if data[4:8] == b"ftyp":
        return ".mp4"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for head, suffix in _SUFFIXES.items() if data.startswith(head)), default)


def _given(given: Any, default: str) -> tuple[bytes, str] | None:
    """The bytes of a path, of bytes and of an open file."""
    if isinstance(given, (str, os.PathLike)):
        return _file(given)
    if isinstance(given, (bytes, bytearray, memoryview)):
        return bytes(given), _known(bytes(given), default)
    if hasattr(given, "read"):
        read = given.read()
        data = read.encode() if isinstance(read, str) else bytes(read)
        return data, _known(data, default)
    return None


def _refused(given: object, what: str, forms: str) -> Exception:
    return of_code(f"a {type(given).__name__} is no {what}", code="VALIDATION_ERROR", hint=forms)


class Image(Media):
    """A picture: a path, bytes of a file, an array (``height x width`` or with 1 to 4 channels; whole numbers to 255,
    real ones to 1), a PIL image, a figure of matplotlib.

    >>> import mltrack
    >>> mltrack.Image([[0, 255], [255, 0]], caption="a small board")
    <mltrack.Image png, 69 bytes>
    """

    @checked("mltrack.Image")
    def __init__(
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Sequence[Mapping[str, Any]] | None = None,
        boxes: Mapping[str, Any] | None = None,
        file_type: str | None = None,
    ) -> None:
        data, suffix = _picture(data_or_path, mode, file_type)
        super().__init__(data, suffix, caption)
        said = {"grouping": grouping, "classes": classes, "boxes": boxes}
        self.metadata.update({key: value for key, value in said.items() if value is not None})


def _picture(given: Any, mode: str | None, file_type: str | None) -> tuple[bytes, str]:
    if isinstance(given, Image):
        return given.data, given.suffix
    found = _given(given, ".png")
    if found is not None:
        return found
    figure = figure_of(given)
    kind = (file_type or "png").lower().replace("jpg", "jpeg")
    if figure is not None:
        return _saved(lambda file: figure.savefig(file, format=kind)), f".{kind}".replace("jpeg", "jpg")
    if is_pil(given):
        shown = given.convert(mode) if mode else given
        return _saved(lambda file: shown.save(file, format=kind)), f".{kind}".replace("jpeg", "jpg")
    return _pixels(given), ".png"


def _pixels(given: Any) -> bytes:
    from mltrack import _png

    numpy = sys.modules.get("numpy")
    if numpy is not None and (hasattr(given, "__array__") or isinstance(given, (list, tuple))):
        return _png.of_array(given, numpy)
    if isinstance(given, (list, tuple)) and given and all(isinstance(row, (list, tuple)) for row in given):
        width = len(given[0])
        if width and all(len(row) == width for row in given):
            pixels = bytes(max(0, min(255, int(pixel))) for row in given for pixel in row)
            return _png.encoded(width, len(given), 1, pixels)
    raise _refused(
        given, "image", "pass a path, bytes, an array of height x width x channels, a PIL image or a figure"
    )


def _saved(save: Any) -> bytes:
    file = io.BytesIO()
    save(file)
    return file.getvalue()


def figure_of(given: Any) -> Any:
    """The figure of matplotlib that an object is or belongs to, or the module that has a current one."""
    if "matplotlib" not in sys.modules:
        return None
    if getattr(given, "__name__", "") == "matplotlib.pyplot":
        return given.gcf()
    if not type(given).__module__.startswith("matplotlib."):
        return None
    figure = given if hasattr(given, "savefig") else getattr(given, "figure", None)
    return figure if hasattr(figure, "savefig") else None


def is_pil(given: object) -> bool:
    """Whether an object is an image of PIL."""
    return "PIL" in sys.modules and hasattr(given, "getbbox") and hasattr(given, "save")


class Audio(Media):
    """A sound: a path, bytes of a file, or samples from -1 to 1 with their ``sample_rate`` in hertz.

    >>> import mltrack
    >>> mltrack.Audio([0.0, 0.5, -0.5, 0.0], sample_rate=8000)
    <mltrack.Audio wav, 52 bytes>
    """

    def __init__(self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None) -> None:
        found = _given(data_or_path, ".wav")
        if found is None:
            found = _wave(data_or_path, sample_rate), ".wav"
        super().__init__(*found, caption)
        if sample_rate is not None:
            self.metadata["sample_rate"] = sample_rate


def _wave(samples: Any, sample_rate: int | None) -> bytes:
    import array
    import wave

    if sample_rate is None:
        raise of_code("samples have no rate", code="VALIDATION_ERROR", hint="add sample_rate=44100")
    try:
        rows = samples.tolist() if hasattr(samples, "tolist") else list(samples)
        channel_count = len(rows[0]) if rows and isinstance(rows[0], (list, tuple)) else 1
        flat = (
            [one for row in rows for one in row]
            if channel_count > 1 or rows and isinstance(rows[0], list)
            else rows
        )
        whole = array.array("h", (round(max(-1.0, min(1.0, float(one))) * 32767) for one in flat))
    except TypeError:
        raise _refused(samples, "sound", "pass a path, bytes or samples from -1 to 1") from None
    if sys.byteorder == "big":
        whole.byteswap()
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channel_count)
        out.setsampwidth(2)
        out.setframerate(sample_rate)
        out.writeframes(whole.tobytes())
    return file.getvalue()


class Video(Media):
    """A film: a path, or the bytes of an MP4, WebM, Ogg or GIF file."""

    def __init__(
        self, data_or_path: Any, caption: str | None = None, fps: int | None = None, format: str | None = None
    ) -> None:
        found = _given(data_or_path, f".{format or 'mp4'}")
        if found is None:
            raise _refused(
                data_or_path, "film", "write it to a file first, with imageio or ffmpeg, and pass its path"
            )
        super().__init__(*found, caption)
        if fps is not None:
            self.metadata["fps"] = fps


class Html(Media):
    """A page: its text, the path of a file that ends with ``.html``, or an open file.  It is kept as it is: whatever
    ``inject`` says, nothing is put into it.

    >>> import mltrack
    >>> mltrack.Html("<b>done</b>").data
    b'<b>done</b>'
    """

    def __init__(self, data: Any, inject: bool = True, data_is_not_path: bool = False) -> None:
        is_path = isinstance(data, os.PathLike) or isinstance(data, str) and data.endswith((".html", ".htm"))
        if isinstance(data, str) and (data_is_not_path or not is_path):
            found = data.encode()
        elif is_path:
            found = _file(data)[0]
        elif hasattr(data, "read"):
            found = data.read().encode()
        else:
            raise _refused(data, "page", "pass the text of it or a path")
        super().__init__(found, ".html", None)


class Table:
    """Rows of cells under named columns.  A column may mix types, whatever ``allow_mixed_types`` says.

    >>> import mltrack
    >>> table = mltrack.Table(columns=["word", "count"], data=[["a", 3]])
    >>> table.add_data("b", 5)
    >>> table.get_column("count"), len(table)
    ([3, 5], 2)
    """

    columns: list[str]
    """The names of the columns."""
    data: list[list[Any]]
    """The rows."""

    @checked("mltrack.Table")
    def __init__(
        self,
        columns: Sequence[Any] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        allow_mixed_types: bool = True,
    ) -> None:
        if dataframe is None and hasattr(data, "columns") and not isinstance(data, (list, tuple)):
            dataframe, data = data, None
        if dataframe is not None:
            self.columns, found = _of_frame(dataframe)
        else:
            given: Any = data if data is not None else rows
            found = [list(row) for row in (given.tolist() if hasattr(given, "tolist") else given or [])]
            width = len(found[0]) if found else 3
            default = (
                ["Input", "Output", "Expected"] if width == 3 else [str(index) for index in range(width)]
            )
            self.columns = [str(column) for column in columns] if columns is not None else default
        self.data = []
        for row in found:
            self.add_data(*row)

    def add_data(self, *row: Any) -> None:
        """Adds a row.  Raises ``errors.ValidationError`` when it has more or fewer cells than there are columns."""
        if len(row) != len(self.columns):
            hint = "the columns are " + ", ".join(self.columns)
            words = f"a row of {len(row)} cells for {len(self.columns)} columns"
            raise of_code(words, code="VALIDATION_ERROR", hint=hint)
        self.data.append(list(row))

    def add_row(self, *row: Any) -> None:
        """The same as ``add_data``."""
        self.add_data(*row)

    def add_column(self, name: str, data: Any) -> None:
        """Adds a column."""
        cells = data.tolist() if hasattr(data, "tolist") else list(data)
        if self.data and len(cells) != len(self.data):
            words = f"a column of {len(cells)} cells for {len(self.data)} rows"
            raise of_code(words, code="VALIDATION_ERROR", hint="give one cell for each row")
        self.data = self.data or [[] for _ in cells]
        for row, cell in zip(self.data, cells, strict=True):
            row.append(cell)
        self.columns.append(name)

    def get_column(self, name: str, convert_to: str | None = None) -> Any:
        """The cells of a column; as an array with ``convert_to="numpy"``."""
        at = self.columns.index(name)
        cells = [row[at] for row in self.data]
        if convert_to == "numpy":
            import importlib

            return importlib.import_module("numpy").array(cells)
        return cells

    def get_dataframe(self) -> Any:
        """The table as a ``pandas.DataFrame``."""
        import importlib

        return importlib.import_module("pandas").DataFrame(self.data, columns=self.columns)

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows with their numbers."""
        yield from enumerate(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return f"<mltrack.Table {', '.join(self.columns)}: {len(self.data)} rows>"


def _of_frame(frame: Any) -> tuple[list[str], list[list[Any]]]:
    """The columns and rows of a frame of pandas, polars or Arrow."""
    if hasattr(frame, "itertuples"):
        return [str(column) for column in frame.columns], [list(row) for row in frame.itertuples(index=False)]
    if hasattr(frame, "rows"):
        return list(frame.columns), [list(row) for row in frame.rows()]
    if hasattr(frame, "to_pydict"):
        columns = frame.to_pydict()
        return list(columns), [list(row) for row in zip(*columns.values(), strict=True)]
    raise _refused(frame, "frame", "pass one of pandas, polars or Arrow")
