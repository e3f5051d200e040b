"""Asks services what they count for the papers of the last days (stars, citations), and stores it.

Optional, and never in anybody's way: a service is asked at most once in a quarter of an hour, about a bounded
number of papers, each at most once a day. What fails is kept with the service for `digest doctor`; it stops
that service's turn and nothing else.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.errors import FetchError, NotAskedError, ParseError
from digest.fetch import Fetcher, Response
from digest.pipeline.failures import Part, guarded
from digest.pipeline.ingest.http import fetching
from digest.pipeline.ingest.loop import ServiceRow, Turn, retry_after, take
from digest.pipeline.installation import Installation
from digest.sources.services import Counts, Question, Service
from digest.sources.states import back_off
from digest.store import papers, session
from digest.store.papers import Observation
from digest.store.session import Session
from digest.store.sources import queries
from digest.store.sources.queries import Query

EVERY = timedelta(minutes=15)  # between two turns of a service
SECONDS = 300.0  # of one turn
ASKED_AGAIN = timedelta(days=1)
PERIOD = timedelta(days=7)  # papers first seen within it; what is gained counts for so long, too
_ABSENT = {404, 410, 451}  # deleted, private, blocked: an answer, and nothing to count
_ABOUT_US = {401, 429, 503}  # says nothing of the subject: it is asked about again

log = logging.getLogger(__name__)


def ask_due(
    installation: Installation, now: datetime, *, stopping: Callable[[], bool] = lambda: False
) -> int:
    """Ask each service whose time has come; returns how many signals were new. `stopping`: see `Fetcher`."""
    new = 0
    for service in installation.services:
        with guarded(installation, Part.SERVICE, service.name, now):
            new += _turn(installation, service, now, stopping)
    return new


def _turn(installation: Installation, service: Service, now: datetime, stopping: Callable[[], bool]) -> int:
    claimed = ServiceRow.claim(installation.engine, service.name, now, until=now + EVERY)
    if claimed is None:
        return 0
    with session.reading(installation.engine) as db:
        due = _due(db, service, now)
    with fetching(installation, stopping=stopping, seconds=SECONDS) as fetcher:
        return take(_ServiceTurn(service.name, claimed, service, due, fetcher))


@dataclass(frozen=True, slots=True)
class _Due:
    """What a service is to be asked about: a subject, the papers (`Paper.pk`) it stands for, and when it was
    asked about last."""

    subject: str
    papers: tuple[int, ...]
    before: Query | None


def _due(db: Session, service: Service, now: datetime) -> dict[str, _Due]:
    """At most `at_once` subjects: those never asked about first, newest paper first, then the longest ago."""
    found: dict[str, list[int]] = defaultdict(list)
    for paper in papers.outlines(db, since=now - PERIOD, until=now):
        subject = service.subject(paper)
        if subject:
            found[subject].append(paper.pk)
    made = queries.made(db, [service.address(subject) for subject in found])
    due = [_Due(subject, tuple(pks), made.get(service.address(subject))) for subject, pks in found.items()]
    waiting = [one for one in due if one.before is None or one.before.asked_at <= now - ASKED_AGAIN]
    waiting.sort(key=lambda one: one.before.asked_at.timestamp() if one.before else 0.0)
    return {one.subject: one for one in waiting[: service.at_once]}


@dataclass(slots=True)
class _ServiceTurn(Turn[int]):
    """One turn of a service; `new`: signals that the turn brought."""

    name: str
    row: ServiceRow
    service: Service
    due: Mapping[str, _Due]
    fetcher: Fetcher
    new: int = 0

    def ask(self) -> int:
        """Ask all questions, until one fails or the service wants to rest. Raises FetchError, ParseError."""
        for question in self.service.questions(list(self.due)):
            wait = self._ask_one(question)
            if wait is not None:
                self._rest(wait)
                break
        return self.new

    def postpone(self, error: NotAskedError) -> int:
        """Leave the service alone as long as it wants."""
        self._rest(error.retry_after)
        return self.new

    def fail(self, error: FetchError | ParseError) -> int:
        """Note why the turn ended early."""
        self.row.failed(error.message, back_off(self.row.failures, retry_after(error), least=EVERY))
        if not self.row.failures:
            log.warning("%s doesn't answer as it should: %s", self.service.name, error.message)
        return self.new

    def _rest(self, seconds: float | None) -> None:
        self.row.postpone(max(EVERY, timedelta(seconds=seconds or 0)))

    def _ask_one(self, question: Question) -> float | None:
        """Ask one question and keep the answer; returns the seconds that the service wants to rest."""
        counts: Mapping[str, Counts] = {}
        try:
            answer = self._answer(question)
            if not answer.not_modified:
                counts = self.service.read(question, answer.status, answer.body)
        except (FetchError, ParseError) as error:
            if not isinstance(error, FetchError) or error.status not in _ABSENT:
                if _is_about_the_subject(question, error):
                    self._pass_over(question)
                raise
            answer = Response(error.status, wait=error.retry_after)
        self._keep(question, answer, counts)
        return answer.wait

    def _answer(self, question: Question) -> Response:
        if question.body is not None:
            return self.fetcher.post(question.url, question.body, headers=question.headers)
        before = self.due[question.subjects[0]].before
        return self.fetcher.get(
            question.url,
            etag=before.etag if before else None,
            last_modified=before.last_modified if before else None,
            headers=question.headers,
        )

    def _pass_over(self, question: Question) -> None:
        """Count it as asked: a subject that can't be read mustn't stand before all others for ever."""
        with session.transaction(self.row.engine) as db:
            self._note(db, question, Response(0))

    def _note(self, db: Session, question: Question, answer: Response) -> None:
        addresses = [self.service.address(subject) for subject in question.subjects]
        queries.remember_all(
            db, addresses, now=self.row.now, etag=answer.etag, last_modified=answer.last_modified
        )

    def _keep(self, question: Question, answer: Response, counts: Mapping[str, Counts]) -> None:
        seen = [
            Observation(pk, kind, value, self.row.now)
            for subject, counted in counts.items()
            for pk in self.due[subject].papers
            for kind, value in counted.items()
        ]
        with self.row.answered() as db:
            self.new += len(papers.observe(db, self.service.name, seen))
            self._note(db, question, answer)


def _is_about_the_subject(question: Question, error: FetchError | ParseError) -> bool:
    """Whether an error is the answer to one subject, rather than of the service or about us."""
    if len(question.subjects) > 1:
        return False
    if isinstance(error, ParseError):
        return True
    return error.status is not None and error.status not in _ABOUT_US and error.retry_after is None
