"""Reads feeds with feedparser, as a program of its own that is started with nothing of its parent's.

In, on standard input: documents, each behind its length and the seconds of processor time that it may take
(8 bytes each, little-endian). Out, on standard output: for each, its length and JSON of `version`, `feed` and
`items`, with texts, lists and objects alone; or of `error`. One that takes longer ends the program, as does
one that needs more than MAX_MEMORY; whoever started it starts another. It imports nothing of ours, so that it
starts fast.
"""

import json
import resource
import signal
import struct
import sys
from contextlib import suppress
from io import BytesIO
from typing import Any

import feedparser

MAX_MEMORY = 1 << 30  # bytes of address space; a feed of 16 MiB needs a quarter of it
_HEAD = struct.Struct("<Qd")
_LENGTH = struct.Struct("<Q")


def read(body: bytes) -> dict[str, Any]:
    """Return what feedparser reads in a document, as JSON keeps it; `error` in words where it can't."""
    content_type = {"content-type": "application/xml; charset=utf-8"}
    try:
        found = feedparser.parse(
            BytesIO(body), response_headers=content_type, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # it documents none, and raises many on hostile input
        return {"error": f"feedparser can't read it: {error!r:.200}"}
    return {"version": found["version"], "feed": plain(found["feed"]), "items": plain(found["entries"])}


def plain(value: Any) -> Any:
    """Return the texts, flags, lists and objects within a value of feedparser's; the rest becomes null."""
    if isinstance(value, dict):
        # Its own `get` and `items` know names that stand for others.
        return {name: plain(inner) for name, inner in dict.items(value) if isinstance(name, str)}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value if isinstance(value, str | bool) else None


def serve() -> None:
    """Answer documents until standard input ends."""
    with suppress(ValueError, OSError):  # a system without this limit keeps the one of time
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    given, answers = sys.stdin.buffer, sys.stdout.buffer
    while head := given.read(_HEAD.size):
        length, seconds = _HEAD.unpack(head)
        body = given.read(length)
        signal.setitimer(signal.ITIMER_PROF, seconds)  # SIGPROF ends a program that doesn't handle it
        answer = json.dumps(read(body)).encode()
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(_LENGTH.pack(len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    serve()
