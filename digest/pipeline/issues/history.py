"""Lists past issues: when each was opened, what became of its deliveries, and which papers it carried."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from digest.domain import DeliveryState, Issue
from digest.errors import UnknownError
from digest.pipeline.installation import Installation
from digest.store import deliveries, papers, session

_TITLED = 100  # papers of an issue whose titles are read
_MOST = 100_000  # rows of an issue that are looked at for its papers


@dataclass(frozen=True, slots=True)
class PastIssue:
    """An issue and the states of its deliveries. `reasons`: of those without a mail, how often each;
    `papers`: how many readers each paper was for, the commonest first; `titles`: of the first of them."""

    issue: Issue
    counts: Mapping[DeliveryState, int]
    reasons: Mapping[str, int]
    papers: Sequence[tuple[str, int]]
    titles: Mapping[str, str] = field(default_factory=dict)  # of the commonest of them

    @property
    def audience(self) -> int:
        """How many subscribers the issue is for."""
        return sum(self.counts.values())


def listing(installation: Installation, *, limit: int) -> list[PastIssue]:
    """Return the last issues, newest first, without their papers."""
    with session.reading(installation.engine) as db:
        return [
            PastIssue(issue, deliveries.counts(db, issue.id), {}, ())
            for issue in deliveries.issues(db, limit=limit)
        ]


def read_issues(installation: Installation, name: str) -> list[PastIssue]:
    """Return the issues of a date (one for each due time), or the one with a number. Raises UnknownError."""
    with session.reading(installation.engine) as db:
        listed = deliveries.issues(db, limit=_MOST)
        found = [issue for issue in listed if str(issue.id) == name or _is_day(issue.date, name)]
        if not found:
            raise UnknownError(f"there is no issue {name!r}", fix="digest issues list")
        whole = []
        for issue in found:
            rows = [row for row, _ in deliveries.listing(db, issue_id=issue.id, limit=_MOST)]
            readers = Counter(pk for row in rows for pk in row.papers)
            names = papers.canonical_ids(db, set(readers))
            carried = [(names[pk], count) for pk, count in readers.most_common() if pk in names]
            reasons = Counter(row.reason for row in rows if row.reason)
            first = papers.by_pks(db, [pk for pk, _ in readers.most_common(_TITLED)], until=issue.opened_at)
            titles = {names[pk]: paper.title for pk, paper in first.items() if pk in names}
            counts = deliveries.counts(db, issue.id)
            whole.append(PastIssue(issue, counts, dict(reasons.most_common()), carried, titles))
        return whole


def _is_day(day: date, name: str) -> bool:
    try:
        return day == datetime.strptime(name, "%Y-%m-%d").date()  # noqa: DTZ007 - a date alone
    except ValueError:
        return False
