"""Leads most calls to what is there: a generated name alone would be answered 404 and prove little. And what the tool
has to know about types of bodies that are ours.

Invariants: a call that is to be refused is left as it was generated; the same call gets the same names in every run.
"""

import collections.abc
import json
import os
import struct
import zlib

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode

KNOWN = json.loads(os.environ["MLTRACK_KNOWN"])
SPARE = json.loads(os.environ["MLTRACK_SPARE"])
# Fields of queries and bodies that name something, and what.
FIELDS = {"runs": "run", "before": "run", "after": "run", "parent": "run", "metrics": "metric", "since": "at", "from": "node", "to": "node"}
# What nobody can guess: most calls leave it out.
LEFT_OUT = ["cursor", "If-Match"]


@schemathesis.hook
def before_call(context, case, **kwargs):
    number = zlib.crc32(repr((case.method, case.path, case.path_parameters, case.query, case.body)).encode())
    if number % 4 == 0:
        return
    may_vanish = case.method == "DELETE" or case.path.endswith("/restore")
    names = {**KNOWN, **SPARE} if may_vanish else KNOWN
    if is_valid(case, ParameterLocation.PATH):
        lead(case.path_parameters, names, number)
    if is_valid(case, ParameterLocation.QUERY):
        lead(case.query, names, number)
    if is_valid(case, ParameterLocation.BODY):
        lead(case.body, names, number)
    if is_valid(case, ParameterLocation.HEADER):
        lead(case.headers, names, number)


def is_valid(case, location):
    """Whether this part of the call is as described; what is not is to be refused for what it is."""
    info = case.meta.components.get(location) if case.meta else None
    return info is None or info.mode == GenerationMode.POSITIVE


def lead(values, names, number):
    """Puts names of what is there in the place of texts that are to be names."""
    if not isinstance(values, collections.abc.MutableMapping):
        return
    for field in LEFT_OUT:
        values.pop(field, None)
    for field, value in values.items():
        known = names.get(FIELDS.get(field, field))
        if not known:
            continue
        name = known[number // 4 % len(known)]
        if isinstance(value, str):
            values[field] = name
        elif isinstance(value, list):
            values[field] = [name if isinstance(each, str) else each for each in value]


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """What was generated is a line that is refused; one of each kind that is taken stands beside it."""
    run = KNOWN["run"][0]
    point = {"run": run, "metric": "loss", "value": 0.25, "step": 60}
    batch = {"run": run, "points": [{"metric": "loss", "value": "NaN"}], "params": {}, "tags": {"a": "b"}}
    generated = value if isinstance(value, bytes) else json.dumps(value).encode()
    return {"data": b"\n".join([json.dumps(point).encode(), generated, json.dumps(batch).encode()])}


@schemathesis.deserializer("application/x-ndjson")
def read_lines(context, response):
    """Every line must be JSON."""
    for line in response.content.splitlines():
        json.loads(line)
    return response.content.decode()


@schemathesis.deserializer("application/vnd.mltrack.columns")
def read_columns(context, response):
    """Every byte must be where docs/api.md says."""
    content = response.content
    magic, count, zero = struct.unpack_from("<8sII", content)
    assert magic == b"MLTCOL\0\x01" and zero == 0, content[:16]
    at = 16
    for _ in range(count):
        head_len, row_count = struct.unpack_from("<II", content, at)
        head = json.loads(content[at + 8 : at + 8 + head_len])
        assert head_len % 8 == 0 and head["kind"] in ("points", "buckets"), head
        at += 8 + head_len + 8 * row_count * len(head["columns"])
    assert at == len(content), (at, len(content))
    return "columns"


@schemathesis.deserializer("*/*")
def read_any(context, response):
    """The bytes of an artifact are whatever they are."""
    return response.content.decode("latin-1")
