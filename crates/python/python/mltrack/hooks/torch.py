"""PyTorch: optimizers with what they were told, and how many parameters they train.

Invariants: a loss is recorded only when the program logs it; an optimizer is recorded once, when it is made or at its
first step in a run; a step costs one look into a set.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from mltrack._guard import quietly
from mltrack._plain import type_name
from mltrack._run import Run
from mltrack.hooks import _record
from mltrack.hooks._patches import Patches

#: The run in which an optimizer was recorded last.
_SEEN: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def install(patches: Patches, module: ModuleType) -> None:
    """Patches the base of all optimizers, and listens to their steps where the version can."""
    optimizer = sys.modules.get("torch.optim.optimizer")
    if optimizer is None:
        return
    patches.method(optimizer.Optimizer, "__init__", _making)
    listen = getattr(optimizer, "register_optimizer_step_post_hook", None)
    if listen is not None:
        patches.call_later(listen(_stepped).remove)


def _making(original: Callable[..., Any]) -> Callable[..., Any]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        _stepped(self, (), {})

    return __init__


def _stepped(optimizer: Any, args: Any, kwargs: Any) -> None:
    """Is called after each step, too: an optimizer may have been made before anything was tracked."""
    run = _record.current_run()
    if run is not None and _SEEN.get(optimizer) != run.id:
        quietly(_record_optimizer, run, optimizer)


def _record_optimizer(run: Run, optimizer: Any) -> None:
    _SEEN[optimizer] = run.id
    label = _record.label_for(run, "torch")
    if label is None:
        return
    _record.tag(run, "mltrack.framework.torch", str(getattr(sys.modules.get("torch"), "__version__", "")))
    groups = optimizer.param_groups
    told = {name: value for name, value in optimizer.defaults.items() if value is not None}
    if len(groups) > 1:
        told["groups"] = len(groups)
        told["lr_of_groups"] = [group.get("lr") for group in groups]
    told["parameters"] = sum(parameter.numel() for group in groups for parameter in group["params"])
    _record.params(run, label, {"optimizer": type_name(optimizer), **told})
