"""Finds papers like a paper, by vectors of the installation's own papers, kept with the search segments.

Where a model says what papers mean, it puts those that are most alike by their words in order.
A basis is fitted once there are papers enough, and anew when they have doubled; papers that come meanwhile
are folded into it. Vectors are kept by segment and basis, so those of two bases are never compared.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from digest.domain import Paper
from digest.errors import InputError, RebuildingError
from digest.pipeline.catalog.ranking.meaning import PaperMeanings
from digest.pipeline.catalog.search_index import Reading, SearchIndex
from digest.pipeline.installation import Installation
from digest.pipeline.issues.likeness import liked_papers
from digest.search import Engine, Meaning, Segment, lsa, nearest, nothing_alike, version
from digest.search.index.segment import Marks
from digest.search.meaning import Vectors
from digest.store import papers, session
from digest.store import search as stored
from digest.store.session import Session

MOST = 20  # papers that are named
BY_WORDS = 200  # papers that are most like one by their words; of these meaning chooses
REMEMBERED = 5_000  # papers whose similar ones a process knows
REFIT = 2  # times the papers of a basis there must be for a new one
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SimilarPaper:
    """A paper that is like another: the cosine of their vectors (with a model, also of those of what they
    mean), and the categories that both have."""

    paper: Paper
    score: float
    shared: tuple[str, ...]


def keep_up(installation: Installation) -> int:
    """Fit a basis where one is due, and give every segment its vectors; how many segments got them.

    Due: where there is none, where the papers have doubled, or where an older version of Digest made it.
    """
    with session.reading(installation.engine) as db:
        infos = stored.infos(db, version())
        basis = stored.basis(db)
        total = sum(each.papers for each in infos)
        due = total >= lsa.FEWEST and (
            basis is None or total >= REFIT * basis.papers or lsa.Basis.unpacked(basis.data).made != lsa.MADE
        )
        data = {each.id: stored.data_of(db, each.id) or b"" for each in infos} if due else {}
    return (_refit(installation, total, data) if due else 0) + _add_vectors(installation)


def _refit(installation: Installation, papers: int, data: Mapping[int, bytes]) -> int:
    """Fit a basis on segments, by their numbers; it is used together with the vectors of all of them."""
    segments = {number: Segment(packed) for number, packed in data.items()}
    fitted = lsa.fit(*lsa.standing(list(segments.values())))
    if fitted is None:
        return 0
    vectors = {number: lsa.vectors(segment, fitted).tobytes() for number, segment in segments.items()}
    with session.transaction(installation.engine) as db:
        basis = stored.add_basis(db, papers, fitted.packed())
        for number, of_segment in vectors.items():
            stored.add_vectors(db, number, basis, of_segment)
    return len(vectors)


def _add_vectors(installation: Installation) -> int:
    done = 0
    while True:
        with session.reading(installation.engine) as db:
            basis = stored.basis(db)
            missing = stored.without_vectors(db, version(), basis.id) if basis else []
            if basis is None or not missing:
                return done
            data = stored.data_of(db, missing[0])
        vectors = lsa.vectors(Segment(data or b""), lsa.Basis.unpacked(basis.data))
        with session.transaction(installation.engine) as db:
            stored.add_vectors(db, missing[0], basis.id, vectors.tobytes())
        done += 1


class Similar:
    """The similar papers of one installation; made once in a process, used from many threads."""

    def __init__(self, installation: Installation, index: SearchIndex, meanings: PaperMeanings) -> None:
        """`meanings`: where a model says what papers mean, those alike by words are put in order by both."""
        self._installation = installation
        self._index = index
        self._meanings = meanings
        self._lock = threading.Lock()
        self._made: _Vectors | None = None
        self._read: tuple[int, lsa.Basis] | None = None

    def __call__(self, paper: Paper, now: datetime, limit: int = 5) -> tuple[SimilarPaper, ...]:
        """The papers most like one, best first; none where it isn't indexed yet, where there is no basis yet,
        or where the index is damaged: that stops searches, not the page of a paper.
        """
        with session.reading(self._installation.engine) as db:
            try:
                made = self._vectors(db, self._index.read(db))
            except (InputError, RebuildingError) as error:
                _log.warning("no similar papers are shown: %s", error)
                return ()
            if made is None:
                return ()
            found = made.nearest(paper.pk)[:limit]
            shown = papers.by_pks(db, [number for number, _ in found], until=now)
        return tuple(
            SimilarPaper(
                shown[number],
                score,
                tuple(each for each in shown[number].categories if each in paper.categories),
            )
            for number, score in found
            if number in shown
        )

    def alike(self, db: Session, reading: Reading, ids: Sequence[str]) -> Callable[[str, Segment], Marks]:
        """Return what marks the papers of one of the engine's segments that are like one of these (ids)."""
        made = self._vectors(db, reading)
        if made is None:
            return nothing_alike
        liked = liked_papers(db, self._basis(db, made.number), ids)
        vectors_of = {
            id(segment): each for segment, each in zip(made.engine.segments, made.of_segments, strict=True)
        }

        def marks(wanted: str, segment: Segment) -> Marks:
            paper = liked[wanted]
            if paper.vector is None:
                return nothing_alike(wanted, segment)
            return lsa.alike(paper.vector, paper.least, vectors_of[id(segment)])

        return marks

    def likeness(self, db: Session, reading: Reading, ids: Sequence[str]) -> Meaning | None:
        """Return how much papers are like the most like of these (ids); None where there is no basis yet."""
        made = self._vectors(db, reading)
        if made is None:
            return None
        liked = liked_papers(db, self._basis(db, made.number), ids).values()
        vectors = [each.vector for each in liked if each.vector is not None]
        return (lambda _numbers, _corrected: lsa.likest(vectors, made.of_segments)) if vectors else None

    def _vectors(self, db: Session, reading: Reading) -> "_Vectors | None":
        """The vectors of each of the engine's segments in the newest basis; None where there is no basis."""
        number = stored.basis_id(db)
        if number is None:
            return None
        with self._lock:
            made, meanings = self._made, self._meanings.vectors(db)
            if made is None or made.number != number or made.engine is not reading.engine:
                made = _read_vectors(db, reading, number, meanings, lambda: self._basis(db, number))
            elif made.meanings is not meanings:
                nearest_to = _nearest(made.engine, made.of_segments, meanings)
                made = replace(made, meanings=meanings, nearest=nearest_to)
            self._made = made
            return made

    def _basis(self, db: Session, number: int) -> lsa.Basis:
        """The basis with this number; it is large, and read when something is first compared in it."""
        read = self._read
        if read is None or read[0] != number:
            read = self._read = number, lsa.Basis.unpacked(stored.basis_data(db, number))
        return read[1]


@dataclass(frozen=True, slots=True)
class _Vectors:
    """The vectors of an engine's segments in a basis. `nearest` remembers what it found."""

    number: int  # of the basis
    engine: Engine
    of_segments: list[lsa.Vectors]
    meanings: Vectors | None
    nearest: Callable[[int], list[tuple[int, float]]]


def _read_vectors(
    db: Session, reading: Reading, number: int, meanings: Vectors | None, read_basis: Callable[[], lsa.Basis]
) -> _Vectors:
    """Read them by the numbers that the engine's segments have: by now others may be stored."""
    engine = reading.engine
    kept = [None if each is None else stored.vectors_of(db, each, number) for each in reading.stored]
    basis = read_basis() if None in kept else None  # for papers that have no vectors yet
    of_segments = [
        lsa.vectors(segment, basis) if each is None and basis else lsa.from_bytes(each or b"")
        for segment, each in zip(engine.segments, kept, strict=True)
    ]
    return _Vectors(number, engine, of_segments, meanings, _nearest(engine, of_segments, meanings))


def _nearest(
    engine: Engine, of_segments: Sequence[lsa.Vectors], meanings: Vectors | None
) -> Callable[[int], list[tuple[int, float]]]:
    """What finds the papers that are most like one, and remembers them."""

    @lru_cache(maxsize=REMEMBERED)
    def nearest_to(paper: int) -> list[tuple[int, float]]:
        if meanings is None:
            return nearest(engine, of_segments, paper, MOST)
        return meanings.nearer(paper, nearest(engine, of_segments, paper, BY_WORDS), MOST)

    return nearest_to
