"""Callbacks and loggers for the libraries that train: each in a module named as its library.

>>> from mltrack.integrations import torch_profiler
>>> handler = torch_profiler.trace_handler()

| module | what a training is given |
|---|---|
| ``lightning`` | ``Trainer(logger=MltrackLogger())`` |
| ``transformers`` | ``Trainer(..., callbacks=[MltrackCallback()])`` |
| ``keras`` | ``model.fit(..., callbacks=[MltrackCallback()])`` |
| ``optuna`` | ``study.optimize(..., callbacks=[MltrackCallback()])`` |
| ``torch_profiler`` | ``profile(on_trace_ready=trace_handler())`` |

Invariants: a library is imported by its own module alone, which raises an ``ImportError`` that says what to install when
it is not there; a fault of the tracker is one warning and ends no training; a run that the program began is ended by
nobody else.
"""

from __future__ import annotations
