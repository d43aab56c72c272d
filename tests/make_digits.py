#!/usr/bin/env python3
"""Makes crates/cli/demo/digits.bin, the images that `mltrack demo` trains on.

The source is the file `sklearn/datasets/data/digits.csv.gz` of scikit-learn's wheel:

    pip download scikit-learn==1.9.1 --no-deps
    python3 tests/make_digits.py scikit_learn-1.9.1-*.whl crates/cli/demo/digits.bin

The first argument is the wheel or the csv.gz out of it. With `--check` nothing is written: the
second argument must already hold the same bytes, else the exit status is 1.

Output: 1,797 rows in the order of the source, each of 64 bytes (the pixels of an 8x8 image, row by
row from the top, 0 = white to 16 = black) and 1 byte (the digit, 0 to 9). No header.
Needs nothing but Python's standard library.
"""

import argparse
import gzip
import hashlib
import pathlib
import sys
import zipfile

MEMBER = "sklearn/datasets/data/digits.csv.gz"
ROWS, PIXELS, PIXEL_MAX, DIGIT_MAX = 1797, 64, 16, 9
SHA256 = "68aea062d35a127749050fa0e52dca09d6569ac08092c925610e0954e172dde2"


def compressed_csv(source: pathlib.Path) -> bytes:
    if source.suffix == ".whl":
        with zipfile.ZipFile(source) as wheel:
            return wheel.read(MEMBER)
    return source.read_bytes()


def pack(text: str) -> bytes:
    packed = bytearray()
    lines = text.splitlines()
    if len(lines) != ROWS:
        raise ValueError(f"expected {ROWS} rows, found {len(lines)}")
    for number, line in enumerate(lines, start=1):
        fields = [int(field) for field in line.split(",")]
        if len(fields) != PIXELS + 1:
            raise ValueError(f"line {number}: expected {PIXELS + 1} fields, found {len(fields)}")
        *pixels, digit = fields
        if min(pixels) < 0 or max(pixels) > PIXEL_MAX or not 0 <= digit <= DIGIT_MAX:
            raise ValueError(f"line {number}: a pixel or the digit is out of range")
        packed += bytes(fields)
    return bytes(packed)


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes the digits that `mltrack demo` trains on.")
    parser.add_argument("source", type=pathlib.Path, help="the wheel, or its digits.csv.gz")
    parser.add_argument("target", type=pathlib.Path, help="digits.bin")
    parser.add_argument("--check", action="store_true", help="compare instead of write")
    arguments = parser.parse_args()

    packed = pack(gzip.decompress(compressed_csv(arguments.source)).decode("ascii"))
    digest = hashlib.sha256(packed).hexdigest()
    if digest != SHA256:
        print(f"the source differs from scikit-learn 1.9.1: sha256 {digest}", file=sys.stderr)
        return 1
    if arguments.check:
        same = arguments.target.read_bytes() == packed
        print(f"{arguments.target}: {'same' if same else 'DIFFERS'}")
        return 0 if same else 1
    arguments.target.write_bytes(packed)
    print(f"{arguments.target}: {len(packed)} bytes, sha256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
