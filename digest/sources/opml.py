"""Lists of feeds as feed readers exchange them (OPML 2.0, http://opml.org/spec2.opml): bytes ↔ outlines.

A list comes from anybody: entities and document types are refused, sizes are bounded, only http(s) addresses
leave. Our kind of a source stands in an attribute of our own, which other programs leave alone.
"""

from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from digest.errors import ParseError

MAX_BYTES = 2**20
MAX_OUTLINES = 2_000
_KIND = "digestKind"


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list; `kind` is empty where the list was written by another program."""

    title: str
    url: str
    kind: str = ""


def read(body: bytes) -> tuple[Outline, ...]:
    """Return the feeds of a list, in its order, each address once.

    Raises ParseError for anything but OPML.
    """
    if len(body) > MAX_BYTES:
        raise ParseError(f"larger than {MAX_BYTES // 2**20} MiB", fix="export fewer feeds at a time")
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise ParseError(f"not an OPML file: {error}") from error
    if not reader.is_opml:
        raise ParseError("not an OPML file: its root isn't <opml>")
    return tuple(reader.found.values())


class _Reader:
    """Collects the outlines with an address, however deep they lie in folders."""

    def __init__(self) -> None:
        self.found: dict[str, Outline] = {}
        self.is_opml = False
        self._elements = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.EntityDeclHandler = _refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements == 1:
            self.is_opml = name == "opml"
        if self._elements > MAX_OUTLINES:
            raise ParseError(f"more than {MAX_OUTLINES:,} outlines", fix="split the file")
        url = attributes.get("xmlUrl", "").strip()
        if name == "outline" and _is_address(url):
            title = attributes.get("title") or attributes.get("text") or ""
            self.found.setdefault(url, Outline(title.strip(), url, attributes.get(_KIND, "")))


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that are no IPv6 address
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _refuse(*_declaration: object) -> NoReturn:
    raise ParseError("it declares a document type or entities, which a list of feeds doesn't need")


def write(outlines: tuple[Outline, ...]) -> str:
    """Return the list as OPML 2.0; the same outlines give the same text."""
    lines = [
        f"    <outline type={quoteattr('rss')} text={quoteattr(o.title)} title={quoteattr(o.title)}"
        f" xmlUrl={quoteattr(o.url)} {_KIND}={quoteattr(o.kind)}/>"
        for o in outlines
    ]
    head = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">', "  <head>"]
    return "\n".join([*head, "    <title>Sources of papers</title>", "  </head>", "  <body>", *lines]) + (
        "\n  </body>\n</opml>\n"
    )
