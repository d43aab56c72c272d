"""The things that a fuzzed server knows, so that generated calls also reach what is there.

`fill` makes them through the interface itself; `KNOWN` says under which names of path parameters they are found.
"""

import json
import urllib.request

# Nothing that is deleted in passing: other calls are to find them until the end.
KNOWN = {
    "experiment": ["resnet", "1"],
    "run": ["trained", "@last"],
    "metric": ["loss", "val/acc"],
    "dataset": ["digits"],
    "model": ["digits"],
    "version": ["1", "v2", "latest"],
    "alias": ["champion"],
    "words": ["loss", "resnet vision"],
    "at": ["end", "40", "-1h", "2026-11-21T03:42:20+01:00"],
    "filter": ["metrics.loss < 0.5", "params.lr = 0.1 and tags.best = 'no'"],
}
# What may be deleted, and comes back by the restoring calls.
SPARE = {"experiment": ["spare"], "run": ["spare-run"], "dataset": ["spare"], "model": ["spare"], "alias": ["old"]}


def call(uri, method, path, body=None, kind="application/json"):
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(uri + path, data, method=method)
    if data is not None:
        request.add_header("Content-Type", kind)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def fill(uri):
    """Makes everything; `uri` ends with `/api/v1`."""
    goal = {"metric": "val/acc", "direction": "max"}
    call(uri, "POST", "/experiments", {"name": "resnet", "goal": goal, "tags": {"team": "vision"}})
    call(uri, "POST", "/experiments", {"name": "spare"})
    for name in ("spare-run", "earlier", "trained"):
        call(uri, "POST", "/runs", {"experiment": "resnet", "name": name, "params": {"lr": 0.1, "opt": "adam"}})
        points = [
            {"metric": metric, "value": value / (step + 1), "step": step}
            for step in range(50)
            for metric, value in (("loss", 1.0), ("val/acc", 0.5))
        ]
        points.append({"metric": "loss", "value": "NaN", "step": 50})
        call(uri, "POST", f"/runs/{name}/log", {"points": points, "tags": {"best": "no"}})
        call(uri, "PATCH", f"/runs/{name}", {"note": "It *converges*."})
    call(uri, "POST", "/runs/earlier/end", {"state": "failed"})
    artifact = call(uri, "PUT", "/runs/trained/artifacts?path=plots/roc.txt", b"0 0\n1 1\n", "application/octet-stream")
    for kind in ("datasets", "models"):
        for name in ("digits", "spare"):
            call(uri, "POST", f"/{kind}", {"name": name, "tags": {"a": "b"}})
    for text in ("x\n1\n", "x\n1\n2\n"):
        call(uri, "POST", "/datasets/digits/versions", {"files": {"rows.csv": text}, "run": "trained"})
        call(uri, "POST", "/models/digits/versions", {"source": "s3://models/7", "run": "trained"})
    for alias in ("champion", "old"):
        call(uri, "PUT", f"/models/digits/aliases/{alias}", {"version": 1})
    call(uri, "POST", "/runs/trained/inputs", {"dataset": "digits@v1"})
    view = call(uri, "POST", "/views", {"name": "best", "content": {"filter": "acc > 0.9"}})
    KNOWN["view"] = [view["id"]]
    KNOWN["artifact"] = [artifact["id"]]
    KNOWN["node"] = ["run:trained", "exp:resnet", "dataset:digits@v1", "model:digits@champion"]
