"""What a function returned, as metrics and words.

Invariants: only what is a number becomes a metric; nothing of the result is called but what makes a number of a scalar.
"""

from __future__ import annotations

from typing import Any

from mltrack._plain import members_of, type_name

#: The name of a number that has no name of its own.
LONE_NAME = "result"
METRIC_COUNT_MAX = 1000
ITEM_COUNT_MAX = 16
DEPTH_MAX = 4


def metrics_of(value: Any) -> dict[str, float]:
    """The numbers in a result, by their names.

    >>> metrics_of({"loss": 0.25, "best": {"epoch": 3}, "model": object()})
    {'loss': 0.25, 'best/epoch': 3.0}
    >>> metrics_of(0.5)
    {'result': 0.5}
    """
    found: dict[str, float] = {}
    _collect(value, "", found, 0)
    return found


def _collect(value: Any, name: str, found: dict[str, float], depth: int) -> None:
    number = number_of(value)
    if number is not None:
        if len(found) < METRIC_COUNT_MAX:
            found[name or LONE_NAME] = number
        return
    if depth >= DEPTH_MAX or isinstance(value, str):
        return
    members = members_of(value)
    if members is not None:
        for key, member in members.items():
            _collect(member, f"{name}/{key}" if name else str(key), found, depth + 1)
    elif isinstance(value, (list, tuple)) and len(value) <= ITEM_COUNT_MAX:
        # Where only one item has names, as in a pair of a model and its scores, they need no index.
        has_one = sum(members_of(item) is not None for item in value) == 1
        for index, item in enumerate(value):
            is_named = has_one and members_of(item) is not None
            _collect(item, name if is_named else f"{name or LONE_NAME}/{index}", found, depth + 1)


def number_of(value: Any) -> float | None:
    """The number that a value is: also scalars of NumPy and its kin, and tensors of one element."""
    if isinstance(value, (bool, int, float)):
        return float(value) if not isinstance(value, int) or abs(value) < 1 << 1000 else None
    if value is None or isinstance(value, (str, bytes, type)):
        return None
    shape = getattr(value, "shape", None)
    if shape is not None:
        is_one = hasattr(value, "item") and hasattr(shape, "__len__") and all(length == 1 for length in shape)
        return number_of(value.item()) if is_one else None
    if type(value).__name__ in ("Decimal", "Fraction"):
        return float(value)
    return None


def model_of(value: Any) -> str | None:
    """The type of the model that a result is, or has among its items; ``None`` when there is none.

    >>> class Net:
    ...     def fit(self): ...
    ...     def predict(self): ...
    >>> model_of((Net(), 0.5)).rpartition(".")[2]
    'Net'
    """
    if isinstance(value, (list, tuple)) and len(value) <= ITEM_COUNT_MAX:
        models = [model for item in value if (model := model_of(item)) is not None]
        return ", ".join(models) or None
    if value is None or isinstance(value, (type, str, bytes, int, float, dict)):
        return None
    return type_name(value) if _is_model(type(value)) else None


def _is_model(kind: type) -> bool:
    ways = (("fit", "predict"), ("state_dict", "forward"), ("save_model", "predict"), ("fit", "transform"))
    return any(all(hasattr(kind, name) for name in way) for way in ways)
