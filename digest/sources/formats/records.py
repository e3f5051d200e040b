"""Reads the XML of OAI-PMH: bytes come in, the texts of each record by the names of their elements go out.

Read by expat in one pass. A document type is refused: nobody's answer has one, and entities grow in it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from xml.parsers import expat

from digest.errors import ParseError

MAX_ELEMENTS = 1_000_000  # of one answer; a thousand records of arXiv have about 30,000


@dataclass(slots=True)
class Record:
    """The texts of one record by the names of their elements, without prefixes, in their order."""

    texts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    deleted: bool = False

    def first(self, name: str) -> str:
        """Return the first text under this name, or nothing."""
        return next(iter(self.texts.get(name, ())), "")

    def all(self, name: str) -> list[str]:
        """Return all texts under this name."""
        return self.texts.get(name, [])


@dataclass(slots=True)
class Records:
    """An answer: its records, the token of the next page (empty after the last), or an error.

    Where an answer lists headers alone (ListIdentifiers), each is a record with the texts of its header.
    """

    records: list[Record] = field(default_factory=list)
    token: str = ""
    error_code: str = ""
    error: str = ""


def read_records(body: bytes) -> Records:
    """Read an answer; raises ParseError if it is none."""
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ParseError(f"not well-formed XML: {error}") from error
    except (LookupError, ValueError) as error:  # a character set that isn't one, or that expat can't use
        raise ParseError(f"its character set can't be read: {error}") from error
    return reader.answer


class _Reader:
    """Expat's events → an answer."""

    def __init__(self) -> None:
        self.answer = Records()
        self.record: Record | None = None
        self.ends = "record"  # the element that ends the record at hand
        self.author: dict[str, str] | None = None
        self.text: list[str] = []
        self.elements = 0
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text.append
        parser.StartDoctypeDeclHandler = self.refuse

    def refuse(self, *_: object) -> None:
        raise ParseError("it has a document type, as no answer of OAI-PMH does")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if not self.elements and name != "OAI-PMH":
            raise ParseError(f"not an answer of OAI-PMH: its root is <{name[:50]}>")
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise ParseError(f"more than {MAX_ELEMENTS:,} elements")
        self.text.clear()
        if name == "record" or (name == "header" and self.record is None):
            self.record, self.ends = Record(), name
        if name == "header" and self.record:
            self.record.deleted = attributes.get("status") == "deleted"
        elif name == "author":
            self.author = {}
        elif name == "error":
            self.answer.error_code = attributes.get("code", "error")

    def end(self, tag: str) -> None:
        name, text = _local(tag), "".join(self.text).strip()
        self.text.clear()
        if self.record is None:
            if name == "resumptionToken":
                self.answer.token = text
            elif name == "error":
                self.answer.error = text
        elif name == self.ends:
            self.answer.records.append(self.record)
            self.record = None
        elif self.author is None:
            self.record.texts[name].append(text)
        elif name == "author":
            parts = [self.author.get(part, "") for part in ("forenames", "keyname", "suffix")]
            self.record.texts[name].append(" ".join(part for part in parts if part) or text)
            self.author = None
        else:
            self.author[name] = text


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]
