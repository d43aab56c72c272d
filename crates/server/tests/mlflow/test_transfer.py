"""Large artifacts: in parts and by links that need no key, as the client sends and fetches them by itself."""

import contextlib
import hashlib
import os
import urllib.error
import urllib.request

import mlflow
import requests
from mlflow.artifacts import download_artifacts
from world import equal

MIB = 1 << 20
PARTS = {
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true",
    "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(5 * MIB),
    "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * MIB),
    "MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE": str(5 * MIB),
    "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": str(5 * MIB),
}


@contextlib.contextmanager
def settings(given):
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


@contextlib.contextmanager
def watched():
    """The methods and addresses of all that the client asks for."""
    asked = []
    send = requests.Session.send

    def watch(session, request, **named):
        asked.append((request.method, request.url))
        return send(session, request, **named)

    requests.Session.send = watch
    try:
        yield asked
    finally:
        requests.Session.send = send


def linked(asked, method):
    """How often a link of the server was used."""
    return len([url for each, url in asked if each == method and "/signed/" in url])


def test_a_file_goes_up_in_parts_and_comes_down_by_links(world):
    run = world.run()
    path = world.folder / "parts.bin"
    # The last part is shorter than the others.
    path.write_bytes(os.urandom(17 * MIB + 3))
    wanted = hashlib.sha256(path.read_bytes()).hexdigest()
    with settings(PARTS), watched() as asked:
        world.client.log_artifact(run, str(path), "folder")
        equal(linked(asked, "PUT"), 4)
        asked.clear()
        down = download_artifacts(run_id=run, artifact_path="folder/parts.bin", dst_path=str(world.folder / "down"))
        if mlflow.__version__ != "3.6.0":
            # Older clients fetch from the proxy in one piece.
            equal(linked(asked, "GET"), 4)
    equal(hashlib.sha256(open(down, "rb").read()).hexdigest(), wanted)
    equal([(each.path, each.file_size) for each in world.client.list_artifacts(run, "folder")], [("folder/parts.bin", 17 * MIB + 3)])


test_a_file_goes_up_in_parts_and_comes_down_by_links.ours_only = True
test_a_file_goes_up_in_parts_and_comes_down_by_links.needs_server = True


def test_links_are_for_one_file_and_one_way(world):
    run = world.run()
    base = "/api/2.0/mlflow/artifacts"
    status, answer = world.call("POST", f"{base}/presigned-upload-url", {"run_id": run, "path": "linked.txt"})
    equal(status, 200)
    up = answer["presigned_url"]
    with urllib.request.urlopen(urllib.request.Request(up, b"by link", method="PUT"), timeout=60) as sent:
        equal(sent.status, 200)
    status, answer = world.call("POST", f"{base}/presigned-download-url", {"run_id": run, "path": "linked.txt"})
    equal((status, answer["file_size"]), (200, 7))
    down = answer["presigned_url"]
    with urllib.request.urlopen(down, timeout=60) as fetched:
        equal(fetched.read(), b"by link")
    for method, url in (("GET", up), ("PUT", down), ("GET", down.replace("linked", "other")), ("GET", down.split("?")[0])):
        try:
            urllib.request.urlopen(urllib.request.Request(url, b"x" if method == "PUT" else None, method=method), timeout=60)
        except urllib.error.HTTPError as error:
            equal(error.code, 403)
        else:
            raise AssertionError(f"{method} {url} was answered")


test_links_are_for_one_file_and_one_way.ours_only = True
test_links_are_for_one_file_and_one_way.needs_server = True
