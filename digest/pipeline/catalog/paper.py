"""Collects what a paper's page shows: the paper, where it was seen, its score and how it came about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from digest.domain import HideReason, Hiding, Paper, Ranked, Sighting, SignalKind
from digest.ids import paper_id
from digest.pipeline.catalog.usual import Usual
from digest.pipeline.ingest.kept_summaries import with_summaries
from digest.pipeline.installation import Installation
from digest.store import papers, session
from digest.store.community import hidings, votes
from digest.store.community.votes import Count
from digest.store.papers.sightings import sightings
from digest.store.session import Session
from digest.trend import HALF_LIFE, rank

MOST_DAYS = 60  # of a history


@dataclass(frozen=True, slots=True)
class PaperPage:
    """A paper, its sightings, and `history`: by kind, the value at each day's end.

    `ranked`: its score without its age; times `freshness` (1 … 0) that is its trend score now.
    """

    paper: Paper
    ranked: Ranked
    freshness: float
    sightings: tuple[Sighting, ...]
    history: Mapping[SignalKind, Mapping[date, int]]
    hiding: Hiding | None
    votes: Count  # people, and what their votes weigh

    @property
    def versions(self) -> tuple[tuple[int, date], ...]:
        """Each version with the day on which a source first carried it."""
        found: dict[int, date] = {}
        for seen in self.sightings:
            if seen.version:
                found.setdefault(seen.version, (seen.announced_at or seen.seen_at).date())
        return tuple(sorted(found.items()))


class PaperPages:
    """Reads papers for their pages; what is usual for each source is remembered. Safe to use from threads."""

    def __init__(self, installation: Installation, usual: Usual) -> None:
        self._installation = installation
        self._usual = usual

    def read(self, ref: str, now: datetime) -> PaperPage:
        """Read the paper with this id, in any spelling. Raises UnknownError."""
        with session.reading(self._installation.engine) as db:
            found = papers.find(db, ref)
            paper = with_summaries(db, self._installation, [found], now)[0]
            seen = tuple(sightings(db, paper.pk))
            counted = votes.count(db, paper.pk)
            hiding = hidings.hiding_of(db, paper.pk)
            if hiding is None and paper_id(ref) != paper.id:  # else it names no part
                hiding = _hiding_of_part(db, ref)
        ranked = rank([paper], now, self._usual.get(now), aging=False)[0]
        freshness = 0.5 ** (max(now - paper.first_seen_at, timedelta()) / HALF_LIFE)
        return PaperPage(paper, ranked, freshness, seen, history(paper, now), hiding, counted)


def _hiding_of_part(db: Session, ref: str) -> Hiding | None:
    """Why the id of a paper that was merged leads nowhere: it was hidden before, and not as a duplicate."""
    hiding = hidings.hiding_of(db, papers.named(db, ref).id)
    return hiding if hiding and hiding.reason is not HideReason.DUPLICATE else None


def history(paper: Paper, now: datetime) -> dict[SignalKind, dict[date, int]]:
    """Return, by kind of signal, the largest value of its sources at the end (UTC) of each day that changed
    it.

    Only the last 60 such days are kept, and only what was observed until `now`.
    """
    found: dict[SignalKind, dict[date, int]] = {}
    latest: dict[tuple[SignalKind, str], int] = {}
    for signal in sorted(paper.signals, key=lambda each: each.observed_at):
        if signal.observed_at > now:
            break
        if signal.kind is SignalKind.VOTERS:
            continue  # shown as a count; what they weigh is plotted
        latest[signal.kind, signal.source] = signal.value
        value = max(v for (kind, _), v in latest.items() if kind is signal.kind)
        found.setdefault(signal.kind, {})[signal.observed_at.date()] = value
    return {kind: dict(list(days.items())[-MOST_DAYS:]) for kind, days in found.items()}
