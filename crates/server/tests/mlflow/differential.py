"""Sends the calls of `calls.py` to our server and to a stock one, and compares statuses and bodies.

    python differential.py --binary PATH [--json FILE] [--only WORD] [--uri-ours URL] [--uri-stock URL]

What must differ is masked: ids and times of this run, and the folder names of the servers. What differs otherwise is
either wrong or stands in `DEVIATIONS` with its reason, which `docs/mlflow.md` repeats. A deviation that no longer
deviates fails too, so that the list stays true.
"""

import argparse
import contextlib
import json
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from calls import CAPTURES, all_calls
from deviations import DEVIATIONS, IGNORED_FIELDS
from servers import Server

VOLATILE = re.compile(r"(time|timestamp|_ms)$")


class Side:
    """One server, and what its answers named so far."""

    def __init__(self, uri):
        self.uri = uri
        self.names = {}

    def fill(self, value):
        if isinstance(value, dict):
            return {key: self.fill(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if not isinstance(value, str):
            return value
        for name, known in self.names.items():
            value = value.replace("{" + name + "}", known)
        return re.sub(r"\{quoted:(.*)\}", lambda match: urllib.parse.quote(match[1]), value)

    def ask(self, title, method, path, body):
        path, body = self.fill(path), self.fill(body)
        data = None if body is None else body.encode() if method == "RAW" else json.dumps(body).encode()
        request = urllib.request.Request(self.uri + path.replace(" ", "%20"), data, method="POST" if method == "RAW" else method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, text = answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode(errors="replace")
        try:
            answer = json.loads(text)
        except ValueError:
            answer = "text" if status < 400 else "an error that is no JSON"
        if title in CAPTURES:
            name, keys = CAPTURES[title]
            found = answer
            for key in keys:
                found = found[key]
            self.names[name] = found
        return status, self.mask(answer)

    def mask(self, value, key=""):
        if isinstance(value, dict):
            kept = {name: self.mask(each, name) for name, each in value.items() if name not in IGNORED_FIELDS}
            return dict(sorted(kept.items()))
        if isinstance(value, list):
            masked = [self.mask(each, key) for each in value]
            # Params, tags and metrics of a run have no order on the wire.
            is_pairs = all(isinstance(each, dict) and "key" in each for each in masked)
            return sorted(masked, key=json.dumps) if is_pairs and key in ("params", "tags", "metrics", "aliases") else masked
        if isinstance(value, int) and VOLATILE.search(key) and value > 1_600_000_000_000:
            return "<time>"
        if isinstance(value, str):
            for name, known in sorted(self.names.items(), key=lambda pair: -len(pair[1])):
                if len(known) > 8:
                    value = value.replace(known, f"<{name}>")
            value = re.sub(r"\b[0-9a-f]{32}\b", "<id>", value)
            # A set is printed in any order.
            value = re.sub(r"[\[{(]'[^\]})]*'[\]})]", lambda match: "<" + " ".join(sorted(re.findall(r"'([^']*)'", match[0]))) + ">", value)
            if key == "next_page_token":
                return "<token>"
        return value


def compare(ours, stock, only):
    """One row for each call: title, verdict, both answers."""
    for title, method, path, body in all_calls():
        # Every call is sent, because later ones build on it; `only` chooses what is shown.
        answers = [side.ask(title, method, path, body) for side in (stock, ours)]
        is_equal = answers[0] == answers[1]
        reason = DEVIATIONS.get(title)
        verdict = "equal" if is_equal else "differs"
        if reason is not None:
            verdict = "FAILED, it no longer deviates" if is_equal else "deviates"
        elif not is_equal:
            verdict = "FAILED"
        if not only or any(word in title for word in only):
            yield {"title": title, "method": method, "path": path, "body": body, "verdict": verdict,
                   "reason": reason, "stock": answers[0], "ours": answers[1]}  # fmt: skip


def show(row):
    print(f"test {row['title'][:100]} ... {row['verdict']}", flush=True)
    if row["verdict"].startswith("FAILED"):
        for side in ("stock", "ours"):
            print(f"    {side:5} {row[side][0]} {json.dumps(row[side][1])[:1200]}")


def main():
    parser = argparse.ArgumentParser(description="the same calls to ours and to a stock server")
    parser.add_argument("--binary")
    parser.add_argument("--json")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--uri-ours")
    parser.add_argument("--uri-stock")
    arguments = parser.parse_args()
    if not (arguments.binary or arguments.uri_ours):
        parser.error("--binary PATH is needed: the mltrack program that is to be proved")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mltrack-differential-"))
    rows = []
    try:
        with contextlib.ExitStack() as stack:
            start = lambda kind, uri: uri or stack.enter_context(Server(kind, folder / kind, arguments.binary)).uri
            stock, ours = start("stock", arguments.uri_stock), start("ours", arguments.uri_ours)
            for row in compare(Side(ours), Side(stock), arguments.only):
                show(row)
                rows.append(row)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(rows, indent=1))
    failed = sum(row["verdict"].startswith("FAILED") for row in rows)
    deviates = sum(row["verdict"] == "deviates" for row in rows)
    word = "FAILED" if failed else "ok"
    print(f"\ntest result: {word}. {len(rows) - failed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out")
    print(f"{deviates} of them deviate for a reason that is written down")
    return failed == 0


if __name__ == "__main__":
    # Being asked to end is an ordinary end: the servers go first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(0 if main() else 1)
