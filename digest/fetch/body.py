"""The body of an answer: chunks come in as they arrive, one decompressed whole goes out, counted on the way.

The cap holds for the bytes on the wire and for what they inflate to, and is looked at after every piece: an
endless answer or a gzip bomb costs its cap, not its size. Never: an encoding that wasn't asked for, or half
an answer taken for a whole one.
"""

import zlib
from collections.abc import Iterable, Iterator

ACCEPT_ENCODING = "gzip"
_PIECE = 2**16
_GZIP = 16 + zlib.MAX_WBITS  # zlib's number for "a gzip header, and nothing else"


class BodyError(Exception):
    """The body is too large, cut short, or not encoded as it says. The text is the reason."""


def read_body(chunks: Iterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """Return the whole body, decompressed. `encoding`: the Content-Encoding header, empty if there was none.

    Raises BodyError as soon as either count passes `max_bytes`, for a compressed stream that is cut short or
    broken, and for an encoding other than gzip (RFC 9110, 8.4).
    """
    counted = _capped(chunks, max_bytes)
    coding = encoding.strip().lower()
    if coding in {"gzip", "x-gzip"}:
        counted = _capped(_inflated(counted), max_bytes)
    elif coding not in {"", "identity"}:
        raise BodyError(f"it is encoded as {coding[:40]!r}, which wasn't asked for")
    return b"".join(counted)


def _capped(pieces: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > max_bytes:
            raise BodyError(f"it is larger than {max_bytes:,} bytes")
        yield piece


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Inflate in small pieces; a gzip file may have several members (RFC 1952, 2.2)."""
    member = None
    for chunk in chunks:
        rest = chunk
        while rest:
            if member is None or member.eof:
                member = zlib.decompressobj(_GZIP)
            yield from _pieces(member, rest)
            rest = member.unused_data
    if member is not None and not member.eof:
        raise BodyError("its gzip stream is cut short")


def _pieces(member: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    """All that one member makes of `data`: a full piece means that there may be more."""
    piece = b" " * _PIECE
    while len(piece) == _PIECE and not member.eof:
        try:
            piece = member.decompress(data, _PIECE)
        except zlib.error as error:
            raise BodyError(f"its gzip stream is broken ({error})") from error
        data = member.unconsumed_tail
        yield piece
