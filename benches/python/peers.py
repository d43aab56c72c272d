"""mltrack beside its peers in one run: what a call costs a training loop, and what is kept when the process is killed.

    python benches/python/peers.py --make            # a virtual environment with the peers, then everything
    python benches/python/peers.py mltrack tensorboard

Each system runs in a process of its own, in an empty folder of its own, through its own documented calls, with the
settings it comes with, apart from those that keep it from calling a server.  A call logs five metrics of one step.
Times are those around the call, as a training loop feels them.  For ``kept`` the process is killed with SIGKILL at full
speed; a call counts as made when it returned, and as kept when another process reads its point back.

Invariants: every system gets the same loop and the same time; a system that is not installed or fails is named, and the
others go on; nothing is asserted, for a benchmark is not a test.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

LONG = 1_000_000
METRICS = ("loss", "accuracy", "grad_norm", "lr", "throughput")
PEERS = ["expman-rs", "wandb", "trackio", "tensorboard", "pyarrow", "numpy"]
Log = Callable[[int, dict[str, float]], None]


# How each system is opened: a function that gives the call of one step.


def open_mltrack(folder: Path) -> Log:
    import mltrack

    run = mltrack.init(project="bench", dir=folder / ".mltrack")
    return lambda step, values: run.log(values, step=step)


def open_expman(folder: Path) -> Log:
    from expman import Experiment

    experiment = Experiment("bench", base_dir=str(folder), redirect_console=False)
    return lambda step, values: experiment.log_vector(values, step=step)


def open_wandb(folder: Path) -> Log:
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_DIR=str(folder))
    import wandb

    run = wandb.init(project="bench", dir=str(folder))
    return lambda step, values: run.log(values, step=step)


def open_trackio(folder: Path) -> Log:
    os.environ["TRACKIO_DIR"] = str(folder)
    import trackio

    trackio.init(project="bench", name="run")
    return lambda step, values: trackio.log(values, step=step)


def open_tensorboard(folder: Path) -> Log:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder))

    def log(step: int, values: dict[str, float]) -> None:
        scalars = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        writer.add_event(Event(wall_time=time.time(), step=step, summary=Summary(value=scalars)))

    return log


# How many calls another process finds again.


def kept_mltrack(folder: Path) -> int:
    import mltrack

    store = mltrack.open(folder / ".mltrack")
    run = next(iter(store.runs("bench")))
    return len(store.history(run.id, METRICS[-1]))


def kept_expman(folder: Path) -> int:
    import pyarrow

    count = 0
    for path in folder.rglob("vectors-*.arrow"):
        try:
            with pyarrow.ipc.open_stream(path) as batches:
                count += sum(batch.num_rows for batch in batches)
        except (pyarrow.ArrowInvalid, OSError):
            pass  # the cut end of a killed writer
    return count


def kept_wandb(folder: Path) -> int:
    from wandb.proto import wandb_internal_pb2

    count = 0
    for path in folder.rglob("*.wandb"):
        for data in leveldb_records(path.read_bytes()):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            count += record.WhichOneof("record_type") == "history"
    return count


def leveldb_records(data: bytes) -> Iterator[bytes]:
    """The whole records of a file of W&B: LevelDB's log format behind seven bytes that say what it is."""
    at, block, parts = 7, 32768, b""
    while at + 7 <= len(data):
        rest = block - at % block
        if rest < 7:
            at += rest
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        if kind == 0 or at + 7 + length > len(data):
            return
        piece = data[at + 7 : at + 7 + length]
        at += 7 + length
        parts = piece if kind in (1, 2) else parts + piece
        if kind in (1, 4):
            yield parts


def kept_trackio(folder: Path) -> int:
    import sqlite3

    base = sqlite3.connect(folder / "bench.db")
    try:
        return int(base.execute("select count(*) from metrics").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # it was killed before it made its tables


def kept_tensorboard(folder: Path) -> int:
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

    files = folder.glob("events.out.*")
    # The first record of a file says its version.
    return sum(max(0, sum(1 for _ in RawEventFileLoader(str(path)).Load()) - 1) for path in files)


SYSTEMS: dict[str, tuple[Callable[[Path], Log], Callable[[Path], int]]] = {
    "mltrack": (open_mltrack, kept_mltrack),
    "expman-rs": (open_expman, kept_expman),
    "wandb": (open_wandb, kept_wandb),
    "trackio": (open_trackio, kept_trackio),
    "tensorboard": (open_tensorboard, kept_tensorboard),
}
MODULES = {"expman-rs": "expman"}


# What a child process does.


def values_of(step: int) -> dict[str, float]:
    return {name: 0.1 * place + step * 1e-3 for place, name in enumerate(METRICS)}


def child_import(name: str, _folder: Path, _seconds: float) -> object:
    start = time.perf_counter()
    __import__(MODULES.get(name, name))
    return time.perf_counter() - start


def child_first(name: str, folder: Path, _seconds: float) -> object:
    __import__(MODULES.get(name, name))
    start = time.perf_counter()
    SYSTEMS[name][0](folder)(0, values_of(0))
    return time.perf_counter() - start


def child_calls(name: str, folder: Path, seconds: float) -> object:
    log, clock = SYSTEMS[name][0](folder), time.perf_counter_ns
    for step in range(1000):
        log(step, values_of(step))
    times, step = [], 1000
    end = clock() + int(seconds * 1e9)
    while clock() < end:
        values = values_of(step)
        before = clock()
        log(step, values)
        times.append(clock() - before)
        step += 1
    times.sort()
    return {
        "p50_us": times[len(times) // 2] / 1e3,
        "p99_us": times[len(times) * 99 // 100] / 1e3,
        "calls_per_s": len(times) / (sum(times) / 1e9),
    }


def child_until_killed(name: str, folder: Path, _seconds: float) -> object:
    with (folder.parent / "made").open("r+b") as file:
        made = mmap.mmap(file.fileno(), 8)
    log, step, write = SYSTEMS[name][0](folder), 0, struct.Struct("<q").pack_into
    print("ready", flush=True)
    while True:
        log(step, values_of(step))
        step += 1
        write(made, 0, step)


def child_kept(name: str, folder: Path, _seconds: float) -> object:
    return SYSTEMS[name][1](folder)


def child_write(name: str, folder: Path, _seconds: float) -> object:
    log = SYSTEMS[name][0](folder)
    for step in range(LONG):
        log(step, {"loss": step * 1e-3})
    import mltrack

    start = time.perf_counter()
    mltrack.finish()
    return time.perf_counter() - start


def child_read(_name: str, folder: Path, _seconds: float) -> object:
    import numpy  # noqa: F401 - what is asked for takes it, and its import is nobody's of these

    import mltrack

    times: list[float] = []
    begun = time.perf_counter()
    store = mltrack.open(folder / ".mltrack")
    for _ in range(6):
        start = time.perf_counter()
        steps, values = store.history("@last", "loss").to_numpy()
        times.append(time.perf_counter() - (start if times else begun))
        assert len(steps) == len(values) == LONG
    return {"first_ms": times[0] * 1e3, "again_ms": statistics.median(times[1:]) * 1e3}


CHILDREN = {
    "import": child_import,
    "first": child_first,
    "calls": child_calls,
    "until_killed": child_until_killed,
    "kept": child_kept,
    "read": child_read,
    "write": child_write,
}


# What the parent does.


def ask(question: str, name: str, folder: Path, seconds: float) -> object:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, "--child", question, name, str(folder), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no word of it"]
        raise RuntimeError(last[0])
    return json.loads(done.stdout.strip().splitlines()[-1])


def share_kept(name: str, place: Path, seconds: float) -> tuple[int, int]:
    (place / "made").write_bytes(bytes(8))
    folder = place / "killed"
    folder.mkdir()
    command = [sys.executable, __file__, "--child", "until_killed", name, str(folder), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != b"ready":
            if process.poll() is not None:
                raise RuntimeError("it ended before its first call")
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
    made = struct.unpack("<q", (place / "made").read_bytes())[0]
    return made, int(str(ask("kept", name, folder, 0)))


def measure(name: str, rounds: int, seconds: float) -> dict[str, object]:
    found: dict[str, object] = {"system": name}
    with tempfile.TemporaryDirectory() as base:
        place = Path(base)
        number = iter(range(10_000))
        fresh = lambda: place / str(next(number))  # noqa: E731

        def median(question: str) -> float:
            return statistics.median(float(str(ask(question, name, fresh(), 0))) for _ in range(rounds))

        calls = [ask("calls", name, fresh(), seconds) for _ in range(rounds)]
        for figure in ("p50_us", "p99_us", "calls_per_s"):
            found[figure] = round(statistics.median(one[figure] for one in calls), 2)  # type: ignore[index]
        found["import_ms"] = round(median("import") * 1e3, 1)
        firsts = [[ask("first", name, folder, 0) for _ in range(2)] for folder in (fresh() for _ in range(rounds))]
        for figure, times in zip(("first_ms", "first_in_known_folder_ms"), zip(*firsts, strict=True), strict=True):
            found[figure] = round(statistics.median(float(str(each)) for each in times) * 1e3, 1)
        made, kept = share_kept(name, place, seconds)
        found["kept"] = f"{100 * min(kept, made) / max(made, 1):.2f} % of {made}"
        if name == "mltrack":
            found |= read_long(name, fresh(), rounds)
    return found


def read_long(name: str, folder: Path, rounds: int) -> dict[str, object]:
    """What it takes to end a run of a million points, and then, in programs that begin with it, to open its store and read
    them: the first time and again."""
    ended: dict[str, object] = {"end_1m_ms": round(float(str(ask("write", name, folder, 0))) * 1e3, 1)}
    reads = [ask("read", name, folder, 0) for _ in range(rounds)]
    for figure in ("first_ms", "again_ms"):
        ended[f"read_1m_{figure}"] = round(statistics.median(read[figure] for read in reads), 1)  # type: ignore[index]
    return ended


def make() -> None:
    place = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mltrack" / "peers"
    python = place / "bin" / "python"
    if not python.exists():
        venv.create(place, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *PEERS], check=True)
    rest = [word for word in sys.argv[1:] if word != "--make"]
    os.execv(python, [str(python), __file__, *rest])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("systems", nargs="*", default=list(SYSTEMS), help="which; all unless said")
    parser.add_argument("--make", action="store_true", help="install the peers first")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        question, name, folder, seconds = options.child
        print("\n" + json.dumps(CHILDREN[question](name, Path(folder), float(seconds))), flush=True)
        if question != "write":
            # What a system does at exit is not what is measured.
            os._exit(0)
        return
    if options.make:
        make()
    for name in options.systems:
        try:
            print(json.dumps(measure(name, options.rounds, options.seconds)), flush=True)
        except (RuntimeError, OSError) as error:
            print(json.dumps({"system": name, "failed": str(error)}), flush=True)


if __name__ == "__main__":
    main()
