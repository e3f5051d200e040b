"""Lists the digests that a subscriber got, and what the emails showed. Reads only.

The ledger keeps what each email showed: its papers in order under their headings, and why each came. What was
counted for them is read as of the moment for which the digest was made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from digest import shown
from digest.domain import Delivery, Paper, Shown, ShownPaper, ShownSection
from digest.pipeline.ingest.kept_summaries import with_summaries
from digest.pipeline.installation import Installation
from digest.store import deliveries, papers, session
from digest.store.readable import readable

MOST = 60  # digests that are listed


@dataclass(frozen=True, slots=True)
class MyDigest:
    """A digest that was sent: its date, and how many papers it had."""

    day: date
    count: int


@dataclass(frozen=True, slots=True)
class SentDigest:
    """What the email of a digest showed, and its papers by number (`Paper.pk`) as they were for it; papers
    that were hidden since are left out. `has_reasons`: False for an email of before reasons were kept."""

    shown: Shown
    papers: Mapping[int, Paper]
    has_reasons: bool


def my_digests(installation: Installation, subscriber_id: int) -> list[MyDigest]:
    """Return the last digests that were sent to a subscriber, newest first."""
    with session.reading(installation.engine) as db:
        sent = deliveries.sent_to(db, subscriber_id, limit=MOST)
    return [MyDigest(row.issue_date, len(_what_it_showed(row, packed).papers)) for row, packed in sent]


def sent_digest(installation: Installation, subscriber_id: int, day: date) -> SentDigest | None:
    """Return the digest of a date as it was sent to a subscriber; None where none was."""
    with session.reading(installation.engine) as db:
        found = deliveries.sent_to(db, subscriber_id, day=day)
        if not found:
            return None
        ((row, packed),) = found
        was = _what_it_showed(row, packed)
        (issue,) = deliveries.issues_by_id(db, {row.issue_id})
        numbers = [*(paper.pk for paper in was.papers), *was.withdrawn, *was.also_trending]
        known = papers.by_pks(db, numbers, until=issue.opened_at)
        named = with_summaries(db, installation, list(known.values()), issue.opened_at)
    return SentDigest(was, {paper.pk: paper for paper in named}, has_reasons=bool(packed))


def _what_it_showed(row: Delivery, packed: bytes | None) -> Shown:
    """What the email of a row showed; where that wasn't kept, or can't be read, its papers by rank."""
    known = readable([packed] if packed else [], shown.decode, lambda _: f"what delivery {row.id} showed")
    if known:
        return known[0]
    return Shown((ShownSection("", tuple(ShownPaper(number) for number in row.papers)),))
