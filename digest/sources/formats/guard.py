"""Checks that a text is an XML document within bounds that no feed exceeds, before feedparser sees it.

Read by expat in one pass. Bounds of elements, depth, and the length of a tag keep nonsense from feedparser at
once; how long it takes over what is left is for `feed_process` to limit.
"""

from xml.parsers import expat

from digest.errors import ParseError

MAX_ELEMENTS = 250_000  # 2,000 items of arXiv have about 40,000
MAX_TOKEN = 16_000  # characters of one tag or comment: expat reads a long one again with every 64 kB
MAX_INSTRUCTIONS = 1_000
MAX_DEPTH = 200


def check(text: str) -> str:
    """Return why the document isn't well-formed, in words; nothing if it is.

    Raises ParseError for one to refuse.
    """
    guard = _Guard()
    try:
        guard.parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        return f"not well-formed XML: {error}"
    return ""


class _Guard:
    """The bounds, held against expat's events."""

    def __init__(self) -> None:
        self.elements = self.instructions = self.depth = 0
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CommentHandler = _check_token
        parser.ProcessingInstructionHandler = self.instruction

    def start(self, _: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self.depth += 1
        if self.elements > MAX_ELEMENTS or self.depth > MAX_DEPTH:
            raise ParseError(f"more than {MAX_ELEMENTS:,} elements, or {MAX_DEPTH} inside one another")
        _check_token(*attributes, *attributes.values())

    def end(self, _: str) -> None:
        self.depth -= 1

    def instruction(self, _: str, data: str) -> None:
        _check_token(data)
        self.instructions += 1
        if self.instructions > MAX_INSTRUCTIONS:
            raise ParseError(f"more than {MAX_INSTRUCTIONS:,} processing instructions")


def _check_token(*texts: str) -> None:
    if sum(map(len, texts)) > MAX_TOKEN:
        raise ParseError(f"a tag or a comment of more than {MAX_TOKEN:,} characters")
