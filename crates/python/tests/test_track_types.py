"""A checker of types sees a tracked function as it would see the function itself."""

from __future__ import annotations

from pathlib import Path

import pytest

PROGRAM = '''
from collections.abc import AsyncIterator, Iterator
from mltrack import track

@track
def plain(lr: float, *, layers: int = 2) -> dict[str, float]:
    return {}

@track(name="a", params=["lr"])
async def asynchronous(lr: float) -> int:
    return 1

@track
def items() -> Iterator[str]:
    yield ""

class Trainer:
    @track
    def fit(self, epochs: int) -> float:
        return 0.5

    @classmethod
    @track
    def make(cls, lr: float) -> "Trainer":
        return cls()

reveal_type(plain)
reveal_type(asynchronous)
reveal_type(items)
reveal_type(Trainer().fit)
reveal_type(Trainer.make(0.5))
plain("fast")
track(layers=2)
'''

SEEN = [
    "def (lr: float, *, layers: int =) -> dict[str, float]",
    "def (lr: float) -> typing.Coroutine[Any, Any, int]",
    "def () -> typing.Iterator[str]",
    "def (epochs: int) -> float",
    "Trainer",
]


def test_the_type_of_a_tracked_function_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = pytest.importorskip("mypy.api", reason="mypy is a tool of development")
    import mltrack

    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    sources = Path(mltrack.__file__).parent.parent
    if sources.name != "site-packages":
        monkeypatch.setenv("MYPYPATH", str(sources))
    out, errors, _ = api.run(["--strict", f"--cache-dir={tmp_path / 'cache'}", str(program)])
    assert errors == ""
    # Versions of the checker write these in different ways.
    out = out.replace("builtins.", "").replace("program.Trainer", "Trainer").replace("= ...", "=").replace("collections.abc", "typing")
    for seen in SEEN:
        assert f'Revealed type is "{seen}"' in out, out
    assert 'Argument 1 to "plain" has incompatible type "str"; expected "float"' in out
    assert "No overload variant" in out
