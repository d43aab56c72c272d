"""What a test gets: a server's address, MLflow's client for it, names that nobody else uses, and a folder."""

import json
import secrets
import urllib.error
import urllib.request

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


class World:
    def __init__(self, server, folder):
        self.server = server
        self.kind = server.kind
        self.uri = server.uri
        self.folder = folder
        self.client = MlflowClient(server.uri, server.uri)

    @property
    def is_ours(self):
        return self.kind != "stock"

    @property
    def speaks_as_newest(self):
        """Whether error texts are those of the newest version, which ours speaks whatever the client."""
        return self.is_ours or mlflow.__version__ != "3.6.0"

    def name(self, word="thing"):
        return f"{word}-{secrets.token_hex(5)}"

    def experiment(self):
        """A fresh experiment, made the active one; its id."""
        return mlflow.set_experiment(self.name("experiment")).experiment_id

    def run(self, experiment_id=None, **arguments):
        """A run that is open and not active; its id."""
        experiment_id = experiment_id or self.experiment()
        return self.client.create_run(experiment_id, **arguments).info.run_id

    def call(self, method, path, body=None, headers=None):
        """One raw request: status and the body as JSON, or as text where it is none."""
        data = None if body is None else json.dumps(body).encode()
        if self.kind == "embedded":
            status, text = self.server.call(method, path, data, headers or {})
        else:
            status, text = self.send(method, path, data, headers or {})
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text.decode(errors="replace")

    def send(self, method, path, data, headers):
        request = urllib.request.Request(self.uri + path, data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def refused(code, call, *words):
    """Runs `call`, which the server must refuse with this error code and these words in its message."""
    try:
        call()
    except MlflowException as error:
        assert error.error_code == code, f"{error.error_code}: {error}"
        for word in words:
            assert word in str(error), f"{word!r} is not in {error}"
        return error
    raise AssertionError(f"it was not refused with {code}")


def equal(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"
