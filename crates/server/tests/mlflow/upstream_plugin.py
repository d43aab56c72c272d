"""A pytest plugin that lets our server stand where MLflow's own tests start a stock one."""

import contextlib
import os
import pathlib
import tempfile

import pytest
from servers import Server


# Where the test that runs now wants its artifacts: what it told the application that is not used.
ROOTS = []


class Ours:
    """Stands for the helper that runs the stock application in a thread; the application is not used."""

    def __init__(self, _app=None, _port=None, port=None, root=None):
        self.folder = tempfile.TemporaryDirectory(prefix="mltrack-upstream-")
        root = root or (ROOTS.pop() if ROOTS else (pathlib.Path(self.folder.name) / "files").as_uri())
        self.server = Server("ours", self.folder.name, os.environ["MLTRACK_BIN"], ["--artifact-root", root], port=port)
        # The application would run in the test's own process, and so in its folder.
        self.server.place = os.getcwd()

    def __enter__(self):
        return self.server.start().uri

    def __exit__(self, *_):
        self.server.kill()
        self.folder.cleanup()


@contextlib.contextmanager
def ours_process(backend_uri=None, root_artifact_uri=None, extra_env=None, app=None, server_type=None):
    """Stands for the helper that starts a stock server as a process."""
    with Ours() as uri:
        yield uri


@contextlib.contextmanager
def ours_with_proxy(_host, port, _backend_store_uri, default_artifact_root, _artifacts_destination):
    """Stands for the helper that starts a stock server behind whose proxy artifacts lie."""
    with Ours(port=port, root=default_artifact_root) as ours:
        yield ours


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    import tests.tracking.integration_test_utils as helpers

    helpers.ServerThread = Ours
    helpers._init_server = ours_process


def noting(initialize):
    """The same function, which notes where artifacts are to be."""

    def initialized(*arguments, default_artifact_root=None, **named):
        ROOTS[:] = [default_artifact_root] if default_artifact_root else []
        return initialize(*arguments, default_artifact_root=default_artifact_root, **named)

    return initialized


def pytest_collection_modifyitems(items):
    for module in {item.module for item in items}:
        if hasattr(module, "initialize_backend_stores"):
            module.initialize_backend_stores = noting(module.initialize_backend_stores)
        if hasattr(module, "_launch_server"):
            module._launch_server = ours_with_proxy
