"""Makes vectors of what papers mean, for search, by a model that an installation brings along.

Off unless `semantic_model` is set. Vectors are kept by paper and model; those of two models never meet.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from digest.domain import Paper
from digest.errors import InputError
from digest.pipeline.installation import Installation
from digest.search import Meaning
from digest.search.meaning import Dense, Encoder, Vectors, load, to_bytes
from digest.store import search as stored
from digest.store import session
from digest.store.community import audit
from digest.store.session import Session
from digest.words import fold, forms, spans, written

A_ROUND = 60  # papers that get vectors in one round: about three seconds of one core
BATCH = 30  # papers whose vectors are kept in one transaction
READ = 5_000  # vectors that are read in one step
REMEMBERED = 256  # searches whose vectors are kept
LONGEST = 2_000  # characters of a search that are read
_log = logging.getLogger(__name__)
_loaded = lru_cache(maxsize=1)(load)  # one model a process: its weights are large


def keep_up(installation: Installation, most: int = A_ROUND) -> int:
    """Give vectors to the newest papers that have none yet, at most so many; how many got one.

    Raises InputError where the model can't be read.
    """
    if not installation.semantic_model:
        return 0
    encoder = _loaded(installation.semantic_model)
    done = 0
    while done < most:
        with session.reading(installation.engine) as db:
            papers, revisions = stored.without_meaning(db, encoder.name, min(BATCH, most - done))
        if not revisions:
            break
        data = _encoded(encoder, papers)
        with session.transaction(installation.engine) as db:
            stored.add_meanings(db, encoder.name, revisions, data)
        done += len(revisions)
    return done


def encode_all(
    installation: Installation, now: datetime, *, on_progress: Callable[[int], None] = lambda _more: None
) -> int:
    """Give vectors to all papers that have none yet, at once; how many got one.

    What is done is kept batch by batch: whoever stops it goes on later. `on_progress` is called with how many
    more are done. Raises InputError where no model is set or it can't be read.
    """
    name = _model_of(installation).name
    done = 0
    try:
        while more := keep_up(installation, BATCH):
            done += more
            on_progress(more)
    finally:
        if done:
            after = {"papers": done, "model": name}
            with session.transaction(installation.engine) as db:
                audit.record(db, installation.actor, "papers.encode", "papers:all", None, after, now=now)
    return done


def missing(installation: Installation) -> int:
    """Count the papers that have no vector yet. Raises InputError where no model is set or readable."""
    encoder = _model_of(installation)
    with session.reading(installation.engine) as db:
        return stored.count_without_meaning(db, encoder.name)


def _model_of(installation: Installation) -> Encoder:
    if not installation.semantic_model:
        fix = "set DIGEST_SEMANTIC_MODEL to a folder or package with the weights of one"
        raise InputError("search has no model of meaning", fix=fix)
    return _loaded(installation.semantic_model)


def count_missing(installation: Installation) -> int:
    """Count the papers that have no vector yet; none where no model is set."""
    return missing(installation) if installation.semantic_model else 0


def _encoded(encoder: Encoder, papers: Sequence[Paper]) -> dict[int, bytes]:
    """Return the vectors of papers, by their numbers; one that can't be read has none, and stops no other."""
    try:
        vectors = encoder([f"{paper.title}. {paper.abstract}" for paper in papers])
    except Exception:
        if len(papers) == 1:
            _log.exception("search can't find paper %s by its meaning", papers[0].id)
            return {}
        return {number: data for each in papers for number, data in _encoded(encoder, [each]).items()}
    return {paper.pk: to_bytes(vector) for paper, vector in zip(papers, vectors, strict=True)}


class PaperMeanings:
    """The vectors of an installation's papers, read once in a process and added to. Safe for threads."""

    def __init__(self, installation: Installation) -> None:
        self._model = installation.semantic_model
        self._lock = threading.Lock()
        self._last = 0  # number of the last vector that was read
        self._vectors: Vectors | None = None

    def of(self, db: Session, text: str) -> Meaning | None:
        """Return how near papers are to a text, asked when it is needed; None where no model is set."""
        if not self._model:
            return None
        return lambda numbers, instead: self._read(db).cosines(
            _of_text(self._model, put_words(text[:LONGEST], instead)), numbers
        )

    def vectors(self, db: Session) -> Vectors | None:
        """Return the vectors of all papers; None where no model is set, or it can't be read."""
        if not self._model:
            return None
        try:
            return self._read(db)
        except InputError as error:
            _log.warning("similar papers are found by words only: %s", error.message)
            return None

    def _read(self, db: Session) -> Vectors:
        """Read the vectors that came since the last time."""
        encoder = _loaded(self._model)
        with self._lock:
            vectors = self._vectors or Vectors(encoder.dimensions)
            while rows := stored.meanings_after(db, encoder.name, self._last, READ):
                vectors = vectors.with_more({paper: data for _, paper, data in rows})
                self._last = rows[-1][0]
            self._vectors = vectors
            return vectors


def put_words(text: str, instead: Mapping[str, str]) -> str:
    """Return a text with words (folded) replaced by others; everything between them stays."""
    if not instead:
        return text
    found, behind = [], 0
    for word, (start, end) in zip(written(text), spans(text), strict=True):
        found += [text[behind:start], instead.get(fold(forms(word)[1]), text[start:end])]
        behind = end
    return "".join([*found, text[behind:]])


@lru_cache(REMEMBERED)
def _of_text(model: str, text: str) -> Dense:
    vector: Dense = _loaded(model)([text])[0]
    return vector
