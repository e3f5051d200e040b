"""Assembles messages from parts that are rendered and encoded once for all who get them.

In: a digest, its site and links, and a function that renders a template. Out: `Encoded`. Never: renders a
template for one reader.

The frame of a mail depends on the day, its notes and which links there are, and holds the blocks of the list
(`blocks.py`). What is a reader's own (links, numbers of papers, texts) stands in `Slot`s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from string import ascii_letters, digits
from typing import Final

from markupsafe import escape

from digest.domain import Digest, Picture, Shown, ShownSection
from digest.languages import dates, deferred
from digest.languages import gettext as _
from digest.render import phrases, view
from digest.render.blocks import LINKS, Block, Blocks, Numbered, Render, kinds_of, manner_of, slots
from digest.render.headers import digest_headers, header_text, is_one_click, own_headers
from digest.render.mime import Encoded, Headers, quoted
from digest.render.placeholders import EncodedTemplate, Placeholder, Values
from digest.render.plain import wrap
from digest.render.site import Links, Site
from digest.render.view import LEVELS, Level

BUDGET = 90_000  # bytes of the HTML part as encoded; Gmail cuts mails off near 102,400
_LONG = 45  # characters of a masked address that has no room in a line beside other words
_LINE_END = b"\r\n"
_LINE = 74  # characters of a link on one encoded line
_PLAIN = f"{ascii_letters}{digits}:/._~+?#%-".encode()  # of links in which nothing is escaped or encoded
_MASKED = f"{ascii_letters}{digits}@.-".encode()  # of addresses, beside the `…`
WITHDRAWN = deferred("Withdrawn since we sent it to you")
_BRIEF = deferred("In brief")
_JOINED = "=\r\n\0"  # between encoded links
_SHARED = 512
_NONE: Mapping[int, Picture] = {}
_NO_KINDS = frozenset[str]()
_Frame = tuple[EncodedTemplate, EncodedTemplate]
_targets = attrgetter(*LINKS)


@dataclass(frozen=True, slots=True, eq=False)
class MailLayout:
    """What the messages of one mail have in common: who sends it, which links there are. Equal ones are one
    object (`_layout_of`), which is found in no time."""

    mail: str
    site: Site
    links: tuple[str, ...]
    top: int  # level of the headings below which papers stand


_layout_of = lru_cache(64)(MailLayout)


class SharedParts:
    """What a mail has in common for all who asked for the same in one issue.

    They are found by the identity of its site and topics, and hold them, so that no others have it meanwhile.
    """

    __slots__ = ("audience", "day", "frames", "headers", "sheet", "site", "topics")

    def __init__(self, sheet: MailLayout, digest: Digest, site: Site) -> None:
        self.sheet: Final = sheet
        self.site: Final = site
        self.topics: Final = digest.topics
        self.audience = view.audience(digest)
        self.day = dates.short_day(digest.issue.date)
        self.frames: dict[bool, tuple[_Frame, _Frame]] = {}  # by whether papers are hidden
        self.headers: dict[tuple[frozenset[str], bool], Headers] = {}  # by the kinds of reasons


class MessageAssembler:
    """Splices the messages of digests; remembers the parts that were made last."""

    def __init__(self, render: Render) -> None:
        self._parts = Blocks(render)
        self._shared_parts: dict[tuple[object, ...], SharedParts] = {}
        self._frame = lru_cache(64)(self._set_frame)
        self._subject = lru_cache(1_024)(self._set_subject)

    def print(self, mail: str, top: int, digest: Digest, site: Site, links: Links) -> Encoded:
        """Return the mail of that name at the most generous level of detail that fits.

        `top`: level of the headings below which papers stand.
        """
        names, html_links, text_links = _links(links)
        common = self._common(mail, top, digest, site, names)
        subject = self._subject_of(common, digest)
        for level in LEVELS:
            layout = view.layout(digest, level, _front(digest, site))
            blocks, shown, kinds = self._blocks(common, digest, layout, level)
            texts = view.texts(digest, common.audience, words=sum([block.words for block in blocks]))
            html_values, text_values = _values(texts, html_links, text_links)
            if digest.next_at:
                html_values["next"], text_values["next"] = _paragraph(view.following(digest))
            html_frame, text_frame = self._frames(common, digest, hidden=bool(layout.hidden))
            html = _spliced(html_frame, [block.html for block in blocks], html_values)
            if len(html) <= BUDGET:
                break
        text = _spliced(text_frame, [block.text for block in blocks], text_values)
        shared = _headers(common, digest, site, links, kinds)
        pictures = _shown(digest, site, level) if digest.pictures else ()
        return Encoded(subject, own_headers(links), shared, text, html, pictures, shown)

    def _common(self, mail: str, top: int, digest: Digest, site: Site, links: tuple[str, ...]) -> SharedParts:
        """What this mail has in common with those of others who asked for the same."""
        asked, issue = digest.subscriber.interests, digest.issue
        notes = tuple([_(note) for note in digest.notes]) if digest.notes else ()
        wanted = (
            *(mail, top, id(site), links, issue.id, issue.date, notes),
            *(tuple(map(id, digest.topics)), bool(asked.topics), len(asked.filters)),
            *(view.is_weekly(digest), not digest.papers, digest.next_at is None),
        )
        made = self._shared_parts.get(wanted)
        if made is None:
            if len(self._shared_parts) >= _SHARED:
                self._shared_parts = {}
            made = self._shared_parts[wanted] = SharedParts(_layout_of(mail, site, links, top), digest, site)
        return made

    def _frames(self, common: SharedParts, digest: Digest, *, hidden: bool) -> tuple[_Frame, _Frame]:
        """What stands before and behind the list of a mail, in HTML and in text."""
        made = common.frames.get(hidden)
        if made is None:
            audience = common.audience
            quiet, follows = not digest.papers, digest.next_at is not None
            made = common.frames[hidden] = self._frame(
                common.sheet, audience.heading, audience.notes, quiet=quiet, hidden=hidden, follows=follows
            )
        return made

    def _blocks(
        self, common: SharedParts, digest: Digest, layout: view.Layout, level: Level
    ) -> tuple[list[Block], Shown, frozenset[str]]:
        """The parts of the list in their order, what the ledger keeps of them, and the kinds of reasons for
        all papers of the digest."""
        sheet, topics = common.sheet, common.audience.topics
        blocks: list[Block] = []
        papers: list[Numbered] = []
        front: list[ShownSection] = []
        brief: list[ShownSection] = []
        pictures = {picture.paper: picture for picture in digest.pictures} if digest.pictures else _NONE
        for section in layout.sections:
            below = sheet.top + bool(section.heading)
            manner = manner_of(digest.issue.date, level.words, level.all_links, below, sheet.links)
            if section.heading:
                blocks.append(self._parts.heading(section.heading, sheet.top))
            titles = _without(topics, section.topic)
            found = self._parts.numbered(section.matches, titles, manner, len(papers), pictures)
            blocks += found
            papers += found
            front.append(ShownSection(section.heading, tuple([block.shown for block in found])))
        if layout.tail:
            blocks.append(self._parts.heading(_(_BRIEF), sheet.top))
        for section in layout.tail:
            if section.heading:
                blocks.append(self._parts.group(section.heading, sheet.top + 1))
            titles = _without(topics, section.topic)
            found = self._parts.numbered(section.matches, titles, None, len(papers))
            blocks += found
            papers += found
            brief.append(ShownSection(section.heading, tuple([block.shown for block in found])))
        kinds = _NO_KINDS.union(*{block.kinds for block in papers})
        if layout.hidden:  # the email says that they are on the web
            hidden = digest.papers[-layout.hidden :]
            brief.append(ShownSection("", tuple([view.shown_paper(match, topics) for match in hidden])))
            kinds = kinds.union(*[kinds_of(match) for match in hidden])
        others = digest.also_trending if level.also_trending else ()
        if digest.withdrawn:
            blocks.append(self._parts.others(digest.withdrawn, _(WITHDRAWN), sheet.top))
        if others:
            heading = view.others(has_papers=bool(digest.papers))
            blocks.append(self._parts.others(others, heading, sheet.top))
        shown = Shown(
            tuple(front),
            tuple(brief),
            tuple([paper.pk for paper in digest.withdrawn]),
            tuple([paper.pk for paper in others]),
            digest.notes[: view.MOST_NOTES],
        )
        return blocks, shown, kinds

    def _set_frame(
        self,
        sheet: MailLayout,
        heading: str,
        notes: tuple[str, ...],
        *,
        quiet: bool,
        hidden: bool,
        follows: bool,
    ) -> tuple[_Frame, _Frame]:
        """What stands before the list, and what behind it, in HTML and in text."""
        own = {name: Placeholder(name) for name in ("preheader", "meta", "because", "count", "list")}
        following = Placeholder("next") if follows else ""
        digest = {
            **own,
            "next": following,
            "heading": heading,
            "notes": notes,
            "quiet": quiet,
            "hidden": hidden,
        }
        values = {"site": sheet.site, "links": slots(sheet.links), "digest": digest}
        body = self._parts.set(f"{sheet.mail}/body", values)
        return body.html.parted("list"), body.text.parted("list")

    def subject(self, mail: str, top: int, digest: Digest, site: Site, links: Links) -> str:
        """Return the subject of what `print` returns, and render nothing else."""
        return self._subject_of(self._common(mail, top, digest, site, _links(links)[0]), digest)

    def _subject_of(self, common: SharedParts, digest: Digest) -> str:
        first = view.first_title(digest)
        return self._subject(common.sheet, first, len(digest.papers), common.day)

    def _set_subject(self, sheet: MailLayout, first: str, papers: int, short_day: str) -> str:
        digest = {"first": first, "count": papers, "short_day": short_day}
        return header_text(
            self._parts.render(f"{sheet.mail}/subject.txt", {"site": sheet.site, "digest": digest})
        )


def _headers(common: SharedParts, digest: Digest, site: Site, links: Links, kinds: frozenset[str]) -> Headers:
    """The headers that mails with the same parts share."""
    wanted = kinds, is_one_click(links)
    made = common.headers.get(wanted)
    if made is None:
        made = common.headers[wanted] = digest_headers(digest, site, links, kinds)
    return made


def _spliced(frame: _Frame, blocks: Sequence[EncodedTemplate], values: Values) -> bytes:
    """The frame with the blocks where its list stands, all slots filled; one copy of everything."""
    before, behind = frame
    parts = before.filled(values)
    names: tuple[str, ...] = ()
    own: list[bytes] = []
    for block in blocks:
        if not block.names:
            parts += block.parts
            continue
        if block.names != names:  # most cards have the same slots
            names, own = block.names, [values[name] for name in block.names]
        lines = block.parts.copy()
        lines[1::2] = own
        parts += lines
    parts += behind.filled(values)
    return b"".join(parts)


def _front(digest: Digest, site: Site) -> int:
    return digest.subscriber.interests.front or site.front


def _shown(digest: Digest, site: Site, level: Level) -> tuple[Picture, ...]:
    """The pictures of the papers that a mail shows in full."""
    cards = digest.papers[: min(_front(digest, site), level.cards)]
    numbers = {match.paper.pk for match in cards}
    return tuple([picture for picture in digest.pictures if picture.paper in numbers])


def _without(topics: Mapping[str, str], topic: str) -> Mapping[str, str]:
    """Titles of topics by slug, that of the heading empty: what stands below doesn't say it again."""
    return {**topics, topic: ""} if topic else topics


def _links(links: Links) -> tuple[tuple[str, ...], Values, Values]:
    """The names of the links that a mail has; and by name, as its slots hold them in HTML and in text,
    encoded.
    """
    names, targets = LINKS, _targets(links)
    if not all(targets):
        names = tuple([name for name, target in zip(LINKS, targets, strict=True) if target])
        targets = tuple([target for target in targets if target])
    whole = "".join(targets)
    if whole.isascii() and not whole.encode().translate(None, _PLAIN) and max(map(len, targets)) <= 2 * _LINE:
        # As most are: in lines of quoted-printable that go on, as `quoted` writes them, all encoded at once.
        lines = [
            target if len(target) <= _LINE else f"{target[:_LINE]}=\r\n{target[_LINE:]}" for target in targets
        ]
        encoded = f"{_JOINED.join(lines)}=\r\n".encode().split(b"\0")
        plain = dict(zip(names, encoded, strict=True))
        return names, plain, plain.copy()
    shown = [phrases.printable(target) for target in targets]
    html = dict(zip(names, [quoted(escape(target)) for target in shown], strict=True))
    return names, html, dict(zip(names, map(quoted, shown), strict=True))


def _values(texts: view.Texts, html_links: Values, text_links: Values) -> tuple[Values, Values]:
    """What the slots of a mail hold in its HTML and in its text, encoded."""
    html, text = html_links, text_links
    html["meta"], text["meta"] = _paragraph(texts.meta)
    html["because"], text["because"] = _because(*texts.because)
    html["count"] = text["count"] = _count(texts.papers)
    html["preheader"] = b"".join([_piece(piece) for piece in texts.preheader])
    return html, text


def _because(before: str, address: str, behind: str) -> tuple[bytes, bytes]:
    """Why a mail comes, for HTML and for text, where a line ends with the address."""
    masked = address.replace("…", "", 1)
    if len(address) < _LONG and masked.isascii() and not masked.encode().translate(None, _MASKED):
        encoded = f"{address.replace('…', '=E2=80=A6')}=\r\n".encode()
        html = b"".join((_piece(before), encoded, _piece(behind)))
        return html, b"".join((_piece(before), encoded, _LINE_END, _wrapped(behind)))
    shown = phrases.printable(address)
    html = b"".join((_piece(before), quoted(escape(shown)), _piece(behind)))
    return html, b"".join((quoted(wrap(f"{before}{shown}")), _LINE_END, _wrapped(behind)))


@lru_cache(1_024)
def _paragraph(value: str) -> tuple[bytes, bytes]:
    """A text that many mails have, for HTML and, wrapped, for text."""
    return _piece(value), _wrapped(value)


@lru_cache(4_096)
def _piece(value: str) -> bytes:
    """A piece of a text for HTML that many mails have."""
    return quoted(escape(phrases.printable(value)))


@lru_cache(1_024)
def _wrapped(value: str) -> bytes:
    return quoted(wrap(phrases.printable(value)))


@lru_cache(256)
def _count(papers: int) -> bytes:
    return quoted(str(papers))
