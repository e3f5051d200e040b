"""Named arrays ↔ bytes, so that a segment is one blob that can be mapped into memory as it lies.

The bytes begin with a magic word and the length of a JSON header (name → type, length, offset); the arrays
follow, each at a multiple of 64 bytes, little-endian. Reading copies nothing.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.errors import InputError

Array = NDArray[Any]
Buffer = bytes | memoryview

MAGIC = b"digest-segment-1"
ALIGNMENT = 64
_LENGTH = 8  # bytes that say how long the header is


def pack(arrays: Mapping[str, Array]) -> bytes:
    """Pack one-dimensional arrays of numbers into bytes."""
    places: dict[str, tuple[str, int, int]] = {}
    offset = 0
    for name, array in arrays.items():
        places[name] = (array.dtype.newbyteorder("<").str, len(array), offset)
        offset += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
    header = json.dumps(places).encode()
    start = _start(len(header))
    packed = bytearray(start + offset)
    packed[: len(MAGIC)] = MAGIC
    packed[len(MAGIC) : len(MAGIC) + _LENGTH] = len(header).to_bytes(_LENGTH, "little")
    packed[len(MAGIC) + _LENGTH : len(MAGIC) + _LENGTH + len(header)] = header
    for name, array in arrays.items():
        kind, size, place = places[name]
        np.frombuffer(packed, kind, size, start + place)[:] = array
    return bytes(packed)


def unpack(packed: Buffer) -> dict[str, Array]:
    """Return the arrays that `pack` packed, as views. Raises InputError for bytes that aren't whole."""
    try:
        if bytes(packed[: len(MAGIC)]) != MAGIC:
            raise ValueError
        length = int.from_bytes(packed[len(MAGIC) : len(MAGIC) + _LENGTH], "little")
        places = json.loads(bytes(packed[len(MAGIC) + _LENGTH : len(MAGIC) + _LENGTH + length]))
        start = _start(length)
        return {
            name: np.frombuffer(packed, kind, size, start + place) if size else np.empty(0, kind)
            for name, (kind, size, place) in places.items()
        }
    except (ValueError, TypeError) as error:
        msg = "this is no whole segment of the search index"
        raise InputError(msg, fix="digest papers reindex") from error


def _start(header: int) -> int:
    """Where the arrays begin."""
    return -(-(len(MAGIC) + _LENGTH + header) // ALIGNMENT) * ALIGNMENT
