"""Tells a site when curators changed what everybody sees, whichever process they did it in."""

from enum import StrEnum

from digest.pipeline.installation import Installation
from digest.store import session
from digest.store.community import hidings, picks


class Change(StrEnum):
    """What curators changed since somebody looked last."""

    NOTHING = "nothing"
    PICKS = "picks"
    HIDDEN = "hidden"  # and perhaps picks


class Watch:
    """Remembers the state of picks and hidden papers at the last look. For one thread at a time."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._seen: tuple[hidings.Revision, picks.Revision] | None = None

    def look(self) -> Change:
        """Return what changed since the last look; the first one finds nothing."""
        with session.reading(self._installation.engine) as db:
            now = hidings.revision(db), picks.revision(db)
        before, self._seen = self._seen, now
        if before is None or before == now:
            return Change.NOTHING
        return Change.PICKS if before[0] == now[0] else Change.HIDDEN
