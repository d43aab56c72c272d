"""Starts the two servers that answer MLflow's client: ours, and the stock one of the same environment.

A server owns a folder of its own, listens on a free port of the loopback, and ends with the object that started it.
"""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

START_SECONDS = 120


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """One server process. `kind` is `ours` or `stock`; `folder` holds everything it writes."""

    def __init__(self, kind, folder, binary=None, arguments=(), environment=None, port=None):
        self.kind = kind
        self.folder = pathlib.Path(folder)
        # Where it is started.
        self.place = self.folder
        self.binary = binary
        self.arguments = list(arguments)
        self.environment = {**os.environ, **(environment or {})}
        self.port = port or free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process = None

    def command(self):
        if self.kind == "ours":
            store = str(self.folder / "store")
            return [self.binary, "serve", "--store", store, "--port", str(self.port), *self.arguments]
        database = f"sqlite:///{self.folder / 'mlflow.db'}"
        return [
            sys.executable, "-m", "mlflow", "server", "--workers", "1",
            "--host", "127.0.0.1", "--port", str(self.port),
            "--backend-store-uri", database,
            "--artifacts-destination", str(self.folder / "artifacts"),
            *self.arguments,
        ]  # fmt: skip

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("MLFLOW_TRACKING_URI", "MLTRACK_STORE"):
            self.environment.pop(name, None)
        # Its own background jobs answer no call of these tests, and take a minute to start.
        self.environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
        log = open(self.log, "ab")
        self.process = subprocess.Popen(
            self.command(),
            cwd=self.place,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Stock starts workers: its whole group is ended with it.
            start_new_session=True,
        )
        try:
            self.wait_until_healthy()
        except BaseException:
            self.kill()
            raise
        return self

    @property
    def log(self):
        return self.folder / "server.log"

    def wait_until_healthy(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.uri + "/health", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except urllib.error.HTTPError:
                pass
            except OSError:
                # It does not listen yet: it may end meanwhile, which is to be noticed at once.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(0.02)
        raise RuntimeError(f"the server {self.command()} did not start:\n{self.log_end()}")

    def log_end(self, length=4000):
        return self.log.read_bytes()[-length:].decode(errors="replace") if self.log.exists() else ""

    def kill(self):
        """Ends it at once, as a crash would."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def stop(self):
        """Asks it to end; answers with its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            status = None
        self.kill()
        return status

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()
