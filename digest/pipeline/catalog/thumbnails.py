"""Keeps copies of the small pictures that sources have of papers, made smaller and safe.

A step of the round copies those of the last days: through the guarded client, at most 4 MB each, drawn anew
as small JPEGs (`sources.values.pictures`) and kept in the database, so that every process shows the same. A
reader's browser or mail program never asks another site for one.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from digest.errors import FetchError, InputError, NotAskedError
from digest.fetch import Fetcher, Limits
from digest.pipeline.failures import Part, guarded
from digest.pipeline.ingest.host_lock import SharedTurns
from digest.pipeline.ingest.loop import ServiceRow
from digest.pipeline.installation import Installation
from digest.sources.values.pictures import small_picture
from digest.store import session
from digest.store.papers import thumbnails as stored
from digest.store.papers.thumbnails import Thumbnail, Wanted

NAME = "thumbnails"  # the row of `services` that keeps other processes from copying the same
EVERY = timedelta(minutes=10)
PERIOD = timedelta(days=14)  # papers first seen within it
KEPT = timedelta(days=180)
AGAIN = timedelta(hours=12)  # after one that failed
AT_ONCE = 100  # pictures of one turn
SECONDS = 120.0  # of one turn
LIMITS = Limits(max_bytes=4 * 2**20, redirects=3, total=20.0)
PATIENCE = 10.0  # seconds that one waits for its site's turn


def copy_due(
    installation: Installation, now: datetime, *, stopping: Callable[[], bool] = lambda: False
) -> int:
    """Copy the pictures of new papers, where the operator wants them; return how many."""
    if not installation.keeps_pictures:
        return 0
    turn = ServiceRow.claim(installation.engine, NAME, now, until=now + EVERY)
    if turn is None:
        return 0
    with session.transaction(installation.engine) as db:
        stored.forget(db, before=now - KEPT)
        due = stored.wanted(db, since=now - PERIOD, tried_before=now - AGAIN, limit=AT_ONCE)
    turns = SharedTurns(
        installation.engine, own_hosts=installation.allow_hosts, patience=PATIENCE, stopping=stopping
    )
    copied = 0
    with Fetcher(
        installation.user_agent,
        installation.allow_hosts,
        limits=LIMITS,
        turn=turns,
        stopping=stopping,
        seconds=SECONDS,
    ) as fetcher:
        for each in due:
            if stopping():
                break
            with guarded(installation, Part.THUMBNAIL, each.number, now):
                copied += _copy(installation, fetcher, each, now)
    return copied


def _copy(installation: Installation, fetcher: Fetcher, wanted: Wanted, now: datetime) -> bool:
    """Copy one picture, or note why it can't be; one whose site has no time now is tried in the next turn."""
    try:
        made = small_picture(fetcher.get(wanted.url).body)
    except NotAskedError:
        return False
    except (FetchError, InputError) as error:
        with session.transaction(installation.engine) as db:
            stored.failed(db, wanted, at=now, problem=error.message)
        return False
    mark = hashlib.blake2b(made.data, digest_size=8).hexdigest()
    with session.transaction(installation.engine) as db:
        stored.keep(db, wanted, at=now, mark=mark, width=made.width, height=made.height, picture=made.data)
    return True


def thumbnails_of(installation: Installation, numbers: Iterable[int]) -> Mapping[int, Thumbnail]:
    """Return the copies that pages show of papers (`Paper.pk`); none where the operator wants none there."""
    if not installation.thumbnails:
        return {}
    with session.reading(installation.engine) as db:
        return stored.kept(db, numbers)


def thumbnail_jpeg(installation: Installation, number: int, mark: str) -> bytes | None:
    """Return the bytes of a copy (a JPEG); None where there is none, or its paper is hidden."""
    if not installation.keeps_pictures or number > 2**31 - 1:
        return None
    with session.reading(installation.engine) as db:
        return stored.picture(db, number, mark)
