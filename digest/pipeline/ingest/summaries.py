"""Asks a chat endpoint for summaries of papers whose source wrote none, and stores them.

Optional, and never in a mail's way: a turn has its time and its number of papers, an endpoint that fails is
left alone for a while, and what a model says is shown only if it can be (see `digest.summarise`).
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from digest.domain import Paper
from digest.errors import FetchError, InputError, NotAskedError, ParseError
from digest.fetch import Fetcher, Limits
from digest.pipeline import failures
from digest.pipeline.failures import Part
from digest.pipeline.ingest.host_lock import SharedTurns
from digest.pipeline.ingest.kept_summaries import NAME
from digest.pipeline.ingest.loop import ServiceRow, Turn, retry_after, take, unusable
from digest.pipeline.installation import Installation
from digest.sources.states import back_off
from digest.store import papers, session
from digest.store.papers import summaries
from digest.store.papers.summaries import Made
from digest.store.session import Session
from digest.summarise import Summariser, answer_of, summary
from digest.trend import rank

AT_ONCE = 20  # papers in one turn
BUDGET = 40.0  # seconds after which a turn asks nothing more
IN_A_ROW = 3  # failures after which the endpoint is taken to be down, not the paper to be at fault
CLAIM = timedelta(minutes=5)  # longer than any turn
IDLE = timedelta(minutes=5)  # until papers are looked for again where there were none
LONGEST = timedelta(hours=1)  # that an endpoint is left alone for, unless it asks for more
LIMITS = Limits(max_bytes=2**16, redirects=0, connect=5.0, read=20.0, total=20.0)
_PATIENCE = 5.0  # seconds for a turn at the endpoint's site

log = logging.getLogger(__name__)


def make_due(
    installation: Installation,
    now: datetime,
    *,
    budget: float = BUDGET,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Ask about some of the papers that may come into a digest and have no summary, best first.

    Returns how many answers were kept; 0 where nothing is set up, due or missing. Never raises for what the
    endpoint does. After `budget` seconds, or when `stopping`, nothing more is asked.
    """
    asked = installation.summariser
    if asked is None:
        return 0
    claimed = ServiceRow.claim(installation.engine, NAME, now, until=now + CLAIM)
    if claimed is None:
        return 0
    with session.reading(installation.engine) as db:
        missing = _missing(db, installation, asked.model, now)
    deadline = time.monotonic() + budget

    def is_over() -> bool:
        return stopping() or time.monotonic() > deadline

    return take(_SummaryTurn(NAME, installation, asked, claimed, missing, is_over, stopping))


def _missing(db: Session, installation: Installation, model: str, now: datetime) -> list[Paper]:
    """The candidates that nobody has summed up, nor could, those that trend first."""
    found = papers.candidates(db, since=now - installation.window, until=now)
    bare = [paper for paper in found if paper.abstract and not paper.summary]
    known = summaries.asked(db, model, bare)
    return [each.paper for each in rank(bare, now) if each.paper.pk not in known]


@dataclass(slots=True)
class _SummaryTurn(Turn[int]):
    """One turn; `is_over`: it must ask nothing more; `made`: answers that were kept."""

    name: str
    installation: Installation
    summariser: Summariser
    row: ServiceRow
    missing: Sequence[Paper]
    is_over: Callable[[], bool]
    stopping: Callable[[], bool]
    made: int = 0

    def ask(self) -> int:
        """Ask about papers until the turn is over; returns how many answers were kept."""
        in_a_row = 0
        problem: FetchError | ParseError | None = None
        with self._fetcher() as fetcher:
            for paper in self.missing[:AT_ONCE]:
                if self.is_over():
                    break
                try:
                    self._keep(self._ask(fetcher, paper))
                    self.made, in_a_row = self.made + 1, 0
                except NotAskedError:
                    raise
                except Exception as error:
                    if not failures.is_its_fault(error):
                        raise
                    problem = self._passed_over(paper, error)
                    in_a_row += 1
                    if retry_after(problem) is not None or _is_about_us(problem) or in_a_row == IN_A_ROW:
                        raise problem from error
        if problem and not self.made:
            raise problem
        return self._rest(0 if self.missing else IDLE.total_seconds())

    def postpone(self, error: NotAskedError) -> int:
        """Leave the endpoint alone as long as it wants."""
        return self._rest(error.retry_after)

    def fail(self, error: FetchError | ParseError) -> int:
        """Note why the turn ended early."""
        wait = back_off(self.row.failures, retry_after(error), most=LONGEST)
        self.row.failed(error.message, wait)
        if not self.row.failures:
            log.warning("summaries: %s; mails carry first sentences meanwhile", error.message)
        return self.made

    def _passed_over(self, paper: Paper, error: Exception) -> FetchError | ParseError:
        """Return why a paper has no summary; what nobody foresaw is noted as the paper's failure."""
        if isinstance(error, (FetchError, ParseError)):
            return error
        failures.note(self.installation, Part.SUMMARY, paper.id, error, self.row.now)
        return unusable(error)

    def _fetcher(self) -> Fetcher:
        """The operator named the endpoint, so its host may be private; and no other than it is asked."""
        host = urlsplit(self.summariser.url).hostname or ""
        own = self.installation.allow_hosts | {host}
        turn = SharedTurns(
            self.installation.engine, own_hosts=own, patience=_PATIENCE, stopping=self.stopping
        )
        return Fetcher(
            self.installation.user_agent,
            frozenset({host}),
            limits=LIMITS,
            turn=turn,
            stopping=self.stopping,
        )

    def _ask(self, fetcher: Fetcher, paper: Paper) -> Made:
        answer = fetcher.post(
            self.summariser.url, self.summariser.question(paper), headers=self.summariser.headers()
        )
        if answer.status >= 400:
            raise FetchError(f"the endpoint refuses what it is asked (HTTP {answer.status})")
        try:
            return Made(paper, summary(answer_of(answer.body), paper))
        except InputError as error:
            log.info("the summary of %s isn't used: %s", paper.id, error.message)
            return Made(paper, "", error.message)

    def _keep(self, made: Made) -> None:
        with self.row.answered() as db:
            summaries.add(db, self.summariser.model, [made], self.row.now)

    def _rest(self, seconds: float | None) -> int:
        self.row.postpone(timedelta(seconds=seconds or 0))
        return self.made


def _is_about_us(error: FetchError | ParseError) -> bool:
    """Whether every other paper would be refused as well: the key, the address or the model is wrong."""
    return isinstance(error, FetchError) and error.status in {401, 403, 404, 405, 429}
