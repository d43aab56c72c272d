"""What arguments are recorded as: parameters, masked secrets, fingerprints of data."""

from __future__ import annotations

import enum
import os
import sys
from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mltrack import _fingerprint, _mltrack
from mltrack._fingerprint import fingerprint
from mltrack._plain import plain, short
from mltrack.tracking import track

from track_support import SETTINGS, only_run, runs, store_folder

__all__ = ["store_folder"]


class Kind(enum.Enum):
    ADAM = 1


@dataclass
class Optimizer:
    lr: float = 0.1
    api_key: str = "hidden"
    betas: tuple[float, float] = (0.9, 0.999)


@dataclass
class Config:
    optimizer: Optimizer = field(default_factory=Optimizer)
    layers: list[int] = field(default_factory=lambda: [64, 32])


def test_nested_configurations_are_flat_parameters() -> None:
    @track
    def train(config: Config, **more: Any) -> None: ...

    train(Config(), args=Namespace(depth=3), kind=Kind.ADAM, path=Path("data") / "x.csv")
    assert only_run()["params"] == {
        "config.optimizer.lr": 0.1,
        "config.optimizer.api_key": "***",
        "config.optimizer.betas": [0.9, 0.999],
        "config.layers": [64, 32],
        "args.depth": 3,
        "kind": "Kind.ADAM",
        "path": "data/x.csv",
    }


def test_secrets_are_masked_by_name_and_by_their_look() -> None:
    @track
    def call(password: str, token: str | None, max_tokens: int, url: str, text: str, pad_token: str) -> None: ...

    call("p", None, 100, "https://ada:lovelace@host/x", "key sk-abcdefghijklmnop1234", "<pad>")
    assert only_run()["params"] == {
        "password": "***",
        "token": None,
        "max_tokens": 100,
        "url": "https://ada:***@host/x",
        "text": "key ***",
        "pad_token": "<pad>",
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("?api_key=abcdef123&page=2", "?api_key=***&page=2"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
        ("{'password': 'hunter22'}", "{'password': '***'}"),
        ("python train.py --token abc", "python train.py --token abc"),
        ("the token: <pad>", "the token: <pad>"),
        ("max_token=100000", "max_token=100000"),
    ],
)
def test_secrets_inside_of_texts_are_masked_where_they_are_named(text: str, shown: str) -> None:
    assert short(text) == shown


def test_long_values_are_shortened_and_stay_different() -> None:
    first, second = short("x" * 9000 + "a"), short("x" * 9000 + "b")
    assert len(first) < 400 and first != second and "9001 letters" in first
    many, more = plain(list(range(1000))), plain(list(range(999)) + [7])
    assert many.startswith("list of 1000: 0, 1, 2, ...") and many != more
    assert "every 100th" in plain(list(range(1_000_000)))


def test_what_contains_itself_ends() -> None:
    circle: dict[str, Any] = {}
    circle["again"] = circle
    assert "dict" in str(plain(circle))


def test_unknown_objects_are_their_types_and_nothing_of_them_is_called() -> None:
    class Touchy:
        def __str__(self) -> str:
            raise AssertionError("was asked for its text")

        __repr__ = __str__

    assert plain(Touchy()).endswith("Touchy")
    assert plain(Touchy).endswith("Touchy")
    assert plain(len) == "len"


def test_positional_rests_are_recorded_only_when_there_are_any() -> None:
    @track
    def call(*values: int) -> None: ...

    call()
    call(1, 2)
    assert [run["params"] for run in runs()] == [{}, {"values": [1, 2]}]


def test_arrays_and_frames_are_fingerprints() -> None:
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")

    @track
    def train(X: Any, parts: dict[str, Any], scale: Any) -> Any:
        return X * 2

    values = numpy.arange(12.0).reshape(4, 3)
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    train(values, {"frame": frame, "kind": "small"}, numpy.float32(0.5))
    run = only_run()
    assert run["params"]["data.X"].startswith("numpy 4x3 float64 sha256:")
    assert run["params"]["data.parts.frame"].startswith("pandas.DataFrame 2x2 a:int64, b:")
    assert (run["params"]["parts.kind"], run["params"]["scale"]) == ("small", 0.5)
    assert run["tags"]["mltrack.data.result"].startswith("numpy 4x3")


def test_data_is_a_version_of_a_dataset_that_runs_name() -> None:
    numpy = pytest.importorskip("numpy")

    @track
    def clean(raw: Any) -> Any:
        return raw + 1

    @track
    def train(X_train: Any, X_test: Any) -> None: ...

    values = clean(numpy.zeros((4, 2)))
    train(values, values[:2])
    train(values, values[2:] * 3)
    store = _mltrack.Store(os.environ["MLTRACK_STORE"], SETTINGS)
    sets = {dataset["name"]: dataset["versions"] for dataset in store.datasets()}
    assert {name: len(versions) for name, versions in sets.items()} == {
        "clean.raw": 1, "clean.result": 1, "train.X_train": 1, "train.X_test": 2,
    }
    (made,) = sets["clean.result"]
    assert (made["rows"], made["len"], made["schema"]["types"]) == (4, 64, "float64")
    assert runs()[0]["id"].endswith(made["run"])
    assert made["digest"] == sets["train.X_train"][0]["digest"]
    found = store.runs(filter="datasets.name = 'train.X_test' and datasets.context = 'test'")
    assert len(found) == 2


def test_a_digest_is_of_the_values_whatever_their_layout() -> None:
    numpy = pytest.importorskip("numpy")
    values = numpy.arange(12).reshape(3, 4)
    same = [values, values.copy(order="F"), numpy.repeat(values, 2, axis=1)[:, ::2]]
    assert len({one.digest for one in map(fingerprint, same) if one}) == 1
    others = [values.reshape(4, 3), values.astype("float64"), values + 1]
    assert len({one.digest for one in map(fingerprint, [values, *others]) if one}) == 4


def test_texts_dates_and_objects_have_digests() -> None:
    numpy = pytest.importorskip("numpy")
    for first, second in [
        (numpy.array(["a", "b"]), numpy.array(["a", "c"])),
        (numpy.array(["2024-01-01"], "M8[D]"), numpy.array(["2024-01-02"], "M8[D]")),
        (numpy.array([{"a": 1}], object), numpy.array([{"a": 2}], object)),
    ]:
        one, other = fingerprint(first), fingerprint(second)
        assert one and other and one.digest and one.digest != other.digest


def test_large_data_is_sampled_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    numpy = pytest.importorskip("numpy")
    monkeypatch.setattr(_fingerprint, "WHOLE_SIZE_MAX", 1000)
    monkeypatch.setattr(_fingerprint, "SAMPLE_SIZE", 100)
    for shape in ((1000, 3), (2, 1500)):
        seen = fingerprint(numpy.zeros(shape))
        assert seen and seen.is_sampled and str(seen).endswith("(sampled)")
    small = fingerprint(numpy.zeros(3))
    assert small and not small.is_sampled


def test_frames_of_every_library_have_a_digest_of_their_rows() -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    arrow = pytest.importorskip("pyarrow")
    first, second = {"a": [1, 2, 3], "b": ["x", "y", None]}, {"a": [1, 2, 4], "b": ["x", "y", None]}
    for make in (pandas.DataFrame, polars.DataFrame, arrow.table, lambda data: polars.Series(data["a"])):
        one, again, other = fingerprint(make(first)), fingerprint(make(first)), fingerprint(make(second))
        assert one and again and other and one.digest == again.digest != other.digest
    lists = fingerprint(pandas.DataFrame({"a": [[1], [2]]}))
    assert lists and lists.digest


def test_arrays_that_are_not_in_memory_are_not_read() -> None:
    class Lazy:
        dtype = "float32"
        shape = (float("nan"), 3)

        def __getitem__(self, _: object) -> Any:
            raise AssertionError("was read")

        __array__ = __getitem__

    seen = fingerprint(Lazy())
    assert seen and (seen.shape, seen.digest, seen.types) == ((-1, 3), None, "float32")


def test_frames_with_many_texts_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = pytest.importorskip("pandas")
    monkeypatch.setattr(_fingerprint, "ROW_COUNT_MAX", 10)
    texts, numbers = fingerprint(pandas.DataFrame({"a": ["x"] * 100})), fingerprint(pandas.DataFrame({"a": [1] * 100}))
    assert texts and numbers and (texts.is_sampled, numbers.is_sampled) == (True, False)


def test_a_tensor_is_known_by_what_it_offers() -> None:
    torch = pytest.importorskip("torch", reason="opt-in by size: runs where torch is installed")
    seen = fingerprint(torch.ones(2, 3, dtype=torch.bfloat16))
    assert seen and str(seen).startswith("torch 2x3 torch.bfloat16 sha256:")


def test_nothing_is_imported_for_an_argument() -> None:
    before = set(sys.modules)
    plain({"a": [1], "b": Config()})
    assert fingerprint([1]) is None
    assert not {"numpy", "pandas", "torch"} & (set(sys.modules) - before)
