"""A pytest plugin that lets our server stand where MLflow's own tests start a stock one."""

import contextlib
import os
import pathlib
import tempfile

import pytest
from servers import Server


class OursThread:
    """Stands for the helper that runs the stock application in a thread; the application is not used."""

    def __init__(self, _app=None, _port=None):
        self.folder = tempfile.TemporaryDirectory(prefix="mltrack-upstream-")
        root = (pathlib.Path(self.folder.name) / "files").as_uri()
        self.server = Server("ours", self.folder.name, os.environ["MLTRACK_BIN"], ["--artifact-root", root])

    def __enter__(self):
        return self.server.start().uri

    def __exit__(self, *_):
        self.server.kill()
        self.folder.cleanup()


@contextlib.contextmanager
def ours_process(backend_uri=None, root_artifact_uri=None, extra_env=None, app=None, server_type=None):
    """Stands for the helper that starts a stock server as a process."""
    with OursThread() as uri:
        yield uri


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    import tests.tracking.integration_test_utils as helpers

    helpers.ServerThread = OursThread
    helpers._init_server = ours_process
