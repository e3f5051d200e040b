"""A date → what trended on it: the page that a mail's first link opens."""

from datetime import UTC, date, datetime, time, timedelta

from digest.domain import Ranked
from digest.pipeline.ingest.summaries import with_summaries
from digest.pipeline.installation import Installation
from digest.pipeline.issues.candidates import usual_before
from digest.store import papers, session
from digest.trend import rank

MOST = 100  # papers on the page of a day


def day(installation: Installation, wanted: date, now: datetime) -> list[Ranked]:
    """What could be in a digest at the end of that day (UTC), or now while it lasts; best first."""
    end = min(datetime.combine(wanted, time.min, tzinfo=UTC) + timedelta(days=1), now)
    since = end - installation.window
    with session.reading(installation.engine) as db:
        found = with_summaries(db, installation, papers.candidates(db, since=since, until=end), end)
        usual = usual_before(db, since)
    return rank(found, end, usual)[:MOST]
