"""The same MLflow calls over two addresses in one run: a store of ours, and MLflow's own database in SQLite.

    python benches/python/mlflow_calls.py                       # the package is installed beside MLflow
    python benches/python/mlflow_calls.py --module lib_mltrack.so    # it is that of this clone, with this native module

Each address gets processes of its own, by turns, and each process an empty folder.  ``log_metric`` is the fluent call of
a training loop with one value, ``client`` the same of one ``MlflowClient``, ``log_metrics`` five values of a step.

Invariants: both sides run the same lines with the settings that they come with; a call counts when it returned; nothing
is asserted, for a benchmark is not a test.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = {"mltrack": "mltrack:{}/store", "sqlite": "sqlite:///{}/mlflow.db"}
VALUES = {"loss": 0.5, "accuracy": 0.9, "grad_norm": 1.5, "lr": 3e-4, "throughput": 1200.0}
ROUNDS = 3
SECONDS = 4.0


def install(module: str, folder: Path) -> None:
    """Puts the package of this clone where MLflow finds it."""
    sys.path.insert(0, str(ROOT / "crates" / "server" / "tests" / "mlflow"))
    import embedded

    embedded.install(ROOT / "crates" / "python", Path(module), folder / "package")


def rate(call: Callable[[int], object], seconds: float) -> float:
    """Calls in a second."""
    call(0)
    count, start = 0, time.perf_counter()
    while (took := time.perf_counter() - start) < seconds:
        for _ in range(10):
            count += 1
            call(count)
    return count / took


def measure(address: str, seconds: float) -> dict[str, float]:
    """The rates over an address, in this process."""
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true")
    import mlflow

    mlflow.set_tracking_uri(address)
    with mlflow.start_run() as run:
        client, run_id = mlflow.MlflowClient(), run.info.run_id
        calls: dict[str, Callable[[int], object]] = {
            "log_metric": lambda step: mlflow.log_metric("loss", 0.5, step=step),
            "client": lambda step: client.log_metric(run_id, "loss", 0.5, step=step),
            "log_metrics": lambda step: mlflow.log_metrics(VALUES, step=step),
        }
        return {name: rate(call, seconds) for name, call in calls.items()}


def child(arguments: argparse.Namespace) -> None:
    # The store is open until the process ends, and may write while its folder goes.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if arguments.module:
            install(arguments.module, Path(folder))
        address = ADDRESSES[arguments.side].format(folder)
        print(json.dumps(measure(address, arguments.seconds)))


def rounds(arguments: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = {side: [] for side in ADDRESSES}
    for _ in range(ROUNDS):
        for side in ADDRESSES:
            command = [sys.executable, __file__, "--side", side, "--seconds", str(arguments.seconds)]
            command += ["--module", arguments.module] if arguments.module else []
            printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            found[side].append(json.loads(printed.splitlines()[-1]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="MLflow's calls over two addresses")
    parser.add_argument("--module", help="the native module, where the package is not installed")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each call is repeated in a round")
    parser.add_argument("--side", choices=ADDRESSES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        child(arguments)
        return
    found = rounds(arguments)
    print("| call | mltrack, calls/s | sqlite, calls/s | ratio |\n|---|---|---|---|")
    for name in found["mltrack"][0]:
        ours, theirs = (statistics.median(each[name] for each in found[side]) for side in ADDRESSES)
        print(f"| {name} | {ours:,.0f} | {theirs:,.0f} | {ours / theirs:.1f} x |")


if __name__ == "__main__":
    main()
