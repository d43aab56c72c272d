"""Sends generated calls to every path of `/api/v1` that the served document describes, and judges each answer by it.

    python run.py --binary PATH [--examples N] [--seed N] [--only WORD] [--verbose]

An answer must not be a server error, and its status, content type and body must be as described; a call that breaks
the description must be refused. The same seed sends the same calls. The last line counts one test for each path and
method, as the test runners do.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "mlflow"))

from servers import Server  # noqa: E402

import known  # noqa: E402

SEED = 20261121
EXAMPLES = 60

# Paths that are left out, and why.
EXCLUDED = {
    "/events": "its answer has no end: it is a stream that stays open, which tests/server/live.rs reads",
}


def command(uri, arguments):
    program = pathlib.Path(sys.executable).with_name("st")
    line = [
        program, "--config-file", FOLDER / "schemathesis.toml", "run", f"{uri}/openapi.json",
        "--phases", "examples,coverage,fuzzing",
        "--max-examples", arguments.examples,
        "--seed", arguments.seed,
        "--request-timeout", 20,
        "--continue-on-failure",
        "--suppress-health-check", "all",
    ]  # fmt: skip
    for path in EXCLUDED:
        line += ["--exclude-path", path]
    for word in arguments.only:
        line += ["--include-path-regex", word]
    return [str(word) for word in line]


def operations(uri):
    """How many calls the document describes that are not left out."""
    document = known.call(uri, "GET", "/openapi.json")
    return sum(len(methods) for path, methods in document["paths"].items() if path not in EXCLUDED)


def main():
    parser = argparse.ArgumentParser(description="generated calls to every path of /api/v1")
    parser.add_argument("--binary", required=True, help="the mltrack program that is to be proved")
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="generated calls for each path and method")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", action="append", default=[], help="only paths that match")
    parser.add_argument("--report", help="a file for every call and answer")
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mltrack-schemathesis-"))
    try:
        with Server("ours", folder, arguments.binary) as server:
            uri = f"{server.uri}/api/v1"
            known.fill(uri)
            line = command(uri, arguments)
            if arguments.report:
                line += ["--report-ndjson-path", arguments.report]
            names = {"MLTRACK_KNOWN": json.dumps(known.KNOWN), "MLTRACK_SPARE": json.dumps(known.SPARE)}
            environment = {**os.environ, **names, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(FOLDER)}
            status = subprocess.run(line, cwd=folder, env=environment, stdin=subprocess.DEVNULL).returncode
            is_alive = server.process.poll() is None
            count = operations(uri) if is_alive else 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    is_good = status == 0 and is_alive
    passed, failed, word = (count, 0, "ok") if is_good else (0, 1, "FAILED")
    for path, why in EXCLUDED.items():
        print(f"left out: {path}: {why}")
    print(f"\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out")
    return is_good


if __name__ == "__main__":
    # Being asked to end is an ordinary end: the server goes first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(0 if main() else 1)
