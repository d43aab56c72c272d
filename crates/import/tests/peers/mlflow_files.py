"""Stores that MLflow's own client wrote, folders and databases, compared with what it reads back of them."""

import json

from mlflow.entities import ViewType

from mlflow_store import STATES, client_of, experiments, fill, path_of, points, runs, sorted_points, uris
from store import Store, nanoseconds


def each(folder):
    """Both kinds of stores, filled."""
    for kind in ["files", "sqlite"]:
        place = folder / kind
        place.mkdir()
        ours, theirs = uris(place)[kind]
        client = client_of(theirs)
        fill(client, place)
        yield kind, place, ours, client


def test_every_value_comes_in_as_the_client_reads_it(binary, folder):
    for kind, place, ours, client in each(folder):
        store = Store(binary, place)
        report = store.bring("mlflow", ours)
        assert sorted_points(store.points()) == points(client), kind
        wanted = {run.info.run_name: run for run in runs(client)}
        got = store.runs()
        assert set(got) == {name.replace("\t", " ") for name in wanted}, (kind, list(got))
        for name, run in wanted.items():
            ours_run = got[name.replace("\t", " ")]
            assert ours_run["params"] == run.data.params, (kind, name)
            assert ours_run["state"] == STATES[run.info.status], (kind, name, ours_run["state"])
            if run.info.status == "SCHEDULED":
                assert ours_run["started"] is None, (kind, name)
                continue
            assert nanoseconds(ours_run["started"]) == run.info.start_time * 1_000_000, (kind, name)
            if run.info.end_time:
                assert nanoseconds(ours_run["ended"]) == run.info.end_time * 1_000_000, (kind, name)
            for key, value in run.data.tags.items():
                if key != "mlflow.parentRunId":
                    assert ours_run["tags"][key] == value, (kind, name, key)
        assert got["child"]["parent"] == got["- ünï "]["id"], got["child"]
        assert got["child"]["tags"]["mlflow.parentRunId"] == got["- ünï "]["id"]
        every = runs(client, ViewType.ALL)
        assert report["runs_new"] == len(every), (kind, report)
        assert report["params"] == sum(len(run.data.params) for run in every)
        assert report["datasets"] == 3 and report["artifacts_linked"] == 3, (kind, report)


def test_experiments_and_what_was_deleted_are_as_they_are_there(binary, folder):
    for kind, place, ours, client in each(folder):
        store = Store(binary, place)
        report = store.bring("mlflow", ours)
        assert report["experiments"] == len(experiments(client)), (kind, report)
        active = {one.name for one in experiments(client) if one.lifecycle_stage == "active"}
        listed = json.loads(store.run("exp", "ls", "--json"))["items"]
        assert {one["name"] for one in listed} == active, (kind, listed)
        resnet = json.loads(store.run("exp", "show", "resnet", "--json"))["items"][0]
        assert resnet["tags"]["team"] == "x: y" and "tricky" in resnet["tags"]["mlflow.note.content"], resnet
        deleted = runs(client, ViewType.DELETED_ONLY)
        assert {run.info.run_name for run in deleted} == {"gone", "in old"}
        assert len(store.events("run_deleted")) == len(deleted), kind


def test_again_changes_nothing_and_later_adds_what_is_new(binary, folder):
    for kind, place, ours, client in each(folder):
        store = Store(binary, place)
        dry = store.bring("mlflow", ours, "--dry-run")
        assert not store.path.exists()
        wet = store.bring("mlflow", ours)
        counts = [key for key, value in wet.items() if type(value) is int]
        assert {key: dry[key] for key in counts} == {key: wet[key] for key in counts}, kind
        before = store.all_events()
        report = store.bring("mlflow", ours)
        assert (report["runs_new"], report["runs_grown"], report["points"]) == (0, 0, 0), (kind, report)
        assert store.all_events() == before, kind
        run = next(run for run in runs(client) if run.info.status == "RUNNING")
        for step in range(20):
            client.log_metric(run.info.run_id, "late", step / 7, 1_700_000_000_000 - step, step)
        client.log_param(run.info.run_id, "more", "x")
        client.set_terminated(run.info.run_id, "FINISHED", 1_700_000_010_000)
        resnet = next(one for one in experiments(client) if one.name == "resnet").experiment_id
        client.create_run(resnet, run_name="second")
        report = store.bring("mlflow", ours)
        told = (report["runs_new"], report["runs_grown"], report["points"], report["params"])
        assert told == (1, 1, 20, 1), (kind, report)
        assert sorted_points(store.points()) == points(client), kind
        assert store.runs()["RUNNING"]["state"] == "completed"


def test_artifacts_stay_where_they_are_unless_they_are_to_be_copied(binary, folder):
    for kind, place, ours, client in each(folder):
        store = Store(binary, place)
        assert store.bring("mlflow", ours)["artifacts"] == 0
        report = store.bring("mlflow", ours, "--copy")
        assert (report["artifacts"], report["artifact_bytes"]) == (3, 21), (kind, report)
        run = store.runs()["first: #1 'q'"]
        assert store.run("artifact", "cat", run["id"], "notes/a.txt") == "hello 0"
        assert run["tags"]["import.artifacts"].endswith("artifacts"), run["tags"]


def test_a_name_that_is_not_read_and_names_that_are_mapped(binary, folder):
    for kind, place, ours, client in each(folder):
        store = Store(binary, place)
        store.bring("mlflow", ours, "--map", "resnet=resnet-old", "--map", "Default=scratch")
        assert {run["experiment"] for run in store.runs().values()} == {"resnet-old"}, kind
        elsewhere = Store(binary, place / "elsewhere")
        elsewhere.bring("mlflow", ours, "--into", "all")
        assert {run["experiment"] for run in elsewhere.runs().values()} == {"all"}, kind


def test_a_registry_is_said_and_not_taken(binary, folder):
    for kind, place, ours, client in each(folder):
        client.create_registered_model("m")
        client.create_model_version("m", "file:///x")
        report = Store(binary, place).bring("mlflow", ours)
        said = {one["what"]: one["kind"] for one in report["untaken"]}
        assert said["1 registered models"] == "unsupported", (kind, said)


def test_nonsense_has_its_exit(binary, folder):
    store = Store(binary, folder)
    (folder / "empty").mkdir()
    (folder / "picture.db").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    for place, exit in [("empty", 3), ("nowhere", 3), ("picture.db", 2)]:
        store.run("import", "mlflow", folder / place, exit=exit)
    store.run("import", "mlflow", "/dev/null", exit=2)
    store.run("import", "mlflow", "http://localhost:1", exit=2)
    assert not store.path.exists()
    ours, theirs = uris(folder)["sqlite"]
    client = client_of(theirs)
    fill(client, folder)
    path = path_of(ours)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    store.run("import", "mlflow", ours, exit=5)


def test_a_meta_yaml_with_anchors_or_cut_short_keeps_its_run(binary, folder):
    ours, theirs = uris(folder)["files"]
    client = client_of(theirs)
    fill(client, folder)
    found = {run.info.run_name: run for run in runs(client)}
    there = len(runs(client, ViewType.ALL))
    place = folder / "mlruns" / found["child"].info.experiment_id
    anchored = place / found["KILLED"].info.run_id / "meta.yaml"
    anchored.write_text("a: &x 1\n" + anchored.read_text())
    cut = place / found["child"].info.run_id / "meta.yaml"
    cut.write_text(cut.read_text()[:150])
    store = Store(binary, folder)
    report = store.bring("mlflow", ours, exit=7)
    assert [one["kind"] for one in report["untaken"]].count("damaged") == 2, report["untaken"]
    assert report["runs_new"] == there, report
    damaged = [run for run in store.runs().values() if "import.damaged" in run["tags"]]
    assert len(damaged) == 2, damaged
