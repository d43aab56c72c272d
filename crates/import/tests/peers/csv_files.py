"""Tables that Python's own writer writes."""

import csv
import math

from store import Store, bits


def write(path, rows, **options):
    with path.open("w", newline="", encoding=options.pop("encoding", "utf-8")) as file:
        csv.writer(file, **options).writerows(rows)


def test_curves_of_several_runs_come_in_bit_for_bit(binary, folder):
    values = [0.1, -0.0, 1e-320, 1.7976931348623157e308, math.inf, -math.inf, math.nan, 5e-324]
    rows = [["run", "step", "time", "loss", "optimizer"]]
    wanted = {}
    for step, value in enumerate(values * 50):
        for run in ["a", "b"]:
            time = 1_700_000_000 + step
            rows.append([run, step, time, repr(value), "adam"])
            wanted.setdefault((run, "loss"), []).append((step, time * 1_000_000_000, bits(value)))
    write(folder / "curves.csv", rows)
    store = Store(binary, folder)
    report = store.bring("csv", folder / "curves.csv")
    assert store.points() == wanted
    assert (report["runs_new"], report["points"], report["params"]) == (2, 800, 2)
    assert {run["experiment"] for run in store.runs().values()} == {"curves"}
    before = store.all_events()
    assert store.bring("csv", folder / "curves.csv")["runs_same"] == 2
    assert store.all_events() == before


def test_a_table_of_results_in_every_dialect(binary, folder):
    rows = [["run_id", "lr", "note", "accuracy"], ["x", "0.5", 'says "hi"; twice,\nor so', "0.9"], ["y", "1.5", "", "0.8"]]
    for name, options in {
        "comma": {},
        "semicolon": {"delimiter": ";", "lineterminator": "\n"},
        "tab": {"delimiter": "\t", "quoting": csv.QUOTE_ALL},
        "bom": {"encoding": "utf-8-sig"},
    }.items():
        write(folder / f"{name}.csv", rows, **options)
        (folder / name).mkdir()
        store = Store(binary, folder / name)
        store.bring("csv", folder / f"{name}.csv", "--metric", "accuracy", "--into", "table")
        runs = store.runs()
        assert runs["x"]["params"] == {"lr": 0.5, "note": rows[1][2]}, runs["x"]
        assert runs["y"]["params"] == {"lr": 1.5}
        assert store.points()[("x", "accuracy")][0][2] == bits(0.9)


def test_rows_that_were_added_are_taken_and_rows_that_were_changed_refused(binary, folder):
    path = folder / "curve.csv"
    rows = [["step", "loss"], *([step, step / 3] for step in range(100))]
    write(path, rows)
    store = Store(binary, folder)
    store.bring("csv", path)
    write(path, [*rows, *([step, step / 3] for step in range(100, 150))])
    assert store.bring("csv", path)["points"] == 50
    rows[5] = [4, 99.0]
    write(path, rows)
    report = store.bring("csv", path, exit=7)
    assert report["points"] == 0 and report["untaken"][0]["kind"] == "refused", report
    assert len(store.points()[("curve", "loss")]) == 150


def test_nonsense_is_refused_with_its_place(binary, folder):
    store = Store(binary, folder)
    for content, words in {
        b"": "no header",
        b"a,b\n": "no row",
        b"step,loss\n1,2\nx,3\n": "line 3, column 1",
        b"step,loss\n1,2\n3\n": "line 3",
        b'a,b\n1,"2': "quote",
        b"\x89PNG\r\n\x1a\n\x00\x00": "line 1",
    }.items():
        (folder / "odd.csv").write_bytes(content)
        said = store.run("import", "csv", folder / "odd.csv", exit=2)
        assert words in said, (content, said)
    store.run("import", "csv", folder / "nowhere.csv", exit=3)
    store.run("import", "csv", "/dev/null", exit=2)
    store.run("import", "csv", folder, exit=2)
    assert not store.path.exists()
