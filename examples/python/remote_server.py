"""Training here, the store elsewhere: a server of mltrack, and MLflow's own client, which knows nothing of it.

Run it with ``python remote_server.py``; it needs MLflow (``pip install mlflow-skinny`` is enough), and takes a few
seconds.  It starts the server itself, as another machine would:

    mltrack serve --bind 0.0.0.0:5000 --auth token

While the server runs, processes on its machine look at and write the same folder without it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow

import mltrack


def program() -> str:
    """The program ``mltrack``, which comes with the package."""
    places = [os.path.dirname(sys.executable), os.environ.get("PATH", "")]
    found = shutil.which("mltrack", path=os.pathsep.join(places))
    if found is None:
        sys.exit("the program mltrack is not on the PATH: pip install mltrack-engine")
    return found


@contextmanager
def server(store: Path) -> Iterator[str]:
    """A server on a free port, until the end of the block: its address."""
    command = [program(), "-C", str(store), "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield json.loads(running.stdout.readline())["url"]
        finally:
            running.terminate()


def train(address: str) -> str:
    """A training that logs to a server: the id of its run."""
    mlflow.set_tracking_uri(address)
    mlflow.set_experiment("remote")
    with mlflow.start_run(run_name="from-afar") as run:
        mlflow.log_params({"lr": 0.1, "layers": 2})
        for step in range(20):
            mlflow.log_metrics({"loss": 1 / (step + 1)}, step=step)
        mlflow.log_text("It works.", "notes.txt")
    return str(run.info.run_id)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "store")
        with server(path) as address:
            id = train(address)
            print("the server says:", mlflow.get_run(id).data.metrics)
            # The folder is open to everybody on this machine, without asking the server.
            run = mltrack.open(path).run(id)
            print("the folder says:", run.name, run.state, {name: known.last for name, known in run.metrics.items()})
            print("its artifact:", run.artifacts()[0].read().decode())


if __name__ == "__main__":
    main()
