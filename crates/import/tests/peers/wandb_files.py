"""What the `wandb` package writes offline, compared with what its own messages say of the same bytes.

The package has no reader of its files in Python any more, so the frames are taken apart here; what is in them is read by
its own generated messages. Nothing goes to the network: every writer runs with `WANDB_MODE=offline`.
"""

import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import zlib

from wandb.proto.wandb_internal_pb2 import Record

from store import Store, bits

BLOCK_LEN = 32 << 10
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
VALUES = [0.0, -0.0, 1.5, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, -1e-30, 0.1, 2**53 + 0.0]

SETUP = """
import math, sys
import numpy, wandb
values = eval(sys.argv[1], {"nan": math.nan, "inf": math.inf})
def begin(**options):
    settings = wandb.Settings(mode="offline", silent=True, x_disable_stats=options.pop("quiet", True))
    return wandb.init(project="vision", settings=settings, **options)
"""
EVERYTHING = """
config = {"lr": 0.1, "depth": 3, "opt": {"name": "adam", "betas": [0.9, 0.99]}, "inf": math.inf, "none": None, "flag": True}
run = begin(name="kind elk", group="g1", job_type="train", tags=["good", "old"], notes="first words", config=config, quiet=False)
run.config.update({"lr": 0.2}, allow_val_change=True)
for step, value in enumerate(values):
    run.log({"strange": value, "loss": 1 / (step + 1), "val": {"acc": step / 7, "deep": {"er": -step}}, "x.y": step})
picture = numpy.arange(48, dtype=numpy.uint8).reshape(4, 4, 3)
run.log({"words": "some text", "list": [1, math.nan], "flag": True, "nothing": None,
         "weights": wandb.Histogram(numpy.arange(100) ** 2, num_bins=8), "picture": wandb.Image(picture, caption="a caption"),
         "several": [wandb.Image(picture), wandb.Image(picture + 1)], "page": wandb.Html("<b>hi</b>"),
         "table": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])}, step=100)
print("hello")
print("50%\\r100%")
print("\\x1b[31mred\\x1b[0m alert", file=sys.stderr)
open("model.txt", "w").write("weights of a model")
run.save("model.txt", policy="now")
artifact = wandb.Artifact("kept", "model")
artifact.add_file("model.txt")
run.log_artifact(artifact)
run.summary["best"] = 0.9
run.summary["loss"] = 7
run.finish(exit_code=0)
"""
MANY = """
run = begin(id=sys.argv[2])
for step in range(int(sys.argv[3])):
    run.log({f"metric/{at}": step * 0.25 + at for at in range(10)})
run.finish(exit_code=int(sys.argv[4]))
"""


def write(folder, program, *words):
    """Runs a program that logs, in a process of its own, and gives the file of its run."""
    folder.mkdir(exist_ok=True)
    before = set(folder.glob("wandb/*run-*/*.wandb"))
    home = {name: str(folder / "home") for name in ["HOME", "WANDB_CACHE_DIR", "WANDB_DATA_DIR", "WANDB_CONFIG_DIR"]}
    environment = {**os.environ, **home, "WANDB_MODE": "offline", "WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true"}
    command = [sys.executable, "-c", SETUP + program, repr(VALUES), *map(str, words)]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    written = set(folder.glob("wandb/*run-*/*.wandb")) - before
    assert len(written) == 1, ended.stderr
    return written.pop()


def records(content):
    """The records of a file: frames by the rules of LevelDB's log, messages by the peer's own classes."""
    assert content[:7] == b":W&B" + struct.pack("<HB", zlib.crc32(b"Weights & Biases") & 0xFFFF, 0)
    at, parts = 7, b""
    while at + 7 <= len(content):
        left = BLOCK_LEN - at % BLOCK_LEN
        if left < 7:
            at += left
            continue
        checksum, length, kind = struct.unpack("<IHB", content[at : at + 7])
        body = content[at + 7 : at + 7 + length]
        assert checksum == zlib.crc32(body, zlib.crc32(bytes([kind])))
        parts = body if kind in (FULL, FIRST) else parts + body
        if kind in (FULL, LAST):
            yield Record.FromString(parts)
        at += 7 + length


def value_of(json_text):
    """A value as it was logged: the peer writes -0.0 as `-0`, which Python reads as a whole number without a sign."""
    return json.loads(json_text, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits))


def steps_by_peer(path):
    """Every history record: its step, its time in ns, and its values by their dotted names."""
    for record in records(path.read_bytes()):
        if record.WhichOneof("record_type") != "history":
            continue
        values = {".".join(item.nested_key) or item.key: value_of(item.value_json) for item in record.history.item}
        yield values.pop("_step"), round(values.pop("_timestamp") * 1e9), values


def points_by_peer(path):
    points = {}
    for step, time, values in steps_by_peer(path):
        things = {name.removesuffix("._type") for name in values if name.endswith("._type")}
        for name, value in values.items():
            is_part = any(name.startswith(f"{thing}.") for thing in things)
            if isinstance(value, (int, float)) and not is_part and name != "_runtime":
                points.setdefault(name, []).append((step, time, bits(float(value))))
    return points


def samples_by_peer(path):
    points = {}
    sampled = (record.stats for record in records(path.read_bytes()) if record.WhichOneof("record_type") == "stats")
    for step, stats in enumerate(sampled):
        for item in stats.item:
            point = (step, stats.timestamp.ToNanoseconds(), bits(float(value_of(item.value_json))))
            points.setdefault(f"system/{item.key}", []).append(point)
    return points


def points_of(store, run):
    return {name: points for (of, name), points in store.points().items() if of == run}


def test_every_number_comes_in_bit_for_bit(binary, folder):
    path = write(folder / "work", EVERYTHING)
    store = Store(binary, folder)
    report = store.bring("wandb", folder / "work" / "wandb")
    wanted = {**points_by_peer(path), **samples_by_peer(path)}
    assert len(wanted["strange"]) == len(VALUES) and len(wanted["loss"]) == len(VALUES)
    ours = points_of(store, "kind elk")
    extra = {name: points for name, points in ours.items() if name not in wanted}
    assert {name: points[0][2] for name, points in extra.items()} == {"best": bits(0.9), "summary/loss": bits(7.0)}
    assert {name: ours[name] for name in wanted} == wanted
    assert report["points"] == sum(map(len, wanted.values())) + 2
    assert report["runs_new"] == 1 and report["untaken"] == [], report["untaken"]


def test_the_run_is_what_the_peer_says_it_is(binary, folder):
    write(folder / "work", EVERYTHING)
    store = Store(binary, folder)
    report = store.bring("wandb", folder / "work")
    run = store.runs()["kind elk"]
    assert run["experiment"] == "vision" and run["state"] == "completed"
    params = {"lr": 0.2, "depth": 3, "opt.name": "adam", "opt.betas": [0.9, 0.99], "none": None, "flag": True}
    assert {name: run["params"][name] for name in params} == params, run["params"]
    tags = run["tags"]
    assert (tags["good"], tags["old"], tags["wandb.group"], tags["wandb.job_type"]) == ("true", "true", "g1", "train")
    texts = {one["name"]: one["json"] for one in store.events("json_logged")}
    assert texts["words"]["text"] == "some text" and texts["list"] == [1, "NaN"], texts
    (weights,) = store.events("histogram_logged")
    assert sum(weights["counts"]) == 100 and len(weights["edges"]) == 9 and weights["step"] == 100
    lines = [(line["source"], line["text"]) for one in store.events("log_line") for line in one["lines"]]
    assert sorted(lines) == [("stderr", "red alert"), ("stdout", "100%"), ("stdout", "hello")], lines
    assert report["notes"] == 1


def test_files_of_steps_saved_files_and_artifacts_come_in(binary, folder):
    path = write(folder / "work", EVERYTHING)
    store = Store(binary, folder)
    report = store.bring("wandb", folder / "work")
    run = store.runs()["kind elk"]["id"]
    cat = lambda name: subprocess.run(store.command("artifact", "cat", run, name), capture_output=True, check=True).stdout
    media = path.parent / "files" / "media"
    (picture,) = media.glob("images/picture_*.png")
    assert cat("picture/100.png") == picture.read_bytes()
    several = {cat(f"several/{at}/100.png") for at in range(2)}
    assert several == {file.read_bytes() for file in media.glob("images/several_*.png")}
    assert b"<b>hi</b>" in cat("page/100.html")
    assert json.loads(cat("table/100.json"))["data"] == [[1, "x"], [2, "y"]]
    assert cat("model.txt") == cat("kept/model.txt") == b"weights of a model"
    assert report["artifacts"] >= 7


def test_the_same_folder_twice_changes_nothing(binary, folder):
    write(folder / "work", EVERYTHING)
    store = Store(binary, folder)
    dry = store.bring("wandb", folder / "work", "--dry-run")
    assert not store.path.exists()
    wet = store.bring("wandb", folder / "work")
    counts = ["runs_new", "points", "histograms", "values", "lines", "params", "tags", "notes", "artifacts"]
    assert {key: dry[key] for key in counts} == {key: wet[key] for key in counts}
    before = store.all_events()
    report = store.bring("wandb", folder / "work" / "wandb")
    assert [report[key] for key in counts] == [0] * len(counts) and report["runs_same"] == 1, report
    assert store.all_events() == before


def killed_imports(store, place):
    """Imports that are killed later and later, until one ends before that: how many points there were after each."""
    command = store.command("import", "wandb", place)
    counts, wait_s = [], 0.03
    while True:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert process.wait(wait_s) == 0
            return counts
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        runs = store.runs() if store.path.exists() else {}
        counts.append(sum(run["points"] for run in runs.values()))
        wait_s *= 1.25


def test_one_that_is_killed_goes_on_to_the_same_result(binary, folder):
    paths = {name: write(folder / "work", MANY, name, 10_000, code) for name, code in [("good", 0), ("bad", 3)]}
    store = Store(binary, folder)
    counts = killed_imports(store, folder / "work")
    assert any(0 < count < 200_000 for count in counts), f"no import was killed on its way: {counts}"
    report = store.bring("wandb", folder / "work")
    assert (report["runs_same"], report["points"]) == (2, 0), report
    runs = {run["tags"]["wandb.id"]: (name, run["state"]) for name, run in store.runs().items()}
    assert {name: state for name, (_, state) in runs.items()} == {"good": "completed", "bad": "failed"}
    for name, path in paths.items():
        ours = points_of(store, runs[name][0])
        assert {metric: points for metric, points in ours.items() if metric.startswith("metric/")} == points_by_peer(path)


def test_a_file_that_grows_gives_what_is_whole_and_later_the_rest(binary, folder):
    path = write(folder / "work", MANY, "grown", 300, 0)
    content = path.read_bytes()
    store = Store(binary, folder)
    for part in [1, 3, 4, 7, 8]:
        path.write_bytes(content[: len(content) * part // 8])
        store.bring("wandb", path)
    ours = points_of(store, next(iter(store.runs())))
    assert {metric: points for metric, points in ours.items() if metric.startswith("metric/")} == points_by_peer(path)


def test_behind_damage_the_next_block_is_taken(binary, folder):
    path = write(folder / "work", MANY, "hurt", 1_000, 0)
    content = bytearray(path.read_bytes())
    at = len(content) // 2
    content[at] ^= 1
    path.write_bytes(content)
    store = Store(binary, folder)
    report = store.bring("wandb", path, exit=7)
    (damaged,) = [one for one in report["untaken"] if one["kind"] == "damaged"]
    assert 0 <= at - int(damaged["place"].rsplit(" ", 1)[1]) < 2 * BLOCK_LEN, damaged
    assert 9_000 < report["points"] < 10_000, report["points"]
    assert next(iter(store.runs().values()))["state"] == "completed"


def test_nonsense_has_its_exit(binary, folder):
    store = Store(binary, folder)
    (folder / "empty").mkdir()
    store.run("import", "wandb", folder / "empty", exit=3)
    store.run("import", "wandb", folder / "nowhere", exit=3)
    store.run("import", "wandb", "/dev/null", exit=2)
    odd = pathlib.Path(folder / "odd.wandb")
    odd.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert "W&B" in store.run("import", "wandb", odd, exit=5)
