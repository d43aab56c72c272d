"""Values of programs in the plain form in which they are recorded: numbers, texts, lists and dictionaries.

Invariants: nothing of the program is called that could be slow or change it: an object that is not known is recorded by
its type; nesting and lengths are bounded; what has to be shortened says how long it was and keeps a digest, so that
different values stay different; arrays and frames are handed to the caller instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from mltrack._secrets import MASK, is_secret_name, without_secrets

TEXT_LEN_MAX = 500
ITEM_COUNT_MAX = 50
MEMBER_COUNT_MAX = 500
DEPTH_MAX = 8
SAMPLE_COUNT = 10_000

#: Types that say what they are in a few letters, by the name of the class, wherever it lives.
_SAY_THEMSELVES = frozenset(
    """PosixPath WindowsPath PurePosixPath PureWindowsPath datetime date time timedelta Decimal Fraction UUID complex range
    slice dtype device DType Version ZoneInfo timezone""".split()
)

#: Is asked about every object with its dotted name: `True` when it has recorded it in its own way.
Taker = Callable[[str, Any], bool]

#: The form of a value that a taker has recorded: it is left out here.
TAKEN = object()


def _takes_nothing(_name: str, _value: Any) -> bool:
    return False


def plain(value: Any, name: str = "", taker: Taker = _takes_nothing, depth: int = 0) -> Any:
    """The plain form of a value.

    >>> plain({"lr": 1e-3, "layers": (64, 64), "api_key": "k"}, "config")
    {'lr': 0.001, 'layers': [64, 64], 'api_key': '***'}
    """
    if value is None or isinstance(value, (bool, int, float)):
        return _number(value)
    if is_secret_name(name.rpartition(".")[2]):
        return MASK
    if isinstance(value, str):
        return short(str(value))
    if isinstance(value, (bytes, bytearray)):
        return f"{len(value)} bytes {digest(bytes(value))}"
    if depth >= DEPTH_MAX:
        return type_name(value)
    if taker(name, value):
        return TAKEN
    members = members_of(value)
    if members is not None:
        return _of_members(members, name, taker, depth)
    if isinstance(value, (list, tuple, set, frozenset)):
        return _of_items(value, name, taker, depth)
    return _of_object(value)


def _number(value: Any) -> Any:
    """Also members of an ``IntEnum`` and scalars that derive from ``float`` are plain numbers."""
    if value is None or type(value) in (bool, int, float):
        return value
    return int(value) if isinstance(value, int) else float(value)


def _of_members(members: Mapping[Any, Any], name: str, taker: Taker, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in members.items():
        if len(found) >= MEMBER_COUNT_MAX:
            found["..."] = f"{len(members)} members"
            break
        form = plain(value, f"{name}.{key}" if name else str(key), taker, depth + 1)
        if form is not TAKEN:
            found[str(key)] = form
    return found


def _of_items(items: Any, name: str, taker: Taker, depth: int) -> Any:
    if len(items) > ITEM_COUNT_MAX:
        return _of_many(items)
    forms = [plain(item, f"{name}.{index}", taker, depth + 1) for index, item in enumerate(items)]
    forms = [form for form in forms if form is not TAKEN]
    return sorted(forms, key=str) if isinstance(items, (set, frozenset)) else forms


def _of_many(items: Any) -> str:
    """What a long list is: its first items, how many there are, and a digest, of a sample when they are very many."""
    is_set = isinstance(items, (set, frozenset))
    if is_set and len(items) > SAMPLE_COUNT:
        # Without an order there is no sample that is the same in every process.
        return f"{type(items).__name__} of {len(items)}"
    ordered = sorted(items, key=str) if is_set else items
    distance = -(-len(ordered) // SAMPLE_COUNT)
    texts = [str(plain(item, depth=DEPTH_MAX - 1)) for item in ordered[::distance]]
    sampled = f", every {distance}th" if distance > 1 else ""
    head = short(", ".join(texts[:3]))
    return f"{type(items).__name__} of {len(items)}: {head}, ... ({digest(chr(10).join(texts).encode())}{sampled})"


def _of_object(value: Any) -> Any:
    kind = type(value)
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return plain(value.item())
    if any(base.__name__ == "Enum" for base in kind.__mro__):
        return short(f"{kind.__name__}.{value.name}")
    if kind.__name__ in _SAY_THEMSELVES:
        return short(str(value))
    if isinstance(value, type) or hasattr(value, "__qualname__"):
        return type_name(value, itself=True)
    function = getattr(value, "func", None)
    if kind.__name__ == "partial" and function is not None:
        return f"partial({type_name(function, itself=True)})"
    return type_name(value)


def members_of(value: Any) -> Mapping[Any, Any] | None:
    """The members of mappings, named tuples, dataclasses, attrs and pydantic models and namespaces."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, type):
        return None
    fields = getattr(value, "_fields", None)
    if isinstance(value, tuple) and isinstance(fields, tuple):
        return {field: getattr(value, field) for field in fields}
    kind = type(value)
    for attribute in ("__dataclass_fields__", "__attrs_attrs__", "model_fields", "__pydantic_fields__"):
        declared = getattr(kind, attribute, None)
        if declared is not None:
            names = [getattr(field, "name", field) for field in _declared(declared)]
            return {name: getattr(value, name) for name in names if hasattr(value, name)}
    if kind.__name__ in ("Namespace", "SimpleNamespace"):
        return dict(vars(value))
    return None


def _declared(fields: Any) -> list[Any]:
    return list(fields) if isinstance(fields, Mapping) else [field.name for field in fields]


def short(text: str) -> str:
    """A text without secrets, of a bounded length.

    >>> short("x" * 1000)[-45:]
    'xxxxxx... (1000 letters, sha256:44f8354494a5)'
    """
    # What is far behind the part that is shown is not searched for keys.
    shown = without_secrets(text[: 4 * TEXT_LEN_MAX])
    if len(text) <= 4 * TEXT_LEN_MAX and len(shown) <= TEXT_LEN_MAX:
        return shown
    whole = digest(text.encode("utf-8", "surrogatepass"))
    return f"{shown[: TEXT_LEN_MAX // 2]}... ({len(text)} letters, {whole})"


def digest(data: bytes) -> str:
    """Enough of a digest to tell values apart."""
    return f"sha256:{hashlib.sha256(data).hexdigest()[:12]}"


def type_name(value: Any, *, itself: bool = False) -> str:
    """Where a type, or the type of a value, comes from and what it is called.

    >>> type_name(3)
    'int'
    """
    named = value if itself and hasattr(value, "__qualname__") else type(value)
    module = getattr(named, "__module__", None)
    label = str(getattr(named, "__qualname__", named))
    return label if module in (None, "builtins", "__main__") else f"{module}.{label}"
