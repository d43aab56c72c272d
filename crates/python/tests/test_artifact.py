"""Artifacts are stored as versions, found again by name, and their use is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

import mltrack
from mltrack import errors


def made(name: str, type: str, **files: str) -> mltrack.Artifact:
    """An artifact with files of these texts."""
    artifact = mltrack.Artifact(name, type=type, description="made here", metadata={"rows": len(files)})
    for file, text in files.items():
        with artifact.new_file(f"parts/{file}.txt") as out:
            out.write(text)
    return artifact


@pytest.mark.parametrize("type", ["dataset", "model", "predictions"])
def test_an_artifact_is_found_by_version_and_alias(type: str, folder: Path) -> None:
    with mltrack.init(project="p") as run:
        first = run.log_artifact(made("things", type, a="1"), aliases=["best"])
        second = run.log_artifact(made("things", type, a="2", b="3"))
        assert (first.name, second.name, second.state) == ("things:v1", "things:v2", "COMMITTED")
    with mltrack.init(project="p") as user:
        assert user.use_artifact("things").version == "v2"
        assert user.use_artifact("team/p/things:latest", type=type).version == "v2"
        best = user.use_artifact("things:best")
        assert (best.version, best.type, best.description, best.metadata) == (
            "v1",
            type,
            "made here",
            {"rows": 1},
        )
        assert "best" in best.aliases
        assert [entry.path for entry in user.use_artifact("things:v2").files()] == [
            "parts/a.txt",
            "parts/b.txt",
        ]
        assert Path(best.file()).read_text() == "1"
        root = Path(user.use_artifact("things:v2").download("here"))
        assert sorted(path.name for path in root.rglob("*") if path.is_file()) == ["a.txt", "b.txt"]
        assert (root / "parts" / "b.txt").read_text() == "3"
        entry = second.get_entry("parts/a.txt")
        assert (entry.size, Path(entry.download("there")).read_text()) == (1, "2")
        with pytest.raises(errors.NotFound, match="no artifact things:v3"):
            user.use_artifact("things:v3")
        with pytest.raises(errors.NotFound, match="no artifact things:worst"):
            user.use_artifact("things:worst")
    with pytest.raises(errors.NotFound, match="versions count from v1"), mltrack.init(project="p") as late:
        late.use_artifact("things:v0")


def test_the_same_files_are_the_same_version_of_a_dataset() -> None:
    with mltrack.init() as run:
        first = run.log_artifact(made("digits", "dataset", a="1"))
        again = run.log_artifact(made("digits", "dataset", a="1"))
        assert (first.version, again.version, first.digest) == ("v1", "v1", again.digest)


def test_a_path_is_an_artifact_too(folder: Path) -> None:
    Path("model.pt").write_bytes(b"weights")
    Path("data/train").mkdir(parents=True)
    Path("data/train/rows.csv").write_text("a,b\n1,2\n")
    with mltrack.init() as run:
        run.log_artifact("model.pt")
        run.log_artifact("data", name="rows", type="dataset")
        mltrack.log_model("model.pt", name="net", aliases=["prod"])
        assert Path(mltrack.use_model("net:prod")).read_bytes() == b"weights"
        assert mltrack.use_artifact("rows").get_path("train/rows.csv").size == 8
        assert mltrack.use_artifact("model.pt:v1", type="file").file("out") == "out/model.pt"
    names = [each["path"] for each in run._store.artifacts(run=run.id)]
    assert "model.pt" in names
    assert "models/net/model.pt" in names


def test_what_a_run_makes_and_uses_is_in_the_lineage() -> None:
    with mltrack.init() as maker:
        maker.log_artifact(made("digits", "dataset", a="1"))
    with mltrack.init() as user:
        user.use_artifact("digits:latest")
    used = user._store.run_summary(user.id)
    version = user._store.dataset_version("digits@v1")
    assert version["run"] is not None
    assert maker.id.endswith(version["run"])
    assert used["state"] == "completed"


def test_a_reference_is_an_address_and_no_file(folder: Path) -> None:
    Path("here.txt").write_text("x")
    artifact = mltrack.Artifact("remote", type="dataset")
    artifact.add_reference("s3://bucket/train.parquet")
    artifact.add_reference("https://example.org/labels.csv", name="labels")
    with mltrack.init() as run:
        run.log_artifact(artifact)
        found = run.use_artifact("remote")
        assert {entry.path: entry.ref for entry in found.files()} == {
            "train.parquet": "s3://bucket/train.parquet",
            "labels": "https://example.org/labels.csv",
        }
        with pytest.raises(errors.Unsupported, match="lies at https"):
            found.get_entry("labels").download()
    local = mltrack.Artifact("local", type="dataset")
    assert local.add_reference(f"file://{folder}/here.txt")[0].ref is None


def test_what_was_stored_never_changes(folder: Path) -> None:
    Path("a.txt").write_text("a")
    artifact = mltrack.Artifact("one", type="x")
    artifact.add_file("a.txt", name="b.txt")
    artifact.add_file("a.txt")
    artifact.remove("a.txt")
    with pytest.raises(errors.InvalidState, match="not stored yet"):
        artifact.download()
    with mltrack.init() as run:
        run.log_artifact(artifact)
        assert [entry.path for entry in artifact.files()] == ["b.txt"]
        with pytest.raises(errors.InvalidState, match="never changes"):
            artifact.add_file("a.txt")
        with pytest.raises(errors.InvalidState, match="never changes"):
            run.log_artifact(artifact)


@pytest.mark.parametrize("name", ["", "a:b", "a@b", "/a"])
def test_a_name_that_would_say_a_version_is_refused(name: str) -> None:
    with pytest.raises(errors.ValidationError, match="is no name"):
        mltrack.Artifact(name, type="x")


def test_what_is_not_there_is_refused(folder: Path) -> None:
    artifact = mltrack.Artifact("one", type="x")
    for call in (artifact.add_file, artifact.add_dir, artifact.remove, artifact.get_entry):
        with pytest.raises(errors.NotFound):
            call("nowhere")
    with pytest.raises(errors.ValidationError, match="no name in an artifact"):
        artifact.new_file("../up")
    with pytest.raises(errors.ValidationError, match="is empty"), mltrack.init() as run:
        run.log_artifact(artifact)


def test_files_are_saved_as_they_are(folder: Path) -> None:
    Path("out/deep").mkdir(parents=True)
    for name in ("out/a.txt", "out/deep/b.txt"):
        Path(name).write_text("x")
    with mltrack.init() as run:
        assert run.save("out/**", base_path="out") == ["out/a.txt", "out/deep/b.txt"]
        Path("out/a.txt").write_text("later")
    found = {each["path"]: each for each in run._store.artifacts(run=run.id)}
    assert run._store.artifact_bytes(found["a.txt"]["id"]) == b"x"
    assert "deep/b.txt" in found


def test_what_lies_in_the_folder_of_a_run_is_stored_at_its_end() -> None:
    with mltrack.init() as run:
        place = Path(run.dir)
        (place / "deep").mkdir()
        (place / "deep" / "model.h5").write_bytes(b"weights")
        assert Path(run.dir) == place
    assert not place.exists()
    (found,) = run._store.artifacts(run=run.id, path="deep")
    assert (found["path"], run._store.artifact_bytes(found["id"])) == ("deep/model.h5", b"weights")


def test_a_disabled_run_takes_artifacts_and_keeps_none(folder: Path) -> None:
    Path("a.txt").write_text("a")
    with mltrack.init(mode="disabled") as run:
        assert run.log_artifact("a.txt").version == "v0"
        assert run.use_artifact("anything:latest").files() == []
        run.log({"image": mltrack.Image([[1]]), "rows": mltrack.Table(["a"], [[1]])})
        assert run.save("*.txt") == ["a.txt"]


class Parameter:
    """What a torch parameter can do, as far as it is watched."""

    requires_grad = True

    def __init__(self) -> None:
        self.hooks: list[object] = []

    def register_hook(self, hook: object) -> Parameter:
        self.hooks.append(hook)
        return self

    def remove(self) -> None:
        self.hooks.clear()

    def tolist(self) -> list[float]:
        return [1.0, 2.0]


class Module:
    """What a torch module can do, as far as it is watched."""

    def __init__(self) -> None:
        self.weight = Parameter()

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        return [("weight", self.weight)]


def test_a_watched_module_has_its_gradients_logged_with_the_step() -> None:
    module = Module()
    with mltrack.init() as run:
        run.watch(module, log="all", log_freq=2)
        for step in range(4):
            for hook in module.weight.hooks:
                hook([0.5] * (step + 1))  # type: ignore[operator]
            run.log({"loss": 1.0})
        run.unwatch(module)
        assert module.weight.hooks == []
    gradients = run._store.histograms(run.id, "gradients/weight")
    assert [(each["step"], each["count"]) for each in gradients] == [(1, 2), (3, 4)]
    assert len(run._store.histograms(run.id, "parameters/weight")) == 2
    with pytest.raises(errors.ValidationError, match="cannot be watched"), mltrack.init() as other:
        other.watch(3)


def test_an_artifact_is_stored_while_the_program_goes_on(folder: Path) -> None:
    path = folder / "weights.pt"
    path.write_bytes(b"first")
    with mltrack.init() as run:
        logged = [run.log_artifact(path, name="weights", type=type, wait=False) for type in ("file", "model", "dataset")]
        path.write_bytes(b"second")
        with pytest.raises(errors.InvalidState, match="never changes"):
            logged[0].add_file(path)
        assert [each.wait(60).version for each in logged] == ["v1"] * 3
        last = run.log_artifact(path, name="weights", wait=False)
    assert last.state == "COMMITTED" and last.name == "weights:v2"
    for each, content in zip([*logged, last], [b"first"] * 3 + [b"second"], strict=True):
        assert Path(each.file(folder / each.type / each.version)).read_bytes() == content


def test_what_was_in_the_way_of_storing_is_raised_by_who_waits_and_warned_of_at_the_end(folder: Path) -> None:
    run = mltrack.init()
    artifact = mltrack.Artifact("gone", type="file")
    with artifact.new_file("a") as file:
        file.write("a")
    (artifact._own_folder() / "a").unlink()
    run.log_artifact(artifact, wait=False)
    with pytest.raises(errors.Error):
        artifact.wait(60)
    with pytest.warns(mltrack.TrackerWarning, match="could not be recorded"):
        run.finish()
    assert run.state == "completed"


def test_a_model_has_its_metadata_and_says_where_its_files_were(folder: Path) -> None:
    path = folder / "weights.pt"
    path.write_bytes(b"1")
    with mltrack.init() as run:
        run.log_model(path, "digits", metadata={"layers": 3}, description="The first one.")
        found = run.use_artifact("digits", type="model")
        artifact = mltrack.Artifact("digits", type="model", metadata={"layers": 4})
        artifact.add_file(path)
        artifact.add_reference("s3://bucket/data", name="data")
        run.log_artifact(artifact)
        second = run.use_artifact("digits:v2", type="model")
    assert (found.metadata, found.description) == ({"layers": 3}, "The first one.")
    assert (second.metadata, [entry.ref for entry in second.files()]) == ({"layers": 4}, ["s3://bucket/data", None])
    (model,) = mltrack.open().models()
    assert [version["metadata"] for version in model["versions"]] == [{"layers": 3}, {"layers": 4}]
    assert model["versions"][0]["source"] == str(path.resolve())


def test_the_files_of_a_dataset_are_known_without_fetching_them(folder: Path) -> None:
    (folder / "a.csv").write_text("1,2\n")
    with mltrack.init() as run:
        run.log_artifact(folder / "a.csv", name="table", type="dataset")
        entries = run.use_artifact("table").files()
    assert [(entry.path, entry.size) for entry in entries] == [("a.csv", 4)]
    (file,) = mltrack.open().dataset_files("table@v1")
    assert (file["path"], file["len"]) == ("a.csv", 4) and len(file["blob"]) >= 64
