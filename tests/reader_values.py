"""What a payload means: the tables of `docs/format.md`, second half, and blake3, for `reader.py`.

Invariants: a payload of a known type and version is decoded whole or raises Bad; nothing is read from anywhere but
the bytes given. Keys are named as the page names the fields; NaN and the infinities are texts.
"""

import datetime
import json
import math
import struct


class Bad(Exception):
    """Bytes that do not follow the format; the caller decides whether that is damage."""


# --- blake3: the hash of at most 2^54 bytes, without key -------------------------------------------------------------

BLAKE3_IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
BLAKE3_ORDER = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
BLAKE3_LANES = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8


def blake3_compress(chain, words, counter, length, flags):
    v = [*chain, *BLAKE3_IV[:4], counter & 0xFFFFFFFF, counter >> 32, length, flags]
    for round_number in range(7):
        for lane, (a, b, c, d) in enumerate(BLAKE3_LANES):
            for word, d_turn, b_turn in ((words[2 * lane], 16, 12), (words[2 * lane + 1], 8, 7)):
                v[a] = (v[a] + v[b] + word) & 0xFFFFFFFF
                x = v[d] ^ v[a]
                v[d] = (x >> d_turn | x << (32 - d_turn)) & 0xFFFFFFFF
                v[c] = (v[c] + v[d]) & 0xFFFFFFFF
                x = v[b] ^ v[c]
                v[b] = (x >> b_turn | x << (32 - b_turn)) & 0xFFFFFFFF
        words = [words[i] for i in BLAKE3_ORDER]
    return [v[i] ^ v[i + 8] for i in range(8)]


def blake3_node(data, counter, is_root):
    """The chaining value of the tree over `data`, whose first chunk is number `counter`."""
    root = ROOT if is_root else 0
    if len(data) <= 1024:
        chain, blocks = BLAKE3_IV, [data[i : i + 64] for i in range(0, len(data), 64)] or [b""]
        for number, block in enumerate(blocks):
            last = number + 1 == len(blocks)
            flags = (CHUNK_START if number == 0 else 0) | (CHUNK_END | root if last else 0)
            words = struct.unpack("<16I", block.ljust(64, b"\0"))
            chain = blake3_compress(chain, words, counter, len(block), flags)
        return chain
    left = 1024 << ((len(data) - 1) // 1024).bit_length() - 1
    pair = blake3_node(data[:left], counter, False) + blake3_node(data[left:], counter + left // 1024, False)
    return blake3_compress(BLAKE3_IV, pair, 0, 64, PARENT | root)


def blake3(data):
    return struct.pack("<8I", *blake3_node(data, 0, True))


# --- payloads ---------------------------------------------------------------------------------------------------------


class Fields:
    """Takes values off the front of a payload."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        if length > len(self.data) - self.at:
            raise Bad("the payload ends early")
        self.at += length
        return self.data[self.at - length : self.at]

    def u8(self):
        return self.take(1)[0]

    def unsigned(self, bits):
        first = self.u8()
        if first > 253:
            raise Bad(f"{first} starts no number")
        value = first if first < 251 else int.from_bytes(self.take(1 << (first - 250)), "little")
        if value >> bits:
            raise Bad(f"{value} does not fit in u{bits}")
        return value

    def choice(self, names):
        number = self.unsigned(32)
        if number >= len(names):
            raise Bad(f"variant {number} of {len(names)}")
        return names[number]


def u32(fields):
    return fields.unsigned(32)


def u64(fields):
    return fields.unsigned(64)


def i64(fields):
    value = fields.unsigned(64)
    return value >> 1 ^ -(value & 1)


def f64(fields):
    value = struct.unpack("<d", fields.take(8))[0]
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def flag(fields):
    byte = fields.u8()
    if byte > 1:
        raise Bad(f"{byte} is no bool")
    return byte == 1


def text(fields):
    try:
        return fields.take(u64(fields)).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Bad(f"text is not UTF-8: {error}") from error


def no_json(word):
    raise Bad(f"{word} is no JSON")


def json_value(fields):
    try:
        value = json.loads(text(fields), parse_constant=no_json)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        return value
    except (ValueError, RecursionError) as error:
        raise Bad(f"no JSON: {error}") from error


def key(fields):
    return fields.take(8).hex()


def run_id(fields):
    return fields.take(16).hex()


def metric_id(fields):
    return "metric-" + key(fields)


def columns_id(fields):
    return "columns-" + key(fields)


def hex_of(prefix, length):
    return lambda fields: prefix + fields.take(length).hex()


def json_or_text(fields):
    start = fields.at
    try:
        return json_value(fields)
    except Bad:
        fields.at = start
        return text(fields)


def node(fields):
    kind = fields.choice(NODES)
    return kind[0] + "".join(f"{part(fields)}{end}" for part, end in kind[1:])


def time_text(fields):
    return rfc3339(i64(fields))


def both(*parts):
    return lambda fields: [part(fields) for part in parts]


def open_word(*names):
    def take(fields):
        word = fields.choice((*names, None))
        return text(fields) if word is None else word

    return take


def many(element):
    return lambda fields: [element(fields) for _ in range(u64(fields))]


def maybe(element):
    return lambda fields: element(fields) if flag(fields) else None


def pairs(value):
    return lambda fields: {text(fields): value(fields) for _ in range(u64(fields))}


def one_of(*names):
    return lambda fields: fields.choice(names)


def struct_of(**layout):
    return lambda fields: {name: take(fields) for name, take in layout.items()}


def quantile(fields):
    return [f64(fields), f64(fields)]


def goal_edit(fields):
    return "clear" if fields.choice(("clear", "set")) == "clear" else {"set": GOAL(fields)}


def param(fields):
    return fields.choice((flag, i64, f64, text, json_value))(fields)


GOAL = struct_of(metric=text, direction=one_of("min", "max"))
STATE = one_of("draft", "active", "paused", "completed", "archived", "failed")
END_STATE = one_of("completed", "failed", "cancelled", "timed_out")
LINE = struct_of(level=one_of("trace", "debug", "info", "warn", "error"), source=text, text=text, time=maybe(time_text))
RUN_ERROR = struct_of(kind=text, message=text, trace=maybe(text), cause=maybe(text), recoverable=flag)
WHO = {"actor": text, "command": text}
OF_RUN = {"run": key}
OF_EXPERIMENT = {"experiment": u64}
STARTED = struct_of(**OF_RUN, attached=flag, host=text, pid=u32, **WHO)
ONLY_RUN = struct_of(**OF_RUN, **WHO)
TAGS = pairs(text)
BLOB = hex_of("", 32)
ARTIFACT = hex_of("artifact-", 16)
DATASET = hex_of("dataset-", 16)
MODEL = hex_of("model-", 16)
NODES = (
    ("exp:", (u64, "")), ("run:", (key, "")), ("dataset:", (DATASET, "")), ("dataset:", (DATASET, "@v"), (u64, "")),
    ("model:", (MODEL, "")), ("model:", (MODEL, "@v"), (u64, "")), ("artifact:", (ARTIFACT, "")),
    ("metric:", (key, "/"), (text, "")), ("transformation:", (text, "")), ("external:", (text, "")))
EDGE = one_of("contains", "uses_dataset", "uses_model", "uses_artifact", "produces", "derived_from", "evaluates",
              "transforms", "reproduces")
LINK = struct_of(**{"from": node}, to=node, kind=EDGE, **WHO)
TAGGING = {"set": TAGS, "remove": many(text)}


def named(kind, of):
    """Creation and edit of what has a name, and what has nothing but itself and its number."""
    created = struct_of(**of, name=text, description=text, tags=TAGS, **WHO)
    edited = struct_of(**of, name=maybe(text), description=maybe(text), **TAGGING, **WHO)
    bare, numbered = struct_of(**of, **WHO), struct_of(**of, number=u64, **WHO)
    names = ("created", "edited", "deleted", "restored", "version_removed", "version_restored")
    fields = (created, edited, bare, bare, numbered, numbered)
    return dict(zip((f"{kind}_{name}" for name in names), fields))


OF_DATASET = {"dataset": DATASET}
OF_MODEL = {"model": MODEL}
DATASETS = named("dataset", OF_DATASET)
MODELS = named("model", OF_MODEL)

EVENTS = {
    0x0001: ("metrics_logged", struct_of(**OF_RUN, columns=columns_id, step=i64, values=many(f64))),
    0x0002: ("metric_batch_logged", struct_of(
        **OF_RUN, columns=columns_id, steps=many(i64), times=many(i64), values=many(f64))),
    0x0003: ("log_line", struct_of(**OF_RUN, lines=many(LINE))),
    0x0004: ("metric_defined", struct_of(id=metric_id, name=text, context=TAGS)),
    0x0005: ("metric_set_defined", struct_of(id=columns_id, members=many(metric_id))),
    0x0006: ("histogram_logged", struct_of(
        **OF_RUN, metric=metric_id, step=i64, edges=many(f64), counts=many(u64), count=u64, not_finite=u64,
        sum=f64, sum_of_squares=f64, min=f64, max=f64, quantiles=many(quantile))),
    0x0007: ("json_logged", struct_of(**OF_RUN, name=text, step=i64, json=json_value)),
    0x0020: ("experiment_created", struct_of(
        **OF_EXPERIMENT, name=text, description=text, hypothesis=text, owner=text, collaborators=many(text),
        tags=TAGS, goal=maybe(GOAL), **WHO)),
    0x0021: ("experiment_edited", struct_of(
        **OF_EXPERIMENT, name=maybe(text), description=maybe(text), hypothesis=maybe(text), owner=maybe(text),
        collaborators=maybe(many(text)), goal=maybe(goal_edit), metadata=maybe(json_value), **WHO)),
    0x0022: ("experiment_state_moved", struct_of(**OF_EXPERIMENT, **{"from": STATE}, to=STATE, **WHO)),
    0x0023: ("experiment_archived", struct_of(**OF_EXPERIMENT, **{"from": STATE}, **WHO)),
    0x0024: ("experiment_restored", struct_of(**OF_EXPERIMENT, **{"from": one_of("archive", "deletion")}, **WHO)),
    0x0025: ("experiment_deleted", struct_of(**OF_EXPERIMENT, **WHO)),
    0x0026: ("experiment_tagged", struct_of(**OF_EXPERIMENT, set=TAGS, remove=many(text), **WHO)),
    0x0040: ("run_created", struct_of(
        run=run_id, experiment=u64, number=u64, name=text, parent=maybe(key), seed=maybe(u64), detached=flag,
        timeout_s=maybe(u64), host=text, pid=u32, params=pairs(param), tags=TAGS, **WHO)),
    0x0041: ("run_started", STARTED),
    0x0042: ("run_resumed", STARTED),
    0x0043: ("run_ended", struct_of(**OF_RUN, state=END_STATE, error=maybe(RUN_ERROR), **WHO)),
    0x0044: ("run_lost", ONLY_RUN),
    0x0045: ("run_deleted", ONLY_RUN),
    0x0046: ("run_restored", ONLY_RUN),
    0x0047: ("run_attached", struct_of(**OF_RUN, host=text, pid=u32, **WHO)),
    0x0048: ("params_logged", struct_of(**OF_RUN, params=pairs(param), **WHO)),
    0x0049: ("tags_set", struct_of(**OF_RUN, tags=TAGS, **WHO)),
    0x004A: ("tag_removed", struct_of(**OF_RUN, key=text, **WHO)),
    0x004B: ("note_added", struct_of(**OF_RUN, text=text, **WHO)),
    0x004C: ("run_queued", ONLY_RUN),
    0x004D: ("params_removed", struct_of(**OF_RUN, names=many(text), **WHO)),
    0x004E: ("note_removed", struct_of(**OF_RUN, note=u64, **WHO)),
    0x004F: ("run_renamed", struct_of(**OF_RUN, name=text, **WHO)),
    0x0050: ("environment_captured", struct_of(
        **OF_RUN, reproducible=one_of("full", "partial", "no"), summary=TAGS, documents=pairs(ARTIFACT),
        left_out=many(text), **WHO)),
    0x0060: ("artifact_logged", struct_of(
        artifact=ARTIFACT, **OF_RUN, path=text, kind=open_word(
            "model", "checkpoint", "dataset", "visualization", "log", "config", "report"),
        media_type=text, len=u64, blob=BLOB, root=one_of("artifacts", "data"), step=maybe(i64),
        metadata=json_or_text, **WHO)),
    0x0061: ("artifacts_removed", struct_of(**OF_RUN, artifacts=many(ARTIFACT), why=text, **WHO)),
    0x0062: ("artifacts_restored", struct_of(**OF_RUN, artifacts=many(ARTIFACT), **WHO)),
    0x0063: ("artifact_used", struct_of(**OF_RUN, artifact=ARTIFACT, **WHO)),
    0x0064: ("artifacts_purged", struct_of(artifacts=many(ARTIFACT), **WHO)),
    0x0080: ("dataset_created", DATASETS["dataset_created"]),
    0x0081: ("dataset_edited", DATASETS["dataset_edited"]),
    0x0082: ("dataset_deleted", DATASETS["dataset_deleted"]),
    0x0083: ("dataset_restored", DATASETS["dataset_restored"]),
    0x0084: ("dataset_version_added", struct_of(
        **OF_DATASET, number=u64, version=maybe(text), digest=text, source=text, content=maybe(BLOB),
        len=maybe(u64), rows=maybe(u64), schema=json_or_text, profile=json_or_text,
        parents=many(both(DATASET, u64)), transformation=maybe(text), run=maybe(key), sampling=json_or_text,
        tags=TAGS, **WHO)),
    0x0085: ("dataset_version_edited", struct_of(
        **OF_DATASET, number=u64, version=maybe(text), **TAGGING, **WHO)),
    0x0086: ("dataset_version_removed", DATASETS["dataset_version_removed"]),
    0x0087: ("dataset_version_restored", DATASETS["dataset_version_restored"]),
    0x0088: ("dataset_used", struct_of(
        **OF_RUN, **OF_DATASET, number=u64, name=text, digest=text, selector=text,
        split=open_word("train", "validation", "test"), sampling=json_or_text, **WHO)),
    0x0089: ("dataset_bytes_purged", struct_of(**OF_DATASET, numbers=many(u64), **WHO)),
    0x00A0: ("model_created", MODELS["model_created"]),
    0x00A1: ("model_edited", MODELS["model_edited"]),
    0x00A2: ("model_deleted", MODELS["model_deleted"]),
    0x00A3: ("model_restored", MODELS["model_restored"]),
    0x00A4: ("model_version_added", struct_of(
        **OF_MODEL, number=u64, version=maybe(text), run=maybe(key), artifacts=many(ARTIFACT), content=maybe(BLOB),
        flavour=text, source=text, signature=json_or_text, metadata=json_or_text, tags=TAGS, **WHO)),
    0x00A5: ("model_version_edited", struct_of(
        **OF_MODEL, number=u64, description=maybe(text), version=maybe(text), **TAGGING, **WHO)),
    0x00A6: ("model_version_removed", MODELS["model_version_removed"]),
    0x00A7: ("model_version_restored", MODELS["model_version_restored"]),
    0x00A8: ("model_alias_set", struct_of(**OF_MODEL, alias=text, number=maybe(u64), **WHO)),
    0x00A9: ("model_stage_moved", struct_of(**OF_MODEL, number=u64, **{"from": text}, to=text, **WHO)),
    0x00AA: ("model_used", struct_of(**OF_RUN, **OF_MODEL, number=u64, name=text, selector=text, **WHO)),
    0x00AB: ("model_bytes_purged", struct_of(**OF_MODEL, numbers=many(u64), **WHO)),
    0x00B0: ("document_put", struct_of(
        kind=text, id=text, parts=u32, body=json_or_text, blobs=many(struct_of(blob=BLOB, len=u64)), **WHO)),
    0x00B1: ("document_removed", struct_of(kind=text, id=text, **WHO)),
    0x00B2: ("document_part", struct_of(text=text)),
    0x00C0: ("lineage_linked", LINK),
    0x00C1: ("lineage_unlinked", LINK),
    0x00E0: ("operation_undone", struct_of(first=u64, last=u64, **WHO)),
    0x00E1: ("run_purged", struct_of(run=run_id, experiment=u64, number=u64, **WHO)),
    0x00E2: ("experiment_purged", struct_of(**OF_EXPERIMENT, name=text, run_number_max=u64, **WHO)),
    0x00E3: ("records_scrubbed", struct_of(**OF_RUN, lsns=many(u64), blobs=many(BLOB), why=text, **WHO)),
}


def payload_of(kind, version, payload):
    """The name of the type and the payload as a value. What version 1 of the page does not know is shown in hex."""
    if kind not in EVENTS or version > 1:
        return "unknown", {"payload_hex": payload.hex(), "type_id": kind, "version": version}
    if version == 0:
        raise Bad("version 0")
    name, take = EVENTS[kind]
    fields = Fields(payload)
    value = take(fields)
    if fields.at != len(payload):
        raise Bad(f"{len(payload) - fields.at} bytes left over")
    return name, value


def rfc3339(time_ns):
    seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    return f"{moment.isoformat()}.{nanoseconds:09}Z"
