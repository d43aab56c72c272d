"""The distributions of a torch module's gradients and parameters, as the training goes.

Invariants: torch is not imported: a module is what can name its parameters; a tracker's fault stops no backward pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mltrack.errors import Error, of_code

if TYPE_CHECKING:
    from mltrack._run import Run

__all__ = ["watch"]


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
        except Error as error:
            self.run._warn(error)

    def _log(self, what: str, tensor: Any) -> None:
        from mltrack.media import Histogram

        # It belongs to the step that the next log will have: the backward pass is a part of it.
        self.run._hold({f"{what}/{self.name}": Histogram(tensor)})


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
