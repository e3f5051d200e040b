"""What feedparser may see: the text of an XML document comes in; does feedparser read it in linear time?

feedparser 6.0.14 takes time that grows with the square of some things: the attributes of a tag, the tags of
an item, the runs of letters in a name (it looks for a mail address in them), the names that it looks through
again, and the depth of relative bases. Here that work is estimated while expat, which takes linear time,
reads the document; one whose estimate is out of proportion to its size is refused, and no honest one's is.

Well-formed or not is told as well: feedparser reads what isn't with a second parser, which is slower by far.
"""

import re
from xml.parsers import expat

from digest.errors import ParseError

MAX_ELEMENTS = 250_000  # 2,000 items of arXiv have about 40,000
MAX_TOKEN = 16_000  # characters of one tag or comment: expat reads a long one again with every 64 kB
MAX_INSTRUCTIONS = 1_000
MAX_DEPTH = 200

# The unit of work is about 5 ns. Real feeds need up to 10 a character, a paper with 100 keywords needs 80.
WORK_PER_CHARACTER = 150
WORK_FOR_FREE = 50_000

ITEMS = frozenset({"item", "entry"})
_PEOPLE = frozenset(
    {"author", "creator", "contributor", "managingeditor", "webmaster", "publisher", "owner", "name", "email"}
)
_TAGS = frozenset({"category", "subject", "keywords", "tags"})
_RUN = re.compile(r"[A-Za-z0-9_.+-]+")


def check(text: str) -> str:
    """Why the document isn't well-formed, in words; nothing if it is. Raises ParseError for one to refuse."""
    guard = _Guard(len(text))
    try:
        guard.parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        return f"not well-formed XML: {error}"
    return ""


def longest_run(text: str) -> int:
    """The length of the longest run of characters that mail addresses are made of."""
    return max((found.end() - found.start() for found in _RUN.finditer(text)), default=0)


class _Segment:
    """An item, or all that stands outside of items: what feedparser keeps together and searches again."""

    def __init__(self) -> None:
        self.names = self.tags = self.costliest_name = 0

    def add(self, text: str, names: int, tags: int) -> None:
        """An element that holds names of people, or tags, and how many of each are within."""
        self.names += names
        self.tags += tags + (text.count(",") if tags else 0)
        cost = sum((run.end() - run.start()) ** 2 for run in _RUN.finditer(text))
        self.costliest_name = max(self.costliest_name, cost + len(text))

    def work(self) -> int:
        return self.names * self.costliest_name + 25 * self.tags**2


class _Guard:
    """The estimate, from expat's events."""

    def __init__(self, size: int) -> None:
        self.left = WORK_FOR_FREE + WORK_PER_CHARACTER * size
        self.elements = self.instructions = 0
        self.opened: list[str] = []
        self.bases = [0]  # for each open element the length that its base has at most
        self.prefixes: set[str | None] = set()
        self.in_item = False
        self.item, self.outside = _Segment(), _Segment()
        self.searched_from = 0  # the depth of the outermost element of people or tags
        self.text: list[str] = []  # inside of it
        self.names = self.tags = 0
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.StartNamespaceDeclHandler = self.namespace
        parser.CommentHandler = self.comment
        parser.ProcessingInstructionHandler = self.instruction

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        self.elements += 1
        if self.elements > MAX_ELEMENTS or len(self.opened) >= MAX_DEPTH:
            raise ParseError(f"more than {MAX_ELEMENTS:,} elements, or {MAX_DEPTH} inside one another")
        _check_token(sum(map(len, attributes)) + sum(map(len, attributes.values())))
        if name in ITEMS:
            if self.in_item or "source" in self.opened:
                raise ParseError("items inside one another")
            self.in_item, self.item = True, _Segment()
        self.opened.append(name)
        base = sum(len(value) for key, value in attributes.items() if _local(key) == "base")
        self.bases.append(self.bases[-1] + base)
        self.spend(20 * len(attributes) ** 2 + 10 * self.bases[-1] + 10 * len(self.prefixes))
        if name in _PEOPLE or name in _TAGS:
            self.searched_from = self.searched_from or len(self.opened)
            self.names += name in _PEOPLE
            self.tags += name in _TAGS

    def end(self, _: str) -> None:
        if self.searched_from == len(self.opened):
            segment = self.item if self.in_item else self.outside
            segment.add("".join(self.text), self.names, self.tags)
            self.searched_from = self.names = self.tags = 0
            self.text = []
        self.bases.pop()
        if self.opened.pop() in ITEMS:
            self.spend(self.item.work())
            self.in_item = False
        if not self.opened:
            self.spend(self.outside.work())

    def characters(self, text: str) -> None:
        if self.searched_from:
            self.text.append(text)

    def namespace(self, prefix: str | None, uri: str | None) -> None:
        self.prefixes.add(prefix)
        _check_token(len(uri or ""))

    def comment(self, text: str) -> None:
        _check_token(len(text))

    def instruction(self, _: str, data: str) -> None:
        _check_token(len(data))
        self.instructions += 1
        if self.instructions > MAX_INSTRUCTIONS:
            raise ParseError(f"more than {MAX_INSTRUCTIONS:,} processing instructions")

    def spend(self, work: int) -> None:
        self.left -= work
        if self.left < 0:
            raise ParseError("far more attributes, tags or names than its size explains")


def _local(name: str) -> str:
    """The name of an element or attribute without its namespace, as feedparser compares it."""
    return name.rpartition(" ")[2].lower()


def _check_token(length: int) -> None:
    if length > MAX_TOKEN:
        raise ParseError(f"a tag or a comment of more than {MAX_TOKEN:,} characters")
