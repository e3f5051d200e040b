"""Opens files, gzip or plain, and yields their plain bytes, piece by piece or line by line.

Never more of a file in memory than one piece and one line; raises ParseError for gzip that can't be read.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

from digest.errors import ParseError

PIECE = 256 * 1024  # bytes
LARGEST = 64 * 2**20  # bytes, decompressed, of a file that is read whole
_GZIP = b"\x1f\x8b"


class Stream(Protocol):
    """What bytes are read from: an open file, or standard input."""

    def read(self, size: int, /) -> bytes: ...


def whole(stream: Stream) -> bytes:
    """Return all of a file; raises ParseError where it is larger than a source's answer can be."""
    body = bytearray()
    for piece in pieces(stream):
        body += piece
        if len(body) > LARGEST:
            raise ParseError(f"larger than {LARGEST // 2**20} MiB decompressed", fix="split the file")
    return bytes(body)


def pieces(stream: Stream) -> Iterator[bytes]:
    """Yield the plain bytes of a file; gzip is known by its first bytes, and may have several members."""
    first = stream.read(PIECE)
    packed = first.startswith(_GZIP)
    chunks = _chunks(first, stream)
    yield from _unpacked(chunks) if packed else chunks


def lines(stream: Stream, longest: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file with their numbers, from 1; one beyond `longest` is cut a byte after it."""
    number, rest = 1, b""
    for piece in pieces(stream):
        *ended, last = piece.split(b"\n")
        for line in ended:
            yield number, (rest + line)[: longest + 1]
            number, rest = number + 1, b""
        rest = (rest + last)[: longest + 1]
    if rest:
        yield number, rest


def _chunks(first: bytes, stream: Stream) -> Iterator[bytes]:
    chunk = first
    while chunk:
        yield chunk
        chunk = stream.read(PIECE)


def _unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    member = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            packed = chunk
            while packed:
                if member.eof:
                    member = zlib.decompressobj(wbits=31)
                yield member.decompress(packed, PIECE)
                packed = member.unconsumed_tail or member.unused_data
    except zlib.error as error:
        raise ParseError(f"not a readable gzip file: {error}") from error
    if not member.eof:
        raise ParseError("the gzip file is cut off", fix="get the file again")
