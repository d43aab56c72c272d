"""``%load_ext mltrack``: the magic ``%mltrack`` for what is looked up most.

Invariants: a line means the same as on the command line where that has it; what is wrong is told in one line, without a
trace of calls.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import Any, NoReturn

from mltrack.errors import Error, ValidationError

__all__ = ["load_ipython_extension", "run_line", "unload_ipython_extension"]

EXAMPLES = """\
  %mltrack runs digits --filter "metrics.acc > 0.9" --order -acc --limit 10
  %mltrack run @last
  %mltrack watch @last loss acc --every 2
  %mltrack diff digits/1 digits/2
  %mltrack history @last loss
"""


class _Parser(argparse.ArgumentParser):
    """A parser that raises where another one would end the program."""

    def error(self, message: str) -> NoReturn:
        raise ValidationError(f"{message}\n{self.format_usage().strip()}")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise _Done


class _Done(Exception):
    """The help was shown."""


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="%mltrack", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", help="the folder of the store; else as the command line finds it")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    runs = commands.add_parser("runs", help="the runs of an experiment, or of all")
    runs.add_argument("experiment", nargs="?")
    runs.add_argument("--filter", help='such as "metrics.acc > 0.9 and params.lr = 0.1"')
    runs.add_argument("--order", action="append", default=[], help="-acc is the largest first")
    runs.add_argument("--limit", type=int)
    commands.add_parser("run", help="one run").add_argument("run")
    watch = commands.add_parser("watch", help="a run as it goes")
    watch.add_argument("run")
    watch.add_argument("metrics", nargs="*")
    watch.add_argument("--every", type=float, default=1.0, metavar="SECONDS")
    watch.add_argument("--for", type=float, dest="duration_s", metavar="SECONDS")
    commands.add_parser("diff", help="runs side by side").add_argument("runs", nargs="+", metavar="run")
    history = commands.add_parser("history", help="a metric of a run")
    history.add_argument("run")
    history.add_argument("metric")
    return parser


def run_line(line: str) -> Any:
    """What a line of the magic shows.

    >>> import mltrack
    >>> with mltrack.init(project="digits") as run:
    ...     run.log({"loss": 0.5})
    >>> run_line("runs digits")[0].metrics["loss"].last
    0.5
    """
    from mltrack.store import open

    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ValidationError(f"{line}: {error}") from None
    try:
        asked = _parser().parse_args(words or ["--help"])
    except _Done:
        return None
    store = open(asked.store)
    if asked.command == "runs":
        found = store.runs(asked.experiment, asked.filter, asked.order, asked.limit)
        found.frame()
        return found
    if asked.command == "run":
        return store.run(asked.run)
    if asked.command == "history":
        return store.history(asked.run, asked.metric)
    if asked.command == "diff":
        from mltrack.notebook._cards import Comparison

        return Comparison([store.run(run) for run in asked.runs])
    store.run(asked.run).watch(asked.metrics or None, asked.every, asked.duration_s)
    return None


def _magic(line: str) -> Any:
    """%mltrack runs|run|watch|diff|history: %mltrack --help says more."""
    try:
        return run_line(line)
    except Error as error:
        # IPython is there: it has called.
        core: Any = sys.modules["IPython.core.error"]
        raise core.UsageError(str(error)) from None


def load_ipython_extension(shell: Any) -> None:
    """What ``%load_ext mltrack`` calls."""
    shell.register_magic_function(_magic, "line", "mltrack")


def unload_ipython_extension(shell: Any) -> None:
    """What ``%unload_ext mltrack`` calls."""
    shell.magics_manager.magics["line"].pop("mltrack", None)
