"""Finds what can be left out after a paper that somebody wants less of, and leaves it out.

A choice is a filter that selects the paper: a word that brought it, a filter or topic of theirs, an author,
its category. Never: a choice that wouldn't leave out the paper itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from digest.domain import Field, Match, Paper, Ranked, ReasonKind, Subscriber
from digest.errors import FilterError
from digest.filters import canonical, parse, parse_stored
from digest.languages import gettext as _
from digest.match import Corpus, Library
from digest.pipeline.installation import Installation
from digest.pipeline.issues.likeness import StoredLikeness
from digest.pipeline.subscriptions import preferences
from digest.store import session
from digest.store.subscriptions import interests, mutes

MOST_AUTHORS = 2  # the first, and the last


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be left out: a canonical filter, and in words; `is_out`: it is left out already, `until` a
    time or for good."""

    filter: str
    words: str
    is_out: bool = False
    until: datetime | None = None


def choices(installation: Installation, reader: Subscriber, paper: Paper) -> tuple[Choice, ...]:
    """Return what a reader may leave out after this paper, the most particular first."""
    with session.reading(installation.engine) as db:
        topics = {topic.slug: topic for topic in interests.topics(db)}
        muted = mutes.mutes(db, reader.id)
    likeness = StoredLikeness(installation)
    alone = Corpus([Ranked(paper, 0.0)], Library(topics.values()), likeness=likeness)
    (match,) = alone.why.explain(reader.interests, [0], reader.saved)
    titles = {slug: topic.title for slug, topic in topics.items()}
    found: dict[str, str] = {}
    for text, words in _wanted_less(match, titles):
        try:
            tree = parse(text, topics=topics)
        except FilterError:  # a name that the filter language has no words for
            continue
        if not alone.why.misses(parse_stored(canonical(tree)), paper.id, reader.saved):
            found.setdefault(canonical(tree), words)
    return tuple(
        [
            Choice(text, words, text in reader.interests.exclude, muted.get(text))
            for text, words in found.items()
        ]
    )


def leave_out(
    installation: Installation, reader: Subscriber, text: str, now: datetime, *, for_good: bool
) -> None:
    """Leave out what one of the choices selects: for seven days, or for good. Safe to repeat."""
    if for_good:
        preferences.exclude(installation, reader.id, text, now)
    else:
        preferences.mute(installation, reader.id, text, now)


def _wanted_less(match: Match, titles: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (filter, in words) of what may have been too much in a paper."""
    paper = match.paper
    for reason in match.reasons:
        if reason.term and reason.field in {Field.TITLE, Field.ABSTRACT}:
            yield f'"{reason.term}"', _("Papers with “{term}”", term=reason.term)
    for reason in match.reasons:
        if reason.kind is ReasonKind.FILTER:
            yield reason.filter, _("All that your filter {filter} finds", filter=reason.filter)
        elif reason.kind is ReasonKind.TOPIC and reason.filter in titles:
            yield f"topic:{reason.filter}", _("The topic {topic}", topic=titles[reason.filter])
    for name in dict.fromkeys([*paper.authors[: MOST_AUTHORS - 1], *paper.authors[-1:]]):
        plain = name.replace('"', " ")
        yield f'au:"{plain}"', _("Papers by {name}", name=name)
    for category in paper.categories[:1]:
        yield f"cat:{category}", _("The category {category}", category=category)
