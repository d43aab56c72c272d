"""Drives MLflow's own client against a server: every `test_*` function of the `test_*.py` files beside this one.

    python run.py --server ours --binary PATH     our server
    python run.py --server stock                  `mlflow server` of this environment, the oracle
    python run.py --server embedded --binary PATH --module PATH     no server: `mltrack:` in this process
    python run.py --compare --binary PATH         both, and a table: test, stock, ours
    options: --only WORD (several), --json FILE, --long, --torch, --list, --verbose

Prints one line for each test and a closing line as Rust's test runner does. A test asks for what is not run by
default with the decorator-like attributes `long = True` (takes minutes), `ours_only = True` (stock has no such thing),
`needs_server = True` (it is about sockets), `embedded_only = True` (it is about having none) and `needs_torch = True`;
`--torch` runs those that need it and no others.
"""

import argparse
import contextlib
import importlib
import io
import json
import logging
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings

HERE = pathlib.Path(__file__).resolve().parent
# Of the Python package.
PROJECT = HERE.parents[2] / "python"
# Before MLflow is imported: no telemetry, no waiting for retries, no progress bars, no local store by accident.
os.environ.update(
    MLFLOW_DISABLE_TELEMETRY="true",
    DO_NOT_TRACK="true",
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="2",
    MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR="0",
    MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING="false",
    GIT_PYTHON_REFRESH="quiet",
    MPLBACKEND="Agg",
)
for variable in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"):
    os.environ.pop(variable, None)


def collect(arguments):
    tests = []
    for file in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(file.stem)
        for name, value in vars(module).items():
            if name.startswith("test_") and callable(value) and value.__module__ == file.stem:
                full = f"{file.stem[5:]}::{name[5:]}"
                wanted = not arguments.only or any(word in full for word in arguments.only)
                wanted = wanted and getattr(value, "needs_torch", False) == arguments.torch
                unfit = "needs_server" if arguments.server == "embedded" else "embedded_only"
                wanted = wanted and not getattr(value, unfit, False)
                if wanted and (arguments.long or not getattr(value, "long", False)):
                    tests.append((full, value))
    return tests


def clean_client(uri):
    """Gives the next test a client without the last one's runs, settings and hooks."""
    import mlflow

    while mlflow.active_run():
        mlflow.end_run()
    mlflow.autolog(disable=True, silent=True)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    mlflow.set_experiment(experiment_id="0")


def run_one(test, server, folder, verbose):
    from world import World

    own = folder / "work"
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    output = io.StringIO()
    try:
        with contextlib.ExitStack() as stack:
            if not verbose:
                stack.enter_context(contextlib.redirect_stdout(output))
                stack.enter_context(contextlib.redirect_stderr(output))
            clean_client(server.uri)
            test(World(server, own))
    except Exception as error:
        return "FAILED", where(error) + output.getvalue()[-500:], first_line(error)
    return "ok", "", ""


def where(error):
    """The failure and the lines of these tests that led to it; what lies inside the client is left out."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(HERE))]
    lines = [f"    {pathlib.Path(frame.filename).name}:{frame.lineno}: {frame.line}" for frame in frames[1:]]
    return "\n".join([f"    {type(error).__name__}: {str(error)[:1500]}", *lines, ""])


def first_line(error):
    return (f"{type(error).__name__}: {error}".splitlines() or [""])[0][:240]


def server_of(arguments, folder):
    from embedded import Embedded
    from servers import Server

    if arguments.server == "embedded":
        return Embedded(folder / "server", arguments.binary)
    return Server(arguments.server, folder / "server", arguments.binary)


def run_all(arguments):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mltrack-mlflow-"))
    try:
        if arguments.server == "embedded":
            import embedded

            embedded.install(PROJECT, arguments.module, folder / "package")
        tests = collect(arguments)
        if arguments.list:
            print("\n".join(name for name, _ in tests))
            return {}
        assert tests, "no test has such a name"
        os.chdir(folder)
        return run_tests(arguments, tests, folder)
    finally:
        os.chdir(HERE)
        shutil.rmtree(folder, ignore_errors=True)


def run_tests(arguments, tests, folder):
    results = {}
    with server_of(arguments, folder) as server:
        for name, test in tests:
            if getattr(test, "ours_only", False) and arguments.server == "stock":
                results[name] = {"verdict": "ours only", "why": ""}
                continue
            start = time.monotonic()
            verdict, text, why = run_one(test, server, folder, arguments.verbose)
            took = time.monotonic() - start
            results[name] = {"verdict": verdict, "why": why}
            print(f"test {name} ... {verdict} ({took:.1f} s)", flush=True)
            if text:
                print(text, flush=True)
        if any(result["verdict"] == "FAILED" for result in results.values()):
            print(f"the end of the server's log:\n{server.log_end()}")
    return results


def report(results):
    """The closing line, and whether nothing failed."""
    failed = sum(result["verdict"] == "FAILED" for result in results.values())
    passed = sum(result["verdict"] == "ok" for result in results.values())
    word = "FAILED" if failed else "ok"
    skipped = len(results) - failed - passed
    print(f"\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {skipped} filtered out")
    return failed == 0


def compare(arguments):
    """Each server in a process of its own, then one table."""
    tables = {}
    for kind in ("stock", "ours"):
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            command = [sys.executable, __file__, "--server", kind, "--json", file.name]
            command += ["--binary", arguments.binary] + ["--long"] * arguments.long + ["--torch"] * arguments.torch
            for word in arguments.only:
                command += ["--only", word]
            subprocess.run(command, check=False)
            tables[kind] = json.loads(pathlib.Path(file.name).read_text() or "{}")
    print(f"\n| test | stock | ours |\n|---|---|---|")
    names = list(dict.fromkeys([*tables["ours"], *tables["stock"]]))
    is_good = True
    for name in names:
        stock, ours = (tables[kind].get(name, {"verdict": "not run", "why": ""}) for kind in ("stock", "ours"))
        is_good &= ours["verdict"] == "ok"
        cells = [f"{side['verdict']} {side['why']}".strip().replace("|", "\\|") for side in (stock, ours)]
        print(f"| {name} | {cells[0]} | {cells[1]} |")
    return is_good


def read_arguments():
    parser = argparse.ArgumentParser(description="MLflow's client against a server")
    parser.add_argument("--server", choices=("ours", "stock", "embedded"), default="ours")
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--binary")
    parser.add_argument("--module", type=pathlib.Path)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--json")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--torch", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    if (arguments.compare or arguments.server != "stock") and not arguments.list and not arguments.binary:
        parser.error("--binary PATH is needed: the mltrack program that is to be proved")
    if arguments.server == "embedded" and not arguments.module:
        parser.error("--module PATH is needed: the native module of the Python package")
    return arguments


def main():
    arguments = read_arguments()
    sys.path.insert(0, str(HERE))
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    if arguments.compare:
        return compare(arguments)
    results = run_all(arguments)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(results))
    return bool(arguments.list) or report(results)


if __name__ == "__main__":
    # Being asked to end is an ordinary end: the servers go first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(0 if main() else 1)
