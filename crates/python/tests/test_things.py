"""Artifacts, datasets, models, lines and values go into a store and come out as they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import STARTED, store_at

from mltrack import errors


def test_artifacts_are_stored_found_read_and_written_out(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    run = store.start_run("things", STARTED)
    (tmp_path / "weights.bin").write_bytes(b"w" * 100_000)
    (tmp_path / "results" / "deep").mkdir(parents=True)
    (tmp_path / "results" / "deep" / "a.txt").write_text("a")
    uploads = [
        run.log_artifact("model.pt", tmp_path / "weights.bin", "model", step=7, metadata={"acc": 0.9}),
        run.log_artifact("notes.md", b"It works."),
        run.log_artifact("out", tmp_path / "results"),
        run.log_artifact("view", memoryview(b"1234")),
    ]
    logged = [artifact for upload in uploads for artifact in upload.wait(60)]
    assert [artifact["path"] for artifact in logged] == ["model.pt", "notes.md", "out/deep/a.txt", "view"]
    assert all(upload.is_done for upload in uploads) and uploads[0].wait() == logged[:1]
    run.complete()

    model = store.artifact(run.id, "model.pt")
    assert (model["kind"], model["step"], model["metadata"]) == ("model", 7, {"acc": 0.9})
    assert store.artifact_bytes(model["id"]) == b"w" * 100_000
    written = store.download(store.artifact(run.id, "notes.md")["id"], tmp_path / "copy.md")
    assert Path(written).read_text() == "It works."
    ids = [artifact["id"] for artifact in store.artifacts(run.id)]
    assert len(ids) == 4
    files = store.download_all(ids, tmp_path / "all")
    assert (tmp_path / "all" / "out" / "deep" / "a.txt").read_text() == "a" and len(files) == 4
    store.remove_artifacts([model["id"]])
    assert len(store.artifacts(run.id)) == 3
    store.restore_artifacts([model["id"]])
    assert len(store.artifacts(run.id, path="*.pt")) == 1


def test_an_upload_that_cannot_be_says_why(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    run = store.start_run("things", STARTED)
    with pytest.raises(errors.NotFound):
        run.log_artifact("model.pt", tmp_path / "nothing").wait()
    with pytest.raises(errors.ValidationError):
        run.log_artifact("../model.pt", b"")
    run.complete()
    with pytest.raises(errors.InvalidState):
        run.log_artifact("model.pt", b"")


def test_a_run_takes_in_what_another_left(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    first = store.start_run("pretrain", STARTED)
    (left,) = first.log_artifact("model.pt", b"weights").wait()
    first.complete()
    second = store.start_run("finetune", STARTED)
    second.use_artifact(store, left["id"])
    version = second.log_model("resnet", tmp_path / ".mltrack" / "FORMAT")
    assert version["selector"] == "resnet@v1"
    assert second.use_model("resnet")["number"] == 1
    store.move_model("resnet@v1", "production")
    store.set_model_alias("resnet", "champion", 1)
    assert store.model_version("resnet@champion")["stage"].lower() == "production"
    assert [model["aliases"] for model in store.models()] == [{"champion": 1}]
    second.complete()


CONTENT = {"path": None, "files": [], "bytes": [], "digest": None, "source": None, "len": None}
DESCRIBED = {
    "version": None,
    "bump": None,
    "rows": None,
    "schema": None,
    "profile": None,
    "tags": [],
    "derived_from": [],
    "transformation": None,
}


def test_versions_of_a_dataset_are_added_described_and_taken_in(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    table = CONTENT | {"bytes": [("a.csv", b"x,y\n1,2\n3,4\n")]}
    first = store.add_dataset_version("digits", table, DESCRIBED | {"tags": [("quality", "raw")]})
    assert (first["selector"], first["is_new"], first["is_stored"]) == ("digits@v1", True, True)
    assert not store.add_dataset_version("digits", table, DESCRIBED)["is_new"]
    digest = CONTENT | {"digest": "md5:4a", "source": "s3://bucket/digits"}
    described = DESCRIBED | {"rows": 1_797, "schema": {"x": "int"}, "derived_from": ["digits@v1"]}
    second = store.add_dataset_version("digits", digest, described)
    assert (second["number"], second["rows"], second["schema"]) == (2, 1_797, {"x": "int"})
    run = store.start_run("things", STARTED)
    used = run.use_dataset("digits@v1", "test")
    assert (used["number"], used["split"]) == (1, "test")
    store.dataset_to("digits@v1", tmp_path / "data")
    assert (tmp_path / "data" / "a.csv").read_bytes().startswith(b"x,y")
    assert [version["number"] for version in store.datasets()[0]["versions"]] == [1, 2]
    run.complete()


def test_lines_distributions_and_values_come_back(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    run = store.start_run("things", STARTED)
    following = store.follow_lines(run.id)
    for epoch in range(20):
        run.log_line(f"epoch {epoch}", "warn" if epoch == 13 else "info")
    run.log_histogram("grad", 3, [0.1, 0.2, float("nan")])
    run.log_json("table", 4, {"rows": [[1, "a"], [2, None]]})
    run.complete()
    assert [line["text"] for line in store.lines(run.id, "epoch 1[0-9]", last=2)] == ["epoch 18", "epoch 19"]
    assert [line["text"] for line in store.lines(run.id, level="warn")] == ["epoch 13"]
    assert [line["text"] for line in following] == [f"epoch {epoch}" for epoch in range(20)]
    (grad,) = store.histograms(run.id, "grad")
    assert (grad["step"], grad["count"], grad["not_finite"], sum(grad["counts"])) == (3, 2, 1, 2)
    assert store.json_values(run.id)[0]["value"] == {"rows": [[1, "a"], [2, None]]}


def test_arrays_of_any_shape_are_many_numbers(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    store = store_at(tmp_path)
    run = store.start_run("things", STARTED)
    run.log_batch("loss", numpy.arange(1_000), numpy.linspace(1, 0, 1_000, dtype="float32"))
    run.log_batch("acc", range(3), [0.1, 0.2, 1])
    run.log_histogram("grad", 0, numpy.ones((10, 10)))
    with pytest.raises(TypeError):
        run.log_batch("loss", [0], ["a"])
    run.complete()
    values = store.history(run.id, "loss")["value"].to_numpy()
    assert values[0] == 1.0 and values[-1] == 0.0 and len(values) == 1_000
    assert store.history(run.id, "acc")["value"].tolist() == [0.1, 0.2, 1.0]
    assert store.histograms(run.id)[0]["count"] == 100


def test_experiments_and_runs_are_changed_from_outside(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.experiment_id("digits")
    store.edit_experiment("digits", description="By hand.", goal=("acc", "max"), set_tags=[("team", "a")])
    (known,) = store.experiments()
    assert (known["description"], known["goal"], known["tags"]) == ("By hand.", ("acc", "max"), {"team": "a"})
    with pytest.raises(errors.ValidationError, match='"min", "max"'):
        store.edit_experiment("digits", goal=("acc", "up"))
    run = store.start_run("digits", STARTED)
    run.complete()
    store.edit_run(run.id, [("paper", "v2")], [], ["Figure 3."])
    assert store.run_summary(run.id)["tags"] == {"paper": "v2"}
    (note,) = store.notes(run.id)
    store.edit_run(run.id, [], ["paper"], [], [note["lsn"]])
    assert store.run_summary(run.id)["tags"] == {} and store.notes(run.id) == []
    store.delete_experiment("digits")
    assert store.experiments() == []
    store.restore_experiment(known["id"])
    store.archive_experiment("digits")
    assert [each["state"] for each in store.experiments(with_archived=True)] == ["archived"]


def test_a_store_is_looked_after(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    run = store.start_run("things", STARTED)
    for step in range(1_000):
        run.log_numbers({"loss": 1.0}, step)
    run.complete()
    store.flush()
    store.extend_series()
    assert len(store.history(run.id, "loss")) == 1_000
    snapshot, compacted = store.snapshot(), store.compact(dry_run=True)
    assert snapshot is not None and snapshot["runs"] == 1 and Path(snapshot["path"]).exists()
    assert compacted is not None and compacted["segments_seen"] >= 0
    report = store.verify(deep=True)
    assert report["is_sound"] and report["records"] > 1_000


def test_a_store_that_is_disabled_takes_everything_and_keeps_nothing(tmp_path: Path) -> None:
    from mltrack import _mltrack

    store = _mltrack.Store.disabled()
    run = store.start_run("things", STARTED)
    run.log_numbers({"loss": 1.0})
    assert run.log_artifact("a", b"b").wait() == []
    run.complete()
    assert store.runs() == [] and store.path is None and store.next_lsn() is None
    assert list(store.tail("start")) == []
    assert list(tmp_path.iterdir()) == []
