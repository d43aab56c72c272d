"""Brings in what other trackers' own programs wrote, and compares it with what their own readers read; and the other way
round, what `mltrack export` wrote with what other programs read.

    python run.py --binary PATH [--only WORD]

One module for each peer, each with functions `test_..`. The last line counts tests as the test runners do.
"""

import argparse
import os
import pathlib
import sys
import tempfile
import traceback

import csv_files
import exported_files
import mlflow_files
import mlflow_going_on
import tensorboard_files
import tensorboard_going_on
import wandb_files

MODULES = [tensorboard_files, tensorboard_going_on, wandb_files, csv_files, mlflow_files, mlflow_going_on]


def tests():
    for module in [*MODULES, exported_files]:
        for name, function in vars(module).items():
            if name.startswith("test_") and function.__module__ == module.__name__:
                yield f"{module.__name__}.{name}", function


def main():
    parser = argparse.ArgumentParser(description="what the peers' own programs wrote")
    parser.add_argument("--binary", required=True, help="the mltrack program that is to be proved")
    parser.add_argument("--only", default="", help="only tests with this in their names")
    arguments = parser.parse_args()
    binary = str(pathlib.Path(arguments.binary).resolve())
    passed = failed = 0
    for name, function in tests():
        if arguments.only not in name:
            continue
        with tempfile.TemporaryDirectory(prefix="mltrack-import-") as folder:
            # What a peer leaves where it was started is left there.
            os.chdir(folder)
            try:
                function(binary, pathlib.Path(folder))
                passed += 1
                print(f"ok {name}", flush=True)
            except Exception:
                failed += 1
                traceback.print_exc()
                print(f"FAILED {name}", flush=True)
            os.chdir("/")
    word = "FAILED" if failed else "ok"
    print(f"\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out")
    return failed == 0 and passed > 0


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
