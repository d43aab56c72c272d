"""What `mltrack export` writes, read by pandas, pyarrow and sqlite3, and compared bit for bit with what was logged."""

import json
import math
import sqlite3
import struct

import pandas
import pyarrow.dataset
import pyarrow.parquet

from store import Store, nanoseconds

LOWEST, HIGHEST = -(2**63), 2**63 - 1
VALUES = [0.1, -0.0, 5e-324, 1.7976931348623157e308, math.nan, math.inf, -math.inf, 1e16 + 2, 3.0]
# Names that a file, a query or a page could take for something else.
EXPERIMENTS = ["plain", 'a/b="c"', "50% of 'x' ü"]
METRIC = 'loss "x"/\'y\''
FIELDS = ("run", "experiment", "metric", "context", "step", "time", "value")


def filled(binary, folder):
    """A store of three experiments, each with a run that has every value, and what was logged."""
    store = Store(binary, folder)
    expected = {}
    for experiment in EXPERIMENTS:
        run = store.run("run", "start", experiment, "-q", "--param", "lr=0.1", "--param", f"big={HIGHEST}").strip()
        steps = list(range(len(VALUES) - 2)) + [LOWEST, HIGHEST]
        lines = [json.dumps({"step": step, METRIC: word(value)}) for step, value in zip(steps, VALUES)]
        store.feed("\n".join(lines) + "\n", "run", "log", run, "--ndjson")
        store.run("run", "end", run)
        expected[run] = (experiment, sorted(zip(steps, map(pattern, VALUES))))
    return store, expected


def word(value):
    """A number as JSON has it, or the word that mltrack takes for one that JSON has not."""
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def pattern(value):
    return struct.pack("<d", value)


def grouped(rows):
    """(run, experiment) -> [(step, bits of the value)] of rows of (run, experiment, metric, step, bits)."""
    found = {}
    for run, experiment, metric, step, bits in rows:
        assert metric == METRIC, metric
        found.setdefault(run, (experiment, []))[1].append((step, bits))
    return found


def times(store):
    """The times of every point as NDJSON has them."""
    return sorted((item["run"], item["step"], nanoseconds(item["time"])) for item in store.lines("export", "metrics"))


def rows_of(table):
    columns = [table.column(name).to_pylist() for name in ("run", "experiment", "metric", "step")]
    values = table.column("value").combine_chunks().to_numpy(zero_copy_only=False)
    return zip(*columns, [value.tobytes() for value in values])


def test_points_in_parquet_are_those_that_were_logged(binary, folder):
    store, expected = filled(binary, folder)
    path = folder / "points.parquet"
    store.run("export", "metrics", "--format", "parquet", "-o", path)
    table = pyarrow.parquet.read_table(path)
    assert tuple(table.column_names) == FIELDS, table.column_names
    assert str(table.schema.field("time").type) == "timestamp[ns, tz=UTC]", table.schema
    assert grouped(rows_of(table)) == expected
    stamps = table.column("time").cast("int64").to_pylist()
    found = zip(table.column("run").to_pylist(), table.column("step").to_pylist(), stamps)
    assert sorted(found) == times(store)
    frame = pandas.read_parquet(path)
    assert frame["value"].to_numpy().tobytes() == b"".join(bits for _, rows in expected.values() for _, bits in rows)
    assert str(frame["time"].dtype) == "datetime64[ns, UTC]", frame.dtypes


def test_partitions_are_a_dataset_with_the_names_as_they_are(binary, folder):
    store, expected = filled(binary, folder)
    store.run("export", "metrics", "--format", "parquet", "-o", folder / "curves", "--partition", "exp")
    parts = pyarrow.dataset.dataset(folder / "curves", partitioning="hive").to_table()
    assert grouped(rows_of(parts)) == expected
    assert parts.column("exp").to_pylist() == parts.column("experiment").to_pylist()


def test_runs_in_parquet_have_their_parameters(binary, folder):
    store, expected = filled(binary, folder)
    path = folder / "runs.parquet"
    store.run("export", "runs", "--format", "parquet", "-o", path)
    rows = pyarrow.parquet.read_table(path).to_pylist()
    assert [row["id"] for row in rows] == list(expected)
    for row in rows:
        assert row["experiment"] == expected[row["id"]][0]
        assert (row["params.lr"], row["params.big"]) == (0.1, HIGHEST)
        assert pattern(row[f"metrics.{METRIC}"]) == pattern(VALUES[-1])


def test_a_database_has_every_point_and_answers_questions(binary, folder):
    store, expected = filled(binary, folder)
    path = folder / "all.sqlite"
    store.run("export", "all", "-o", path)
    base = sqlite3.connect(path)
    assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    query = """SELECT r.id, r.experiment, m.name, p.step, p.value, p.nan_bits
        FROM points p JOIN metrics m ON m.id = p.metric_id JOIN runs r ON r.id = m.run_id ORDER BY p.rowid"""
    rows = [(*row[:4], exact(*row[4:])) for row in base.execute(query)]
    assert grouped(rows) == expected
    stamps = "SELECT m.run_id, p.step, p.time_ns FROM points p JOIN metrics m ON m.id = p.metric_id"
    assert sorted(base.execute(stamps)) == times(store)
    frame = pandas.read_sql("SELECT * FROM runs_wide ORDER BY id", base)
    assert list(frame["params.lr"]) == [0.1] * len(expected)
    best = base.execute("SELECT value FROM best WHERE which = 'highest'").fetchall()
    assert best == [(math.inf,)] * len(expected), best
    events = [json.loads(text) for (text,) in base.execute("SELECT payload FROM events ORDER BY lsn")]
    assert events == [item["payload"] for item in store.lines("export", "events")]
    base.close()


def exact(value, nan_bits):
    """The bits of a value: SQLite has no NaN, so those of one stand beside it."""
    return pattern(value) if nan_bits is None else struct.pack("<q", nan_bits)


def test_a_folder_holds_what_the_database_holds(binary, folder):
    store, _ = filled(binary, folder)
    store.run("export", "all", "-o", folder / "all")
    store.run("export", "all", "-o", folder / "all.db")
    manifest = json.loads((folder / "all" / "manifest.json").read_text())
    base = sqlite3.connect(folder / "all.db")
    for name, told in manifest["tables"].items():
        table = pyarrow.parquet.read_table(folder / "all" / told["file"])
        count = base.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        assert table.num_rows == told["rows"] == count, (name, table.num_rows, told, count)
    said = dict(base.execute("SELECT name, value FROM manifest"))
    assert (said["schema"], said["lsn"]) == (str(manifest["schema"]), str(manifest["lsn"]))
    base.close()
