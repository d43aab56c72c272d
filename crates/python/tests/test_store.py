"""Looking into a store: runs, histories, tables, lines and events, as they are and as they were."""

from __future__ import annotations

import datetime
import math
from pathlib import Path

import pytest

import mltrack
from mltrack import _mltrack, errors


def trained(name: str, lr: float, values: list[float]) -> str:
    """A run that logged these losses."""
    with mltrack.init(project="digits", name=name, config={"lr": lr, "layers": 2}, tags={"team": "a"}) as run:
        for value in values:
            run.log({"loss": value})
    return run.id


def test_runs_are_filtered_ordered_and_cut(folder: Path) -> None:
    for number in range(5):
        trained(f"run-{number}", 0.1 * number, [1.0, 0.5 - 0.1 * number])
    store = mltrack.open(folder)
    runs = store.runs("digits", "metrics.loss < 0.45 and params.lr > 0.05", order_by="-lr", limit=2)
    assert [run.name for run in runs] == ["run-4", "run-3"]
    assert [run.name for run in store.runs(order_by=["lr"])][0] == "run-0"
    assert len(store.runs("digits", offset=3)) == 2
    with pytest.raises(errors.ValidationError, match="filter"):
        len(store.runs(filter="loss <"))
    with pytest.raises(errors.NotFound):
        len(store.runs("nothing"))


def test_a_run_is_found_by_any_of_its_names(folder: Path) -> None:
    id = trained("kind-elk", 0.1, [0.5])
    store = mltrack.open(folder)
    assert {store.run(name).id for name in (id, id[:10], "kind-elk", "digits/1", "@last")} == {id}
    with pytest.raises(errors.NotFound):
        store.run("nobody")


def test_groups_of_replicates_are_compared_and_tested(folder: Path) -> None:
    ids = []
    for lr, losses in [(0.1, [0.5, 0.52, 0.51]), (0.2, [0.4, 0.41, 0.42])]:
        for seed, loss in enumerate(losses):
            with mltrack.init(project="digits", config={"lr": lr, "seed": seed}) as run:
                run.log({"loss": loss})
            ids.append(run.id)
    store = mltrack.open(folder)
    compared = store.compare([ids[0], store.run(ids[3])], by="seed", test="welch", baseline=ids[3])
    assert [len(group["runs"]) for group in compared["groups"]] == [3, 3]
    assert (compared["baseline"], compared["params"][0]["values"]) == (1, [[0.1], [0.2]])
    loss = compared["metrics"][0]["groups"][0]
    assert loss["n"] == 3 and math.isclose(loss["difference"], 0.1)
    # scipy.stats.ttest_ind(equal_var=False)
    assert math.isclose(loss["test"]["p"], 0.0002552167, rel_tol=1e-4) and loss["test"]["significant"]
    assert compared["metrics"][0]["groups"][1]["test"] is None
    with pytest.raises(errors.ValidationError, match="1 of 2 to 100"):
        store.compare(ids[:1])
    with pytest.raises(errors.ValidationError, match="no test"):
        store.compare(ids[:2], test="magic")


def test_a_history_is_read_without_a_copy_and_in_parts(folder: Path) -> None:
    numpy = pytest.importorskip("numpy")
    id = trained("a", 0.1, [float(value) for value in range(1_000)])
    store = mltrack.open()
    history = store.history(id, "loss")
    steps, values = history.to_numpy()
    assert steps.dtype == numpy.int64 and values.dtype == numpy.float64
    assert values.__array_interface__["data"][0] == history.values.__array_interface__["data"][0]
    assert not values.flags.writeable
    assert store.history(id, "loss", steps=range(10, 13)).values.tolist() == [10.0, 11.0, 12.0]
    assert len(store.history(id, "loss", steps=range(5, 5))) == 0
    with pytest.raises(errors.ValidationError, match="leaves out steps"):
        store.history(id, "loss", steps=range(0, 10, 2))
    with pytest.raises(errors.NotFound):
        store.history(id, "accuracy")


def test_what_the_engine_warns_of_is_told_by_the_next_call_that_logs(folder: Path) -> None:
    with mltrack.init(dir=folder) as run:
        run.log({"loss": 1.0})
        store = mltrack.open(folder, read_only=False)
        store.extend_series()
        (blocks,) = (folder / "series").glob("*.blocks")
        blocks.write_bytes(bytes(100))
        assert len(mltrack.open(folder, read_only=False).history(run.id, "loss")) == 1
        with pytest.warns(mltrack.TrackerWarning, match="is not used"):
            run.log({"loss": 0.5})
        assert _mltrack.take_warnings() == []


def test_buckets_and_numbers_about_a_history_are_true(folder: Path) -> None:
    values = [math.sin(step) for step in range(10_000)]
    values[4321] = 50.0
    id = trained("a", 0.1, values)
    store = mltrack.open()
    buckets = store.buckets(id, "loss", 100)
    assert len(buckets) <= 100 and max(buckets["max"].tolist()) == 50.0
    assert sum(buckets["count"].tolist()) == 10_000
    stats = store.stats(id, "loss")
    assert (stats["count"], stats["max"], stats["max_step"]) == (10_000, 50.0, 4321)
    assert stats["mean"] == pytest.approx(sum(values) / 10_000)


def test_nan_and_infinity_come_back_as_they_are(folder: Path) -> None:
    id = trained("a", 0.1, [math.nan, math.inf, -math.inf])
    store = mltrack.open()
    values = store.history(id, "loss").values.tolist()
    assert math.isnan(values[0]) and values[1:] == [math.inf, -math.inf]
    metric = store.run(id).metrics["loss"]
    assert (metric.count, metric.last, metric.min, metric.max) == (3, -math.inf, -math.inf, math.inf)


def test_runs_are_one_table_with_a_column_for_everything_any_of_them_has(folder: Path) -> None:
    pandas = pytest.importorskip("pandas")
    trained("a", 0.5, [1.0])
    with mltrack.init(project="other", name="b", config={"optimizer": "adam", "nested": {"deep": True}}) as run:
        run.log({"accuracy": 0.9})
    frame = mltrack.open().runs(order_by="created").to_pandas()
    assert frame["name"].tolist() == ["a", "b"] and frame["experiment"].tolist() == ["digits", "other"]
    assert frame["params.lr"].tolist()[0] == 0.5 and math.isnan(frame["params.lr"][1])
    assert frame["params.optimizer"].isna().tolist() == [True, False] and frame["params.optimizer"][1] == "adam"
    assert frame["params.nested.deep"].tolist() == [None, True]
    assert math.isnan(frame["metrics.loss"][1]) and frame["metrics.accuracy"][1] == 0.9
    assert frame["tags.team"][0] == "a" and frame["tags.team"].isna().tolist() == [False, True]
    assert pandas.api.types.is_datetime64_any_dtype(frame["started"])
    assert (frame["ended"] >= frame["started"]).all()


def test_tables_are_handed_to_polars_and_pyarrow(folder: Path) -> None:
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    id = trained("a", 0.5, [1.0, 2.0])
    store = mltrack.open()
    history = store.history(id, "loss")
    assert history.to_polars()["value"].to_list() == [1.0, 2.0]
    assert history.to_arrow().column("step").to_pylist() == [0, 1]
    assert polars.DataFrame(history).shape == (2, 4)
    runs = store.runs()
    assert pyarrow.table(runs).column("params.layers").to_pylist() == [2]
    started = runs.to_polars()["started"]
    assert started.dtype == polars.Datetime("ns", "UTC") and started[0] == store.run(id).started


def test_the_histories_of_many_runs_and_metrics_are_one_table(folder: Path) -> None:
    pytest.importorskip("pandas")
    ids = [trained(name, 0.1, [1.0, 2.0]) for name in "ab"]
    with mltrack.init(project="digits") as run:
        run.log({"train/loss": 3.0, "val/loss": 4.0, "acc": 5.0})
    store = mltrack.open()
    table = store.histories([*ids, run.id], ["loss", "*/loss"])
    assert table["run"].tolist() == [ids[0]] * 2 + [ids[1]] * 2 + [run.id] * 2
    assert table["metric"].tolist() == ["loss"] * 4 + ["train/loss", "val/loss"]
    frame = table.to_pandas()
    assert frame["metric"].dtype == "category"
    assert frame.groupby("metric", observed=True)["value"].max().to_dict() == {
        "loss": 2.0,
        "train/loss": 3.0,
        "val/loss": 4.0,
    }
    assert len(store.histories(store.runs())) == 7


def test_an_answer_can_be_of_a_moment_that_is_over(folder: Path) -> None:
    with mltrack.init(project="digits") as run:
        run.log({"loss": 1.0})
        store = mltrack.open()
        next_lsn = store.next_lsn
        assert next_lsn is not None
        run.log({"loss": 0.5})
    assert store.history(run.id, "loss", at=next_lsn - 1).values.tolist() == [1.0]
    assert store.runs(at=next_lsn - 1)[0].state == "running"
    now = datetime.datetime.now(datetime.timezone.utc)
    assert store.history(run.id, "loss", at=now).values.tolist() == [1.0, 0.5]
    with pytest.raises(TypeError, match="an int or a datetime"):
        store.history(run.id, "loss", at="yesterday")  # type: ignore[arg-type]


def test_a_tail_begins_where_it_is_told_to_and_goes_on_where_another_stood(folder: Path) -> None:
    id = trained("a", 0.1, [1.0, 2.0, 3.0])
    store = mltrack.open()
    types = ["metrics_logged"]
    first = store.tail("start", run=id, types=types, follow=False)
    assert next(first).points == [("loss", 0, 1.0)]
    position = first.position
    assert position is not None
    rest = [event.points[0] for event in store.tail(position, run=id, types=types, follow=False)]
    assert rest == [("loss", 1, 2.0), ("loss", 2, 3.0)]
    begun = next(store.tail("start", types=["run_created"], follow=False))
    assert begun.run == id and begun.payload["name"] == "a"
    assert len(list(store.tail(datetime.timedelta(hours=1), types=types, follow=False))) == 3
    with store.tail("end", types=types) as tail:
        assert tail.next_within(0) is None
    with pytest.raises(errors.ValidationError, match="no event type"):
        store.tail("start", types=["nothing"])
    with pytest.raises(errors.ValidationError, match="no place in the log"):
        store.tail("somewhere")


def test_a_store_that_is_opened_to_look_at_changes_nothing(folder: Path) -> None:
    with pytest.raises(errors.NotFound):
        mltrack.open()
    assert not (folder / ".mltrack").exists()
    id = trained("a", 0.1, [1.0])
    store = mltrack.open()
    with pytest.raises(errors.Error) as caught:
        store.edit(id, note="no")
    assert caught.value.hint
    writable = mltrack.open(read_only=False)
    writable.delete(id)
    assert len(writable.runs()) == 0 and len(writable.runs(with_deleted=True)) == 1
    writable.restore(id)
    assert len(writable.runs()) == 1
