"""Which papers a search looks at. What of them matches is the matcher's to say."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.domain import Paper
from digest.store.papers.reading import as_papers
from digest.store.papers.tables import PaperRow


def recent(session: Session, limit: int) -> list[Paper]:
    """The newest papers that may be shown, at most `limit`, with all their signals."""
    newest = (
        select(PaperRow)
        .where(~PaperRow.hidden, PaperRow.merged_into.is_(None))
        .order_by(PaperRow.first_seen_at.desc(), PaperRow.canonical_id)
        .limit(limit)
    )
    return as_papers(session, session.scalars(newest).all(), until=None)
