"""Runs MLflow's own REST tests against a stock server and against ours, and prints a table: test, stock, ours.

    python upstream.py --tests FOLDER --binary PATH [--select FILE..] [--only ours|stock] [--stock FILE] [--ours FILE] [--out FILE]

FOLDER holds a copy of MLflow's repository at the version of this Python's MLflow; it stays outside of this repository.
Their tests start servers by helpers, which `upstream_plugin.py` replaces when ours is to answer. `--stock` names a file
that keeps what stock said, because it takes long and does not change: a file of tests that stands there is not asked
again. `--ours` is the same for ours, for a run that was broken off.
`--select` chooses a file or `FILE::test`. What `docs/mlflow-tests.md` says of single tests is in `upstream_reasons.py`.
"""

import argparse
import collections
import datetime
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

from upstream_reasons import reason

HERE = pathlib.Path(__file__).resolve().parent
FILES = (
    "tests/tracking/test_rest_tracking.py",
    "tests/tracking/test_model_registry.py",
    "tests/tracking/test_client_webhooks.py",
    "tests/tracking/test_mlflow_artifacts.py",
    "tests/store/model_registry/test_rest_store_webhooks.py",
    "tests/tracing/test_otel_logging.py",
)
SECONDS_A_TEST = 180


def verdicts(folder, file, binary):
    """What pytest says of each test of a file; `binary` is None for stock."""
    environment = {
        **os.environ,
        # Some of them call `mlflow` by its name.
        "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{HERE}:{folder}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    plugin = []
    if binary is not None:
        environment["MLTRACK_BIN"] = str(pathlib.Path(binary).resolve())
        plugin = ["-p", "upstream_plugin"]
    with tempfile.TemporaryDirectory() as place:
        report = pathlib.Path(place) / "report.xml"
        # Theirs asks for plugins and options of their own; the tests need none of it.
        settings = pathlib.Path(place) / "pytest.ini"
        settings.write_text("[pytest]\naddopts =\n")
        command = [
            sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider",
            "-c", str(settings), "--rootdir", str(folder), *plugin, "--timeout", str(SECONDS_A_TEST), "--junit-xml", str(report), file,
        ]  # fmt: skip
        subprocess.run(command, cwd=folder, env=environment, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not report.exists():
            sys.exit(f"pytest wrote no report: {' '.join(command)}")
        return dict(read(report))


def read(report):
    for case in xml.parse(report).iter("testcase"):
        name = f"{case.get('classname', '').split('.')[-1]}::{case.get('name')}"
        kinds = {child.tag for child in case}
        problem = next((child for child in case if child.tag in ("failure", "error")), None)
        why = "" if problem is None else (problem.get("message") or "").splitlines()[0:1]
        if problem is not None:
            yield name, ("failed", " ".join(why)[:160])
        else:
            yield name, ("skipped" if "skipped" in kinds else "passed", "")


def all_verdicts(arguments, files, binary, kept=None):
    """Those of every file; what is in the file `kept` is not asked for again, and what is asked for goes there."""
    kept = pathlib.Path(kept) if kept else None
    known = json.loads(kept.read_text()) if kept and kept.exists() else {}
    found = {}
    for file in files:
        if file not in known:
            known[file] = verdicts(arguments.tests, file, binary)
            print(f"{file}: {len(known[file])} tests", flush=True)
            if kept:
                kept.write_text(json.dumps(known, indent=1))
        found.update((name, tuple(verdict)) for name, verdict in known[file].items())
    return found


def read_arguments():
    parser = argparse.ArgumentParser(description="MLflow's own REST tests, on stock and on ours")
    parser.add_argument("--tests", required=True)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--select", action="append", default=[])
    parser.add_argument("--only", choices=("ours", "stock"))
    parser.add_argument("--stock", help="a file that keeps what stock said")
    parser.add_argument("--ours", help="a file that keeps what ours said")
    parser.add_argument("--out")
    return parser.parse_args()


def heading(files):
    """What was compared, and how to do it again."""
    versions = f"MLflow {importlib.metadata.version('mlflow')}, Python {sys.version.split()[0]}"
    return f"""# MLflow's own REST tests

The tests of these files, on a stock server and on ours: {", ".join(f"`{file}`" for file in files)}. Measured {datetime.date.today()} with {versions}:

    python crates/server/tests/mlflow/upstream.py --tests FOLDER --binary target/debug/mltrack --out docs/mlflow-tests.md

FOLDER is a copy of MLflow's repository of that version; none of it is here. A test that is skipped on both is left out.
A test that asks for what is not served, or looks into the store of the process that runs it, says so.
"""


def main():
    arguments = read_arguments()
    files = arguments.select or list(FILES)
    stock = {} if arguments.only == "ours" else all_verdicts(arguments, files, None, arguments.stock)
    ours = {} if arguments.only == "stock" else all_verdicts(arguments, files, arguments.binary, arguments.ours)
    lines = ["| test | stock | ours | why |", "|---|---|---|---|"]
    counts = collections.Counter()
    unexplained = []
    for name in dict.fromkeys([*stock, *ours]):
        left, right = stock.get(name, ("not run", "")), ours.get(name, ("not run", ""))
        counts[left[0], right[0]] += 1
        if left[0] == "skipped" and right[0] == "skipped":
            continue
        why = ""
        if right[0] != "passed":
            why = reason(name)
        if left[0] == "passed" and right[0] == "failed" and not why:
            unexplained.append(f"{name}: {right[1]}")
        lines.append(f"| {name} | {left[0]} | {right[0]} | {why} |")
    summary = [f"- {left} on stock, {right} on ours: {count}" for (left, right), count in sorted(counts.items())]
    text = "\n".join([heading(files), *summary, "", *lines, ""])
    if arguments.out:
        pathlib.Path(arguments.out).write_text(text)
    print("\n".join(summary))
    print("\n".join(unexplained))
    return arguments.only is not None or not unexplained


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
