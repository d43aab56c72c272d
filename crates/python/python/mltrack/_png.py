"""Pixels as a PNG file, without a library for pictures.

Invariants: the file is one that every viewer reads: 8 bits a channel, grey, grey with alpha, RGB or RGBA; nothing is
imported that the program has not imported.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

from mltrack.errors import of_code

__all__ = ["encoded", "of_array"]

_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def encoded(width: int, height: int, channel_count: int, pixels: bytes) -> bytes:
    """The PNG file of rows of pixels, from the top.

    >>> encoded(1, 1, 3, bytes([255, 0, 0]))[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    row_len = width * channel_count
    rows = b"".join(b"\0" + pixels[at : at + row_len] for at in range(0, row_len * height, row_len))
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channel_count], 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def of_array(array: Any, numpy: Any) -> bytes:
    """The PNG file of an array of ``height x width`` or ``height x width x channels``; a tensor has its channels first.

    Whole numbers are taken from 0 to 255; real ones from 0 to 1, from -1 to 1, or from 0 to 255, whichever they fit.
    Raises ``errors.ValidationError`` for an array of another shape.
    """
    if hasattr(array, "detach"):
        array = array.detach().cpu()
        # NumPy has no such numbers.
        array = array.float() if str(array.dtype) == "torch.bfloat16" else array
    pixels = numpy.asarray(array)
    if pixels.ndim == 3 and pixels.shape[2] not in _COLOUR_TYPES and pixels.shape[0] in _COLOUR_TYPES:
        pixels = pixels.transpose(1, 2, 0)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or pixels.shape[2] not in _COLOUR_TYPES or 0 in pixels.shape:
        hint = "height x width, or height x width x 1, 2, 3 or 4 channels"
        raise of_code(
            f"an array of shape {tuple(pixels.shape)} is no image", code="VALIDATION_ERROR", hint=hint
        )
    height, width, channel_count = (int(length) for length in pixels.shape)
    return encoded(width, height, channel_count, _bytes(pixels, numpy).tobytes())


def _bytes(pixels: Any, numpy: Any) -> Any:
    if pixels.dtype == bool:
        return pixels.astype("uint8") * numpy.uint8(255)
    if pixels.dtype.kind not in "f":
        return pixels.clip(0, 255).astype("uint8")
    finite = pixels[numpy.isfinite(pixels)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if low >= -1 and high <= 1:
        pixels = pixels * 255 if low >= 0 else (pixels + 1) * 127.5
    return numpy.nan_to_num(pixels, posinf=255).clip(0, 255).round().astype("uint8")
