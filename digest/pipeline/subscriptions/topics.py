"""Adds, changes and removes the topics of an installation, and says what that does to readers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from digest.domain import Paper, Topic
from digest.errors import InputError, RefusedError
from digest.pipeline.installation import Installation
from digest.pipeline.subscriptions.validate import known_topic, known_topics
from digest.store import session
from digest.store.community import audit
from digest.store.monitoring import statistics
from digest.store.subscriptions import interests
from digest.topics import shipped

if TYPE_CHECKING:
    from digest.pipeline.issues.candidates import CandidateSet

LOOKED_BACK = timedelta(days=14)  # for the papers that a change gains and loses
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class TopicEdit:
    """A change of a topic (`before` is None where it is new), and what it does to the last two weeks."""

    before: Topic | None
    after: Topic
    gained: Sequence[Paper]
    lost: Sequence[Paper]
    kept: int


def readers_of_topics(installation: Installation) -> Mapping[str, int]:
    """Count, by slug, the active readers of each topic that has any."""
    with session.reading(installation.engine) as db:
        return statistics.topic_readers(db)


def papers_of_topics(installation: Installation, now: datetime) -> Mapping[str, int]:
    """Count, by slug, the papers of the last week that each topic selects. Reads all papers of the week."""
    from digest.pipeline.issues.candidates import read_candidates  # noqa: PLC0415 - brings the matcher

    week = read_candidates(installation, now, timedelta(days=7))
    return {slug: len(papers) for slug, papers in week.corpus.of_topics().items()}


def planned(
    installation: Installation,
    slug: str,
    now: datetime,
    *,
    is_new: bool,
    title: str | None,
    expression: str | None,
    group: str | None,
) -> TopicEdit:
    """Work out a new topic or a change of one; nothing is written.

    Raises InputError, UnknownError or FilterError.
    """
    from digest.pipeline.issues.candidates import read_candidates  # noqa: PLC0415 - as above

    listed = known_topics(installation)
    before = None if is_new else known_topic(listed, slug)
    if is_new:
        _check_slug(slug, listed)
    text = expression if expression is not None else before.expression if before else ""
    others = [topic.slug for topic in listed if topic.slug != slug]  # a topic can't be part of itself
    after = Topic(
        slug=slug,
        title=_line("title", title if title is not None else before.title if before else slug),
        expression=_canonical(text, others) if expression is not None or is_new else text,
        group=_line("group", group if group is not None else before.group if before else "Others"),
    )
    found = read_candidates(installation, now, LOOKED_BACK)
    old = _selected(found, before.expression) if before else {}
    new = _selected(found, after.expression)
    gained = [paper for pk, paper in new.items() if pk not in old]
    lost = [paper for pk, paper in old.items() if pk not in new]
    return TopicEdit(before, after, gained, lost, len(new) - len(gained))


def carry_out(installation: Installation, edit: TopicEdit, now: datetime) -> None:
    """Keep a topic; a new version of the software leaves it alone from then on."""
    slug = edit.after.slug
    with session.transaction(installation.engine) as db:
        before = interests.topic_state(db, slug)
        interests.save_topic(db, edit.after)
        after = interests.topic_state(db, slug)
        act = "topic.edit" if before else "topic.add"
        audit.record(db, installation.actor, act, f"topic:{slug}", before, after, now=now)


def remove(installation: Installation, slug: str, now: datetime, *, dry_run: bool = False) -> Topic:
    """Remove a topic that nobody has. Raises UnknownError, or RefusedError that says who needs it."""
    topic = known_topic(known_topics(installation), slug)
    if slug in {each.slug for each in shipped()}:
        fix = f"digest topics edit {slug}"
        raise RefusedError(f"{slug} comes with Digest, which would add it again; it can be edited", fix=fix)
    with session.transaction(installation.engine) as db:
        readers = statistics.topic_readers(db, everybody=True)[slug]
        if readers:
            raise RefusedError(
                f"{readers} subscribers have the topic {slug}", fix=f"digest topics edit {slug}"
            )
        users = interests.uses_of_topic(db, slug)
        if users:
            raise RefusedError(f"{users[0]} names the topic {slug}", fix=f"digest topics edit {slug}")
        if not dry_run:
            before = interests.topic_state(db, slug)
            interests.remove_topic(db, slug)
            audit.record(db, installation.actor, "topic.remove", f"topic:{slug}", before, None, now=now)
    return topic


def _canonical(text: str, others: Sequence[str]) -> str:
    from digest.filters import canonical, parse  # noqa: PLC0415 - a list of topics needs neither

    shared = "a topic is the same for all its readers, and each has saved other papers"
    return canonical(parse(text, topics=others, no_saved=shared))


def _check_slug(slug: str, listed: Sequence[Topic]) -> None:
    if not _SLUG.fullmatch(slug):
        msg = f"{slug[:60]!r} can't name a topic: small letters, digits and hyphens, at most 40"
        raise InputError(msg, fix="such as graph-learning")
    if slug in {topic.slug for topic in listed}:
        raise InputError(f"there is a topic {slug} already", fix=f"digest topics edit {slug}")


def _line(name: str, text: str) -> str:
    plain = " ".join(text.split())
    if not plain or len(plain) > 80 or not plain.isprintable():
        raise InputError(f"{name}: {text[:60]!r} is not a line of at most 80 characters")
    return plain


def _selected(found: "CandidateSet", expression: str) -> dict[int, Paper]:
    from digest.filters import parse  # noqa: PLC0415 - as above

    matches = found.corpus.search(parse(expression, topics=found.topics))
    return {match.paper.pk: match.paper for match in matches}
