"""Artifacts of runs: every way the client writes and reads them, through the server's proxy."""

import hashlib
import json
import os
import pathlib

import mlflow
from mlflow.artifacts import download_artifacts
from world import equal, refused

GIB = 1 << 30


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def names(found):
    """What a list says; an empty file has no size on the wire."""
    return [(each.path, each.is_dir, each.file_size or None) for each in found]


def test_a_file_and_a_folder_go_up_are_listed_and_come_down(world):
    run = world.run()
    (world.folder / "notes.txt").write_bytes(b"hello")
    tree = world.folder / "tree"
    (tree / "deep" / "er").mkdir(parents=True)
    (tree / "a.bin").write_bytes(bytes(range(256)))
    (tree / "deep" / "er" / "b b%.txt").write_text("ü")
    (tree / "empty").write_bytes(b"")
    world.client.log_artifact(run, str(world.folder / "notes.txt"))
    world.client.log_artifact(run, str(world.folder / "notes.txt"), "some/folder")
    world.client.log_artifacts(run, str(tree), "tree")
    equal(names(world.client.list_artifacts(run)), [("notes.txt", False, 5), ("some", True, None), ("tree", True, None)])
    equal(names(world.client.list_artifacts(run, "some")), [("some/folder", True, None)])
    equal(
        names(world.client.list_artifacts(run, "tree")),
        [("tree/a.bin", False, 256), ("tree/deep", True, None), ("tree/empty", False, None)],
    )
    equal(names(world.client.list_artifacts(run, "tree/a.bin")), [])
    equal(names(world.client.list_artifacts(run, "nothing")), [])
    place = pathlib.Path(world.client.download_artifacts(run, "", str(world.folder)))
    equal((place / "tree/deep/er/b b%.txt").read_text(), "ü")
    equal((place / "tree/a.bin").read_bytes(), bytes(range(256)))
    equal((place / "some/folder/notes.txt").read_bytes(), b"hello")
    one = download_artifacts(run_id=run, artifact_path="tree/a.bin", dst_path=str(world.folder / "one"))
    equal(pathlib.Path(one).read_bytes(), bytes(range(256)))
    by_uri = download_artifacts(f"runs:/{run}/some", dst_path=str(world.folder / "uri"))
    equal((pathlib.Path(by_uri) / "folder/notes.txt").read_bytes(), b"hello")


def test_the_fluent_writers(world):
    world.experiment()
    with mlflow.start_run() as run:
        mlflow.log_text("some text", "text/a.txt")
        mlflow.log_dict({"a": [1, 2], "b": None}, "dict.json")
        mlflow.log_dict({"a": 1}, "dict.yaml")
        (world.folder / "f.txt").write_text("f")
        mlflow.log_artifact(str(world.folder / "f.txt"))
        assert mlflow.get_artifact_uri("x").endswith(f"{run.info.run_id}/artifacts/x")
    uri = run.info.artifact_uri
    equal(mlflow.artifacts.load_text(uri + "/text/a.txt"), "some text")
    equal(mlflow.artifacts.load_dict(uri + "/dict.json"), {"a": [1, 2], "b": None})
    listed = sorted(each.path for each in mlflow.artifacts.list_artifacts(run_id=run.info.run_id))
    equal(listed, ["dict.json", "dict.yaml", "f.txt", "text"])


def test_figures_and_images(world):
    import matplotlib.pyplot as plots
    import numpy
    from PIL import Image

    world.experiment()
    figure, axes = plots.subplots()
    axes.plot([1, 2, 3])
    with mlflow.start_run() as run:
        mlflow.log_figure(figure, "plots/line.png")
        mlflow.log_image(numpy.zeros((8, 8, 3), dtype=numpy.uint8), "black.png")
        for step in range(3):
            mlflow.log_image(Image.new("RGB", (4, 4)), key="dream", step=step, synchronous=True)
    plots.close(figure)
    equal(mlflow.artifacts.load_image(run.info.artifact_uri + "/black.png").size, (8, 8))
    assert mlflow.artifacts.load_image(run.info.artifact_uri + "/plots/line.png").size[0] > 100
    equal(len([each for each in world.client.list_artifacts(run.info.run_id, "images") if each.path.endswith(".png")]), 3)


def test_tables_grow_and_are_loaded(world):
    import pandas

    experiment = world.experiment()
    with mlflow.start_run() as run:
        mlflow.log_table({"q": ["a", "b"], "a": [1, 2]}, "table.json")
        mlflow.log_table(pandas.DataFrame({"q": ["c"], "a": [3]}), "table.json")
    loaded = mlflow.load_table("table.json", run_ids=[run.info.run_id])
    equal(loaded.to_dict("list"), {"q": ["a", "b", "c"], "a": [1, 2, 3]})
    loaded = mlflow.load_table("table.json", extra_columns=["run_id"])
    equal(set(loaded["run_id"]), {run.info.run_id})
    assert json.loads(mlflow.get_run(run.info.run_id).data.tags["mlflow.loggedArtifacts"]), experiment


def test_an_artifact_is_replaced(world):
    run = world.run()
    for text in ("one", "two, longer"):
        world.client.log_text(run, text, "a.txt")
    equal(names(world.client.list_artifacts(run)), [("a.txt", False, 11)])
    equal(mlflow.artifacts.load_text(f"runs:/{run}/a.txt"), "two, longer")


def test_images_written_in_the_background(world):
    from PIL import Image

    world.experiment()
    with mlflow.start_run() as run:
        for step in range(10):
            mlflow.log_image(Image.new("L", (4, 4)), key="late", step=step, synchronous=False)
        mlflow.flush_artifact_async_logging()
    equal(len([each for each in world.client.list_artifacts(run.info.run_id, "images") if each.path.endswith(".png")]), 10)


def test_artifacts_are_deleted_by_their_repository(world):
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    run = world.run()
    for name in ("kept.txt", "gone.txt", "folder/a.txt", "folder/b.txt"):
        world.client.log_text(run, name, name)
    repository = get_artifact_repository(world.client.get_run(run).info.artifact_uri)
    repository.delete_artifacts("gone.txt")
    equal([path for path, _, _ in names(world.client.list_artifacts(run))], ["folder", "kept.txt"])


def test_what_is_not_there_is_not_found(world):
    run = world.run()
    try:
        download_artifacts(run_id=run, artifact_path="nothing.txt", dst_path=str(world.folder))
    except Exception as error:
        assert "404" in str(error) or "No such" in str(error) or "not" in str(error).lower(), error
    else:
        raise AssertionError("an artifact that is not there was downloaded")
    base = "/api/2.0/mlflow-artifacts/artifacts"
    equal(world.call("GET", f"{base}/0/{run}/artifacts/nothing")[0] in (404, 500), True)


def test_paths_that_leave_the_folder_are_refused(world):
    run = world.run()
    base = "/api/2.0/mlflow-artifacts/artifacts"
    for path in ("..%2F..%2Fetc/passwd", "a/..%2F..%2Fb", "%2Fetc/passwd", "a%2F..%2F..%2F..%2Fb", "%252e%252e/%252e%252e/b"):
        for method in ("GET", "PUT", "DELETE"):
            status, answer = world.call(method, f"{base}/{path}", {} if method == "PUT" else None)
            assert status >= 300, (method, path, status, answer)
    status, answer = world.call("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run}&path=../..")
    equal((status, answer["error_code"]), (400, "INVALID_PARAMETER_VALUE"))


def test_the_interface_lists_and_gets(world):
    run = world.run()
    world.client.log_text(run, "hello", "a/b.txt")
    status, answer = world.call("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run}&path=a")
    equal((status, answer["files"]), (200, [{"path": "a/b.txt", "is_dir": False, "file_size": 5}]))
    assert answer["root_uri"].endswith(f"/{run}/artifacts"), answer
    status, text = world.call("GET", f"/get-artifact?path=a/b.txt&run_uuid={run}")
    equal((status, text), (200, "hello"))


def test_a_gibibyte_goes_up_and_comes_down_whole(world):
    run = world.run()
    path = world.folder / "big.bin"
    block = os.urandom(1 << 20)
    with open(path, "wb") as file:
        for number in range(GIB >> 20):
            file.write(number.to_bytes(8, "big") + block[8:])
    wanted = digest(path)
    world.client.log_artifact(run, str(path))
    path.unlink()
    equal(names(world.client.list_artifacts(run)), [("big.bin", False, GIB)])
    down = download_artifacts(run_id=run, artifact_path="big.bin", dst_path=str(world.folder / "down"))
    equal(digest(down), wanted)


test_a_gibibyte_goes_up_and_comes_down_whole.long = True


def test_a_deleted_run_s_artifacts_stay_readable_and_come_back(world):
    run = world.run()
    world.client.log_text(run, "kept", "a.txt")
    world.client.delete_run(run)
    world.client.restore_run(run)
    equal(mlflow.artifacts.load_text(f"runs:/{run}/a.txt"), "kept")
    refused("RESOURCE_DOES_NOT_EXIST", lambda: world.client.list_artifacts("0" * 32), "not found")
