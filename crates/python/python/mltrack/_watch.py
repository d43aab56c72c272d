"""The distributions of a torch module's gradients and parameters, as the training goes.

Invariants: torch is not imported: a module is what can name its parameters; a tracker's fault stops no backward pass; what
is large is counted where it is, and not brought over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mltrack.errors import of_code

if TYPE_CHECKING:
    from mltrack._run import Run

__all__ = ["watch"]

WHOLE_LEN_MAX = 1 << 20
"""A longer tensor has its values counted on its own device; the quantiles are then as near as the buckets are narrow."""


class Watched:
    """A parameter, and how often its gradient came by."""

    def __init__(self, run: Run, name: str, parameter: Any, what: str, every: int) -> None:
        self.run, self.name, self.parameter, self.what, self.every = run, name, parameter, what, every
        self.count = 0

    def __call__(self, gradient: Any) -> None:
        self.count += 1
        if self.count % self.every or self.run.is_finished:
            return
        try:
            if self.what in ("gradients", "all"):
                self._log("gradients", gradient)
            if self.what in ("parameters", "all"):
                self._log("parameters", self.parameter)
        except Exception as error:
            self.run._warn(error, f"the distribution of {self.name}")

    def _log(self, what: str, tensor: Any) -> None:
        from mltrack._distribution import of_tensor

        # It belongs to the step that the next log will have: the backward pass is a part of it.
        self.run._hold({f"{what}/{self.name}": of_tensor(tensor, WHOLE_LEN_MAX)})


def watch(run: Run, models: Any, what: str | None, every: int) -> list[tuple[Any, Any]]:
    """Hooks on the parameters of modules, each with its module."""
    if what not in (None, "gradients", "parameters", "all"):
        hint = 'one of "gradients", "parameters", "all"'
        raise of_code(f"log is {what!r}", code="VALIDATION_ERROR", hint=hint)
    every = max(1, int(every))
    hooks: list[tuple[Any, Any]] = []
    modules = models if isinstance(models, (list, tuple)) else [models]
    for index, module in enumerate(modules):
        if not hasattr(module, "named_parameters"):
            hint = "pass a torch.nn.Module"
            raise of_code(f"a {type(module).__name__} cannot be watched", code="VALIDATION_ERROR", hint=hint)
        prefix = f"{index}/" if len(modules) > 1 else ""
        for name, parameter in module.named_parameters() if what else ():
            if parameter.requires_grad:
                watched = Watched(run, prefix + name, parameter, what or "", every)
                hooks.append((module, parameter.register_hook(watched)))
    return hooks
