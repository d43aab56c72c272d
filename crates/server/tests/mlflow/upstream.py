"""Runs MLflow's own REST tests against a stock server and against ours, and prints a table: test, stock, ours.

    python upstream.py --tests FOLDER --binary PATH [--select FILE..] [--only ours|stock] [--out FILE]

FOLDER holds a copy of MLflow's repository at the version of this Python's MLflow; it stays outside of this repository.
Their tests start servers by two helpers, which `upstream_plugin.py` replaces when ours is to answer.
"""

import argparse
import collections
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

HERE = pathlib.Path(__file__).resolve().parent
FILES = ("tests/tracking/test_rest_tracking.py", "tests/tracking/test_model_registry.py", "tests/tracking/test_client_webhooks.py")
SECONDS_A_TEST = 60


def verdicts(folder, files, binary):
    """What pytest says of each test; `binary` is None for stock."""
    environment = {
        **os.environ,
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
            "-c", str(settings), "--rootdir", str(folder), *plugin, "--timeout", str(SECONDS_A_TEST), "--junit-xml", str(report), *files,
        ]  # fmt: skip
        subprocess.run(command, cwd=folder, env=environment, check=False, stdout=subprocess.DEVNULL)
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


def main():
    parser = argparse.ArgumentParser(description="MLflow's own REST tests, on stock and on ours")
    parser.add_argument("--tests", required=True)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--select", action="append", default=[])
    parser.add_argument("--only", choices=("ours", "stock"))
    parser.add_argument("--out")
    arguments = parser.parse_args()
    files = arguments.select or list(FILES)
    none = {}
    stock = none if arguments.only == "ours" else verdicts(arguments.tests, files, None)
    ours = none if arguments.only == "stock" else verdicts(arguments.tests, files, arguments.binary)
    lines = ["| test | stock | ours | why |", "|---|---|---|---|"]
    counts = collections.Counter()
    for name in dict.fromkeys([*stock, *ours]):
        left, right = stock.get(name, ("not run", "")), ours.get(name, ("not run", ""))
        counts[left[0], right[0]] += 1
        if left[0] == "skipped" and right[0] == "skipped":
            continue
        why = right[1].replace("|", "\\|") if left[0] == "passed" else ""
        lines.append(f"| {name} | {left[0]} | {right[0]} | {why} |")
    summary = [f"- {left} on stock, {right} on ours: {count}" for (left, right), count in sorted(counts.items())]
    text = "\n".join([*summary, "", *lines, ""])
    if arguments.out:
        pathlib.Path(arguments.out).write_text(text)
    print("\n".join(summary))
    return counts["passed", "failed"] == 0


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
