#!/usr/bin/env python3
"""A second reader of mltrack's stores, written from `docs/format.md` alone.

    python3 tests/reader.py [--summary] [--seals] STORE

Prints every event of the store folder as one JSON line (lsn, time, type, version, writer, payload), in the log's
order; `--summary` prints counts instead; `--seals` also computes the seal hash of every sealed segment.
What the recovery table calls normal (a torn tail, a late segment, a copy that is behind) goes to stderr as a note.

Exit status: 0 all is well, 2 wrong usage, 3 no such store, 5 damage (each on stderr), 9 a newer format.

Invariants: nothing is written; an event is printed only from a frame whose crc, lsn and place in the chain of crcs
are right, or, behind damage and then with exit status 5, whose crc and lsn are. Needs nothing but Python 3.11 and
`reader_values.py`, which decodes the payloads.
"""

import argparse
import fcntl
import json
import os
import pathlib
import struct
import sys
import zlib

from reader_values import EVENTS, Bad, blake3, payload_of, rfc3339

STATE_SLOT = struct.Struct("<QQQqQQIIII")
HEADER = struct.Struct("<8s16s16sQQQQqQQIIIIQQI")
FRAME = struct.Struct("<IIIIqIHH")
FOOTER = struct.Struct("<8sIIQQQqq32s32sII")
HEADER_LEN, FRAME_LEN, FOOTER_LEN = 256, 32, 128
FEATURE_PACKED = 1
LIVENESS_START = 1 << 32


class Refused(Exception):
    """The store cannot be read at all: (exit status, why)."""


def sealed_by_crc(data, length):
    """The first `length` bytes of `data` when the last four of them are the crc of the others, else None."""
    if len(data) < length or zlib.crc32(data[: length - 4]) != int.from_bytes(data[length - 4 : length], "little"):
        return None
    return data[:length]


# --- frames and segments ---------------------------------------------------------------------------------------------


def varint(data, at, end):
    value = shift = 0
    while at < end:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at
    raise Bad("a varint runs out of the frame")


class Frame:
    """The batch at `offset` of a segment. Raises Bad unless it is one by every rule but the crc of the frame before."""

    def __init__(self, segment, offset, lsn):
        data, self.offset = segment.data, offset
        if offset + FRAME_LEN > len(data):
            raise Bad("the file ends")
        self.crc, word, first, self.previous, self.time, self.writer, _, self.count = FRAME.unpack_from(data, offset)
        self.length, flags, self.first = word & 0xFFFFFF, word >> 24, segment.base + first
        body = FRAME_LEN + 24 * (flags & 1) + 16 * (flags >> 1 & 1) + 8 * (flags >> 2 & 1)
        self.end = offset + (self.length + 7 & ~7)
        if flags > 7 or self.count == 0 or self.length < body + 2 or self.end > len(data):
            raise Bad("no frame by its header")
        if self.first != lsn if lsn is not None else self.first < segment.base:
            raise Bad(f"lsn {self.first} where {lsn} comes next")
        if zlib.crc32(data[offset + 4 : offset + self.length], zlib.crc32(segment.salt)) != self.crc:
            raise Bad("the crc is wrong")
        clock = struct.unpack_from("<q", data, offset + body - 8)[0] if flags & 4 else self.time
        self.next = self.first + self.count
        self.records = list(self.parse(data, offset + body, offset + self.length, clock))

    def parse(self, data, at, end, clock):
        for lsn in range(self.first, self.next):
            tag, at = varint(data, at, end)
            version, at = varint(data, at, end) if tag & 2 else (1, at)
            time = clock
            if tag & 1:
                if at + 8 > end:
                    raise Bad("a time runs out of the frame")
                time, at = struct.unpack_from("<q", data, at)[0], at + 8
            length, at = varint(data, at, end)
            if at + length > end or tag >> 2 > 0xFFFF or version > 0xFFFF:
                raise Bad("a record is wrong")
            yield lsn, time, tag >> 2, version, self.writer, self.time, data[at : at + length]
            at += length
        if at != end:
            raise Bad("the records do not fill the frame")


class Segment:
    """A segment file: its header, and after `scan` its frames up to the first bytes that are none."""

    def __init__(self, path, store_uuid):
        self.path, self.data = path, path.read_bytes()
        head = sealed_by_crc(self.data, HEADER_LEN)
        if head is None:
            raise Bad("the segment's header is damaged")
        (magic, uuid, self.epoch, self.ordinal, self.base, self.epoch_first, salt, _, self.previous, self.previous_next,
         self.previous_end, self.previous_crc, _, _, _, _, _) = HEADER.unpack_from(head)
        self.salt = struct.pack("<Q", salt)
        if magic != b"MLTSEG\0\1" or uuid != store_uuid or path.name != f"seg-{self.base:020}.log":
            raise Bad("the segment belongs to another store or another name")
        self.end, self.next, self.crc = HEADER_LEN, self.base, int.from_bytes(head[252:256], "little")
        self.frames, self.ends = [], {self.end: (self.next, self.crc)}

    def move_to(self, end, lsn, crc):
        """What was read ends at offset `end`, before `lsn`; a crc of None says that the frame there is not known."""
        self.end, self.next, self.crc = end, lsn, crc
        self.ends[end] = (lsn, crc)

    def scan(self, holes, stop=None):
        """Reads frames from `self.end` on; `holes` are the quarantined ranges by their offset."""
        while stop is None or self.end < stop:
            if self.end in holes:
                self.move_to(*holes[self.end], None)
                continue
            try:
                frame = Frame(self, self.end, self.next)
                if self.crc is not None and frame.previous != self.crc:
                    raise Bad("the frame follows another one")
            except Bad as reason:
                return str(reason)
            self.frames.append(frame)
            self.move_to(frame.end, frame.next, frame.crc)
        return None

    def meets(self, end, lsn, crc):
        """Whether what was read has this end: a frame with this crc in front of `lsn`."""
        found_lsn, found_crc = self.ends.get(end, (None, None))
        return found_lsn == lsn and found_crc in (None, crc)

    def cut(self, end):
        """Forgets the frames behind offset `end`."""
        self.end, (self.next, self.crc) = end, self.ends[end]
        self.frames = [frame for frame in self.frames if frame.end <= end]

    def resume(self, stop):
        """Goes on at the first valid frame behind damage at `self.end`, by salt, lsn and crc alone; False: none."""
        for offset in range(self.end + 8, stop - FRAME_LEN, 8):
            if not any(self.data[offset + 4 : offset + 8]):
                continue
            try:
                frame = Frame(self, offset, None)
            except Bad:
                continue
            if frame.first >= self.next:
                self.move_to(offset, frame.first, None)
                return True
        return False


class Store:
    """A store folder. `walk` finds the durable point and reads the chain of segments, each cut at its true end."""

    def __init__(self, folder):
        self.folder, self.notes, self.damage, self.chain, self.limit = folder, [], [], [], None
        try:
            data = (folder / "FORMAT").read_bytes()
        except OSError as error:
            raise Refused(3, f"{folder} is no store: {error}") from error
        if sealed_by_crc(data, 64) is None or data[:8] != b"MLTRACK\0":
            raise Refused(5, f"{folder}/FORMAT is damaged")
        major, _, _, _, bits = struct.unpack_from("<HHIII", data, 8)
        if major != 1 or bits & ~FEATURE_PACKED:
            raise Refused(9, f"{folder} needs format {major} with the incompatible bits {bits:#x}")
        self.uuid = data[24:40]

    def walk(self):
        self.find_durable()
        left, holes = self.segments(), self.quarantined()
        claimed = self.durable
        if self.copied or claimed is None:
            self.notes.append("this is a copy" if self.copied else "no checkpoint is valid")
            self.durable = (behind_sealed(left), HEADER_LEN, None, None)
        current = min(left, key=lambda one: (one.previous != 0, one.base), default=None)
        if current is not None and current.previous != 0:
            self.damage.append(f"the segment {current.previous} before {current.base} is missing")
        while current is not None:
            self.chain.append(current)
            rivals = [one for one in left if one.previous == current.base]
            left = [one for one in left if one not in rivals and one.base > current.base]
            current = self.successor(current, rivals, holes.get(current.base, {})) or self.behind_gap(left)
        self.check_durable()
        if not self.chain and claimed and claimed[2] > 1:
            self.damage.append(f"no segment is there, and lsn {claimed[2] - 1} was durable")
        elif self.copied and not self.is_read(claimed):
            self.notes.append(f"the log is cut: not all that was durable, up to lsn {claimed[2]}, was copied")

    def find_durable(self):
        """Sets the durable point (None: no checkpoint is valid), whether this is a copy, and `limit` when in use."""
        slots = [self.checkpoint(self.folder / name) for name in ("CKPT.a", "CKPT.b")]
        _, identity, state = max(filter(None, slots), default=(0, None, None))
        try:
            with open(self.folder / "LOCK", "rb") as lock:
                status = os.fstat(lock.fileno())
                mine, in_use = (status.st_dev, status.st_ino), is_locked(lock)
        except OSError:
            mine, in_use = None, False
        self.copied = identity is not None and identity != mine
        self.durable = None if state is None else position(state)
        if in_use:
            self.durable = self.limit = position(self.published(mine))

    def checkpoint(self, path):
        try:
            data = sealed_by_crc(path.read_bytes(), 256)
        except OSError:
            return None
        if data is None or data[:8] != b"MLTCKPT\1" or data[8:24] != self.uuid:
            return None
        device, inode, sequence = struct.unpack_from("<3Q", data, 24)
        return sequence, (device, inode), data[64:128]

    def published(self, mine):
        """The state slot that the published word names, while somebody has the store open."""
        try:
            data = (self.folder / "ctl").read_bytes()
        except OSError as error:
            raise Refused(5, f"in use and without ctl: stop the writers ({error})") from error
        word = int.from_bytes(data[128:136], "little")
        crc = zlib.crc32(data[40:48] + (word & (1 << 48) - 1).to_bytes(8, "little"))
        slot = sealed_by_crc(data[512 if word >> 47 & 1 else 384 :], 72)
        if sealed_by_crc(data, 52) is None or data[:8] != b"MLTCTL\0\1" or data[8:24] != self.uuid or slot is None \
                or struct.unpack_from("<2Q", data, 24) != mine or word >> 48 != (crc ^ crc >> 16) & 0xFFFF:
            raise Refused(5, "in use and ctl is damaged: stop the writers")
        return slot

    def segments(self):
        for path in sorted(self.folder.glob("pack-*.log")):
            if not (self.folder / f"seg-{path.name[5:25]}.log").exists():
                raise Refused(9, f"{path.name} is a packed segment, which this reader does not unpack")
        found = []
        for path in sorted(self.folder.glob("seg-*.log")):
            try:
                found.append(Segment(path, self.uuid))
            except Bad as reason:
                self.notes.append(f"{path.name} is no segment: {reason}")
        return [one for one in found if self.limit is None or one.ordinal <= self.limit[0]]

    def quarantined(self):
        """Per segment's base lsn: offset -> (end offset, end lsn), as the newest manifest says."""
        found = {int(path.name[9:]): path for path in self.folder.glob("MANIFEST-*") if path.name[9:].isdigit()}
        holes = {}
        if not found:
            return holes
        path = found[max(found)]
        data = path.read_bytes()
        count = int.from_bytes(data[32:36], "little")
        if sealed_by_crc(data, 44 + 48 * count) is None or data[:8] != b"MLTMANI\1" or data[8:24] != self.uuid:
            self.damage.append(f"{path.name} is damaged")
            return holes
        for number in range(count):
            kind, _, base, _, lsn, offset, end, _ = struct.unpack_from("<IIQQQIIq", data, 40 + 48 * number)
            if kind == 1:
                holes.setdefault(base, {})[offset] = (end, lsn)
                self.notes.append(f"segment {base}: bytes {offset}..{end} are quarantined")
        return holes

    def successor(self, current, rivals, holes):
        """Reads `current` to its true end. The segment that goes on there; None: the chain ends."""
        reason = current.scan(holes)
        if self.limit and self.limit[0] == current.ordinal and self.limit[1] in current.ends:
            return current.cut(self.limit[1])
        meeting = [one for one in rivals if follows(current, one)]
        if self.durable[0] <= current.ordinal:
            # Nothing durable says that the log went on in one of them: one that names an earlier end is a killed roll.
            meeting = [one for one in meeting if one.previous_end == current.end]
        chosen = max(meeting or rivals, key=lambda one: one.previous_end, default=None)
        if chosen:
            stop = chosen.previous_end
        else:
            stop = self.durable[1] if self.durable[0] == current.ordinal else len(current.data)
        if not meeting and not self.salvage(current, stop, chosen, holes, reason):
            return None
        if chosen:
            current.cut(stop)
            self.notes += [f"{one.path.name} follows no true end" for one in rivals if one is not chosen]
        return chosen

    def salvage(self, current, stop, chosen, holes, reason):
        """The frames stop before offset `stop`. Reads on behind the damage, unless the log may end here: then False.

        It may when all that is durable was read.
        """
        if (current.ordinal, current.end) >= self.durable[:2]:
            if chosen or any(current.data[current.end :]):
                self.notes.append(f"the log is cut in {current.path.name} at {current.end}: {reason}")
            return False
        behind = stop if chosen else len(current.data)
        while current.end < stop:
            self.damage.append(f"{current.path.name} at {current.end}: {reason}")
            if not current.resume(behind):
                break
            reason = current.scan(holes, behind)
        if chosen and not follows(current, chosen):
            self.damage.append(f"{chosen.path.name} does not start at the end of {current.path.name}")
            current.move_to(stop, chosen.previous_next, None)
        return True

    def behind_gap(self, left):
        """The chain has ended; the next segment of `left` when that is because one is missing, damage, else None."""
        lost = [one for one in left if one.ordinal <= self.durable[0]]
        self.notes += [f"{one.path.name} follows no segment" for one in left if one not in lost]
        if not lost:
            return None
        self.damage.append(f"the segment {lost[0].previous} before {lost[0].base} is missing")
        return lost[0]

    def is_read(self, place):
        """Whether the chain has reached this durable point."""
        ordinal, end, lsn, crc = place
        at = [one for one in self.chain if one.ordinal == ordinal]
        return ordinal == 0 or bool(at) and (lsn is None or at[0].meets(end, lsn, crc))

    def check_durable(self):
        if not self.is_read(self.durable):
            ordinal, end, lsn, _ = self.durable
            self.damage.append(f"the durable point, lsn {lsn} at {end} in segment number {ordinal}, is not there")

    def events(self):
        """Every record, checked: lsn and commit time never step back."""
        lsn_last, time_last = 0, None
        for segment in self.chain:
            for frame in segment.frames:
                if frame.first <= lsn_last or time_last is not None and frame.time < time_last:
                    self.damage.append(f"{segment.path.name} steps back at lsn {frame.first}")
                lsn_last, time_last = frame.next - 1, frame.time
                yield from frame.records

    def check_footers(self, with_hash):
        """The count of sealed segments. Each footer is compared with the frames in front of it."""
        sealed, previous = 0, bytes(32)
        for segment in self.chain:
            data = segment.data[segment.end :]
            if data[:8] == b"MLTFOOT\1":
                footer = sealed_by_crc(data, int.from_bytes(data[8:12], "little"))
                try:
                    previous = check_footer(segment, footer, previous, with_hash)
                    sealed += 1
                    continue
                except (Bad, struct.error) as reason:
                    self.damage.append(f"{segment.path.name}, footer: {reason}")
            previous = None
        return sealed


def is_locked(lock):
    """Whether somebody holds a liveness byte, that is: has the store open for writing."""
    ask = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, LIVENESS_START, 0, 0)
    return struct.unpack("hhqqi4x", fcntl.fcntl(lock, fcntl.F_OFD_GETLK, ask))[0] != fcntl.F_UNLCK


def position(state):
    """(ordinal, end, next lsn, crc of the last frame) out of a state slot."""
    ordinal, _, lsn, _, _, _, _, end, crc, _ = STATE_SLOT.unpack_from(state)
    return ordinal, end, lsn, crc


def behind_sealed(segments):
    """The ordinal of the segment behind the last sealed one: without a checkpoint, its start is the durable point."""
    by_base = {one.base: one for one in segments}
    behind = [one.ordinal for one in segments if one.previous in by_base
              and by_base[one.previous].data[one.previous_end :][:8] == b"MLTFOOT\1"]
    return max(behind, default=min((one.ordinal for one in segments), default=0))


def follows(current, one):
    in_epoch = one.base == one.previous_next if one.epoch == current.epoch else one.base > one.previous_next
    meets = current.meets(one.previous_end, one.previous_next, one.previous_crc)
    return meets and in_epoch and one.ordinal == current.ordinal + 1


def check_footer(segment, footer, previous, with_hash):
    """The seal hash of a footer that says what the frames say; raises Bad where it does not."""
    if footer is None:
        raise Bad("its crc is wrong")
    _, length, end, base, lsn, count, first, last, seal, before, entries, dictionary = FOOTER.unpack_from(footer)
    times = [frame.time for frame in segment.frames] or [0]
    said, found = (end, base, lsn, count, first, last), (
        segment.end, segment.base, segment.next, sum(frame.count for frame in segment.frames), times[0], times[-1])
    if said != found:
        raise Bad(f"says {said}, found {found}")
    if previous not in (None, before):
        raise Bad("the previous seal hash is another one")
    if FOOTER_LEN + 24 * entries + dictionary + 4 != length:
        raise Bad("its parts do not fill it")
    starts = {(frame.first, frame.time, frame.offset) for frame in segment.frames}
    for number in range(entries):
        if struct.unpack_from("<QqI", footer, FOOTER_LEN + 24 * number) not in starts:
            raise Bad(f"index entry {number} names no frame")
    at = FOOTER_LEN + 24 * entries
    while at < length - 4:
        tag, at = varint(footer, at, length - 4)
        version, at = varint(footer, at, length - 4) if tag & 2 else (1, at)
        size, at = varint(footer, at, length - 4)
        payload_of(tag >> 2, version, footer[at : at + size])
        at += size
    if at != length - 4:
        raise Bad("the dictionary runs over")
    if with_hash and seal_hash(segment, before) != seal:
        raise Bad("the seal hash is another one")
    return seal


def seal_hash(segment, before):
    parts = [before]
    for frame in segment.frames:
        for lsn, time, kind, version, writer, commit, payload in frame.records:
            parts += struct.pack("<QHHIqqI", lsn, kind, version, writer, time, commit, len(payload)), payload
    return blake3(b"".join(parts))


# --- the command -----------------------------------------------------------------------------------------------------


def print_event(store, record, counts, quiet):
    lsn, time, kind, version, writer, _, payload = record
    try:
        name, value = payload_of(kind, version, payload)
    except Bad as reason:
        store.damage.append(f"the payload of lsn {lsn}: {reason}")
        name, value = EVENTS[kind][0], {"payload_hex": payload.hex()}
    counts[name] = counts.get(name, 0) + 1
    if not quiet:
        line = {"lsn": lsn, "time": rfc3339(time), "type": name, "version": version, "writer": writer,
                "payload": dict(sorted(value.items()))}
        print(json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":")))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("store", type=pathlib.Path)
    parser.add_argument("--summary", action="store_true", help="print counts instead of events")
    parser.add_argument("--seals", action="store_true", help="compute the seal hashes too (slow)")
    options = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8")
    try:
        store = Store(options.store)
        store.walk()
    except Refused as refusal:
        print(f"error: {refusal.args[1]}", file=sys.stderr)
        return refusal.args[0]
    counts = {}
    for record in store.events():
        print_event(store, record, counts, options.summary)
    sealed = store.check_footers(options.seals)
    if options.summary:
        print(json.dumps({"events": sum(counts.values()), "segments": len(store.chain), "sealed": sealed,
                          "epochs": len({one.epoch for one in store.chain}), "copy": store.copied,
                          "types": dict(sorted(counts.items(), key=str))}))
    for kind, lines in (("note", store.notes), ("damage", store.damage)):
        for line in lines:
            print(f"{kind}: {line}", file=sys.stderr)
    return 5 if store.damage else 0


if __name__ == "__main__":
    sys.exit(main())
