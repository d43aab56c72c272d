"""Makes the golden blobs beside it from docs/format.md, section "Blobs", alone: run once, by hand, and never again.

Needs the program `zstd`. The contents are those of crates/artifact/tests/conformance/golden.rs.
"""

import pathlib
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))
from reader_values import blake3  # noqa: E402


def lines(count):
    return "".join(f"line {line}\n" for line in range(count)).encode()


def write(folder, digest, data):
    path = HERE / folder / digest.hex()[:2] / digest.hex()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def sealed(content, compress):
    body = content
    if compress:
        body = subprocess.run(["zstd", "-q", "-c", "--no-check"], input=content, stdout=subprocess.PIPE, check=True).stdout
    return struct.pack("<4sBBHII", b"MLTB", 1, int(compress), 0, len(content), len(body)) + body


def main():
    hello = b"hello, blob\n"
    write("blobs", blake3(hello), sealed(hello, False))
    text = lines(200)
    write("blobs", blake3(text), sealed(text, True))
    chunked = lines(3000)
    chunks = [chunked[:10_000], chunked[10_000:10_001], chunked[10_001:]]
    entries = b""
    for number, chunk in enumerate(chunks):
        write("chunks", blake3(chunk), sealed(chunk, number == 2))
        entries += blake3(chunk) + struct.pack("<I", len(chunk))
    manifest = struct.pack("<4sB3xQI4x", b"MLTM", 1, len(chunked), len(chunks)) + blake3(chunked) + entries
    write("manifests", blake3(chunked), manifest + blake3(manifest))


if __name__ == "__main__":
    main()
