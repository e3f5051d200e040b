"""Explains the trend score of one paper, without the matcher, which is slow to import."""

from datetime import datetime

from digest.domain import Ranked
from digest.pipeline.installation import Installation
from digest.pipeline.issues.usual_signals import usual_before
from digest.store import papers, session
from digest.trend import rank


def explain(installation: Installation, ref: str, now: datetime) -> Ranked:
    """Return a paper's trend score and its parts, as an issue opened now would rank it.

    Raises UnknownError.
    """
    with session.reading(installation.engine) as db:
        paper = papers.find(db, ref)
        usual = usual_before(db, now - installation.window)
    return rank([paper], now, usual)[0]
