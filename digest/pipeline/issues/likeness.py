"""Reads what `like:` compares with: the basis in use, once. In: papers, ids. Out: vectors of that basis.

Vectors are folded from the papers' own texts, so that one that search doesn't know yet can be compared too;
they are the same as those kept with the segments of the search index.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from digest.domain import Paper
from digest.languages import deferred
from digest.match.likeness import Liked, Vectors
from digest.pipeline.installation import Installation
from digest.store import papers, session
from digest.store import search as stored
from digest.store.session import Session

if TYPE_CHECKING:
    from digest.search import lsa

MOST_REMEMBERED = 50_000  # vectors of papers that filters name, in one process

_remembered: dict[tuple[bytes, int, int], Liked] = {}  # by basis, number of the paper, hash of its text


class StoredLikeness:
    """Vectors of an installation's papers in one basis; the store is read when a filter first asks for it."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    @cached_property
    def _basis(self) -> "lsa.Basis | None":
        from digest.search import lsa  # noqa: PLC0415 - the whole search engine, for filters with `like:`

        with session.reading(self._installation.engine) as db:
            basis = stored.basis(db)
        return lsa.Basis.unpacked(basis.data) if basis else None

    def ids(self, numbers: Sequence[int]) -> Mapping[int, str]:
        """Return the canonical ids of papers by number; unknown numbers are left out."""
        with session.reading(self._installation.engine) as db:
            return papers.canonical_ids(db, numbers)

    def vectors(self, papers: Sequence[Paper]) -> Vectors:
        """Return a vector a paper; zero for one that can't be compared, and for all without a basis."""
        from digest.search import folded  # noqa: PLC0415 - as above

        return folded(papers, self._basis)

    def liked(self, ids: Sequence[str]) -> Mapping[str, Liked]:
        """Return the papers of canonical ids, one for each id."""
        with session.reading(self._installation.engine) as db:
            return liked_papers(db, self._basis, ids)


def liked_papers(db: Session, basis: "lsa.Basis | None", ids: Sequence[str]) -> Mapping[str, Liked]:
    """Read the papers of canonical ids, with vectors in a basis and thresholds, one for each id."""
    from digest.search import lsa  # noqa: PLC0415 - as above

    found = papers.by_ids(db, ids)
    if basis is None:
        lacks = deferred(
            "papers can't be compared yet: search must have indexed {number} of them first", number=lsa.FEWEST
        )
        return {each: Liked(lacks=lacks if each in found else _unknown(each)) for each in ids}
    liked = dict(zip(found, _liked(list(found.values()), basis), strict=True))
    return {each: liked.get(each) or Liked(lacks=_unknown(each)) for each in ids}


def _liked(named: Sequence[Paper], basis: "lsa.Basis") -> list[Liked]:
    """Vectors and thresholds of papers; what was made for one with the same text lately is used again."""
    from digest.search import folded, lsa  # noqa: PLC0415 - as above

    mark = basis.fingerprint()
    keys = [(mark, paper.pk, hash((paper.title, paper.abstract))) for paper in named]
    known = {key: kept for key in keys if (kept := _remembered.get(key))}
    new = {key: paper for key, paper in zip(keys, named, strict=True) if key not in known}
    vectors = folded(list(new.values()), basis)
    least = lsa.least_alike(vectors, basis).tolist()
    for (key, paper), vector, threshold in zip(new.items(), vectors, least, strict=True):
        lacks = "" if vector.any() else deferred("“{title}” has no words to compare", title=paper.title)
        known[key] = Liked(paper.title, None if lacks else vector, threshold, lacks)
    if len(_remembered) > MOST_REMEMBERED:
        _remembered.clear()
    _remembered.update((key, known[key]) for key in new)
    return [known[key] for key in keys]


def _unknown(name: str) -> str:
    return deferred("there is no paper {ref} here", ref=name.removeprefix("arxiv:"))
