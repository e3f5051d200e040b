"""Lists the digests that a subscriber got, and their papers as the emails showed them. Reads only.

The ledger keeps which papers a digest had, in which order. What people had counted for them is read as of the
moment for which the digest was made; reasons are those that hold by what the subscriber chooses now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from digest.domain import DeliveryState, Match, Subscriber
from digest.match import Corpus, Library
from digest.pipeline.ingest.summaries import with_summaries
from digest.pipeline.installation import Installation
from digest.pipeline.issues.candidates import usual_before
from digest.pipeline.issues.likeness import StoredLikeness
from digest.store import deliveries, papers, session
from digest.store.subscriptions import interests
from digest.trend import rank

MOST = 60  # digests that are listed


@dataclass(frozen=True, slots=True)
class MyDigest:
    """A digest that was sent: its date, when it was made, and the numbers (`Paper.pk`) of its papers."""

    day: date
    made_at: datetime
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SentPapers:
    """The papers of a digest in its order; `titles` of topics by slug, for the reasons."""

    matches: tuple[Match, ...]
    titles: Mapping[str, str]


def my_digests(installation: Installation, subscriber_id: int) -> list[MyDigest]:
    """Return the last digests that were sent to a subscriber, newest first."""
    with session.reading(installation.engine) as db:
        rows = deliveries.of_subscriber(db, subscriber_id)
        sent = [row for row in rows if row.state is DeliveryState.SENT]
        newest = sorted(sent, key=lambda row: row.issue_date, reverse=True)[:MOST]
        issues = {issue.id: issue for issue in deliveries.issues_by_id(db, {row.issue_id for row in newest})}
    return [MyDigest(row.issue_date, issues[row.issue_id].opened_at, row.papers) for row in newest]


def papers_of(installation: Installation, owner: Subscriber, sent: MyDigest) -> SentPapers:
    """Return the papers of a digest in its order, with what was counted for them by then."""
    at = sent.made_at
    with session.reading(installation.engine) as db:
        found = papers.by_pks(db, sent.numbers, until=at)
        shown = with_summaries(db, installation, [found[pk] for pk in sent.numbers if pk in found], at)
        usual = usual_before(db, at - installation.window)
        topics = interests.topics(db)
    corpus = Corpus(
        rank(shown, at, usual),
        Library(topics),
        fit_weight=installation.fit_weight,
        likeness=StoredLikeness(installation),
    )
    place = {paper.pk: number for number, paper in enumerate(corpus.papers)}
    matches = corpus.why.explain(owner.interests, [place[paper.pk] for paper in shown], owner.saved)
    return SentPapers(matches, {topic.slug: topic.title for topic in topics})
