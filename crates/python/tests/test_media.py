"""Pictures, sounds, pages, distributions and tables become files and values that others can read."""

from __future__ import annotations

import io
import math
import struct
import wave
import zlib
from pathlib import Path
from typing import Any

import pytest

import mltrack
from mltrack import errors


def pixels(png: bytes) -> tuple[int, int, int, bytes]:
    """Width, height, kind and bytes of a PNG file, read by its definition."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, head = 8, b"", b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0]
        head, data = (body, data) if kind == b"IHDR" else (head, data + body if kind == b"IDAT" else data)
        at += 12 + length
    width, height, _, kind_of_colour = struct.unpack(">IIBB", head[:10])
    raw = zlib.decompress(data)
    row = len(raw) // height
    rows = b"".join(raw[line * row + 1 : (line + 1) * row] for line in range(height))
    return width, height, kind_of_colour, rows


def test_an_array_is_a_picture_of_its_pixels() -> None:
    numpy = pytest.importorskip("numpy")
    grey = mltrack.Image(numpy.array([[0, 128, 255]], dtype="uint8"))
    assert pixels(grey.data) == (3, 1, 0, bytes([0, 128, 255]))
    colour = mltrack.Image(numpy.array([[[1.0, 0.0, 0.5]]]))
    assert pixels(colour.data) == (1, 1, 2, bytes([255, 0, 128]))
    assert pixels(mltrack.Image(numpy.array([[-1.0, 1.0]])).data)[3] == bytes([0, 255])
    assert pixels(mltrack.Image(numpy.array([[2.0, 300.0, math.nan]])).data)[3] == bytes([2, 255, 0])
    assert pixels(mltrack.Image(numpy.array([[True, False]])).data)[3] == bytes([255, 0])
    assert pixels(mltrack.Image(numpy.zeros((2, 5, 4))).data)[:3] == (5, 2, 6)
    assert pixels(mltrack.Image(numpy.zeros((3, 7, 5))).data)[:3] == (5, 7, 2)


@pytest.mark.parametrize("shape", [(7, 7, 7), (2,), (0, 3), (1, 1, 1, 1)])
def test_an_array_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    numpy = pytest.importorskip("numpy")
    with pytest.raises(errors.ValidationError, match="is no image"):
        mltrack.Image(numpy.zeros(shape))


def test_lists_of_rows_are_a_picture_without_numpy() -> None:
    assert pixels(mltrack.Image([[0, 999], [-5, 7]]).data) == (2, 2, 0, bytes([0, 255, 0, 7]))
    with pytest.raises(errors.ValidationError, match="is no image"):
        mltrack.Image(object())


def test_a_file_is_taken_as_it_is(folder: Path) -> None:
    png = mltrack.Image([[0]]).data
    Path("dot.PNG").write_bytes(png)
    assert (mltrack.Image("dot.PNG").data, mltrack.Image(Path("dot.PNG")).suffix) == (png, ".png")
    assert mltrack.Image(b"\xff\xd8\xff\xe0").suffix == ".jpg"
    assert mltrack.Image(io.BytesIO(png)).data == png
    with pytest.raises(errors.NotFound, match="no file"):
        mltrack.Image("nowhere.png")


def test_pictures_and_figures_of_other_libraries_are_pictures() -> None:
    pil = pytest.importorskip("PIL.Image")
    image = mltrack.Image(pil.new("RGBA", (4, 3), "red"), mode="RGB", caption="red")
    assert image.metadata == {"caption": "red"}
    assert pil.open(io.BytesIO(image.data)).getpixel((0, 0)) == (255, 0, 0)
    assert pil.open(io.BytesIO(mltrack.Image([[0, 9]]).data)).getpixel((1, 0)) == 9
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure, axes = pyplot.subplots()
    assert {mltrack.Image(each).data[:4] for each in (figure, axes, pyplot)} == {b"\x89PNG"}
    pyplot.close(figure)


def test_samples_are_a_sound() -> None:
    with wave.open(io.BytesIO(mltrack.Audio([0.0, 1.0, -2.0], sample_rate=8000).data)) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (8000, 1)
        assert struct.unpack("<3h", sound.readframes(3)) == (0, 32767, -32767)
    with wave.open(io.BytesIO(mltrack.Audio([[0.0, 1.0], [0.5, -1.0]], sample_rate=8).data)) as stereo:
        assert (stereo.getnchannels(), stereo.getnframes()) == (2, 2)
    with pytest.raises(errors.ValidationError, match="no rate"):
        mltrack.Audio([0.0])
    with pytest.raises(errors.ValidationError, match="is no film"):
        mltrack.Video(3)


def test_a_page_is_text_or_a_file(folder: Path) -> None:
    Path("page.html").write_text("<p>")
    assert [
        mltrack.Html(each).data for each in ("<b>", "page.html", Path("page.html"), io.StringIO("x"))
    ] == [
        b"<b>",
        b"<p>",
        b"<p>",
        b"x",
    ]
    assert mltrack.Html("page.html", data_is_not_path=True).data == b"page.html"


def test_a_distribution_has_its_values_or_its_counts() -> None:
    numpy = pytest.importorskip("numpy")
    values = numpy.random.default_rng(0).normal(size=500)
    counts, edges = numpy.histogram(values, bins=10)
    with mltrack.init() as run:
        run.log({"whole": mltrack.Histogram(numpy.arange(6).reshape(2, 3)), "list": mltrack.Histogram([1, 2, 2])})
        run.log({"counted": mltrack.Histogram(np_histogram=(counts, edges))})
    found = {each["name"]: each for each in run._store.histograms(run.id)}
    assert [(found[name]["count"], found[name]["max"]) for name in ("whole", "list")] == [(6, 5.0), (3, 2.0)]
    counted = found["counted"]
    assert (counted["counts"], counted["edges"], counted["count"]) == (counts.tolist(), edges.tolist(), 500)
    with pytest.raises(errors.ValidationError, match="do not rise"):
        mltrack.Histogram(np_histogram=([1], [1.0, 0.0]))
    with pytest.raises(errors.ValidationError, match="3 counts have 3 edges"):
        mltrack.Histogram(np_histogram=([1, 2, 3], [0, 1, 2]))
    with pytest.raises(errors.ValidationError, match="is no distribution"):
        mltrack.Histogram(["a"])


def test_a_table_is_made_of_rows_columns_or_a_frame() -> None:
    table = mltrack.Table(columns=["a", "b"])
    table.add_data(1, "x")
    table.add_row(2, "y")
    table.add_column("c", [True, False])
    assert (table.columns, table.data) == (["a", "b", "c"], [[1, "x", True], [2, "y", False]])
    assert table.get_column("a") == [1, 2]
    with pytest.raises(errors.ValidationError, match="a row of 1 cells for 3 columns"):
        table.add_data(1)
    with pytest.raises(errors.ValidationError, match="a column of 1 cells for 2 rows"):
        table.add_column("d", [1])
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    for each in (
        mltrack.Table(dataframe=frame),
        mltrack.Table(data=frame),
        mltrack.Table(frame.columns, frame.values),
    ):
        assert (each.columns, each.data) == (["a", "b"], [[1, "x"], [2, "y"]])
    assert mltrack.Table(dataframe=frame).get_dataframe().equals(frame)
    polars = pytest.importorskip("polars")
    assert mltrack.Table(dataframe=polars.DataFrame({"a": [1]})).data == [[1]]


def values(run: mltrack.Run, name: str) -> list[Any]:
    """The JSON values of a run, by step."""
    return [each["value"] for each in run._store.json_values(run.id, name)]


def test_what_is_no_number_is_kept_as_what_it_is() -> None:
    numpy = pytest.importorskip("numpy")
    run = mltrack.init()
    run.log({"loss": 0.5, "word": "a", "list": [1, 2], "nothing": None, "set": {3}})
    run.log({"grads": numpy.arange(100.0), "table": mltrack.Table(["a"], [[1], [2]])})
    run.log({"grads": mltrack.Histogram([1, 2, 3])})
    assert values(run, "word") == [{"mltrack": "text", "text": "a"}]
    assert [values(run, name) for name in ("list", "nothing", "set")] == [[[1, 2]], [None], [[3]]]
    assert values(run, "table") == [{"mltrack": "table", "columns": ["a"], "rows": [[1], [2]]}]
    found = run._store.histograms(run.id, "grads")
    assert [(each["step"], each["count"]) for each in found] == [(1, 100), (2, 3)]
    assert run.step == 3


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_is_a_table(library: str) -> None:
    frame = pytest.importorskip(library).DataFrame({"a": [1, 2], "b": ["x", "y"]})
    with mltrack.init() as run:
        run.log({"rows": frame})
    assert values(run, "rows") == [{"mltrack": "table", "columns": ["a", "b"], "rows": [[1, "x"], [2, "y"]]}]


def test_media_are_files_at_their_step() -> None:
    with mltrack.init() as run:
        run.log({"sample": mltrack.Image([[1]], caption="one"), "loss": 1.0}, step=5)
        run.log({"sample": [mltrack.Image([[1]]), mltrack.Image([[2]])], "page": mltrack.Html("<b>")}, step=6)
        run.log({"rows": mltrack.Table(["picture"], [[mltrack.Image([[3]])]])}, step=7)
    found = {each["path"]: each for each in run._store.artifacts(run=run.id, path="media")}
    assert sorted(found) == [
        "media/page.html",
        "media/rows/picture/0.png",
        "media/sample.png",
        "media/sample/0.png",
        "media/sample/1.png",
    ]
    first = found["media/sample.png"]
    assert (first["step"], first["media_type"], first["kind"]) == (5, "image/png", "visualization")
    assert first["metadata"] == {"caption": "one"}
    assert pixels(run._store.artifact_bytes(first["id"])) == (1, 1, 0, b"\x01")
    assert values(run, "rows")[0]["rows"] == [["media/rows/picture/0.png"]]


@pytest.mark.parametrize(
    "value",
    [mltrack.Table(["word"], [["x" * 1000]] * 2000), "x" * 2_000_000, ["xx"] * 500_000],
    ids=["table", "text", "list"],
)
def test_what_is_too_large_for_the_log_is_a_file(value: object) -> None:
    with mltrack.init() as run:
        run.log({"big": value}, step=3)
    (found,) = run._store.artifacts(run=run.id, path="media")
    assert (found["path"], found["step"]) == ("media/big.json", 3)
    assert found["len"] >= 2_000_000
