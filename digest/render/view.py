"""A digest as its templates see it: which papers under which heading, and its reader's own texts.

In: a `Digest`, and how much of it may be shown (`Level`). Out: `Layout`, `Texts`. Never: HTML, or a count of
bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

from digest.domain import (
    Digest,
    Frequency,
    Match,
    Reason,
    ReasonKind,
    ShownPaper,
    Subscriber,
    Topic,
)
from digest.languages import current, dates, deferred, ngettext, pgettext
from digest.languages import gettext as _
from digest.render import phrases
from digest.render.cards import title

_WORDS_A_MINUTE = 200
_PREHEADER = (40, 90)
_DOT = " · "
_ADDRESS = "\0"  # where the reader's stands, in a text that many share
_REST = deferred("More for you")
MOST_NOTES = 5


@dataclass(frozen=True, slots=True)
class Level:
    """How much is shown: words of a summary, links beside the title's, papers in full and by title alone,
    and whether what others read is."""

    words: int
    all_links: bool = True
    also_trending: bool = True
    cards: int = 1_000
    titles: int = 1_000


# What is given up in turn until the mail fits: long summaries, links beside the title's, what others read,
# summaries at the end of the list, at last papers ("all n on the web"). The last level always fits.
LEVELS = (
    Level(words=45),
    Level(words=30),
    Level(words=30, all_links=False),
    Level(words=30, all_links=False, also_trending=False),
    *(Level(words=30, all_links=False, also_trending=False, cards=cards) for cards in (40, 25)),
    *(
        Level(words=30, all_links=False, also_trending=False, cards=cards, titles=100)
        for cards in (25, 12, 6)
    ),
    Level(words=30, all_links=False, also_trending=False, cards=6, titles=40),
    Level(words=30, all_links=False, also_trending=False, cards=3, titles=10),
)


class Section(NamedTuple):
    """Papers under one heading; an empty heading is none. `topic`: the slug of the one that it names."""

    heading: str
    matches: tuple[Match, ...]
    topic: str = ""


class Layout(NamedTuple):
    """Which papers are shown in full, which in a line, and how many not at all."""

    sections: tuple[Section, ...]
    tail: tuple[Section, ...]
    hidden: int


@dataclass(frozen=True, slots=True, eq=False)
class Audience:
    """What a mail says to all who asked for the same in one issue: its heading and notes, in few words what
    they asked for, and the titles of their topics by slug. In the language that is spoken."""

    language: str
    heading: str
    notes: tuple[str, ...]
    asked: str
    topics: Mapping[str, str]


class Texts(NamedTuple):
    """What a mail says to one reader alone; no text is empty. `papers`: how many.

    In pieces, which stand one behind the other, where most of a text is others' too: `preheader`, and
    `because` before, in and behind the reader's masked address.
    """

    preheader: tuple[str, ...]
    meta: str
    because: tuple[str, str, str]
    papers: int


def layout(digest: Digest, level: Level, front: int) -> Layout:
    """Return the papers of a digest at a level: the best `front` in full, under days or topics where that
    helps, the others in brief, under topics where that helps.
    """
    cards = min(front, level.cards)
    shown, rest = digest.papers[:cards], digest.papers[cards:]
    if not rest:
        return Layout(_sections(digest, shown), (), 0)
    tail = rest[: level.titles]
    in_brief = _by_topic(digest.topics, tail) if _is_by_topic(digest) else (Section("", tail),)
    return Layout(_sections(digest, shown), in_brief, len(rest) - len(tail))


def shown_paper(match: Match, titles: Mapping[str, str]) -> ShownPaper:
    """Return what a row of the ledger keeps of a paper: its reasons, their topics by title. An empty one is
    that of the heading above."""
    return ShownPaper(match.paper.pk, _titled(match.reasons, titles))


def _titled(reasons: tuple[Reason, ...], titles: Mapping[str, str]) -> tuple[Reason, ...]:
    """The reasons, their topics by title."""
    if all(reason.kind is not ReasonKind.TOPIC for reason in reasons):
        return reasons
    return tuple(
        [
            replace(reason, filter=titles.get(reason.filter, reason.filter))
            if reason.kind is ReasonKind.TOPIC
            else reason
            for reason in reasons
        ]
    )


def audience(digest: Digest) -> Audience:
    """Return what a digest says to all who asked for the same."""
    topics = {topic.slug: topic.title for topic in digest.topics}
    asked = _asked(tuple(topics.values()), len(digest.subscriber.interests.filters))
    notes = tuple(phrases.one_line(_(note)) for note in digest.notes[:MOST_NOTES])
    return Audience(current(), _heading(digest), notes, asked, topics)


def _heading(digest: Digest) -> str:
    asked = digest.subscriber.interests
    if not digest.papers:
        kind = _nothing(digest)
    elif is_weekly(digest):
        kind = _("The week’s papers")
    else:
        kind = _("Your papers") if asked.topics or asked.filters else _("Trending papers")
    day = dates.day_name(digest.issue.date).replace(" ", "\u00a0")  # no lone word on a narrow screen
    return f"{kind}\u00a0· {day}"


def first_title(digest: Digest) -> str:
    """Return what the subject begins with."""
    return title(digest.papers[0].paper) if digest.papers else _nothing(digest)


def others(*, has_papers: bool) -> str:
    """Return the heading of what others read: beside a reader's own papers, or instead of them."""
    return _("Also trending") if has_papers else _("Trending meanwhile")


def _nothing(digest: Digest) -> str:
    return _("No papers this week") if is_weekly(digest) else _("No papers today")


def is_weekly(digest: Digest) -> bool:
    """Tell whether a digest is that of a week."""
    return digest.subscriber.schedule.frequency is Frequency.WEEKLY


def texts(digest: Digest, audience: Audience, *, words: int) -> Texts:
    """Return the reader's own texts of a mail that shows so many words of papers."""
    count = len(digest.papers)
    minutes = ceil(words / _WORDS_A_MINUTE) or 1
    about, meta = _about(count, minutes, audience)
    return Texts(
        preheader=_preheader(digest, about),
        meta=meta,
        because=_because(digest.subscriber, audience),
        papers=count,
    )


def _sections(digest: Digest, shown: tuple[Match, ...]) -> tuple[Section, ...]:
    if is_weekly(digest):
        return _by_day(digest.subscriber, shown)
    return _by_topic(digest.topics, shown) if _is_by_topic(digest) else (Section("", shown),)


def _is_by_topic(digest: Digest) -> bool:
    return len(digest.topics) > 2 and not is_weekly(digest)


def _by_day(person: Subscriber, shown: Sequence[Match]) -> tuple[Section, ...]:
    """A week's papers by the reader's day on which each first came, the newest day first."""
    zone = ZoneInfo(person.schedule.timezone)
    days: dict[str, list[Match]] = {}
    for match in sorted(shown, key=lambda m: m.paper.first_seen_at.astimezone(zone).date(), reverse=True):
        day = match.paper.first_seen_at.astimezone(zone).date()
        days.setdefault(dates.day_name(day), []).append(match)
    return tuple(Section(day, tuple(matches)) for day, matches in days.items())


def _by_topic(topics: Sequence[Topic], shown: tuple[Match, ...]) -> tuple[Section, ...]:
    """Papers under the first of their topics, the topic of the best paper first; one topic has no heading."""
    titles = {topic.slug: topic.title for topic in topics}
    groups: dict[str, list[Match]] = {}
    for match in shown:
        found = (r.filter for r in match.reasons if r.kind is ReasonKind.TOPIC and r.filter in titles)
        groups.setdefault(next(found, ""), []).append(match)
    rest = groups.pop("", [])
    if len(groups) + bool(rest) < 2:
        return (Section("", shown),)
    named = [
        Section(phrases.one_line(_(titles[slug]), 60), tuple(found), slug) for slug, found in groups.items()
    ]
    return (*named, Section(_(_REST), tuple(rest))) if rest else tuple(named)


@lru_cache(1_024)
def _about(papers: int, minutes: int, audience: Audience) -> tuple[tuple[str, ...], str]:
    """What a mail is about, in phrases, and the line that says how much it is and of what."""
    if not papers:
        about = audience.notes[:1] or (_("Nothing new for you"),)
        return (*about, audience.asked), phrases.together(audience.asked)
    counts = (
        ngettext("{number} paper", "{number} papers", papers),
        ngettext("{number} min read", "{number} min read", minutes),
    )
    about = (*[count.replace(" ", "\u00a0") for count in counts], audience.asked)
    return about, phrases.together(phrases.BETWEEN.join(about))


def _asked(topics: tuple[str, ...], filters: int) -> str:
    """What the subscriber asked for, in few words: the titles of topics, how many filters."""
    if topics:
        names = pgettext("list", ", ").join([phrases.one_line(_(topic), 30) for topic in topics[:4]])
        if len(topics) > 4:
            names = _("{names} + {number} more", names=names, number=len(topics) - 4)
        return _("topics: {names}", names=names)
    if filters:
        return ngettext("your filter", "your {number} filters", filters)
    return _("what trends")


def following(digest: Digest) -> str:
    """Return when the reader's next digest comes; empty where the mail doesn't say it."""
    return phrases.moment(digest.next_at, digest.subscriber.schedule.timezone) if digest.next_at else ""


def _because(person: Subscriber, audience: Audience) -> tuple[str, str, str]:
    """Why this mail comes, to whom, and since when."""
    since = (person.confirmed_at or person.created_at).astimezone(ZoneInfo(person.schedule.timezone))
    before, behind = _around_address(since.date(), audience.asked, audience.language)
    return before, phrases.masked(phrases.one_line(person.email)), behind


@lru_cache(4_096)
def _around_address(day: date, asked: str, _language: str) -> tuple[str, str]:
    """What stands before a reader's address and what behind it where a mail says why it comes."""
    text = _(
        "You get this because {address} subscribed on {day} to {what}.",
        address=_ADDRESS,
        day=dates.long_date(day),
        what=asked,
    )
    before, _mark, behind = text.partition(_ADDRESS)
    return before, phrases.together(behind)


def _preheader(digest: Digest, about: tuple[str, ...]) -> tuple[str, ...]:
    """40–90 characters that mail programs show beside the subject: the second and third titles whole, where
    they fit, else what the mail is about. In pieces."""
    least, most = _PREHEADER
    pieces: list[str] = []
    length = 0
    for match in digest.papers[1:3]:
        text = title(match.paper)
        if length + len(text) + len(_DOT) * bool(pieces) <= most:
            length += len(text) + len(_DOT) * bool(pieces)
            pieces += (_DOT, text) if pieces else (text,)
    if length < least:
        names = [phrases.one_line(_(topic.title)) for topic in digest.topics]
        for text in (*names, *about, dates.long_day(digest.issue.date)):
            length += len(text) + len(_DOT) * bool(pieces)
            pieces += (_DOT, text) if pieces else (text,)
            if length >= least:
                break
    return tuple(pieces) if length <= most else (phrases.one_line("".join(pieces), most),)
