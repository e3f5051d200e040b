"""What `like:` compares with: the basis in use, read once. In: papers, ids. Out: vectors of that basis.

Vectors are folded from the papers' own texts, so that one that search doesn't know yet can be compared too;
they are the same as those kept with the segments of the search index.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

from digest.domain import Paper
from digest.languages import deferred
from digest.match.likeness import Liked, Vectors
from digest.pipeline.installation import Installation
from digest.search import folded, lsa
from digest.store import papers, session
from digest.store import search as stored
from digest.store.session import Session

NO_BASIS = deferred(
    "papers can't be compared yet: search must have indexed {number} of them first", number=lsa.FEWEST
)


class StoredLikeness:
    """Vectors of an installation's papers in one basis; the store is read when a filter first asks for it."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    @cached_property
    def _basis(self) -> lsa.Basis | None:
        with session.reading(self._installation.engine) as db:
            basis = stored.basis(db)
        return lsa.Basis.unpacked(basis.data) if basis else None

    def ids(self, numbers: Sequence[int]) -> Mapping[int, str]:
        """Return the canonical ids of papers by number; unknown numbers are left out."""
        with session.reading(self._installation.engine) as db:
            return papers.canonical_ids(db, numbers)

    def vectors(self, papers: Sequence[Paper]) -> Vectors:
        """Return a vector a paper; zero for one that can't be compared, and for all without a basis."""
        return folded(papers, self._basis)

    def liked(self, ids: Sequence[str]) -> Mapping[str, Liked]:
        """Return the papers of canonical ids, one for each id."""
        with session.reading(self._installation.engine) as db:
            return liked_papers(db, self._basis, ids)


def liked_papers(db: Session, basis: lsa.Basis | None, ids: Sequence[str]) -> Mapping[str, Liked]:
    """Read the papers of canonical ids, with vectors in a basis and thresholds, one for each id."""
    found = papers.by_ids(db, ids)
    if basis is None:
        return {each: Liked(lacks=NO_BASIS if each in found else _unknown(each)) for each in ids}
    vectors = folded(list(found.values()), basis)
    least = lsa.least_alike(vectors, basis).tolist()
    liked = {
        name: Liked(paper.title, vector, threshold)
        if vector.any()
        else Liked(paper.title, lacks=deferred("“{title}” has no words to compare", title=paper.title))
        for (name, paper), vector, threshold in zip(found.items(), vectors, least, strict=True)
    }
    return {each: liked.get(each) or Liked(lacks=_unknown(each)) for each in ids}


def _unknown(name: str) -> str:
    return deferred("there is no paper {ref} here", ref=name.removeprefix("arxiv:"))
