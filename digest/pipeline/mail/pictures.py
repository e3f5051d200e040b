"""Gives digests the small pictures of their best papers, where the operator wants them in emails.

Only copies that are here already (`catalog/thumbnails.py` makes them): no email waits for a picture, and a
paper without one that can be shown has a card without one. A picture is the same for all readers, with the
same address: who fetched it says nothing of who read what.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from digest.domain import Digest, Picture, PictureKind
from digest.pipeline.installation import Installation
from digest.store import session
from digest.store.papers import thumbnails as stored
from digest.store.papers.thumbnails import Thumbnail

PAPERS = 3  # the best of a digest
MOST_BYTES = 40_000  # of a picture that emails carry: three make one of 165 kB in base64
_WIDTH = 112  # pixels, as it is shown (`_base/style.css`); copies have up to 320, for fine screens
_FLATTEST, _HIGHEST = 28, 168  # what would be flatter or higher is shown by nobody
_JPEG = b"\xff\xd8\xff"
_KEPT = 500  # that a process remembers: 20 MB at most


def thumbnail_path(number: int, mark: str) -> str:
    """Return the path of the copy of a paper's picture (`Paper.pk`, mark of its bytes)."""
    return f"/thumbnails/{number}-{mark}.jpg"


class Pictures:
    """Remembers the pictures of the papers that came last, and which have none; to be made anew every now
    and then, because copies are made meanwhile."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._kept: dict[int, Picture | None] = {}

    def given(self, digests: Sequence[Digest]) -> list[Digest]:
        """Return the same digests with their pictures, read from the store once for all of them."""
        if self._installation.mail_thumbnails is PictureKind.OFF:
            return list(digests)
        best = [tuple([match.paper.pk for match in digest.papers[:PAPERS]]) for digest in digests]
        wanted = {number for numbers in best for number in numbers}
        if len(self._kept) + len(wanted) > _KEPT:
            self._kept = {}
        if unknown := wanted.difference(self._kept):
            self._read(unknown)
        return [
            replace(digest, pictures=found) if (found := self._of(numbers)) else digest
            for digest, numbers in zip(digests, best, strict=True)
        ]

    def _of(self, numbers: Iterable[int]) -> tuple[Picture, ...]:
        return tuple([picture for number in numbers if (picture := self._kept[number])])

    def _read(self, numbers: set[int]) -> None:
        """Remember the pictures of papers, and which have none."""
        here = self._installation
        carried = here.mail_thumbnails is PictureKind.CID
        with session.reading(here.engine) as db:
            copies = stored.kept(db, numbers)
            data = stored.pictures(db, copies, most_bytes=MOST_BYTES) if carried else {}
        self._kept |= dict.fromkeys(numbers)
        for number, copy in copies.items():
            self._kept[number] = _carried(here, copy, data.get(number)) if carried else _linked(here, copy)


def _carried(here: Installation, copy: Thumbnail, jpeg: bytes | None) -> Picture | None:
    """A picture that each email carries as a part of its own."""
    size = _shown(copy)
    if size is None or jpeg is None or not jpeg.startswith(_JPEG):
        return None
    return Picture(copy.number, f"cid:{copy.number}-{copy.mark}@{here.site.host}", *size, jpeg)


def _linked(here: Installation, copy: Thumbnail) -> Picture | None:
    """A picture that this site serves to whoever's program asks for it."""
    size = _shown(copy)
    url = f"{here.site.base_url.rstrip('/')}{thumbnail_path(copy.number, copy.mark)}"
    return Picture(copy.number, url, *size) if size else None


def _shown(copy: Thumbnail) -> tuple[int, int] | None:
    """How large a copy is shown, in pixels; None for one that isn't worth it: an icon, a dot, a bar."""
    height = round(copy.height * _WIDTH / copy.width) if copy.width >= _WIDTH else 0
    return (_WIDTH, height) if _FLATTEST <= height <= _HIGHEST else None
