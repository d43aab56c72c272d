"""What `tensorboardX` and TensorBoard's own functions write, compared with what TensorBoard's own reader reads."""

import math
import struct

import numpy
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboardX import SummaryWriter

from store import Store, bits

VALUES = [0.0, -0.0, 1.5, math.nan, math.inf, -math.inf, 1e-45, 3.4028234e38, -1e-30, 0.1]


def picture(seed):
    return numpy.random.default_rng(seed).integers(0, 255, (3, 8, 8), dtype=numpy.uint8)


def write_by_tensorboardx(folder):
    """A folder of runs with everything that is written with one call each."""
    for name, seed in [("a", 1), ("b/train", 2), ("b/eval", 3)]:
        random = numpy.random.default_rng(seed)
        with SummaryWriter(str(folder / name)) as writer:
            for step in range(500):
                writer.add_scalar("loss", float(random.normal()), step)
                writer.add_scalars("both", {"left": step * 0.5, "right": -step}, step)
            for step, value in enumerate(VALUES):
                writer.add_scalar("strange values/of every kind", value, step)
            writer.add_scalar("steps that go back", 1.0, 7)
            writer.add_scalar("steps that go back", 2.0, 3)
            for step in range(5):
                writer.add_histogram("weights", random.normal(size=1000), step)
                writer.add_text("note", f"step **{step}**\nünïcode", step)
                writer.add_image("picture", picture(step), step)
            writer.add_histogram("all the same", numpy.full(10, 2.5), 1)
            writer.add_hparams({"lr": 0.001, "layers": 3, "name": "adam", "nesterov": True}, {"best": 0.9}, name="trial")


def write_as_tensors(folder):
    """What TensorFlow 2 writes: everything is a tensor, named by a plugin."""
    writer = EventFileWriter(str(folder / "tf2"))
    for step in range(100):
        for summary in (
            scalar_pb("loss", step / 7),
            histogram_pb("weights", numpy.random.default_rng(step).normal(size=300), buckets=12),
            text_pb("words", f"text {step}"),
        ):
            writer.add_event(Event(wall_time=1_700_000_000.123456 + step, step=step, summary=summary))
    writer.add_event(Event(wall_time=1_700_000_200.0, step=0, graph_def=b"\x0a\x02\x0a\x00"))
    writer.close()


def read_by_peer(folder):
    """Every value of every run, by the peer's own reader: (run, tag, step, time in ns, value's message)."""
    for path in sorted(folder.rglob("*tfevents*")):
        run = str(path.parent.relative_to(folder))
        for event in LegacyEventFileLoader(str(path)).Load():
            for value in event.summary.value:
                yield run, value.tag, event.step, round(event.wall_time * 1e9), value


def number_of(value):
    """The number that a value is, else None."""
    if value.HasField("simple_value"):
        return value.simple_value
    if value.HasField("tensor") and value.metadata.plugin_data.plugin_name == "scalars":
        tensor = value.tensor
        return tensor.float_val[0] if tensor.float_val else struct.unpack("<f", tensor.tensor_content)[0]
    return None


def points_by_peer(folder):
    points = {}
    for run, tag, step, time, value in read_by_peer(folder):
        number = number_of(value)
        if number is not None:
            points.setdefault((run, tag), []).append((step, time, bits(number)))
    return points


def in_order(points):
    return {key: sorted(rows, key=lambda row: (row[0], row[1], row[2])) for key, rows in points.items()}


def test_every_scalar_comes_in_bit_for_bit(binary, folder):
    logs = folder / "logs"
    write_by_tensorboardx(logs)
    write_as_tensors(logs)
    store = Store(binary, folder)
    report = store.bring("tensorboard", logs)
    peer = points_by_peer(logs)
    assert in_order(store.points()) == in_order(peer)
    assert report["points"] == sum(map(len, peer.values())) > 4500
    runs = {run for run, *_ in read_by_peer(logs)}
    assert set(store.runs()) == runs and report["runs_new"] == len(runs)


def test_histograms_keep_their_buckets_and_their_sums(binary, folder):
    logs = folder / "logs"
    write_by_tensorboardx(logs)
    write_as_tensors(logs)
    store = Store(binary, folder)
    store.bring("tensorboard", logs)
    ours = sorted((one["step"], one["time"], one) for one in store.events("histogram_logged"))
    peers = []
    for _, _, step, time, value in read_by_peer(logs):
        plugin = value.metadata.plugin_data.plugin_name
        if value.HasField("histo") or plugin == "histograms":
            peers.append((step, time, value))
    peers.sort(key=lambda one: one[:2])
    assert [one[:2] for one in ours] == [one[:2] for one in peers] and len(peers) > 100
    for (_, _, ours), (_, _, value) in zip(ours, peers):
        if value.HasField("histo"):
            proto = value.histo
            assert sum(ours["counts"]) == proto.num
            assert [ours["min"], ours["max"], ours["sum"], ours["sum_of_squares"]] == [proto.min, proto.max, proto.sum, proto.sum_squares]
            kept = {limit: count for limit, count in zip(ours["edges"][1:], ours["counts"]) if count}
            limits = [min(limit, proto.max) for limit in proto.bucket_limit]
            wanted = {limit: count for limit, count in zip(limits, proto.bucket) if count}
            assert list(kept.values()) == list(wanted.values()), (kept, wanted)
        else:
            rows = numpy.frombuffer(value.tensor.tensor_content, "<f8").reshape(-1, 3)
            assert ours["edges"] == [rows[0][0], *rows[:, 1]]
            assert ours["counts"] == list(rows[:, 2])


def test_texts_pictures_and_parameters_come_in(binary, folder):
    logs = folder / "logs"
    write_by_tensorboardx(logs)
    store = Store(binary, folder)
    report = store.bring("tensorboard", logs)
    texts = sorted((one["name"], one["step"], one["json"]["text"]) for one in store.events("json_logged"))
    peers = sorted((tag, step, value.tensor.string_val[0].decode()) for _, tag, step, _, value in read_by_peer(logs) if value.tensor.string_val)
    assert texts == peers and len(texts) == 15, (texts, peers)
    run = store.runs()["a"]["id"]
    pictures = [value.image.encoded_image_string for name, _, _, _, value in read_by_peer(logs) if name == "a" and value.HasField("image")]
    assert len(pictures) == 5
    import subprocess

    for step, wanted in enumerate(pictures):
        got = subprocess.run(store.command("artifact", "cat", run, f"picture/{step}.png"), capture_output=True, check=True).stdout
        assert got == wanted, step
    trials = [item for name, item in store.runs().items() if "trial" in name]
    assert len(trials) == 3, list(store.runs())
    for trial in trials:
        assert trial["params"] == {"lr": 0.001, "layers": 3, "name": "adam", "nesterov": True}, trial["params"]
        assert trial["metrics"]["best"] is not None and trial["state"] == "completed"
    assert report["artifacts"] == 15 and report["params"] == 12


def test_what_cannot_be_kept_is_said_once(binary, folder):
    logs = folder / "logs"
    write_as_tensors(logs)
    with SummaryWriter(str(logs / "curves")) as writer:
        for step in range(3):
            writer.add_pr_curve("pr", numpy.array([0, 1, 1]), numpy.array([0.1, 0.8, 0.4]), step)
    report = Store(binary, folder).bring("tensorboard", logs)
    said = [(one["place"], one["what"], one["kind"]) for one in report["untaken"]]
    assert sorted(said) == [("curves", "pr (pr_curves)", "unsupported"), ("tf2", "graph", "unsupported")], said


def test_the_same_folder_twice_changes_nothing(binary, folder):
    logs = folder / "logs"
    write_by_tensorboardx(logs)
    store = Store(binary, folder)
    store.bring("tensorboard", logs)
    before = store.all_events()
    report = store.bring("tensorboard", f"{logs}/../logs/")
    assert (report["runs_new"], report["runs_grown"], report["points"], report["artifacts"]) == (0, 0, 0, 0), report
    assert report["runs_same"] > 0
    assert store.all_events() == before


def test_a_dry_run_counts_and_writes_nothing(binary, folder):
    logs = folder / "logs"
    write_by_tensorboardx(logs)
    store = Store(binary, folder)
    dry = store.bring("tensorboard", logs, "--dry-run")
    assert not store.path.exists()
    wet = store.bring("tensorboard", logs)
    counts = [key for key, value in wet.items() if isinstance(value, int) and key not in ("dry_run",)]
    assert {key: dry[key] for key in counts} == {key: wet[key] for key in counts}


def test_nonsense_has_its_exit(binary, folder):
    store = Store(binary, folder)
    (folder / "empty").mkdir()
    store.run("import", "tensorboard", folder / "empty", exit=3)
    store.run("import", "tensorboard", folder / "nowhere", exit=3)
    store.run("import", "tensorboard", "/dev/null", exit=2)
    odd = folder / "odd"
    odd.mkdir()
    (odd / "events.out.tfevents.1.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert "checksum" in store.run("import", "tensorboard", odd, exit=5)
    # Beside a good one, what is good comes in.
    write_as_tensors(odd)
    report = store.bring("tensorboard", odd, exit=7)
    assert report["points"] == 100 and [one["kind"] for one in report["untaken"]].count("damaged") == 1


def test_a_file_cut_anywhere_gives_what_is_whole_and_later_the_rest(binary, folder):
    whole = folder / "whole"
    write_as_tensors(whole)
    path = next(whole.rglob("*tfevents*"))
    content = path.read_bytes()
    logs = folder / "logs"
    cut = logs / "tf2" / path.name
    cut.parent.mkdir(parents=True)
    store = Store(binary, folder)
    random = numpy.random.default_rng(5)
    for at in [*sorted(random.integers(0, len(content), 12)), len(content)]:
        cut.write_bytes(content[:at])
        store.bring("tensorboard", logs)
    assert in_order(store.points()) == in_order(points_by_peer(whole))


def test_a_checksum_that_is_wrong_ends_its_file_as_it_does_for_the_peer(binary, folder):
    logs = folder / "logs"
    write_as_tensors(logs)
    path = next(logs.rglob("*tfevents*"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    peer = {}
    try:
        peer = points_by_peer(logs)
    except Exception as error:
        assert "corrupt" in str(error).lower() or "checksum" in str(error).lower() or "data loss" in str(error).lower(), error
    store = Store(binary, folder)
    report = store.bring("tensorboard", logs, exit=7)
    assert 0 < report["points"] < 100 and [one["kind"] for one in report["untaken"]] == ["damaged"]
    if peer:
        assert in_order(store.points()) == in_order(peer)
